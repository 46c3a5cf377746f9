"""All problems of a recipe, pass by pass.

    sources -> pieces of each chunk -> questions in another writing -> pieces of each bucket, checked
            -> clusters and sides of all -> the pieces of each bucket, with limit and split

Two steps look at all problems at once: at ids and hashes of normal forms, and at ids, keys and hashes of words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

import numpy as np
import polars as pl

from ...schemas.frames import get_schema
from ...schemas.manifest import Contamination, InferredType, Input
from ...schemas.problem import OverlapMeasure, Problem
from ...schemas.recipe import Recipe
from ...schemas.runtime import Runtime
from ..engine import map_items
from ..errors import InputError
from ..recipe import LoadedRecipe, read_reviews
from ..store.atomic import Access, make_folder, stop_if_unwritable
from ..store.pieces import add_cell, count_bits, read_bucket, write_piece
from .buckets import check_bucket, finish_bucket, open_sets, read_to_split
from .clusters import assign_sides
from .duplicates import write_repeats
from .load import SourceWork, list_pieces, load_source
from .split import ORDER, is_training, mark_over_cap

Counts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Problems:
    """All problems of a recipe, with their provenance."""

    pieces: tuple[Path, ...]
    """Rows of `Problem` with `source_index`, `position` and `cell`, dropped ones included: a piece for each bucket.
    Sorted by the first two they are in the order of the sources."""
    rows: int
    """How many rows there are."""
    kept: int
    """How many of them are kept and not of an evaluation set."""
    bits: int
    """How many bits the number of a bucket has."""
    inputs: list[Input]
    """The files and datasets they were read from."""
    contamination: list[Contamination]
    """One certificate for each evaluation set in `decontaminate.against`."""
    split_report: Mapping[str, Any]
    """How they were split: the fields of `SplitReport`."""
    inferred: list[InferredType] = field(default_factory=list)
    """The answer types that were inferred."""
    evidence: tuple[Path, ...] = ()
    """Rows of `Overlap`, a file for each bucket."""

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Rows of `Problem` in the order of the sources: all in memory."""
        return read_bucket(self.pieces, 0, 0).sort(ORDER).select(list(get_schema(Problem)))


def gather_problems(  # noqa: PLR0913, PLR0917 - as `load_problems`
    loaded: LoadedRecipe,
    is_readable: str,
    infer_type: str | None,
    revisions: Mapping[str, str],
    folder: Path | None,
    runtime: Runtime,
    parent: pl.DataFrame | None,
) -> Problems:
    """Load the problems of a recipe; see `load_problems`."""
    place = _make_place(folder)
    reviews = read_reviews(loaded)
    work = SourceWork(loaded, revisions, place / "rows", runtime, is_readable, infer_type, reviews)
    try:
        problems = _run_passes(work, place, parent)
    except BaseException:
        rmtree(place, ignore_errors=True)
        raise
    finally:
        open_sets.cache_clear()
    if folder is None:
        finalize(problems, rmtree, place, ignore_errors=True)
    return problems


def _make_place(folder: Path | None) -> Path:
    """Make a folder that no other run uses: what a process knows of a folder's rows stays true."""
    with stop_if_unwritable(folder or "a temporary folder"):
        if folder is not None:
            make_folder(folder, Access.PRIVATE)
        return Path(mkdtemp(prefix="problems-", dir=folder))


def _run_passes(work: SourceWork, place: Path, parent: pl.DataFrame | None) -> Problems:
    recipe, runtime = work.loaded.recipe, work.runtime
    roles = {source.name: str(source.role) for source in recipe.sources}
    sources = [load_source(work, source, index) for index, source in enumerate(recipe.sources)]
    rows = sum(source.rows for source in sources)
    bits = count_bits(rows)
    checked, contamination = _check_all(recipe, roles, place, bits, runtime)
    for done in ("rows", "repeats"):
        rmtree(place / done, ignore_errors=True)
    highest = {} if recipe.limit is None else _find_highest(checked, roles, recipe.limit)
    to_split = read_to_split(checked, roles, highest)
    found = assign_sides(to_split, recipe.split, recipe.seed, parent)
    sides = mark_over_cap(found.rows, to_split, recipe.cluster_cap, roles, recipe.seed)
    write_piece(add_cell(sides), place / "sides.arrow")
    out, counts = _finish_all(recipe, roles, place, bits, highest, runtime)
    problems = Problems(
        pieces=tuple(list_pieces(out)),
        rows=rows,
        kept=sum(count["kept"] for count in counts),
        bits=bits,
        inputs=[item for source in sources for item in source.inputs],
        contamination=contamination,
        split_report=found.report,
        inferred=[source.inferred for source in sources if source.inferred is not None],
        evidence=tuple(sorted((place / "evidence").glob("*.parquet"))) if recipe.decontaminate else (),
    )
    _check_any_kept(problems, roles)
    return problems


