"""Recorded answers of a problem: rationales of several methods and wordings, some of them wrong, some repeated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from lexicon import THOUGHTS, UNSURE, WORDS, compile_frames, fill
from problems import MadeProblem, Program, compute, format_number

Item = TypeVar("Item")

AIMED_CHARACTERS, SPREAD = 6.08, 0.42
"""Mean and deviation of the logarithm of the characters a rationale aims at: 496 come out on average."""

SAME, ALTERED = 0.08, 0.06
"""The share of answers that repeat an earlier one of the problem exactly, or apart from case, spaces and commas."""

WRONG_SHARE = (1.3, 3.0)
"""Parameters of the beta distribution of a problem's share of wrong answers, 0.3 on average."""

UNREADABLE, WRONG_STEP = 0.02, 0.036
"""The share of answers that state none, and of right numbers that have a wrong step: 2 % of all right answers."""


@dataclass(frozen=True, slots=True)
class MadeAnswer:
    """A recorded answer."""

    text: str
    is_correct: bool
    kind: str
    """What was made: right, wrong, wrong_step or unreadable; of a repeated one what it repeats."""
    repeats: str = ""
    """`same` or `altered` for an answer that repeats another."""


def write_answers(problem: MadeProblem, count: int, chance: Random) -> list[MadeAnswer]:
    """Write so many answers to a problem, as if sampled one after the other."""
    wrong = chance.betavariate(*WRONG_SHARE)
    fresh: list[MadeAnswer] = []
    answers: list[MadeAnswer] = []
    for _ in range(count):
        draw = chance.random()
        if fresh and draw < SAME + ALTERED:
            answers.append(_repeat(fresh[int(chance.random() * len(fresh))], draw < SAME, chance))
        else:
            fresh.append(_write_fresh(problem, wrong, chance))
            answers.append(fresh[-1])
    return answers


def _repeat(answer: MadeAnswer, same: bool, chance: Random) -> MadeAnswer:
    if same:
        return MadeAnswer(answer.text, answer.is_correct, answer.kind, "same")
    old, new = _ALTERATIONS[int(chance.random() * len(_ALTERATIONS))]
    return MadeAnswer(answer.text.replace(old, new), answer.is_correct, answer.kind, "altered")


_ALTERATIONS = ((". ", ".  "), (", ", " "), (" the ", " The "), (". ", ".\n"), (" is ", "  is "), (". The ", ". the "))
"""What an altered repetition replaces; none of it changes a word or a number."""


def _write_fresh(problem: MadeProblem, wrong: float, chance: Random) -> MadeAnswer:
    kind = _draw_kind(problem, wrong, chance)
    steps, stated = _WRITERS[problem.kind](problem, kind, chance)
    pools = {**WORDS, "who": problem.who, "other": (f"the {problem.unit}" if problem.unit else problem.choices[0],)}
    sentences = [fill(_pick(_OPENINGS, chance), {"who": problem.who}, chance.random), *steps]
    room = chance.lognormvariate(AIMED_CHARACTERS, SPREAD) - sum(map(len, sentences)) - 25
    while room > 30:
        thought = fill(_pick(THOUGHTS, chance), pools, chance.random)
        sentences.insert(1 + int(chance.random() * len(sentences)), thought)
        room -= len(thought) + 1
    ending = fill(_pick(UNSURE, chance), pools, chance.random) if kind == "unreadable" else stated
    return MadeAnswer(" ".join(sentences) + ("\n" if chance.random() < 0.2 else " ") + ending, _IS_RIGHT[kind], kind)


_IS_RIGHT = {"right": True, "wrong_step": True, "wrong": False, "unreadable": False}

_OPENINGS = compile_frames("""
Let's think step by step.
Let us go through the text about {who}.
First, I look at what is known about {who}.
To answer this, the facts about {who} have to be put together.
We start with what the text says of {who}.
The task is about {who}, so we collect what is given.
Here is how I would solve it.
Okay, one thing after the other.
""")


def _draw_kind(problem: MadeProblem, wrong: float, chance: Random) -> str:
    draw = chance.random()
    if draw < UNREADABLE:
        return "unreadable"
    if draw < UNREADABLE + wrong:
        return "wrong"
    return "wrong_step" if problem.kind == "number" and chance.random() < WRONG_STEP else "right"


def _pick(items: Sequence[Item], chance: Random) -> Item:
    return items[int(chance.random() * len(items))]


# Numbers

