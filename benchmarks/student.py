"""Measure training and generation of a small student against named alternatives, on one machine: `make bench`.

    python benchmarks/student.py [--store FOLDER] [--student RECIPE] [--page FILE]

The sides of a comparison take turns, on one thread each, and CPU seconds of this process are counted. A whole
`validate steps` is timed too, with the student's base read from the store; where the store has none, it is trained
before and not counted. Writes docs/benchmark-student.md.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: threads that spin slow one another down

import argparse
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from student_peers import generate_with_transformers, train_bare_loop, train_with_trl

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe, load_student
from cotloom.builder.store import Version
from cotloom.builder.student.command import find_parent
from cotloom.builder.student.evaluation.prompts import format_prompts
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.experiment.base_model import get_base
from cotloom.builder.student.experiment.conditions import select_training_rows
from cotloom.builder.student.experiment.jobs import count_workers, list_texts, prepare_starts
from cotloom.builder.student.experiment.plan import Controls, plan_validation
from cotloom.builder.student.experiment.validate import validate, write_validation
from cotloom.builder.student.model.chat import render_prompt
from cotloom.builder.student.model.generate import Generation, generate
from cotloom.builder.student.model.loading import make_tiny
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.model.tokenizer import make_tokenizer
from cotloom.builder.student.training.collate import Feature, encode_rows
from cotloom.builder.student.training.trainer import StageData, train
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.student import StudentRecipe, TinyModel, TrainStage

ROOT = Path(__file__).resolve().parent.parent
RECIPE = "steps"
"""The packaged recipe that students are trained on: its problems can be learnt by a small student."""
GENERATION_ROUNDS = 3
"""Maximum rounds of generation: one prompt at a time takes long."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the benchmark."""

    steps: int
    rounds: int
    taught: int
    prompts: int


@dataclass(frozen=True)
class Side:
    """One side of a comparison, with a rate for each round."""

    name: str
    rates: list[float]
    note: str = ""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=ROOT / ".cotloom", help="store of the student's base model")
    parser.add_argument("--student", default="tiny", help="a student recipe from scratch")
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], help="override a key of the student recipe"
    )
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmark-student.md")
    parser.add_argument("--steps", type=int, default=20, help="steps of each timed training")
    parser.add_argument("--rounds", type=int, default=4, help="number of turns of each side")
    parser.add_argument("--taught", type=int, default=80, help="training steps of the student that generates")
    parser.add_argument("--prompts", type=int, default=32, help="number of prompts")
    options = parser.parse_args()
    recipe = load_student(options.student, options.changes)
    sizes = Sizes(options.steps, options.rounds, options.taught, options.prompts)
    with tempfile.TemporaryDirectory() as folder:
        small = build(load_recipe(RECIPE, ["sources.steps.problems=1000"]), Runtime(store=Path(folder))).version
        stages = _measure_validation(recipe, options.store, Path(folder))
        torch.set_num_threads(1)
        training = _measure_training(small, recipe, sizes)
        generation = _measure_generation(small, recipe, sizes)
    options.page.write_text(_render_page(recipe, sizes, training, generation, stages))
    print(options.page.read_text())


def _make_untrained(version: Version, recipe: StudentRecipe) -> Student:
    """The student's architecture without its base: what is timed does not depend on the weights."""
    model = _get_model(recipe)
    tokenizer = make_tokenizer(list_texts((str(version.path),)), model.vocabulary, model.numbers)
    return make_tiny(model, tokenizer, 0)


def _get_model(recipe: StudentRecipe) -> TinyModel:
    if not isinstance(recipe.model, TinyModel):
        raise TypeError("a student from scratch is needed")
    return recipe.model


# Training


def _measure_training(version: Version, recipe: StudentRecipe, sizes: Sizes) -> list[Side]:
    """Measure tokens per CPU second, on as many rows as the steps need, each once, so that all sides get the same."""
    stage = recipe.stages[0].model_copy(update={"steps": sizes.steps, "take": None})
    encoded = encode_rows(_make_untrained(version, recipe), select_training_rows(version), stage).features
    features = list(islice(cycle(encoded), stage.steps * stage.batch_size))
    tokens = sum(len(one["input_ids"]) for one in features)
    sides = {"ours": _train_ours, "a bare loop": train_bare_loop}
    if _find_release("trl"):
        sides[f"TRL {_find_release('trl')}, SFTTrainer"] = train_with_trl
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():  # warm-up, not counted
        side(_make_untrained(version, recipe), features[: stage.batch_size], stage.model_copy(update={"steps": 1}))
    for _ in range(sizes.rounds):
        for name, side in sides.items():
            rates[name].append(
                tokens / _measure_cpu_seconds(partial(side, _make_untrained(version, recipe), features, stage))
            )
    notes = {"ours": "rows grouped by length; logits at label positions only; two checkpoints"}
    return [Side(name, values, notes.get(name, "rows in any order")) for name, values in rates.items()]


