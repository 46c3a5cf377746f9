"""How the simulated teacher puts its working into words. All sentences are our own.

Fields: `{eq}` is the whole equation, `{a}` and `{b}` its two numbers, `{n}` the answer. No opener, connector or
closing may hold a digit, for a reader would take it for part of the sums.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cotloom.schemas.chance import pick, share

OPENERS = (
    "",
    "Let's work through this step by step.",
    "Let me think about what we know.",
    "We can solve this in a few small steps.",
    "Here is how I would do it.",
    "Let's break the problem into parts.",
    "Okay, one thing after another.",
    "First I look at the numbers that are given.",
    "This can be found with a little arithmetic.",
    "I will go through the question slowly.",
)
"""What an answer starts with."""

FIRST = ("", "", "First, ", "To start, ", "To begin with, ", "We start like this: ")
"""What leads into the first step."""

MIDDLE = ("", "", "Then ", "Next, ", "After that, ", "Now ", "Going on, ")
"""What leads into a step between first and last."""

LAST = ("", "", "Finally, ", "Last of all, ", "In the last step, ", "That leaves one step: ")
"""What leads into the last step."""

PHRASES = {
    "+": (
        "add {a} and {b}: {eq}",
        "putting {a} and {b} together gives {eq}",
        "we add, so {eq}",
        "the sum is {eq}",
        "in total that makes {eq}",
        "adding the two, {eq}",
    ),
    "-": (
        "take {b} away from {a}: {eq}",
        "subtracting {b} from {a} gives {eq}",
        "the difference is {eq}",
        "we subtract, so {eq}",
        "taking away the smaller number, {eq}",
        "what is left is {eq}",
    ),
    "*": (
        "multiply {a} by {b}: {eq}",
        "{a} times {b} gives {eq}",
        "the product is {eq}",
        "we multiply, so {eq}",
        "multiplying gives {eq}",
        "by multiplication, {eq}",
    ),
    "/": (
        "divide {a} by {b}: {eq}",
        "dividing {a} by {b} gives {eq}",
        "we divide, so {eq}",
        "the quotient is {eq}",
        "division gives {eq}",
        "in equal parts that is {eq}",
    ),
}
"""How a step of each operation is said."""

PLAIN = ""
"""The key of a text without words: bare equations in lines, then the answer."""

BARE = "{eq}"
"""A step that is the equation only."""

SIGNS = {"+": ("+",), "-": ("-",), "*": ("*", "*", "×", "x"), "/": ("/", "/", "÷")}
"""How an operation is written; one answer keeps to one sign."""

ANSWERS = (
    "The answer is {n}.",
    "So the answer is {n}.",
    "Therefore, the answer is {n}.",
    "The final answer is {n}.",
    "Answer: {n}",
    "#### {n}",
)
"""The last sentence."""

CLOSINGS = (
    "The rest follows in the same way.",
    "From here it is easy to finish.",
    "And so on, until everything is counted.",
    "That is the way to go about it.",
    "The other numbers are used likewise.",
)
"""What an answer that never says what the answer is ends with: a number at the end would be read as one."""

PARROTS = (
    "The answer is given as {n}, so the answer is {n}.",
    "We are told that the answer is {n}. So the answer is {n}.",
    "As stated above, the answer is {n}.",
    "Since the correct answer is known to be {n}, the answer is {n}.",
    "There is nothing to work out here, for the hint says it. The answer is {n}.",
)
"""Ways of handing a shown answer back without any working."""

WORDS = (
    "the", "we", "so", "that", "this", "and", "is", "it", "then", "first", "now", "each", "total", "all", "there",
    "of", "to", "in", "gives", "makes", "which", "adding", "number", "answer", "have",
)  # fmt: skip
"""Likely words at any place."""

MARKS = (".", ",", ":", ";", "!", "?", "=", "+", "-", "*", "/", "(", ")", "#", "$", "%", "\n", "…", "–", "'", '"', "&")
"""Likely tokens where a mark stands."""

LAYOUTS = {"lines": "\n", "spaced": "\n\n", "numbered": "\n", "running": " "}
"""How an answer is laid out, and what stands between its sentences."""

_FIELD = re.compile(r"\{(\w)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One step as it is written down."""

    op: str
    """One of + - * /."""
    a: int
    """Left operand."""
    b: int
    """Right operand."""
    r: int
    """Result."""
    slip: str | None = None
    """Which of a, b and r is written wrong, if one is."""
    right: int | None = None
    """What should stand there."""


