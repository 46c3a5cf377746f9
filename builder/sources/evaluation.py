"""The problems of evaluation sets that a student recipe names, read as the sources of a recipe are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ...schemas.evaluation import VersionSource
from ...schemas.frames import get_schema
from ...schemas.problem import JUDGED_OUTSIDE, Problem
from ...schemas.reasons import Fate
from ...schemas.recipe import Recipe
from ...schemas.runtime import Runtime
from ...schemas.source import Source
from ..errors import InputError
from ..recipe import LoadedRecipe
from ..store import find_version
from ..store.pieces import read_bucket
from .load import INFER_TYPE, SourceWork, list_pieces, load_source


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationRows:
    """The problems of an evaluation set, and what was left out of it."""

    problems: pl.DataFrame
    """Rows of `Problem` with a gold answer, each problem once, in the order of their ids."""
    unreadable: int
    """Number of rows without a readable question or gold answer, or with an answer that no comparison settles."""
    repeated: int
    """Number of rows that hold a problem again."""


def read_evaluation_rows(
    name: str, sources: Sequence[Source | VersionSource], is_readable: str, runtime: Runtime
) -> EvaluationRows:
    """Read the problems of an evaluation set.

    Args:
        name: its name.
        sources: its sources. Of several each is a task, whose name its problems get.
        is_readable: the address of the function that says whether a gold answer can be parsed as its type.
        runtime: the store of versions, and how the work is shared out.

    Raises:
        InputError: a source can't be read, or has no problem with a gold answer.
        Stopped: a server can't be reached, or the disk is full.
    """
    rows = pl.concat([_read_task(source, is_readable, runtime, is_alone=len(sources) == 1) for source in sources])
    is_compared = ~pl.col("answer_type").is_in([str(kind) for kind in JUDGED_OUTSIDE])
    readable = rows.filter((pl.col("fate") == Fate.KEPT) & pl.col("answer").is_not_null() & is_compared)
    if readable.is_empty():
        detail = next(iter(rows["detail"].drop_nulls()), None)
        raise InputError(
            f"evaluation set {name}: no row is a problem with a gold answer",
            hint=f"the first: {detail}" if detail else None,
            keys=("evaluation.sources",),
        )
    problems = readable.unique("problem_id", keep="first", maintain_order=True).sort("problem_id")
    return EvaluationRows(
        problems=problems, unreadable=rows.height - readable.height, repeated=readable.height - problems.height
    )


def _read_task(source: Source | VersionSource, is_readable: str, runtime: Runtime, *, is_alone: bool) -> pl.DataFrame:
    rows = (
        _read_version(source, runtime.store)
        if isinstance(source, VersionSource)
        else _read_source(source, is_readable, runtime)
    )
    return rows if is_alone else rows.with_columns(task=pl.lit(source.name))


def _read_source(source: Source, is_readable: str, runtime: Runtime) -> pl.DataFrame:
    """Read a source as a recipe with this one source would."""
    recipe = Recipe.model_validate({
        "name": "evaluation",
        "version": "1.0.0",
        "sources": [source.model_copy(update={"role": "evaluate"})],
        "teacher": {"backend": "simulated"},
    })  # fmt: skip
    loaded = LoadedRecipe(recipe=recipe, folder=Path(), path=Path("evaluation.yaml"))
    with TemporaryDirectory(prefix="cotloom-") as folder:
        work = SourceWork(loaded, {}, Path(folder), runtime, is_readable, INFER_TYPE)
        load_source(work, recipe.sources[0], 0)
        rows = read_bucket(list_pieces(Path(folder))).sort("source_index", "position")
        return rows.select(list(get_schema(Problem))).clone()


def _read_version(source: VersionSource, store: Path) -> pl.DataFrame:
    """Read the problems of a version: of a source, or those to sample of a side of its split."""
    version = find_version(store, source.version)
    roles = {each["name"]: each["role"] for each in version.manifest.recipe["sources"]}
    if source.source is not None and source.source not in roles:
        raise InputError(
            f"evaluation set {source.name}: {version.ref} has no source {source.source}",
            hint=f"its sources: {', '.join(roles)}",
            keys=("evaluation.sources",),
        )
    sampled = [name for name, role in roles.items() if role == "sample"]
    is_member = (
        pl.col("source") == source.source
        if source.source is not None
        else pl.col("source").is_in(sampled) & (pl.col("split") == source.split)
    )
    kept = pl.concat([
        part.filter(is_member & (pl.col("fate") == Fate.KEPT)) for part in version.iterate_table("problems")
    ])  # fmt: skip
    if kept.is_empty():
        place = f"the source {source.source}" if source.source is not None else f"the side {source.split} of its split"
        raise InputError(f"evaluation set {source.name}: {version.ref} has no problems on {place}",
                         hint="name a source of it with `source`", keys=("evaluation.sources",))  # fmt: skip
    return kept
