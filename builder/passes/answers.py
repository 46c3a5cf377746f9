"""The answers of a build, in pieces: recorded ones from a file, or sampled from a teacher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...schemas.ids import digest
from ...schemas.manifest import File, Input
from ...schemas.teacher import HubAnswers, VersionAnswers
from .. import sources, teacher
from ..costs import Cost
from ..recipe import LoadedRecipe
from ..store import Version, locate_ledger
from ..store.results.stages import StageResult, read_or_make
from ..store.tables import describe_file
from ..teacher import Calls, Recording
from .judging.counter import PathCounter, QuestionFinder, RationaleCutter
from .problems import LoadedProblems, write_aliases
from .runs import list_results, run_buckets
from .version_answers import describe_version_input, find_version_answers, read_version_answers
from .work import BuildWork

ALIASES = "aliases.arrow"
"""The file of a result: which problems ask a question, where its text alone does not say so."""

ROWS = "rows.parquet"
"""The file of a result: the rows of a dataset on the Hub."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildAnswers:
    """All answers of a build."""

    key: str | None = ""
    """A digest of what decides them; null where that is not known before they are asked for."""
    pieces: tuple[Path, ...] = ()
    """Pieces of them."""
    rows: int = 0
    """Rows in them."""
    recorded: bool = False
    """Whether they come from a file; else the pieces have rows of `Sample`."""
    calls: Calls = field(default_factory=Calls)
    """Where they came from."""
    inputs: tuple[Input, ...] = ()
    """The files that they, or demonstrations of the prompt, were read from."""
    forgotten: tuple[str, ...] = ()
    """Problems whose answers were erased."""
    judged: tuple[Path, ...] = ()
    """Pieces of judgements that were made while they were sampled."""
    grades: tuple[Path, ...] = ()
    """Pieces of samples of recorded answers with what a grader wrote about them."""
    graded: Calls = field(default_factory=Calls)
    """Where these grades came from."""


def read_answers(work: BuildWork, problems: LoadedProblems) -> BuildAnswers:
    """Read recorded answers, or find what was read before from the same file.

    Raises:
        InputError: the file or a column is missing.
        Stopped: the disk is full.
    """
    forgotten = _find_forgotten(work)
    found = find_version_answers(work.recipe, work.runtime.store)
    aliases = _find_aliases(work, problems)
    path = aliases.folder / ALIASES if aliases.files else None
    if found is not None:
        return _take_samples(work, *found, path, forgotten)
    decided_by = {
        "code": [teacher.CODE_VERSION, teacher.READING],
        "teacher": work.describe_identity()["teacher"],
        "file": work.input_digests["teacher.answers"],
        "aliases": [file.sha256 for file in aliases.files.values()],
    }

    def make() -> tuple[list[Any], Mapping[str, Any]]:
        recording = find_recording(work.loaded, work.stages.folder, work.input_digests["teacher.answers"])
        read = teacher.read_answers(work.loaded, work.stages.folder / "answers", path, work.runtime, recording)
        return [{"answers": chunk.to_plain()} for chunk in read.chunks], {"input": read.input.model_dump()}

    with work.costs.measure("answers"):
        chunks, values = run_buckets(work.stages, "read_answers", decided_by, make)
    results = list_results(chunks, "answers")
    _note_rows(work, results)
    return BuildAnswers(
        key=digest({**decided_by, "forgotten": sorted(forgotten)}),
        pieces=tuple(result.folder / teacher.PIECE for result in results),
        rows=_count_rows(results),
        recorded=True,
        calls=_count_recorded(results),
        inputs=(Input.model_validate(values["input"]),),
        forgotten=tuple(sorted(forgotten)),
    )


def _take_samples(
    work: BuildWork, answers: VersionAnswers, version: Version, aliases: Path | None, forgotten: set[str]
) -> BuildAnswers:
    """Take the samples of another version as recorded answers."""
    with work.costs.measure("answers"):
        result = read_version_answers(answers, version, work.stages.folder, aliases)
    _note_rows(work, [result])
    return BuildAnswers(
        key=digest({"version": result.key, "forgotten": sorted(forgotten)}),
        pieces=tuple(result.folder / name for name in sorted(result.files)),
        rows=_count_rows([result]),
        recorded=True,
        calls=_count_recorded([result]),
        inputs=(describe_version_input(version),),
        forgotten=tuple(sorted(forgotten)),
    )


