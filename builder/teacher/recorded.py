"""Recorded answers: answers that somebody already has, in a file.

The file is read in chunks, by worker processes, into pieces that are sorted by problem. It is the record: nothing is
copied to the ledger, which keeps what was asked for. Which answers belong to a problem is found bucket by bucket.

Law 9: the id of an answer is made from its problem, its teacher, what was recorded and how often the same was recorded
before. It never depends on other answers, or on the answer's place in the file.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.frames import complete_frame, get_schema
from ...schemas.ids import digest
from ...schemas.manifest import Input
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.runtime import Runtime
from ...schemas.sample import Sample, make_sample_id
from ...schemas.teacher import AnyAnswers
from ..cells import make_missing_column_error
from ..engine import map_items
from ..errors import InputError, Stopped
from ..files import digest_file, list_chunks
from ..recipe import LoadedRecipe
from ..store.atomic import Access, replace_file
from ..store.results.stages import StageResult, parse_result
from ..store.versions import open_sealed, seal_json
from .recorded_chunks import PIECE, READ_CHUNK, READING
from .recorded_rows import list_answer_columns

FORGOTTEN = "its answers were erased with cotloom ledger forget"
"""Why a sample has no text."""


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
class Recording:
    """The file that recorded answers are read from."""

    path: Path
    """Where it is."""
    address: str | None = None
    """The address of the dataset that it was downloaded from, at a commit; None for a file of the user's."""
    commit: str | None = None
    """That commit."""


def read_answers(
    loaded: LoadedRecipe, stage: Path, aliases: Path | None, runtime: Runtime, recording: Recording | None = None
) -> RecordedAnswers:
    """Read the recorded answers of a recipe into pieces; chunks that were read before are known by what they hold.

    Args:
        loaded: the recipe; its teacher is `recorded`.
        stage: the folder where the pieces are kept.
        aliases: a file with the columns question_id and alias, for questions whose text alone names no problem.
        runtime: the workers.
        recording: the file; by default the one that the recipe names.

    Raises:
        InputError: the file or a column is missing, or it is empty.
    """
    answers = None if loaded.recipe.recorded is None else loaded.recipe.recorded.answers
    if not isinstance(answers, AnyAnswers):
        raise InputError("the recipe has no recorded answers in a file or on the Hub", keys=("teacher.answers",))
    recording = recording or Recording(path=loaded.resolve(answers.path))
    path = recording.path
    index = stage / "memo" / digest([READING, answers.model_dump(mode="json"), path.name])[:16] / "files.json"
    before = _read_index(index)
    listed = list_chunks(path)
    items = [
        {"chunk": asdict(chunk), "rows": chunk.end - chunk.start, "before": _select_near(before, number, len(listed))}
        for number, chunk in enumerate(listed)
    ]
    settings = {
        "answers": answers.model_dump(mode="json"),
        "aliases": None if aliases is None else [str(aliases), digest_file(aliases)[0]],
        "stage": str(stage),
    }
    with ThreadPoolExecutor(1) as beside:  # the file is digested while the workers read it
        digested = beside.submit(digest_file, path)
        read = map_items(READ_CHUNK, items, settings, runtime=runtime, description="reading recorded answers")
        sha256, size = digested.result()
    chunks = tuple(map(parse_result, read))
    rows = sum(chunk.values["rows"] for chunk in chunks)
    if not rows:
        raise InputError(f"teacher.answers: {recording.address or path} is empty")
    _check_columns(recording.address or path, answers, [chunk.values for chunk in chunks])
    _write_index(index, chunks)
    if recording.address is None:
        file = Input(name="teacher.answers", file=path.name, sha256=sha256, bytes=size, rows=rows)
    else:
        file = Input(name="teacher.answers", file=recording.address, sha256=recording.commit or "", bytes=0, rows=rows)
    return RecordedAnswers(chunks=chunks, rows=sum(chunk.values["answers"] for chunk in chunks), input=file)


def _read_index(path: Path) -> list[str]:
    """Read which pieces were read last from a file of this name: many of its lines may be the same still."""
    with suppress(OSError, ValueError):
        return [str(key) for key in open_sealed(path.read_bytes())["chunks"]]
    return []


def _select_near(before: Sequence[str], number: int, chunks: int) -> Sequence[str]:
    """Select the pieces that were read from about where a chunk is: most lines are still there, a little further on."""
    first, end = number * len(before) // chunks, -(-(number + 1) * len(before) // chunks)
    return before[max(first - 1, 0) : end]


def _write_index(path: Path, chunks: Sequence[StageResult]) -> None:
    with suppress(Stopped), replace_file(path, access=Access.PRIVATE) as side:  # without it, all is read again
        side.write_bytes(seal_json({"chunks": [chunk.key for chunk in chunks]}))


def _check_columns(path: Path | str, answers: AnyAnswers, read: Sequence[Mapping[str, Any]]) -> None:
    """Check that each column is there in some row: where it is in none, the recipe is wrong, not the rows."""
    first: list[str] | None = next((part["columns"] for part in read if part["columns"] is not None), None)
    found = {column for part in read for column in part["found"]}
    missing = next((column for column in list_answer_columns(answers) if column not in found), None)
    if first is not None and missing is not None:
        raise make_missing_column_error(path, missing, dict.fromkeys(first))


# What a worker does with a bucket


def match_answers(answers: pl.DataFrame, problems: pl.DataFrame, forgotten: Collection[str]) -> pl.DataFrame:
    """Find the answers to problems of a bucket.

    Args:
        answers: the rows of the bucket, out of all pieces.
        problems: rows of `Problem`, of the sources that the teacher answers.
        forgotten: the problems whose answers were erased.

    Returns:
        Rows of `Sample`: the answers to these problems, and all rows that can't be read.
    """
    matched = _select_matched(answers, problems)
    malformed = answers.filter(pl.col("fault").is_not_null())
    return pl.concat([_make_samples(matched, forgotten), _make_malformed_samples(malformed)])


def count_unmatched(answers: pl.DataFrame, problems: pl.DataFrame) -> int:
    """Count the answers of a bucket that belong to none of its problems; see `match_answers`."""
    columns = answers.select("problem_id", "fault")
    return columns.filter(pl.col("fault").is_null()).height - _select_matched(columns, problems).height


def _select_matched(answers: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    kept = problems.filter(pl.col("fate") == Fate.KEPT).select("problem_id").unique()
    readable = answers.filter(pl.col("fault").is_null())
    return readable.join(kept, on="problem_id", how="semi", maintain_order="left")


def _make_samples(matched: pl.DataFrame, forgotten: Collection[str]) -> pl.DataFrame:
    rows = _number_equal(matched, "problem_id", "raw_id")
    is_erased = pl.col("problem_id").is_in(list(forgotten))
    rows = rows.select(
        "sample_id", "problem_id", "sample_index", "teacher", "text", "reasoning", "labels", "hint",
        "finish_reason", "simulated",
        stage=pl.when(is_erased).then(pl.lit(str(Stage.TEACHER))),
        fate=pl.when(is_erased).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
        reason=pl.when(is_erased).then(pl.lit(str(Reason.REQUEST_FAILED))),
        detail=pl.when(is_erased).then(pl.lit(FORGOTTEN)),
    )  # fmt: skip
    columns = (pl.when(~is_erased).then(pl.col(name)).alias(name) for name in ("text", "reasoning", "labels"))
    return complete_frame(rows.with_columns(columns), Sample)


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
