"""The rows of one bucket from pieces to pieces: duplicates, overlaps, the limit, splits. Any process can do it.

All rows of a problem are in one bucket. What involves other buckets is shared by paths: the rows of evaluation sets,
which a process indexes once, and the clusters of all problems, of which a bucket takes its own.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.source import Decontaminate
from ..store.pieces import read_bucket, write_piece
from .clusters import INPUT_COLUMNS
from .load import list_pieces
from .overlap import EvaluationSet, decontaminate, index_set
from .split import IS_KEPT, ORDER, apply_limit, apply_sides, drop_repeated, is_training, rank_rows


def check_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the duplicates and overlaps of a bucket.

    Args:
        item: bucket, its number.
        settings: `rows` (the folder of pieces), `bits`, `sources` (their names in order), `roles`, `decontaminate`,
            `seed`, `limit`, and `out` (the folder of the result).

    Returns:
        How many problems to train on are kept, and of each evaluation set of the policy, in `sets`: how many problems
        it has, the overlaps, and the highest similarity of what stayed.

    Raises:
        Stopped: the disk is full.
    """
    folder, roles, seed = Path(settings["rows"]), settings["roles"], settings["seed"]
    rows = read_bucket(list_pieces(folder), item["bucket"], settings["bits"]).sort(ORDER)
    rows = drop_repeated(rows, roles)
    sets = open_sets(folder, tuple(settings["sources"]), settings["decontaminate"])
    for each in sets:
        each.overlaps = 0
    rows = decontaminate(rows, sets, roles)
    if settings["limit"] is not None:
        rows = rows.with_columns(rank_rows(rows, roles, seed))
    write_piece(rows, Path(settings["out"]) / f"{item['bucket']:05d}.arrow")
    found = [{"problems": len(each.names), "overlaps": each.overlaps, "highest": each.highest} for each in sets]
    return _count_kept(rows, roles) | {"sets": found}


def _count_kept(rows: pl.DataFrame, roles: Mapping[str, str]) -> dict[str, Any]:
    kept = rows.filter(IS_KEPT & is_training(roles))
    return {"kept": kept.height}


def finish_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the limit to a bucket, and put its problems into their clusters and splits.

    Args:
        item: bucket, its number.
        settings: `checked` (the folder of the results of `check_bucket`), `bits`, `roles`, `limit`, `highest` (the
            highest rank that stays, by role), `sides` (the piece with what `clusters` found), and `out` (the folder of
            the result).

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
    rows = apply_sides(rows, sides, roles)
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
def open_sets(folder: Path, sources: tuple[str, ...], policy: str | None) -> list[EvaluationSet]:
    """Index the evaluation sets of the policy, once for each process.

    The highest similarity stays with them from bucket to bucket: the search is the faster the higher it is.
    """
    if policy is None:
        return []
    rules = Decontaminate.model_validate_json(policy)
    return [
        index_set(read_bucket(list_pieces(folder, sources.index(name)), 0, 0).sort(ORDER), rules)
        for name in rules.against
    ]
