"""What training and asking a small student cost, against named alternatives, in one run on one machine: `make bench`.

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
from importlib.metadata import PackageNotFoundError, version
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe, load_student
from cotloom.builder.store import Version
from cotloom.builder.student.command import parent_of
from cotloom.builder.student.evaluation.sets import prompts_of, sets_of
from cotloom.builder.student.experiment.base_model import base_of, prepare
from cotloom.builder.student.experiment.conditions import rows_of
from cotloom.builder.student.experiment.jobs import texts_of, workers_here
from cotloom.builder.student.experiment.plan import Controls, plan_of
from cotloom.builder.student.experiment.validate import validate
from cotloom.builder.student.model.chat import prompt_of
from cotloom.builder.student.model.generate import Said, generate
from cotloom.builder.student.model.loading import make_tiny
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.model.tokenizer import make_tokenizer
from cotloom.builder.student.training.collate import Feature, encode
from cotloom.builder.student.training.trainer import Work, train
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.student import StudentRecipe, TinyModel, TrainStage
from student_peers import bare_loop, generated, trl_trainer

ROOT = Path(__file__).resolve().parent.parent
RECIPE = "steps"
"""The packaged recipe whose rows are trained on: problems that a small student learns."""
ASKED = 3
"""At most so many turns of asking: one by one takes long."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    steps: int
    rounds: int
    taught: int
    prompts: int


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a figure for each round."""

    name: str
    rates: list[float]
    note: str = ""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=ROOT / ".cotloom", help="where the student's base is, or goes")
    parser.add_argument("--student", default="tiny", help="a student recipe from scratch")
    parser.add_argument("--set", dest="changes", action="append", default=[], help="change a key of it")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmark-student.md")
    parser.add_argument("--steps", type=int, default=20, help="steps of a training that is timed")
    parser.add_argument("--rounds", type=int, default=4, help="how often the sides take turns")
    parser.add_argument("--taught", type=int, default=80, help="steps of the student that is asked")
    parser.add_argument("--prompts", type=int, default=32, help="prompts that it is asked")
    given = parser.parse_args()
    recipe = load_student(given.student, given.changes)
    sizes = Sizes(given.steps, given.rounds, given.taught, given.prompts)
    with tempfile.TemporaryDirectory() as folder:
        small = build(load_recipe(RECIPE, ["sources.steps.problems=1000"]), Runtime(store=Path(folder))).version
        stages = _validated(recipe, given.store, Path(folder))
        torch.set_num_threads(1)
        training, asking = _training(small, recipe, sizes), _asking(small, recipe, sizes)
    given.page.write_text(_page(recipe, sizes, training, asking, stages))
    print(given.page.read_text())


def _untrained(of: Version, recipe: StudentRecipe) -> Student:
    """The student's architecture without its base: what is timed does not depend on the weights."""
    model = _model(recipe)
    tokenizer = make_tokenizer(texts_of((str(of.path),)), model.vocabulary, model.numbers)
    return make_tiny(model, tokenizer, 0)


def _model(recipe: StudentRecipe) -> TinyModel:
    if not isinstance(recipe.model, TinyModel):
        raise TypeError("a student from scratch is needed")
    return recipe.model


# Training


def _training(of: Version, recipe: StudentRecipe, sizes: Sizes) -> list[Side]:
    """Tokens for each CPU second: as many rows as the steps need, each once, so that all sides read the same."""
    stage = recipe.stages[0].model_copy(update={"steps": sizes.steps, "take": None})
    encoded = encode(_untrained(of, recipe), rows_of(of), stage).features
    features = list(islice(cycle(encoded), stage.steps * stage.batch_size))
    tokens = sum(len(one["input_ids"]) for one in features)
    sides = {"ours": _ours, "a bare loop": bare_loop}
    if _release("trl"):
        sides[f"TRL {_release('trl')}, SFTTrainer"] = trl_trainer
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():  # what is done once in a process is not counted
        side(_untrained(of, recipe), features[: stage.batch_size], stage.model_copy(update={"steps": 1}))
    for _ in range(sizes.rounds):
        for name, side in sides.items():
            rates[name].append(tokens / _cpu_seconds(partial(side, _untrained(of, recipe), features, stage)))
    notes = {"ours": "rows of like length together; scores where there is loss; two checkpoints"}
    return [Side(name, found, notes.get(name, "rows in any order")) for name, found in rates.items()]