_STEPS = compile_frames("""
{left} {op} {right} = {result}.
That gives {left} {op} {right} = {result} {unit}.
So we have {left} {op} {right} = {result} {unit}.
Now {left} {op} {right} = {result}.
For {who} this means {left} {op} {right} = {result}.
Then we compute {left} {op} {right} = {result} {unit}.
Putting this together, {left} {op} {right} = {result}.
The next step is {left} {op} {right} = {result} {unit}.
After that there are {left} {op} {right} = {result} {unit}.
""")

_SIGNS = {"+": ("+",), "-": ("-", "-", "−"), "*": ("*", "*", "x", "×"), "/": ("/", "/", "÷")}


def _solve_number(problem: MadeProblem, kind: str, chance: Random) -> tuple[list[str], str]:
    program = _pick(problem.programs, chance)
    numbers = list(problem.numbers)
    slip = -1
    if kind == "wrong" and chance.random() < 0.5:
        index = int(chance.random() * len(numbers))
        numbers[index] += _pick((1, 2, 5, 10), chance)
    elif kind in {"wrong", "wrong_step"}:
        slip = int(chance.random() * len(program))
    results = compute(program, numbers)
    shown = list(results)
    if slip >= 0:
        shown[slip] += _pick((1, 2, 10), chance)
        if kind == "wrong":
            shown[slip + 1 :] = _continue(program, numbers, shown[: slip + 1])
    sources = results if kind == "wrong_step" else shown
    sentences = [
        _write_step(step, numbers, sources, shown[index], problem, chance) for index, step in enumerate(program)
    ]
    stated = sources[-1]
    if kind == "wrong" and format_number(stated) == problem.gold:
        stated += 1
    return sentences, _state_number(stated, problem, chance)


def _continue(program: Program, numbers: Sequence[float], known: list[float]) -> list[float]:
    """Compute the remaining results from those that were written."""
    results = list(known)
    for op, left, right in program[len(known) :]:
        operands = [numbers[k] if k >= 0 else results[-k - 1] for k in (left, right)]
        results += compute([(op, 0, 1)], operands)
    return results[len(known) :]


def _write_step(
    step: tuple[str, int, int], numbers: Sequence[float], results: Sequence[float], shown: float,
    problem: MadeProblem, chance: Random,
) -> str:  # fmt: skip
    op, *places = step
    left, right = (numbers[k] if k >= 0 else results[-k - 1] for k in places)
    words = {
        "left": format_number(left), "op": _pick(_SIGNS[op], chance), "right": format_number(right),
        "result": format_number(shown), "unit": problem.unit, "who": problem.who[0],
    }  # fmt: skip
    text, fields = _pick(_STEPS, chance)
    return text % tuple([words[field] for field in fields])


def _state_number(value: float, problem: MadeProblem, chance: Random) -> str:
    answer = format_number(value)
    if value >= 1_000 and chance.random() < 0.3 and value == int(value):
        answer = f"{int(value):,}"
    return _pick(_NUMBER_ENDINGS, chance) % {"answer": answer, "unit": problem.unit}


_NUMBER_ENDINGS = (
    "The answer is %(answer)s.",
    "So the answer is %(answer)s %(unit)s.",
    "Therefore, the final answer is %(answer)s.",
    "#### %(answer)s",
    "The answer is \\boxed{%(answer)s}.",
    "Answer: %(answer)s",
    "Final answer: %(answer)s %(unit)s",
)

# Choices

_FITS = compile_frames("""
The {option} is {adj1} and stands in the {place1}, just as {who} wants.
Both conditions of {who} hold for the {option}: it is {adj1}, and it is in the {place1}.
Looking at the {option}, it is {adj1} and comes from the {place1}, which fits.
""")
_FITS_NOT = compile_frames("""
The {option} is {adj1} and from the {place1}, so it is not what {who} wants.
As for the {option}, it is kept in the {place1} and is {adj1}, which does not fit.
We can exclude the {option}, because it is {adj1} and stands in the {place1}.
In the {place1} there is the {option}, but being {adj1} it does not fit.
""")
_WISHES = compile_frames("""
What {who} wants must be {adj1} and from the {place1}.
{who} asked for something {adj1} out of the {place1}.
There are two conditions: it has to be {adj1}, and it has to stand in the {place1}.
""")
_CHOICE_ENDINGS = (
    "The answer is (%(letter)s).",
    "So the answer is %(letter)s.",
    "Answer: %(letter)s",
    "The answer is (%(letter)s) %(text)s.",
    "Therefore, the final answer is (%(letter)s).",
    "So the answer is %(text)s.",
)


