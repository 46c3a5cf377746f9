"""Drop training problems that are nearly test problems."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from ....schemas.problem import Split
from ....schemas.reasons import Reason
from ...text.threshold import ThresholdIndex, find_at_threshold, index_at_threshold
from ..split import IS_KEPT, drop_rows
from .sets import COLUMNS, join_texts, list_origins

CROSSES = 0.9
"""The least word similarity to a test problem at which a training problem is dropped. Problems of one template are
always in one split; at 0.9, the rest are the same problems with a name or a phrase changed."""

TEST_COLUMNS = COLUMNS
"""What of a test problem is needed to hold others against it."""


@dataclass(frozen=True, slots=True)
class HeldTests:
    """The test problems of a recipe."""

    names: Sequence[str]
    """Source and origin of each."""
    index: ThresholdIndex


def index_tests(pieces: Iterable[pl.DataFrame]) -> HeldTests:
    """Index the test problems, `TEST_COLUMNS` of each."""
    rows = pl.concat(list(pieces)).sort("problem_id")
    return HeldTests(list_origins(rows), index_at_threshold(join_texts(rows), CROSSES))


def drop_crossings(rows: pl.DataFrame, tests: HeldTests) -> pl.DataFrame:
    """Drop training problems that are near-duplicates of a test problem."""
    work = rows.with_row_index("place").filter(IS_KEPT & (pl.col("split") == Split.TRAIN))
    details = {}
    for place, origin, text in zip(work["place"], work["origin"], join_texts(work), strict=True):
        match = find_at_threshold(tests.index, text)
        if match is not None:
            nearest = f"word similarity {match[1]:.0%} to {tests.names[match[0]]}"
            details[place] = f"{origin}: {nearest}, which is in the test split"
    return drop_rows(rows, Reason.CROSSES_SPLIT, details)
