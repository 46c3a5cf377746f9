"""The rows of an input, chunk by chunk: each is made from the shape and its number alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
from answers import MadeAnswer, write_answers
from problems import MadeProblem, make_problem
from tasks import KINDS, make_tasks, weigh_tasks

CHUNK_ANSWERS, CHUNK_PROBLEMS = 4_000, 1_000
"""The most answers and problems of a chunk, about."""

SCHEME = 1
"""Raise it where the same shape gives other rows than before, so that inputs that were kept are written again."""

Answered = tuple[MadeProblem, MadeAnswer]
"""A row of the answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What determines the rows; kept beside them as `shape.json`."""

    answers: int
    """How many recorded answers."""
    problems: int
    """How many problems they belong to."""
    seed: str = "0"
    """Key of every choice."""
    change: str = ""
    """What is added: `problems` or `answers`; empty for nothing."""
    share: float = 0.0
    """How much is added, as a share of what is there."""
    seed2: str = "1"
    """Key of what is added."""
    scheme: int = SCHEME
    """The rows of another scheme are other rows."""

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return max(1, self.answers // CHUNK_ANSWERS, self.problems // CHUNK_PROBLEMS)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines of a part of the rows."""

    problems: dict[str, bytes]
    """Lines of problems, by answer type."""
    answers: bytes
    """Lines of answers."""
    counts: dict[str, int]
    """Problems by type, answers by what they are (`right`, `wrong`, ...), repeated ones, and characters."""


def split_evenly(total: int, parts: int, index: int) -> int:
    """Return the size of one part of a total.

    >>> [split_evenly(10, 4, index) for index in range(4)]
    [2, 3, 2, 3]
    """
    return total * (index + 1) // parts - total * index // parts


def spread_counts(total: int, parts: int, chance: Random) -> list[int]:
    """Divide a total among parts, at least one each where it suffices, with some having more than others.

    >>> counts = spread_counts(400, 10, Random(0))
    >>> sum(counts), min(counts) >= 20, len(set(counts)) > 5
    (400, True, True)
    """
    counts = [split_evenly(total, parts, index) for index in range(parts)]
    for index in range(0, parts - 1, 2):
        moved = int(chance.random() * (counts[index + 1] // 2 + 1)) if counts[index + 1] > 1 else 0
        counts[index] += moved
        counts[index + 1] -= moved
    return counts


def make_chunk(job: tuple[Shape, int]) -> Chunk:
    """Make the rows of one chunk.

    >>> shape = Shape(answers=60, problems=6)
    >>> make_chunk((shape, 0)) == make_chunk((shape, 0))
    True
    >>> changed = make_chunk((Shape(answers=60, problems=6, change="answers", share=0.1), 0))
    >>> old, new = make_chunk((shape, 0)).answers.splitlines(), changed.answers.splitlines()
    >>> len(old), len(new), [line for line in new if line in old] == old
    (60, 66, True)
    """
    shape, index = job
    chance = Random(f"{shape.seed} chunk {index}")
    count = split_evenly(shape.problems, shape.chunks, index)
    counts = spread_counts(split_evenly(shape.answers, shape.chunks, index), count, chance)
    problems = [_draw_problem(shape, chance) for _ in range(count)]
    rows = [
        (problem, answer)
        for problem, answered in zip(problems, counts, strict=True)
        for answer in write_answers(problem, answered, chance)
    ]
    chance.shuffle(rows)
    if shape.change:
        _add_rows(shape, index, problems, rows)
    return _format_chunk(problems, rows)


def _draw_problem(shape: Shape, chance: Random) -> MadeProblem:
    (task,) = chance.choices(make_tasks(shape.seed), cum_weights=weigh_tasks(shape.seed))
    return make_problem(task, chance)


def _add_rows(shape: Shape, index: int, problems: list[MadeProblem], rows: list[Answered]) -> None:
    """Insert new problems with their answers, or new answers to problems that are there."""
    chance = Random(f"{shape.seed} {shape.seed2} {shape.change} {index}")
    if shape.change == "problems":
        new = [_draw_problem(shape, chance) for _ in range(_count_new(shape, shape.problems, index))]
        each = max(1, shape.answers // shape.problems)
        answers = [(problem, answer) for problem in new for answer in write_answers(problem, each, chance)]
        _insert(problems, new, chance)
    else:
        drawn = [chance.choice(problems) for _ in range(_count_new(shape, shape.answers, index))]
        answers = [(problem, answer) for problem in drawn for answer in write_answers(problem, 1, chance)]
    _insert(rows, answers, chance)


def _count_new(shape: Shape, total: int, index: int) -> int:
    return split_evenly(round(total * shape.share), shape.chunks, index)


def _insert(rows: list[Any], new: Sequence[Any], chance: Random) -> None:
    for row in new:
        rows.insert(int(chance.random() * (len(rows) + 1)), row)


def _format_chunk(problems: Sequence[MadeProblem], rows: Sequence[Answered]) -> Chunk:
    counts: Counter[str] = Counter(problem.kind for problem in problems)
    for _, answer in rows:
        counts[answer.kind] += 1
        counts[answer.repeats or "fresh"] += 1
        counts["answer characters"] += len(answer.text)
    counts["question characters"] += sum(len(problem.question) for problem in problems)
    lines = {kind: [_format_problem(item) for item in problems if item.kind == kind] for kind in KINDS}
    answers = [
        orjson.dumps({"question": problem.question, "rationale": answer.text, "is_correct": answer.is_correct})
        for problem, answer in rows
    ]
    return Chunk({kind: _join_lines(some) for kind, some in lines.items()}, _join_lines(answers), dict(counts))


def _format_problem(problem: MadeProblem) -> bytes:
    row: dict[str, Any] = {"question": problem.question, "answer": problem.gold, "task": problem.task}
    return orjson.dumps(row | ({"choices": problem.choices} if problem.choices else {}))


def _join_lines(lines: Sequence[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n" if lines else b""
