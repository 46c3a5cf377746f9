"""Arithmetic problems of the level `small`, for students of a few hundred thousand parameters.

A person has a number of items, four events add or remove some, and the question asks for the result. The sentences
come from `steps.yaml`, in Chinese from `steps.zh.yaml`. A group is an opening, a pattern of + and -, and a question;
all other choices are independent of it, so the words of an unseen group occur in other groups too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import product

from ruamel.yaml import YAML

from ...schemas.ids import pick
from ..languages import ENGLISH, Wording, choose_wording
from .programs import (
    PRONOUNS,
    Formula,
    Level,
    Method,
    Program,
    WordProblem,
    collect_operations,
    compute_method,
)

LARGEST = 20
"""The largest number of a problem and of its methods."""

START = range(2, 19)
"""Possible start values."""

AMOUNTS = range(2, 10)
"""Possible amounts of an event."""

SLOTS = "abcd"
"""Names of the four amounts; `s` is the start."""

FEWEST, MOST = 3, 4
"""Least and greatest number of methods of a problem."""

PATTERNS = tuple("".join(signs) for signs in product("+-", repeat=len(SLOTS)) if len(set(signs)) > 1)
"""Signs of the events. Four equal signs are left out, because they allow only one method."""


@dataclass(frozen=True, slots=True)
class SentenceParts:
    """What `steps.yaml` holds."""

    people: Sequence[tuple[str, str]]
    """Names, each with `she` or `he`."""
    items: Sequence[str]
    """The items that are counted, in the plural."""
    openings: Mapping[str, str]
    """First sentences, by name."""
    times: Sequence[str]
    """Optional beginnings of an event."""
    events: Mapping[str, Sequence[str]]
    """Events by their sign."""
    questions: Mapping[str, str]
    """Last sentences, by name."""


@cache
def load_parts(language: str = ENGLISH) -> SentenceParts:
    """Read the sentences of a language; they have the same names in all."""
    name = "steps.yaml" if language == ENGLISH else f"steps.{language}.yaml"
    raw = YAML(typ="safe").load(files("cotloom.builder.sources").joinpath(name).read_text(encoding="utf-8"))
    people = tuple((name, pronoun) for pronoun, names in raw.pop("people").items() for name in names)
    return SentenceParts(people=people, **raw)


def make_small_level(language: str = ENGLISH) -> Level:
    """Make the level `small`."""
    parts = load_parts()
    names = product(parts.openings, PATTERNS, parts.questions)
    return Level(groups=tuple(map("/".join, names)), write_problem=partial(_write_problem, language))


def _write_problem(language: str, group: str, key: str) -> WordProblem | None:
    opening, pattern, question = group.split("/")
    values = {"s": pick(START, key, "s"), **{slot: pick(AMOUNTS, key, slot) for slot in SLOTS}}
    methods = compute_methods(pattern, values)
    if methods is None:
        return None
    phrasing = _Phrasing(parts=load_parts(language), wording=choose_wording(language), key=key)
    return WordProblem(
        question=_write_question(phrasing, opening, pattern, question, values), category=pattern, methods=methods
    )


# Methods


def compute_methods(pattern: str, values: Mapping[str, int]) -> tuple[Method, ...] | None:
    """Compute the methods of a problem; the first follows the events in order.

    Args:
        pattern: the signs of the events.
        values: the start `s` and the amounts `a` to `d`.

    Returns:
        Methods with different operations and all numbers in 1..20. None where the first method has another number,
        or fewer than `FEWEST` are left.
    """
    first, *others = list_programs(pattern)
    in_order = _compute_unambiguous(first, values)
    if in_order is None or any(values[slot] == values["s"] for slot in SLOTS):  # else two methods may look the same
        return None
    candidates = (_compute_unambiguous(program, values) for program in others)
    distinct: dict[object, Method] = {collect_operations(in_order): in_order}
    for method in filter(None, candidates):
        distinct.setdefault(collect_operations(method), method)
    methods = tuple(distinct.values())[:MOST]
    return methods if len(methods) >= FEWEST else None


def _compute_unambiguous(program: Program, values: Mapping[str, int]) -> Method | None:
    """Compute a method; None where an amount equals an earlier result, or two results are equal."""
    method = compute_method(program, values, LARGEST)
    if method is None:
        return None
    results = [step.result for step in method[:-1]]
    amounts = ({values.get(name) for name in formula.operands} for formula in program)
    is_ambiguous = any(own & set(results[:index]) for index, own in enumerate(amounts))
    return None if is_ambiguous or len(set(results)) < len(results) else method


@cache
def list_programs(pattern: str) -> tuple[Program, ...]:
    """List the programs for a pattern: in order; gains first; separate sums; net change; losses first.

    `compute_methods` later drops those with the same operations and those that the numbers do not allow.
    """
    signs = tuple(zip(pattern, SLOTS, strict=True))
    gains, losses = (tuple(step for step in signs if step[0] == sign) for sign in "+-")
    gained, lost = _add_up(gains, "gained"), _add_up(losses, "lost")
    up, down = gained[-1].name if gained else gains[0][1], lost[-1].name if lost else losses[0][1]
    both = (*gained, *lost)
    rise, fall = (
        Formula(name="net", op="-", operands=(up, down)),
        Formula(name="net", op="-", operands=(down, up)),
    )
    separate = (*both, *_accumulate("s", (("+", up), ("-", down)), "at"))
    return (
        _accumulate("s", signs, "at"),
        _accumulate("s", (*gains, *losses), "at"),
        *((separate,) if lost else ()),  # with one loss, this is `gains first` again
        (*both, rise, *_accumulate("s", (("+", "net"),), "at")),
        (*both, fall, *_accumulate("s", (("-", "net"),), "at")),
        _accumulate("s", (*losses, *gains), "at"),
    )


def _add_up(steps: Sequence[tuple[str, str]], name: str) -> Program:
    """Add up the amounts of the events of one sign; a single event needs no step."""
    (_, first), *others = steps
    return _accumulate(first, [("+", slot) for _, slot in others], name)


def _accumulate(first: str, steps: Sequence[tuple[str, str]], name: str) -> Program:
    """Apply signed amounts one after the other."""
    names = [first, *(f"{name} {index}" for index in range(len(steps)))]
    return tuple(
        Formula(name=result, op=sign, operands=(before, slot))
        for before, result, (sign, slot) in zip(names, names[1:], steps, strict=False)
    )


# Words


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrasing:
    """What decides the words of a problem."""

    parts: SentenceParts
    wording: Wording
    key: str


def _write_question(phrasing: _Phrasing, opening: str, pattern: str, question: str, values: Mapping[str, int]) -> str:
    parts, key = phrasing.parts, phrasing.key
    name, pronoun = pick(parts.people, key, "name")
    words = {"name": name, "items": pick(parts.items, key, "items"), **PRONOUNS[pronoun]}
    events = (
        _write_event(phrasing, sign, values[slot], words, f"{key}/{slot}")
        for sign, slot in zip(pattern, SLOTS, strict=True)
    )
    first = parts.openings[opening].format_map({**words, "n": values["s"]})
    return phrasing.wording.join(first, *events, parts.questions[question].format_map(words))


def _write_event(phrasing: _Phrasing, sign: str, amount: int, words: Mapping[str, str], key: str) -> str:
    parts = phrasing.parts
    friend = pick([name for name, _ in parts.people if name != words["name"]], key, "friend")
    event = pick(parts.events[sign], key, "event").format_map({**words, "friend": friend, "n": amount})
    sentence = f"{pick(parts.times, key, 'time')}{event}{phrasing.wording.full_stop}"
    return sentence[0].upper() + sentence[1:]
