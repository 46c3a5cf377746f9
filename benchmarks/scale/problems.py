"""The problems of a task: a question, its gold answer, and what a rationale needs to solve it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from lexicon import CONTEXT, WORDS, Frame, fill
from tasks import Task

CONTEXT_CHARACTERS, SPREAD = 4.22, 0.85
"""Mean and deviation of the logarithm of the characters of context: questions then have 388 characters on average."""

MEASURES = ("kilos", "litres", "metres", "hours", "grams", "gallons", "tons", "miles")

Program = Sequence[tuple[str, int, int]]
"""Steps of a method: operator and two operands, each the index of a given number or, below zero, of a result."""

Facts = Sequence[tuple[str, dict[str, str]]]
"""Facts of a question: the kind of each, and its words."""


@dataclass(frozen=True, slots=True)
class MadeProblem:
    """A problem with what its rationales are written from."""

    kind: str
    task: str
    question: str
    gold: str
    choices: tuple[str, ...]
    who: tuple[str, ...]
    """The names that it is about."""
    unit: str
    """What is counted."""
    numbers: tuple[float, ...]
    """The given numbers."""
    programs: tuple[Program, ...]
    """The methods; empty where nothing is computed."""
    facts: tuple[tuple[str, ...], ...]
    """The words of the facts that decide: of each option what it is and where, of a rule and its goods, of a chain."""
    right: int
    """The place of the answer: among the choices, among the names of a chain, 1 for yes."""


def format_number(value: float) -> str:
    """Write a number without needless decimals.

    >>> format_number(12.0), format_number(12.75), format_number(1250)
    ('12', '12.75', '1250')
    """
    return str(int(value)) if value == int(value) else f"{value:.2f}"


def compute(program: Program, numbers: Sequence[float]) -> list[float]:
    """Compute the result of each step.

    >>> compute([("+", 0, 1), ("*", -1, 2)], [3, 4, 2])
    [7, 14]
    """
    results: list[float] = []
    for op, left, right in program:
        a = numbers[left] if left >= 0 else results[-left - 1]
        b = numbers[right] if right >= 0 else results[-right - 1]
        results.append(a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b)
    return results


def make_problem(task: Task, chance: Random) -> MadeProblem:
    """Make one problem of a task."""
    return _STORIES[task.story](task, chance)


def _pick(words: Sequence[str], chance: Random) -> str:
    return words[int(chance.random() * len(words))]


def _write_question(task: Task, chance: Random, facts: Facts, asked: dict[str, str]) -> str:
    """Write opening, facts with context between them, and the question."""
    sentences = [_write(task, chance, fact, words) for fact, words in facts]
    budget = chance.lognormvariate(CONTEXT_CHARACTERS, SPREAD)
    while budget > 35:
        context = fill(_pick_frame(CONTEXT, chance), task.pools, chance.random)
        sentences.insert(int(chance.random() * (len(sentences) + 1)), context)
        budget -= len(context)
    asking = _fill_words(task.asking, task.pools, chance, asked)
    return " ".join([task.opening, *sentences, asking])


def _pick_frame(frames: Sequence[Frame], chance: Random) -> Frame:
    return frames[int(chance.random() * len(frames))]


def _write(task: Task, chance: Random, fact: str, words: dict[str, str]) -> str:
    sentence = _fill_words(task.facts[fact], task.pools, chance, words)
    return sentence[0].upper() + sentence[1:]


def _fill_words(frame: Frame, pools: Mapping[str, Sequence[str]], chance: Random, words: dict[str, str]) -> str:
    text, fields = frame
    return text % tuple([words[field] if field in words else _pick(pools[field], chance) for field in fields])


def _format_given(value: float, chance: Random) -> str:
    """Write a given number, with separators now and then."""
    return f"{int(value):,}" if value >= 1_000 and chance.random() < 0.5 else format_number(value)


def _draw_size(chance: Random) -> int:
    """Draw how large the numbers of a problem are: mostly small."""
    return _SIZES[int(chance.random() * len(_SIZES))]


_SIZES = (1, 1, 1, 1, 3, 3, 10, 40)


def _make_number(
    task: Task, chance: Random, facts: Facts, named: tuple[str, str],
    numbers: Sequence[float], programs: Sequence[Program],
) -> MadeProblem:  # fmt: skip
    who, unit = named
    words = {"who": who, "unit": unit}
    question = _write_question(task, chance, [(fact, {**words, **given}) for fact, given in facts], words)
    gold = format_number(compute(programs[0], numbers)[-1])
    return MadeProblem(task.kind, task.name, question, gold, (), (who,), unit, tuple(numbers), tuple(programs), (), 0)


def _make_ledger(task: Task, chance: Random) -> MadeProblem:
    """Something is there, then gains and losses."""
    size = _draw_size(chance)
    signs = [chance.choice("+-") for _ in range(chance.choice((2, 3, 3, 4)))]
    amounts = [chance.randrange(2, 25) * size + chance.randrange(size) for _ in signs]
    start = sum(a for a, sign in zip(amounts, signs, strict=True) if sign == "-") + chance.randrange(3, 60) * size
    numbers = [float(start), *map(float, amounts)]
    facts = [("start", {"n": _format_given(start, chance)})]
    facts += [(sign, {"n": _format_given(a, chance)}) for sign, a in zip(signs, amounts, strict=True)]
    named = _pick(WORDS["name"], chance), _pick(task.pools["noun"], chance)
    return _make_number(task, chance, facts, named, numbers, _list_ledgers("".join(signs)))


@cache
def _list_ledgers(signs: str) -> tuple[Program, ...]:
    """List the methods of a ledger: in order, gains first, losses first, gains and losses added up before."""
    events = list(zip(signs, range(1, len(signs) + 1), strict=True))
    gains, losses = ([event for event in events if event[0] == sign] for sign in "+-")
    orders = [events, [*gains, *losses], [*losses, *gains], events[::-1]]
    programs: dict[Program, None] = dict.fromkeys(_chain(order) for order in orders)
    if len(losses) > 1:
        added = [("+", losses[0][1], losses[1][1]), *(("+", -k, item[1]) for k, item in enumerate(losses[2:], 1))]
        done = len(added)
        steps = [(op, 0 if k == 0 else -(done + k), index) for k, (op, index) in enumerate(gains)]
        last = ("-", -(done + len(steps)) if steps else 0, -done)
        programs[(*added, *steps, last)] = None
    return tuple(programs)


def _chain(events: Sequence[tuple[str, int]]) -> tuple[tuple[str, int, int], ...]:
    return tuple((op, 0 if k == 0 else -k, index) for k, (op, index) in enumerate(events))


def _make_packs(task: Task, chance: Random) -> MadeProblem:
    """Two lots of packs, and a loss."""
    measured = chance.random() < 0.25
    first, second = (chance.randrange(2, 40) for _ in "ab")
    each = float(chance.randrange(2, 30)) + (chance.randrange(4) / 4 if measured else 0)
    other = each if chance.random() < 0.4 else float(chance.randrange(2, 30))
    lost = float(chance.randrange(2, int(first * each) + 1)) if first * each > 3 else 1.0
    numbers = [float(first), each, float(second), other, lost]
    programs: list[Program] = [(("*", 0, 1), ("*", 2, 3), ("+", -1, -2), ("-", -3, 4))]
    programs.append((("*", 0, 1), ("-", -1, 4), ("*", 2, 3), ("+", -2, -3)))
    if each == other:
        programs.append((("+", 0, 2), ("*", -1, 1), ("-", -2, 4)))
    if chance.random() < 0.5:  # no loss
        programs = [program[:3] for program in programs[:1]] + [program[:2] for program in programs[2:]]
        numbers.pop()
    named = _pick(WORDS["name"], chance), _pick(MEASURES if measured else task.pools["noun"], chance)
    given = [format_number(value) for value in numbers]
    facts = [("pack", {"n": given[0], "m": given[1]}), ("pack2", {"n": given[2], "m": given[3]})]
    facts += [("-", {"n": item}) for item in given[4:]]
    return _make_number(task, chance, facts, named, numbers, programs)


def _make_shares(task: Task, chance: Random) -> MadeProblem:
    """Equal portions, something taken from each, and a number of portions."""
    size = _draw_size(chance)
    portions, each = chance.randrange(3, 25), chance.randrange(4, 40) * size
    removed, taken = chance.randrange(1, each - 1), chance.randrange(2, portions + 1)
    numbers = [float(portions * each), float(portions), float(removed), float(taken)]
    facts = [
        ("share", {"n": _format_given(numbers[0], chance), "m": str(portions)}),
        ("remove", {"n": _format_given(removed, chance)}),
        ("take", {"n": str(taken)}),
    ]
    programs: list[Program] = [
        (("/", 0, 1), ("-", -1, 2), ("*", 3, -2)),
        (("/", 0, 1), ("*", -1, 3), ("*", 2, 3), ("-", -2, -3)),
    ]
    named = _pick(WORDS["name"], chance), _pick(task.pools["noun"], chance)
    return _make_number(task, chance, facts, named, numbers, programs)


def _make_choice(task: Task, chance: Random) -> MadeProblem:
    """Options that are something and are somewhere; one fits the wish."""
    count = chance.choice((3, 4, 4, 5))
    options = [noun[:-1] + " of " + name for noun, name in zip(
        chance.sample(task.pools["noun"], count), chance.sample(WORDS["name"], count), strict=True
    )]  # fmt: skip
    adjs, places = chance.sample(task.pools["adj"], 3), chance.sample(task.pools["place"], 3)
    right = chance.randrange(count)
    traits = [_draw_distractor(adjs, places, chance) for _ in options]
    traits[right] = (adjs[0], places[0])
    who = _pick(WORDS["name"], chance)
    facts = [("wish", {"who": who, "adj1": adjs[0], "place1": places[0]})]
    facts += [
        ("option", {"option": option, "adj1": adj, "place1": place})
        for option, (adj, place) in zip(options, traits, strict=True)
    ]
    question = _write_question(task, chance, facts, {"who": who})
    gold = options[right] if task.text_gold else "ABCDE"[right]
    words = ((adjs[0], places[0]), *traits)
    return MadeProblem(task.kind, task.name, question, gold, tuple(options), (who,), "", (), (), words, right)


def _draw_distractor(adjs: Sequence[str], places: Sequence[str], chance: Random) -> tuple[str, str]:
    """Draw what an option is and where, other than the first of both."""
    adj, place = chance.choice(((0, 1), (0, 2), (1, 0), (2, 0), (1, 1), (2, 2)))
    return adjs[adj], places[place]


def _make_rule(task: Task, chance: Random) -> MadeProblem:
    """A rule with two conditions, and goods that meet both or not."""
    adjs, places = chance.sample(task.pools["adj"], 3), chance.sample(task.pools["place"], 3)
    is_met = chance.random() < 0.5
    adj, place = (adjs[0], places[0]) if is_met else _draw_distractor(adjs, places, chance)
    who, unit = _pick(WORDS["name"], chance), _pick(task.pools["noun"], chance)
    facts = [
        ("rule", {"adj1": adjs[0], "place1": places[0]}),
        ("goods", {"who": who, "unit": unit, "adj1": adj, "place1": place}),
    ]
    question = _write_question(task, chance, facts, {"who": who})
    words = ((adjs[0], places[0]), (adj, place))
    gold = "yes" if is_met else "no"
    return MadeProblem(task.kind, task.name, question, gold, (), (who,), unit, (), (), words, int(is_met))


def _make_chain(task: Task, chance: Random) -> MadeProblem:
    """Things go from hand to hand."""
    names = chance.sample(WORDS["name"], chance.choice((3, 4, 4, 5, 6)))
    unit = _pick(task.pools["noun"], chance)
    pairs = list(pairwise(names))
    facts = [("hand", {"a": a, "b": b, "unit": unit}) for a, b in pairs]
    question = _write_question(task, chance, facts, {"unit": unit})
    last = len(names) - 1
    return MadeProblem(task.kind, task.name, question, names[-1], (), tuple(names), unit, (), (), tuple(pairs), last)


_STORIES: Mapping[str, Callable[[Task, Random], MadeProblem]] = {
    "ledger": _make_ledger,
    "packs": _make_packs,
    "shares": _make_shares,
    "choice": _make_choice,
    "rule": _make_rule,
    "chain": _make_chain,
}
"""What makes the problems of each story."""
