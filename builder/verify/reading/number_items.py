"""The numbers of a sentence, each with what the words around it say of it."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ..answers.numbers import Quantity, find_bare_quantities, read_quantity, to_plain_text
from .candidates import Passage
from .cues import WINDOW
from .units import find_unit_end

_SHORT_FRACTION = re.compile(r"\\[dt]?frac\s?(\d)\s?(\d)(?!\d)")
_ODD = re.compile(
    r"(?<![\d.,:])\d{1,4}(?::|\s:\s)\d{1,4}(?::\d{2}){0,2}(?![\d:])(?:\s?[ap]\.?m\b\.?)?"
    r"|(?<![\d.,:])\d{1,2}\s?[ap]\.?m\b\.?|(?<![\d/])\d{1,4}/\d{1,2}/\d{2,4}(?![\d/])|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
    r"|(?<![\d.])\d{1,4} (?:out of|in) \d{1,9}(?=\s*(?:[.,;!]|$))|(?<!\d)\d{1,3}['’′]\s?\d{1,2}(?:[\"”″]|'')"
    r"|(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号號]|\d{1,9}(?:小[时時]|分钟?|[元块米年天周]|千[米克]|公斤|个月)\d{1,3}"
    r"(?:分钟?|[秒角分克天米]|厘米|毫米|个月|小[时時])|(?<!\d)\d{1,2}[h点時时]\s?\d{2}(?!\d)分?"
    r"|(?<![\w.,:/^*×+-])\d{1,9}[a-cnxyz](?:\^\d{1,3})?(?![\w^])",
    re.IGNORECASE,
)
"""Times, ratios, dates and terms of a variable, which are no numbers."""
_DIRECT = re.compile(
    r"[\s*_\"'“(\[$€£¥`~:：≈#>-]*(?:(?:about|approximately|approx\.?|around|roughly|exactly|only|just|simply|a|the|total|of"
    r"|equal|to|precisely|nearly|almost|that|is|it|now|also|be)\s{1,2}){0,5}(?:共|大约|约|一共)?(?:\\[(\[]\s?)?[$*({]*"
)
_AFTER_EQUALS = re.compile(r"\s?[-+*/×÷·^]\s?[\d($]|\s?\\(?:times|cdot|div)\b")
_FORMULA_BEHIND = re.compile(
    r"\\(?!text|mathrm|mbox|q?quad|[)\],;!%$ ]|end)|[√π^]|[A-Za-z]{1,2}(?![A-Za-z])|!(?=[\s}$]*$)"
)
_FORMULA_BEFORE = re.compile(r"(?:\\sqrt\s?(?:\[\d\])?\{?|√\(?|[a-z]_\{?|\\log_?\{?|\^\{?|[a-z]\()$")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_COMMA = re.compile("[,，;；)]")
_FORMULA_RULES = frozenset({"boxed", "hashes"})
_MINUS = re.compile(r"(?<![\w)] )(?<!\w)(?:minus|negative)\s$", re.IGNORECASE)
"""A sign in words; behind a number it is an operation."""
_BULLET = re.compile(r"\A\s{0,8}[-–*•]\s")
"""The sign of a list, and no minus."""
_DIGIT = re.compile(r"\d")
_MOST = 200
"""The most numbers of a sentence that are weighed."""
_MOST_CLAUSES = 40
_NARROW = 36
"""The most characters before a number of what makes it an aside, a bound or excluded."""
_LONGEST_LEAD = 200
"""So far from its beginning at most a sentence begins with its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence in plain characters."""

    passage: Passage
    """The passage that it stands in."""
    start: int
    """First character of the sentence in the text."""
    end: int
    """One past its last."""
    plain: str
    """The sentence in plain characters."""
    conclusion: int | None
    """Where its first conclusion begins."""

    def locate(self, answer: str, place: int) -> tuple[int, int]:
        """Locate an answer of the plain sentence in the text; the whole sentence where its signs were rewritten."""
        text = self.passage.text
        original = text[self.start : self.end]
        if len(original) == len(self.plain):
            return self.start + place, self.start + place + len(answer)
        found = text.find(answer, self.start, self.end)
        if found >= 0:
            return found, found + len(answer)
        content = original.strip()
        start = self.start + original.find(content)
        return start, start + len(content)


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberItem:
    """A number of a sentence."""

    start: int
    """First character in the plain sentence."""
    end: int
    """One past its last, its unit included."""
    value: Fraction | None
    """Its value; None for what only looks like a number."""
    measure: str | None
    """What its unit measures."""
    unit: str
    """Its unit as it stands."""
    size: Fraction | None
    """Its value in the base unit of the measure."""
    is_percent: bool
    """Whether it is a percentage."""
    is_bound: bool
    """Whether words around it make a bound of it."""
    is_direct: bool
    """Whether the sentence begins with it."""
    is_result: bool
    """Whether words before it say that it is a result."""
    is_concluded: bool
    """Whether it stands behind the first word of a conclusion."""
    is_aside: bool
    """Whether words around it say that it is not what is asked for."""
    is_negated: bool
    """Whether words around it say that it is not the answer."""


def make_sentence(passage: Passage, start: int, end: int) -> Sentence:
    """Make a sentence of a part of a text."""
    original = passage.text[start:end]
    plain = original if "\\" not in original else _SHORT_FRACTION.sub(r" \1/\2", original)
    plain = to_plain_text(plain.replace("—", ","))  # a pause, and no minus
    if not start or passage.text[start - 1] == "\n":
        plain = _BULLET.sub(_hide_bullet, plain)
    opening = passage.cues.opening.search(plain)
    return Sentence(passage=passage, start=start, end=end, plain=plain, conclusion=opening.start() if opening else None)


def _hide_bullet(match: re.Match[str]) -> str:
    return " " * len(match[0])


def list_items(sentence: Sentence) -> list[NumberItem]:
    """List the numbers of a sentence in order."""
    spans = [*_find_spans(sentence.plain)]
    clauses = _list_clauses(sentence)
    return [_make_item(sentence, span, quantity, clauses) for span, quantity in spans[:_MOST]]


def _find_spans(plain: str) -> Iterator[tuple[tuple[int, int], Quantity | None]]:
    """Find numbers, and whatever looks like one and is none: 3:30 pm, 3:4."""
    odd = [match.span() for match in _ODD.finditer(plain)]
    quantities = [
        ((start, start + len(plain[start:end].rstrip(" .,;:\n\t"))), quantity)
        for quantity, start, end in find_bare_quantities(plain)
    ]
    kept = [item for item in quantities if not _is_within(item[0], odd)] if odd else quantities
    yield from sorted([*kept, *((span, None) for span in odd)], key=lambda item: item[0])


def _is_within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    """Whether a span overlaps one of others, which are in order."""
    place = bisect_left(spans, (span[1],))
    return place > 0 and spans[place - 1][1] > span[0]


def _make_item(
    sentence: Sentence, span: tuple[int, int], quantity: Quantity | None, clauses: list[tuple[int, int]]
) -> NumberItem:
    plain, cues = sentence.plain, sentence.passage.cues
    start, end = span
    window = max(0, start - WINDOW)
    if plain[start] == "$" and plain[end : end + 1] == "$":  # mathematics, no money
        start += 1
        unit_end = end
    else:
        unit_end = find_unit_end(plain, end) if quantity is not None else end
    is_formula = quantity is not None and unit_end == end and _is_formula(sentence, start, end)
    measured = read_quantity(plain[start:unit_end]) if unit_end > end else None
    bound = cues.bound.search(plain, max(0, start - _NARROW), start) or _MINUS.search(plain, max(0, start - 10), start)
    bound_end = cues.bound_end.match(plain, unit_end)
    before = plain[window:start]
    result = None if _AFTER_EQUALS.match(plain, unit_end) else cues.result.search(before)
    aside = cues.aside.search(plain[max(0, start - _NARROW) : start + 1])
    bracket = max((first for first, last in clauses if first < start < last and plain[first] in "(（"), default=-1)
    is_result = (
        result is not None
        and result.start() + window > bracket  # in total (3 boxes of 5)
        and (  # the longer one counts: a total of; 原来有
            aside is None or result.start() + window <= aside.start() + max(0, start - _NARROW)
        )
    )
    return NumberItem(
        start=bound.start() if bound else start,
        end=_find_end(plain, unit_end, is_formula=is_formula, bound_end=bound_end),
        value=None if quantity is None or is_formula or bound or bound_end else quantity.value,
        measure=measured.measure if measured else None,
        unit=plain[end:unit_end].strip(),
        size=measured.value * measured.factor if measured else None,
        is_percent=quantity is not None and quantity.percent,
        is_bound=bool(bound or bound_end) and not (bound and _MINUS.fullmatch(bound[0])),
        is_direct=start < _LONGEST_LEAD and _DIRECT.fullmatch(plain, 0, bound.start() if bound else start) is not None,
        is_result=is_result,
        is_concluded=sentence.conclusion is not None and sentence.conclusion < start,
        is_aside=(aside is not None and not is_result)
        or any(_is_aside(sentence, start, place, clauses) for place in {end, unit_end}),
        is_negated=not bound
        and bool(cues.exclusion.search(plain, max(0, start - _NARROW), start) or cues.excluded.match(plain, unit_end)),
    )


def _find_end(plain: str, end: int, *, is_formula: bool, bound_end: re.Match[str] | None) -> int:
    """Find where a number ends: with its bound, or with the formula that it is a part of."""
    if bound_end is not None:
        return bound_end.end()
    return end + len(plain[end:].rstrip(" .,;:\n$")) if is_formula else end


def _is_formula(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a number is a part of a formula: 2x, 3√2, 5!"""
    plain = sentence.plain
    behind = _FORMULA_BEHIND.match(plain, end)
    if behind is not None and not _ORDINAL.match(plain, end):
        return behind[0] != "!" or sentence.passage.rule in _FORMULA_RULES
    return _FORMULA_BEFORE.search(plain, max(0, start - 12), start) is not None


