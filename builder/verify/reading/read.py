r"""Read the final answer of a text: the answer, its span, and the rule that found it.

The last mark in the text wins: `#### 18`, `\boxed{18}`, `Answer: 18` or `A: 18`, "the answer is 18", `[ANSWER] 18`,
`--> 18 END`; and what says the same in other languages, `答案是 18`. A text without a mark is read by answer type: a
number or a bracketed letter in the last sentence (`last_sentence`), a text that is a letter or an option or begins with
yes or no (`whole_text`). Answers of type text are never guessed. That is the last resort, and it can be left out: then
a text without a mark is read only where it is nothing but its answer. A pattern of the recipe replaces all rules.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ....schemas.problem import AnswerType
from ....schemas.sample import LAST_RESORT, Span
from ...languages import list_readings
from ...languages.wording import LINE_START
from ...patterns import find_last_match
from ..answers.choices import MentionKind, OptionMention, find_option
from ..answers.numbers import find_quantities, to_plain_text
from ..answers.words import BooleanMention, find_boolean, find_leading_boolean


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The final answer of a text."""

    answer: str
    """The answer's text."""
    span: Span
    """Its position in the text, in characters."""
    rule: str
    """The rule that found it, such as `answer_is`."""


_ENGLISH, *_OTHERS = list_readings()
_MARKS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "hashes": ("####", re.compile(r"####[ \t]*([^\n]+)")),
    **{mark.rule: (mark.literal, mark.pattern) for mark in _ENGLISH.marks},
    "answer_tag": ("[answer]", re.compile(r"\[ANSWER\]\s*([^\n]+)")),
}
"""For each rule what it can't match without, in a text without capitals, and its pattern."""
_OTHER_MARKS = tuple(mark for reading in _OTHERS for mark in reading.marks)
"""The phrases of other languages."""
_ASCII_MARKS = tuple(mark for mark in _OTHER_MARKS if mark.literal.isascii())
"""Those of them that a text of ASCII characters can have."""
_MARGIN = len("final ")
"""The most characters of a mark before its literal; before a colon, the mark begins its line."""
_PLAIN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\.?\s*")
"""A segment that is one number and no more, as most are."""
_LETTER_A = re.compile(r"\s*\**a\b", re.IGNORECASE)
_ARROW = "-->"
_END = "END"
_LAST_COUNTS = {LAST_RESORT, "arrow", "answer_sentence"}
"""The rules whose segment may be a whole sentence: of its numbers the last is the answer."""
_DIGIT, _WORD, _LATIN = re.compile(r"\d"), re.compile(r"\w+"), re.compile(r"[A-Za-z0-9_]")
_MOST_BESIDES = 1
"""The most words, such as a unit, beside an answer in a text that is nothing but it."""
_ALONE = {MentionKind.LONE, MentionKind.TEXT, MentionKind.LABEL}
_BOXED = "\\boxed{"
_SENTENCE_END = re.compile(r"(?<=[^\d\s])[.!?](?=\s|$)|(?<=\d)[.!?](?=\s|$)|[\n。！？]")
_CORRECTIONS = re.compile(
    "|".join([
        r"\b(?:no,? wait|correction|i mean|actually|sorry)\b",
        *(re.escape(words) for reading in list_readings() for words in reading.corrections),
    ]),
    re.IGNORECASE,
)  # fmt: skip
_BETWEEN = frozenset({"to", "or", "and"}).union(*(reading.between for reading in list_readings()))
_TAILS = tuple(tail for reading in list_readings() for tail in reading.tails)


