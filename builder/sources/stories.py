"""Stories: arithmetic of the level `school`.

They come from `stories.yaml`: a family gives numbers and methods, a story the words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

from cotloom.builder.sources.programs import (
    OPERATIONS,
    PRONOUNS,
    Level,
    Method,
    Program,
    Told,
    operands,
    operations,
    parse_program,
    work_out,
)
from cotloom.schemas.chance import pick
from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One template: the words of a problem with the numbers and methods of its family."""

    name: str
    """Name of the story; problems of one story are a group."""
    family: str
    """Name of the family."""
    text: str
    """The question, with fields for numbers, people and words."""
    slots: Mapping[str, range]
    """The numbers that are drawn."""
    given: Program
    """The numbers that are made from those."""
    methods: tuple[Program, ...]
    """The ways to the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What `stories.yaml` holds."""

    people: tuple[tuple[str, str], ...]
    """Names, each with `she` or `he`."""
    words: Mapping[str, Sequence[str]]
    """Words that may stand for one another."""
    stories: tuple[Story, ...]
    """Every story of every family."""


def school(table: Table) -> Level:
    """The level that tells the stories of a table; each is a group."""
    stories = {story.name: story for story in table.stories}
    return Level(groups=tuple(stories), tell=partial(_tell, stories, table))


def _tell(stories: Mapping[str, Story], table: Table, group: str, key: str) -> Told | None:
    story = stories[group]
    values = _numbers(story, key)
    methods = _methods(story, values)
    if methods is None:
        return None
    question = story.text.format_map({**values, **_words(key, table)})
    return Told(question=question, category=story.family, methods=methods)


def _numbers(story: Story, key: str) -> dict[str, int]:
    """Draw the slots and make the given numbers from them; the names in a text are all in it."""
    values = {name: pick(span, key, name) for name, span in story.slots.items()}
    for step in story.given:
        values[step.name] = OPERATIONS[step.op](*operands(step, values))
    return values


def _words(key: str, table: Table) -> dict[str, str]:
    name, pronoun = pick(table.people, key, "name")
    friend, _ = pick([person for person in table.people if person[0] != name], key, "friend")
    words = {word: pick(choices, key, word) for word, choices in table.words.items()}
    return {"name": name, "friend": friend, **PRONOUNS[pronoun], **words}


def _methods(story: Story, values: Mapping[str, int]) -> tuple[Method, ...] | None:
    """Work out every method; None where one has an unfit step or two come to the same operations."""
    methods: list[Method] = []
    for program in story.methods:
        method = work_out(program, values)
        if method is None:
            return None
        methods.append(method)
    return tuple(methods) if len(set(map(operations, methods))) == len(methods) else None


@cache
def load_table() -> Table:
    """Read `stories.yaml`."""
    text = files("cotloom.builder.sources").joinpath("stories.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe").load(text)
    return Table(
        people=tuple((name, pronoun) for pronoun, names in raw["people"].items() for name in names),
        words=raw["words"],
        stories=tuple(
            _story(name, words, family, parts)
            for family, parts in raw["families"].items()
            for name, words in parts["stories"].items()
        ),
    )


def _story(name: str, text: str, family: str, parts: Mapping[str, Any]) -> Story:
    return Story(
        name=name,
        family=family,
        text=text,
        slots={slot: _span(*limits) for slot, limits in parts["slots"].items()},
        given=parse_program(parts["given"]) if "given" in parts else (),
        methods=tuple(parse_program(method) for method in parts["methods"]),
    )


def _span(lowest: int, highest: int, step: int = 1) -> range:
    return range(lowest, highest + 1, step)
