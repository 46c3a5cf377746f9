"""Check every written equation of a rationale with exact fractions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...schemas.sample import Part, Step, StepOutcome
from ..text.equations import Equation, find_equations, format_value

MAX_STEPS = 200
"""The number of equations of one text that are checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The equations of an answer."""

    steps: tuple[Step, ...]
    """Each equation with its outcome, in order."""

    @property
    def first_wrong(self) -> Step | None:
        """The first step of the text that is surely wrong. What reasoning says may be withdrawn later in it."""
        wrong = (step for step in self.steps if step.outcome is StepOutcome.WRONG and step.part is Part.TEXT)
        return next(wrong, None)

    @property
    def coverage(self) -> float | None:
        """The share of the equations that could be checked; None where there is none."""
        checked = sum(step.outcome is not StepOutcome.UNCHECKED for step in self.steps)
        return checked / len(self.steps) if self.steps else None


def check_parts(
    question: str, parts: Mapping[Part, str], equations: Mapping[Part, Sequence[Equation]] | None = None
) -> Steps:
    """Check the equations of an answer, part by part; see `check_steps`.

    >>> found = check_parts("", {Part.REASONING: "3 + 4 = 8. And 3 + 4 = 7.", Part.TEXT: "7 * 2 = 14."})
    >>> [(str(step.part), str(step.outcome)) for step in found.steps], found.first_wrong
    ([('reasoning', 'wrong'), ('reasoning', 'right'), ('text', 'right')], None)
    """
    known = equations or {}
    return Steps(
        steps=tuple(
            step if part is Part.TEXT else replace(step, part=part)
            for part, text in parts.items()
            for step in check_steps(question, text, known.get(part)).steps
        )
    )


def check_steps(question: str, rationale: str, equations: Sequence[Equation] | None = None) -> Steps:
    """Check the equations of a rationale.

    Args:
        question: the question. A wrong equation that also stands in it, spaces aside, is quoted rather than claimed:
            it is unchecked.
        rationale: the text to check.
        equations: its equations from `find_equations`, where the caller has found them already.

    >>> check_steps("", "3 + 4 = 8. 8 * 2 = 16.").first_wrong.text
    '3 + 4 = 8'
    >>> check_steps("Why is 3+4=8 wrong?", "3 + 4 = 8 is wrong, as 3 + 4 = 7.").first_wrong is None
    True
    """
    found = find_equations(rationale) if equations is None else equations
    steps = tuple([_make_step(rationale, equation) for equation in found[:MAX_STEPS]])
    if any(step.outcome is StepOutcome.WRONG for step in steps):
        quotable = {_remove_spaces(question[item.start : item.end]) for item in find_equations(question)}
        steps = tuple(_uncheck_quoted(step, quotable) for step in steps)
    return Steps(steps=steps)


def _make_step(text: str, equation: Equation) -> Step:
    start, end, left, _, outcome = equation
    return Step(start=start, end=end, text=text[start:end], actual=format_value(left.value), outcome=outcome)


def _uncheck_quoted(step: Step, quotable: set[str]) -> Step:
    is_quoted = step.outcome is StepOutcome.WRONG and _remove_spaces(step.text) in quotable
    return replace(step, outcome=StepOutcome.UNCHECKED) if is_quoted else step


def _remove_spaces(text: str) -> str:
    return "".join(text.split())
