"""Demonstrations: solved problems in the prompt, before the question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import rank
from ...schemas.manifest import Input
from ...schemas.problem import AnswerType, Problem, Split
from ...schemas.prompt import Prompt
from ..errors import InputError
from ..files import digest_file
from ..languages import ENGLISH, LANGUAGES, choose_wording, detect_language, list_readings
from ..marked_yaml import read_yaml
from ..recipe import LoadedRecipe, find_packaged_demos
from ..recipe.paths import TRAIN
from .asked import AskedProblems

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
    """The cluster of its problem; a prompt never shows a demonstration of its own cluster."""
    answer_type: AnswerType | None = None
    """The answer type of its problem; null where it comes from a file."""


def find_demos(
    loaded: LoadedRecipe, prompt: Prompt, place: str, problems: AskedProblems
) -> tuple[list[Demo], list[Input]]:
    """Find the demonstrations that a prompt names.

    Args:
        loaded: the recipe.
        prompt: the prompt.
        place: the recipe key that it stands at.
        problems: the problems that are asked, from which the demonstrations `train` are made.

    Returns:
        The demonstrations, and the file they were read from where there is one.

    Raises:
        InputError: they are missing, can't be read, or are too few.
    """
    if prompt.template != "cot_few_shot":
        return [], []
    if prompt.demos is None:
        raise InputError(
            f"{place}: cot_few_shot needs demonstrations",
            hint=f"demos: one of {', '.join(find_packaged_demos())}, a YAML file, or train",
            keys=(f"{place}.demos",),
        )
    path = None if prompt.demos == TRAIN else loaded.find_demos(prompt.demos)
    demos = read_demos(path) if path else list(_read_training_demos(problems))
    if len(demos) < prompt.shots:
        raise InputError(
            f"{place}: shots is {prompt.shots}, but {prompt.demos} has {len(demos)} demonstrations",
            hint="ask for fewer shots, or give more demonstrations",
            keys=(f"{place}.shots",),
        )
    translated = list_translations(prompt.demos) if prompt.demos in find_packaged_demos() else []
    return [*demos, *translated], [_make_input(path, place, len(demos))] if path else []


def check_demos(demos: Sequence[Demo], problems: pl.DataFrame, place: str) -> None:
    """Check that demonstrations from a file answer as the problems do: none is yes or no where a number is asked for.

    Args:
        demos: the demonstrations of a prompt.
        problems: the outline of the problems that are asked with it.
        place: the recipe key of the prompt.

    Raises:
        InputError: one has an answer of another type.
    """
    written = [demo for demo in demos if demo.answer_type is None]
    if not written:
        return
    for kind, source, count in problems.group_by("answer_type", "source").len().sort("answer_type", "source").rows():
        odd = next((demo for demo in written if AnswerType(kind) not in find_answer_types(demo)), None)
        if odd is not None:
            raise InputError(
                f"{place}: a demonstration answers {odd.answer!r} to {_shorten(odd.question)!r}, and {count:,} problems"
                f" of {source} have the answer type {kind}",
                hint="give each kind of question its own prompt: prompts: {by: answer_type, of: {...}}; by source, task"
                " and category work too",
                keys=(f"{place}.demos",),
            )


_WITH_DIGITS = frozenset({AnswerType.NUMBER, AnswerType.RATIO, AnswerType.TIME})
"""The types whose answers have digits."""
_ANY_TEXT = frozenset(AnswerType) - _WITH_DIGITS - {AnswerType.CHOICE, AnswerType.BOOLEAN}
"""The types whose answers may be any text, as far as can be told without its problem."""
_OPTION = re.compile(r"\(?[A-Za-z]\)?")


def find_answer_types(demo: Demo) -> frozenset[AnswerType]:
    """Find the answer types that the answer of a demonstration may be of; without options it may be any kind of text.

    >>> demo = Demo(question="Is ice cold?", rationale="It is frozen.", answer="yes")
    >>> AnswerType.BOOLEAN in find_answer_types(demo), AnswerType.NUMBER in find_answer_types(demo)
    (True, False)
    """
    if demo.choices:
        return frozenset({AnswerType.CHOICE})
    answer = demo.answer.strip().casefold()
    found = set(_ANY_TEXT)
    if answer in _list_booleans():
        found.add(AnswerType.BOOLEAN)
    if any(sign.isdigit() for sign in answer):
        found |= _WITH_DIGITS
    if _OPTION.fullmatch(answer):
        found.add(AnswerType.CHOICE)
    return frozenset(found)


@cache
def _list_booleans() -> frozenset[str]:
    words = [word for reading in list_readings() for word in (*reading.yes, *reading.no)]
    return frozenset(word.casefold() for word in (*words, "yes", "no", "true", "false"))


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


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


def _make_input(path: Path, place: str, rows: int) -> Input:
    sha256, size = digest_file(path)
    return Input(name=f"{place}.demos", file=path.name, sha256=sha256, bytes=size, rows=rows)


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
    return Demo(
        question=texts["question"],
        choices=choices,
        rationale=texts["rationale"],
        answer=texts["answer"],
        language=detect_language(texts["question"]),
    )


def _read_training_demos(problems: AskedProblems) -> Iterator[Demo]:
    """Make demonstrations from the training problems that have a reference rationale."""
    is_usable = (pl.col("split") == Split.TRAIN) & pl.col("reference_rationale").is_not_null()
    usable = pl.concat([part.filter(is_usable) for part in problems.iterate()])
    for row in usable.sort("problem_id").iter_rows(named=True):
        yield Demo(
            question=row["question"],
            choices=tuple(row["choices"]),
            rationale=row["reference_rationale"],
            answer=row["answer"],
            language=row["language"],
            group=row["cluster"] or row["group"],
            answer_type=AnswerType(row["answer_type"]),
        )


def select_demos(demos: Sequence[Demo], problem: Problem, shots: int, seed: int) -> list[Demo]:
    """Select the demonstrations for one problem: those in its language where there are enough, else of any.

    Of a file, these are the first ones, in order. Of the training split, each problem gets its own: those of lowest
    keyed hash, never from its own cluster (law 6), and of its own answer type.
    """
    if not demos or demos[0].group is None:
        return _select_language(demos, problem, shots)[:shots]
    same = [demo for demo in demos if demo.answer_type is problem.answer_type]
    others = [
        demo for demo in same if demo.group != (problem.cluster or problem.group) and demo.question != problem.question
    ]
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
