"""Read a chunk of a dataset: facts of its rows, its responses and its overlaps, as pieces that hold no long text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from ....schemas.ids import NotCanonicalError, rank
from ....schemas.problem import OverlapMeasure, Problem
from ....schemas.source import FileSource
from ...files import Chunk, Row, read_chunk
from ...sources.columns import TableReading, read_problems
from ...sources.overlap import EvaluationSet, find_matches
from ...teacher.recorded_rows import AnswerColumn, RawAnswer, UnreadableAnswerError, read_raw_answers
from ...text.minhash import hash_shingles
from ..evaluation_sets import open_sets
from .questions import describe_question
from .responses import ResponseFacts, add_judgement, describe_response, is_cut_off, read_label

ADDRESS = f"{__name__}:read_dataset_chunk"
"""The address of `read_dataset_chunk` for the engine."""

PIECE_ROWS = 2**14
"""So many rows are in memory at once."""

REMEMBERED = 2**17
"""So many responses are remembered in each chunk: what stands there again is not judged again."""

QUOTED = 160
"""Characters of a question, or of what was found, that are kept."""

ROWS: Mapping[str, Any] = {
    "file": pl.UInt16, "row": pl.UInt32, "split": pl.String, "fault": pl.String, "problem": pl.UInt64,
    "form": pl.UInt64, "template": pl.UInt64, "content": pl.UInt64, "gold": pl.String, "gold_fault": pl.String,
    "language": pl.String, "link": pl.String, "garbled": pl.String, "leak": pl.String, "quote": pl.String,
}  # fmt: skip
"""The columns of rows. `content` is a hash of question, gold answer and responses."""

_FACTS: Mapping[str, Any] = {
    each.name: pl.Boolean if each.name in {"is_empty", "judged", "guessed"} else pl.String
    for each in fields(ResponseFacts)
}
RESPONSES: Mapping[str, Any] = {
    "file": pl.UInt16, "row": pl.UInt32, "form": pl.UInt64, "text": pl.UInt64, "length": pl.UInt32,
    "column": pl.String, "label": pl.Boolean, "cut_off": pl.Boolean, **_FACTS,
}  # fmt: skip
"""The columns of responses: those of `ResponseFacts`, and what their rows say."""

OVERLAPS: Mapping[str, Any] = {
    "file": pl.UInt16, "row": pl.UInt32, "form": pl.UInt64, "against": pl.String, "measure": pl.String,
    "score": pl.Float64, "origin": pl.String,
}  # fmt: skip
"""The columns of overlaps: the strictest measure of each question and evaluation set."""

QUESTIONS: Mapping[str, Any] = {
    "form": pl.UInt64, "file": pl.UInt16, "row": pl.UInt32, "shingles": pl.List(pl.UInt32),
}  # fmt: skip
"""The columns of the distinct questions of a chunk. `shingles` are their runs of words, hashed."""

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "rows": ROWS, "responses": RESPONSES, "overlaps": OVERLAPS, "questions": QUESTIONS,
}  # fmt: skip
"""The columns of each kind of piece."""

_SOURCE = TypeAdapter(FileSource)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(kw_only=True, slots=True)
class _ChunkReader:
    """What the rows of a chunk are read with, and what was read since the last piece."""

    source: FileSource
    columns: Sequence[AnswerColumn]
    solutions: frozenset[str]
    sets: Sequence[EvaluationSet]
    least_rank: int
    """A response of a lower rank is judged."""
    file: int
    split: str | None
    found: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in SCHEMAS})
    known: dict[int, ResponseFacts] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


def read_dataset_chunk(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read a chunk of a dataset and write its facts as pieces.

    Args:
        item: chunk: its plain values; file: the number of its file; split: the file's; prefix: of the pieces' paths.
        settings: source and answers: the columns; solutions: columns that gold answers are read from; sets: folder and
            names of the evaluation sets; share: of the responses that are judged.

    Returns:
        missing: the columns that no row has; columns: those of the first row.

    Raises:
        InputError: the file can't be read.
    """
    reader = _ChunkReader(
        source=_SOURCE.validate_python(settings["source"]),
        columns=[AnswerColumn(**each) for each in settings["answers"]],
        solutions=frozenset(settings["solutions"]),
        sets=open_sets(settings["sets"]["folder"], tuple(settings["sets"]["names"])) if settings["sets"] else (),
        least_rank=int(settings["share"] * 2**64),
        file=item["file"],
        split=item["split"],
    )
    own, read = tee(read_chunk(Chunk(**item["chunk"])))
    reading, number = TableReading(), 0
    for row, problem in zip(own, read_problems(reader.source, read, reading, needs_gold=False), strict=True):
        _read_row(reader, row, problem)
        if len(reader.found["rows"]) == PIECE_ROWS:
            _write_pieces(reader, item["prefix"], number)
            number += 1
    _write_pieces(reader, item["prefix"], number)
    return {"missing": reading.missing or [], "columns": reading.columns or []}


def _write_pieces(reader: _ChunkReader, prefix: str, number: int) -> None:
    reader.found["questions"] = _hash_questions(reader.found["questions"])
    for name, schema in SCHEMAS.items():
        frame = pl.DataFrame(reader.found[name], schema=dict(schema), orient="row")
        frame.write_ipc(Path(f"{prefix}-{number:06d}.{name}.arrow"))
        reader.found[name].clear()


