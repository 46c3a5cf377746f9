"""The time budget: the model, steps and problems that fit into it. Seeds are never reduced: a verdict needs them."""

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import torch

from ....schemas.ids import digest
from ....schemas.recipe import extract_identity
from ....schemas.student import StudentRecipe, TinyModel
from ...errors import InputError
from ...store.atomic import Access, atomic_write
from ..evaluation.evaluate import evaluate
from ..training.collate import encode_rows
from ..training.trainer import StageData, train
from .base_model import has_base, prepare_start
from .conditions import select_training_rows
from .jobs import Job, list_texts
from .plan import ValidationPlan

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}

PROBE_STEPS = 6
"""Number of steps that are timed."""

PROBE_PROBLEMS = 16
"""Number of problems of each set that are timed."""

LEAST_STEPS = 100
"""Fewer steps teach a student too little for a comparison."""

SHARES = (1.0, 0.75, 0.5, 0.35, 0.25)
"""The shares of the steps that are tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentTimings:
    """How long training and evaluation of a student take on this machine."""

    seconds_per_step: float
    """Seconds per step of training."""
    seconds_per_problem: float
    """Seconds per problem, in all evaluation settings."""
    base_seconds: float
    """Seconds for the training of the base; 0 where it is stored already."""


def parse_duration(text: str) -> float:
    """Parse a duration such as `90s`, `10m` or `1.5h` to seconds.

    >>> parse_duration("10m")
    600.0

    Raises:
        InputError: the text is not a duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise InputError(f"{text!r} is no duration", hint="give --budget as 90s, 10m or 2h")
    return float(match[1]) * _SECONDS[match[2]]


def fit_to_budget(
    plan: ValidationPlan, store: Path, workers: int, budget_seconds: float
) -> tuple[StudentRecipe, list[str]]:
    """Reduce a student recipe until its validation fits into a time budget.

    Args:
        plan: the plan to reduce.
        store: the store, which keeps measured timings: the same budget gives the same recipe again, and an interrupted
            validation resumes.
        workers: number of students that are trained at once.
        budget_seconds: the budget.

    Returns:
        The recipe, and notes on what was reduced.

    Raises:
        InputError: nothing fits; the hint gives the shortest time.
        Stopped: the disk is full.
    """
    estimates: list[float] = []
    for recipe in _list_smaller_recipes(plan.recipe):
        timings = _load_timings(recipe, plan, store)
        for share in SHARES:
            reduced = _scale_steps(recipe, share)
            estimates.append(estimate_seconds(reduced, plan.jobs + plan.curve_jobs, timings, workers))
            if estimates[-1] <= budget_seconds:
                return reduced, _describe_changes(plan.recipe, reduced, estimates[-1])
    raise InputError(
        f"no validation of this version fits into {budget_seconds:.0f} seconds on this machine",
        hint=f"the shortest takes about {min(estimates):.0f} seconds",
    )


def estimate_seconds(recipe: StudentRecipe, jobs: Sequence[Job], timings: StudentTimings, workers: int) -> float:
    """Estimate how long a validation takes."""
    trained = sum(job.condition != "untrained" for job in jobs)
    training = trained * sum(stage.steps for stage in recipe.stages) * timings.seconds_per_step
    evaluation = len(jobs) * recipe.evaluation.problems * timings.seconds_per_problem
    return timings.base_seconds + (training + evaluation) / workers


def _load_timings(recipe: StudentRecipe, plan: ValidationPlan, store: Path) -> StudentTimings:
    """Read the stored timings, else measure and store them."""
    cuda = torch.cuda.is_available()
    key = digest([extract_identity(recipe, defaults=True), plan.version.manifest.content_digest, cuda])
    path = store / "students" / "speeds" / f"{key[:40]}.json"
    with suppress(OSError, ValueError, TypeError):
        return StudentTimings(**orjson.loads(path.read_bytes()))
    timings = measure_timings(recipe, plan, store)
    atomic_write(path, orjson.dumps(timings), access=Access.PRIVATE)
    return timings


def measure_timings(recipe: StudentRecipe, plan: ValidationPlan, store: Path) -> StudentTimings:
    """Time some steps and some answers of an untrained student."""
    model = recipe.model
    without_base = model.model_copy(update={"base": None}) if isinstance(model, TinyModel) else model
    student = prepare_start(without_base, list_texts(plan.jobs[0].vocabulary_paths), store).load_student(0)
    stage = recipe.stages[0].model_copy(update={"steps": PROBE_STEPS, "take": None, "objective": "completion"})
    rows = select_training_rows(plan.version).head(8 * stage.batch_size)
    data = StageData(stage=stage, features=encode_rows(student, rows, stage).features)
    with tempfile.TemporaryDirectory() as folder:
        student, curves = train(student, [data], seed=0, folder=Path(folder))
    sets = [replace(eval_set, problems=eval_set.problems[:PROBE_PROBLEMS]) for eval_set in plan.sets]
    started = time.perf_counter()
    evaluate(student, sets, recipe.evaluation, condition="probe", seed=0)
    seconds_per_problem = (time.perf_counter() - started) / PROBE_PROBLEMS
    seconds_per_step = curves[0].seconds / PROBE_STEPS
    return StudentTimings(
        seconds_per_step=seconds_per_step,
        seconds_per_problem=seconds_per_problem,
        base_seconds=_estimate_base_seconds(model, store, seconds_per_step),
    )


def _estimate_base_seconds(model: object, store: Path, seconds_per_step: float) -> float:
    """Estimate the training time of the base: its rows are shorter, but a step has more of them."""
    if not isinstance(model, TinyModel) or model.base is None or has_base(model, store):
        return 0.0
    return model.base.steps * seconds_per_step


def _list_smaller_recipes(recipe: StudentRecipe) -> Iterator[StudentRecipe]:
    """The recipe, then half the problems, then half the width too; a checkpoint is never replaced by another model."""
    yield recipe
    evaluation = recipe.evaluation.model_copy(update={"problems": max(100, recipe.evaluation.problems // 2)})
    if evaluation != recipe.evaluation:
        recipe = recipe.model_copy(update={"evaluation": evaluation})
        yield recipe
    model = recipe.model
    if isinstance(model, TinyModel) and model.width >= 64:
        width = 2 * model.heads * max(1, model.width // (4 * model.heads))
        yield recipe.model_copy(update={"model": model.model_copy(update={"width": width})})


def _scale_steps(recipe: StudentRecipe, share: float) -> StudentRecipe:
    stages = tuple(
        stage.model_copy(update={"steps": max(min(stage.steps, LEAST_STEPS), round(stage.steps * share))})
        for stage in recipe.stages
    )
    return recipe.model_copy(update={"stages": stages})


def _describe_changes(recipe: StudentRecipe, reduced: StudentRecipe, seconds: float) -> list[str]:
    notes = [f"The budget is enough for about {seconds:.0f} seconds of work."]
    if reduced.stages != recipe.stages:
        before, after = (sum(stage.steps for stage in stages) for stages in (recipe.stages, reduced.stages))
        notes.append(f"{after} steps instead of {before}.")
    if reduced.evaluation != recipe.evaluation:
        notes.append(
            f"At most {reduced.evaluation.problems} problems of each set instead of {recipe.evaluation.problems}."
        )
    if isinstance(reduced.model, TinyModel) and reduced.model != recipe.model:
        notes.append(f"A student {reduced.model.width} wide.")
    return notes
