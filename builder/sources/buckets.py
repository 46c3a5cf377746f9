"""The rows of one bucket from pieces to pieces: duplicates, overlaps, splits, the limit. Any process can do it.

All rows of a problem are in one bucket. What involves other buckets is shared by paths: the rows of evaluation sets
and the test problems, which a process indexes once.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.problem import Split
from ...schemas.source import Decontaminate
from ..store.pieces import read_bucket, write_piece
from .load import list_pieces
from .overlap import TEST_COLUMNS, EvaluationSet, HeldTests, decontaminate, drop_crossings, index_set, index_tests
from .split import IS_KEPT, ORDER, apply_limit, assign_splits, drop_repeated, is_training, rank_rows


def check_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the duplicates and overlaps of a bucket, and assign its problems to splits.

    Args:
        item: bucket, its number.
        settings: `rows` (the folder of pieces), `bits`, `sources` (their names in order), `roles`, `decontaminate`,
            `seed`, `test`, `limit`, and `out` (the folder of the result).

    Returns:
        How many problems to train on are kept, how many of them are test problems, and of each evaluation set of the
        policy, in `sets`: how many problems it has, the overlaps, and the highest similarity of what stayed.

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
    rows = assign_splits(rows, roles, settings["test"], seed)
    write_piece(rows, Path(settings["out"]) / f"{item['bucket']:05d}.arrow")
    found = [{"problems": len(each.names), "overlaps": each.overlaps, "highest": each.highest} for each in sets]
    return _count_kept(rows, roles) | {"sets": found}


def _count_kept(rows: pl.DataFrame, roles: Mapping[str, str]) -> dict[str, Any]:
    kept = rows.filter(IS_KEPT & is_training(roles))
    return {"kept": kept.height, "tests": kept.filter(pl.col("split") == Split.TEST).height}


def finish_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the limit to a bucket, and drop training problems that are nearly test problems.

    Args:
        item: bucket, its number.
        settings: `checked` (the folder of the results of `check_bucket`), `roles`, `limit`, `highest` (the highest
            rank that stays, by role), `test`, and `out` (the folder of the result).

    Returns:
        How many problems to train on are kept.

    Raises:
        Stopped: the disk is full.
    """
    name, roles = f"{item['bucket']:05d}.arrow", settings["roles"]
    rows = read_bucket([Path(settings["checked"]) / name], 0, 0)
    if settings["limit"] is not None:
        rows = apply_limit(rows, settings["limit"], settings["highest"], roles).drop("limit_rank")
    if settings["test"]:
        tests = open_tests(Path(settings["checked"]), tuple(roles.items()), tuple(settings["highest"].items()))
        rows = drop_crossings(rows, tests)
    write_piece(rows, Path(settings["out"]) / name)
    return _count_kept(rows, roles)


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


@lru_cache(maxsize=1)
def open_tests(folder: Path, roles: tuple[tuple[str, str], ...], highest: tuple[tuple[str, int], ...]) -> HeldTests:
    """Index the test problems, once for each process."""
    return index_tests(_select_tests(path, dict(roles), dict(highest)) for path in list_pieces(folder))


def _select_tests(path: Path, roles: Mapping[str, str], highest: Mapping[str, int]) -> pl.DataFrame:
    rows = read_bucket([path], 0, 0)
    if highest:
        rows = apply_limit(rows, 0, highest, roles)
    return rows.filter(IS_KEPT & (pl.col("split") == Split.TEST)).select(TEST_COLUMNS)