def find_recording(loaded: LoadedRecipe, stages: Path, commit: str | None = None) -> Recording | None:
    """Find the file with the recorded answers of a dataset on the Hub; None where the recipe names a file itself.

    Args:
        loaded: the recipe; its teacher is `recorded`.
        stages: the folder of all results, where the rows of the dataset are kept.
        commit: the commit to read; by default the one that the revision leads to.

    Raises:
        InputError: the dataset can't be read.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    answers = loaded.recipe.recorded.answers if loaded.recipe.recorded is not None else None
    if not isinstance(answers, HubAnswers):
        return None
    dataset = sources.make_hub_dataset(answers)
    commit = commit or sources.resolve_revisions(loaded)["teacher.answers"]
    decided_by = {"path": answers.path, "config": answers.config, "split": answers.split, "commit": commit}

    def write(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        rows = sources.download_rows(dataset, commit, folder / ROWS)
        return {ROWS: describe_file(folder / ROWS, rows)}, {}

    downloaded = read_or_make(stages / "recordings", decided_by, write)
    return Recording(path=downloaded.folder / ROWS, address=f"hf://datasets/{answers.path}@{commit}", commit=commit)


def _find_aliases(work: BuildWork, problems: LoadedProblems) -> StageResult:
    """Find which problems answers belong to, where a question alone does not say so: the file `ALIASES`, or none."""
    names = work.list_sources("sample")

    def write(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        path = write_aliases(problems.pieces, names, folder / ALIASES)
        return {} if path is None else {ALIASES: describe_file(path, 0)}, {}

    with work.costs.measure("answers"):
        return read_or_make(work.stages.folder / "aliases", {"problems": problems.key, "sources": names}, write)


def _count_rows(results: Sequence[StageResult]) -> int:
    return sum(result.values["answers"] for result in results)


def _count_recorded(results: Sequence[StageResult]) -> Calls:
    """Count recorded answers; nobody knows what they cost."""
    rows = _count_rows(results)
    return Calls(ledger=rows, total=Cost(unknown=rows))


def _note_rows(work: BuildWork, results: Sequence[StageResult]) -> None:
    cost = work.costs.get("answers")
    cost.known = _count_rows([result for result in results if result.known])
    cost.rows = _count_rows(results)
    cost.new = cost.rows - cost.known


def _find_forgotten(work: BuildWork) -> set[str]:
    path = locate_ledger(work.runtime.store)
    if not path.exists():
        return set()
    with teacher.open_ledger(path) as ledger:
        return ledger.find_forgotten()


def make_finders(work: BuildWork, count_paths: PathCounter) -> teacher.Finders:
    """Make what is found out about samples while a teacher is asked."""
    return teacher.Finders(
        paths=count_paths,
        rationales=RationaleCutter(work) if work.recipe.verify.blind_check == "hinted" else None,
        questions=QuestionFinder(work) if work.recipe.grader is not None else None,
    )


def sample_answers(work: BuildWork, problems: LoadedProblems) -> BuildAnswers:
    """Sample the teacher; what it answered before is in the ledger.

    Raises:
        InputError: the teacher can't answer these problems at all.
        Stopped: the server can't be reached.
    """
    asked = teacher.AskedProblems(problems.pieces, tuple(work.list_sources("sample")))
    with (
        work.costs.measure("answers", asked.outline.height),
        teacher.open_ledger(locate_ledger(work.runtime.store)) as ledger,
    ):
        count_paths = PathCounter(work, problems)
        find = make_finders(work, count_paths)
        sampled = teacher.sample_rationales(work.loaded, asked, ledger, find, work.runtime, work.folder)
    return BuildAnswers(
        key=None,
        pieces=sampled.pieces,
        rows=sampled.rows,
        calls=sampled.calls,
        inputs=tuple(sampled.inputs),
        judged=count_paths.list_judged(),
    )
