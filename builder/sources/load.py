"""Load each source by its kind, and resolve the revisions of sources that are not files."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from ...schemas.manifest import InferredType, Input
from ...schemas.problem import AnswerType
from ...schemas.runtime import Runtime
from ...schemas.source import Source, TableSource
from ...schemas.teacher import HubAnswers
from ..engine import import_function, map_items
from ..files import Row, digest_file, list_chunks, read_rows
from ..recipe import LoadedRecipe, Reviews
from .arithmetic import make_problems
from .chunks import Placed, read_problem_chunk, write_problems
from .columns import TableReading, check_readings, read_problems
from .gym import hash_gym_release, make_gym_problems
from .hub import find_commit, make_hub_dataset, read_hub
from .procedures import make_procedure_problems
from .skills import make_skills_problems

InferType = Callable[[TableSource, Iterable[Row]], InferredType]
"""Infers the answer type of a source from its rows."""


INFER_TYPE = "cotloom.builder.infer.golds:infer_source_type"
"""The address of the function that infers the answer type of a source from its rows; its room is above this one."""


@dataclass(frozen=True, slots=True)
class SourceWork:
    """Where and how the sources of a recipe are read."""

    loaded: LoadedRecipe
    """The recipe."""
    revisions: Mapping[str, str]
    """The result of `resolve_revisions`, or an empty mapping."""
    folder: Path
    """Where the pieces are written."""
    runtime: Runtime
    """How the work is shared out."""
    is_readable: str
    """The address of the function that says whether a gold answer can be parsed as its type."""
    infer_type: str | None = None
    """The address of the function that infers the answer type of a source from its rows, for `auto`."""
    reviews: Reviews = field(default_factory=Reviews)
    """What people decided about rows."""

    @property
    def needs_gold(self) -> bool:
        """Whether a row to sample without a gold answer is malformed: unless its samples may agree on one."""
        return self.loaded.recipe.verify.consensus is None

    def place(self, index: int, part: int = 0) -> Placed:
        """Say where the rows of a part of a source go."""
        prefix = str(self.folder / f"{index:04d}-{part:06d}")
        recipe, reviews = self.loaded.recipe, self.reviews
        return Placed(
            prefix=prefix,
            source_index=index,
            is_readable=self.is_readable,
            languages=recipe.languages,
            duplicates=recipe.sources[index].duplicates,
            golds=reviews.golds,
            dropped=reviews.dropped,
        )


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """What is known of a source whose rows are pieces now."""

    rows: int
    """How many rows it has, unreadable ones included."""
    inputs: list[Input]
    """The files and datasets they were read from."""
    inferred: InferredType | None = None
    """Its answer type, where that was inferred."""


def load_source(work: SourceWork, source: Source, index: int) -> LoadedSource:
    """Load the rows of one source as pieces; the pieces sorted by name are in the order of the rows.

    Args:
        work: where and how.
        source: the source.
        index: its number in the recipe, from 0.

    Raises:
        InputError: a file, dataset or column is missing, or there are no readable rows.
        Stopped: a server can't be reached, or the disk is full.
    """
    return _LOADERS[source.kind](work, source, index)


def list_pieces(folder: Path, index: int | None = None) -> list[Path]:
    """List the pieces of all sources, or of one, in the order of their rows."""
    return sorted(folder.glob("*.arrow" if index is None else f"{index:04d}-*.arrow"))


def _load_arithmetic(work: SourceWork, source: Any, index: int) -> LoadedSource:
    return LoadedSource(write_problems(make_problems(source, work.loaded.recipe.seed), work.place(index), 1), [])


def _load_skills(work: SourceWork, source: Any, index: int) -> LoadedSource:
    return LoadedSource(write_problems(make_skills_problems(source, work.loaded.recipe.seed), work.place(index), 1), [])


def _load_procedures(work: SourceWork, source: Any, index: int) -> LoadedSource:
    problems = make_procedure_problems(source, work.loaded.recipe.seed)
    return LoadedSource(write_problems(problems, work.place(index), 1), [])


def _load_gym(work: SourceWork, source: Any, index: int) -> LoadedSource:
    problems, release = make_gym_problems(source, work.loaded.recipe.seed)
    return LoadedSource(write_problems(problems, work.place(index), 1), [release])


def _infer_type(work: SourceWork, source: TableSource, rows: Iterable[Row]) -> tuple[TableSource, InferredType | None]:
    """Infer the answer type of a source, where its recipe says `auto`, from its rows."""
    if source.answer_type != "auto":
        return source, None
    if work.infer_type is None:
        message = "nothing was handed over to infer an answer type with"
        raise RuntimeError(message)
    infer = cast("InferType", import_function(work.infer_type))
    found = infer(source, rows)
    return source.model_copy(update={"answer_type": AnswerType(found.answer_type)}), found


def _load_file(work: SourceWork, source: Any, index: int) -> LoadedSource:
    path = work.loaded.resolve(source.path)
    source, inferred = _infer_type(work, source, read_rows(path))
    items = [
        {"chunk": asdict(chunk), "placed": asdict(work.place(index, part))}
        for part, chunk in enumerate(list_chunks(path))
    ]
    address, settings = f"{read_problem_chunk.__module__}:read_problem_chunk", {
        "source": source.model_dump(), "needs_gold": work.needs_gold,
    }  # fmt: skip
    found = map_items(address, items, settings, runtime=work.runtime, description=f"reading {source.name}")
    rows = check_readings(source, str(path), [TableReading(**reading) for reading in found])
    sha256, size = digest_file(path)
    entry = Input(name=_make_key(source), file=path.name, sha256=sha256, bytes=size, rows=rows)
    return LoadedSource(rows, [entry], inferred)


def _load_hub(work: SourceWork, source: Any, index: int) -> LoadedSource:
    commit = work.revisions.get(_make_key(source)) or find_commit(make_hub_dataset(source))
    address = f"hf://datasets/{source.path}@{commit}"
    reading, read = TableReading(), read_hub(make_hub_dataset(source), commit)
    source, inferred = _infer_type(work, source, read)
    problems = read_problems(source, read, reading, needs_gold=work.needs_gold)
    write_problems(problems, work.place(index), 1)
    rows = check_readings(source, address, [reading])
    entry = Input(name=_make_key(source), file=address, sha256=commit, bytes=0, rows=rows)
    return LoadedSource(rows, [entry], inferred)


_LOADERS: Mapping[str, Callable[[SourceWork, Any, int], LoadedSource]] = {
    "arithmetic": _load_arithmetic,
    "file": _load_file,
    "hub": _load_hub,
    "procedures": _load_procedures,
    "reasoning_gym": _load_gym,
    "skills": _load_skills,
}
"""The loader for each kind of source."""


def _find_commit(named: Any) -> str:
    return find_commit(make_hub_dataset(named))


_RESOLVERS: Mapping[str, Callable[[Any], str]] = {"hub": _find_commit, "reasoning_gym": hash_gym_release}
"""The resolver for each kind of source that is not a file; files are identified by their digests."""


def resolve_revisions(loaded: LoadedRecipe) -> dict[str, str]:
    """Resolve the revision of all that is read and no file: the commit of a dataset, the release of a library.

    Returns:
        Revisions by the key in the manifest, `sources.NAME` or `teacher.answers`; they are part of the fingerprint, as
        file digests are.

    Raises:
        InputError: a dataset, revision or task does not exist.
        Stopped: the Hub can't be reached.
    """
    found = {
        _make_key(source): _RESOLVERS[source.kind](source)
        for source in loaded.recipe.sources
        if source.kind in _RESOLVERS
    }
    recorded = loaded.recipe.recorded
    if recorded is not None and isinstance(recorded.answers, HubAnswers):
        found["teacher.answers"] = _find_commit(recorded.answers)
    return found


def _make_key(source: Source) -> str:
    return f"sources.{source.name}"
