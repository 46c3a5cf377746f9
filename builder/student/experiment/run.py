"""One run: a student trained under a condition with one seed, then evaluated. Finished runs are stored and reused."""

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import torch

from ....schemas.frames import to_frame
from ....schemas.ids import digest, rank
from ....schemas.outcome import SetKind
from ....schemas.problem import Problem
from ....schemas.recipe import extract_identity
from ....schemas.student import Evaluation, PromptScope, StudentRecipe, TrainStage
from ...errors import InputError
from ...format import FORMATS
from ...store.atomic import Access, atomic_folder
from ...store.checked import digest_table, read_checked, write_checked
from ...store.locks import lock_folder
from ..distillation.soft_targets import make_soft_target_function
from ..evaluation.evaluate import ORDER, evaluate
from ..evaluation.prompts import list_formats
from ..evaluation.sets import EvalSet
from ..model.loading import merge_lora, remove_soft_prompt, save_student
from ..model.soft_prompts import select_prompt
from ..model.student import Student
from ..training.collate import encode_rows
from ..training.trainer import LossCurve, StageData, train
from .base_model import Start
from .conditions import Condition

CODE_VERSION = 2
"""Rises when the same condition gives another student, or the same student other outcomes."""

FACTS, OUTCOMES = "run.json", "outcomes.arrow"
"""The files of a finished run."""

HELD_BACK = 10
"""With early stopping, one problem in this many is held back from training."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentRun:
    """The results of one trained student."""

    condition: str
    """Name of the condition."""
    seed: int
    """Seed of the training."""
    outcomes: pl.DataFrame
    """Rows of `Outcome`."""
    curves: tuple[LossCurve, ...]
    """Loss curve of each stage; none for the untrained student."""
    soft_share: float | None
    """Share of the tokens with a soft target, where the objective has any."""
    rows: int
    """Number of training rows."""
    too_long: int
    """Number of rows that were excluded because they exceed the context window."""
    folder: Path
    """Folder with `outcomes.arrow`, `run.json`, and `student/` if the student was saved."""

    @property
    def steps(self) -> int:
        """Optimizer steps of all stages."""
        return sum(curve.steps for curve in self.curves)

    @property
    def final_loss(self) -> float | None:
        """Loss at the end of the last stage; null where nothing was trained."""
        return self.curves[-1].losses[-1] if self.curves and self.curves[-1].losses else None

    @property
    def converged(self) -> bool | None:
        """Whether the loss of every stage stopped falling; null where nothing was trained."""
        return all(curve.converged for curve in self.curves) if self.curves else None


def run_student(  # noqa: PLR0913 - all of it decides what a run is
    condition: Condition,
    seed: int,
    *,
    recipe: StudentRecipe,
    start: Start,
    sets: Sequence[EvalSet],
    store: Path,
    save: bool = False,
    report_to: Sequence[str] = (),
) -> StudentRun:
    """Train and evaluate one student, or read the stored run if there is one.

    Args:
        condition: what the student is trained on.
        seed: seed of the order of rows, and of the initial weights if there is no base.
        recipe: the student recipe.
        start: the model before training.
        sets: the evaluation sets.
        store: the store, which keeps runs by the digest of everything that decides them.
        save: whether to save the student as a checkpoint.
        report_to: trackers that transformers knows.

    Raises:
        InputError: the version lacks what a stage asks for, or the training fails.
        Stopped: the disk is full.
    """
    folder = store / "students" / "runs" / digest_run(condition, seed, recipe, start, sets)[:40]
    with lock_folder(folder):
        run = read_run(condition.name, seed, folder)
        if run is not None and (not save or (folder / "student").is_dir()):
            return run
        student = start.load_student(seed)
        stages, soft_share, too_long = _encode_stages(student, condition, recipe)
        student, curves = _train_stages(student, stages, seed, folder / "training", report_to)
        run = StudentRun(
            condition=condition.name,
            seed=seed,
            outcomes=_evaluate_student(student, sets, recipe, condition.name, seed),
            curves=tuple(curves),
            soft_share=soft_share,
            rows=condition.rows.height,
            too_long=too_long,
            folder=folder,
        )
        _write_run(run, student if save else None)
    return run


def _train_stages(
    student: Student, stages: Sequence[StageData], seed: int, folder: Path, report_to: Sequence[str]
) -> tuple[Student, Sequence[LossCurve]]:
    """Train all stages, none for the untrained student; the checkpoints to resume from are removed afterwards."""
    if not stages:
        return student, []
    trained = train(student, stages, seed=seed, folder=folder, report_to=report_to)
    shutil.rmtree(folder, ignore_errors=True)
    return trained


def digest_run(condition: Condition, seed: int, recipe: StudentRecipe, start: Start, sets: Sequence[EvalSet]) -> str:
    """Digest everything that decides a run. Libraries are included, since they change scores by points."""
    return digest(
        {
            "code": CODE_VERSION,
            "rows": digest_table(condition.rows.to_arrow()),
            "samples": digest_table(condition.samples.to_arrow()) if has_soft_targets(recipe) else None,
            "tasks": _digest_tasks(condition, recipe.prompt_for),
            "seed": seed,
            "stages": [extract_identity(stage, defaults=True) for stage in recipe.stages],
            "evaluation": extract_identity(recipe.evaluation, defaults=True),
            "start": start.digest,
            "sets": [_list_set_identity(eval_set, recipe.evaluation) for eval_set in sets],
            "libraries": list_libraries(),
            "device": "cuda" if torch.cuda.is_available() else "cpu",
        }
    )


def _list_set_identity(eval_set: EvalSet, evaluation: Evaluation) -> list[str]:
    """What of a set decides outcomes: its problems, and the demonstrations where a format shows any."""
    formats = list_formats(eval_set, evaluation.formats, evaluation.general_formats)
    in_context = any(name in FORMATS and FORMATS[name].in_context for name in formats)
    demonstrations = _digest_demonstrations(eval_set) if in_context else ""
    problems = digest_table(to_frame(eval_set.problems, Problem).to_arrow())
    return [eval_set.name, eval_set.kind.value, problems, demonstrations]


def _digest_tasks(condition: Condition, scope: PromptScope) -> str | None:
    """Digest what shares a soft prompt; null where all rows do."""
    return None if scope is PromptScope.ALL else digest_table(condition.read_tasks(scope).to_arrow())


def _digest_demonstrations(eval_set: EvalSet) -> str:
    if eval_set.exemplars:
        return digest([asdict(demo) for demo in eval_set.exemplars])
    return digest_table(eval_set.demonstrations.to_arrow())


def list_libraries() -> dict[str, str]:
    """List the versions of the libraries that affect scores."""
    return {name: package_version(name) for name in ("torch", "transformers", "peft", "accelerate")}


def has_soft_targets(recipe: StudentRecipe) -> bool:
    """Whether a stage trains on the teacher's probabilities, which are in the samples."""
    return any(stage.objective != "completion" for stage in recipe.stages)


