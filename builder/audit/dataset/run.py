"""Audit a dataset: read its files side by side, then ask all checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ....schemas.runtime import Runtime
from ...engine import map_items
from ...errors import InputError
from ...files import CHUNK_BYTES, Chunk, list_chunks
from ...store.atomic import stop_if_unwritable
from ..evaluation_sets import NamedSet, open_sets, write_sets
from .card import DatasetCard
from .checks import run_checks
from .columns import DatasetColumns
from .facts import MAX_NEAR, Facts
from .files import DatasetFile
from .finding import DatasetFinding, Severity
from .pieces import ADDRESS, make_settings

JUDGED_BYTES = 64_000_000
"""Of a larger dataset, only the share of the responses is judged that makes about so many bytes of its files."""


_LEAST_BYTES, _MOST_CHUNKS = 2**20, 64
"""A chunk has at least so many bytes; a file is cut into about so many, or into larger ones of `CHUNK_BYTES`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetOptions:
    """What a dataset is audited with."""

    columns: DatasetColumns
    """Which columns hold what."""
    card: DatasetCard | None = None
    """Its card; None without one."""
    sets: Sequence[NamedSet] = ()
    """The evaluation sets to hold it against."""
    share: float | None = None
    """The share of the responses that are judged; None for as many as are judged in about a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetReport:
    """The result of an audit of a dataset."""

    name: str
    """What was audited."""
    findings: tuple[DatasetFinding, ...]
    """What was found, the worst first."""
    passed: tuple[str, ...]
    """Checks that found nothing."""
    skipped: tuple[str, ...]
    """Checks that had nothing to look at."""
    counts: Mapping[str, int]
    """Files, rows, distinct rows, questions and templates, golds, responses and how many were judged."""
    columns: DatasetColumns
    """Which columns hold what."""
    notes: tuple[str, ...]
    """What was not looked at, and why."""

    @property
    def is_clean(self) -> bool:
        """Whether there is no error; there may be warnings."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


def audit_dataset(
    name: str, files: Sequence[DatasetFile], options: DatasetOptions, *, runtime: Runtime | None = None
) -> DatasetReport:
    """Audit a dataset.

    Args:
        name: what it is called.
        files: its tables.
        options: columns, card, evaluation sets.
        runtime: the workers; None for this process alone. They change no result.

    Raises:
        InputError: a file can't be read, or no row has a column that was named.
        Stopped: the disk is full.
    """
    with TemporaryDirectory(prefix="cotloom-") as folder:
        pieces, sets = Path(folder) / "pieces", Path(folder) / "sets"
        pieces.mkdir()
        sets.mkdir()
        with stop_if_unwritable("what is known of the dataset"):
            write_sets(options.sets, sets)
        chunks = [(number, chunk) for number, file in enumerate(files) for chunk in _cut_file(file.path)]
        share = _choose_share(files) if options.share is None else options.share
        items = list(_list_items(chunks, files, pieces))
        settings = _make_settings(options, sets, share)
        try:
            read = map_items(ADDRESS, items, settings, runtime=runtime or Runtime(), description=f"auditing {name}")
        finally:
            open_sets.cache_clear()
        _check_columns(name, read)
        facts = Facts(
            folder=pieces,
            files=files,
            columns=options.columns,
            card=options.card,
            sets=[each.name for each in options.sets],
        )
        if facts.rows.is_empty():
            first = next(iter(facts.all_rows["fault"].drop_nulls().to_list()), "it has no rows")
            raise InputError(
                f"{name}: no row has a question: {first}", hint="name its column: --fields question=COLUMN"
            )
        findings, passed, skipped = run_checks(facts)
        return DatasetReport(
            name=name,
            findings=tuple(findings),
            passed=tuple(passed),
            skipped=tuple(skipped),
            counts=_count(facts),
            columns=options.columns,
            notes=tuple(_list_notes(facts, share)),
        )


def _cut_file(path: Path) -> list[Chunk]:
    """Cut a file so that the workers end at about the same time, and a large one into no more than `_MOST_CHUNKS`."""
    return list_chunks(path, min(CHUNK_BYTES, max(_LEAST_BYTES, path.stat().st_size // _MOST_CHUNKS)))


def _choose_share(files: Sequence[DatasetFile]) -> float:
    """Choose the share of the responses to judge by the size of the files alone: whatever the order and the workers."""
    return min(1.0, JUDGED_BYTES / max(1, sum(file.path.stat().st_size for file in files)))


def _list_items(
    chunks: Sequence[tuple[int, Chunk]], files: Sequence[DatasetFile], pieces: Path
) -> Iterator[dict[str, Any]]:
    for place, (number, chunk) in enumerate(chunks):
        yield {
            "chunk": asdict(chunk),
            "file": number,
            "split": files[number].split,
            "prefix": str(pieces / f"{place:06d}"),
        }


def _make_settings(options: DatasetOptions, sets: Path, share: float) -> dict[str, Any]:
    columns = options.columns
    solutions = [each.column for each in columns.responses if each.is_solution]
    named = {"folder": str(sets), "names": [each.name for each in options.sets]} if options.sets else None
    own = make_settings(columns.make_source(), columns.list_answer_columns(), solutions)
    return {**own, "sets": named, "share": share}


def _check_columns(name: str, read: Sequence[Mapping[str, Any]]) -> None:
    """Check that some row has each column of questions and gold answers."""
    tables = [each for each in read if each["columns"]]
    for column in tables[0]["missing"] if tables else ():
        if all(column in each["missing"] for each in tables):
            known = ", ".join(tables[0]["columns"])
            raise InputError(f"{name}: no row has the column {column}", hint=f"the columns are: {known}")


def _count(facts: Facts) -> dict[str, int]:
    rows, responses = facts.rows, facts.responses
    return {
        "files": len(facts.files),
        "rows": facts.all_rows.height,
        "distinct_rows": rows.height - int(rows["again"].sum()),
        "distinct_questions": rows["form"].n_unique(),
        "templates": rows["template"].n_unique(),
        "golds": rows.height - rows["gold"].null_count(),
        "responses": responses.height,
        "judged": int(responses["judged"].sum()),
    }


def _list_notes(facts: Facts, share: float) -> Iterator[str]:
    responses = facts.responses
    if share < 1 and responses.height:
        judged = int(responses["judged"].sum())
        yield (
            f"answers, steps and ends were checked in {judged:,} of {responses.height:,} distinct responses, a keyed"
            " sample; --judge 1 checks all of them"
        )
    if facts.questions.height > MAX_NEAR:
        yield f"near duplicates were searched among {MAX_NEAR:,} of {facts.questions.height:,} distinct questions"
    if not facts.has_golds:
        yield "there are no gold answers: nothing says whether a response is right"
    if responses.is_empty():
        yield "there are no responses: only questions and gold answers were checked"
    if not facts.sets:
        yield "it was held against no evaluation set; --against names one"
