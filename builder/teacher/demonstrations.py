"""Demonstrations: solved problems that are shown to the teacher before the question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.files import file_digest
from cotloom.builder.marked_yaml import read_yaml
from cotloom.builder.recipe import TRAIN, LoadedRecipe, packaged_demos
from cotloom.schemas.ids import rank
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate
from cotloom.schemas.recipe import Prompt

_KEYS = {"question", "choices", "rationale", "answer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """One solved problem."""

    question: str
    """What is asked."""
    choices: tuple[str, ...] = ()
    """The options, where there are any."""
    rationale: str
    """The reasoning."""
    answer: str
    """The answer it comes to: for choices the letter."""
    group: str | None = None
    """The group of the problem it is from; it is never shown to a problem of the same group."""


def find_demos(loaded: LoadedRecipe, prompt: Prompt, problems: pl.DataFrame) -> tuple[list[Demo], list[Input]]:
    """Find the demonstrations that a prompt asks for.

    Returns:
        The demonstrations, and the file they came from where there is one.

    Raises:
        InputError: they are not there, can't be read, or are too few.
    """
    if prompt.template != "cot_few_shot":
        return [], []
    if prompt.demos is None:
        raise InputError(
            "teacher.prompt: cot_few_shot needs demonstrations",
            hint=f"demos: one of {', '.join(packaged_demos())}, a YAML file, or train",
            keys=("teacher.prompt.demos",),
        )
    found = list(_from_problems(problems)) if prompt.demos == TRAIN else read_demos(loaded.demos_file(prompt.demos))
    if len(found) < prompt.shots:
        raise InputError(
            f"teacher.prompt: {prompt.shots} demonstrations are asked for, {prompt.demos} has {len(found)}",
            hint="ask for fewer shots, or give more demonstrations",
            keys=("teacher.prompt.shots",),
        )
    return found, [] if prompt.demos == TRAIN else [_input(loaded.demos_file(prompt.demos), len(found))]


def _input(path: Path, rows: int) -> Input:
    sha256, size = file_digest(path)
    return Input(name="teacher.prompt.demos", file=path.name, sha256=sha256, bytes=size, rows=rows)


def read_demos(path: Path) -> list[Demo]:
    """Read a YAML file of demonstrations: a mapping with the key `demos`, a list.

    Raises:
        InputError: the file is not there, or holds something else.
    """
    if not path.is_file():
        raise InputError(f"no demonstrations at {path}", hint=f"packaged: {', '.join(packaged_demos())}")
    items = read_yaml(path).data.get("demos")
    if not isinstance(items, list):
        raise InputError(f"{path}: the key demos must hold a list")
    return [_demo(path, place, item) for place, item in enumerate(items, 1)]


def _demo(path: Path, place: int, item: Any) -> Demo:
    keys = set(item) if isinstance(item, dict) else set()
    if not {"question", "rationale", "answer"} <= keys <= _KEYS:
        raise InputError(
            f"{path}: demonstration {place} has the keys {sorted(map(str, keys))}",
            hint="each has question, rationale and answer, and may have choices",
        )
    choices = tuple(str(choice) for choice in item.get("choices") or ())
    texts = {key: str(item[key]).strip() for key in ("question", "rationale", "answer")}
    return Demo(choices=choices, **texts)


def _from_problems(problems: pl.DataFrame) -> Iterator[Demo]:
    """Training problems that have a reference rationale."""
    usable = problems.filter(
        (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN) & pl.col("reference_rationale").is_not_null()
    )
    for row in usable.sort("problem_id").iter_rows(named=True):
        yield Demo(
            question=row["question"],
            choices=tuple(row["choices"]),
            rationale=row["reference_rationale"],
            answer=row["answer"],
            group=row["group"],
        )


def shown(demos: Sequence[Demo], problem: Problem, shots: int, seed: int) -> list[Demo]:
    """The demonstrations that one problem is shown.

    A set of a file is shown in its order, the first ones first. From the training split, each problem gets its own,
    of lowest keyed hash, never from its own group (law 6).
    """
    if not demos or demos[0].group is None:
        return list(demos[:shots])
    others = [demo for demo in demos if demo.group != problem.group and demo.question != problem.question]
    return sorted(others, key=lambda demo: rank(f"demos:{seed}:{problem.problem_id}", demo.question))[:shots]
