"""Validate: train students on a version and on what it should beat, ask them all the same, and say what came out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path

import orjson
import polars as pl
import torch
from cotloom.builder.errors import Stopped
from cotloom.builder.student.experiment.conditions import ANSWER_FORMAT, rows_of
from cotloom.builder.student.experiment.jobs import run_jobs
from cotloom.builder.student.experiment.plan import UNTRAINED, Plan
from cotloom.builder.student.experiment.run import Run
from cotloom.builder.student.model.card import began_simulated
from cotloom.builder.student.report.advice import advise, facts_of
from cotloom.builder.student.report.report import write_report
from cotloom.builder.student.report.sentences import summarise
from cotloom.builder.student.statistics.compare import Terms, asked_of, chance_of, compare, standing
from cotloom.builder.student.statistics.gate import gate_of
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import digest
from cotloom.schemas.outcome import Outcome, SetKind
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import identity_of
from cotloom.schemas.student import Evaluation
from cotloom.schemas.validation import Asked, Circumstances, Difference, Point, Standing, Trained, Validation

FILE = "validation.json"
"""Lies beside the version's manifest, with `validation/report.html` and the outcomes."""

FOLDER = "validation"
"""Holds the report and the outcomes."""

AS_TRAINED = "as_trained"
"""In place of a format: each arm is asked in the one that it was trained for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """The outcomes of a plan's arms."""

    plan: Plan
    """The plan."""
    outcomes: pl.DataFrame
    """Rows of `Outcome`, those in each arm's own format once more under `AS_TRAINED`."""
    rows: Mapping[str, int]
    """How many rows each arm was trained on."""

    @property
    def arms(self) -> list[str]:
        """The arms, the version's first."""
        return self.outcomes["arm"].unique(maintain_order=True).to_list()

    def sets(self, kind: SetKind) -> list[str]:
        """Names of the sets that measure something."""
        return [one.name for one in self.plan.sets if one.kind is kind]

    def terms(self, way: Asked) -> Terms:
        """What a verdict must know: chance, and that equal steps are the stated budget."""
        of = next(one for one in self.plan.sets if one.name == way.set)
        return Terms(chance=chance_of(to_frame(of.problems, Problem)), equal_steps=True)

    def compared(self, arm: str, against: str, way: Asked) -> Difference:
        """One arm less another."""
        return compare(self.outcomes, arm, against, way, terms=self.terms(way))

    def standing(self, arm: str, way: Asked) -> Standing:
        """How an arm does."""
        return standing(self.outcomes, arm, way, terms=self.terms(way))


def validate(plan: Plan, store: Path, workers: int, report_to: Sequence[str] = ()) -> tuple[Validation, Path]:
    """Train, ask, compare, and write what came out beside the version.

    Args:
        plan: what to train and ask.
        store: the store, which keeps bases and runs: what was done before is read.
        workers: students that are trained at once.
        report_to: trackers that transformers knows.

    Returns:
        What came out, and the folder of the version's first student.

    Raises:
        InputError: the version lacks what a stage asks for, or a training goes wrong.
        Stopped: the disk is full.
    """
    runs = run_jobs([*plan.jobs, *plan.curve], store, workers, report_to)
    arms, parts = runs[: len(plan.jobs)], runs[len(plan.jobs) :]
    asked = _answers(arms, plan)
    found = _validation(asked, arms, _answers(parts, plan))
    _write(found, asked.outcomes, plan)
    return found, runs[0].folder / "student"


def _answers(runs: Sequence[Run], plan: Plan) -> _Asked:
    outcomes = pl.concat([to_frame([], Outcome), *(_own(run, plan) for run in runs)])
    return _Asked(plan=plan, outcomes=outcomes, rows={run.arm: run.rows for run in runs})


def _own(run: Run, plan: Plan) -> pl.DataFrame:
    """A run's outcomes, and those on the target again under the format that the arm was trained for."""
    form = ANSWER_FORMAT if run.arm == "answer_only" else (plan.student.evaluation.formats or ())[0]
    own = run.outcomes.filter((pl.col("format") == form) & (pl.col("kind") != SetKind.GENERAL))
    return pl.concat([run.outcomes, own.with_columns(format=pl.lit(AS_TRAINED))])


def _validation(asked: _Asked, runs: Sequence[Run], parts: _Asked) -> Validation:
    plan = asked.plan
    differences, retention = list(_differences(asked)), list(_retention(asked))
    trained = [_trained(arm, [run for run in runs if run.arm == arm]) for arm in asked.arms]
    gate = gate_of(plan.student.gate, differences, retention)
    curves = {"data": _data_curve(asked, parts), "paths": _path_curve(asked)}
    facts = facts_of(plan.version, asked.outcomes, trained, retention=retention, gate=plan.student.gate, curves=curves)
    identity = identity_of(plan.student, defaults=True)
    versions = [one for one in (plan.version, plan.parent) if one is not None]
    simulated = any(one.manifest.simulated for one in versions) or began_simulated(plan.student.model)
    return Validation(
        ref=plan.version.ref,
        content_digest=plan.version.manifest.content_digest,
        parent=plan.parent.ref if plan.parent else None,
        simulated=simulated,
        summary=summarise(differences[0], gate, simulated=simulated),
        student=identity,
        student_digest=digest(identity),
        arms=tuple(trained),
        standings=tuple(asked.standing(arm, way) for way in asked_of(asked.outcomes) for arm in asked.arms),
        differences=tuple(differences),
        retention=tuple(retention),
        gate=gate,
        advice=tuple(advise(facts)),
        data_curve=tuple(curves["data"]),
        path_curve=tuple(curves["paths"]),
        circumstances=circumstances(plan.student.evaluation),
    )


