"""Validate: train students on a version and on other conditions, evaluate them all alike, and compare them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path

import orjson
import polars as pl
import torch

from ....schemas.evaluation import Evaluation
from ....schemas.frames import to_frame
from ....schemas.outcome import Average, Decoding, Outcome, SetKind
from ....schemas.validation import (
    CurvePoint,
    Difference,
    EvalEnvironment,
    EvalSetting,
    EvaluatedSet,
    Score,
    TrainingRun,
    Validation,
)
from ...parquet import write_parquet
from ...store import hold_version
from ...store.atomic import Access, atomic_folder
from ..evaluation.sets import EvalSet
from ..report.advice import advise, collect_facts
from ..report.report import write_report
from ..report.sentences import summarise
from ..statistics.compare import (
    ComparisonTerms,
    compare_conditions,
    compute_score,
    list_settings,
)
from ..statistics.gate import apply_gate
from .conditions import ANSWER_FORMAT, select_training_rows
from .jobs import run_jobs
from .plan import UNTRAINED, ValidationPlan
from .run import StudentRun

FILE = "validation.json"
"""Stored beside the version's manifest, with `validation/report.html` and the outcomes."""

FOLDER = "validation"
"""The folder of the report and the outcomes."""

AS_TRAINED = "as_trained"
"""Stands for the format that each condition is trained for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionOutcomes:
    """The outcomes of runs of a plan."""

    plan: ValidationPlan
    """The plan."""
    runs: Sequence[StudentRun]
    """The runs, in the order of the plan's jobs."""
    outcomes: pl.DataFrame
    """Rows of `Outcome`; those in the format that a condition is trained for again under `AS_TRAINED`."""

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions, in the order of the plan."""
        return list(dict.fromkeys(run.condition for run in self.runs))

    def list_runs(self, condition: str) -> list[StudentRun]:
        """List the runs of a condition, in order of seeds."""
        return [run for run in self.runs if run.condition == condition]

    def list_trained_settings(self, kind: SetKind) -> list[EvalSetting]:
        """List the settings of the sets of a kind, in the format that each condition is trained for.

        Means over tasks and over sets follow.
        """
        alone = [
            EvalSetting(set=eval_set.name, format=AS_TRAINED) for eval_set in self.plan.sets if eval_set.kind is kind
        ]
        as_trained = self.outcomes.filter(format=AS_TRAINED, kind=str(kind), decoding=str(Decoding.GREEDY))
        means = [each for each in list_settings(as_trained) if each.average is not Average.PROBLEMS]
        return [*alone, *means]

    def is_general(self, setting: EvalSetting) -> bool:
        """Whether a setting evaluates general ability."""
        if setting.average is Average.SETS:
            return setting.set == SetKind.GENERAL
        return any(eval_set.name == setting.set for eval_set in self.plan.sets if eval_set.kind is SetKind.GENERAL)

    def make_terms(self, setting: EvalSetting) -> ComparisonTerms:
        """Make the terms of a comparison: the chance accuracy, and equal steps as the stated budget."""
        return ComparisonTerms(chance=self.plan.get_chance(setting), equal_steps=True)

    def compare(self, condition: str, against: str, setting: EvalSetting) -> Difference:
        """Compare two conditions in a setting."""
        return compare_conditions(self.outcomes, condition, against, setting, terms=self.make_terms(setting))

    def score(self, condition: str, setting: EvalSetting) -> Score:
        """Compute the score of a condition in a setting."""
        return compute_score(self.outcomes, condition, setting, terms=self.make_terms(setting))

    def make_point(self, condition: str, at: float) -> CurvePoint:
        """Make the point of a curve from the score of a condition on the target."""
        score = self.score(condition, self.list_trained_settings(SetKind.TARGET)[0])
        rows = self.list_runs(condition)[0].rows
        return CurvePoint(at=at, rows=rows, **score.model_dump(include={"mean", "low", "high"}))


def validate(
    plan: ValidationPlan, store: Path, workers: int, report_to: Sequence[str] = ()
) -> tuple[Validation, ConditionOutcomes]:
    """Train and evaluate the students of a plan, and compare them.

    Args:
        plan: the students to train and evaluate.
        store: the store, which keeps bases and runs; finished runs are read from it.
        workers: number of students that are trained at once.
        report_to: trackers that transformers knows.

    Returns:
        The validation, and the outcomes that it is based on. The first run is that of the version's first student.

    Raises:
        InputError: the version lacks what a stage asks for, or a training fails.
        Stopped: the disk is full.
    """
    runs = run_jobs([*plan.jobs, *plan.curve_jobs], store, workers, report_to)
    outcomes = gather_outcomes(plan, runs[: len(plan.jobs)])
    return compare_outcomes(outcomes, gather_outcomes(plan, runs[len(plan.jobs) :])), outcomes


def gather_outcomes(plan: ValidationPlan, runs: Sequence[StudentRun]) -> ConditionOutcomes:
    """Gather the outcomes of some runs of a plan."""
    outcomes = pl.concat([to_frame([], Outcome), *(_add_trained_format(plan, run) for run in runs)])
    return ConditionOutcomes(plan=plan, runs=runs, outcomes=outcomes)


def _add_trained_format(plan: ValidationPlan, run: StudentRun) -> pl.DataFrame:
    """A run's outcomes, and those in the format that its condition is trained for again under `AS_TRAINED`."""
    formats = (ANSWER_FORMAT,) if run.condition == "answer_only" else plan.recipe.evaluation.formats or ()
    as_trained = run.outcomes.filter((pl.col("format") == formats[0]) & (pl.col("kind") != SetKind.GENERAL))
    return pl.concat([run.outcomes, as_trained.with_columns(format=pl.lit(AS_TRAINED))])


