"""Recorded answers: answers that somebody already has, in a file.

The file is read in chunks, by worker processes, into pieces that are sorted by problem. It is the record: nothing is
copied to the ledger, which keeps what was asked for. Which answers belong to a problem is found bucket by bucket.

Law 9: the id of an answer is made from its problem, its teacher, what was recorded and how often the same was recorded
before. It never depends on other answers, or on the answer's place in the file.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.frames import complete_frame, get_schema
from ...schemas.ids import NotCanonicalError, format_canonical, make_content_id
from ...schemas.manifest import File, Input
from ...schemas.problem import make_problem_id
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.runtime import Runtime
from ...schemas.sample import Sample, make_sample_id
from ...schemas.teacher import Answers
from ..cells import format_cell, list_columns, make_missing_column_error, read_cell
from ..engine import map_items
from ..errors import InputError
from ..files import Chunk, Row, digest_chunk, digest_file, list_chunks, read_chunk
from ..recipe import LoadedRecipe
from ..store.pieces import add_cell, write_piece
from ..store.stages import StageResult, parse_result, read_or_make
from ..store.tables import describe_file

FORGOTTEN = "its answers were erased with cotloom ledger forget"
"""Why a sample has no text."""

PIECE = "answers.arrow"
"""The file of a result: a piece of answers."""

READING = 1
"""Rises when the same bytes give another piece."""

_SCHEMA = {
    "problem_id": pl.String, "raw_id": pl.String, "teacher": pl.String, "text": pl.String, "labels": pl.String,
    "fault": pl.String,
}  # fmt: skip
"""The columns of a piece. `problem_id` is that of the question without options, until the alias is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedAnswers:
    """All recorded answers, in pieces."""

    chunks: tuple[StageResult, ...]
    """The results of all chunks, in the order of the file: the file `PIECE` of each is a piece."""
    rows: int
    """Answers in them, and rows that can't be read."""
    input: Input
    """The file."""

    @property
    def pieces(self) -> list[Path]:
        """The pieces, in the order of the file."""
        return [chunk.folder / PIECE for chunk in self.chunks]


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchedAnswers:
    """The recorded answers of one bucket."""

    samples: pl.DataFrame
    """Rows of `Sample`: the answers to problems of the bucket, and rows that can't be read."""
    unmatched: int
    """Answers that belong to no problem."""


def read_answers(loaded: LoadedRecipe, stage: Path, aliases: Path | None, runtime: Runtime) -> RecordedAnswers:
    """Read the recorded answers of a recipe into pieces; chunks that were read before are known by what they hold.

    Args:
        loaded: the recipe; its teacher is `recorded`.
        stage: the folder where the pieces are kept.
        aliases: a file with the columns question_id and alias, for questions whose problems have options.
        runtime: the workers.

    Raises:
        InputError: the file or a column is missing, or it is empty.
    """
    answers: Answers = loaded.recipe.teacher.answers  # type: ignore[union-attr]
    path = loaded.resolve(answers.path)
    items = [{"chunk": asdict(chunk), "rows": chunk.end - chunk.start} for chunk in list_chunks(path)]
    settings = {
        "answers": answers.model_dump(mode="json"),
        "aliases": None if aliases is None else [str(aliases), digest_file(aliases)[0]],
        "stage": str(stage),
    }
    address = f"{__name__}:read_answer_chunk"
    read = map_items(address, items, settings, runtime=runtime, description="reading recorded answers")
    chunks = tuple(map(parse_result, read))
    rows = sum(chunk.values["rows"] for chunk in chunks)
    if not rows:
        raise InputError(f"teacher.answers: {path} is empty")
    _check_columns(path, answers, [chunk.values for chunk in chunks])
    sha256, size = digest_file(path)
    file = Input(name="teacher.answers", file=path.name, sha256=sha256, bytes=size, rows=rows)
    return RecordedAnswers(chunks=chunks, rows=sum(chunk.values["answers"] for chunk in chunks), input=file)