def _solve_choice(problem: MadeProblem, kind: str, chance: Random) -> tuple[list[str], str]:
    """Go through the options in some order, all or until one fits; a wrong answer takes another for it."""
    count = len(problem.choices)
    picked = problem.right
    if kind == "wrong":
        picked = (picked + 1 + int(chance.random() * (count - 1))) % count
    order = list(range(count))
    method = chance.random()
    if method < 0.4:
        chance.shuffle(order)
    elif method < 0.7:
        order.remove(picked)
        order = [*order[: int(chance.random() * count)], picked]
    (adj, place), *traits = problem.facts
    sentences = [_fill(_pick(_WISHES, chance), who=problem.who[0], adj1=adj, place1=place)]
    for index in order:
        frames = _FITS if index == picked else _FITS_NOT
        traits_of = (adj, place) if index == picked else traits[index]
        option = problem.choices[index]
        sentences.append(
            _fill(_pick(frames, chance), option=option, who=problem.who[0], adj1=traits_of[0], place1=traits_of[1])
        )
    words = {"letter": "ABCDE"[picked], "text": problem.choices[picked]}
    return sentences, _pick(_CHOICE_ENDINGS, chance) % words


def _fill(frame: tuple[str, tuple[str, ...]], **words: str) -> str:
    text, fields = frame
    return text % tuple([words[field] for field in fields])


# Yes and no

_RULES = compile_frames("""
The rule asks for goods that are {adj1} and come from the {place1}.
Only what is {adj1} and from the {place1} can pass.
Two things are needed: the goods are {adj1}, and they come from the {place1}.
""")
_GOODS = compile_frames("""
The {unit} of {who} are {adj1} and come from the {place1}.
{who} brings {adj1} {unit} from the {place1}.
What {who} delivers is {adj1}, and it comes from the {place1}.
""")
_MET = (
    "Both conditions hold, so nothing speaks against it.",
    "The goods are as demanded, and the origin is the right one.",
    "This is what the rule demands, in both respects.",
)
_BROKEN = (
    "At least one of the conditions does not hold, so the rule is broken.",
    "This is not what the rule demands.",
    "The comparison shows a difference, and one difference is enough to be refused.",
)
_BOOLEAN_ENDINGS = ("The answer is %s.", "So the answer is %s.", "Answer: %s", "Therefore, the final answer is %s.")


def _solve_rule(problem: MadeProblem, kind: str, chance: Random) -> tuple[list[str], str]:
    (wanted, origin), (adj, place) = problem.facts
    says_yes = bool(problem.right) != (kind == "wrong")
    sentences = [
        _fill(_pick(_RULES, chance), adj1=wanted, place1=origin),
        _fill(_pick(_GOODS, chance), unit=problem.unit, who=problem.who[0], adj1=adj, place1=place),
    ]
    if chance.random() < 0.4:
        sentences.reverse()
    sentences.append(_pick(_MET if says_yes else _BROKEN, chance))
    return sentences, _pick(_BOOLEAN_ENDINGS, chance) % ("yes" if says_yes else "no")


# Names

_HANDS = compile_frames("""
{a} gave the {unit} to {b}.
The {unit} went from {a} to {b}.
From {a}, {b} received the {unit}.
After {a}, it is {b} who has the {unit}.
""")
_TEXT_ENDINGS = ("The answer is %s.", "So the answer is %s.", "Answer: %s", "Therefore, the final answer is %s.")


def _solve_chain(problem: MadeProblem, kind: str, chance: Random) -> tuple[list[str], str]:
    """Follow the things forwards or backwards; a wrong answer stops too early."""
    links = [_fill(_pick(_HANDS, chance), a=a, b=b, unit=problem.unit) for a, b in problem.facts]
    answer = problem.right
    if kind == "wrong":
        answer = int(chance.random() * problem.right)
        links = links[: max(answer, 1)]
    elif chance.random() < 0.35:
        links.reverse()
    return links, _pick(_TEXT_ENDINGS, chance) % problem.who[answer]


_WRITERS: Mapping[str, Callable[[MadeProblem, str, Random], tuple[list[str], str]]] = {
    "number": _solve_number,
    "choice": _solve_choice,
    "boolean": _solve_rule,
    "text": _solve_chain,
}
"""What solves the problems of each answer type."""
