"""The rows of one bucket from pieces to pieces: duplicates, overlaps, the limit, splits. Any process can do it.

All rows of a problem are in one bucket. What involves other buckets is shared by paths: repeats in another writing and
clusters, of which a bucket takes its own, and the rows of evaluation sets, which a process indexes once.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.source import Decontaminate
from ..store.pieces import read_bucket, write_piece
from ..store.tables import write_evidence
from .clusters import INPUT_COLUMNS
from .duplicates import drop_duplicates
from .load import list_pieces
from .overlap import COLUMNS, OpenSets, choose_evidence, decontaminate, index_set
from .split import IS_KEPT, ORDER, apply_limit, apply_sides, is_training, rank_rows


def check_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the duplicates and overlaps of a bucket.

    Args:
        item: bucket, its number.
        settings: `rows` (the folder of pieces), `repeats` (the folder of `write_repeats`), `bits`, `sources` (their
            names in order), `roles`, `decontaminate`, `seed`, `limit`, `evidence` (the folder of the overlaps), and
            `out` (the folder of the result).

    Returns:
        How many problems to train on are kept, and of each evaluation set of the policy, in `sets`: how many problems
        it has, its digest, the overlaps and the highest score of what stayed, by measure.

    Raises:
        Stopped: the disk is full.
    """
    folder, roles, seed = Path(settings["rows"]), settings["roles"], settings["seed"]
    rows = read_bucket(list_pieces(folder), item["bucket"], settings["bits"]).sort(ORDER)
    rows = drop_duplicates(rows.drop("form"), Path(settings["repeats"]), roles, item["bucket"], settings["bits"])
    opened = open_sets(folder, tuple(settings["sources"]), settings["decontaminate"])
    found = decontaminate(rows, opened, roles)
    rows = found.rows
    if settings["limit"] is not None:
        rows = rows.with_columns(rank_rows(rows, roles, seed))
    write_piece(rows, Path(settings["out"]) / f"{item['bucket']:05d}.arrow")
    overlaps = choose_evidence(found.overlaps)
    if opened.sets:
        write_evidence("evaluation_overlaps", overlaps, Path(settings["evidence"]) / f"{item['bucket']:05d}.parquet")
    sets = [
        {
            "problems": each.rows,
            "digest": each.digest,
            "measures": dict(found.counts[number]),
            "highest": _find_highest(overlaps.filter(pl.col("against") == each.name)),
        }
        for number, each in enumerate(opened.sets)
    ]
    return _count_kept(rows, roles) | {"sets": sets}


def _find_highest(overlaps: pl.DataFrame) -> dict[str, float]:
    """Find the highest score of what stayed, by measure."""
    stayed = overlaps.filter(~pl.col("dropped"))
    return dict(stayed.group_by("measure").agg(pl.col("score").max()).iter_rows())


def _count_kept(rows: pl.DataFrame, roles: Mapping[str, str]) -> dict[str, Any]:
    kept = rows.filter(IS_KEPT & is_training(roles))
    return {"kept": kept.height}


def finish_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the limit to a bucket, and put its problems into their clusters and splits.

    Args:
        item: bucket, its number.
        settings: `checked` (the folder of the results of `check_bucket`), `bits`, `roles`, `limit`, `highest` (the
            highest rank that stays, by role), `sides` (the piece with what `clusters` found, and what is over the cap),
            `cluster_cap`, and `out` (the folder of the result).

    Returns:
        How many problems to train on are kept.

    Raises:
        Stopped: the disk is full.
    """
    name, roles = f"{item['bucket']:05d}.arrow", settings["roles"]
    rows = read_bucket([Path(settings["checked"]) / name], 0, 0).drop("template", "words")
    if settings["limit"] is not None:
        rows = apply_limit(rows, settings["limit"], settings["highest"], roles).drop("limit_rank")
    sides = read_bucket([Path(settings["sides"])], item["bucket"], settings["bits"]).drop("cell")
    rows = apply_sides(rows, sides, roles, settings["cluster_cap"])
    write_piece(rows, Path(settings["out"]) / name)
    return _count_kept(rows, roles)


def read_to_split(folder: Path, roles: Mapping[str, str], highest: Mapping[str, int]) -> pl.DataFrame:
    """Read what decides the clusters of all problems to train on that the limit leaves: `INPUT_COLUMNS`."""
    return pl.concat(
        _select_limited(read_bucket([path], 0, 0), roles, highest)
        .filter(IS_KEPT & is_training(roles))
        .select(INPUT_COLUMNS)
        for path in list_pieces(folder)
    )


def _select_limited(rows: pl.DataFrame, roles: Mapping[str, str], highest: Mapping[str, int]) -> pl.DataFrame:
    return apply_limit(rows, 0, highest, roles) if highest else rows


@lru_cache(maxsize=1)
def open_sets(folder: Path, sources: tuple[str, ...], policy: str | None) -> OpenSets:
    """Index the evaluation sets of the policy, once for each process.

    The highest scores of what stayed stay with them from bucket to bucket: the search is the faster the higher they
    are.
    """
    if policy is None:
        return OpenSets([])
    rules = Decontaminate.model_validate_json(policy)
    pieces = [(name, list_pieces(folder, sources.index(name))) for name in rules.against]
    return OpenSets([index_set(name, read_bucket(paths, 0, 0).select(COLUMNS), rules) for name, paths in pieces])
