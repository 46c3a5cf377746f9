"""Check every written equation of a rationale with exact fractions."""

from dataclasses import dataclass

from cotloom.builder.text.arithmetic import written
from cotloom.builder.text.equations import Equation, find_equations
from cotloom.schemas.sample import Step, StepOutcome

MAX_STEPS = 200
"""So many equations of one text are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The equations of a rationale."""

    steps: tuple[Step, ...]
    """Each equation with its outcome, in order."""

    @property
    def first_wrong(self) -> Step | None:
        """The first step that is surely wrong."""
        return next((step for step in self.steps if step.outcome is StepOutcome.WRONG), None)


def check_steps(question: str, rationale: str) -> Steps:
    """Check the equations of a rationale.

    Args:
        question: what was asked (kept for checks of where operands come from).
        rationale: the text to check.

    >>> check_steps("", "3 + 4 = 8. 8 * 2 = 16.").first_wrong.text
    '3 + 4 = 8'
    """
    del question  # where an operand comes from is not checked yet
    return Steps(steps=tuple(_step(rationale, equation) for equation in find_equations(rationale)[:MAX_STEPS]))


def _step(text: str, equation: Equation) -> Step:
    return Step(
        start=equation.start,
        end=equation.end,
        text=text[equation.start : equation.end],
        actual=written(equation.left.node.value),
        outcome=equation.outcome,
    )