def read_answer(
    text: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None = None,
    pattern: str | None = None,
    *,
    last_resort: bool = True,
) -> Reading | None:
    """Find the final answer of a text.

    Args:
        text: the output of a teacher or a student.
        answer_type: the type of answer to find.
        choices: the options of a multiple-choice question.
        pattern: a regular expression with one group; its last match is the answer. No other rule applies.
        last_resort: read a text without a mark, too, although it says more than its answer.

    Returns:
        The reading, or None where the text states no answer.

    Raises:
        PatternError: the pattern can't be used.
        SearchError: it takes too much work on this text.

    >>> read_answer("3 + 4 = 7 pens. The answer is 7 pens.", AnswerType.NUMBER)
    Reading(answer='7', span=Span(start=30, end=31), rule='answer_is')
    """
    if pattern is not None:
        return _read_by_pattern(text, pattern)
    marked = max(_find_marks(text, answer_type), key=lambda mark: mark[1], default=None) or _find_arrow(
        text, ended=False
    )
    if marked is None:
        reading = _READ_UNMARKED[answer_type](text, choices or ())
        return reading if last_resort or reading is None else _keep_alone(text, reading)
    rule, start, end = marked
    return _READ_MARKED[answer_type](text, start, end, rule, choices or ())


def _read_by_pattern(text: str, pattern: str) -> Reading | None:
    _, span = find_last_match(pattern, text) or (None, None)
    answer = text[slice(*span)] if span else ""
    if span is None or not answer.strip():
        return None
    start = span[0] + len(answer) - len(answer.lstrip())
    answer = answer.strip()
    return Reading(answer=answer, span=Span(start=start, end=start + len(answer)), rule="pattern")


def _keep_alone(text: str, reading: Reading) -> Reading | None:
    """Keep what was read of a text without a mark where the text is nothing but that: `18`, `5 apples`, `(B)`."""
    before, behind = text[: reading.span.start], text[reading.span.end :]
    is_cut = _LATIN.match(before[-1:]) or _LATIN.match(behind)  # the 8 of `8ccc9e19`, but not that of `8元`
    rest = f"{before} {behind}"
    is_alone = not is_cut and not _DIGIT.search(rest) and len(_WORD.findall(rest)) <= _MOST_BESIDES
    return replace(reading, rule="whole_text") if is_alone and "\n" not in text.strip() else None


def _find_marks(text: str, answer_type: AnswerType) -> Iterator[tuple[str, int, int]]:
    """Find the last occurrence of each mark: rule, first character of the answer, one past its last."""
    has_options = answer_type is AnswerType.CHOICE  # there, `A: pear` is an option
    folded = text.casefold()
    is_aligned = len(folded) == len(text)  # folding makes no character disappear
    for rule, (literal, mark) in _MARKS.items():
        place = folded.find(literal)
        if place < 0:
            continue
        first = max(text.rfind("\n", 0, place) if rule == "answer_colon" else place - _MARGIN, 0) if is_aligned else 0
        spans = [
            match.span(1) for match in mark.finditer(text, first) if not (has_options and _LETTER_A.match(match[0]))
        ]
        if spans:
            yield rule, *spans[-1]
    yield from _find_other_marks(text, answer_type, folded)
    boxed = _find_boxed(text)
    if boxed:
        yield "boxed", *boxed
    arrow = _find_arrow(text, ended=True)
    if arrow:
        yield arrow


def _find_other_marks(text: str, answer_type: AnswerType, folded: str) -> Iterator[tuple[str, int, int]]:
    """Find the last occurrence of each mark of other languages than English, as `_find_marks` does."""
    is_aligned = len(folded) == len(text)
    for mark in _ASCII_MARKS if text.isascii() else _OTHER_MARKS:
        place = folded.find(mark.literal)
        if place < 0 or answer_type not in mark.types:
            continue
        margin = place - text.rfind("\n", 0, place) if mark.margin == LINE_START else mark.margin
        spans = [match.span(1) for match in mark.pattern.finditer(text, max(place - margin, 0) if is_aligned else 0)]
        if spans:
            yield mark.rule, *spans[-1]


def _find_arrow(text: str, *, ended: bool) -> tuple[str, int, int] | None:
    """Find what follows the last `-->`, up to `END`; without `END`, only on the last line."""
    arrow = text.rfind(_ARROW)
    if arrow < 0:
        return None
    text = text.rstrip()
    has_end = text.endswith(_END)
    if ended is not has_end or (not has_end and "\n" in text[arrow:]):
        return None
    text = text.removesuffix(_END).rstrip()
    start = len(text) - len(text[arrow + len(_ARROW) :].lstrip())
    return ("arrow", start, len(text)) if start < len(text) else None


