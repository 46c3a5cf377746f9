r"""Find where a text states its answer: in `\boxed{}`, behind phrases, `####`, `[ANSWER]`, `-->`.

All these marks are of one rank: the last that states something and stands is the answer. One that begins within
another, as a box behind a phrase, is the inner one and comes last.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from ....schemas.problem import AnswerType
from ...languages import ENGLISH, AnswerMark, list_readings
from ...languages.wording import LINE_START
from ...patterns import compile_literals
from .candidates import StatedAnswer

_HASHES = AnswerMark(
    language=ENGLISH,
    rule="hashes",
    literal="####",
    pattern=re.compile(
        r"####[ \t]*(?=[^\s#])(?!\**(?:step|part|case|solution|method|example|approach|explanation|final|answer)\b)",
        re.IGNORECASE,
    ),
)
_TAG = AnswerMark(language=ENGLISH, rule="answer_tag", literal="[answer]", pattern=re.compile(r"\[ANSWER\]\s*(?=\S)"))
_ELEMENT = AnswerMark(
    language=ENGLISH, rule="answer_tag", literal="<answer>", pattern=re.compile(r"<answer>\s*(?=[^\s<])", re.IGNORECASE)
)
_ELEMENT_END = "</answer>"
_MARKS = (_HASHES, _TAG, _ELEMENT, *(mark for reading in list_readings() for mark in reading.marks))
"""Every mark with a literal, in the order in which one is preferred to another of the same place."""
_find_literals = compile_literals([mark.literal for mark in _MARKS])
_LETTER_A = re.compile(r"\s*\W*a\b", re.IGNORECASE)
_LETTER_ALONE = re.compile(r"[*_(\[]{0,3}[B-Z][*_)\].]{0,4}[ \t]*(?=\n|$)")
_ARROW = "-->"
_END = "END"
_BOXED = "\\boxed{"
_MOST_STATEMENTS = 64
"""The most statements that are looked at, the last of a text."""
_MOST_BOXES = 8
_LONGEST_BOX = 5_000
_LONGEST_JOIN = 40
_JOIN = re.compile(r"\}[\s$\\()]*(?:,|;|/|and|or|to|y|o|et|ou|und|oder|和|或|与|と|か|、)[\s$\\()]*")
_BARE_LINE = re.compile(r"[^\w\n]*\n")
"""A line without a word, such as the opening of a formula: the answer stands below."""


def find_statements(text: str, answer_type: AnswerType) -> list[StatedAnswer]:
    """Find the places that state an answer, in order. Each ends at the end of its line or where the next begins."""
    by_place: dict[int, StatedAnswer] = {}
    for statement in _find_all(text, answer_type):
        by_place.setdefault(statement.start, statement)
    ordered = sorted(by_place.values(), key=lambda statement: statement.start)[-_MOST_STATEMENTS:]
    ordered = [_join_box(text, before, statement) for before, statement in zip([None, *ordered], ordered, strict=False)]
    ends = [statement.mark for statement in ordered[1:]] + [len(text)]
    cut = [item if item.end <= end else replace(item, end=end) for item, end in zip(ordered, ends, strict=False)]
    return [statement for statement in cut if statement.start < statement.end]


def _join_box(text: str, before: StatedAnswer | None, box: StatedAnswer) -> StatedAnswer:
    """Join a box to the one before it, where both are offered: `3 or 4`."""
    if before is None or before.rule != "boxed" or box.rule != "boxed" or box.mark - before.end > _LONGEST_JOIN:
        return box
    is_joined = _JOIN.fullmatch(text, before.end, box.mark) is not None
    same = text[before.start : before.end] == text[box.start : box.end]
    return replace(box, joined=before.mark) if is_joined and not same else box


def _find_all(text: str, answer_type: AnswerType) -> Iterator[StatedAnswer]:
    folded = text.casefold()
    is_aligned = len(folded) == len(text)  # folding makes no character disappear
    for mark in map(_MARKS.__getitem__, sorted(_find_literals(folded))):
        if answer_type not in mark.types:
            continue
        place = folded.find(mark.literal)
        margin = place - text.rfind("\n", 0, place) if mark.margin == LINE_START else mark.margin
        first = max(place - margin, 0) if is_aligned else 0
        for match in mark.pattern.finditer(text, first):
            if answer_type is AnswerType.CHOICE and mark.rule == "answer_colon" and _is_option(text, match):
                continue
            yield StatedAnswer(
                rule=mark.rule,
                mark=match.start(),
                start=match.end(),
                end=_find_element_end(text, match.end()) if mark is _ELEMENT else _find_line_end(text, match.end()),
                language=mark.language,
            )
    yield from _find_boxes(text)
    arrow = find_arrow(text, is_ended=True)
    if arrow is not None:
        yield arrow


def _is_option(text: str, match: re.Match[str]) -> bool:
    """Whether a mark is the letter of an option, as in `A: pear`; `A: B` answers with another letter."""
    return _LETTER_A.match(match[0]) is not None and _LETTER_ALONE.match(text, match.end()) is None


def _find_element_end(text: str, start: int) -> int:
    end = text.find(_ELEMENT_END, start)
    return len(text) if end < 0 else end


def _find_line_end(text: str, start: int) -> int:
    bare = _BARE_LINE.match(text, start)
    end = text.find("\n", bare.end() if bare else start)
    return len(text) if end < 0 else end


def find_arrow(text: str, *, is_ended: bool) -> StatedAnswer | None:
    """Find what follows the last `-->`, up to `END`; without `END`, only on the last line."""
    arrow = text.rfind(_ARROW)
    if arrow < 0:
        return None
    text = text.rstrip()
    has_end = text.endswith(_END)
    if is_ended is not has_end or (not has_end and "\n" in text[arrow:]):
        return None
    text = text.removesuffix(_END).rstrip()
    start = len(text) - len(text[arrow + len(_ARROW) :].lstrip())
    return StatedAnswer(rule="arrow", mark=arrow, start=start, end=len(text)) if start < len(text) else None


def _find_boxes(text: str) -> Iterator[StatedAnswer]:
    r"""Find the contents of the last \boxed{...}, with balanced brackets."""
    place = len(text)
    for _ in range(_MOST_BOXES):
        place = text.rfind(_BOXED, 0, place)
        if place < 0:
            return
        start = place + len(_BOXED)
        end = _find_bracket(text, start)
        if end is not None and text[start:end].strip():
            yield StatedAnswer(rule="boxed", mark=place, start=start, end=end)


def _find_bracket(text: str, start: int) -> int | None:
    """Find the bracket that closes what was opened before a place."""
    depth = 1
    for end in range(start, min(len(text), start + _LONGEST_BOX)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return end
    return None
