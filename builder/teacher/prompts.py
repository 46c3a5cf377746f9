"""Format a problem as the messages for a teacher: demonstrations, question, options, hint and cue."""

from collections.abc import Sequence

from ...schemas.example import Message, Role
from ...schemas.problem import AnswerType, Problem
from ...schemas.prompt import HintPolicy, Prompt
from ...schemas.sample import Hint
from ..languages import Wording, choose_wording
from ..templates import fill_prompt
from ..text.options import format_question
from .demonstrations import Demo


def _choose_cue(prompt: Prompt, answer_type: AnswerType, wording: Wording) -> str:
    if prompt.cue is not None:
        return prompt.cue if prompt.answer_format is None else wording.join(prompt.cue, prompt.answer_format)
    if prompt.template == "zero_shot":
        return prompt.answer_format or wording.only[answer_type]
    steps = wording.equations if answer_type is AnswerType.NUMBER else wording.steps
    return (
        steps
        if prompt.template == "cot_two_call"
        else wording.join(steps, prompt.answer_format or wording.closings[answer_type])
    )


def format_messages(
    problem: Problem, hint: Hint, prompt: Prompt, policy: HintPolicy, demos: Sequence[Demo] = ()
) -> tuple[Message, ...]:
    """Format the messages for a problem, in the words of its language; a demonstration in those of its own.

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
    wording = choose_wording(problem.language)
    cue = _choose_cue(prompt, problem.answer_type, wording)
    turns = [turn for demo in demos for turn in _format_demo(demo, problem.answer_type, hint, prompt, policy)]
    question = _format_question(problem.question or "", problem.choices, prompt)
    if hint is Hint.HINTED:
        question = _add_hint(question, problem.answer or "", prompt, policy, wording)
    return (*system, *turns, Message(role=Role.USER, content=f"{question}\n\n{cue}"))


def _format_question(question: str, choices: Sequence[str], prompt: Prompt) -> str:
    if prompt.user is None:
        return format_question(question, choices)
    return fill_prompt(prompt.user, "teacher.prompt.user", {"question": question, "choices": list(choices)})


def _add_hint(question: str, answer: str, prompt: Prompt, policy: HintPolicy, wording: Wording) -> str:
    """Add the gold answer to a question, in the recipe's own words or those of the language."""
    if prompt.hint_text is None:
        return wording.hints[policy.place].format(question=question, answer=answer)
    return fill_prompt(prompt.hint_text, "teacher.prompt.hint_text", {"question": question, "answer": answer})


def _format_demo(
    demo: Demo, answer_type: AnswerType, hint: Hint, prompt: Prompt, policy: HintPolicy
) -> tuple[Message, Message]:
    wording = choose_wording(demo.language)
    question = _format_question(demo.question, demo.choices, prompt)
    if hint is Hint.HINTED:
        question = _add_hint(question, demo.answer, prompt, policy, wording)
    answer = f"({demo.answer})" if answer_type is AnswerType.CHOICE and len(demo.answer) == 1 else demo.answer
    parts = [demo.rationale, wording.sentence.format(answer=answer)]
    shown = parts if prompt.demo_order == "rationale_first" else reversed(parts)
    return (
        Message(role=Role.USER, content=f"{question}\n\n{_choose_cue(prompt, answer_type, wording)}"),
        Message(role=Role.ASSISTANT, content="\n".join(shown)),
    )


def format_second_call(
    first: tuple[Message, ...], reasoning: str, problem: Problem, prompt: Prompt
) -> tuple[Message, ...]:
    """Format the second call of `cot_two_call`: the reasoning so far, then a cue for the answer alone.

    Kojima et al. 2022 introduced zero-shot CoT in two calls; Fine-tune-CoT (Ho et al. 2023) samples its teacher so.
    """
    wording = choose_wording(problem.language)
    own = wording.join(wording.second_call, prompt.answer_format or wording.only[problem.answer_type])
    cue = own if prompt.second_call.cue is None else prompt.second_call.cue
    return (*first, Message(role=Role.ASSISTANT, content=reasoning), Message(role=Role.USER, content=cue))


def format_blind_check(problem: Problem, prompt: Prompt, demos: Sequence[Demo], rationale: str) -> tuple[Message, ...]:
    """Format the call of a blind check: the prompt without a hint, the rationale as the teacher's words, and a cue.

    Args:
        problem: the problem that the rationale solves.
        prompt: the prompt that it was sampled with.
        demos: its demonstrations, in order.
        rationale: what is shown of the sample, up to its answer.

    Raises:
        InputError: the recipe's own template is not allowed, or names an unknown value.
    """
    asked = format_messages(problem, Hint.NONE, prompt, HintPolicy(), demos)
    return format_second_call(asked, rationale, problem, prompt)