def schedule_stages(recipe: StudentRecipe, condition: Condition) -> list[tuple[TrainStage, pl.DataFrame]]:
    """List the stages of training with their rows.

    A stage that names no stages of the mixture stands for each of them in turn, in the mixture's order.

    Raises:
        InputError: a stage asks for a stage of the mixture, or for formats, that the rows do not have.
    """
    available = [name for name in condition.stages if name in set(condition.rows["mixture_stage"])]
    schedule: list[tuple[TrainStage, pl.DataFrame]] = []
    for stage in recipe.stages:
        for take in [stage.take] if stage.take is not None else [(name,) for name in available]:
            name = f"{stage.name}-{take[0]}" if stage.take is None and len(available) > 1 else stage.name
            schedule.append((stage.model_copy(update={"name": name}), _select_stage_rows(stage, take, condition.rows)))
    return schedule


def schedule_prompts(
    recipe: StudentRecipe, condition: Condition
) -> Iterator[tuple[TrainStage, pl.DataFrame, str | None]]:
    """Yield the stages of training with their rows, and for a soft prompt of a task that task.

    A stage that trains a soft prompt for each task stands for each of them in turn, in the order of their names.

    Raises:
        InputError: as `schedule_stages`.
    """
    schedule, scope = schedule_stages(recipe, condition), recipe.prompt_for
    if scope is PromptScope.ALL:
        yield from ((stage, rows, None) for stage, rows in schedule)
        return
    tasks = condition.read_tasks(scope)
    for stage, rows in schedule:
        known = rows.join(tasks, on="problem_id", how="left", maintain_order="left")
        if stage.parameters != "prompt":
            yield stage, known, None
            continue
        for number, task in enumerate(sorted(known["task"].drop_nulls().unique())):
            named = stage.model_copy(update={"name": f"{stage.name}-{number}-{_make_slug(task)}"})
            yield named, known.filter(task=task), task


def _make_slug(task: str) -> str:
    """Make a name of a folder from the name of a task."""
    return re.sub(r"[^a-z0-9]+", "-", task.casefold())[:40].strip("-") or "task"


def _select_stage_rows(stage: TrainStage, take: Sequence[str], rows: pl.DataFrame) -> pl.DataFrame:
    for column, key, names in (("mixture_stage", "take", take), ("format", "formats", stage.formats or ())):
        available = sorted(rows[column].unique().drop_nulls())
        missing = [name for name in names if name not in available]
        if missing:
            raise InputError(
                f"the stage {stage.name} asks for the {column.replace('_', ' ')} {missing[0]}, and the version has no "
                "rows of it",
                hint=f"available: {', '.join(available)}",
                keys=(f"stages.{stage.name}.{key}",),
            )
    rows = rows.filter(pl.col("mixture_stage").is_in(list(take)))
    return rows.filter(pl.col("format").is_in(list(stage.formats))) if stage.formats is not None else rows


