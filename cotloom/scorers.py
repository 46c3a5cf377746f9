"""A scorer for inspect_ai (`pip install inspect-ai`): answers are read and compared as in a build.

Task(dataset=[Sample(input="What is 3 + 4?", target="7")], solver=generate(), scorer=answer("number"))
"""

from typing import Any

from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState

from .builder.verify import judge
from .rewards import REWARDS
from .schemas.problem import AnswerType, Problem


@scorer(metrics=[accuracy(), stderr()])  # type: ignore[untyped-decorator, unused-ignore]
def answer(answer_type: str = "number") -> Scorer:
    """Score answers of a type; what can't be decided is unscored, and counts in no metric.

    Args:
        answer_type: `number`, `choice`, `boolean` ..., as in a recipe.
    """

    async def score(state: TaskState, target: Target) -> Any:
        choices = tuple(choice.value for choice in state.choices or ())
        problem = Problem(
            problem_id="",
            source="",
            origin="",
            answer=target.text,
            answer_type=AnswerType(answer_type),
            choices=choices,
        )
        found = judge(problem, state.output.completion)
        value = REWARDS.get(found.verdict)
        if value is None:
            return Score.unscored(explanation=found.detail)
        return Score(value=value, answer=found.predicted, explanation=found.detail)

    return score
