"""Plant copies of a question: as it is, with other numbers, names or both, reordered, or paraphrased by rule.

Each way of changing a text has two sets of rules. Thresholds were chosen on copies by the first; figures are stated on
copies of other questions by the second, which no threshold has seen.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

Change = Callable[[str, random.Random], str]
"""Makes a copy of a question."""


class Rules(StrEnum):
    """Which set of rules plants."""

    FIRST = "first"
    SECOND = "second"


NAMES: Mapping[Rules, Sequence[str]] = {
    Rules.FIRST: "Oscar Priya Walter Ingrid Malik Beatrix Tobias Yuki Fernanda Elmer Zara Cormac Lucinda Hugo".split(),
    Rules.SECOND: "Nadia Benedict Aroha Dmitri Soledad Kwame Ottilie Rashid Marguerite Stellan Ikram Wen".split(),
}
_PLACES = frozenset(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December I Mr Mrs Ms Dr English French Spanish German Christmas Easter".split()
)
_FUNCTION = frozenset(
    "the a an if when after before in on at for to of and but or so he she it they his her their its there this that "
    "these those each every how what which who where while as with from by then now not no all both some one two three "
    "four five six seven eight nine ten yesterday today given assuming suppose calculate find out last next".split()
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_WORDED = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split()
_WORDED_NUMBER = re.compile(rf"\b(?:{'|'.join(_WORDED)})\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\b[A-Z][a-zé]+\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def find_names(question: str) -> list[str]:
    """List the names of people and places in a question: capitalized words that are no others."""
    starts = {match.start(1) for match in re.finditer(r"(?:^|[.!?]['\"”]?\s+)\W*([A-Z])", question)}
    found = {}
    for match in _CAPITAL.finditer(question):
        word = match[0]
        if word in _PLACES or (match.start() in starts and word.lower() in _FUNCTION):
            continue
        inside = match.start() not in starts
        found[word] = found.get(word, False) or inside
    often = {word for word in found if len(re.findall(rf"\b{word}\b", question)) > 1}
    lower = {word for word in found if re.search(rf"\b{word.lower()}\b", question)}
    return [word for word, inside in found.items() if (inside or word in often) and word not in lower]


def copy_exactly(question: str, draw: random.Random) -> str:
    """Copy a question with another layout: case, spaces, quotation marks."""
    return draw.choice([
        lambda text: text,
        lambda text: " ".join(text.split()),
        lambda text: text.replace("’", "'").replace("“", '"').replace("”", '"'),
        lambda text: text.lower(),
        lambda text: text.replace(". ", ".\n"),
    ])(question)  # fmt: skip


def change_numbers(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Replace every number by another."""

    def replace(match: re.Match[str]) -> str:
        old = match[0]
        if rules is Rules.SECOND and old.isdigit() and int(old) < 100 and draw.random() < 0.3:
            return draw.choice(_WORDED)
        value = draw.randint(2, max(12, 3 * int(float(old.replace(",", "")))))
        return f"{value:,}" if "," in old else f"{value}.{old.split('.')[1]}" if "." in old else str(value)

    def reword(match: re.Match[str]) -> str:
        other = draw.choice([word for word in _WORDED if word != match[0].lower()])
        if rules is Rules.SECOND and draw.random() < 0.3:
            return str(draw.randint(2, 60))
        return other.capitalize() if match[0][0].isupper() else other

    return _NUMBER.sub(replace, _WORDED_NUMBER.sub(reword, question))


