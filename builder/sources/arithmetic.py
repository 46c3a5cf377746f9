"""The source `arithmetic`: worded multi-step problems of our own, each with several methods.

The problems come from `stories.yaml`: a family gives numbers and methods, a story the words. Every choice is a
keyed hash, so that problem number 7 is the same however many are asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count
from operator import add, floordiv, mul, sub
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML

from builder.errors import InputError
from schemas.chance import pick
from schemas.ids import canonical, rank
from schemas.problem import AnswerType, Problem, problem_id
from schemas.recipe import ArithmeticSource

LICENSE = "Apache-2.0"
"""The stories are part of this package and under its licence."""

TRIES = 1000
"""Draws for one problem before a story counts as told out."""

LARGEST = 20_000
"""No number of a method is larger."""

OPERATIONS = MappingProxyType({"+": add, "-": sub, "*": mul, "/": floordiv})
COMMUTATIVE = frozenset("+*")
PRONOUNS = MappingProxyType(
    {
        "she": {"they": "she", "They": "She", "their": "her", "them": "her"},
        "he": {"they": "he", "They": "He", "their": "his", "them": "him"},
    }
)

_STEP = re.compile(r"\s*([a-z]+) = ([a-z]+|\d+) ([-+*/]) ([a-z]+|\d+)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Formula:
    """One step of a method, over names: `total = both * b`."""

    name: str
    """What the result is called."""
    op: str
    """One of + - * /."""
    operands: tuple[str, str]
    """Names of slots or earlier results, or written numbers."""


Program = tuple[Formula, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One step of a method, over numbers."""

    op: str
    """One of + - * /."""
    args: tuple[int, int]
    """The two numbers, as the step writes them."""
    result: int
    """What it comes to."""

    @property
    def key(self) -> tuple[str, tuple[int, ...]]:
        """The operation apart from the order of what is added or multiplied."""
        return self.op, tuple(sorted(self.args)) if self.op in COMMUTATIVE else self.args


Method = tuple[Operation, ...]


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


def make_problems(source: ArithmeticSource, seed: int) -> list[Problem]:
    """Make the problems of a source.

    Args:
        source: says how many, and by its name which ones.
        seed: another seed makes other problems.

    Returns:
        Problems with distinct questions. The first n are the same whatever number is asked for.

    Raises:
        InputError: the stories can't be told in so many ways.
    """
    return _make(source, seed, load_table())


def _make(source: ArithmeticSource, seed: int, table: Table) -> list[Problem]:
    asked: set[str] = set()
    problems: list[Problem] = []
    turns = _turns(f"{seed}/{source.name}", table.stories)
    for number, story in zip(range(source.problems), turns, strict=False):
        question, methods = _draw(story, f"{seed}/{source.name}/{number}", table, asked)
        asked.add(question)
        problems.append(_problem(source, number, story, question, methods))
    return problems


def _turns(key: str, stories: Sequence[Story]) -> Iterator[Story]:
    """Let every story have one turn in each round, in an order that is drawn anew for the round."""
    for turn in count():
        yield from sorted(stories, key=lambda story: rank(f"{key}/{turn}", story.name))


def _draw(story: Story, key: str, table: Table, asked: set[str]) -> tuple[str, tuple[Method, ...]]:
    """Draw numbers and words until they make a sound problem that was not asked before."""
    for attempt in range(TRIES):
        again = f"{key}/{attempt}"
        values = _numbers(story, again)
        methods = _methods(story, values)
        if methods is None:
            continue
        question = story.text.format_map({**values, **_words(again, table)})
        if question not in asked:
            return question, methods
    raise InputError(
        f"the source asks for more arithmetic problems than the story {story.name!r} has room for",
        hint="ask for fewer problems",
    )


def _numbers(story: Story, key: str) -> dict[str, int]:
    """Draw the slots and make the given numbers from them; the names in a text are all in it."""
    values = {name: pick(span, key, name) for name, span in story.slots.items()}
    for step in story.given:
        values[step.name] = OPERATIONS[step.op](*_operands(step, values))
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
    operations = {frozenset(step.key for step in method) for method in methods}
    return tuple(methods) if len(operations) == len(methods) else None


def work_out(program: Program, values: Mapping[str, int]) -> Method | None:
    """Put numbers into a program.

    Returns:
        The steps, or None where one of them is unfit for a school book: a result that is not positive, whole and
        of modest size, a factor or divisor of 1, or a step that was done before.
    """
    known = dict(values)
    steps: list[Operation] = []
    for formula in program:
        step = _apply(formula, known)
        if step is None or any(step.key == earlier.key for earlier in steps):
            return None
        known[formula.name] = step.result
        steps.append(step)
    return tuple(steps)


def _apply(formula: Formula, known: Mapping[str, int]) -> Operation | None:
    left, right = _operands(formula, known)
    if formula.op in "*/" and 1 in {left, right}:
        return None
    if formula.op == "/" and left % right:
        return None
    result: int = OPERATIONS[formula.op](left, right)
    if not 0 < result <= LARGEST:
        return None
    return Operation(op=formula.op, args=(left, right), result=result)


def _operands(formula: Formula, known: Mapping[str, int]) -> tuple[int, int]:
    left, right = (int(name) if name.isdigit() else known[name] for name in formula.operands)
    return left, right


def _problem(
    source: ArithmeticSource, number: int, story: Story, question: str, methods: tuple[Method, ...]
) -> Problem:
    return Problem(
        problem_id=problem_id(question),
        source=source.name,
        origin=f"{source.name}:{number}",
        task="arithmetic",
        category=story.family,
        question=question,
        answer=str(methods[0][-1].result),
        answer_type=AnswerType.NUMBER,
        group=story.name,
        license=LICENSE,
        metadata=canonical({"methods": methods}),
    )


@cache
def load_table() -> Table:
    """Read `stories.yaml`."""
    text = files("builder.sources").joinpath("stories.yaml").read_text(encoding="utf-8")
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


def parse_program(text: str) -> Program:
    """Read a program: steps of the form `name = operand op operand`, parted by semicolons.

    Raises:
        ValueError: a step has another form.
    """
    return tuple(map(_parse_step, text.split(";")))


def _parse_step(text: str) -> Formula:
    found = _STEP.fullmatch(text)
    if found is None:
        message = f"not a step of the form `name = operand op operand`: {text!r}"
        raise ValueError(message)
    name, left, op, right = found.groups()
    return Formula(name=name, op=op, operands=(left, right))
