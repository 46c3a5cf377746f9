"""Format a problem as the messages for a teacher: demonstrations, question, options, hint and cue."""

from collections.abc import Callable, Mapping, Sequence

from ...schemas.example import Message, Role
from ...schemas.problem import AnswerType, Problem
from ...schemas.sample import Hint
from ...schemas.teacher import HintPolicy, Prompt
from ..errors import InputError
from ..templates import render_template
from ..text.options import format_question
from .demonstrations import Demo

_STEPS = "Work step by step, writing each calculation as an equation."
_CLOSINGS: Mapping[AnswerType, str] = {
    AnswerType.NUMBER: 'End with "The answer is", then the number.',
    AnswerType.CHOICE: 'End with "The answer is", then the letter of the option in brackets.',
    AnswerType.BOOLEAN: 'End with "The answer is", then yes or no.',
    AnswerType.TEXT: 'End with "The answer is", then the answer.',
}
_ONLY: Mapping[AnswerType, str] = {
    AnswerType.NUMBER: "Reply with the number only.",
    AnswerType.CHOICE: "Reply with the letter of the option only, in brackets.",
    AnswerType.BOOLEAN: "Reply with yes or no only.",
    AnswerType.TEXT: "Reply with the answer only.",
}
_WITH_HINT = "Explain how this answer is reached from the question alone, as if you had not been shown it."

_HINT_FORMATS: Mapping[str, Callable[[str, str], str]] = {
    "after_question": lambda question, answer: f"{question}\n\n(The right answer is {answer}. {_WITH_HINT})",
    "answer_first": lambda question, answer: f"Right answer: {answer}\n{_WITH_HINT}\n\n{question}",
}
"""How the hint is added to the question, by `hint.place`."""


def _choose_cue(prompt: Prompt, answer_type: AnswerType) -> str:
    if prompt.cue is not None:
        return prompt.cue
    if prompt.template == "zero_shot":
        return _ONLY[answer_type]
    steps = _STEPS if answer_type is AnswerType.NUMBER else "Work step by step."
    return steps if prompt.template == "cot_two_call" else f"{steps} {_CLOSINGS[answer_type]}"


def format_messages(
    problem: Problem, hint: Hint, prompt: Prompt, policy: HintPolicy, demos: Sequence[Demo] = ()
) -> tuple[Message, ...]:
    """Format the messages for a problem.

    Args:
        problem: the problem to solve.
        hint: whether the prompt shows the gold answer.
        prompt: the template and its parts.
        policy: where the hint stands in the prompt.
        demos: demonstrations, in order. With a hint they have one too, in the same place.

    Raises:
        InputError: the recipe's own template is not allowed, or names an unknown value.
    """
    system = [Message(role=Role.SYSTEM, content=prompt.system)] if prompt.system else []
    cue = _choose_cue(prompt, problem.answer_type)
    turns = [turn for demo in demos for turn in _format_demo(demo, problem.answer_type, hint, prompt, policy)]
    question = _format_question(problem.question or "", problem.choices, prompt)
    if hint is Hint.HINTED:
        question = _HINT_FORMATS[policy.place](question, problem.answer or "")
    return (*system, *turns, Message(role=Role.USER, content=f"{question}\n\n{cue}"))


def _format_question(question: str, choices: Sequence[str], prompt: Prompt) -> str:
    if prompt.user is None:
        return format_question(question, choices)
    try:
        return render_template(prompt.user, {"question": question, "choices": list(choices)})
    except KeyError as error:
        raise InputError(
            f"teacher.prompt.user can't be filled: {error.args[0]}",
            hint="it may use {{ question }} and {{ choices }}, a list",
            keys=("teacher.prompt.user",),
        ) from error


def _format_demo(
    demo: Demo, answer_type: AnswerType, hint: Hint, prompt: Prompt, policy: HintPolicy
) -> tuple[Message, Message]:
    question = _format_question(demo.question, demo.choices, prompt)
    if hint is Hint.HINTED:
        question = _HINT_FORMATS[policy.place](question, demo.answer)
    answer = f"({demo.answer})" if answer_type is AnswerType.CHOICE and len(demo.answer) == 1 else demo.answer
    return (
        Message(role=Role.USER, content=f"{question}\n\n{_choose_cue(prompt, answer_type)}"),
        Message(role=Role.ASSISTANT, content=f"{demo.rationale}\nThe answer is {answer}."),
    )


def format_second_call(first: tuple[Message, ...], reasoning: str, answer_type: AnswerType) -> tuple[Message, ...]:
    """Format the second call of `cot_two_call`: the reasoning so far, then a cue for the answer alone.

    Kojima et al. 2022 introduced zero-shot CoT in two calls; Fine-tune-CoT (Ho et al. 2023) samples its teacher so.
    """
    cue = f"So what is the answer? {_ONLY[answer_type]}"
    return (*first, Message(role=Role.ASSISTANT, content=reasoning), Message(role=Role.USER, content=cue))
