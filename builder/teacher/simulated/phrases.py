"""The wording of the simulated teacher. All sentences are our own. Those of Chinese are in `chinese`.

Fields: `{eq}` is the whole equation, `{a}` and `{b}` its two numbers, `{n}` the answer. No opener, connector or
closing may hold a digit, because the verifier would read it as part of an equation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....schemas.ids import draw_share, pick
from .tables import Phrases

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
"""Beginnings of an answer."""

FIRST = ("", "", "First, ", "To start, ", "To begin with, ", "We start like this: ")
"""Beginnings of the first step."""

MIDDLE = ("", "", "Then ", "Next, ", "After that, ", "Now ", "Going on, ")
"""Beginnings of a step between first and last."""

LAST = ("", "", "Finally, ", "Last of all, ", "In the last step, ", "That leaves one step: ")
"""Beginnings of the last step."""

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
"""Sentences for a step of each operation."""

PLAIN = ""
"""The wording key of a text without words: equations in lines, then the answer."""

BARE = "{eq}"
"""A step that is the equation only."""

SIGNS = {"+": ("+",), "-": ("-",), "*": ("*", "*", "×", "x"), "/": ("/", "/", "÷")}
"""Signs of an operation; one answer uses one of them."""

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
"""Endings of a text without an answer. They hold no number, which would be read as the answer."""

PARROTS = (
    "The answer is given as {n}, so the answer is {n}.",
    "We are told that the answer is {n}. So the answer is {n}.",
    "As stated above, the answer is {n}.",
    "Since the correct answer is known to be {n}, the answer is {n}.",
    "There is nothing to work out here, for the hint says it. The answer is {n}.",
)
"""Answers that repeat the hint without any reasoning."""

WORDS = (
    "the", "we", "so", "that", "this", "and", "is", "it", "then", "first", "now", "each", "total", "all", "there",
    "of", "to", "in", "gives", "makes", "which", "adding", "number", "answer", "have",
)  # fmt: skip
"""Alternatives of a word."""

MARKS = (".", ",", ":", ";", "!", "?", "=", "+", "-", "*", "/", "(", ")", "#", "$", "%", "\n", "…", "–", "'", '"', "&")
"""Alternatives of a mark."""

LAYOUTS = {"lines": "\n", "spaced": "\n\n", "numbered": "\n", "running": " "}
"""Layouts, each with what separates sentences."""

ENGLISH = Phrases(
    openers=OPENERS,
    first=FIRST,
    middle=MIDDLE,
    last=LAST,
    steps=PHRASES,
    answers=ANSWERS,
    own_line=("####", "Answer:"),
    closings=CLOSINGS,
    parrots=PARROTS,
    words=WORDS,
    layouts=LAYOUTS,
    number="Step {}: ",
    full_stop=".",
)
"""All words of an answer in English."""

_FIELD = re.compile(r"\{(\w)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One step as it is written. Its `repr` is a key of draws, so neither name nor fields may change."""

    op: str
    """One of + - * /."""
    a: int
    """Left operand."""
    b: int
    """Right operand."""
    r: int
    """Result."""
    slip: str | None = None
    """Which of a, b and r is wrong, if one is."""
    right: int | None = None
    """The right number in its place."""


Lines = tuple[Line, ...]
MarkedText = tuple[str, str | None]
"""A piece of text; where it is a mistake, with the right number."""
Sentence = tuple[MarkedText, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An answer before it is split into tokens."""

    opener: str = ""
    """The text before the first step."""
    gap: str = "\n"
    """What separates the opener from the body."""
    body: tuple[MarkedText, ...]
    """All the rest."""
    finish: str = "stop"
    """The finish reason."""

    @property
    def pieces(self) -> tuple[MarkedText, ...]:
        """The opener and the body."""
        return ((self.opener + self.gap, None), *self.body) if self.opener else self.body


def fill_template(template: str, fields: Mapping[str, int], line: Line | None = None) -> Sentence:
    """Fill numbers into a sentence.

    Args:
        template: words with fields.
        fields: a number for each field.
        line: the step; where it has a mistake, the first place that shows it is marked.
    """
    slip, right = (None, None) if line is None else (line.slip, str(line.right))
    pieces: list[MarkedText] = []
    for at, part in enumerate(_FIELD.split(template)):
        is_field, is_slip = at % 2 == 1, at % 2 == 1 and part == slip
        pieces.append((str(fields[part]) if is_field else part, right if is_slip else None))
        slip = None if is_slip else slip
    return tuple(piece for piece in pieces if piece[0])


def write_sentences(lines: Lines, key: str, words: Phrases = ENGLISH) -> list[Sentence]:
    """Write every step of a method as one sentence."""
    return [_write_sentence(line, index, len(lines), key, words) for index, line in enumerate(lines)]


def _write_sentence(line: Line, index: int, count: int, key: str, words: Phrases) -> Sentence:
    step_key = f"{key}/{index}"
    bare = key == PLAIN or draw_share(key, "bare") < 0.15 or draw_share(step_key, "bare") < 0.2
    phrase = BARE if bare else pick(words.steps[line.op], step_key, "phrase")
    sentence = _choose_connector(index, count, key, words) + phrase + words.full_stop
    sign = line.op if key == PLAIN else pick(SIGNS[line.op], key, line.op)
    equation = f"{{a}} {sign} {{b}} = {{r}}"
    template = (sentence[0].upper() + sentence[1:]).replace("{eq}", equation)
    numbered = words.number.format(index + 1) if _choose_layout(key, words) == "numbered" else ""
    return fill_template(numbered + template, {"a": line.a, "b": line.b, "r": line.r}, line)


def _choose_connector(index: int, count: int, key: str, words: Phrases) -> str:
    if key == PLAIN or _choose_layout(key, words) == "numbered":
        return ""
    table = words.first if index == 0 else words.last if index == count - 1 else words.middle
    return pick(table, f"{key}/{index}", "connector")


def _choose_layout(key: str, words: Phrases) -> str:
    return "lines" if key == PLAIN else pick(tuple(words.layouts), key, "layout")


def write_solution(lines: Lines, answer: int, key: str, words: Phrases = ENGLISH) -> Draft:
    """Write every step, then the answer."""
    answers = words.answers
    sentence = fill_template(answers[0] if key == PLAIN else pick(answers, key, "answer"), {"n": answer})
    return join_sentences([*write_sentences(lines, key, words), sentence], key, words)


def join_sentences(sentences: Sequence[Sentence], key: str, words: Phrases = ENGLISH) -> Draft:
    """Join sentences in a layout, with an opener before them."""
    gap = words.layouts[_choose_layout(key, words)]
    body = list(sentences[0])
    for sentence in sentences[1:]:
        # these formats of the answer are on a line of their own
        own_line = sentence[0][0].startswith(words.own_line)
        body += [("\n" if own_line and "\n" not in gap else gap, None), *sentence]
    return Draft(opener="" if key == PLAIN else pick(words.openers, key, "opener"), gap=gap, body=tuple(body))
