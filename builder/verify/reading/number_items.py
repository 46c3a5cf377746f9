"""The numbers of a sentence, each with what the words around it say of it."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..answers.numbers import Quantity, find_bare_quantities, read_quantity, to_plain_text
from .candidates import Passage
from .cues import WINDOW
from .units import find_unit_end

_SHORT_FRACTION = re.compile(r"\\[dt]?frac\s?(\d)\s?(\d)(?!\d)")
_ODD = re.compile(
    r"(?=\d)(?:"
    r"(?<![\d.,:])\d{1,4}(?::|\s:\s)\d{1,4}(?::\d{2}){0,2}(?![\d:])(?:\s?[ap]\.?m\b\.?)?"
    r"|(?<![\d.,:])\d{1,2}\s?[ap]\.?m\b\.?|(?<![\d/])\d{1,4}/\d{1,2}/\d{2,4}(?![\d/])|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
    r"|(?<![\d.])\d{1,4} (?:out of|in) \d{1,9}(?=\s*(?:[.,;!]|$))|(?<!\d)\d{1,3}['’′]\s?\d{1,2}(?:[\"”″]|'')"
    r"|(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号號]|\d{1,9}(?:小[时時]|分钟?|[元块米年天周]|千[米克]|公斤|个月)\d{1,3}"
    r"(?:分钟?|[秒角分克天米]|厘米|毫米|个月|小[时時])|(?<!\d)\d{1,2}[h点時时]\s?\d{2}(?!\d)分?"
    r"|(?<![\w.,:/^*×+-])\d{1,9}[a-cnxyz](?:\^\d{1,3})?(?![\w^]))",
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


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def conclusion(self) -> int | None:
        """Where its first conclusion begins."""
        opening = self.passage.cues.opening.search(self.plain)
        return None if opening is None else opening.start()

    @cached_property
    def clauses(self) -> list[tuple[int, int]]:
        """Its parts that state nothing."""
        return _list_clauses(self)

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


@dataclass(frozen=True, eq=False)
class NumberItem:
    """A number of a sentence. What the words around it say is looked up where it is asked for."""

    sentence: Sentence
    """Its sentence."""
    opened: int
    """Its first character, with a sign of money or mathematics."""
    stop: int
    """One past its last digit."""
    quantity: Quantity | None
    """What it is; None for what only looks like a number."""

    @cached_property
    def _is_mathematics(self) -> bool:
        """Whether the signs around it are those of mathematics, and no money."""
        plain = self.sentence.plain
        return plain[self.opened] == "$" and plain[self.stop : self.stop + 1] == "$"

    @cached_property
    def _begin(self) -> int:
        return self.opened + self._is_mathematics

    @cached_property
    def _unit_end(self) -> int:
        is_bare = self.quantity is None or self._is_mathematics
        return self.stop if is_bare else find_unit_end(self.sentence.plain, self.stop)

    @cached_property
    def _is_formula(self) -> bool:
        is_bare = self.quantity is not None and self._unit_end == self.stop
        return is_bare and _is_formula(self.sentence, self._begin, self.stop)

    @cached_property
    def _measured(self) -> Quantity | None:
        is_bare = self._unit_end == self.stop
        return None if is_bare else read_quantity(self.sentence.plain[self._begin : self._unit_end])

    @cached_property
    def _bound(self) -> re.Match[str] | None:
        plain, begin = self.sentence.plain, self._begin
        bound = self.sentence.passage.cues.bound.search(plain, max(0, begin - _NARROW), begin)
        return bound or _MINUS.search(plain, max(0, begin - 10), begin)

    @cached_property
    def _bound_end(self) -> re.Match[str] | None:
        return self.sentence.passage.cues.bound_end.match(self.sentence.plain, self._unit_end)

    @cached_property
    def _aside(self) -> int | None:
        """Where the words begin that say that it is not what is asked for."""
        first = max(0, self._begin - _NARROW)
        aside = self.sentence.passage.cues.aside.search(self.sentence.plain[first : self._begin + 1])
        return None if aside is None else first + aside.start()

    @property
    def start(self) -> int:
        """First character in the plain sentence."""
        return self._bound.start() if self._bound else self._begin

    @property
    def end(self) -> int:
        """One past its last, its unit included."""
        return _find_end(self.sentence.plain, self._unit_end, is_formula=self._is_formula, bound_end=self._bound_end)

    @property
    def value(self) -> Fraction | None:
        """Its value; None for what only looks like a number."""
        is_none = self.quantity is None or self._is_formula or self._bound or self._bound_end
        return None if self.quantity is None or is_none else self.quantity.value

    @property
    def measure(self) -> str | None:
        """What its unit measures."""
        return self._measured.measure if self._measured else None

    @property
    def unit(self) -> str:
        """Its unit as it stands."""
        return self.sentence.plain[self.stop : self._unit_end].strip()

    @property
    def size(self) -> Fraction | None:
        """Its value in the base unit of the measure."""
        return self._measured.value * self._measured.factor if self._measured else None

    @property
    def is_percent(self) -> bool:
        """Whether it is a percentage."""
        return self.quantity is not None and self.quantity.percent

    @property
    def is_bound(self) -> bool:
        """Whether words around it make a bound of it."""
        return bool(self._bound or self._bound_end) and not (self._bound and _MINUS.fullmatch(self._bound[0]))

    @property
    def is_direct(self) -> bool:
        """Whether the sentence begins with it."""
        return self._begin < _LONGEST_LEAD and _DIRECT.fullmatch(self.sentence.plain, 0, self.start) is not None

    @cached_property
    def is_result(self) -> bool:
        """Whether words before it say that it is a result; of these and an aside's the longer count: a total of."""
        plain = self.sentence.plain
        if _AFTER_EQUALS.match(plain, self._unit_end):
            return False
        window = max(0, self.opened - WINDOW)
        result = self.sentence.passage.cues.result.search(plain[window : self._begin])
        if result is None or result.start() + window < self._bracket:  # in total (3 boxes of 5)
            return False
        return self._aside is None or result.start() + window <= self._aside

    @property
    def _bracket(self) -> int:
        """Where the remark in brackets begins that it stands in; -1 where it stands in none."""
        plain = self.sentence.plain
        spans = (span for span in self.sentence.clauses if span[0] < self._begin < span[1])
        return max((first for first, _ in spans if plain[first] in "(（"), default=-1)

    @property
    def is_concluded(self) -> bool:
        """Whether it stands behind the first word of a conclusion."""
        return self.sentence.conclusion is not None and self.sentence.conclusion < self._begin

    @cached_property
    def is_aside(self) -> bool:
        """Whether words around it say that it is not what is asked for."""
        if not self.is_result and self._aside is not None:
            return True
        if _is_in_clause(self._begin, self.sentence.clauses):
            return True
        aside_end = self.sentence.passage.cues.aside_end
        return any(aside_end.match(self.sentence.plain, place) for place in {self.stop, self._unit_end})

    @cached_property
    def is_negated(self) -> bool:
        """Whether words around it say that it is not the answer."""
        plain, cues, begin = self.sentence.plain, self.sentence.passage.cues, self._begin
        is_excluded = cues.exclusion.search(plain, max(0, begin - _NARROW), begin) is not None
        return (is_excluded or cues.excluded.match(plain, self._unit_end) is not None) and not self._bound


