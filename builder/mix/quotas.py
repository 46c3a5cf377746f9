"""Quotas: the size of a share, and the rows of lowest keyed hash that fill it."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from math import floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...schemas.ids import RANKS, rank_all
from ..errors import InputError

Ranks = NDArray[np.uint64]


MOST_REPEATS = 1_000
"""How often a share may take each row."""


def parse_share(share: str | int) -> Fraction | int:
    """Parse what a stage takes of a source: a part of its rows, or a number of them.

    >>> parse_share("all"), parse_share("3/2"), parse_share(3)
    (Fraction(1, 1), Fraction(3, 2), 3)

    Raises:
        InputError: it is none of `all`, a fraction from 0 on, or a number of rows.
    """
    message = f"a mixture takes `all`, a fraction like 1/256 or 3/2, or a number of rows, not {share!r}"
    if share == "all":
        return Fraction(1)
    if isinstance(share, int) and not isinstance(share, bool) and share >= 0:
        return share
    try:
        fraction = Fraction(str(share)) if isinstance(share, str) and len(share) < 40 else Fraction(-1)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(message) from error
    if not 0 <= fraction <= MOST_REPEATS:
        raise InputError(message)
    return fraction


def compute_quota(share: str | int, rows: int) -> int:
    """Compute how many rows a share of so many is: fractions are rounded down.

    >>> compute_quota("all", 7), compute_quota("1/2", 7), compute_quota("3/2", 7), compute_quota(9, 7)
    (7, 3, 10, 9)

    Raises:
        InputError: the share is none, see `parse_share`.
    """
    parsed = parse_share(share)
    return parsed if isinstance(parsed, int) else floor(rows * parsed)


def weigh_sizes(sizes: Mapping[str, int], temperature: float) -> dict[str, Fraction]:
    """Weigh sources by their sizes n, as n^(1/T). Decimals are rounded the same on every machine.

    >>> weigh_sizes({"a": 100, "b": 400}, 2.0)
    {'a': Fraction(10, 1), 'b': Fraction(20, 1)}
    """
    power = _CONTEXT.divide(Decimal(1), Decimal(str(temperature)))
    with localcontext(_CONTEXT) as context:
        context.prec = _CONTEXT.prec + 20
        raised = {name: context.power(Decimal(size), power) if size else Decimal(0) for name, size in sizes.items()}
    return {name: Fraction(_CONTEXT.plus(number)) for name, number in raised.items()}


def rank_rows(examples: pl.DataFrame, key: str) -> Ranks:
    """Rank examples by keyed hash of format and sample: demonstrations don't count.

    The lowest are taken, so a row with a larger weight is moved down: with the hash as a number u from 0 to 1, to
    1 - (1 - u)^(1 / weight). Taking the lowest is then weighted sampling without replacement (Efraimidis and Spirakis
    2006), and a row's rank depends on no other row.

    Args:
        examples: columns format, sample_id, problem_weight.
        key: key of the hash.
    """
    names = examples.select(pl.concat_str("format", pl.col("sample_id").fill_null("None"), separator="\x1f"))
    ranks = rank_all(key, names.to_series().to_list())
    weights = examples["problem_weight"]
    if (weights != 1.0).any():
        ranks = list(map(_weigh_rank, ranks, weights.to_list()))
    return np.array(ranks, dtype=np.uint64)


def _weigh_rank(number: int, weight: float) -> int:
    """Weigh a rank. Decimals are rounded the same on every machine, which logarithms of floats are not.

    >>> _weigh_rank(2**63, 1.0) == 2**63, round(_weigh_rank(2**63, 2.0) / RANKS, 3)
    (True, 0.293)
    """
    if weight == 1.0:
        return number
    left = _CONTEXT.divide(Decimal(RANKS - number), Decimal(RANKS))
    stays = _CONTEXT.exp(_CONTEXT.divide(_CONTEXT.ln(left), Decimal(weight)))
    return min(int(_CONTEXT.multiply(_CONTEXT.subtract(Decimal(1), stays), Decimal(RANKS))), RANKS - 1)


_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def find_highest(ranks: Ranks, count: int) -> int:
    """Find the highest of the lowest ranks; -1 where none is taken.

    >>> find_highest(np.array([7, 3, 5], dtype=np.uint64), 2)
    5
    """
    if count <= 0:
        return -1
    return int(np.partition(ranks, count - 1)[count - 1]) if count < len(ranks) else RANKS - 1


def select_lowest(examples: pl.DataFrame, count: int, key: str, each: str) -> pl.DataFrame:
    """Select, for each value of a column, so many examples of lowest rank."""
    ranks = pl.Series("rank", rank_rows(examples, key))
    is_selected = pl.col("rank").rank("ordinal").over(each) <= count
    return examples.with_columns(ranks).filter(is_selected).drop("rank")