def _differences(asked: _Asked) -> Iterator[Difference]:
    """The version against every arm, and arms cut to another's size against that: on the target, then elsewhere."""
    others = sorted((arm for arm in asked.arms if arm != "version"), key=_weight(asked.plan))
    pairs = [("version", arm) for arm in others if not arm.startswith("version_as_")]
    pairs += [(arm, arm.rpartition("_as_")[2]) for arm in asked.arms if "_as_" in arm]
    for name in [*asked.sets(SetKind.TARGET), *asked.sets(SetKind.OTHER)]:
        yield from (asked.compared(*pair, Asked(set=name, format=AS_TRAINED)) for pair in pairs)


def _retention(asked: _Asked) -> Iterator[Difference]:
    """The version against every other arm on what should be kept."""
    general = set(asked.sets(SetKind.GENERAL))
    for way in asked_of(asked.outcomes):
        if way.set in general:
            yield from (asked.compared("version", arm, way) for arm in asked.arms if not arm.startswith("version"))


def _weight(plan: Plan) -> Callable[[str], int]:
    """The order of comparisons: with what the gate names first, then the parent."""
    order = {str(plan.student.gate.against): 0, "parent": 1, "answer_only": 2, UNTRAINED: 9}
    return lambda arm: order.get(arm, 5)


def _trained(arm: str, runs: Sequence[Run]) -> Trained:
    curves = [curve for run in runs for curve in run.curves]
    last = [run.curves[-1].losses[-1] for run in runs if run.curves and run.curves[-1].losses]
    shares = [run.soft_share for run in runs if run.soft_share is not None]
    return Trained(
        arm=arm,
        rows=runs[0].rows,
        steps=sum(curve.steps for curve in runs[0].curves),
        seeds=tuple(run.seed for run in runs),
        final_loss=sum(last) / len(last) if last else None,
        converged=all(curve.converged for curve in curves) if curves else None,
        soft_share=sum(shares) / len(shares) if shares else None,
    )


def _data_curve(asked: _Asked, parts: _Asked) -> list[Point]:
    """Accuracy of students of parts of the version, and of the whole; with one seed, over problems alone."""
    way = Asked(set=asked.sets(SetKind.TARGET)[0], format=AS_TRAINED)
    shares = {str(job.name): job.share for job in asked.plan.curve}
    points = [_point(shares[arm], parts.rows[arm], parts.standing(arm, way)) for arm in parts.arms]
    return [*points, _point(1.0, asked.rows["version"], asked.standing("version", way))] if points else []


def _path_curve(asked: _Asked) -> list[Point]:
    """Accuracy with one path for each problem, and with all of the version's; nothing where one is all there is."""
    if "single_path" not in asked.arms:
        return []
    way = Asked(set=asked.sets(SetKind.TARGET)[0], format=AS_TRAINED)
    most = rows_of(asked.plan.version).drop_nulls("sample_id").group_by("problem_id", "format", "mixture_stage").len()
    return [
        _point(1, asked.rows["single_path"], asked.standing("single_path", way)),
        _point(float(str(most["len"].max())), asked.rows["version"], asked.standing("version", way)),
    ]


def _point(at: float, rows: int, found: Standing) -> Point:
    return Point(at=at, rows=rows, mean=found.mean, low=found.low, high=found.high)


def circumstances(evaluation: Evaluation) -> Circumstances:
    """What moves scores besides data and student."""
    card = torch.cuda.is_available()
    return Circumstances(
        batch_size=evaluation.batch_size,
        device=torch.cuda.get_device_name() if card else "cpu",
        dtype="bfloat16" if card else "float32",
        torch=package_version("torch"),
        transformers=package_version("transformers"),
        cotloom=package_version("cotloom"),
    )


def _write(found: Validation, outcomes: pl.DataFrame, plan: Plan) -> None:
    folder = plan.version.path / FOLDER
    questions = {problem.problem_id: problem.question or "" for one in plan.sets for problem in one.problems}
    try:
        folder.mkdir(exist_ok=True)
        outcomes.filter(pl.col("format") != AS_TRAINED).write_parquet(folder / "outcomes.parquet")
        write_report(found, outcomes, folder, questions)
    except OSError as error:
        raise Stopped(
            f"the validation can't be written: {error}", hint="make room and run the same command again"
        ) from error
    text = orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    plan.version.put_beside(FILE, text)  # last: with it the validation counts
