"""Arithmetic problems of the level `school`.

They come from `stories.yaml`: a family defines numbers and methods, a story the text. The file of another language,
`stories.zh.yaml`, tells the same stories in other words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from ...schemas.ids import pick
from ..languages import ENGLISH
from .programs import (
    OPERATIONS,
    PRONOUNS,
    Level,
    Method,
    Program,
    WordProblem,
    collect_operations,
    compute_method,
    get_operands,
    parse_program,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One template: the text of a problem with the numbers and methods of its family."""

    name: str
    """Name of the story; problems of one story are a group."""
    family: str
    """Name of the family."""
    text: str
    """The question, with fields for numbers, people and words."""
    slots: Mapping[str, range]
    """The ranges of the numbers that are drawn."""
    derived: Program
    """The program that computes further numbers from those."""
    methods: tuple[Program, ...]
    """The methods; all end in the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryTable:
    """What `stories.yaml` holds, in one language."""

    people: tuple[tuple[str, str], ...]
    """Names, each with `she` or `he`."""
    words: Mapping[str, Sequence[str]]
    """Interchangeable words, by field."""
    stories: tuple[Story, ...]
    """Every story of every family."""


def make_school_level(table: StoryTable) -> Level:
    """Make the level `school` from a table; each story is a group."""
    stories = {story.name: story for story in table.stories}
    return Level(groups=tuple(stories), write_problem=partial(_write_problem, stories, table))


def _write_problem(stories: Mapping[str, Story], table: StoryTable, group: str, key: str) -> WordProblem | None:
    story = stories[group]
    values = _draw_numbers(story, key)
    methods = _compute_methods(story, values)
    if methods is None:
        return None
    question = story.text.format_map({**values, **_draw_words(key, table)})
    return WordProblem(question=question, category=story.family, methods=methods)


def _draw_numbers(story: Story, key: str) -> dict[str, int]:
    """Draw the slots and compute the derived numbers: together they fill all number fields of the text."""
    values = {name: pick(span, key, name) for name, span in story.slots.items()}
    for step in story.derived:
        values[step.name] = OPERATIONS[step.op](*get_operands(step, values))
    return values


def _draw_words(key: str, table: StoryTable) -> dict[str, str]:
    name, pronoun = pick(table.people, key, "name")
    friend, _ = pick([person for person in table.people if person[0] != name], key, "friend")
    words = {word: pick(choices, key, word) for word, choices in table.words.items()}
    return {"name": name, "friend": friend, **PRONOUNS[pronoun], **words}


def _compute_methods(story: Story, values: Mapping[str, int]) -> tuple[Method, ...] | None:
    """Compute every method; None where a step is unsuitable or two methods have the same operations."""
    methods: list[Method] = []
    for program in story.methods:
        method = compute_method(program, values)
        if method is None:
            return None
        methods.append(method)
    return tuple(methods) if len(set(map(collect_operations, methods))) == len(methods) else None


@cache
def load_table(language: str = ENGLISH) -> StoryTable:
    """Read the stories of a language; their numbers and methods are the same in all."""
    structure = _read_yaml("stories.yaml")
    phrasing = structure if language == ENGLISH else _read_yaml(f"stories.{language}.yaml")
    families: Mapping[str, Any] = structure["families"]
    texts = (
        phrasing["stories"] if "stories" in phrasing else {name: parts["stories"] for name, parts in families.items()}
    )
    return StoryTable(
        people=tuple((name, pronoun) for pronoun, names in phrasing["people"].items() for name in names),
        words=phrasing["words"],
        stories=tuple(
            _parse_story(name, texts[family][name], family, parts)
            for family, parts in families.items()
            for name in parts["stories"]
        ),
    )


def _read_yaml(name: str) -> Any:
    return YAML(typ="safe").load(files("cotloom.builder.sources").joinpath(name).read_text(encoding="utf-8"))


def _parse_story(name: str, text: str, family: str, parts: Mapping[str, Any]) -> Story:
    return Story(
        name=name,
        family=family,
        text=text,
        slots={slot: _make_range(*limits) for slot, limits in parts["slots"].items()},
        derived=parse_program(parts["given"]) if "given" in parts else (),
        methods=tuple(parse_program(method) for method in parts["methods"]),
    )


def _make_range(lowest: int, highest: int, step: int = 1) -> range:
    return range(lowest, highest + 1, step)
