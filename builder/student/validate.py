"""Validate: train students on a version and on what it should beat, ask them all the same, and say what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version as package_version
from pathlib import Path

import orjson
import polars as pl
import torch

from builder.errors import Stopped
from builder.store import Version
from builder.student.advise import advise, facts_of
from builder.student.arms import own_format, rows_of
from builder.student.compare import Terms, asked_of, chance_of, compare, standing
from builder.student.gate import gate_of
from builder.student.jobs import Job, general_problems, run_jobs
from builder.student.report import write_report
from builder.student.run import Run
from builder.student.sets import EvalSet, sets_of
from builder.student.words import summarise
from schemas.frames import to_frame
from schemas.ids import digest
from schemas.outcome import SetKind
from schemas.problem import Problem
from schemas.recipe import identity_of
from schemas.student import Evaluation, StudentRecipe
from schemas.validation import Asked, Circumstances, Point, Trained, Validation

FILE = "validation.json"
"""Lies beside the version's manifest, with `validation/report.html` and the outcomes."""

FOLDER = "validation"

AS_TRAINED = "as_trained"
"""In place of a format: each arm is asked in the one that it was trained for."""

PARTS = (1 / 16, 1 / 4)
"""The shares of the problems on the data curve, besides the whole."""

UNTRAINED = "untrained"


class Controls(StrEnum):
    """Which arms there are besides the version."""

    DEFAULT = "default"
    """Answers alone, the parent where there is one, and the untrained student."""
    ALL = "all"
    """These, one path for each problem, shuffled reasoning, arms at equal rows, and curves with every seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a validation trains and asks."""

    version: Version
    """The version."""
    parent: Version | None
    """What it is compared with, where there is something."""
    student: StudentRecipe
    """The student recipe, with the formats that are asked filled in."""
    jobs: tuple[Job, ...]
    """The arms, each with every seed."""
    curve: tuple[Job, ...] = ()
    """Students of parts of the version."""
    sets: tuple[EvalSet, ...] = field(default=(), repr=False)
    """What they are asked."""


def plan_of(version: Version, parent: Version | None, student: StudentRecipe, controls: Controls) -> Plan:
    """Decide which arms are trained.

    Args:
        version: the version.
        parent: the version that it follows; None for no such arm.
        student: the student recipe.
        controls: which arms there are.

    Raises:
        InputError: the version has nothing to train on, or nothing to ask.
    """
    formats = student.evaluation.formats or tuple(dict.fromkeys([own_format(rows_of(version)), "zero_shot_answer"]))
    evaluation = student.evaluation.model_copy(update={"formats": formats})
    student = student.model_copy(update={"evaluation": evaluation})
    general = _general(student)
    words = (str(version.path), *((str(parent.path),) if parent else ()))

    def job(arm: str, seed: int, of: Version = version, size_of: tuple[str, str] | None = None, **rest: object) -> Job:
        return Job(
            version=str(of.path), arm=arm, seed=seed, student=student, asked=str(version.path), words=words,
            size_of=size_of, general=general, **rest,  # type: ignore[arg-type] - name, share and keep
        )  # fmt: skip

    seeds = range(student.seeds)
    jobs = [job("version", seed, keep=seed == 0) for seed in seeds]
    jobs += [job("answer_only", seed) for seed in seeds]
    jobs += [job("parent", seed, parent) for seed in seeds if parent]
    if parent is not None and (pair := _cut_to_equal(version, parent)):
        jobs += [job(arm, seed, of, size_of) for seed in seeds for arm, of, size_of in pair]
    if controls is Controls.ALL:
        jobs += [job(arm, seed) for arm in ("single_path", "shuffled") for seed in seeds]
        jobs += [job("version", seed, size_of=(str(version.path), "single_path")) for seed in seeds]
    jobs += [job(UNTRAINED, 0)]
    thinned = [job("version", seed, share=part, name=f"1/{round(1 / part)}") for part in PARTS
               for seed in (seeds if controls is Controls.ALL else (0,))]  # fmt: skip
    sets = sets_of(version, evaluation, general_problems(general))
    return Plan(version=version, parent=parent, student=student, jobs=tuple(jobs), curve=tuple(thinned), sets=sets)


def _general(student: StudentRecipe) -> int:
    """A student with a base is asked what the base taught it."""
    base = getattr(student.model, "base", None)
    return student.evaluation.problems if base is not None else 0


def _cut_to_equal(version: Version, parent: Version) -> list[tuple[str, Version, tuple[str, str]]]:
    """The larger of version and parent, cut to the size of the other; nothing where they are of one size."""
    own, other = rows_of(version).height, rows_of(parent).height
    if own > other:
        return [("version", version, (str(parent.path), "parent"))]
    return [("parent", parent, (str(version.path), "version"))] if own < other else []


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
    outcomes = pl.concat([_own(run, plan) for run in runs[: len(plan.jobs)]])
    curve = runs[len(plan.jobs) :]
    found = _validation(plan, runs[: len(plan.jobs)], outcomes, curve)
    _write(found, outcomes, plan)
    return found, runs[0].folder / "student"