def _train_ours(student: Student, features: Sequence[Feature], stage: TrainStage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        train(student, [StageData(stage=stage, features=tuple(features))], seed=0, folder=Path(folder))


# Generation


def _measure_generation(version: Version, recipe: StudentRecipe, sizes: Sizes) -> list[Side]:
    """Measure prompts per CPU second, and count the answers that are the same as ours."""
    stage = recipe.stages[0].model_copy(update={"steps": sizes.taught, "take": None})
    student = _make_untrained(version, recipe)
    _train_ours(student, encode_rows(student, select_training_rows(version), stage).features, stage)
    target = make_eval_sets(version, recipe.evaluation.model_copy(update={"problems": sizes.prompts}))[0]
    prompts = [render_prompt(student.tokenizer, chat) for chat in format_prompts(target, "zero_shot_cot", 0)]
    most, batch = recipe.evaluation.max_tokens, recipe.evaluation.batch_size
    sides: dict[str, Callable[[], list[str]]] = {
        f"ours, {batch} at once": lambda: _get_texts(generate(student, prompts, max_tokens=most, batch_size=batch)),
        "ours, one by one": lambda: _get_texts(generate(student, prompts, max_tokens=most, batch_size=1)),
        f"transformers' generate, {batch} at once": lambda: generate_with_transformers(student, prompts, most, batch),
    }
    answers: dict[str, list[str]] = {}
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(min(GENERATION_ROUNDS, sizes.rounds)):
        for name, side in sides.items():
            rates[name].append(
                len(prompts) / _measure_cpu_seconds(lambda name=name, side=side: answers.update({name: side()}))
            )
    first = next(iter(answers.values()))
    same = {name: sum(map(str.__eq__, first, texts)) for name, texts in answers.items()}
    return [
        Side(name, values, f"{same[name]} of {len(prompts)} answers as in the first line")
        for name, values in rates.items()
    ]


def _get_texts(generations: Sequence[Generation]) -> list[str]:
    return [generation.text for generation in generations]


# A full validation


def _measure_validation(recipe: StudentRecipe, store: Path, folder: Path) -> Mapping[str, float]:
    """Measure the seconds of `validate steps` by stage, in a store with the base model only."""
    base = get_base(_get_model(recipe), store)
    fresh = folder / "store"
    shutil.copytree(base, fresh / "students" / "bases" / base.name)
    version = build(load_recipe(RECIPE), Runtime(store=fresh)).version
    began = time.perf_counter()
    plan = plan_validation(version, find_parent(version, fresh), recipe, Controls.DEFAULT)
    prepare_starts(plan.jobs, fresh)
    prepared = time.perf_counter()
    workers = count_workers(None)
    write_validation(*validate(plan, fresh, workers))
    finished = time.perf_counter()
    runs = [json.loads(path.read_text()) for path in (fresh / "students" / "runs").glob("*/run.json")]
    curves = [curve for run in runs for curve in run["curves"]]
    training = sum(curve["seconds"] for curve in curves) / workers
    return {
        "students": len(runs),
        "workers": workers,
        "start": prepared - began,
        "training_s": training,
        "rest": finished - prepared - training,
        "total": finished - began,
        "steps_per_s": sum(curve["steps"] for curve in curves) / max(1e-9, sum(curve["seconds"] for curve in curves)),
    }


# The page


def _measure_cpu_seconds(side: Callable[[], object]) -> float:
    start = time.process_time()
    side()
    return time.process_time() - start


def _find_release(name: str) -> str | None:
    try:
        return package_version(name)
    except PackageNotFoundError:
        return None


PAGE = """\
# Benchmark: training and generation of a student

Made by `make bench` (`benchmarks/student.py`) with the student `{name}`. The sides take turns in one run, each on one
thread; CPU seconds of the process, median of the turns, and in brackets the lowest and the highest ratio of single
turns. Read the ratios; times depend on the machine.

{machine}.

## Training

{steps} steps of {batch} rows of small arithmetic, {rounds} turns. Every side has the same model, rows, batch size,
learning rates and loss (on the completion), and reads each row once; creating a trainer is counted.

{training}

## Generation

{prompts} held-out problems, greedy, at most {longest} tokens, after {taught} steps of training; {generation_rounds}
turns.

{generation}

## A full validation

`cotloom validate steps` trains and evaluates {students} students (one is only evaluated), {workers} at once, {full}
steps of {batch} rows each. The base model is read from the store. Wall-clock seconds:

| stage | seconds |
|---|---|
| choosing conditions, adding the version's words to the base | {start:,.0f} |
| training ({steps_per_s:.1f} steps a second in each process) | {training_s:,.0f} |
| evaluating, comparing, writing, starting processes | {rest:,.0f} |
| **total** | **{total:,.0f}** |
"""


def _render_page(
    recipe: StudentRecipe, sizes: Sizes, training: Sequence[Side], generation: Sequence[Side], stages: Mapping[str, Any]
) -> str:
    libraries = ", ".join(f"{name} {package_version(name)}" for name in ("torch", "transformers"))
    missing = "" if _find_release("trl") else "\n\nTRL is not installed here, so it was not measured."
    return PAGE.format(
        name=recipe.name,
        machine=f"{platform.machine()}, Python {platform.python_version()}, {libraries}",
        batch=recipe.stages[0].batch_size,
        full=recipe.stages[0].steps,
        training=_render_table("tokens per CPU s", training) + missing,
        longest=recipe.evaluation.max_tokens,
        generation_rounds=min(GENERATION_ROUNDS, sizes.rounds),
        generation=_render_table("prompts per CPU s", generation),
        **asdict(sizes),
        **stages,
    )


def _render_table(unit: str, sides: Sequence[Side]) -> str:
    rows = [
        f"| {side.name} | {_format_number(median(side.rates))} | {_format_ratio(sides[0], side)} | {side.note} |"
        for side in sides
    ]
    return "\n".join([f"| | {unit} | first line / this | |", "|---|---|---|---|", *rows])


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _format_ratio(ours: Side, side: Side) -> str:
    if side is ours:
        return ""
    each = [mine / other for mine, other in zip(ours.rates, side.rates, strict=True)]
    return f"{median(each):.2f} x ({min(each):.2f} to {max(each):.2f})"


if __name__ == "__main__":
    main()
