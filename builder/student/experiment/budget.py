"""The budget: which student, how many steps and problems fit into a time. Seeds are never cut: a verdict needs them."""

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import torch
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.student.evaluation.evaluate import evaluate
from cotloom.builder.student.experiment.base_model import base_is_there, prepare
from cotloom.builder.student.experiment.conditions import arm_of
from cotloom.builder.student.experiment.jobs import Job, texts_of
from cotloom.builder.student.experiment.plan import Plan
from cotloom.builder.student.training.collate import encode
from cotloom.builder.student.training.trainer import Work, train
from cotloom.schemas.ids import digest
from cotloom.schemas.recipe import identity_of
from cotloom.schemas.student import StudentRecipe, TinyModel

_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}

PROBE_STEPS = 6
"""Steps that are timed."""

PROBE_PROBLEMS = 16
"""Problems of each set that are timed."""

LEAST_STEPS = 100
"""Fewer steps teach a student too little to compare anything."""

SHARES = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Shares of the steps that are tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """What a machine does with a student."""

    step: float
    """Seconds for one step of training."""
    problem: float
    """Seconds for one problem, asked in all ways."""
    base: float
    """Seconds for the base, where it is yet to be trained."""


def seconds_of(text: str) -> float:
    """Read a time such as `90s`, `10m` or `1.5h`.

    >>> seconds_of("10m")
    600.0

    Raises:
        InputError: it is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise InputError(f"{text!r} is no time", hint="give --budget as 90s, 10m or 2h")
    return float(found[1]) * _SECONDS[found[2]]


def fitted(plan: Plan, store: Path, workers: int, limit: float) -> tuple[StudentRecipe, list[str]]:
    """Cut a student recipe until its validation fits into a time.

    Args:
        plan: what would be trained.
        store: the store, which keeps what was measured, so that the same budget gives the same recipe again and an
            interrupted validation goes on.
        workers: students that are trained at once.
        limit: seconds.

    Returns:
        The recipe, and notes on what was cut.

    Raises:
        InputError: nothing fits; the hint says how long the least takes.
        Stopped: the disk is full.
    """
    tried: list[float] = []
    for student in _smaller(plan.student):
        speed = _speed(student, plan, store)
        for share in SHARES:
            cut = _with_steps(student, share)
            tried.append(seconds(cut, plan.jobs + plan.curve, speed, workers))
            if tried[-1] <= limit:
                return cut, _told(plan.student, cut, tried[-1])
    raise InputError(
        f"no validation of this version fits into {limit:.0f} seconds here",
        hint=f"the least takes about {min(tried):.0f} seconds",
    )


def seconds(student: StudentRecipe, jobs: Sequence[Job], speed: Speed, workers: int) -> float:
    """How long a validation takes, about."""
    steps = sum(stage.steps for stage in student.stages)
    asked = student.evaluation.problems * speed.problem
    trained = sum(steps * speed.step for job in jobs if job.arm != "untrained")
    return speed.base + (trained + asked * len(jobs)) / workers


def _speed(student: StudentRecipe, plan: Plan, store: Path) -> Speed:
    """What was measured before, else what is measured now."""
    card = torch.cuda.is_available()
    key = digest([identity_of(student, defaults=True), plan.version.manifest.content_digest, card])
    path = store / "students" / "speeds" / f"{key[:40]}.json"
    with suppress(OSError, ValueError, TypeError):
        return Speed(**orjson.loads(path.read_bytes()))
    speed = measured(student, plan, store)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(speed))
    except OSError as error:
        raise Stopped(f"{path} can't be written: {error}", hint="make room and run the same command again") from error
    return speed


def measured(student: StudentRecipe, plan: Plan, store: Path) -> Speed:
    """Time some steps and some answers of a student that is not yet trained."""
    model = student.model
    unbased = model.model_copy(update={"base": None}) if isinstance(model, TinyModel) else model
    start = prepare(unbased, texts_of(plan.jobs[0].words), store)
    untrained = start.student(0)
    stage = student.stages[0].model_copy(update={"steps": PROBE_STEPS, "take": None, "objective": "completion"})
    rows = arm_of("version", plan.version).rows.head(8 * stage.batch_size)
    work = Work(stage=stage, features=encode(untrained, rows, stage).features)
    with tempfile.TemporaryDirectory() as folder:
        trained, curves = train(untrained, [work], seed=0, folder=Path(folder))
    sets = [replace(one, problems=one.problems[:PROBE_PROBLEMS]) for one in plan.sets]
    began = time.perf_counter()
    evaluate(trained, sets, student.evaluation, arm="probe", seed=0)
    problem = (time.perf_counter() - began) / PROBE_PROBLEMS
    step = curves[0].seconds / PROBE_STEPS
    return Speed(step=step, problem=problem, base=_base(model, store, step))


def _base(model: object, store: Path, step: float) -> float:
    """Seconds for the base: its rows are short, and there are more of them in a step."""
    if not isinstance(model, TinyModel) or model.base is None or base_is_there(model, store):
        return 0.0
    return model.base.steps * step


def _smaller(student: StudentRecipe) -> Iterator[StudentRecipe]:
    """The student, then with half the problems, then half as wide too; a checkpoint is never another model."""
    yield student
    half = student.evaluation.model_copy(update={"problems": max(100, student.evaluation.problems // 2)})
    fewer = student.model_copy(update={"evaluation": half})
    if half != student.evaluation:
        yield fewer
    model = student.model
    if isinstance(model, TinyModel) and model.width >= 64:
        slim = model.model_copy(update={"width": 2 * model.heads * max(1, model.width // (4 * model.heads))})
        yield fewer.model_copy(update={"model": slim})


def _with_steps(student: StudentRecipe, share: float) -> StudentRecipe:
    stages = tuple(
        stage.model_copy(update={"steps": max(min(stage.steps, LEAST_STEPS), round(stage.steps * share))})
        for stage in student.stages
    )
    return student.model_copy(update={"stages": stages})


def _told(asked: StudentRecipe, cut: StudentRecipe, about: float) -> list[str]:
    notes = [f"The budget is enough for about {about:.0f} seconds of work."]
    if cut.stages != asked.stages:
        steps = [sum(stage.steps for stage in one.stages) for one in (cut, asked)]
        notes.append(f"{steps[0]} steps instead of {steps[1]}.")
    if cut.evaluation != asked.evaluation:
        notes.append(f"At most {cut.evaluation.problems} problems of each set instead of {asked.evaluation.problems}.")
    if isinstance(cut.model, TinyModel) and cut.model != asked.model:
        notes.append(f"A student {cut.model.width} wide.")
    return notes
