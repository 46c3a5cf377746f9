r"""Read the final answer out of a text: where it stands, and by which rule it was found.

Rules, the latest mark in the text winning: `#### 18`, `\boxed{18}`, `Answer: 18` or `A: 18`, "the answer is 18".
Only without any of them, a number in the last sentence counts (`last_sentence`). A pattern given by the recipe
stands alone: what it does not find is not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from builder.verify.numbers import find_quantities, plain
from schemas.problem import AnswerType
from schemas.sample import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A final answer as found."""

    answer: str
    """The answer's text."""
    span: Span
    """Where it stands, in characters."""
    rule: str
    """The rule that found it."""


_MARKS: Mapping[str, re.Pattern[str]] = {
    "hashes": re.compile(r"####[ \t]*([^\n]+)"),
    "answer_colon": re.compile(
        r"(?:^|\n)[ \t]*\**(?:final[ ]answer|answer|ans|a)\**[ \t]*:\**[ \t]*([^\n]+)", re.IGNORECASE
    ),
    "answer_is": re.compile(
        r"\b(?:final[ ])?answer(?:[ ]to[ ][^.\n]{1,60})?[ ]*(?:is|:|=)[ ]*(?:equal[ ]to[ ])?:?\s*([^\n]+)",
        re.IGNORECASE,
    ),
}
_BOXED = "\\boxed{"
_SENTENCE_END = re.compile(r"(?<=[^\d\s])[.!?](?=\s|$)|(?<=\d)[.!?](?=\s|$)|\n")
_CUES = re.compile(r"\b(?:no,? wait|correction|i mean|actually|sorry)\b", re.IGNORECASE)


def read_answer(
    text: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None = None,  # noqa: ARG001 - no answer type with choices yet
    pattern: str | None = None,
) -> Reading | None:
    """Find the final answer of a text.

    Args:
        text: an answer of a teacher or a student.
        answer_type: what kind of answer to look for.
        choices: the options, for choices.
        pattern: a regular expression with one group; its last match is the answer, and nothing else is.

    Returns:
        The reading, or None where the text states no answer.

    >>> read_answer("3 + 4 = 7 pens. The answer is 7 pens.", AnswerType.NUMBER)
    Reading(answer='7', span=Span(start=30, end=31), rule='answer_is')
    """
    if pattern is not None:
        return _by_pattern(text, pattern)
    marked = max(_marked(text), key=lambda found: found[1], default=None)
    within = _WITHIN[answer_type]
    if marked is not None:
        rule, start, end = marked
        return within(text, start, end, rule)
    start, end = _last_sentence(text)
    return within(text, start, end, "last_sentence")


def _by_pattern(text: str, pattern: str) -> Reading | None:
    last = None
    for last in re.finditer(pattern, text):  # noqa: B007 - the last match is what is wanted
        pass
    if last is None or last[1] is None or not last[1].strip():
        return None
    start = last.start(1) + len(last[1]) - len(last[1].lstrip())
    answer = last[1].strip()
    return Reading(answer=answer, span=Span(start=start, end=start + len(answer)), rule="pattern")


def _marked(text: str) -> Iterator[tuple[str, int, int]]:
    """The last place of each mark of an answer: rule, first character, one past the last."""
    for rule, mark in _MARKS.items():
        places = [(match.start(1), match.end(1)) for match in mark.finditer(text)]
        if places:
            yield rule, *places[-1]
    boxed = _boxed(text)
    if boxed:
        yield "boxed", *boxed


def _boxed(text: str) -> tuple[int, int] | None:
    r"""What the last \boxed{...} holds, brackets balanced."""
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    start += len(_BOXED)
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return start, place
    return None


def _last_sentence(text: str) -> tuple[int, int]:
    end = len(text.rstrip())
    start = 0
    for match in _SENTENCE_END.finditer(text, 0, max(end - 1, 0)):
        start = match.end()
    return start, end


def _number_within(text: str, start: int, end: int, rule: str) -> Reading | None:
    """The number that a stretch of text states: the first, unless it is worked out or corrected further on."""
    stretch = text[start:end]
    shown = plain(stretch)
    numbers = [(first, last) for _, first, last in find_quantities(shown)]
    if not numbers:
        return None
    if len(numbers) > 1 and _hedged(shown, *numbers[:2]):
        first, last = numbers[0][0], numbers[1][1]  # a range or a hedge is not one answer: compare says so
    elif "=" in shown or _CUES.search(shown) or rule == "last_sentence":
        first, last = numbers[-1]
    else:
        first, last = numbers[0]
    found = shown[first:last].strip().rstrip(".,;: ")
    place = first if stretch.startswith(found, first) else stretch.find(found)
    return _located(start, stretch, found, place, rule)


def _hedged(shown: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two numbers are a range or a hedge: 17 or 18, 17-18."""
    between = shown[one[1] : other[0]].strip()
    minus = between == "-" or (not between and shown[other[0]] == "-")
    return between in {"to", "or", "and"} or (minus and "=" not in shown)


def _located(start: int, stretch: str, found: str, place: int, rule: str) -> Reading:
    """Give the answer its place in the text; the whole stretch where plain writing changed it."""
    if place < 0:
        whole = stretch.strip()
        place, length = stretch.find(whole), len(whole)
    else:
        length = len(found)
    return Reading(answer=found, span=Span(start=start + place, end=start + place + length), rule=rule)


_WITHIN: Mapping[AnswerType, Callable[[str, int, int, str], Reading | None]] = {AnswerType.NUMBER: _number_within}
"""How the answer of each type is taken out of the stretch of text that states it."""