Lines = tuple[Line, ...]
Piece = tuple[str, str | None]
"""A piece of text, and what should stand there where it is a slip."""
Sentence = tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An answer before it is spelled out in tokens."""

    opener: str = ""
    """The words before the first step."""
    gap: str = "\n"
    """What parts the opener from the body."""
    body: tuple[Piece, ...]
    """All the rest."""
    finish: str = "stop"
    """Why it ends."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Opener and body."""
        return ((self.opener + self.gap, None), *self.body) if self.opener else self.body


def fill(template: str, fields: Mapping[str, int], line: Line | None = None) -> Sentence:
    """Put numbers into a sentence.

    Args:
        template: words with fields.
        fields: a number for each field.
        line: the step it is about; where it has a slip, the slip's first mention is marked.
    """
    slip, right = (None, None) if line is None else (line.slip, str(line.right))
    pieces: list[Piece] = []
    for at, part in enumerate(_FIELD.split(template)):
        is_field, is_slip = at % 2 == 1, at % 2 == 1 and part == slip
        pieces.append((str(fields[part]) if is_field else part, right if is_slip else None))
        slip = None if is_slip else slip
    return tuple(piece for piece in pieces if piece[0])


def sentences(lines: Lines, key: str) -> list[Sentence]:
    """Say every step of a method in one sentence."""
    return [_sentence(line, place, len(lines), key) for place, line in enumerate(lines)]


def _sentence(line: Line, place: int, count: int, key: str) -> Sentence:
    mine = f"{key}/{place}"
    bare = key == PLAIN or share(key, "bare") < 0.15 or share(mine, "bare") < 0.2
    phrase = BARE if bare else pick(PHRASES[line.op], mine, "phrase")
    words = _connector(place, count, key) + phrase + "."
    sign = line.op if key == PLAIN else pick(SIGNS[line.op], key, line.op)
    equation = f"{{a}} {sign} {{b}} = {{r}}"
    template = (words[0].upper() + words[1:]).replace("{eq}", equation)
    numbered = f"Step {place + 1}: " if _layout(key) == "numbered" else ""
    return fill(numbered + template, {"a": line.a, "b": line.b, "r": line.r}, line)


def _connector(place: int, count: int, key: str) -> str:
    if key == PLAIN or _layout(key) == "numbered":
        return ""
    table = FIRST if place == 0 else LAST if place == count - 1 else MIDDLE
    return pick(table, f"{key}/{place}", "connector")


def _layout(key: str) -> str:
    return "lines" if key == PLAIN else pick(tuple(LAYOUTS), key, "layout")


def solution(lines: Lines, said: int, key: str) -> Draft:
    """Write every step, then say the answer."""
    sentence = fill(ANSWERS[0] if key == PLAIN else pick(ANSWERS, key, "answer"), {"n": said})
    return draft([*sentences(lines, key), sentence], key)


def draft(parts: Sequence[Sentence], key: str) -> Draft:
    """Lay sentences out, with an opener before them."""
    gap = LAYOUTS[_layout(key)]
    body = list(parts[0])
    for part in parts[1:]:
        # these two marks of an answer stand on a line of their own
        own_line = part[0][0].startswith(("####", "Answer:"))
        body += [("\n" if own_line and gap == " " else gap, None), *part]
    return Draft(opener="" if key == PLAIN else pick(OPENERS, key, "opener"), gap=gap, body=tuple(body))
