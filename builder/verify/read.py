r"""Read the final answer out of a text: where it stands, and by which rule it was found.

Rules, the latest mark in the text winning: `#### 18`, `\boxed{18}`, `Answer: 18` or `A: 18`, "the answer is 18",
`[ANSWER] 18`, `--> 18 END`. Without any of them, each type reads what can be meant alone: a number or a bracketed
letter in the last sentence (`last_sentence`), a letter, an option or a leading yes as the whole (`whole_text`); a text
is never guessed. A pattern given by the recipe stands alone: what it does not find is not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cotloom.builder.verify.choices import How, Named, find_option
from cotloom.builder.verify.numbers import find_quantities, plain
from cotloom.builder.verify.words import Said, find_boolean, leading_boolean
from cotloom.schemas.problem import AnswerType
from cotloom.schemas.sample import Span


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
    "answer_tag": re.compile(r"\[ANSWER\]\s*([^\n]+)"),
}
_LETTERED = re.compile(r"\s*\**a\b", re.IGNORECASE)
_ARROW = "-->"
_END = "END"
_ALONE = {How.LONE, How.TEXT, How.LABEL}
_BOXED = "\\boxed{"
_SENTENCE_END = re.compile(r"(?<=[^\d\s])[.!?](?=\s|$)|(?<=\d)[.!?](?=\s|$)|\n")
_CUES = re.compile(r"\b(?:no,? wait|correction|i mean|actually|sorry)\b", re.IGNORECASE)


def read_answer(
    text: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None = None,
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
    marked = max(_marked(text, answer_type), key=lambda found: found[1], default=None) or _arrow(text, ended=False)
    if marked is None:
        return _UNMARKED[answer_type](text, choices or ())
    rule, start, end = marked
    return _WITHIN[answer_type](text, start, end, rule, choices or ())


def _by_pattern(text: str, pattern: str) -> Reading | None:
    last = None
    for last in re.finditer(pattern, text):  # noqa: B007 - the last match is what is wanted
        pass
    if last is None or last[1] is None or not last[1].strip():
        return None
    start = last.start(1) + len(last[1]) - len(last[1].lstrip())
    answer = last[1].strip()
    return Reading(answer=answer, span=Span(start=start, end=start + len(answer)), rule="pattern")


def _marked(text: str, answer_type: AnswerType) -> Iterator[tuple[str, int, int]]:
    """The last place of each mark of an answer: rule, first character, one past the last."""
    options = answer_type is AnswerType.CHOICE  # there, `A: pear` is an option
    for rule, mark in _MARKS.items():
        places = [match.span(1) for match in mark.finditer(text) if not (options and _LETTERED.match(match[0]))]
        if places:
            yield rule, *places[-1]
    boxed = _boxed(text)
    if boxed:
        yield "boxed", *boxed
    arrow = _arrow(text, ended=True)
    if arrow:
        yield arrow


def _arrow(text: str, *, ended: bool) -> tuple[str, int, int] | None:
    """What stands behind the last `-->`, up to `END`; without that mark of its end, only on the last line."""
    place = text.rfind(_ARROW)
    shown = text.rstrip()
    closed = shown.endswith(_END)
    if place < 0 or ended is not closed or (not closed and "\n" in shown[place:]):
        return None
    shown = shown.removesuffix(_END).rstrip()
    start = len(shown) - len(shown[place + len(_ARROW) :].lstrip())
    return ("arrow", start, len(shown)) if start < len(shown) else None


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


def _number_within(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...] = ()) -> Reading | None:
    """The number that a stretch of text states: the first, unless it is worked out or corrected further on."""
    stretch = text[start:end]
    shown = plain(stretch)
    numbers = [(first, last) for _, first, last in find_quantities(shown)]
    if not numbers:
        return None
    if len(numbers) > 1 and _hedged(shown, *numbers[:2]):
        first, last = numbers[0][0], numbers[1][1]  # a range or a hedge is not one answer: compare says so
    elif "=" in shown or _CUES.search(shown) or rule in {"last_sentence", "arrow"}:
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


def _number_unmarked(text: str, _choices: tuple[str, ...]) -> Reading | None:
    return _number_within(text, *_last_sentence(text), "last_sentence")


def _option_within(text: str, start: int, end: int, rule: str, choices: tuple[str, ...]) -> Reading | None:
    """The option that a stretch names, corrected where it corrects itself; else all it says."""
    for first in _starts(text, start, end):
        named = find_option(text[first:end], choices)
        if named is not None:
            return _found(text, first, named, rule)
    return _whole(text, start, end, rule)


def _option_unmarked(text: str, choices: tuple[str, ...]) -> Reading | None:
    """An option that a text of one line begins with or is, else the only one in brackets in the last sentence."""
    before = len(text) - len(text.lstrip())
    whole = find_option(text.strip(), choices) if "\n" not in text.strip() else None
    if whole is not None and (whole.how in _ALONE or (whole.how is How.CLEAR and whole.start == 0)):
        return _found(text, before, whole, "whole_text")
    start, end = _last_sentence(text)
    named = find_option(text[start:end], choices)
    if named is None or named.how not in {How.LONE, How.CLEAR}:
        return None
    further = find_option(text[start + named.end : end], choices)
    return _found(text, start, named, "last_sentence") if further is None or further.letters == named.letters else None


def _boolean_within(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...]) -> Reading | None:
    for first in _starts(text, start, end):
        said = find_boolean(text[first:end])
        if said is not None:
            return _found(text, first, said, rule)
    return _whole(text, start, end, rule)


def _boolean_unmarked(text: str, _choices: tuple[str, ...]) -> Reading | None:
    """The yes or no that the last sentence begins with, else the whole text."""
    start, end = _last_sentence(text)
    last, first = leading_boolean(text[start:end]), leading_boolean(text)
    if last is not None:
        return _found(text, start, last, "last_sentence")
    return _found(text, 0, first, "whole_text") if first is not None else None


def _text_within(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...]) -> Reading | None:
    """The line behind the mark; the whole paragraph where it begins below the mark."""
    if rule != "boxed" and text[:start].rstrip(" \t*").endswith("\n"):
        below = text.find("\n\n", start)
        end = len(text) if below < 0 else below
    return _whole(text, start, end, rule)


def _text_unmarked(_text: str, _choices: tuple[str, ...]) -> Reading | None:
    return None


def _starts(text: str, start: int, end: int) -> Iterator[int]:
    """Where to begin reading: behind the last `no wait`, then at the beginning."""
    cues = list(_CUES.finditer(text, start, end))
    if cues:
        yield cues[-1].end()
    yield start


def _found(text: str, start: int, found: Named | Said, rule: str) -> Reading:
    span = Span(start=start + found.start, end=start + found.end)
    return Reading(answer=text[span.start : span.end], span=span, rule=rule)


def _whole(text: str, start: int, end: int, rule: str) -> Reading | None:
    """All that a stretch says, without the full stop behind words and half of a pair of stars."""
    said = text[start:end].rstrip()
    if said.count("**") % 2:
        said = said.removesuffix("**").rstrip()
    if said[-2:-1].isalnum():
        said = said.removesuffix(".")
    start += len(said) - len(said.lstrip())
    said = said.strip()
    return Reading(answer=said, span=Span(start=start, end=start + len(said)), rule=rule) if said else None


_WITHIN: Mapping[AnswerType, Callable[[str, int, int, str, tuple[str, ...]], Reading | None]] = {
    AnswerType.NUMBER: _number_within,
    AnswerType.CHOICE: _option_within,
    AnswerType.BOOLEAN: _boolean_within,
    AnswerType.TEXT: _text_within,
}
"""How the answer of each type is taken out of the stretch of text that states it."""

_UNMARKED: Mapping[AnswerType, Callable[[str, tuple[str, ...]], Reading | None]] = {
    AnswerType.NUMBER: _number_unmarked,
    AnswerType.CHOICE: _option_unmarked,
    AnswerType.BOOLEAN: _boolean_unmarked,
    AnswerType.TEXT: _text_unmarked,
}
"""How it is found where nothing marks it."""
