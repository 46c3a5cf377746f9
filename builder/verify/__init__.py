"""Verify: read the final answer of each sample, compare it with the gold answer, check every written step.

Law 2: a check that breaks or does not understand says check_failed or unverifiable, never correct and never wrong.
Law 7: model text is read by small grammars with bounds; nothing of it is ever run.
"""

from dataclasses import asdict, is_dataclass
from typing import Any

import polars as pl
from cotloom.builder.engine import map_rows
from cotloom.builder.verify.compare import Comparison, Outcome, compare
from cotloom.builder.verify.judge import Judgement, judge
from cotloom.builder.verify.read import Reading, read_answer
from cotloom.builder.verify.steps import Steps, check_steps
from cotloom.schemas.frames import schema_of, with_findings
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Fate, Stage, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint, Sample

__all__ = [
    "CODE_VERSION",
    "Comparison",
    "Judgement",
    "Outcome",
    "Reading",
    "Steps",
    "check_steps",
    "compare",
    "judge",
    "judge_all",
    "read_answer",
    "readable",
    "with_judgements",
    "work_of",
]

CODE_VERSION = 3
"""Rises when the same text gets another judgement."""

_FOUND = ("verdict", "predicted", "span", "rule", "steps", "reason", "detail")


def readable(answer: str, answer_type: AnswerType, choices: tuple[str, ...] = ()) -> bool:
    """Whether a gold answer can be read as its type: a choice as one of the choices, where they are known."""
    return compare(answer, answer, answer_type, choices).outcome is Outcome.EQUAL


def work_of(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Take together what judging needs: the samples still kept and not given, each with its problem.

    Returns:
        Columns sample_id, text, finish_reason, hint, question, answer, answer_type, choices.
    """
    kept = pl.col("fate") == Fate.KEPT
    given = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))  # finished responses have nothing to be held to
    asked = problems.filter(kept).select("problem_id", "question", "answer", "answer_type", "choices")
    answers = samples.filter(kept & ~given).select("sample_id", "problem_id", "text", "finish_reason", "hint")
    return answers.join(asked, on="problem_id", how="left", maintain_order="left").drop("problem_id")


def judge_all(work: pl.DataFrame, policy: Verify, workers: int = 1) -> pl.DataFrame:
    """Judge samples.

    Args:
        work: what `work_of` gives.
        policy: how they are checked.
        workers: processes to use.

    Returns:
        Columns sample_id, verdict, predicted, span, rule, steps, reason, detail, in the order of the ids.
    """
    address = f"{__name__}:judge_partition"
    return map_rows(address, work, policy.model_dump(), key="sample_id", workers=workers, what="judging")


def with_judgements(samples: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Write judgements into the samples: verdict and the rest, and stage, fate and reason where dropped."""
    return with_findings(samples, found, Sample, key="sample_id", stage=Stage.VERIFY)


def judge_partition(work: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Judge the samples of one partition.

    Args:
        work: what `work_of` gives.
        settings: the keys of `Verify`.
    """
    policy = Verify(**settings)
    rows = [_judged(row, policy) for row in work.iter_rows(named=True)]
    schema = schema_of(Sample)
    return pl.DataFrame(rows, schema={"sample_id": pl.String, **{name: schema[name] for name in _FOUND}})


def _judged(row: dict[str, Any], policy: Verify) -> dict[str, Any]:
    problem = Problem(
        problem_id="",
        source="",
        origin="",
        question=row["question"],
        answer=row["answer"],
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )
    judgement = judge(problem, row["text"], finish_reason=row["finish_reason"], hint=Hint(row["hint"]), policy=policy)
    return {"sample_id": row["sample_id"], **{name: _plain(getattr(judgement, name)) for name in _FOUND}}


def _plain(value: Any) -> Any:
    """A field of a judgement as polars takes it."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [asdict(item) for item in value] if isinstance(value, tuple) else value
