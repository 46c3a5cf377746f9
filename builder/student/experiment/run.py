"""One run: an arm trained with one seed and asked the problems. A finished run is kept; an interrupted one goes on."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import torch
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.format import FORMATS
from cotloom.builder.store import rows_digest
from cotloom.builder.student.distillation.soft_targets import soft_of
from cotloom.builder.student.evaluation.evaluate import evaluate
from cotloom.builder.student.evaluation.sets import EvalSet, formats_of
from cotloom.builder.student.experiment.base_model import Start
from cotloom.builder.student.experiment.conditions import Arm
from cotloom.builder.student.experiment.lock import alone
from cotloom.builder.student.model.loading import merged, save, without_prompt
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.training.collate import encode
from cotloom.builder.student.training.trainer import Curve, Work, train
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import digest, rank
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import identity_of
from cotloom.schemas.student import Evaluation, StudentRecipe, TrainStage

CODE_VERSION = 1
"""Rises when the same arm gives another student, or the same student other outcomes."""

HELD_BACK = 10
"""Where early stopping is asked for, one problem in so many is held back from training."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A trained student and what it answered."""

    arm: str
    """Name of the arm."""
    seed: int
    """Its seed."""
    outcomes: pl.DataFrame
    """Rows of `Outcome`."""
    curves: tuple[Curve, ...]
    """How the loss went, for each stage; none for the untrained student."""
    soft_share: float | None
    """Share of the positions with a soft target, where the objective has any."""
    rows: int
    """Rows that it was trained on."""
    too_long: int
    """Rows left out because they are longer than the window."""
    folder: Path
    """Where it lies: `outcomes.parquet`, `run.json`, and `student/` where it was saved."""


def run(  # noqa: PLR0913 - all of it decides what a run is
    arm: Arm,
    seed: int,
    *,
    recipe: StudentRecipe,
    start: Start,
    sets: Sequence[EvalSet],
    store: Path,
    keep: bool = False,
    report_to: Sequence[str] = (),
) -> Run:
    """Train one student and ask it, or read what it said when it was trained before.

    Args:
        arm: what it is trained on.
        seed: key of the order of rows, and of the weights where there is no base.
        recipe: the student recipe.
        start: where it starts.
        sets: what it is asked.
        store: the store, which keeps runs by the digest of everything that decides them.
        keep: save the student as a checkpoint.
        report_to: trackers that transformers knows.

    Raises:
        InputError: the version lacks what a stage asks for, or the training goes wrong.
        Stopped: the disk is full.
    """
    folder = store / "students" / "runs" / run_digest(arm, seed, recipe, start, sets)[:40]
    with alone(folder):
        there = read_run(arm.name, seed, folder)
        if there is not None and (not keep or (folder / "student").is_dir()):
            return there
        student, curves, soft_share, too_long = _trained(arm, seed, recipe, start, folder / "training", report_to)
        outcomes = _asked(student, sets, recipe, arm.name, seed)
        done = Run(
            arm=arm.name,
            seed=seed,
            outcomes=outcomes,
            curves=tuple(curves),
            soft_share=soft_share,
            rows=arm.rows.height,
            too_long=too_long,
            folder=folder,
        )
        _write(done, student if keep else None)
    return done


def run_digest(arm: Arm, seed: int, recipe: StudentRecipe, start: Start, sets: Sequence[EvalSet]) -> str:
    """The digest of everything that decides a run: libraries too, since they move scores by points."""
    return digest(
        {
            "code": CODE_VERSION,
            "rows": rows_digest([("rows", arm.rows)]),
            "samples": rows_digest([("samples", arm.samples)]) if _soft(recipe) else None,
            "seed": seed,
            "stages": [identity_of(stage, defaults=True) for stage in recipe.stages],
            "evaluation": identity_of(recipe.evaluation, defaults=True),
            "start": start.digest,
            "sets": [_identity(one, recipe.evaluation) for one in sets],
            "libraries": libraries(),
            "device": "cuda" if torch.cuda.is_available() else "cpu",
        }
    )


def _identity(asked: EvalSet, evaluation: Evaluation) -> list[str]:
    """What of a set decides outcomes: the problems with gold answers and choices, and what is shown where any is."""
    forms = formats_of(asked, evaluation.formats)
    shown = list(asked.shown) if any(form in FORMATS and FORMATS[form].in_context for form in forms) else []
    problems = rows_digest([("problems", to_frame(asked.problems, Problem))])
    return [asked.name, asked.kind.value, problems, digest(shown)]


def libraries() -> dict[str, str]:
    """Versions of what moves scores."""
    return {name: package_version(name) for name in ("torch", "transformers", "peft", "accelerate")}


def _soft(recipe: StudentRecipe) -> bool:
    return any(stage.objective != "completion" for stage in recipe.stages)


def schedule_of(recipe: StudentRecipe, arm: Arm) -> list[tuple[TrainStage, pl.DataFrame]]:
    """The stages of training with their rows.

    A stage that names no stages of the mixture stands for each of them in turn, in the mixture's order.

    Raises:
        InputError: a stage asks for a stage of the mixture, or for formats, that the rows do not have.
    """
    there = [name for name in arm.stages if name in set(arm.rows["mixture_stage"])]
    planned: list[tuple[TrainStage, pl.DataFrame]] = []
    for stage in recipe.stages:
        for taken in [stage.take] if stage.take is not None else [(name,) for name in there]:
            part = f"{stage.name}-{taken[0]}" if stage.take is None and len(there) > 1 else stage.name
            planned.append((stage.model_copy(update={"name": part}), _taken(stage, taken, arm.rows)))
    return planned


