"""Formats: for each, a function that formats the prompt and one that formats the target.

No two formats give the same prompt: a student would be taught two targets for it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schemas.example import Message, Role
from ...schemas.problem import JUDGED_OUTSIDE, AnswerType
from ...schemas.reasons import Verdict
from ...schemas.sample import Part
from ..languages import choose_wording
from ..text.options import format_question
from ..text.traces import THINK
from .statements import cut_statement

AS_IS = "as_is"
"""The format of provided responses. No recipe lists it: they are always written as they are."""

THOUGHT_FIRST = f"{THINK[0]}\n{{}}\n{THINK[1]}\n\n{{}}"
"""Reasoning between tags, and what follows it."""

_MARKS = re.compile(r"<<[^<>]*>>")
_THINK = re.compile(r"<(/?think)>", re.IGNORECASE)

_TYPES = {str(kind): kind for kind in AnswerType}
_LETTER = re.compile(r"\W*([A-Za-z])\W*")


@dataclass(frozen=True, kw_only=True, slots=True)
class SolvedProblem:
    """A problem with a kept path: what a format is filled with."""

    question: str
    """The question."""
    answer: str | None
    """The gold answer, else the one that samples agree on; null where there is neither."""
    text: str
    """The text of the path."""
    answer_start: int | None
    """First character of the final answer in the text."""
    answer_type: AnswerType = AnswerType.NUMBER
    """The type of the answer."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""
    language: str | None = None
    """The language of the question, in whose words its row is written."""
    is_unchecked: bool = False
    """Whether nobody compared the answer that the path states with the gold answer."""
    phrasing: int = 0
    """Which of several phrasings its prompt takes, where a format has several: this number modulo theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One way of writing a path as a training row."""

    format_prompt: Callable[[SolvedProblem], str]
    """Formats the prompt."""
    format_target: Callable[[SolvedProblem], str]
    """Formats the target, which the student is trained to generate."""
    in_context: bool = False
    """Whether demonstrations are shown before the problem."""
    one_per_problem: bool = False
    """Whether all paths of a problem give the same row."""


def make_solved_problem(row: Mapping[str, Any], phrasing: int = 0) -> SolvedProblem:
    """Make a solved problem from a sample joined with its problem.

    Args:
        row: columns text, span, answer_part and, if it may be unchecked, verdict of the sample, and its consensus, if
            its problem may have no gold answer; question, answer, answer_type, choices and language of the problem.
        phrasing: the number of its phrasing.
    """
    span = row["span"] if row["answer_part"] != Part.REASONING else None  # that of the text
    return SolvedProblem(
        question=row["question"],
        answer=_choose_answer(row),
        text=row["text"] or "",
        answer_start=span["start"] if span else None,
        answer_type=_TYPES[row["answer_type"]],
        choices=tuple(row["choices"] or ()),
        language=row["language"],
        is_unchecked=row.get("verdict") == Verdict.UNCHECKED,
        phrasing=phrasing,
    )


def _choose_answer(row: Mapping[str, Any]) -> str | None:
    """Choose the answer of a row: the gold answer, else the one that the samples of its problem agree on."""
    gold: str | None = row["answer"]
    consensus: Mapping[str, str | None] | None = row.get("consensus")
    return consensus["answer"] if gold is None and consensus else gold


def write_messages(form: Format, problem: SolvedProblem, shown: Sequence[SolvedProblem] = ()) -> tuple[Message, ...]:
    """Write the messages of a training row.

    Args:
        form: the format.
        problem: the problem and its path.
        shown: demonstrations, written in the same format.
    """
    return tuple(
        turn for item in (*shown, problem) for turn in make_turns(form.format_prompt(item), form.format_target(item))
    )


def join_reasoning(messages: Sequence[Mapping[str, Any]], reasoning: str | None) -> list[dict[str, Any]]:
    """Join reasoning that a row keeps apart with its last message, between tags, for what knows no field for it."""
    if reasoning is None:
        return list(map(dict, messages))
    *context, last = map(dict, messages)
    return [*context, {**last, "content": THOUGHT_FIRST.format(reasoning, last["content"])}]


def make_turns(prompt: str, target: str) -> tuple[Message, Message]:
    """Make a user message and the assistant message that answers it."""
    return Message(role=Role.USER, content=prompt), Message(role=Role.ASSISTANT, content=target)


# Answers and rationales


def format_answer(answer: str, answer_type: AnswerType) -> str:
    """Format a gold answer for a row: the letter of an option in brackets, everything else as it is.

    >>> format_answer("B", AnswerType.CHOICE), format_answer("18", AnswerType.NUMBER)
    ('(B)', '18')
    """
    letter = _LETTER.fullmatch(answer) if answer_type is AnswerType.CHOICE else None
    return f"({letter[1].upper()})" if letter else answer


