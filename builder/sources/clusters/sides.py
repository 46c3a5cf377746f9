"""The sides of an earlier version, which its problems keep for ever."""

import polars as pl

from ....schemas.problem import Split
from ...store import Version
from .joining import TEST, TRAIN

COLUMNS = ("problem_id", "group", "cluster", "split")
"""What of an earlier version's problems decides where they are."""


def read_parent(version: Version) -> pl.DataFrame:
    """Read on which side an earlier version has its problems.

    Args:
        version: the version; it was verified.

    Returns:
        `COLUMNS` of the problems that are on a side, each once; those that a cap or their pass rate dropped stay there.

    Raises:
        InputError: a file is missing, or differs from the manifest.
    """
    return version.read_table("problems", COLUMNS).filter(pl.col("split").is_not_null())


def find_known(rows: pl.DataFrame, parent: pl.DataFrame) -> pl.DataFrame:
    """Find the side and the cluster that problems have from an earlier version.

    A problem that the version does not have is where its group is; what is new to it is on no side yet.

    Args:
        rows: problem_id and group.
        parent: the result of `read_parent`.

    Returns:
        The rows with the columns known_side and known_cluster, and is_old: whether the version has the problem.
    """
    own = parent.select("problem_id", own_side="split", own_cluster="cluster", is_old=pl.lit(value=True))
    groups = (
        parent.drop_nulls("group")
        .group_by("group")
        .agg(
            group_side=pl.when(pl.col("split").n_unique() == 1).then(pl.col("split").min()),
            group_cluster=pl.col("cluster").min(),
        )
    )
    found = rows.join(own, on="problem_id", how="left", maintain_order="left").join(
        groups, on="group", how="left", maintain_order="left"
    )
    side = pl.coalesce("own_side", "group_side")
    return found.select(
        *rows.columns,
        pl.col("is_old").fill_null(value=False),
        known_side=side,
        known_cluster=pl.when(side.is_not_null()).then(pl.coalesce("own_cluster", "group_cluster")),
    )


def make_empty_parent() -> pl.DataFrame:
    """Make what `read_parent` returns where there is no earlier version."""
    return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))


SIDES = {str(Split.TRAIN): TRAIN, str(Split.TEST): TEST}
"""The bit of each side in `joining`."""