def change_names(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Replace every name by another."""
    names = draw.sample(list(NAMES[rules]), len(NAMES[rules]))
    for place, name in enumerate(find_names(question)):
        question = re.sub(rf"\b{name}\b", names[place % len(names)], question)
    return question


def change_both(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Replace every number and every name."""
    return change_names(change_numbers(question, draw, rules=rules), draw, rules=rules)


def reorder_sentences(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Put the sentences in another order; the first rules leave the last one, which asks, where it is."""
    parts = _SENTENCE.split(question.strip())
    kept = parts[-1:] if rules is Rules.FIRST else []
    moved = parts[:-1] if rules is Rules.FIRST else parts
    shuffled = draw.sample(moved, len(moved))
    if shuffled == moved and len(moved) > 1:
        shuffled = [*moved[1:], moved[0]]
    return " ".join([*shuffled, *kept])


SYNONYMS: Mapping[Rules, Mapping[str, str]] = {
    Rules.FIRST: {
        "buys": "purchases", "bought": "purchased", "buy": "purchase", "gets": "receives", "got": "received",
        "makes": "produces", "made": "produced", "wants": "would like", "needs": "requires", "need": "require",
        "gives": "hands", "gave": "handed", "each": "every", "total": "overall", "kids": "children",
        "money": "cash", "cost": "price", "costs": "is priced at", "store": "shop", "big": "large", "starts": "begins",
        "started": "began", "remaining": "leftover", "left": "remaining", "friends": "pals", "works": "labors",
        "per": "for each", "twice": "two times", "also": "in addition", "decides": "chooses", "house": "home",
        "spend": "pay", "spends": "pays", "spent": "paid", "sells": "vends", "eats": "consumes", "ate": "consumed",
        "uses": "utilizes", "use": "utilize", "many": "many", "has": "owns", "had": "owned",
    },
    Rules.SECOND: {
        "buys": "picks up", "bought": "picked up", "buy": "pick up", "gets": "obtains", "got": "obtained",
        "makes": "creates", "made": "created", "wants": "wishes", "needs": "has to have", "need": "must have",
        "gives": "passes", "gave": "passed", "total": "sum", "kids": "youngsters", "money": "funds",
        "cost": "expense", "costs": "goes for", "store": "market", "big": "huge", "starts": "sets out",
        "started": "commenced",
        "remaining": "unused", "left": "still there", "friends": "buddies",
        "works": "is employed",
        "twice": "double", "half": "50%", "also": "moreover", "decides": "resolves", "house": "residence",
        "spend": "lay out", "spends": "lays out", "spent": "laid out", "sells": "trades", "eats": "finishes",
        "ate": "finished", "uses": "employs", "use": "employ", "more": "additional", "day": "24 hours",
        "week": "seven days", "hour": "60 minutes", "year": "twelve months", "school": "academy", "car": "vehicle",
        "book": "volume", "books": "volumes", "small": "little", "people": "persons", "children": "kids",
        "brother": "sibling", "sister": "sibling", "mother": "mom", "father": "dad", "runs": "jogs", "walks": "strolls",
    },
}  # fmt: skip

ASKING: Mapping[Rules, Sequence[tuple[str, str]]] = {
    Rules.FIRST: (
        (r"How many ([\w ]+?) (?:does|do|did|will|would|can) (.+?)\?", r"Find the number of \1 that \2."),
        (r"How many ([\w ]+?) (?:are|were) (.+?)\?", r"Determine the number of \1 \2."),
        (r"How much (?:money )?(?:does|do|did|will|would) (.+?)\?", r"Calculate the amount that \1."),
        (r"What (?:is|was) (.+?)\?", r"Work out \1."),
    ),
    Rules.SECOND: (
        (r"How many ([\w ]+?) (?:does|do|did|will|would|can) (.+?)\?", r"Can you tell what quantity of \1 \2?"),
        (r"How many ([\w ]+?) (?:are|were) (.+?)\?", r"What would be the count of \1 \2?"),
        (r"How much (?:money )?(?:does|do|did|will|would) (.+?)\?", r"State, in dollars, what \1."),
        (r"What (?:is|was) (.+?)\?", r"Please give \1."),
    ),
}

FILLERS: Mapping[Rules, Sequence[str]] = {
    Rules.FIRST: ("Consider the following situation.", "Here is a short problem.", ""),
    Rules.SECOND: ("Read this carefully and answer.", "Let us look at a story from everyday life.", "", ""),
}
_JOINED = ((r"\. (He|She|They|It) ", lambda match: f", and {match[1].lower()} "), (r", and ", lambda _: ". Also, "))


def paraphrase(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Replace words by others of the same meaning, ask in another form, join or part sentences, and begin otherwise."""
    for old, new in SYNONYMS[rules].items():
        if draw.random() < 0.8:
            question = re.sub(rf"\b{old}\b", new, question)
    for pattern, form in ASKING[rules]:
        question = re.sub(pattern, form, question)
    for pattern, join in _JOINED:
        if draw.random() < 0.5:
            question = re.sub(pattern, join, question)
    if rules is Rules.SECOND:
        question = re.sub(r"^If (.+?), (.+)$", r"Given that \1, \2", question)
        question = re.sub(r"\b(She|He)\b", lambda match: draw.choice([match[0], "This person"]), question)
    return f"{draw.choice(FILLERS[rules])} {question}".strip()


def copy_as_part(question: str, draw: random.Random, *, rules: Rules) -> str:
    """Put a question, with other numbers, into a longer text."""
    before = "The answer to the second of two questions is needed. The first was how many wheels a tricycle has."
    after = "Show every step, name the units, and write the answer on the last line."
    return f"{before} {change_numbers(question, draw, rules=rules)} {after}"


def list_changes(rules: Rules) -> dict[str, tuple[Change, float]]:
    """List the ways of planting a copy, each with the share that must be found."""

    def by(change: Callable[..., str]) -> Change:
        return lambda question, draw: change(question, draw, rules=rules)

    return {
        "exact": (copy_exactly, 0.99),
        "numbers changed": (by(change_numbers), 0.98),
        "names changed": (by(change_names), 0.98),
        "numbers and names changed": (by(change_both), 0.95),
        "sentences reordered": (by(reorder_sentences), 0.95),
        "paraphrased by rule": (by(paraphrase), 0.80),
        "numbers changed, within a longer text": (by(copy_as_part), 0.0),
    }
