"""Backend `recorded`: answers that somebody already has, in a file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.example import Message, Role
from ....schemas.ids import NotCanonicalError, format_canonical, make_content_id
from ....schemas.manifest import Input
from ....schemas.problem import Problem, make_problem_id
from ....schemas.reasons import Fate, Reason, Stage
from ....schemas.runtime import Runtime
from ....schemas.sample import Hint, Sample
from ....schemas.teacher import Answers, RecordedTeacher
from ...errors import InputError
from ...files import Row, digest_file, format_cell, make_missing_column_error, read_cell, read_rows
from ...recipe import LoadedRecipe
from ..request import Answer, ReceivedResponse, Request
from .protocol import CompletionRequest, FailedRequest, OpenedBackend, make_received

GROUP = 2_000
"""Number of recorded answers that are written to the ledger together."""

Recording = Mapping[str, Mapping[str, list[Answer]]]
"""Answers by question (its id without options) and teacher."""


@dataclass(frozen=True, slots=True)
class RecordedBackend:
    """A teacher whose answers are in a file. Each recorded answer of a problem is requested once."""

    recording: Recording
    """Answers by question and teacher."""

    def list_requests(self, problem: Problem, hint: Hint, indexes: range) -> list[CompletionRequest]:
        """List all recorded answers to a problem in the first round, whatever its indexes."""
        if hint is Hint.HINTED or indexes.start > 0:
            return []
        return [
            CompletionRequest(problem, request, index)
            for teacher, answers in self.recording.get(make_problem_id(problem.question or ""), {}).items()
            for request in [_make_request(problem, teacher, answers)]
            for index in range(len(answers))
        ]

    def make_follow_up(self, request: CompletionRequest, answer: Answer) -> None:
        """A recorded answer never needs a second request."""

    def request_completions(
        self, requests: Sequence[CompletionRequest]
    ) -> Iterator[list[ReceivedResponse | FailedRequest]]:
        """Return the recorded answers."""
        answered = ((request, self._find_answer(request)) for request in requests)
        while group := list(islice(answered, GROUP)):
            yield [*make_received(group)]

    def _find_answer(self, request: CompletionRequest) -> Answer:
        answers = self.recording[make_problem_id(request.problem.question or "")]
        return answers[request.request.model][request.sample_index]


def _make_request(problem: Problem, teacher: str, answers: list[Answer]) -> Request:
    """Make the request that a recorded answer stands for. Another recording of the question has another digest."""
    return Request(
        problem_id=problem.problem_id,
        messages=(Message(role=Role.USER, content=problem.question or ""),),
        model=teacher,
        endpoint="recorded",
        sampling={"recording": make_content_id("a", [(answer.text, answer.labels) for answer in answers])},
    )


def open_backend(
    loaded: LoadedRecipe, teacher: RecordedTeacher, problems: pl.DataFrame, _runtime: Runtime
) -> OpenedBackend:
    """Read recorded answers.

    Raises:
        InputError: the file or a column is missing, or no answer belongs to any problem.
    """
    path = loaded.resolve(teacher.answers.path)
    rows = list(read_rows(path))
    if not rows:
        raise InputError(f"teacher.answers: {path} is empty")
    _check_columns(path, teacher.answers, rows)
    recording, malformed = _read_recording(teacher.answers, rows)
    unmatched = _count_unmatched(path, recording, problems)
    sha256, size = digest_file(path)
    file = Input(name="teacher.answers", file=path.name, sha256=sha256, bytes=size, rows=len(rows), unmatched=unmatched)
    return OpenedBackend(RecordedBackend(recording), [file], malformed)


def _check_columns(path: Path, answers: Answers, rows: list[Row]) -> None:
    readable = [row.values for row in rows if row.values is not None]
    labels = [answers.labels, *(completion.labels for completion in answers.completions)]
    columns = [answers.problem, *(completion.column for completion in answers.completions)]
    columns += [column for names in labels for column in names.values()]
    for column in columns if readable else []:
        if not any(_get_cell(values, column) is not None for values in readable):
            raise make_missing_column_error(path, column, readable[0])


def _get_cell(values: Mapping[str, Any], column: str) -> Any:
    try:
        return read_cell(values, column)
    except KeyError:
        return None


def _read_recording(answers: Answers, rows: list[Row]) -> tuple[Recording, list[Sample]]:
    """Read the answers of all rows, and make a dropped sample for each row that can't be read."""
    recording: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    malformed = []
    for row in rows:
        question = None if row.values is None else _read_question(row.values, answers.problem)
        if row.values is None or question is None:
            malformed.append(_make_malformed(row, row.fault or f"the column {answers.problem} is empty"))
            continue
        try:
            completions = list(_read_completions(answers, row.values))
        except NotCanonicalError as error:
            malformed.append(_make_malformed(row, str(error)))
            continue
        for teacher, answer in completions:
            recording[make_problem_id(question)][teacher].append(answer)
    return recording, malformed


def _read_question(values: Mapping[str, Any], column: str) -> str | None:
    try:
        return format_cell(read_cell(values, column))
    except KeyError:
        return None


def _make_malformed(row: Row, fault: str) -> Sample:
    return Sample(
        sample_id=make_content_id("s", row.origin, fault),
        problem_id=None,
        teacher="recorded",
        stage=Stage.TEACHER,
        fate=Fate.DROPPED,
        reason=Reason.MALFORMED,
        detail=f"{row.origin}: {fault}",
    )


def _read_completions(answers: Answers, values: Mapping[str, Any]) -> Iterator[tuple[str, Answer]]:
    """Read the answers in a row, each with its teacher. A column holds one, or a list of them with lists of labels."""
    for completion in answers.completions:
        value = _get_cell(values, completion.column)
        texts = value if isinstance(value, list) else [value]
        columns = {**answers.labels, **completion.labels}
        labels = {name: _get_cell(values, column) for name, column in columns.items()}
        for index, text in enumerate(texts):
            if text is not None:
                yield completion.teacher, _make_answer(text, _select_labels(labels, index, isinstance(value, list)))


def _select_labels(labels: Mapping[str, Any], index: int, is_list: bool) -> dict[str, Any]:
    """Select the labels of one answer. Where a column holds a list of answers, a list of labels has one for each."""
    return {
        name: value[index] if is_list and isinstance(value, list) and index < len(value) else value
        for name, value in labels.items()
    }


def _make_answer(value: Any, labels: Mapping[str, Any]) -> Answer:
    canonical = format_canonical(value)  # half of a surrogate pair has none, in a text either
    text = value if isinstance(value, str) else canonical
    return Answer(text=text, cost_usd=None, labels=format_canonical(labels) if labels else None)


def _count_unmatched(path: Path, recording: Recording, problems: pl.DataFrame) -> int:
    """Count the recorded answers that belong to no problem.

    Raises:
        InputError: no answer belongs to any problem.
    """
    known = set(map(make_problem_id, problems.filter(pl.col("fate") == Fate.KEPT)["question"]))
    counts = {question: sum(map(len, by_teacher.values())) for question, by_teacher in recording.items()}
    unmatched = sum(count for question, count in counts.items() if question not in known)
    if unmatched == sum(counts.values()):
        raise InputError(
            f"none of the {unmatched} recorded answers in {path} belongs to a problem of the sources",
            hint="teacher.answers.problem must hold each question exactly as fields.question of the source does",
        )
    return unmatched
