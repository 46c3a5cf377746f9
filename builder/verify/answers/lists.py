"""Lists, whose order counts, and sets, whose order does not: taken apart and compared element by element."""

import re
from collections.abc import Callable, Sequence

from .bounds import Bound
from .dates import find_dates
from .equality import compare_quantities
from .numbers import read_quantity
from .outcomes import Comparison, ComparisonOutcome, decide_equality, leave_undecided
from .plain import to_plain_text
from .words import match_text, normalize_answer

_EQUAL, _DIFFERENT, _UNDECIDED = ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT, ComparisonOutcome.UNDECIDED

MOST_ELEMENTS = 500
"""Longer lists are not compared element by element."""

DEEPEST = 4
"""How deep lists within lists are looked into."""

_BRACKETS = {"[": "]", "(": ")", "{": "}", "<": ">", "【": "】", "（": "）"}
_OPENING, _CLOSING = frozenset(_BRACKETS), frozenset(_BRACKETS.values())
_STRONG = re.compile(r"\s*(?:;|；|、|\n|→|->)\s*")
_AND = r"(?:\s(?:and|und|et|y)\s|和|以及|及)"
_WEAK = re.compile(rf"\s*,\s*(?:(?:and|und|et|y)\s)?|{_AND}")
_ARROW = re.compile(r"\s>\s")
_GROUPED = re.compile(r"(?<!\d)(?<!\d,)\d{1,3}(?:,\d{3}){1,60}(?!\d|,\d)")
_EMPTY = frozenset(
    {"", "∅", "empty", "empty set", "the empty set", "empty list", "空集", "none", "no elements", "no solution"}
)
_HEDGE = re.compile(r"\b(?:or|not|maybe|perhaps|possibly|either|except|nor)\b|n't\b|[或不非]", re.IGNORECASE)
_ELLIPSIS = re.compile(r"\.\.|…|\\[lc]?dots|\betc\b|±|\\pm\b|等等")
"""What says that there is more than is written."""
_NAME = re.compile(r"^[A-Za-z]\w?\s?(?:=|∈|\\in\b)\s?")
_SOLUTIONS = re.compile(r"([A-Za-z])\s?=[^=]{1,60}(?:\s(?:or|and)\s\1\s?=[^=]{1,60}){1,9}")
_OR = re.compile(r"\sor\s")
_BULLET = re.compile(r"^(?:[-*•]\s|\(?\d{1,2}[.)]\s)")
_LATEX = re.compile(r"\\(?=[{}])|\\(?:left|right|big|Big)\b|\\[,;!: ]|\$")

Elements = tuple[str, ...]


def read_elements(text: str, *, is_grouped: bool = True) -> Elements:
    """Take a list apart into its elements.

    Args:
        text: the list, in brackets or without.
        is_grouped: whether `1,200` is one number; else a comma always parts.

    >>> read_elements("1, 2 and 3"), read_elements("{3; 4}"), read_elements("1,200")
    (('1', '2', '3'), ('3', '4'), ('1,200',))
    """
    text = _NAME.sub("", text.strip(" $")) if text.count("=") < 2 else text
    text = _strip_brackets(to_plain_text(_LATEX.sub("", text)).replace("\\emptyset", "∅").strip(" .。*`\n"))
    if text.casefold() in _EMPTY:
        return ()
    if is_grouped:
        text = _GROUPED.sub(lambda match: match[0].replace(",", "\ue000"), text)
    for pattern in (_STRONG, _WEAK, _ARROW):
        parts = _split_outside(text, pattern)
        if len(parts) > 1:
            parts = [item for part in parts for item in _split_last(part)] if pattern is _STRONG else parts
            break
    cleaned = (
        _NAME.sub("", _BULLET.sub("", part.strip())).strip(" \"'“”‘’`*.").replace("\ue000", ",") for part in parts
    )
    return tuple(part for part in cleaned if part)


def _split_last(part: str) -> list[str]:
    """Split what a last `and` joins: `a; b and c`."""
    return [part] if "," in part else _split_outside(part, re.compile(_AND))


def _strip_brackets(text: str) -> str:
    """Strip the brackets around a whole list; not those of `(1,2),(3,4)`."""
    closing = _BRACKETS.get(text[:1])
    if closing is None or text[-1:] != closing or len(text) < 2:
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1].strip()