def make_sentence(passage: Passage, start: int, end: int) -> Sentence:
    """Make a sentence of a part of a text."""
    original = passage.text[start:end]
    plain = original if "\\" not in original else _SHORT_FRACTION.sub(r" \1/\2", original)
    plain = to_plain_text(plain.replace("—", ","))  # a pause, and no minus
    if not start or passage.text[start - 1] == "\n":
        plain = _BULLET.sub(_hide_bullet, plain)
    return Sentence(passage, start, end, plain)


def _hide_bullet(match: re.Match[str]) -> str:
    return " " * len(match[0])


def list_items(sentence: Sentence, begin: int = 0) -> list[NumberItem]:
    """List the numbers of a sentence in order, from a place on that no number stands across."""
    spans = [*_find_spans(sentence.plain, begin)]
    return [NumberItem(sentence, *span, quantity) for span, quantity in spans[:_MOST]]


def _find_spans(plain: str, begin: int) -> Iterator[tuple[tuple[int, int], Quantity | None]]:
    """Find numbers, and whatever looks like one and is none: 3:30 pm, 3:4."""
    odd = [match.span() for match in _ODD.finditer(plain, begin)]
    quantities = [
        ((start, start + len(plain[start:end].rstrip(" .,;:\n\t"))), quantity)
        for quantity, start, end in find_bare_quantities(plain, begin)
    ]
    kept = [item for item in quantities if not _is_within(item[0], odd)] if odd else quantities
    yield from sorted([*kept, *((span, None) for span in odd)], key=lambda item: item[0])


def _is_within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    """Whether a span overlaps one of others, which are in order."""
    place = bisect_left(spans, (span[1],))
    return place > 0 and spans[place - 1][1] > span[0]


def _find_end(plain: str, end: int, *, is_formula: bool, bound_end: re.Match[str] | None) -> int:
    """Find where a number ends: with its bound, or with the formula that it is a part of."""
    if bound_end is not None:
        return bound_end.end()
    return end + len(plain[end:].partition("=")[0].rstrip(" .,;:\n$")) if is_formula else end


def _is_formula(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a number is a part of a formula: 2x, 3√2, 5!"""
    plain = sentence.plain
    behind = _FORMULA_BEHIND.match(plain, end)
    if behind is not None and not _ORDINAL.match(plain, end):
        return behind[0] != "!" or sentence.passage.rule in _FORMULA_RULES
    return _FORMULA_BEFORE.search(plain, max(0, start - 12), start) is not None


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
    openings = list(cues.opening.finditer(plain, 1))
    if openings:
        stated = [match.start() for match in _DIGIT.finditer(plain) if not _is_in_clause(match.start(), brackets)]
        openings = [match for match in openings if match.end() <= max(stated, default=-1)]
    return [*found, (0, openings[-1].start())] if openings else found


def _find_brackets(plain: str) -> Iterator[re.Match[str]]:
    """Find remarks in brackets; what stands in brackets of mathematics is none."""
    for match in re.finditer(r"(?<![\w\\^_*/+=×(-])(?<![*/+=×-]\s)[(（][^()（）]{1,200}[)）](?!\s?[*/+×=])", plain):
        if plain[: match.start()].strip(" \n*_$\\"):
            yield match