def compare_outcomes(outcomes: ConditionOutcomes, curve: ConditionOutcomes) -> Validation:
    """Compare the conditions of a plan, apply the gate, and suggest changes.

    Args:
        outcomes: the outcomes of the plan's jobs.
        curve: the outcomes of its curve jobs.
    """
    plan, recipe = outcomes.plan, outcomes.plan.recipe
    differences, retention = list(_list_differences(outcomes)), list(_list_retention(outcomes))
    training_runs = [_describe_training(condition, outcomes.list_runs(condition)) for condition in outcomes.conditions]
    gate = apply_gate(recipe.gate, differences, retention)
    curves = {"data": _compute_data_curve(outcomes, curve), "paths": _compute_path_curve(outcomes)}
    facts = collect_facts(
        plan.version, outcomes.outcomes, training_runs, retention=retention, gate=recipe.gate, curves=curves
    )
    return Validation(
        ref=plan.version.ref,
        content_digest=plan.version.manifest.content_digest,
        parent=plan.parent.ref if plan.parent else None,
        simulated=plan.simulated,
        summary=summarise(differences[0], gate, simulated=plan.simulated),
        student=plan.identity,
        student_digest=plan.identity_digest,
        training_runs=tuple(training_runs),
        sets=tuple(_describe_set(eval_set, plan) for eval_set in plan.sets),
        scores=tuple(
            outcomes.score(condition, setting)
            for setting in list_settings(outcomes.outcomes)
            for condition in outcomes.conditions
        ),
        differences=tuple(differences),
        retention=tuple(retention),
        gate=gate,
        advice=tuple(advise(facts)),
        data_curve=tuple(curves["data"]),
        path_curve=tuple(curves["paths"]),
        environment=record_environment(recipe.evaluation),
    )


def _list_differences(outcomes: ConditionOutcomes) -> Iterator[Difference]:
    """Compare the version with every condition, and conditions of equal size: on the target, then on other sets."""
    for kind in (SetKind.TARGET, SetKind.OTHER):
        for setting in outcomes.list_trained_settings(kind):
            for condition, against in _list_pairs(outcomes):
                yield outcomes.compare(condition, against, setting)


def _list_pairs(outcomes: ConditionOutcomes) -> Iterator[tuple[str, str]]:
    """List the pairs of conditions to compare: first those that the gate compares with, last the untrained student."""
    ranks = {str(outcomes.plan.recipe.gate.against): 0, "parent": 1, "answer_only": 2, UNTRAINED: 9}
    for condition in sorted(outcomes.conditions, key=lambda condition: ranks.get(condition, 5)):
        if not condition.startswith("version"):
            yield "version", condition
    for condition in outcomes.conditions:
        if "_as_" in condition:
            yield condition, condition.rpartition("_as_")[2]