def _ours(student: Student, features: Sequence[Feature], stage: TrainStage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        train(student, [Work(stage=stage, features=tuple(features))], seed=0, folder=Path(folder))


# Asking


def _asking(of: Version, recipe: StudentRecipe, sizes: Sizes) -> list[Side]:
    """Prompts for each CPU second, and how many answers are the same as ours."""
    stage = recipe.stages[0].model_copy(update={"steps": sizes.taught, "take": None})
    student = _untrained(of, recipe)
    _ours(student, encode(student, rows_of(of), stage).features, stage)
    target = sets_of(of, recipe.evaluation.model_copy(update={"problems": sizes.prompts}))[0]
    prompts = [prompt_of(student.tokenizer, chat) for chat in prompts_of(target, "zero_shot_cot", 0)]
    most, batch = recipe.evaluation.max_tokens, recipe.evaluation.batch_size
    sides: dict[str, Callable[[], list[str]]] = {
        f"ours, {batch} at once": lambda: _texts(generate(student, prompts, max_tokens=most, batch_size=batch)),
        "ours, one by one": lambda: _texts(generate(student, prompts, max_tokens=most, batch_size=1)),
        f"transformers' generate, {batch} at once": lambda: generated(student, prompts, most, batch),
    }
    said: dict[str, list[str]] = {}
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(min(ASKED, sizes.rounds)):
        for name, side in sides.items():
            rates[name].append(len(prompts) / _cpu_seconds(lambda name=name, side=side: said.update({name: side()})))
    first = next(iter(said.values()))
    same = {name: sum(map(str.__eq__, first, texts)) for name, texts in said.items()}
    return [
        Side(name, found, f"{same[name]} of {len(prompts)} answers as in the first line")
        for name, found in rates.items()
    ]


def _texts(said: Sequence[Said]) -> list[str]:
    return [one.text for one in said]


# A whole validation


def _validated(recipe: StudentRecipe, store: Path, folder: Path) -> Mapping[str, float]:
    """Seconds of `validate steps` by stages, in a store that holds the base and nothing else."""
    base = base_of(_model(recipe), store)
    fresh = folder / "store"
    shutil.copytree(base, fresh / "students" / "bases" / base.name)
    whole_version = build(load_recipe(RECIPE), Runtime(store=fresh)).version
    began = time.perf_counter()
    plan = plan_of(whole_version, parent_of(whole_version, fresh), recipe, Controls.DEFAULT)
    prepare(recipe.model, texts_of(plan.jobs[0].words), fresh)
    prepared = time.perf_counter()
    workers = workers_here(None)
    validate(plan, fresh, workers)
    whole = time.perf_counter()
    runs = [json.loads(path.read_text()) for path in (fresh / "students" / "runs").glob("*/run.json")]
    curves = [curve for run in runs for curve in run["curves"]]
    training = sum(curve["seconds"] for curve in curves) / workers
    return {
        "students": len(runs),
        "workers": workers,
        "start": prepared - began,
        "training_s": training,
        "rest": whole - prepared - training,
        "whole": whole - began,
        "steps_per_s": sum(curve["steps"] for curve in curves) / max(1e-9, sum(curve["seconds"] for curve in curves)),
    }


# The page


def _cpu_seconds(side: Callable[[], object]) -> float:
    start = time.process_time()
    side()
    return time.process_time() - start


def _release(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


PAGE = """\
# Benchmark: training and asking a student

Made by `make bench` (`benchmarks/student.py`) with the student `{name}`. The sides take turns in one run, each on one
thread; CPU seconds of the process, median of the turns, and in brackets the lowest and the highest ratio of single
turns. Read the ratios; times depend on the machine.

{machine}.

## Training

{steps} steps of {batch} rows of small arithmetic, {rounds} turns. Every side has the same model, rows, batch, rates and
loss (on the completion), and reads each row once; setting up a trainer is counted.

{training}

## Asking

{prompts} held-out problems, greedy, at most {longest} tokens, after {taught} steps of training; {asked} turns.

{asking}

## A whole validation

`cotloom validate steps` trains and asks {students} students (one is only asked), {workers} at once, {full} steps of
{batch} rows each. The base was there already. Seconds by the clock:

| stage | seconds |
|---|---|
| choosing arms, adding the version's words to the base | {start:,.0f} |
| training ({steps_per_s:.1f} steps a second in each process) | {training_s:,.0f} |
| asking, comparing, writing, starting processes | {rest:,.0f} |
| **whole** | **{whole:,.0f}** |
"""


def _page(
    recipe: StudentRecipe, sizes: Sizes, training: Sequence[Side], asking: Sequence[Side], stages: Mapping[str, Any]
) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    missing = "" if _release("trl") else "\n\nTRL is not installed here, so it was not measured."
    return PAGE.format(
        name=recipe.name,
        machine=f"{platform.machine()}, Python {platform.python_version()}, {libraries}",
        batch=recipe.stages[0].batch_size,
        full=recipe.stages[0].steps,
        training=_table("tokens per CPU s", training) + missing,
        longest=recipe.evaluation.max_tokens,
        asked=min(ASKED, sizes.rounds),
        asking=_table("prompts per CPU s", asking),
        **asdict(sizes),
        **stages,
    )


def _table(unit: str, sides: Sequence[Side]) -> str:
    rows = [
        f"| {side.name} | {_number(median(side.rates))} | {_ratio(sides[0], side)} | {side.note} |" for side in sides
    ]
    return "\n".join([f"| | {unit} | first line / this | |", "|---|---|---|---|", *rows])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(ours: Side, side: Side) -> str:
    if side is ours:
        return ""
    each = [mine / other for mine, other in zip(ours.rates, side.rates, strict=True)]
    return f"{median(each):.2f} x ({min(each):.2f} to {max(each):.2f})"


if __name__ == "__main__":
    main()
