"""Formats: from a kept path to the messages of a training row. One small function for each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.example import Message, Role

STEPS_CUE = "Reason step by step, then give the answer."
"""Asks for the reasoning. Without a cue, two formats would teach two answers to the same prompt."""

ANSWER_CUE = "Give the answer only."
"""Asks for the answer alone."""

MAX_REST = 80
"""Characters behind the stated answer that may be cut with it."""

_MARKS = re.compile(r"<<[^<>]*>>")
_STATEMENT = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|and)\b[, ]*)?(?:\bthe\s+)?(?:\bfinal\s+)?"
    r"(?:####|\\boxed\{|\banswer(?:\s+is|\s*:)|\ba:|\bans:)[\s:*$€£=]*$",
    re.IGNORECASE,
)
"""What states the final answer, up to where the answer itself begins: `So the answer is `."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A kept path and its problem, as formats need them."""

    question: str
    """The question."""
    answer: str
    """The gold answer."""
    text: str
    """The sample's text."""
    answer_start: int | None
    """First character of the final answer in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One way of writing a path as a training row."""

    write: Callable[[Kept], tuple[Message, ...]]
    """Make the messages; the last is what the student learns to say."""
    one_per_problem: bool
    """Whether all paths of a problem give the same row."""


def answer_sentence(answer: str) -> str:
    """The sentence that closes every row, and by which students' answers are read."""
    return f"The answer is {answer}."


def closed_rationale(kept: Kept) -> str:
    """The reasoning of a path without calculator marks, closed by the answer sentence.

    Where the path states its answer in words of its own at the end, the answer sentence takes their place.
    """
    return f"{_MARKS.sub('', _reasoning(kept)).strip()}\n{answer_sentence(kept.answer)}".lstrip()


def _reasoning(kept: Kept) -> str:
    if kept.answer_start is None:
        return kept.text
    statement = _STATEMENT.search(kept.text, 0, kept.answer_start)
    rest = kept.text[kept.answer_start :]
    if statement is None or "=" in rest or len(rest) > MAX_REST:
        return kept.text
    return kept.text[: statement.start()]


def _zero_shot_cot(kept: Kept) -> tuple[Message, ...]:
    return _exchange(kept.question, STEPS_CUE, closed_rationale(kept))


def _zero_shot_answer(kept: Kept) -> tuple[Message, ...]:
    return _exchange(kept.question, ANSWER_CUE, answer_sentence(kept.answer))


def _exchange(question: str, cue: str, target: str) -> tuple[Message, ...]:
    return (Message(role=Role.USER, content=f"{question}\n\n{cue}"), Message(role=Role.ASSISTANT, content=target))


FORMATS: Mapping[str, Format] = {
    "zero_shot_cot": Format(write=_zero_shot_cot, one_per_problem=False),
    "zero_shot_answer": Format(write=_zero_shot_answer, one_per_problem=True),
}
"""Every format by its name in the recipe."""