def _encode_stages(
    student: Student, condition: Condition, recipe: StudentRecipe
) -> tuple[list[StageData], float | None, int]:
    """Encode the rows of every stage. Returns also the share of soft targets, and the number of rows too long."""
    stages: list[StageData] = []
    shares: list[float] = []
    too_long = 0
    lengths = [stage.prompt_tokens for stage in recipe.stages if stage.parameters == "prompt"]
    prompted = replace(student, prompt_tokens=max(lengths, default=0))  # a soft prompt takes its room of the window
    for stage, rows, task in schedule_prompts(recipe, condition) if condition.rows.height else ():
        soft = make_soft_target_function(student.tokenizer, condition.samples, stage.objective)
        is_held_back = _mark_held_back(rows, stage)
        encoded = encode_rows(prompted, rows.filter(~is_held_back), stage, soft)
        held_back = encode_rows(prompted, rows.filter(is_held_back), stage, soft).features if is_held_back.any() else ()
        stages.append(StageData(stage=stage, features=encoded.features, eval_features=held_back, task=task))
        shares += [encoded.soft_share] if encoded.soft_share is not None else []
        too_long += encoded.too_long
    return stages, sum(shares) / len(shares) if shares else None, too_long


def _mark_held_back(rows: pl.DataFrame, stage: TrainStage) -> pl.Series:
    """Mark the rows of the problems that early stopping evaluates on."""
    if not stage.patience:
        return pl.repeat(value=False, n=rows.height, eager=True)
    problems = [problem for problem in rows["problem_id"].unique() if rank("held_back", problem) % HELD_BACK == 0]
    return rows["problem_id"].is_in(problems)


def _evaluate_student(
    student: Student, sets: Sequence[EvalSet], recipe: StudentRecipe, condition: str, seed: int
) -> pl.DataFrame:
    """Evaluate, with the soft prompt on the tasks it was trained for and without it on general sets (ProMoT, 3.2)."""
    student = merge_lora(student)
    if student.prompts:
        return _evaluate_by_task(student, sets, recipe, condition, seed)
    general = [eval_set for eval_set in sets if eval_set.kind is SetKind.GENERAL]
    if not student.prompt_tokens or not general:
        return evaluate(student, sets, recipe.evaluation, condition=condition, seed=seed)
    others = [eval_set for eval_set in sets if eval_set.kind is not SetKind.GENERAL]
    outcomes = evaluate(student, others, recipe.evaluation, condition=condition, seed=seed)
    bare = remove_soft_prompt(student)
    return pl.concat([outcomes, evaluate(bare, general, recipe.evaluation, condition=condition, seed=seed)])


def _evaluate_by_task(
    student: Student, sets: Sequence[EvalSet], recipe: StudentRecipe, condition: str, seed: int
) -> pl.DataFrame:
    """Evaluate each problem behind the soft prompt of its task, and without one where its task has none."""
    outcomes = []
    for task in (None, *student.prompts):
        asked = [part for each in sets if (part := _select_task(each, task, student, recipe.prompt_for)).problems]
        if asked:
            prompted = student if task is None else select_prompt(student, task)
            outcomes.append(evaluate(prompted, asked, recipe.evaluation, condition=condition, seed=seed))
    return pl.concat(outcomes).sort(*ORDER)


def _select_task(eval_set: EvalSet, task: str | None, student: Student, scope: PromptScope) -> EvalSet:
    """Select the problems of a task; for None, those of tasks without a soft prompt."""

    def find_prompt(problem: Problem) -> str | None:
        name = (problem.task or problem.source) if scope is PromptScope.TASK else problem.source
        return name if name in student.prompts else None

    return replace(eval_set, problems=tuple(each for each in eval_set.problems if find_prompt(each) == task))


def _write_run(run: StudentRun, student: Student | None) -> None:
    fields: dict[str, Any] = {
        "condition": run.condition,
        "seed": run.seed,
        "curves": [asdict(curve) for curve in run.curves],
        "soft_share": run.soft_share,
        "rows": run.rows,
        "too_long": run.too_long,
    }
    content = orjson.dumps(fields)
    with atomic_folder(run.folder, name="the run", access=Access.PRIVATE) as side:
        if student is not None:
            save_student(student, side / "student")
        (side / FACTS).write_bytes(content)
        write_checked(run.outcomes, side / OUTCOMES, _make_key(run.folder, content))


def _make_key(folder: Path, content: bytes) -> str:
    """Make the key that the outcomes carry: what decides the run, and a digest of what is stored beside them."""
    return digest([folder.name, hashlib.sha256(content).hexdigest()])


def read_run(condition: str, seed: int, folder: Path) -> StudentRun | None:
    """Read a finished run; None where there is none or its files are damaged, so that it is run again."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = (folder / FACTS).read_bytes()
        outcomes = read_checked(folder / OUTCOMES, _make_key(folder, content))
        if outcomes is None:
            return None
        fields = orjson.loads(content)
        return StudentRun(
            condition=condition,
            seed=seed,
            outcomes=outcomes.with_columns(condition=pl.lit(condition)),
            curves=tuple(LossCurve(**{**curve, "losses": tuple(curve["losses"])}) for curve in fields["curves"]),
            soft_share=fields["soft_share"],
            rows=fields["rows"],
            too_long=fields["too_long"],
            folder=folder,
        )
    return None
