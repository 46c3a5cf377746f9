"""Rewards for reinforcement learning: whether an answer is right, as Cotloom's own checks say.

    from cotloom.rewards import answer

    GRPOTrainer(..., reward_funcs=answer, train_dataset=load_dataset("json", data_files="out/train.jsonl")["train"])

The columns come from `cotloom export NAME --format trl-grpo`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .builder.verify import judge
from .schemas.problem import AnswerType, Problem
from .schemas.reasons import Verdict

REWARDS: Mapping[Verdict, float] = {
    Verdict.CORRECT: 1.0,
    Verdict.WRONG: 0.0,
    Verdict.NO_ANSWER: 0.0,
    Verdict.TRUNCATED: 0.0,
}
"""What each verdict is worth. Others have no reward: what could not be decided is neither right nor wrong."""


def answer(
    completions: Sequence[Any],
    answer: Sequence[str],
    answer_type: Sequence[str],
    choices: Sequence[Sequence[str] | None] | None = None,
    **_columns: Any,
) -> list[float | None]:
    """Reward right answers with 1 and wrong or missing ones with 0; undecided ones have None, which trainers leave out.

    Args:
        completions: generated texts, or chats whose last message is one.
        answer: the gold answer of each.
        answer_type: its type.
        choices: the options of multiple-choice questions.

    >>> answer(["3 + 4 = 7. The answer is 7.", "It is 8.", "It is 7 or 8."], ["7"] * 3, ["number"] * 3)
    [1.0, 0.0, None]
    """
    options = choices if choices is not None else [None] * len(answer)
    rows = zip(completions, answer, answer_type, options, strict=True)
    return [_reward(_get_text(text), gold, kind, tuple(own or ())) for text, gold, kind, own in rows]


def _get_text(completion: Any) -> str:
    return completion if isinstance(completion, str) else completion[-1]["content"] or ""


def _reward(text: str, gold: str, answer_type: str, choices: tuple[str, ...]) -> float | None:
    problem = Problem(
        problem_id="", source="", origin="", answer=gold, answer_type=AnswerType(answer_type), choices=choices
    )
    return REWARDS.get(judge(problem, text).verdict)