def format_answer_sentence(
    answer: str, answer_type: AnswerType = AnswerType.NUMBER, language: str | None = None
) -> str:
    """Format the sentence that ends most rows, and by which the answers of students are read.

    >>> format_answer_sentence("B", AnswerType.CHOICE), format_answer_sentence("18", language="zh")
    ('The answer is (B).', '答案是：18。')
    """
    wording = choose_wording(language)
    text = format_answer(answer, answer_type)
    if "\n" in text:  # an answer of several lines is read as a whole where it begins on its own line
        return f"{wording.row_below}\n{text}"
    sentence = wording.row_sentence.format(answer=text)
    return sentence[:-1] if text.endswith((".", "。")) and sentence.endswith(f"{text}{sentence[-1]}") else sentence


def format_rationale(problem: SolvedProblem) -> str:
    """Format the reasoning of a path without calculator marks, followed by the answer sentence.

    Where the path ends on its own statement of the answer, the answer sentence replaces it. A statement that nobody
    compared with the gold answer stays, and so does a path where there is no gold answer, or where the gold answer is
    what a model or a command judges by: a reference, or unit tests.
    """
    is_judged = problem.answer_type in JUDGED_OUTSIDE
    if problem.answer is None or is_judged or (problem.is_unchecked and problem.answer_start is not None):
        return _MARKS.sub("", problem.text).strip()
    return f"{_clean_rationale(problem)}\n{_format_answer_target(problem)}".lstrip()


def _format_answer_target(problem: SolvedProblem) -> str:
    return format_answer_sentence(_get_answer(problem), problem.answer_type, problem.language)


def _get_answer(problem: SolvedProblem) -> str:
    if problem.answer is None:
        message = "this format needs a gold answer; check_formats refuses it where a source has none"
        raise RuntimeError(message)
    return problem.answer


def _clean_rationale(problem: SolvedProblem) -> str:
    return _MARKS.sub("", cut_statement(problem.text, problem.answer_start, problem.language)).strip()


def clean_reasoning(reasoning: str) -> str:
    """Clean reasoning that stands before a response: no calculator marks, and no tag that would end it.

    >>> clean_reasoning("3 + 4 = <<3+4=7>>7. I write </think> at the end.")
    '3 + 4 = 7. I write /think at the end.'
    """
    return _THINK.sub(r"\1", _MARKS.sub("", reasoning)).strip()


# Prompts and targets


def _format_question(problem: SolvedProblem) -> str:
    return format_question(problem.question, problem.choices)


def _format_steps_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)}\n\n{choose_wording(problem.language).row_steps}"


def _format_answer_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)}\n\n{choose_wording(problem.language).row_answer}"


def _format_reason_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)}\n\n{_choose(choose_wording(problem.language).row_reason, problem)}"


def _format_no_reason_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)}\n\n{_choose(choose_wording(problem.language).row_no_reason, problem)}"


def _choose(phrasings: Sequence[str], problem: SolvedProblem) -> str:
    return phrasings[problem.phrasing % len(phrasings)]


def _format_fine_tune_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)} ###"


def _format_fine_tune_target(problem: SolvedProblem) -> str:
    """Format the completion of Fine-tune-CoT (Ho et al. 2023, step 2, curation; the form of its `format.py`).

    It begins with a space, states the gold answer, and ends on `END`, the stop sequence: a student that is not trained
    on it would not stop.
    """
    rationale = _clean_rationale(problem)
    return " ".join(
        [
            "",
            *([rationale] if rationale else []),
            "-->",
            format_answer(_get_answer(problem), problem.answer_type),
            "END",
        ]
    )


def _format_collection_prompt(problem: SolvedProblem) -> str:
    return f"{_format_question(problem)}\n\n{choose_wording(problem.language).row_collection}"


def _format_collection_target(problem: SolvedProblem) -> str:
    """Format the target of the CoT Collection (Kim et al. 2023; the form of its `Datasets_end2end.py`)."""
    answer = format_answer(_get_answer(problem), problem.answer_type)
    gap = "\n" if "\n" in answer else " "
    return f"{_clean_rationale(problem)}\n[ANSWER]{gap}{answer}".lstrip()


FORMATS: Mapping[str, Format] = {
    "zero_shot_cot": Format(format_prompt=_format_steps_prompt, format_target=format_rationale),
    "zero_shot_answer": Format(
        format_prompt=_format_answer_prompt, format_target=_format_answer_target, one_per_problem=True
    ),
    "in_context_cot": Format(format_prompt=_format_steps_prompt, format_target=format_rationale, in_context=True),
    "in_context_answer": Format(
        format_prompt=_format_answer_prompt, format_target=_format_answer_target, in_context=True, one_per_problem=True
    ),
    "instructed_cot": Format(format_prompt=_format_reason_prompt, format_target=format_rationale),
    "instructed_answer": Format(
        format_prompt=_format_no_reason_prompt, format_target=_format_answer_target, one_per_problem=True
    ),
    "bare_cot": Format(format_prompt=_format_question, format_target=format_rationale),
    "fine_tune_cot": Format(format_prompt=_format_fine_tune_prompt, format_target=_format_fine_tune_target),
    "cot_collection": Format(format_prompt=_format_collection_prompt, format_target=_format_collection_target),
}
"""Every format by its name in the recipe. The first four are those of Fu et al. 2023 (`process_data_format` there)."""