def _find_boxed(text: str) -> tuple[int, int] | None:
    r"""Find the content of the last \boxed{...}, with balanced brackets."""
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    start += len(_BOXED)
    depth = 1
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return start, end
    return None


def _find_last_sentence(text: str) -> tuple[int, int]:
    end = len(text.rstrip())
    start = 0
    for match in _SENTENCE_END.finditer(text, 0, max(end - 1, 0)):
        start = match.end()
    return start, end


def _read_number(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...] = ()) -> Reading | None:
    """Read the number that a segment states: the first, unless it is computed or corrected further on."""
    segment = text[start:end]
    number = _PLAIN.fullmatch(segment)
    if number is not None:
        return Reading(answer=number[1], span=Span(start=start, end=start + number.end(1)), rule=rule)
    plain = to_plain_text(segment)
    numbers = [(first, last) for _, first, last in find_quantities(plain)]
    if not numbers:
        return None
    if len(numbers) > 1 and _is_hedged(plain, *numbers[:2]):
        first, last = numbers[0][0], numbers[1][1]  # a range or a hedge is not one answer: compare says so
    elif "=" in plain or _CORRECTIONS.search(plain) or rule in _LAST_COUNTS:
        first, last = numbers[-1]
    else:
        first, last = numbers[0]
    answer = plain[first:last].strip().rstrip(".,;: ")
    offset = first if segment.startswith(answer, first) else segment.find(answer)
    return _locate_answer(start, segment, answer, offset, rule)