def _own(run: Run, plan: Plan) -> pl.DataFrame:
    """A run's outcomes, and those on the target again under the format that the arm was trained for."""
    form = "zero_shot_answer" if run.arm == "answer_only" else (plan.student.evaluation.formats or ())[0]
    own = run.outcomes.filter((pl.col("format") == form) & (pl.col("kind") != SetKind.GENERAL))
    return pl.concat([run.outcomes, own.with_columns(format=pl.lit(AS_TRAINED))])


def _validation(plan: Plan, runs: Sequence[Run], outcomes: pl.DataFrame, curve: Sequence[Run]) -> Validation:
    arms = list(dict.fromkeys(run.arm for run in runs))
    target = next(one for one in plan.sets if one.kind is SetKind.TARGET)
    terms = Terms(chance=chance_of(to_frame(target.problems, Problem)), equal_steps=True)
    others = [arm for arm in arms if arm != "version"]
    pairs = [("version", arm) for arm in sorted(others, key=_weight(plan))] + _equal_pairs(arms)
    at = Asked(set=target.name, format=AS_TRAINED)
    carried = [Asked(set=one.name, format=AS_TRAINED) for one in plan.sets if one.kind is SetKind.OTHER]
    differences = [compare(outcomes, *pair, way, terms=_terms(plan, way)) for way in (at, *carried) for pair in pairs]
    kept = [way for way in asked_of(outcomes) if way.set in _names(plan, SetKind.GENERAL)]
    retention = [compare(outcomes, "version", arm, way, terms=_terms(plan, way)) for way in kept for arm in others]
    trained = [_trained(arm, [run for run in runs if run.arm == arm]) for arm in arms]
    standings = [standing(outcomes, arm, way, terms=_terms(plan, way)) for way in asked_of(outcomes) for arm in arms]
    gate = gate_of(plan.student.gate, differences, retention)
    whole = next(one for one in standings if one.arm == "version" and one.asked == at)
    points = [*_points(curve, at, terms, plan), _point(1.0, trained[0].rows, whole)] if curve else []
    facts = facts_of(plan.version, outcomes, trained, retention=retention, gate=plan.student.gate,
                     curves={"data": points})  # fmt: skip
    identity = identity_of(plan.student, defaults=True)
    simulated = bool(outcomes["simulated"].any()) or plan.version.manifest.simulated
    return Validation(
        ref=plan.version.ref,
        content_digest=plan.version.manifest.content_digest,
        parent=plan.parent.ref if plan.parent else None,
        simulated=simulated,
        summary=summarise(differences[0], gate, simulated=simulated),
        student=identity,
        student_digest=digest(identity),
        arms=tuple(trained),
        standings=tuple(standings),
        differences=tuple(differences),
        retention=tuple(retention),
        gate=gate,
        advice=tuple(advise(facts)),
        data_curve=tuple(points),
        circumstances=circumstances(plan.student.evaluation),
    )


def _weight(plan: Plan) -> Mapping[str, int].get:  # type: ignore[valid-type]
    """The order of comparisons: with what the gate names first, then the parent."""
    order = {plan.student.gate.against: 0, "parent": 1, "answer_only": 2, UNTRAINED: 9}
    return lambda arm: order.get(arm, 5)  # type: ignore[no-any-return]


def _equal_pairs(arms: Sequence[str]) -> list[tuple[str, str]]:
    """Arms cut to another's size, against that other."""
    return [(arm, arm.rpartition("_as_")[2]) for arm in arms if "_as_" in arm]


def _names(plan: Plan, kind: SetKind) -> set[str]:
    return {one.name for one in plan.sets if one.kind is kind}


def _terms(plan: Plan, way: Asked) -> Terms:
    of = next(one for one in plan.sets if one.name == way.set)
    return Terms(chance=chance_of(to_frame(of.problems, Problem)), equal_steps=True)


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


def _points(curve: Sequence[Run], at: Asked, terms: Terms, plan: Plan) -> list[Point]:
    """Accuracy of students of parts of the version; with one seed, over problems alone."""
    outcomes = pl.concat([_own(run, plan) for run in curve])
    parts = {run.arm: run.rows for run in curve}
    return [
        _point(1 / int(name.partition("/")[2]), rows, standing(outcomes, name, at, terms=terms))
        for name, rows in parts.items()
    ]


def _point(at: float, rows: int, found: object) -> Point:
    return Point(at=at, rows=rows, mean=found.mean, low=found.low, high=found.high)  # type: ignore[attr-defined]


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
        side = plan.version.path / f".{FILE}"
        side.write_bytes(orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
        side.replace(plan.version.path / FILE)
    except OSError as error:
        raise Stopped(
            f"the validation can't be written: {error}", hint="make room and run the same command again"
        ) from error
