"""Backend `recorded`: answers that someone already has, in a file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.files import Row, as_text, cell, file_digest, missing_column, read_rows
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.teacher.backends.protocol import Answered, Failed, Wanted
from cotloom.builder.teacher.request import Answer, Request
from cotloom.schemas.example import Message, Role
from cotloom.schemas.ids import canonical, content_id
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem, problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import Answers, RecordedTeacher
from cotloom.schemas.sample import Hint, Sample

GROUP = 2_000
"""So many recorded answers are written to the ledger together."""

Recording = Mapping[str, Mapping[str, list[Answer]]]
"""Answers by the question (its id without options) and teacher."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The backend: every recorded answer of a problem is wanted, once."""

    recording: Recording
    """Answers by question and teacher."""
    inputs: list[Input]
    """The file they came from."""
    strays: list[Sample]
    """Rows of it that can't be read."""

    def wanted(self, problem: Problem, hint: Hint, indexes: range) -> list[Wanted]:
        """All recorded answers to a problem, whatever the indexes asked for."""
        if hint is Hint.HINTED or indexes.start > 0:
            return []
        return [
            Wanted(problem, request, index)
            for teacher, answers in self.recording.get(problem_id(problem.question or ""), {}).items()
            for request in [_request(problem, teacher, answers)]
            for index in range(len(answers))
        ]

    def follow_up(self, wanted: Wanted, answer: Answer) -> None:
        """Recorded answers are whole."""

    def ask(self, wanted: Sequence[Wanted]) -> Iterator[list[Answered | Failed]]:
        """Hand out recorded answers."""
        answered: Iterator[Answered | Failed] = (Answered(item, self._answer(item)) for item in wanted)
        while group := list(islice(answered, GROUP)):
            yield group

    def _answer(self, wanted: Wanted) -> Answer:
        answers = self.recording[problem_id(wanted.problem.question or "")]
        return answers[wanted.request.model][wanted.sample_index]


def _request(problem: Problem, teacher: str, answers: list[Answer]) -> Request:
    """The request that a recorded answer stands for. Other recordings of the same question are other requests."""
    return Request(
        problem_id=problem.problem_id,
        messages=(Message(role=Role.USER, content=problem.question or ""),),
        model=teacher,
        endpoint="recorded",
        sampling={"recording": content_id("a", [(answer.text, answer.labels) for answer in answers])},
    )


def open_recording(loaded: LoadedRecipe, teacher: RecordedTeacher, problems: pl.DataFrame) -> Recorded:
    """Read recorded answers.

    Raises:
        InputError: the file or a column is not there, or no answer fits any problem.
    """
    path = loaded.resolve(teacher.answers.path)
    rows = list(read_rows(path))
    if not rows:
        raise InputError(f"teacher.answers: {path} is empty")
    _check_columns(path, teacher.answers, rows)
    recording, strays = _read(teacher.answers, rows)
    unmatched = _check_matches(path, recording, problems)
    sha256, size = file_digest(path)
    source = Input(
        name="teacher.answers", file=path.name, sha256=sha256, bytes=size, rows=len(rows), unmatched=unmatched
    )
    return Recorded(recording, [source], strays)


def _check_columns(path: Path, answers: Answers, rows: list[Row]) -> None:
    readable = [row.values for row in rows if row.values is not None]
    labels = [answers.labels, *(completion.labels for completion in answers.completions)]
    columns = [answers.problem, *(completion.column for completion in answers.completions)]
    columns += [column for given in labels for column in given.values()]
    for column in columns if readable else []:
        if not any(_optional(values, column) is not None for values in readable):
            raise missing_column(path, column, readable[0])


def _optional(values: Mapping[str, Any], column: str) -> Any:
    try:
        return cell(values, column)
    except KeyError:
        return None


def _read(answers: Answers, rows: list[Row]) -> tuple[Recording, list[Sample]]:
    recording: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    strays = []
    for row in rows:
        question = None if row.values is None else _question(row.values, answers.problem)
        if row.values is None or question is None:
            strays.append(_stray(row, row.fault or f"the column {answers.problem} is empty"))
            continue
        for teacher, answer in _completions(answers, row.values):
            recording[problem_id(question)][teacher].append(answer)
    return recording, strays


def _question(values: Mapping[str, Any], column: str) -> str | None:
    try:
        return as_text(cell(values, column))
    except KeyError:
        return None


def _stray(row: Row, fault: str) -> Sample:
    return Sample(
        sample_id=content_id("s", row.origin, fault),
        problem_id=None,
        teacher="recorded",
        stage=Stage.TEACHER,
        fate=Fate.DROPPED,
        reason=Reason.MALFORMED,
        detail=f"{row.origin}: {fault}",
    )


def _completions(answers: Answers, values: Mapping[str, Any]) -> Iterator[tuple[str, Answer]]:
    """The answers in a row: a column holds one, or a list of them with lists of labels."""
    for completion in answers.completions:
        given = _optional(values, completion.column)
        texts = given if isinstance(given, list) else [given]
        labels = {name: _optional(values, at) for name, at in {**answers.labels, **completion.labels}.items()}
        for place, text in enumerate(texts):
            if text is not None:
                yield completion.teacher, _answer(text, _at(labels, place, isinstance(given, list)))


def _at(labels: Mapping[str, Any], place: int, several: bool) -> dict[str, Any]:
    """The labels of one answer among several."""
    return {
        name: value[place] if several and isinstance(value, list) and place < len(value) else value
        for name, value in labels.items()
    }


def _answer(text: Any, labels: Mapping[str, Any]) -> Answer:
    written = text if isinstance(text, str) else canonical(text)
    return Answer(text=written, cost_usd=None, labels=canonical(labels) if labels else None)


def _check_matches(path: Path, recording: Recording, problems: pl.DataFrame) -> int:
    """Count the recorded answers that answer no problem; none fitting at all is the user's mistake."""
    known = set(map(problem_id, problems.filter(pl.col("fate") == Fate.KEPT)["question"]))
    counts = {problem: sum(map(len, by_teacher.values())) for problem, by_teacher in recording.items()}
    unmatched = sum(count for problem, count in counts.items() if problem not in known)
    if unmatched == sum(counts.values()):
        raise InputError(
            f"none of the {unmatched} recorded answers in {path} answers a problem of the sources",
            hint="teacher.answers.problem must give each question to the letter as fields.question of the source does",
        )
    return unmatched