def _list_retention(outcomes: ConditionOutcomes) -> Iterator[Difference]:
    """Compare the version with every other condition on the general sets."""
    for setting in list_settings(outcomes.outcomes):
        for condition in outcomes.conditions:
            if outcomes.is_general(setting) and not condition.startswith("version"):
                yield outcomes.compare("version", condition, setting)


def _describe_training(condition: str, runs: Sequence[StudentRun]) -> TrainingRun:
    return TrainingRun(
        condition=condition,
        rows=runs[0].rows,
        steps=runs[0].steps,
        seeds=tuple(run.seed for run in runs),
        final_loss=_average([run.final_loss for run in runs if run.final_loss is not None]),
        converged=all(run.converged for run in runs) if runs[0].curves else None,
        soft_share=_average([run.soft_share for run in runs if run.soft_share is not None]),
    )


def _describe_set(eval_set: EvalSet, plan: ValidationPlan) -> EvaluatedSet:
    read = plan.prepared.sets.get(eval_set.name)
    return EvaluatedSet(
        name=eval_set.name,
        kind=eval_set.kind,
        problems=len(eval_set.problems),
        tasks=len({problem.task for problem in eval_set.problems} - {None}),
        trained_on=eval_set.trained_on,
        demonstrated=eval_set.demonstrated,
        unreadable=None if read is None else read.unreadable,
        repeated=None if read is None else read.repeated,
        demos=tuple(demo.question for demo in eval_set.exemplars),
    )


def _average(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _compute_data_curve(outcomes: ConditionOutcomes, curve: ConditionOutcomes) -> list[CurvePoint]:
    """Accuracy by share of the version's problems; with one seed, intervals are over problems alone."""
    jobs = [job for job in curve.plan.curve_jobs if job.seed == 0]
    if not jobs:
        return []
    return [*(curve.make_point(job.condition_name, job.share) for job in jobs), outcomes.make_point("version", 1.0)]


def _compute_path_curve(outcomes: ConditionOutcomes) -> list[CurvePoint]:
    """Accuracy with one path per problem, and with all paths; empty if one path was not trained on alone."""
    if "single_path" not in outcomes.conditions:
        return []
    path = ("problem_id", "format", "mixture_stage")
    rows = select_training_rows(outcomes.plan.version, ["sample_id", *path]).drop_nulls("sample_id")
    counts = rows.group_by(*path).agg(pl.col("sample_id").n_unique())["sample_id"]
    return [outcomes.make_point("single_path", 1), outcomes.make_point("version", float(str(counts.max())))]


def record_environment(evaluation: Evaluation) -> EvalEnvironment:
    """Record what affects scores besides the data and the student recipe."""
    cuda = torch.cuda.is_available()
    return EvalEnvironment(
        batch_size=evaluation.batch_size,
        device=torch.cuda.get_device_name() if cuda else "cpu",
        dtype="bfloat16" if cuda else "float32",
        torch=package_version("torch"),
        transformers=package_version("transformers"),
        cotloom=package_version("cotloom"),
    )


def write_validation(validation: Validation, outcomes: ConditionOutcomes) -> None:
    """Write the report, the outcomes and `validation.json` beside the version.

    Raises:
        Stopped: the disk is full, or the version was built again meanwhile, with other content.
    """
    version, rows = outcomes.plan.version, outcomes.outcomes
    questions = {
        problem.problem_id: problem.question or "" for eval_set in outcomes.plan.sets for problem in eval_set.problems
    }
    text = orjson.dumps(validation.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    with hold_version(version):
        with atomic_folder(version.path / FOLDER, name="the validation", access=Access.PRIVATE) as side:
            write_parquet(rows.filter(pl.col("format") != AS_TRAINED), side / "outcomes.parquet")
            write_report(validation, rows, side, questions)
        version.write_beside(FILE, text)  # last: without this file there is no validation
