"""Demonstrations: solved problems in the prompt, before the question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import rank
from ...schemas.manifest import Input
from ...schemas.problem import Problem, Split
from ...schemas.reasons import Fate
from ...schemas.teacher import Prompt
from ..errors import InputError
from ..files import digest_file
from ..languages import ENGLISH, LANGUAGES, choose_wording, detect_language
from ..marked_yaml import read_yaml
from ..recipe import LoadedRecipe, find_packaged_demos
from ..recipe.paths import TRAIN

_KEYS = {"question", "choices", "rationale", "answer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """One solved problem."""

    question: str
    """The question."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question."""
    rationale: str
    """The reasoning."""
    answer: str
    """The answer: for choices the letter."""
    language: str | None = None
    """The language that it is written in; null where that is unknown."""
    group: str | None = None
    """The group of its problem; a prompt never shows a demonstration of its own group."""


def find_demos(loaded: LoadedRecipe, prompt: Prompt, problems: pl.DataFrame) -> tuple[list[Demo], list[Input]]:
    """Find the demonstrations that a prompt names.

    Returns:
        The demonstrations, and the file they were read from where there is one.

    Raises:
        InputError: they are missing, can't be read, or are too few.
    """
    if prompt.template != "cot_few_shot":
        return [], []
    if prompt.demos is None:
        raise InputError(
            "teacher.prompt: cot_few_shot needs demonstrations",
            hint=f"demos: one of {', '.join(find_packaged_demos())}, a YAML file, or train",
            keys=("teacher.prompt.demos",),
        )
    path = None if prompt.demos == TRAIN else loaded.find_demos(prompt.demos)
    demos = read_demos(path) if path else list(_read_training_demos(problems))
    if len(demos) < prompt.shots:
        raise InputError(
            f"teacher.prompt: shots is {prompt.shots}, but {prompt.demos} has {len(demos)} demonstrations",
            hint="ask for fewer shots, or give more demonstrations",
            keys=("teacher.prompt.shots",),
        )
    translated = list_translations(prompt.demos) if prompt.demos in find_packaged_demos() else []
    return [*demos, *translated], [_make_input(path, len(demos))] if path else []


def list_translations(name: str) -> list[Demo]:
    """List the demonstrations of a packaged set in other languages than English; they were written for themselves."""
    return [
        Demo(
            question=demo["question"].strip(),
            choices=tuple(demo.get("choices", ())),
            rationale=demo["rationale"].strip(),
            answer=demo["answer"],
            language=language,
        )
        for language in LANGUAGES
        for demo in choose_wording(language).demonstrations.get(name, ())
    ]


def _make_input(path: Path, rows: int) -> Input:
    sha256, size = digest_file(path)
    return Input(name="teacher.prompt.demos", file=path.name, sha256=sha256, bytes=size, rows=rows)


def read_demos(path: Path) -> list[Demo]:
    """Read a YAML file of demonstrations: a mapping with the key `demos`, a list.

    Raises:
        InputError: the file is missing, or is no list of demonstrations.
    """
    if not path.is_file():
        raise InputError(f"no demonstrations at {path}", hint=f"packaged: {', '.join(find_packaged_demos())}")
    items = read_yaml(path).data.get("demos")
    if not isinstance(items, list):
        raise InputError(f"{path}: the key demos must hold a list")
    return [_parse_demo(path, number, item) for number, item in enumerate(items, 1)]


def _parse_demo(path: Path, number: int, item: Any) -> Demo:
    keys = set(item) if isinstance(item, dict) else set()
    if not {"question", "rationale", "answer"} <= keys <= _KEYS:
        raise InputError(
            f"{path}: demonstration {number} has the keys {sorted(map(str, keys))}",
            hint="each has question, rationale and answer, and may have choices",
        )
    choices = tuple(str(choice) for choice in item.get("choices") or ())
    texts = {key: str(item[key]).strip() for key in ("question", "rationale", "answer")}
    return Demo(choices=choices, language=detect_language(texts["question"]), **texts)


def _read_training_demos(problems: pl.DataFrame) -> Iterator[Demo]:
    """Make demonstrations from the training problems that have a reference rationale."""
    usable = problems.filter(
        (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN) & pl.col("reference_rationale").is_not_null()
    )
    for row in usable.sort("problem_id").iter_rows(named=True):
        yield Demo(
            question=row["question"],
            choices=tuple(row["choices"]),
            rationale=row["reference_rationale"],
            answer=row["answer"],
            language=row["language"],
            group=row["group"],
        )


def select_demos(demos: Sequence[Demo], problem: Problem, shots: int, seed: int) -> list[Demo]:
    """Select the demonstrations for one problem: those in its language where there are enough, else of any.

    Of a file, these are the first ones, in order. Of the training split, each problem gets its own: those of lowest
    keyed hash, never from its own group (law 6).
    """
    if not demos or demos[0].group is None:
        return _select_language(demos, problem, shots)[:shots]
    others = [demo for demo in demos if demo.group != problem.group and demo.question != problem.question]
    return sorted(
        _select_language(others, problem, shots),
        key=lambda demo: rank(f"demos:{seed}:{problem.problem_id}", demo.question),
    )[:shots]


def _select_language(demos: Sequence[Demo], problem: Problem, shots: int) -> list[Demo]:
    """Keep the demonstrations in the language of a problem; where they are too few, English ones, else all."""
    for language in (choose_wording(problem.language).language, ENGLISH):
        own = [demo for demo in demos if choose_wording(demo.language).language == language]
        if len(own) >= shots:
            return own
    return list(demos)
