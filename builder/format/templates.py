"""Formats: how a problem is put and what the student learns to say. Two small functions for each.

No two formats put a problem in the same words: a student would be taught two answers to the same prompt.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cotloom.builder.text.options import asked
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import AnswerType

STEPS_CUE = "Reason step by step, then give the answer."
"""Asks for the reasoning."""

ANSWER_CUE = "Give the answer only."
"""Asks for the answer alone."""

COLLECTION_CUE = "Think it through in steps, then write the answer behind [ANSWER]."
"""Asks for the reasoning in the form of the CoT Collection."""

AS_IS = "as_is"
"""The format of finished responses, which no recipe lists: they are written in any."""

MAX_REST = 80
"""Characters behind the stated answer that may be cut with it."""

MOST_BARE = 4
"""A text of so many words from its answer on, and none before, is a bare answer."""

_MARKS = re.compile(r"<<[^<>]*>>")
_STATEMENT = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|and)\b[, ]*)?(?:\bthe\s+)?(?:\bfinal\s+)?"
    r"(?:####|\\boxed\{|\banswer(?:\s+is|\s*:)|\ba:|\bans:)[\s:*$€£=]*(?:\b(?:option|choice)\s+)?$",
    re.IGNORECASE,
)
"""What states the final answer, up to where the answer itself begins: `So the answer is `."""

_REASONS = re.compile(r"=|\b(?:because|since)\b", re.IGNORECASE)
"""What makes the words behind an answer reasoning."""

_LETTER = re.compile(r"\W*([A-Za-z])\W*")


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
    answer_type: AnswerType = AnswerType.NUMBER
    """What kind of answer it is."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One way of writing a path as a training row."""

    ask: Callable[[Kept], str]
    """How the problem is put."""
    say: Callable[[Kept], str]
    """What the student learns to say."""
    in_context: bool = False
    """Whether solved problems are shown before."""
    one_per_problem: bool = False
    """Whether all paths of a problem give the same row."""


def write(form: Format, kept: Kept, shown: Sequence[Kept] = ()) -> tuple[Message, ...]:
    """Write a training row.

    Args:
        form: the format.
        kept: the path.
        shown: demonstrations, each put and answered in the same format.
    """
    return tuple(turn for path in (*shown, kept) for turn in exchange(form.ask(path), form.say(path)))


def exchange(prompt: str, target: str) -> tuple[Message, Message]:
    """One turn of each side."""
    return Message(role=Role.USER, content=prompt), Message(role=Role.ASSISTANT, content=target)


# Answers and rationales


def stated(answer: str, answer_type: AnswerType) -> str:
    """The gold answer as it is written into a row: an option's letter in brackets, everything else as it is.

    >>> stated("B", AnswerType.CHOICE), stated("18", AnswerType.NUMBER)
    ('(B)', '18')
    """
    letter = _LETTER.fullmatch(answer) if answer_type is AnswerType.CHOICE else None
    return f"({letter[1].upper()})" if letter else answer


def answer_sentence(answer: str, answer_type: AnswerType = AnswerType.NUMBER) -> str:
    """The sentence that closes most rows, and by which students' answers are read.

    >>> answer_sentence("B", AnswerType.CHOICE)
    'The answer is (B).'
    """
    said = stated(answer, answer_type)
    if "\n" in said:  # read as a whole where it begins on a line of its own
        return f"The answer is\n{said}"
    return f"The answer is {said}" if said.endswith(".") else f"The answer is {said}."


def closed_rationale(kept: Kept) -> str:
    """The reasoning of a path without calculator marks, closed by the answer sentence.

    Where the path states its answer in words of its own at the end, the answer sentence takes their place.
    """
    return f"{_rationale(kept)}\n{_sentence(kept)}".lstrip()


def _sentence(kept: Kept) -> str:
    return answer_sentence(kept.answer, kept.answer_type)


def _rationale(kept: Kept) -> str:
    return _MARKS.sub("", _reasoning(kept)).strip()


def _reasoning(kept: Kept) -> str:
    if kept.answer_start is None:
        return kept.text
    statement = _STATEMENT.search(kept.text, 0, kept.answer_start)
    rest = kept.text[kept.answer_start :]
    if statement is None or _REASONS.search(rest) or len(rest) > MAX_REST:
        return kept.text
    before = kept.text[: statement.start()]
    return before if before.strip() or len(rest.split()) <= MOST_BARE else kept.text


# How each format asks and says


def _asked(kept: Kept) -> str:
    return asked(kept.question, kept.choices)


def _ask_steps(kept: Kept) -> str:
    return f"{_asked(kept)}\n\n{STEPS_CUE}"


def _ask_answer(kept: Kept) -> str:
    return f"{_asked(kept)}\n\n{ANSWER_CUE}"


def _ask_fine_tune(kept: Kept) -> str:
    return f"{_asked(kept)} ###"


def _say_fine_tune(kept: Kept) -> str:
    """Write the completion of Fine-tune-CoT (Ho et al. 2023, step 2, curation; the form of its `format.py`).

    It begins with a space, states the gold answer, and ends on `END`, the marker at which sampling stops: a student
    that never learnt it would not stop.
    """
    rationale = _rationale(kept)
    return " ".join(["", *([rationale] if rationale else []), "-->", stated(kept.answer, kept.answer_type), "END"])


def _ask_collection(kept: Kept) -> str:
    return f"{_asked(kept)}\n\n{COLLECTION_CUE}"


def _say_collection(kept: Kept) -> str:
    """Write the target of the CoT Collection (Kim et al. 2023; the form of its `Datasets_end2end.py`)."""
    said = stated(kept.answer, kept.answer_type)
    gap = "\n" if "\n" in said else " "
    return f"{_rationale(kept)}\n[ANSWER]{gap}{said}".lstrip()


FORMATS: Mapping[str, Format] = {
    "zero_shot_cot": Format(ask=_ask_steps, say=closed_rationale),
    "zero_shot_answer": Format(ask=_ask_answer, say=_sentence, one_per_problem=True),
    "in_context_cot": Format(ask=_ask_steps, say=closed_rationale, in_context=True),
    "in_context_answer": Format(ask=_ask_answer, say=_sentence, in_context=True, one_per_problem=True),
    "fine_tune_cot": Format(ask=_ask_fine_tune, say=_say_fine_tune),
    "cot_collection": Format(ask=_ask_collection, say=_say_collection),
}
"""Every format by its name in the recipe. The first four are those of Fu et al. 2023 (`process_data_format` there)."""
