"""Judge a table of samples: select the rows to judge, judge them by partition, write the judgements back."""

from dataclasses import asdict, is_dataclass
from typing import Any

import polars as pl

from ...schemas.frames import add_findings, get_schema
from ...schemas.problem import AnswerType, Problem
from ...schemas.reasons import Fate, Stage, Verdict
from ...schemas.recipe import Verify
from ...schemas.sample import Hint, Sample
from ..engine import map_rows
from .compare import ComparisonOutcome, compare
from .judge import judge

_COLUMNS = ("verdict", "predicted", "span", "rule", "steps", "reason", "detail")


def is_readable(answer: str, answer_type: AnswerType, choices: tuple[str, ...] = ()) -> bool:
    """Whether a gold answer can be read as its type: a choice as one of the choices, where they are known."""
    return compare(answer, answer, answer_type, choices).outcome is ComparisonOutcome.EQUAL


def select_sampled(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Select the kept samples that a teacher wrote, each with its problem. Provided responses are not judged.

    Returns:
        Columns sample_id, text, finish_reason, hint, question, answer, answer_type, choices.
    """
    answers = samples.filter(_is_sampled()).select("sample_id", "problem_id", "text", "finish_reason", "hint")
    questions = problems.filter(pl.col("fate") == Fate.KEPT).select(
        "problem_id", "question", "answer", "answer_type", "choices"
    )
    return answers.join(questions, on="problem_id", how="left", maintain_order="left").drop("problem_id")


def _is_sampled() -> pl.Expr:
    provided = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    return (pl.col("fate") == Fate.KEPT) & ~provided


def judge_all(samples: pl.DataFrame, policy: Verify, workers: int = 1) -> pl.DataFrame:
    """Judge samples.

    Args:
        samples: the table from `select_sampled`.
        policy: how they are checked.
        workers: number of processes.

    Returns:
        Columns sample_id, verdict, predicted, span, rule, steps, reason, detail, ordered by sample_id.
    """
    address = f"{__name__}:judge_partition"
    return map_rows(address, samples, policy.model_dump(), key="sample_id", workers=workers, description="judging")


def add_judgements(samples: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Write judgements into the samples: verdict and the rest, and stage, fate and reason where dropped.

    Raises:
        RuntimeError: a sample of `select_sampled` has no judgement, or a judgement has no such sample.
    """
    handed = samples.filter(_is_sampled())["sample_id"]
    return add_findings(samples, judgements, Sample, key="sample_id", stage=Stage.VERIFY, handed=handed)


def judge_partition(samples: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Judge the samples of one partition.

    Args:
        samples: rows of the table from `select_sampled`.
        settings: the keys of `Verify`.
    """
    policy = Verify(**settings)
    rows = [_judge_row(row, policy) for row in samples.iter_rows(named=True)]
    schema = get_schema(Sample)
    return pl.DataFrame(rows, schema={"sample_id": pl.String, **{name: schema[name] for name in _COLUMNS}})


def _judge_row(row: dict[str, Any], policy: Verify) -> dict[str, Any]:
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
    return {"sample_id": row["sample_id"], **{name: _to_plain(getattr(judgement, name)) for name in _COLUMNS}}


def _to_plain(value: Any) -> Any:
    """Convert a field of a judgement to what polars accepts: dataclasses become dicts, tuples lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [asdict(item) for item in value] if isinstance(value, tuple) else value