def _check_all(
    recipe: Recipe, roles: Mapping[str, str], place: Path, bits: int, runtime: Runtime
) -> tuple[Path, list[Contamination]]:
    """Run `check_bucket` for all buckets: the folder of the results, and the certificates."""
    policy = recipe.decontaminate.model_dump_json() if recipe.decontaminate else None
    settings = {
        "rows": str(place / "rows"),
        "repeats": str(place / "repeats"),
        "bits": bits,
        "sources": list(roles),
        "roles": roles,
        "decontaminate": policy,
        "seed": recipe.seed,
        "limit": recipe.limit,
        "evidence": str(place / "evidence"),
        "out": str(place / "checked"),
    }
    with stop_if_unwritable(place):
        make_folder(place / "repeats", Access.PRIVATE)
        if policy is not None:
            make_folder(place / "evidence", Access.PRIVATE)
    write_repeats(list_pieces(place / "rows"), roles, place / "repeats")
    address = f"{check_bucket.__module__}:check_bucket"
    items = [{"bucket": bucket} for bucket in range(2**bits)]
    counts = map_items(address, items, settings, runtime=runtime, description="checking problems")
    return place / "checked", _make_certificates(recipe, [count["sets"] for count in counts])


def _make_certificates(recipe: Recipe, counts: Sequence[Sequence[Mapping[str, Any]]]) -> list[Contamination]:
    """Make the certificates from the counts of each bucket, one for each evaluation set."""
    policy = recipe.decontaminate
    if policy is None:
        return []
    return [
        Contamination(
            against=name,
            problems=found[0]["problems"],
            overlaps=sum(sum(count["measures"].values()) for count in found),
            highest_similarity=_find_highest_score(found, OverlapMeasure.WORDS),
            ngram=policy.ngram,
            similarity=policy.similarity,
            masked=policy.masked,
            highest_masked=None if policy.masked is None else _find_highest_score(found, OverlapMeasure.MASKED),
            measures=_add_measures(found),
            digest=found[0]["digest"],
        )
        for name, found in zip(policy.against, zip(*counts, strict=True), strict=True)
    ]


def _find_highest_score(found: Sequence[Mapping[str, Any]], measure: OverlapMeasure) -> float:
    return max(float(count["highest"].get(measure, 0.0)) for count in found)


def _add_measures(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Add up the overlaps of all buckets, by measure."""
    return {
        str(measure): overlaps
        for measure in OverlapMeasure
        if (overlaps := sum(count["measures"].get(measure, 0) for count in found))
    }


def _finish_all(
    recipe: Recipe, roles: Mapping[str, str], place: Path, bits: int, highest: Mapping[str, int], runtime: Runtime
) -> tuple[Path, Counts]:
    """Run `finish_bucket` for all buckets: the folder of the results, and the counts."""
    settings = {
        "checked": str(place / "checked"),
        "bits": bits,
        "roles": roles,
        "limit": recipe.limit,
        "highest": highest,
        "cluster_cap": recipe.cluster_cap,
        "sides": str(place / "sides.arrow"),
        "out": str(place / "finished"),
    }
    address = f"{finish_bucket.__module__}:finish_bucket"
    items = [{"bucket": bucket} for bucket in range(2**bits)]
    counts = map_items(address, items, settings, runtime=runtime, description="splitting problems")
    rmtree(place / "checked", ignore_errors=True)
    (place / "sides.arrow").unlink()
    return place / "finished", counts


def _find_highest(checked: Path, roles: Mapping[str, str], limit: int) -> dict[str, int]:
    """Find the highest rank that stays in each role; a role within the limit is left out."""
    columns = ("source", "limit_rank")
    ranks = pl.concat(
        read_bucket([path], 0, 0).select(columns).filter(pl.col("limit_rank").is_not_null())
        for path in list_pieces(checked)
    )
    highest = {}
    for role in ("sample", "reference"):
        names = [name for name, of_role in roles.items() if of_role == role]
        found = ranks.filter(pl.col("source").is_in(names))["limit_rank"].to_numpy()
        if len(found) > limit:
            highest[role] = int(np.partition(found, limit - 1)[limit - 1])
    return highest


def _check_any_kept(problems: Problems, roles: Mapping[str, str]) -> None:
    if problems.kept:
        return
    rows = problems.frame.filter(is_training(roles))
    first = rows.row(0, named=True)
    reasons = rows["reason"].value_counts().sort("count", "reason", descending=[True, False]).iter_rows()
    raise InputError(
        f"all {rows.height} problems were dropped: {', '.join(f'{count:,} as {reason}' for reason, count in reasons)}",
        hint=f"the first, {first['origin']}: {first['reason']}: {first['detail']}",
    )