def _is_aside(sentence: Sentence, start: int, end: int, clauses: list[tuple[int, int]]) -> bool:
    if _is_in_clause(start, clauses):
        return True
    return sentence.passage.cues.aside_end.match(sentence.plain, end) is not None


def _is_in_clause(place: int, clauses: list[tuple[int, int]]) -> bool:
    return any(first <= place < last for first, last in clauses)


def _list_clauses(sentence: Sentence) -> list[tuple[int, int]]:
    """List the parts of a sentence that state nothing: what stands before its conclusion, and subordinate clauses."""
    plain, cues = sentence.plain, sentence.passage.cues
    brackets = [match.span() for match in _find_brackets(plain)]
    found = [*brackets]
    begin = len(plain) - len(plain.lstrip(" \n*_"))
    for match in cues.subordinate.finditer(plain):
        before = plain[max(0, match.start() - 3) : match.start()].rstrip()
        pause = _COMMA.search(plain, match.end()) if match.start() <= begin or before[-1:] in {",", "，"} else None
        found.append((match.start(), pause.start() if pause else len(plain)))
        if pause is None or len(found) > _MOST_CLAUSES:
            break
    stated = [match.start() for match in _DIGIT.finditer(plain) if not _is_in_clause(match.start(), brackets)]
    last_digit = max(stated, default=-1)
    openings = [match.start() for match in cues.opening.finditer(plain, 1) if match.end() <= last_digit]
    return [*found, (0, openings[-1])] if openings else found


def _find_brackets(plain: str) -> Iterator[re.Match[str]]:
    """Find remarks in brackets; what stands in brackets of mathematics is none."""
    for match in re.finditer(r"(?<![\w\\^_*/+=×(-])(?<![*/+=×-]\s)[(（][^()（）]{1,200}[)）](?!\s?[*/+×=])", plain):
        if plain[: match.start()].strip(" \n*_$\\"):
            yield match
