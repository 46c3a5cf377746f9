"""Decide whether a written equation is true, and find reasons why it may have been misread."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from ...schemas.sample import StepOutcome
from ..languages import has_unspaced
from .arithmetic import Operation
from .lexer import SIGNS, VALUES, Piece
from .operands import Side

FLOAT_DECIMALS = 6
"""A number with at least this many decimals is a printed float, compared with a relative tolerance of 1e-6."""

_SCALES = frozenset("dozen dozens pair pairs score hundred thousand million billion half double twice triple".split())
_UNSPACED_SCALES = frozenset("十百千万萬亿億兆打双雙对對半倍成")
"""Scale words where words are not spaced, by their first letter."""
_MEASURES = {
    word: kind
    for kind, words in {
        "time": "second minute hour day week month year decade century",
        "length": "cm mm km meter metre kilometer inch inche foot feet yard mile",
        "mass": "gram kg kilogram pound lb ounce oz ton",
        "money": "cent dollar penny pennie nickel dime quarter coin",
        "volume": "liter litre ml gallon quart pint cup",
        "speed": "mph",
    }.items()
    for word in words.split()
}


class Doubt(StrEnum):
    """Why an expression may have been misread."""

    CUT = "an adjacent piece may belong to it"
    SCALE = "it contains a scale word (dozen, thousand)"
    PERCENT_SUM = "a percentage is added or subtracted"
    VARIABLE = "it contains a variable"
    CLOCK = "a number begins with 0, as in a time of day"
    ORDER = "two divisions follow each other: 6 / 1 / 2 may mean 6 / (1/2)"


def judge_equation(left: Side, right: Side, *, approximate: bool, chained: bool) -> StepOutcome:
    """Check an equation. A false one is `wrong` only if there is no sign of a misreading, else `unchecked`.

    Args:
        left: the left side.
        right: the right side.
        approximate: whether the sign was ≈.
        chained: whether the left side is also a right side, as at the second sign of 2 * 3 = 6 = 7.
    """
    if any(value in right.readings for value in left.readings):
        return StepOutcome.RIGHT
    if right.computed and right.first in left.readings:
        return StepOutcome.RIGHT  # two steps written as one chain: 7 * 3 = 21 - 4 = 17
    if _is_rounded(left, right, approximate=approximate):
        return StepOutcome.ROUNDED
    is_doubtful = (
        _has_conversion(left, right)
        or _has_unspaced_units(left, right)
        or next(_find_doubts(left), None)
        or next(_find_doubts(right), None)
    )
    computed = left.computed or chained
    return StepOutcome.WRONG if computed and not is_doubtful else StepOutcome.UNCHECKED


def _is_rounded(left: Side, right: Side, *, approximate: bool) -> bool:
    """Whether the right side is the left side rounded to its printed decimals, or a truncated division."""
    if right.computed:
        return False
    printed = _count_decimals(right)
    divided = isinstance(left.node, Operation) and left.node.op == "/" and left.node.value.denominator != 1
    unit = Fraction(1, 10 ** printed[-1]) if printed[-1] or approximate or divided else Fraction(0)
    if max([*printed, *_count_decimals(left)]) >= FLOAT_DECIMALS:
        unit = max(unit, abs(Fraction(left.node.value)) / 10**FLOAT_DECIMALS)
    return any(abs(Fraction(value) - claimed) < unit for value in left.readings for claimed in right.readings)


def _count_decimals(side: Side) -> list[int]:
    """Count the decimals of each number of a side."""
    return [len(text.partition(".")[2]) for name, text, _, end in side.pieces if name in VALUES and end <= side.end]


def _has_conversion(left: Side, right: Side) -> bool:
    """Whether the equation converts or mixes units of measure: 30 minutes + 30 minutes = 1 hour."""
    left_units, right_units = (set(filter(None, map(_find_measure, side.pieces))) for side in (left, right))
    if left_units and right_units and not right_units <= left_units:
        return True
    kinds = [_MEASURES[unit] for unit in left_units]
    return len(set(kinds)) < len(kinds) and any(piece.name in SIGNS for piece in left.pieces)


def _has_unspaced_units(left: Side, right: Side) -> bool:
    """Whether the numbers have several units in a script without blanks: 30分 + 30分 = 1小时. Any may convert."""
    units = {
        piece.text[0]
        for side in (left, right)
        for before, piece in pairwise(side.pieces)
        if piece.name == "word" and before.name in VALUES and has_unspaced(piece.text[0])
    }
    return len(units) > 1


def _find_measure(piece: Piece) -> str | None:
    """Find the unit of measure that a piece names, in the singular."""
    if piece.name == "currency":
        return "dollar"
    word = piece.text.lower()
    return next((form for form in (word, word.removesuffix("s")) if piece.name == "word" and form in _MEASURES), None)


def _find_doubts(side: Side) -> Iterator[Doubt]:
    """Yield the reasons why an expression may have been misread."""
    names = [piece.name for piece in side.pieces]
    words = [index for index, name in enumerate(names) if name == "word"]
    if side.cut:
        yield Doubt.CUT
    if any(_is_scale(side.pieces[index].text) for index in words):
        yield Doubt.SCALE
    if "percent" in names and not SIGNS.isdisjoint(names):
        yield Doubt.PERCENT_SUM
    if any(_is_variable(side.pieces, index) for index in words) or _has_variable_x(side.pieces):
        yield Doubt.VARIABLE
    texts = [piece.text for piece in side.pieces if piece.name == "number"]
    if any(len(text) > 1 and text[0] == "0" and text[1] != "." for text in texts):
        yield Doubt.CLOCK
    if "divide number divide" in " ".join(name for name in names if name != "word"):
        yield Doubt.ORDER


def _is_scale(word: str) -> bool:
    return word.lower() in _SCALES or word[0] in _UNSPACED_SCALES


def _is_variable(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a word is a variable: 2p, 3 N."""
    piece = pieces[index]
    if has_unspaced(piece.text):
        return False
    is_adjacent = index > 0 and pieces[index - 1].end == piece.start
    return (len(piece.text) == 1 or is_adjacent) and _find_measure(piece) is None


def _has_variable_x(pieces: Sequence[Piece]) -> bool:
    """Whether an x is a variable, not a times sign: (5/2)x + 5."""
    pairs = zip(pieces, [*pieces[1:], None], strict=True)
    return any(
        piece.text in {"x", "X"} and (after is None or after.name not in {*VALUES, "open", "currency"})
        for piece, after in pairs
    )
