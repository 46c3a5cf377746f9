"""Measure a split: how large its clusters are, and which test problems have a variation in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ....schemas.problem import Split
from ....schemas.source import SplitBy
from .links import Links

SIMILAR = 0.5
"""From this similarity of a link on, a problem counts as a variation of another, whatever their clusters."""

LARGE, FEWEST = 0.05, 10
"""A cluster with more than this share of the problems, and at least so many of them, is said."""

_EXAMPLES = 5
"""How many leaks and clusters are named."""


def describe_split(rows: pl.DataFrame, links: Links, split: SplitBy) -> Mapping[str, Any]:
    """Describe a split.

    Args:
        rows: problem_id, place (the number of the template), cluster and split; no side where a row is dropped.
        links: similar templates.
        split: the recipe's split.

    Returns:
        The fields of `SplitReport`.
    """
    kept = rows.drop_nulls("split")
    sizes = kept.group_by("cluster").agg(pl.len().alias("problems"), pl.col("split").min())
    sizes = sizes.sort("problems", "cluster", descending=[True, False])
    is_large = (pl.col("problems") > LARGE * kept.height) & (pl.col("problems") >= FEWEST)
    large = sizes.filter(is_large).head(_EXAMPLES)
    pairs = _find_leaks(kept, links)
    tests = kept.filter(pl.col("split") == Split.TEST).height
    return {
        "by": split.by,
        "problems": kept.height,
        "tests": tests,
        "clusters": sizes.height,
        "largest_cluster": int(sizes["problems"].max() or 0),  # type: ignore[arg-type]
        "large_clusters": large.select("cluster", "problems").to_dicts(),
        "kept_sides": kept.filter("is_old").height,
        "crossing": rows.height - kept.height,
        "similarity": SIMILAR,
        "leaks": pairs.height,
        "leaking_share": pairs.height / tests if tests else None,
        "examples": pairs.head(_EXAMPLES).to_dicts(),
    }


def _find_leaks(kept: pl.DataFrame, links: Links) -> pl.DataFrame:
    """Find the test problems with a variation in training: test, train, and their similarity, the nearest first.

    A similarity is null where the two are in one cluster without being linked.
    """
    sides = {side: kept.filter(pl.col("split") == side) for side in (str(Split.TRAIN), str(Split.TEST))}
    train, test = sides[Split.TRAIN], sides[Split.TEST]
    schema = {"test": pl.String, "train": pl.String, "similarity": pl.Float64}
    if not (train.height and test.height):
        return pl.DataFrame(schema=schema)
    trained = train.group_by("place").agg(train=pl.col("problem_id").min())
    is_similar = links.similarity >= SIMILAR
    ends = [links.left[is_similar], links.right[is_similar]]
    near = pl.DataFrame(
        {
            "place": np.concatenate(ends),
            "other": np.concatenate(ends[::-1]),
            "similarity": np.tile(links.similarity[is_similar], 2),
        }
    ).cast({"place": kept.schema["place"], "other": kept.schema["place"]})
    tested = test.select("place", "cluster", test="problem_id")
    same = tested.join(trained, on="place").with_columns(similarity=1.0)
    linked = tested.join(near, on="place").join(trained, left_on="other", right_on="place")
    clustered = tested.join(train.group_by("cluster").agg(train=pl.col("problem_id").min()), on="cluster")
    found = pl.concat([part.select(list(schema)) for part in (same, linked, clustered.with_columns(similarity=None))],
                      how="vertical_relaxed")  # fmt: skip
    order = ["similarity", "test", "train"]
    found = found.sort(order, descending=[True, False, False], nulls_last=True)
    return found.unique("test", keep="first", maintain_order=True)
