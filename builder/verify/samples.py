"""The samples that are judged: select their rows, and write the judgements back."""

import polars as pl

from ...schemas.frames import add_findings
from ...schemas.problem import JUDGED_OUTSIDE, AnswerType, Problem
from ...schemas.reasons import Fate, Stage, Verdict
from ...schemas.sample import Sample
from .answers import ComparisonOutcome, compare
from .gym import score_answer


def is_readable(
    answer: str, answer_type: AnswerType, choices: tuple[str, ...] = (), problem: Problem | None = None
) -> bool:
    """Whether a gold answer can be read as its type: a choice as one of the choices, where they are known.

    What a model or a command judges may be any text. One that reasoning-gym itself does not score as right is none;
    that needs its problem.
    """
    if answer_type in JUDGED_OUTSIDE:
        return bool(answer.strip())
    if answer_type == AnswerType.REASONING_GYM and problem is not None:
        return score_answer(problem, answer).outcome is ComparisonOutcome.EQUAL
    return compare(answer, answer, answer_type, choices).outcome is ComparisonOutcome.EQUAL


def select_sampled(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Select the kept samples that a teacher wrote, each with its problem. Provided responses are not judged.

    Returns:
        Columns sample_id, text, reasoning, finish_reason, hint, blind_text, grades, external, question, answer,
        answer_type, choices, language, and metadata, where that decides about an answer.
    """
    answers = samples.filter(_is_sampled()).select(
        "sample_id", "problem_id", "text", "reasoning", "finish_reason", "hint", "blind_text", "grades", "external"
    )
    questions = problems.filter(pl.col("fate") == Fate.KEPT).select(
        "problem_id", "question", "answer", "answer_type", "choices", "language",
        metadata=pl.when(pl.col("answer_type") == AnswerType.REASONING_GYM).then("metadata"),
    )  # fmt: skip
    return answers.join(questions, on="problem_id", how="left", maintain_order="left").drop("problem_id")


def _is_sampled() -> pl.Expr:
    provided = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    return (pl.col("fate") == Fate.KEPT) & ~provided


def add_judgements(samples: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Write judgements into the samples: verdict and the rest, and stage, fate and reason where dropped.

    Raises:
        RuntimeError: a sample of `select_sampled` has no judgement, or a judgement has no such sample.
    """
    handed = samples.filter(_is_sampled())["sample_id"]
    return add_findings(samples, judgements, Sample, key="sample_id", stage=Stage.VERIFY, handed=handed)
