"""Rules that rows must keep, checked bucket by bucket while they are written.

A row that breaks a rule ends the export, but not at once: the message says how many there are. Nothing is written
from then on, and the folder of an export appears only when all rows kept the rules.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ..errors import InputError
from ..store import Version
from .parts import Buckets

_CHAT = r"^(system )?user assistant( user assistant)*$"
"""The sequences of roles that every trainer accepts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowRule:
    """A rule that every row must keep."""

    find: Callable[[pl.DataFrame], pl.DataFrame]
    """Finds the rows that break it: a column `example_id`, and those that the message needs."""
    refuse: Callable[[Version, int, tuple[str, ...]], InputError]
    """Makes the error from the number of such rows, and the first of them."""


def check_buckets(version: Version, buckets: Buckets, rules: Sequence[RowRule]) -> Buckets:
    """Check rows while they are read.

    Returns:
        A reader of the same rows that raises the error of a broken rule after the last bucket.
    """

    def read() -> Iterator[pl.DataFrame]:
        broken: Counter[int] = Counter()
        first: dict[int, tuple[str, ...]] = {}
        for rows in buckets():
            for number, rule in enumerate(rules):
                found = rule.find(rows)
                if found.height:
                    broken[number] += found.height
                    first.setdefault(number, found.row(0))
            if not broken:
                yield rows
        if broken:
            number = min(broken)
            raise rules[number].refuse(version, broken[number], first[number])

    return read


def _find_odd_chats(rows: pl.DataFrame) -> pl.DataFrame:
    roles = pl.col("messages").list.eval(pl.element().struct.field("role")).list.join(" ")
    return rows.select("example_id", roles=roles).filter(~pl.col("roles").str.contains(_CHAT))


def _refuse_odd_chats(version: Version, count: int, row: tuple[str, ...]) -> InputError:
    example_id, sequence = row
    return InputError(
        f"{version.ref}: {count:,} examples in which user and assistant do not alternate, such as {example_id} "
        f"({sequence})",
        hint="trainers reject such chats; the format that wrote them has to be fixed",
    )


CHATS = RowRule(find=_find_odd_chats, refuse=_refuse_odd_chats)
"""User and assistant alternate: the rule of all formats."""


def _find_empty(rows: pl.DataFrame) -> pl.DataFrame:
    has_empty = pl.col("messages").list.eval(pl.element().struct.field("content").str.strip_chars() == "").list.any()
    return rows.filter(has_empty).select("example_id")


def _refuse_empty(version: Version, count: int, row: tuple[str, ...]) -> InputError:
    return InputError(
        f"{count:,} examples have an empty message, such as {row[0]}; OpenAI's fine-tuning rejects them",
        hint=f"its origin: cotloom explain {version.ref} {row[0]}",
    )


NO_EMPTY_MESSAGE = RowRule(find=_find_empty, refuse=_refuse_empty)
"""No message is empty: a rule of OpenAI's fine-tuning."""