def _is_hedged(text: str, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two numbers are a range or a hedge: 17 or 18, 17-18."""
    between = text[first[1] : second[0]].strip()
    has_minus = between == "-" or (not between and text[second[0]] == "-")
    return between in _BETWEEN or (has_minus and "=" not in text)


def _locate_answer(start: int, segment: str, answer: str, offset: int, rule: str) -> Reading:
    """Compute the span of an answer; the whole segment where `to_plain_text` changed it."""
    if offset < 0:
        content = segment.strip()
        offset, length = segment.find(content), len(content)
    else:
        length = len(answer)
    return Reading(answer=answer, span=Span(start=start + offset, end=start + offset + length), rule=rule)


def _read_unmarked_number(text: str, _choices: tuple[str, ...]) -> Reading | None:
    return _read_number(text, *_find_last_sentence(text), LAST_RESORT)


def _read_option(text: str, start: int, end: int, rule: str, choices: tuple[str, ...]) -> Reading | None:
    """Read the option that a segment names, after its last correction where it has one; else the whole segment."""
    for first in _list_starts(text, start, end):
        mention = find_option(text[first:end], choices)
        if mention is not None:
            return _make_reading(text, first, mention, rule)
    return _read_whole(text, start, end, rule)


def _read_unmarked_option(text: str, choices: tuple[str, ...]) -> Reading | None:
    """Read the option that a text of one line is or begins with, else the only one in the last sentence."""
    margin = len(text) - len(text.lstrip())
    mention = find_option(text.strip(), choices) if "\n" not in text.strip() else None
    if mention is not None and (mention.kind in _ALONE or (mention.kind is MentionKind.CLEAR and mention.start == 0)):
        return _make_reading(text, margin, mention, "whole_text")
    start, end = _find_last_sentence(text)
    mention = find_option(text[start:end], choices)
    if mention is None or mention.kind not in {MentionKind.LONE, MentionKind.CLEAR}:
        return None
    second = find_option(text[start + mention.end : end], choices)
    is_only = second is None or second.letters == mention.letters
    return _make_reading(text, start, mention, LAST_RESORT) if is_only else None


def _read_boolean(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...]) -> Reading | None:
    for first in _list_starts(text, start, end):
        mention = find_boolean(text[first:end])
        if mention is not None:
            return _make_reading(text, first, mention, rule)
    return _read_whole(text, start, end, rule)


def _read_unmarked_boolean(text: str, _choices: tuple[str, ...]) -> Reading | None:
    """Read the yes or no at the beginning of the last sentence, else of the text."""
    start, end = _find_last_sentence(text)
    last, first = find_leading_boolean(text[start:end]), find_leading_boolean(text)
    if last is not None:
        return _make_reading(text, start, last, LAST_RESORT)
    return _make_reading(text, 0, first, "whole_text") if first is not None else None


def _read_text(text: str, start: int, end: int, rule: str, _choices: tuple[str, ...]) -> Reading | None:
    """Read the line behind the mark; the whole paragraph where it begins below the mark."""
    if rule != "boxed" and text[:start].rstrip(" \t*").endswith("\n"):
        below = text.find("\n\n", start)
        end = len(text) if below < 0 else below
    return _read_whole(text, start, end, rule)


def _read_unmarked_text(_text: str, _choices: tuple[str, ...]) -> Reading | None:
    return None


def _list_starts(text: str, start: int, end: int) -> Iterator[int]:
    """List where to begin reading: behind the last correction, then at the beginning."""
    corrections = list(_CORRECTIONS.finditer(text, start, end))
    if corrections:
        yield corrections[-1].end()
    yield start


def _make_reading(text: str, start: int, mention: OptionMention | BooleanMention, rule: str) -> Reading:
    span = Span(start=start + mention.start, end=start + mention.end)
    return Reading(answer=text[span.start : span.end], span=span, rule=rule)


def _read_whole(text: str, start: int, end: int, rule: str) -> Reading | None:
    """Read the whole segment, without the full stop behind words and an unpaired `**`."""
    answer = text[start:end].rstrip()
    if answer.count("**") % 2:
        answer = answer.removesuffix("**").rstrip()
    if answer[-2:-1].isalnum():
        answer = answer.removesuffix(".")
    if not answer.isascii():
        answer = _cut_tail(answer)
    start += len(answer) - len(answer.lstrip())
    answer = answer.strip()
    return Reading(answer=answer, span=Span(start=start, end=start + len(answer)), rule=rule) if answer else None


def _cut_tail(answer: str) -> str:
    """Cut what ends a sentence behind an answer where words are not spaced: `東京 です。`."""
    answer = answer.removesuffix("。").rstrip()
    tail = next((tail for tail in _TAILS if len(tail) < len(answer) and answer.endswith(tail)), "")
    return answer.removesuffix(tail).rstrip()


_READ_MARKED: Mapping[AnswerType, Callable[[str, int, int, str, tuple[str, ...]], Reading | None]] = {
    AnswerType.NUMBER: _read_number,
    AnswerType.CHOICE: _read_option,
    AnswerType.BOOLEAN: _read_boolean,
    AnswerType.DATE: _read_text,
    AnswerType.TIME: _read_text,
    AnswerType.LIST: _read_text,
    AnswerType.SET: _read_text,
    AnswerType.RATIO: _read_text,
    AnswerType.EXPRESSION: _read_text,
    AnswerType.TEXT: _read_text,
}
"""How an answer of each type is read from the segment of text behind a mark."""

_READ_UNMARKED: Mapping[AnswerType, Callable[[str, tuple[str, ...]], Reading | None]] = {
    AnswerType.NUMBER: _read_unmarked_number,
    AnswerType.CHOICE: _read_unmarked_option,
    AnswerType.BOOLEAN: _read_unmarked_boolean,
    AnswerType.DATE: _read_unmarked_text,
    AnswerType.TIME: _read_unmarked_text,
    AnswerType.LIST: _read_unmarked_text,
    AnswerType.SET: _read_unmarked_text,
    AnswerType.RATIO: _read_unmarked_text,
    AnswerType.EXPRESSION: _read_unmarked_text,
    AnswerType.TEXT: _read_unmarked_text,
}
"""How an answer of each type is read from a text without a mark."""
