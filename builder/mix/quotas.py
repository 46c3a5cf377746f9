"""Quotas: the size of a share, and the rows of lowest keyed hash that fill it."""

from fractions import Fraction
from math import floor

import polars as pl

from ...schemas.ids import rank
from ..errors import InputError

KEY = ["sample_id", "format"]
"""The columns that identify an example before stages take it."""


def compute_quota(share: str | int, rows: int) -> int:
    """Compute how many of a number of rows a share is.

    >>> compute_quota("all", 7), compute_quota("1/2", 7), compute_quota(3, 7)
    (7, 3, 3)

    Raises:
        InputError: it is none of `all`, a fraction up to 1, or a number of rows.
    """
    message = f"a mixture takes `all`, a fraction like 1/256 or a number of rows, not {share!r}"
    if share == "all":
        return rows
    if isinstance(share, int) and not isinstance(share, bool) and share >= 0:
        return min(share, rows)
    try:
        fraction = Fraction(str(share)) if isinstance(share, str) and len(share) < 40 else Fraction(-1)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(message) from error
    if not 0 <= fraction <= 1:
        raise InputError(message)
    return floor(rows * fraction)


def select_lowest(examples: pl.DataFrame, count: int, key: str, each: str | None = None) -> pl.DataFrame:
    """Select the examples of lowest keyed hash.

    Args:
        examples: rows with the columns `KEY`.
        count: how many to select.
        key: key of the hash.
        each: a column; `count` rows of each of its values are selected.
    """
    if each is None and count >= examples.height:
        return examples
    items = (f"{format_name}\x1f{sample}" for format_name, sample in examples.select("format", "sample_id").iter_rows())
    ranks = pl.Series("rank", [rank(key, item) for item in items], dtype=pl.UInt64)
    position = pl.col("rank").rank("ordinal")
    is_selected = (position if each is None else position.over(each)) <= count
    return examples.with_columns(ranks).filter(is_selected).drop("rank")
