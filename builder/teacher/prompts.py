"""From a problem to the chat that is put to a teacher: cue, options, hint and demonstrations, each in its place."""

from collections.abc import Callable, Mapping, Sequence

from cotloom.builder.errors import InputError
from cotloom.builder.teacher.demonstrations import Demo
from cotloom.builder.templates import render
from cotloom.builder.text.options import asked
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import HintPolicy, Prompt
from cotloom.schemas.sample import Hint

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

_PLACES: Mapping[str, Callable[[str, str], str]] = {
    "after_question": lambda question, answer: f"{question}\n\n(The right answer is {answer}. {_WITH_HINT})",
    "answer_first": lambda question, answer: f"Right answer: {answer}\n{_WITH_HINT}\n\n{question}",
}
"""Where the hint stands."""


def _cue(prompt: Prompt, answer_type: AnswerType) -> str:
    if prompt.cue is not None:
        return prompt.cue
    if prompt.template == "zero_shot":
        return _ONLY[answer_type]
    steps = _STEPS if answer_type is AnswerType.NUMBER else "Work step by step."
    return steps if prompt.template == "cot_two_call" else f"{steps} {_CLOSINGS[answer_type]}"


def messages(
    problem: Problem, hint: Hint, prompt: Prompt, policy: HintPolicy, demos: Sequence[Demo] = ()
) -> tuple[Message, ...]:
    """Render the chat for a problem.

    Args:
        problem: what is asked.
        hint: whether the gold answer is shown.
        prompt: the template and its parts.
        policy: where the hint stands.
        demos: solved problems to show before, in order; with a hint they carry one too, so that its place is learnt.

    Raises:
        InputError: the recipe's own template does what no template may, or names a value that is not there.
    """
    system = [Message(role=Role.SYSTEM, content=prompt.system)] if prompt.system else []
    cue = _cue(prompt, problem.answer_type)
    turns = [turn for demo in demos for turn in _demonstrated(demo, problem.answer_type, hint, prompt, policy)]
    question = _question(problem.question or "", problem.choices, prompt)
    if hint is Hint.HINTED:
        question = _PLACES[policy.place](question, problem.answer or "")
    return (*system, *turns, Message(role=Role.USER, content=f"{question}\n\n{cue}"))


def _question(question: str, choices: Sequence[str], prompt: Prompt) -> str:
    if prompt.user is None:
        return asked(question, choices)
    try:
        return render(prompt.user, {"question": question, "choices": list(choices)})
    except KeyError as error:
        raise InputError(
            f"teacher.prompt.user can't be filled: {error.args[0]}",
            hint="it may use {{ question }} and {{ choices }}, a list",
            keys=("teacher.prompt.user",),
        ) from error


def _demonstrated(
    demo: Demo, answer_type: AnswerType, hint: Hint, prompt: Prompt, policy: HintPolicy
) -> tuple[Message, Message]:
    question = _question(demo.question, demo.choices, prompt)
    if hint is Hint.HINTED:
        question = _PLACES[policy.place](question, demo.answer)
    answer = f"({demo.answer})" if answer_type is AnswerType.CHOICE and len(demo.answer) == 1 else demo.answer
    return (
        Message(role=Role.USER, content=f"{question}\n\n{_cue(prompt, answer_type)}"),
        Message(role=Role.ASSISTANT, content=f"{demo.rationale}\nThe answer is {answer}."),
    )


def second_call(first: tuple[Message, ...], reasoning: str, answer_type: AnswerType) -> tuple[Message, ...]:
    """Render the second call of `cot_two_call`: the reasoning so far, then the question for the answer alone.

    Zero-shot CoT in two calls is of Kojima et al. 2022; Fine-tune-CoT (Ho et al. 2023) samples its teacher so.
    """
    cue = f"So what is the answer? {_ONLY[answer_type]}"
    return (*first, Message(role=Role.ASSISTANT, content=reasoning), Message(role=Role.USER, content=cue))
