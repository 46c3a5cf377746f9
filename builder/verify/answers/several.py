"""Compare a gold number with an answer that is more than one number and its unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...languages import list_readings
from .bounds import Bound
from .equality import compare_quantities
from .numbers import Quantity, find_quantities, read_quantity, to_plain_text
from .outcomes import Comparison, ComparisonOutcome, call_hedged, leave_undecided
from .spelled import read_spelled

_EQUAL, _DIFFERENT, _UNDECIDED = ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT, ComparisonOutcome.UNDECIDED

_CORRECTIONS = (
    "no wait", "no, wait", "correction", "actually", "i mean", "sorry",
    *(words for reading in list_readings() for words in reading.corrections),
)  # fmt: skip
_EQUALS = re.compile(r"(?<![<>!≠=])=(?![=<>])")
_BETWEEN = re.compile(
    r"[\s,;~&|()_]*(?:(?:or|and|to|between|from|either|both|maybe|perhaps|possibly|even|also|through|until|und|oder|bis|ou|et|"
    r"entre|o|y|a|is|was|are|it|between|somewhere|the|answer|could|be|may|might|can|range|或者?|和|与|到|至|或是|还是|在|之间|-)\b[\s,;~&|()_]*){0,12}"
    r"|\s*[-~～]\s*"
)
"""What stands around and between two numbers that are a range or a hedge: `17 or 18`, `between 6 and 8`."""
_HARMFUL = re.compile(
    r"[+*/^√×÷·|!%<>≤≥≠±\\={}_∞π∑?]|\d|\b[b-hj-z]\b|n't\b|"
    r"\b(?:not|no|none|never|neither|nor|without|if|unless|or|either|maybe|perhaps|possibly|might|could|between|than|"
    r"except|least|most|minimum|maximum|almost|nearly|minus|plus|times|squared|cubed|root|factorial|unknown|impossible|unclear|wrong|incorrect|false)\b"
    r"|[不没沒非否未无無或]",
    re.IGNORECASE,
)
"""What may make something else of the number beside it."""
_FACTORIAL = re.compile(r"\d!")
_DENIED = re.compile(r"[<>≤≥≠±¬]|\b(?:not|never|no|nearly|almost|least|most|than)\b|n't\b|[不非]", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"\b(?:from|to|until|per|every|all but|by|dozen|hundred|thousand|million|billion|mod|modulo)\s*$", re.IGNORECASE
)
"""What makes a part of something else of the number behind it."""
_APPLIED = re.compile(r"\bof\b|^\s?\($|^\)?\($")
_MINUS = re.compile(r"\d\s?-\s?\d")
_NAMES = re.compile(r"[,;]\s{0,2}(?:and\s)?[^\W\d_]{1,20}\s{0,2}=|\band\s[^\W\d_]{1,20}\s{0,2}=")
_WORD = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 14
_DRESS = " .,;:!*_`$()\n"
_COMMON = frozenset({"one", "a", "second", "first", "un", "une", "una", "ein", "eine"})


@dataclass(frozen=True, slots=True)
class _Place:
    """A number in an answer."""

    quantity: Quantity
    start: int
    end: int


def compare_with_several(gold: Quantity, answer: str) -> Comparison:
    """Compare a gold number with the numbers of an answer; what is said between them decides, or nothing does."""
    plain = to_plain_text(answer)
    if _FACTORIAL.search(plain):
        return leave_undecided(f"a factorial, or an exclamation: {answer[:80]}")
    places = [_Place(*found) for found in find_quantities(plain)]
    if not places:
        return leave_undecided(f"no number could be read from: {answer[:80]}")
    if len(places) > 1 and any(words in plain.casefold() for words in _CORRECTIONS):
        return _compare_last(gold, plain, places)
    equals = list(_EQUALS.finditer(plain))
    if len(equals) > 1 and _NAMES.search(plain):
        return leave_undecided(f"several names with a value each: {answer[:80]}")
    if equals:
        if _DENIED.search(plain, 0, equals[-1].start()):
            return leave_undecided(f"more than an equation: {answer[:80]}")
        return _compare_end(gold, plain[equals[-1].end() :], answer)
    return _compare_standing(gold, plain, places, answer)


def _compare_last(gold: Quantity, plain: str, places: Sequence[_Place]) -> Comparison:
    """Compare with the last number of an answer that corrects itself."""
    last, before = places[-1], places[-2]
    rest = " ".join([plain[before.end : last.start], plain[last.end :]]).casefold()
    for words in _CORRECTIONS:
        rest = rest.replace(words, " ")
    if _is_harmful(rest.replace("no,", " ").replace("wait", " ")):
        return leave_undecided(f"the answer corrects itself: {plain[:80]}")
    return Comparison(outcome=compare_quantities(gold, last.quantity), detail="the answer corrects itself")


def _compare_end(gold: Quantity, end: str, answer: str) -> Comparison:
    """Compare with what stands behind the last equals sign."""
    quantity = read_quantity(end)
    if quantity is None:
        return leave_undecided(f"what follows the last = is not one number: {answer[:80]}")
    outcome = compare_quantities(gold, quantity)
    details = {_EQUAL: "the answer ends on this number", _DIFFERENT: "the answer ends on another number"}
    return Comparison(outcome=outcome, detail=details.get(outcome, "the answer ends on a number with two readings"))


def _compare_standing(gold: Quantity, plain: str, places: Sequence[_Place], answer: str) -> Comparison:
    """Compare with the numbers that are not denied."""
    remaining = [place for place in places if place.quantity.bound is not Bound.NEGATED]
    rest = _cut_out(plain, places)
    if not remaining:
        is_denied = any(compare_quantities(gold, place.quantity) is _DIFFERENT for place in places)
        return (
            Comparison(outcome=_DIFFERENT, detail="denied") if is_denied else leave_undecided(f"denied: {answer[:80]}")
        )
    if _is_applied(plain, places):
        return leave_undecided(f"a calculation: {answer[:80]}")
    outcomes = {compare_quantities(gold, place.quantity) for place in remaining}
    if len(remaining) > 1 and _is_hedge(plain, remaining):
        is_one = outcomes == {_EQUAL}
        if is_one and (_MINUS.search(plain) or len(places) > len(remaining) or _is_harmful(_BETWEEN.sub(" ", rest))):
            return leave_undecided(f"the same number, and more: {answer[:80]}")
        none = outcomes == {_DIFFERENT} and not _is_difference(gold, remaining)
        return Comparison(outcome=_EQUAL) if is_one else Comparison(outcome=_DIFFERENT) if none else call_hedged(answer)
    if len(outcomes) > 1 or any(plain[place.start] in "+-" for place in places[1:]):
        return leave_undecided(f"the answer contains several numbers: {answer[:80]}")
    outcome = outcomes.pop()
    if len(remaining) > 1 and any(place.quantity.bound is not Bound.NONE for place in remaining):
        return leave_undecided(f"an inequality: {answer[:80]}")
    if any(_ELSEWHERE.search(plain, max(0, place.start - 12), place.start) for place in remaining):
        return leave_undecided(f"a number that is a part of something else: {answer[:80]}")
    if outcome is not _UNDECIDED and not _is_harmful(rest):
        return Comparison(outcome=outcome)
    return leave_undecided(f"the answer says more than a number: {answer[:80]}")


def _cut_out(plain: str, places: Sequence[_Place]) -> str:
    """Cut the numbers out of a text, and the dress around all of it."""
    parts, end = [], 0
    for place in places:
        parts.append(plain[end : place.start])
        end = place.end
    parts = [parts[0].lstrip(_DRESS), *parts[1:], plain[end:].rstrip(_DRESS)]
    return " ".join(parts).replace("**", "").strip(" $`()")


def _is_hedge(plain: str, places: Sequence[_Place]) -> bool:
    """Whether the numbers are next to each other, as alternatives or as a range."""
    gaps = [plain[left.end : right.start] for left, right in pairwise(places)]
    outside = f"{plain[: places[0].start]} {plain[places[-1].end :]}"
    gaps = [gap.replace("**", "") for gap in gaps]
    is_minus = not gaps[0].strip() and plain[places[1].start] == "-"
    is_range = len(places) == 2 and (is_minus or gaps[0].strip() == "-")
    between = is_range or all(gap.strip() and _BETWEEN.fullmatch(gap) for gap in gaps)
    return between and len(_WORD.findall(outside)) <= _MOST_WORDS and not re.search(r"[+*/^√×÷|!<>\\=]|\d", outside)


def _is_applied(plain: str, places: Sequence[_Place]) -> bool:
    """Whether one number is applied to the next: `20% of 25`, `3(5)`."""
    return any(_APPLIED.search(plain[left.end : right.start]) for left, right in pairwise(places))


def _is_difference(gold: Quantity, places: Sequence[_Place]) -> bool:
    """Whether `17 - 5` may be meant as a subtraction that comes to the gold number."""
    left, right = places[0].quantity.value, places[-1].quantity.value
    return gold.value in {left - right, left + right}


def _is_harmful(rest: str) -> bool:
    """Whether what stands beside a number may make something else of it."""
    if _HARMFUL.search(rest):
        return True
    words = [word.casefold() for word in _WORD.findall(rest)]
    return len(words) > _MOST_WORDS or any(
        word not in _COMMON and read_spelled(word) is not None for word in words
    )  # fmt: skip
