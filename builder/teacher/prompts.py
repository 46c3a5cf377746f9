"""From a problem to the chat that is put to a teacher, with the hint in its place."""

from collections.abc import Callable, Mapping

from schemas.example import Message, Role
from schemas.problem import Problem
from schemas.recipe import HintPolicy
from schemas.sample import Hint

_CUE = 'Work step by step, writing each calculation as an equation. End with "The answer is", then the answer.'
_WITH_HINT = "Explain how this answer is reached from the question alone, as if you had not been shown it."

_PLACES: Mapping[str, Callable[[str, str], str]] = {
    "after_question": lambda question, answer: f"{question}\n\n(The right answer is {answer}. {_WITH_HINT})\n\n{_CUE}",
    "answer_first": lambda question, answer: f"Right answer: {answer}\n{_WITH_HINT}\n\n{question}\n\n{_CUE}",
}
"""Where the hint stands."""


def messages(problem: Problem, hint: Hint, policy: HintPolicy) -> tuple[Message, ...]:
    """Render the chat for a problem."""
    question = problem.question or ""
    if hint is Hint.GIVEN:
        return (Message(role=Role.USER, content=_PLACES[policy.place](question, problem.answer or "")),)
    return (Message(role=Role.USER, content=f"{question}\n\n{_CUE}"),)