def _taken(stage: TrainStage, taken: Sequence[str], rows: pl.DataFrame) -> pl.DataFrame:
    for column, wanted in (("mixture_stage", taken), ("format", stage.formats or ())):
        there = sorted(rows[column].unique().drop_nulls())
        missing = [name for name in wanted if name not in there]
        if missing:
            word = column.replace("_", " ")
            raise InputError(
                f"the stage {stage.name} asks for the {word} {missing[0]}, and the version has no rows of it",
                hint=f"there is: {', '.join(there)}",
                keys=(f"stages.{stage.name}.{'take' if column == 'mixture_stage' else 'formats'}",),
            )
    chosen = rows.filter(pl.col("mixture_stage").is_in(list(taken)))
    return chosen.filter(pl.col("format").is_in(list(stage.formats))) if stage.formats is not None else chosen


def _trained(
    arm: Arm, seed: int, recipe: StudentRecipe, start: Start, folder: Path, report_to: Sequence[str]
) -> tuple[Student, list[Curve], float | None, int]:
    student = start.student(seed)
    if arm.rows.is_empty():
        return student, [], None, 0
    works, shares, too_long = [], [], 0
    for stage, rows in schedule_of(recipe, arm):
        soft = soft_of(student.tokenizer, arm.samples, stage.objective)
        held = (
            rows["problem_id"].is_in(_held_back(rows))
            if stage.patience
            else pl.repeat(value=False, n=rows.height, eager=True)
        )
        encoded = encode(student, rows.filter(~held), stage, soft)
        checks = encode(student, rows.filter(held), stage, soft).features if held.any() else ()
        works.append(Work(stage=stage, features=encoded.features, held_back=checks))
        shares += [encoded.soft_share] if encoded.soft_share is not None else []
        too_long += encoded.too_long
    student, curves = train(student, works, seed=seed, folder=folder, report_to=report_to)
    shutil.rmtree(folder, ignore_errors=True)
    return student, curves, sum(shares) / len(shares) if shares else None, too_long


def _held_back(rows: pl.DataFrame) -> list[str]:
    """Problems that early stopping looks at."""
    problems = rows["problem_id"].unique(maintain_order=True).to_list()
    return [problem for problem in problems if rank("held_back", problem) % HELD_BACK == 0]


def _asked(student: Student, sets: Sequence[EvalSet], recipe: StudentRecipe, arm: str, seed: int) -> pl.DataFrame:
    """Ask with the soft prompt what it was trained for, and without it everything else (ProMoT, section 3.2)."""
    student = merged(student)
    if not student.prompt_tokens:
        return evaluate(student, sets, recipe.evaluation, arm=arm, seed=seed)
    target = [one for one in sets if one.kind is not SetKind.GENERAL]
    foreign = [one for one in sets if one.kind is SetKind.GENERAL]
    parts = [evaluate(student, target, recipe.evaluation, arm=arm, seed=seed)]
    if foreign:
        parts.append(evaluate(without_prompt(student), foreign, recipe.evaluation, arm=arm, seed=seed))
    return pl.concat(parts)


def _write(done: Run, student: Student | None) -> None:
    """Outcomes first, `run.json` last: a folder without it is no run."""
    side = done.folder.with_name(f".{done.folder.name}.{os.getpid()}")
    facts: dict[str, Any] = {
        "arm": done.arm,
        "seed": done.seed,
        "curves": [asdict(curve) for curve in done.curves],
        "soft_share": done.soft_share,
        "rows": done.rows,
        "too_long": done.too_long,
    }
    try:
        side.mkdir(parents=True, exist_ok=True)
        if student is not None:
            save(student, side / "student")
        done.outcomes.write_parquet(side / "outcomes.parquet")
        (side / "run.json").write_bytes(orjson.dumps(facts))
        shutil.rmtree(done.folder, ignore_errors=True)
        side.rename(done.folder)
    except OSError as error:
        shutil.rmtree(side, ignore_errors=True)
        raise Stopped(f"the run can't be written: {error}", hint="make room and run the same command again") from error


def read_run(arm: str, seed: int, folder: Path) -> Run | None:
    """A finished run; None where there is none, or its files are damaged: it is then made again."""
    with suppress(OSError, ValueError, KeyError, TypeError, pl.exceptions.ComputeError):
        facts = orjson.loads((folder / "run.json").read_bytes())
        outcomes = pl.read_parquet(folder / "outcomes.parquet").with_columns(arm=pl.lit(arm))
        curves = tuple(Curve(**{**curve, "losses": tuple(curve["losses"])}) for curve in facts["curves"])
        return Run(
            arm=arm,
            seed=seed,
            outcomes=outcomes,
            curves=curves,
            soft_share=facts["soft_share"],
            rows=facts["rows"],
            too_long=facts["too_long"],
            folder=folder,
        )
    return None