def _list_columns(answers: Answers) -> list[str]:
    labels = [answers.labels, *(completion.labels for completion in answers.completions)]
    columns = [answers.problem, *(completion.column for completion in answers.completions)]
    return [*columns, *(column for names in labels for column in names.values())]


def _check_columns(path: Path, answers: Answers, read: Sequence[Mapping[str, Any]]) -> None:
    """Check that each column is there in some row: where it is in none, the recipe is wrong, not the rows."""
    first: list[str] | None = next((part["columns"] for part in read if part["columns"] is not None), None)
    found = {column for part in read for column in part["found"]}
    missing = next((column for column in _list_columns(answers) if column not in found), None)
    if first is not None and missing is not None:
        raise make_missing_column_error(path, missing, dict.fromkeys(first))


# What a worker does with a chunk


def read_answer_chunk(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read the answers of one chunk of the file into a piece, or find what was read before from the same bytes.

    Args:
        item: chunk.
        settings: answers: the section of the recipe; aliases: their file and its sha256; stage: the folder of results.

    Returns:
        A result: rows read, answers written, columns of the first readable row, and the columns found in any row.
    """
    chunk = Chunk(**item["chunk"])
    aliases, digest = settings["aliases"] or (None, None)
    decided_by = {
        "code": READING,
        "answers": settings["answers"],
        "aliases": digest,
        "place": [Path(chunk.path).name, chunk.first],  # part of what is said about a row that can't be read
        "chunk": digest_chunk(chunk),
    }
    make = partial(_read_chunk, chunk, Answers.model_validate(settings["answers"]), aliases)
    return read_or_make(Path(settings["stage"]), decided_by, make).to_plain()


def _read_chunk(
    chunk: Chunk, answers: Answers, aliases: str | None, folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    columns, first, rows = _list_columns(answers), None, 0
    missing = set(columns)
    records: list[tuple[str | None, ...]] = []
    for row in read_chunk(chunk):
        rows += 1
        if row.values is not None:
            first = first or list_columns(row.values)
            missing -= {column for column in missing if _get_cell(row.values, column) is not None}
        records += _read_row(answers, row)
    frame = pl.DataFrame(records, schema=_SCHEMA, orient="row")
    write_piece(add_cell(_add_aliases(frame, aliases)), folder / PIECE)
    values = {"rows": rows, "answers": frame.height, "columns": first, "found": sorted(set(columns) - missing)}
    return {PIECE: describe_file(folder / PIECE, frame.height)}, values


def _add_aliases(frame: pl.DataFrame, aliases: str | None) -> pl.DataFrame:
    """Give each answer to a question the problems that ask it; a question with options may be several problems."""
    if aliases is None:
        return frame
    known = pl.read_ipc(Path(aliases).read_bytes())
    joined = frame.join(known, left_on="problem_id", right_on="question_id", how="left", maintain_order="left")
    return joined.with_columns(problem_id=pl.coalesce("alias", "problem_id")).drop("alias")


def _get_cell(values: Mapping[str, Any], column: str) -> Any:
    try:
        return read_cell(values, column)
    except KeyError:
        return None


def _read_row(answers: Answers, row: Row) -> Iterator[tuple[str | None, ...]]:
    """Yield the answers of a row as the columns of a piece; one with the fault where the row can't be read."""
    try:
        question = None if row.values is None else format_cell(_get_cell(row.values, answers.problem))
    except KeyError as error:
        yield _make_malformed(row, str(error.args[0]))
        return
    if row.values is None or question is None:
        yield _make_malformed(row, row.fault or f"the column {answers.problem} is empty")
        return
    question_id = _find_question(question)
    try:
        yield from [
            (question_id, make_content_id("a", teacher, text, labels), teacher, text, labels, None)
            for teacher, text, labels in _read_completions(answers, row.values)
        ]
    except NotCanonicalError as error:  # half of a surrogate pair
        yield _make_malformed(row, str(error))


@lru_cache(maxsize=1024)
def _find_question(question: str) -> str:
    """Find the id of a question without options; its answers often follow one another."""
    return make_problem_id(question)


def _make_malformed(row: Row, fault: str) -> tuple[str | None, ...]:
    return None, make_content_id("a", row.content, fault), "recorded", None, None, f"{row.origin}: {fault}"


def _read_completions(answers: Answers, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Read the answers in a row: teacher, text, labels. A column holds one, or a list of them with lists of labels."""
    for completion in answers.completions:
        value = _get_cell(values, completion.column)
        texts = value if isinstance(value, list) else [value]
        columns = {**answers.labels, **completion.labels}
        labels = {name: _get_cell(values, column) for name, column in columns.items()}
        for index, text in enumerate(texts):
            if text is not None:
                own = _select_labels(labels, index, isinstance(value, list))
                yield (
                    completion.teacher,
                    text if isinstance(text, str) else format_canonical(text),
                    format_canonical(own) if own else None,
                )


def _select_labels(labels: Mapping[str, Any], index: int, is_list: bool) -> dict[str, Any]:
    """Select the labels of one answer. Where a column holds a list of answers, a list of labels has one for each."""
    return {
        name: value[index] if is_list and isinstance(value, list) and index < len(value) else value
        for name, value in labels.items()
    }


# What a worker does with a bucket


def match_answers(answers: pl.DataFrame, problems: pl.DataFrame, forgotten: Collection[str]) -> MatchedAnswers:
    """Find the answers to the problems of a bucket.

    Args:
        answers: the rows of the bucket, out of all pieces.
        problems: the bucket's rows of `Problem`, of the sources that the teacher answers.
        forgotten: the problems whose answers were erased.
    """
    kept = problems.filter(pl.col("fate") == Fate.KEPT).select("problem_id").unique()
    readable = answers.filter(pl.col("fault").is_null())
    matched = readable.join(kept, on="problem_id", how="semi", maintain_order="left")
    samples = [
        _make_samples(matched, forgotten),
        _make_malformed_samples(answers.filter(pl.col("fault").is_not_null())),
    ]
    return MatchedAnswers(samples=pl.concat(samples), unmatched=readable.height - matched.height)


def _make_samples(matched: pl.DataFrame, forgotten: Collection[str]) -> pl.DataFrame:
    rows = _number_equal(matched, "problem_id", "raw_id")
    is_erased = pl.col("problem_id").is_in(list(forgotten))
    rows = rows.select(
        "sample_id", "problem_id", "sample_index", "teacher", "text", "labels",
        stage=pl.when(is_erased).then(pl.lit(str(Stage.TEACHER))),
        fate=pl.when(is_erased).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
        reason=pl.when(is_erased).then(pl.lit(str(Reason.REQUEST_FAILED))),
        detail=pl.when(is_erased).then(pl.lit(FORGOTTEN)),
    ).with_columns(pl.when(~is_erased).then(pl.col(name)).alias(name) for name in ("text", "labels"))  # fmt: skip
    return complete_frame(rows, Sample)


def _make_malformed_samples(rows: pl.DataFrame) -> pl.DataFrame:
    """Make a dropped sample of each row that can't be read."""
    numbered = _number_equal(rows, "raw_id")
    return complete_frame(
        numbered.select(
            "sample_id", "problem_id", "sample_index", "teacher",
            stage=pl.lit(str(Stage.TEACHER)),
            fate=pl.lit(str(Fate.DROPPED)),
            reason=pl.lit(str(Reason.MALFORMED)),
            detail="fault",
        ),
        Sample,
    )  # fmt: skip


def _number_equal(rows: pl.DataFrame, *same: str) -> pl.DataFrame:
    """Number equal rows from 0, and make the id of each from what is equal and its number."""
    numbered = rows.with_columns(sample_index=pl.int_range(pl.len(), dtype=pl.Int64).over(*same))
    parts = numbered.select("problem_id", "raw_id", "sample_index").iter_rows()
    ids = pl.Series([make_sample_id(*row) for row in parts], dtype=get_schema(Sample)["sample_id"])
    return numbered.with_columns(sample_id=ids)
