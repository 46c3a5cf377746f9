"""The thousand tasks: what their problems share, and how facts are worded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from lexicon import ADJECTIVES, NOUNS, PLACES, VERBS, WORDS, Frame, compile_frames, fill

KINDS = ("number", "choice", "boolean", "text")
"""The answer types; each is a source of its own."""

SHARES = (0.55, 0.2, 0.12, 0.13)
"""The share of the tasks of each type."""

TASKS = 1_000


@dataclass(frozen=True, slots=True)
class Task:
    """What the problems of a task share."""

    name: str
    kind: str
    story: str
    """The name of the story, see `STORIES`."""
    opening: str
    """The instruction."""
    asking: Frame
    """The question at the end."""
    facts: Mapping[str, Frame]
    """How each kind of fact is worded."""
    pools: Mapping[str, Sequence[str]]
    """Its own words, and all others."""
    text_gold: bool
    """For choices: whether the gold answer is the option's text rather than its letter."""


_OPENINGS = compile_frames("""
Read the note about the {place} and answer.
Solve the following task about {noun}.
Here is a short report on {adj} {noun}. Work out what is asked.
Answer the question at the end; the {noun} may or may not matter.
Think about the {place} described below.
You are given a passage about a {job}. Find what it asks for.
Question on {noun} and {noun}:
A {job} wrote the following. Reply with one answer.
Consider this {adj} case.
Use only what is written here about the {place}.
""")

_ASKING = {
    "number": compile_frames("""
How many {unit} are there at the end?
What is the number of {unit} in the end?
How many {unit} does {who} have after all this?
Work out how many {unit} there are altogether.
In total, how many {unit} is that for {who}?
"""),
    "choice": compile_frames("""
Which one goes to {who}?
Which of them does {who} take?
Which of the following fits the wish of {who}?
What should be sent to {who}?
"""),
    "boolean": compile_frames("""
Is the delivery of {who} accepted?
May the delivery of {who} pass, yes or no?
Can {who} hand in the delivery under this rule?
Does the rule let {who} pass?
"""),
    "text": compile_frames("""
Who has the {unit} at the end?
With whom are the {unit} in the end?
Name the person who holds the {unit} now.
Who was the last to receive the {unit}?
"""),
}

_FACTS = {
    "start": (
        "{who} had {n} {unit} in the {place}.",
        "At first, {n} {unit} lay in the {adj} {place} of {who}.",
        "{who}, a {job}, began with {n} {unit}.",
        "There were {n} {adj} {unit} when {who} arrived.",
    ),
    "+": (
        "{time}, {n} more were {verb} from the {place}.",
        "{name} brought {n} others in {adj} bags.",
        "{time}, {who} found {n} more near the {place}.",
        "The {job} added {n} that {name} had {verb}.",
    ),
    "-": (
        "{time}, {n} of them were given to {name}.",
        "{name} took {n} away to the {adj} {place}.",
        "{n} turned out to be too {adj} and were thrown out.",
        "The {job} of {name} bought {n} of them.",
    ),
    "pack": (
        "{who} packed {n} {adj} boxes with {m} {unit} in each.",
        "There are {n} shelves, and {m} {unit} on each of them.",
        "The {job} ordered {n} sets of {m} {unit}.",
        "{time}, {n} carts came, each with {m} {unit}.",
    ),
    "pack2": (
        "{name} added {n} {adj} bags of {m} {unit}.",
        "The {place} sent {n} chests holding {m} {unit} apiece.",
        "Besides, {n} trays with {m} {unit} each were {verb}.",
        "{time}, {n} barrels of {m} {unit} followed.",
    ),
    "share": (
        "{who} divided {n} {unit} evenly among {m} {adj} crates.",
        "A store of {n} {unit} was split evenly over {m} rooms.",
        "{time}, {n} {unit} were sorted into {m} equal heaps.",
        "The {job} put {n} {unit} into {m} bins, the same number in each.",
    ),
    "remove": (
        "From each, {n} were taken out by {name}.",
        "Then {n} were lost from every one of them.",
        "In each one, {n} were too {adj} to keep.",
        "{name} {adv} removed {n} from each.",
    ),
    "take": (
        "In the end {who} kept {n} of these portions.",
        "Only {n} of the portions went to the {place} of {who}.",
        "{name} handed {n} of the portions to {who}.",
        "Of all portions, {n} reached {who}.",
    ),
    "wish": (
        "{who} wants what is {adj1} and stands in the {place1}.",
        "The one for {who} must be {adj1} and must come from the {place1}.",
        "Only something {adj1} out of the {place1} will do for {who}.",
        "{who}, a {job}, asked for the {adj1} one in the {place1}.",
    ),
    "option": (
        "The {option} is {adj1} and is kept in the {place1}.",
        "In the {place1} there is the {option}, which is {adj1}.",
        "The {option} from the {place1} looks {adj1}.",
        "A {adj1} {option} can be found in the {place1}.",
    ),
    "rule": (
        "A delivery passes only if it is {adj1} and comes from the {place1}.",
        "The {place} accepts what is {adj1} and was sent from the {place1}.",
        "Deliveries must be {adj1}, and must be from the {place1}.",
        "By the rule of {name}, only {adj1} goods of the {place1} pass.",
    ),
    "goods": (
        "{who} delivers {unit} from the {place1}; they are {adj1}.",
        "The {unit} that {who} brings are {adj1} and come from the {place1}.",
        "From the {place1}, {who} sends {adj1} {unit}.",
        "{who} has {adj1} {unit} out of the {place1}.",
    ),
    "hand": (
        "{a} gave the {unit} to {b}.",
        "{time}, {a} passed the {unit} on to {b}.",
        "{b} received the {unit} from {a} at the {place}.",
        "{a} sold the {unit} to {b} for a {adj} price.",
    ),
}
_COMPILED = {name: compile_frames("\n".join(lines)) for name, lines in _FACTS.items()}

STORIES = {
    "number": ("ledger", "ledger", "packs", "shares"),
    "choice": ("choice",),
    "boolean": ("rule",),
    "text": ("chain",),
}
"""The stories of each answer type."""


@cache
def make_tasks(seed: str) -> list[Task]:
    """Make the thousand tasks."""
    return [_make_task(index, Random(f"{seed} task {index}")) for index in range(TASKS)]


@cache
def weigh_tasks(seed: str) -> list[float]:
    """Add up weights of the tasks: some have many problems, most have few."""
    chance = Random(f"{seed} weights")
    total, sums = 0.0, []
    for _ in range(TASKS):
        total += chance.lognormvariate(0, 0.8)
        sums.append(total)
    return sums


def _make_task(index: int, chance: Random) -> Task:
    kind = chance.choices(KINDS, SHARES)[0]
    pools = {
        **WORDS,
        "noun": chance.sample(NOUNS, 90),
        "adj": chance.sample(ADJECTIVES, 70),
        "place": chance.sample(PLACES, 50),
        "verb": chance.sample(VERBS, 60),
    }
    return Task(
        name=f"{kind}-{index:04d}",
        kind=kind,
        story=chance.choice(STORIES[kind]),
        opening=fill(chance.choice(_OPENINGS), pools, chance.random),
        asking=chance.choice(_ASKING[kind]),
        facts={fact: chance.choice(frames) for fact, frames in _COMPILED.items()},
        pools=pools,
        text_gold=chance.random() < 0.3,
    )
