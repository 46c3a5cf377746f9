"""The prompts of evaluation sets, formatted as training formats them."""

from collections.abc import Sequence

from ....schemas.example import Message
from ....schemas.outcome import SetKind
from ....schemas.problem import Problem
from ...format.templates import (
    AS_IS,
    FORMATS,
    Format,
    SolvedProblem,
    format_answer_sentence,
    make_solved_problem,
    make_turns,
)
from ...text.options import format_question
from ..model.chat import Chat
from .demonstrations import show_demonstrations
from .exemplars import show_exemplars
from .sets import EvalSet

DEFAULT_FORMATS = ("zero_shot_cot", "zero_shot_answer")
"""Formats of sets that are not general where the student recipe names none."""


def list_formats(
    eval_set: EvalSet, formats: Sequence[str] | None, general_formats: Sequence[str] = (AS_IS,)
) -> tuple[str, ...]:
    """List the prompt formats of a set: `general_formats` for general sets, else `formats` or the defaults."""
    return tuple(general_formats if eval_set.kind is SetKind.GENERAL else formats or DEFAULT_FORMATS)


def format_prompts(eval_set: EvalSet, format_name: str, shots: int, seed: int = 0) -> list[Chat]:
    """Format the problems of a set as `format_examples` formats them for training, without the target.

    Args:
        eval_set: the set.
        format_name: name of a format; `as_is` gives the question without an instruction.
        shots: number of demonstrations in in-context formats: the fixed ones of the set, else those of the training
            split, of other groups and of the same answer type (law 6).
        seed: key of the demonstrations that are not fixed.

    Returns:
        A chat for each problem.

    Raises:
        InputError: there are fewer demonstrations for a problem than that, or fixed ones of another answer type.
    """
    if format_name == AS_IS:
        return [
            _make_chat(make_turns(format_question(problem.question or "", problem.choices), ""))
            for problem in eval_set.problems
        ]
    example_format = FORMATS[format_name]
    shown = _show(eval_set, shots, seed) if example_format.in_context else [()] * len(eval_set.problems)
    return [
        format_prompt(example_format, problem, demonstrations)
        for problem, demonstrations in zip(eval_set.problems, shown, strict=True)
    ]


def _show(eval_set: EvalSet, shots: int, seed: int) -> Sequence[Sequence[SolvedProblem]]:
    """Choose the demonstrations of each problem of a set."""
    name, problems = eval_set.name, eval_set.problems
    if eval_set.exemplars:
        return [show_exemplars(name, eval_set.exemplars, problem, shots) for problem in problems]
    rows = show_demonstrations(name, eval_set.demonstrations, problems, shots, seed)
    return [list(map(make_solved_problem, shown)) for shown in rows]


def format_prompt(example_format: Format, problem: Problem, demonstrations: Sequence[SolvedProblem]) -> Chat:
    """Format the prompt of one problem after its demonstrations."""
    turns = [
        turn
        for shot in demonstrations
        for turn in make_turns(example_format.format_prompt(shot), example_format.format_target(shot))
    ]
    return _make_chat((*turns, *make_turns(example_format.format_prompt(_make_unsolved(problem)), "")))


def format_gold_answer(problem: Problem, format_name: str) -> str | None:
    """Format the gold answer as the target of an answer-only format; None where the format asks for reasoning.

    >>> format_gold_answer(Problem(problem_id="p", source="s", origin="o", answer="18"), "zero_shot_answer")
    'The answer is 18.'
    """
    if format_name == AS_IS:
        return problem.answer
    if not FORMATS[format_name].one_per_problem:
        return None
    return format_answer_sentence(problem.answer or "", problem.answer_type, problem.language)


def _make_chat(turns: Sequence[Message]) -> Chat:
    """All turns but the last, as dicts like those of the column `messages`."""
    return [{"role": turn.role.value, "content": turn.content} for turn in turns[:-1]]


def _make_unsolved(problem: Problem) -> SolvedProblem:
    return SolvedProblem(
        question=problem.question or "",
        answer=problem.answer or "",
        text="",
        answer_start=None,
        answer_type=problem.answer_type,
        choices=problem.choices,
        language=problem.language,
    )