def _hash_questions(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Hash the runs of words of questions: what near duplicates are known by."""
    shingles = hash_shingles([question for *_, question in rows])
    parts = np.split(shingles.hashes, shingles.starts[1:-1]) if rows else []
    return [(*place, part) for (*place, _), part in zip(rows, parts, strict=True)]


def _read_row(reader: _ChunkReader, row: Row, problem: Problem) -> None:
    """Add the facts of a row and of its responses."""
    place = (reader.file, int(row.origin.rpartition(":")[2]))
    if row.values is None or problem.question is None:
        fault = (problem.detail or "unreadable").removeprefix(f"{row.origin}: ")[:QUOTED]
        blanks = (None,) * (len(ROWS) - 5)
        reader.found["rows"].append((*place, reader.split, fault, *blanks, (row.raw or row.content)[:QUOTED]))
        return
    kind = reader.source.stated_type
    facts = describe_question(problem.question, problem.choices, problem.answer, kind)
    answers = list(_list_answers(reader.columns, row.values))
    described = [_describe(reader, problem, answer) for answer in answers]
    is_unread = problem.reason is not None
    copied = next((f"the response stands in it: {each.copied}" for _, each in described if each.copied), None)
    garbled = facts.garbled or next((each.garbled for _, each in described if each.garbled), None)
    problem_rank = rank("problem", problem.problem_id)
    content = rank(
        "row", "\x1f".join([problem.problem_id, problem.answer or "", *(str(text) for text, _ in described)])
    )
    reader.found["rows"].append((
        *place, reader.split, None, problem_rank, facts.form, facts.template, content,
        None if is_unread else (problem.answer or "")[:QUOTED] or None,
        (problem.detail or "").removeprefix(f"{row.origin}: ")[:QUOTED] if is_unread else facts.gold_fault,
        facts.language, facts.link, garbled, _shorten(facts.leak or copied), _shorten(problem.question),
    ))  # fmt: skip
    for answer, (text, each) in zip(answers, described, strict=True):
        reader.found["responses"].append((
            *place, facts.form, text, len(answer.text), answer.item.column, read_label(answer), is_cut_off(answer),
            *(getattr(each, name) for name in _FACTS),
        ))  # fmt: skip
    if facts.form not in reader.seen:
        reader.seen.add(facts.form)
        reader.found["questions"].append((facts.form, *place, problem.question))
        reader.found["overlaps"] += [(*place, facts.form, *found) for found in _find_overlaps(reader.sets, problem)]


def _shorten(text: str | None) -> str | None:
    return None if text is None else " ".join(text[: 2 * QUOTED].split())[:QUOTED]


def _list_answers(columns: Sequence[AnswerColumn], values: Mapping[str, Any]) -> list[RawAnswer]:
    """List the responses of a row; one that can't be read is an empty one."""
    found = []
    for column in columns:
        try:
            found += list(read_raw_answers([column], values))
        except (UnreadableAnswerError, NotCanonicalError):
            found.append(RawAnswer(item=column, text="", reasoning=None, labels={}, teacher=None, hint=None))
    return found


def _describe(reader: _ChunkReader, problem: Problem, answer: RawAnswer) -> tuple[int, ResponseFacts]:
    """Describe a response; judge it where its keyed rank is among the lowest."""
    text = rank("response", f"{answer.reasoning or ''}\x1f{answer.text}")
    key = rank("judged", f"{problem.problem_id}\x1f{problem.answer}\x1f{text}\x1f{is_cut_off(answer)}")
    known = reader.known.get(key)
    if known is None:
        is_solution = answer.item.column in reader.solutions
        known = describe_response(problem, answer)
        if key < reader.least_rank:
            known = add_judgement(known, problem, answer, is_solution=is_solution)
        if len(reader.known) < REMEMBERED:
            reader.known[key] = known
    return text, known


def _find_overlaps(sets: Sequence[EvaluationSet], problem: Problem) -> Iterator[tuple[str, str, float, str]]:
    """Find the strictest overlap of a question with each set."""
    text = " ".join([problem.question or "", *problem.choices])
    for each in sets:
        position = each.positions.get(problem.problem_id)
        if position is not None:
            yield each.name, OverlapMeasure.SAME.value, 1.0, each.origins[position]
            continue
        match = next((match for match in find_matches(text, each) if match.is_overlap), None)
        if match is not None:
            is_varied = match.measure is OverlapMeasure.WORDS and _list_numbers(text) != _list_numbers(
                each.texts[match.position]
            )
            measure = OverlapMeasure.MASKED if is_varied else match.measure
            yield each.name, measure.value, match.score, each.origins[match.position]


def _list_numbers(text: str) -> list[str]:
    """List the numbers of a text: of nearly the same words, other numbers make another item."""
    return sorted(_NUMBER.findall(text))


def make_settings(source: FileSource, answers: Sequence[AnswerColumn], solutions: Sequence[str]) -> dict[str, Any]:
    """Make the settings of `read_dataset_chunk` that say which columns are read."""
    return {
        "source": source.model_dump(mode="json", exclude_none=True),
        "answers": [asdict(each) for each in answers],
        "solutions": list(solutions),
    }