def _split_outside(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Split a text where a pattern matches outside of all brackets."""
    depths, depth = [], 0
    for character in text:
        depth += (character in "[({") - (character in "])}")
        depths.append(depth)
    parts, start = [], 0
    for match in pattern.finditer(text):
        if depths[match.start()] <= 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def compare_lists(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two lists."""
    return _compare(gold, answer, _compare_ordered)


def compare_sets(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two sets. `x = 1 or x = 2` is one, too."""
    gold, answer = (_OR.sub(", ", side) if _SOLUTIONS.fullmatch(side.strip(" $.")) else side for side in (gold, answer))
    return _compare(gold, answer, _compare_unordered)


def _compare(gold: str, answer: str, rule: Callable[[Elements, Elements], ComparisonOutcome]) -> Comparison:
    if not gold.strip() or not answer.strip():
        return leave_undecided("empty")
    golds, answers = _read_pair(gold, answer)
    if max(len(golds), len(answers)) > MOST_ELEMENTS:
        is_same = gold.split() == answer.split()
        return Comparison(outcome=_EQUAL) if is_same else leave_undecided(f"more than {MOST_ELEMENTS} elements")
    if any(pattern.search(answer) and not pattern.search(gold) for pattern in (_HEDGE, _ELLIPSIS)):
        return leave_undecided(f"a list that may be another: {answer[:80]}")
    outcome = rule(golds, answers)
    if outcome is not _EQUAL and _has_groups(gold, answer):
        others = [rule(*_read_pair(gold, answer, left, right)) for left in (True, False) for right in (True, False)]
        outcome = outcome if all(other is outcome for other in others) else _UNDECIDED
    if outcome is _UNDECIDED:
        return leave_undecided(f"elements that may be the same: {answer[:80]}")
    return decide_equality(outcome is _EQUAL)


def _has_groups(gold: str, answer: str) -> bool:
    return bool(_GROUPED.search(gold) or _GROUPED.search(answer))


def _read_pair(gold: str, answer: str, left: bool = True, right: bool = True) -> tuple[Elements, Elements]:
    """Read two lists; where blanks part the elements of one, as commas do those of the other, they part them."""
    golds, answers = read_elements(gold, is_grouped=left), read_elements(answer, is_grouped=right)
    if len(golds) == 1 and len(answers) in {1, len(golds[0].split())}:
        golds, answers = (_split_words(side) if len(side) == 1 else side for side in (golds, answers))
    elif len(answers) == 1 and len(answers[0].split()) == len(golds):
        answers = _split_words(answers)
    return golds, answers


def _split_words(elements: Elements) -> Elements:
    is_words = all(re.fullmatch(r"[\w.'+-]+", word) for word in elements[0].split())
    return tuple(elements[0].split()) if is_words else elements


def _compare_ordered(golds: Elements, answers: Elements, depth: int = 0) -> ComparisonOutcome:
    if len(golds) != len(answers):
        return _DIFFERENT
    found = {_compare_element(*pair, depth) for pair in zip(golds, answers, strict=True)}
    return _DIFFERENT if _DIFFERENT in found else _UNDECIDED if _UNDECIDED in found else _EQUAL


def _compare_unordered(golds: Elements, answers: Elements) -> ComparisonOutcome:
    """Compare sets: every element must have its equal on the other side."""
    left, right = {_fold(item): item for item in golds}, {_fold(item): item for item in answers}
    shared = left.keys() & right.keys()
    lone_left = [item for key, item in left.items() if key not in shared]
    lone_right = [item for key, item in right.items() if key not in shared]
    if len(lone_left) * len(lone_right) > MOST_ELEMENTS:
        return _UNDECIDED
    rows = [_find_best(item, answers) for item in lone_left]
    columns = [_find_best(item, golds) for item in lone_right]
    found = {*rows, *columns}
    return _DIFFERENT if _DIFFERENT in found else _UNDECIDED if _UNDECIDED in found else _EQUAL


def _fold(item: str) -> str:
    return "".join(item.casefold().split())


def _find_best(item: str, others: Sequence[str]) -> ComparisonOutcome:
    """Find how an element compares with the element that is most like it."""
    found = {_compare_element(item, other) for other in others}
    return _EQUAL if _EQUAL in found else _UNDECIDED if _UNDECIDED in found else _DIFFERENT


def _compare_element(gold: str, answer: str, depth: int = 0) -> ComparisonOutcome:
    """Compare two elements by what they are: lists, numbers, dates, texts."""
    inner = _strip_brackets(gold), _strip_brackets(answer)
    if inner[0] != gold and inner[1] != answer:
        is_alike = gold[0] == answer[0] and depth < DEEPEST
        return _compare_ordered(read_elements(inner[0]), read_elements(inner[1]), depth + 1) if is_alike else _UNDECIDED
    quantities = read_quantity(gold), read_quantity(answer)
    if quantities[0] is not None and quantities[1] is not None:
        return compare_quantities(quantities[0], quantities[1])
    if normalize_answer(gold) == normalize_answer(answer):
        return _EQUAL
    dates = find_dates(gold), find_dates(answer)
    if dates[0] and dates[1]:
        return _DIFFERENT if not set(dates[0][0]) & set(dates[1][0]) else _EQUAL if dates[0] == dates[1] else _UNDECIDED
    if any(_is_formula(side) for side in (gold, answer)) or any(quantities):
        is_number = any(quantity is not None and quantity.bound is Bound.NONE for quantity in quantities)
        return _DIFFERENT if is_number and gold.isalpha() | answer.isalpha() else _UNDECIDED
    is_equal = match_text(gold, answer)
    return _UNDECIDED if is_equal is None else _EQUAL if is_equal else _DIFFERENT


def _is_formula(text: str) -> bool:
    return bool(re.search(r"[\\^=+*/_{}√π<>≤≥]|\d", text))
