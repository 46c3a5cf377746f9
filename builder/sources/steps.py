"""Steps: arithmetic of the level `small`, for students of some hundred thousand parameters.

Somebody has some of a thing, four events add to it or take away, and the question asks how many there are. The parts
come from `steps.yaml`; a group is an opening, a pattern of + and - and a question, and every other choice is free, so
that a student that never saw a group knows all its words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from cotloom.builder.sources.programs import PRONOUNS, Formula, Level, Method, Program, Told, operations, work_out
from cotloom.schemas.chance import pick
from ruamel.yaml import YAML

LARGEST = 20
"""No number of a problem or of one of its methods is larger."""

START = range(2, 19)
"""What somebody has at first."""

AMOUNTS = range(2, 10)
"""What an event adds or takes away."""

SLOTS = "abcd"
"""Names of the four amounts; `s` is the start."""

FEWEST, MOST = 3, 4
"""Methods of a problem."""

PATTERNS = tuple("".join(signs) for signs in product("+-", repeat=len(SLOTS)) if len(set(signs)) > 1)
"""Signs of the events. Four alike are left out: there is one method only to add four numbers."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What `steps.yaml` holds."""

    people: Sequence[tuple[str, str]]
    """Names, each with `she` or `he`."""
    items: Sequence[str]
    """What is counted, as plurals."""
    openings: Mapping[str, str]
    """First sentences, by name."""
    times: Sequence[str]
    """What an event may begin with."""
    events: Mapping[str, Sequence[str]]
    """Events by their sign."""
    questions: Mapping[str, str]
    """Last sentences, by name."""


@cache
def load_parts() -> Parts:
    """Read `steps.yaml`."""
    raw = YAML(typ="safe").load(files("cotloom.builder.sources").joinpath("steps.yaml").read_text(encoding="utf-8"))
    people = tuple((name, pronoun) for pronoun, names in raw.pop("people").items() for name in names)
    return Parts(people=people, **raw)


def small() -> Level:
    """The level of small problems."""
    parts = load_parts()
    names = product(parts.openings, PATTERNS, parts.questions)
    return Level(groups=tuple(map("/".join, names)), tell=_tell)


def _tell(group: str, key: str) -> Told | None:
    opening, pattern, question = group.split("/")
    values = {"s": pick(START, key, "s"), **{slot: pick(AMOUNTS, key, slot) for slot in SLOTS}}
    methods = methods_of(pattern, values)
    if methods is None:
        return None
    return Told(question=_text(opening, pattern, question, values, key), category=pattern, methods=methods)


# Methods


def methods_of(pattern: str, values: Mapping[str, int]) -> tuple[Method, ...] | None:
    """Work out the methods of a problem, the one that goes through the events in order first.

    Args:
        pattern: the signs of the events.
        values: the start `s` and the amounts `a` to `d`.

    Returns:
        Methods of different operations with all numbers in 1..20. None where the first of them has another number, or
        too few are left.
    """
    first, *others = programs_of(pattern)
    in_order = _fitting(first, values)
    if in_order is None or any(values[slot] == values["s"] for slot in SLOTS):  # else two methods may read alike
        return None
    fitting = (_fitting(program, values) for program in others)
    distinct: dict[object, Method] = {operations(in_order): in_order}
    for method in filter(None, fitting):
        distinct.setdefault(operations(method), method)
    methods = tuple(distinct.values())[:MOST]
    return methods if len(methods) >= FEWEST else None


def _fitting(program: Program, values: Mapping[str, int]) -> Method | None:
    """Work a method out; None where an amount could be taken for a result before it, or two results for one."""
    method = work_out(program, values, LARGEST)
    if method is None:
        return None
    results = [step.result for step in method[:-1]]
    amounts = ({values.get(name) for name in formula.operands} for formula in program)
    mistaken = any(own & set(results[:place]) for place, own in enumerate(amounts))
    return None if mistaken or len(set(results)) < len(results) else method


@cache
def programs_of(pattern: str) -> tuple[Program, ...]:
    """Every method for a pattern: in order; gains first; both sums apart; by the net change; losses first.

    Those that come to the same operations, or can't be worked out with the numbers, are left out later.
    """
    signs = tuple(zip(pattern, SLOTS, strict=True))
    gains, losses = (tuple(step for step in signs if step[0] == sign) for sign in "+-")
    gained, lost = _sum(gains, "gained"), _sum(losses, "lost")
    up, down = gained[-1].name if gained else gains[0][1], lost[-1].name if lost else losses[0][1]
    both = (*gained, *lost)
    rise, fall = (
        Formula(name="net", op="-", operands=(up, down)),
        Formula(name="net", op="-", operands=(down, up)),
    )
    apart = (*both, *_running("s", (("+", up), ("-", down)), "at"))
    return (
        _running("s", signs, "at"),
        _running("s", (*gains, *losses), "at"),
        *((apart,) if lost else ()),  # one loss taken away last is `gains first` again
        (*both, rise, *_running("s", (("+", "net"),), "at")),
        (*both, fall, *_running("s", (("-", "net"),), "at")),
        _running("s", (*losses, *gains), "at"),
    )


def _sum(steps: Sequence[tuple[str, str]], name: str) -> Program:
    """Add up the amounts of events of one sign; no step where there is one event."""
    (_, first), *others = steps
    return _running(first, [("+", slot) for _, slot in others], name)


def _running(first: str, steps: Sequence[tuple[str, str]], name: str) -> Program:
    """Go through signed amounts one after the other."""
    names = [first, *(f"{name} {place}" for place in range(len(steps)))]
    return tuple(
        Formula(name=result, op=sign, operands=(before, slot))
        for before, result, (sign, slot) in zip(names, names[1:], steps, strict=False)
    )


# Words


def _text(opening: str, pattern: str, question: str, values: Mapping[str, int], key: str) -> str:
    parts = load_parts()
    name, pronoun = pick(parts.people, key, "name")
    words = {"name": name, "items": pick(parts.items, key, "items"), **PRONOUNS[pronoun]}
    events = (_event(sign, values[slot], words, f"{key}/{slot}") for sign, slot in zip(pattern, SLOTS, strict=True))
    first = parts.openings[opening].format_map({**words, "n": values["s"]})
    return " ".join([first, *events, parts.questions[question].format_map(words)])


def _event(sign: str, amount: int, words: Mapping[str, str], key: str) -> str:
    parts = load_parts()
    friend = pick([name for name, _ in parts.people if name != words["name"]], key, "friend")
    said = pick(parts.events[sign], key, "event").format_map({**words, "friend": friend, "n": amount})
    sentence = f"{pick(parts.times, key, 'time')}{said}."
    return sentence[0].upper() + sentence[1:]
