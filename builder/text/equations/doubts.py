"""Decide whether a written equation is true, and find reasons why it may have been misread."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from ....schemas.sample import StepOutcome
from ...languages import has_unspaced
from .arithmetic import Number, Operation
from .lexer import SIGNS, VALUES, Piece
from .operands import Side, read_side
from .rounding import has_rounded_operand, is_near, is_quotient, is_rounded
from .words import ARTICLES, CHANGES, FUNCTIONS, HOURS, MEASURES, NUMBER_WORDS, SCALES, SPEEDS, UNSPACED_SCALES

_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d{3}")


_UNIT_PLACES = VALUES | {"close", "percent"}


class Doubt(StrEnum):
    """Why an expression may have been misread."""

    CUT = "an adjacent piece may belong to it"
    SCALE = "it contains a scale word (dozen, thousand)"
    PERCENT_SUM = "a percentage is added or subtracted"
    VARIABLE = "it contains a variable"
    CLOCK = "a number begins with 0, as in a time of day"
    ORDER = "two divisions follow each other: 6 / 1 / 2 may mean 6 / (1/2)"


def judge_equation(left: Side, right: Side, *, approximate: bool, chained: bool, closing: bool = False) -> StepOutcome:
    """Check an equation. A false one is `wrong` only if there is no sign of a misreading, else `unchecked`.

    Args:
        left: the left side.
        right: the right side.
        approximate: whether the sign was ≈.
        chained: whether the left side is also a right side, as at the second sign of 2 * 3 = 6 = 7.
        closing: whether another equal sign follows the right side: 7 * 3 = 21 - 4 = 17 is two steps in one chain.
    """
    if any(value in right.readings for value in left.readings):
        return StepOutcome.RIGHT
    if closing and right.computed and right.first in left.readings:
        return StepOutcome.RIGHT
    if is_rounded(left, right, approximate=approximate):
        return StepOutcome.ROUNDED
    if approximate and right.computed:
        return StepOutcome.UNCHECKED  # 2^10 ≈ 10^3
    claim = right.node.value
    is_decimal = any("." in piece.text for piece in right.pieces if piece.name == "number" and piece.end <= right.end)
    is_whole_part = not is_decimal and is_quotient(left) and abs(Fraction(claim)) < abs(Fraction(left.node.value))
    is_doubtful = (
        has_doubt(left, right)
        or ((is_decimal or is_whole_part) and is_near(left, right))
        or _is_true_grouped(left, right)
    )
    computed = left.computed or chained
    return StepOutcome.WRONG if computed and not is_doubtful else StepOutcome.UNCHECKED


def has_doubt(left: Side, right: Side) -> bool:
    """Whether there is a sign that an equation was misread."""
    return (
        _has_conversion(left, right)
        or _has_unspaced_units(left, right)
        or _is_range(left, right)
        or _is_change(right)
        or _is_in_cents(left, right)
        or _is_fraction(left)
        or has_rounded_operand(left, right)
        or any(True for side in (left, right) for _ in _find_doubts(side))
    )


def _has_conversion(left: Side, right: Side) -> bool:
    """Whether the equation converts or mixes units of measure: 30 minutes + 30 minutes = 1 hour."""
    plain, rates = _list_measures(left)
    claimed, _ = _list_measures(right)
    kinds = {MEASURES[unit] for unit in plain | rates}
    if any(MEASURES[unit] in kinds for unit in claimed - plain - rates):
        return True
    if any(MEASURES[rate] in {MEASURES[unit] for unit in plain} for rate in rates - plain):
        return True  # 60 miles per hour * 30 minutes
    return len({MEASURES[unit] for unit in plain}) < len(plain) and any(piece.name in SIGNS for piece in left.pieces)


def _list_measures(side: Side) -> tuple[set[str], set[str]]:
    """The units of measure of a side: of its numbers, and those that they are counted by (per hour)."""
    plain: set[str] = set()
    rates: set[str] = set()
    for before, piece in zip([None, *side.pieces], side.pieces, strict=False):
        if piece.text in SPEEDS:
            plain.add(SPEEDS[piece.text])
            rates.add("hour")
        unit = find_measure(piece)
        is_rate = piece.text.startswith("/") or (before is not None and before.text in {"per", "an", "a", "every"})
        if unit is not None:
            (rates if is_rate else plain).add(unit)
    return plain, rates


def _has_unspaced_units(left: Side, right: Side) -> bool:
    """Whether the numbers have several units in a script without blanks: 30分 + 30分 = 1小时. Any may convert."""
    units = {
        piece.text[0]
        for side in (left, right)
        for before, piece in pairwise(side.pieces)
        if piece.name == "word" and before.name in VALUES and has_unspaced(piece.text[0])
    }
    return len(units) > 1


def _is_range(left: Side, right: Side) -> bool:
    """Whether a difference without blanks may be a range: pages 10-15 = 6 pages, 9-5 = 8 hours."""
    node = left.node
    if not (isinstance(node, Operation) and node.op == "-" and isinstance(node.left, Number)):
        return False
    first, last, claimed = node.left.value, node.right.value, right.node.value
    names = [piece.name for piece in left.pieces if piece.end <= left.end]
    is_tight = names == ["number", "minus", "number"] and left.end - left.start == sum(
        len(piece.text) for piece in left.pieces if piece.end <= left.end
    )
    if not is_tight:
        return False
    is_time = any(piece.text.lower() in {"hour", "hours", "hrs"} for piece in right.pieces)
    spans = {last - first, last - first + 1} if first < last else {12 - first + last} if is_time else set()
    return claimed in spans or (right.computed and first < last)


def _is_change(right: Side) -> bool:
    """Whether the claim is by how many percent something changes: 120 / 100 = 20% more."""
    return any(
        piece.name == "percent" and after.name == "word" and after.text in CHANGES
        for piece, after in pairwise(right.pieces)
    )


def _is_fraction(left: Side) -> bool:
    """Whether the left side is a fraction of a thing, not a calculation: 1/2 a cup = 4 ounces."""
    names = [piece.name for piece in left.pieces if piece.name != "currency"]
    is_thing = names[:4] == ["number", "divide", "number", "word"] and set(names[4:]) <= {"word"}
    return is_thing and left.node.value < 2


def _is_in_cents(left: Side, right: Side) -> bool:
    """Whether the claim has a dollar sign, and is true if the left side counts cents: 100 * 0.75 = $0.75."""
    names = {piece.name for piece in left.pieces}
    is_dollar = right.pieces[0].name == "currency" and "currency" not in names
    return is_dollar and left.node.value == right.node.value * 100


def find_measure(piece: Piece) -> str | None:
    """Find the unit of measure that a piece names, in the singular."""
    if piece.name == "currency":
        return "dollar"
    if piece.name != "word":
        return None
    word = piece.text.lower().lstrip("/ ")
    return next((form for form in (word, word.removesuffix("s"), word.removesuffix("es")) if form in MEASURES), None)


def _find_doubts(side: Side) -> Iterator[Doubt]:
    """Yield the reasons why an expression may have been misread."""
    names = [piece.name for piece in side.pieces]
    words = [index for index, name in enumerate(names) if name == "word"]
    if side.cut or any(_is_function(side, index) for index in words):
        yield Doubt.CUT
    if any(_is_scale(side, index) for index in words):
        yield Doubt.SCALE
    if "percent" in names and not SIGNS.isdisjoint(names):
        yield Doubt.PERCENT_SUM
    if any(_is_beside(side, index) and _is_variable(side.pieces, index) for index in words) or _has_variable_x(
        side.pieces
    ):
        yield Doubt.VARIABLE
    texts = [piece.text for piece in side.pieces if piece.name == "number"]
    has_hours = any(piece.text in HOURS for piece in side.pieces)
    if has_hours or any(len(text) > 1 and text[0] == "0" and text[1] != "." for text in texts):
        yield Doubt.CLOCK
    if _has_open_order([name for name in names if name != "word"]):
        yield Doubt.ORDER


def _has_open_order(names: Sequence[str]) -> bool:
    """Whether the order of operations is open: 6 / 1 / 2, 6 / 2(3), 6 *+ 2."""
    joined = " ".join(names)
    return "divide number divide" in joined or "times plus" in joined or ("divide" in names and "product" in names)


def _is_true_grouped(left: Side, right: Side) -> bool:
    """Whether an equation is true with points between thousands: 3 * 1.200 = 3600."""
    sides = [_join_groups(side) for side in (left, right)]
    if sides == [left.pieces, right.pieces]:
        return False
    one, other = (
        read_side([piece for piece in pieces if piece.end <= side.end])
        for pieces, side in zip(sides, (left, right), strict=True)
    )
    return one is not None and other is not None and any(value in other.readings for value in one.readings)


def _join_groups(side: Side) -> tuple[Piece, ...]:
    return tuple(
        piece._replace(text=piece.text.replace(".", ""))
        if piece.name == "number" and _GROUPED.fullmatch(piece.text)
        else piece
        for piece in side.pieces
    )


def _is_function(side: Side, index: int) -> bool:
    """Whether a word makes another number of the one before it: 9 pi."""
    return _is_beside(side, index) and side.pieces[index].text in FUNCTIONS


def _is_beside(side: Side, index: int) -> bool:
    """Whether a word stands within a side or directly behind it; of other words behind it, none changes a number."""
    return side.pieces[index].start < side.end or (index > 0 and side.pieces[index - 1].end <= side.end)


def _is_scale(side: Side, index: int) -> bool:
    """Whether a word multiplies the number before it; behind the side, only the first word may."""
    word, start, _ = side.pieces[index][1:]
    if not _is_beside(side, index):
        return False
    return word.lower() in SCALES or word[0] in UNSPACED_SCALES or (word.lower() in NUMBER_WORDS and start < side.end)


def _is_variable(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a word is a variable: 2p, 3 N."""
    piece = pieces[index]
    if has_unspaced(piece.text) or find_measure(piece) is not None or piece.text[0] == "/":
        return False
    before = pieces[index - 1] if index else None
    is_adjacent = before is not None and before.end == piece.start and before.name in _UNIT_PLACES
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    is_article = piece.text in ARTICLES and after is not None and after.name in {"word", "number", "currency"}
    return (len(piece.text) == 1 and not is_article) or is_adjacent


def _has_variable_x(pieces: Sequence[Piece]) -> bool:
    """Whether an x is a variable, not a times sign: (5/2)x + 5."""
    pairs = zip(pieces, [*pieces[1:], None], strict=True)
    return any(
        piece.text in {"x", "X"} and (after is None or after.name not in {*VALUES, "open", "currency"})
        for piece, after in pairs
    )


def find_cents(left: Side, right: Side) -> Fraction | None:
    """The claim in dollars where it is in cents and the left side is not: $2.50 - $2.24 = 26 cents."""
    plain, _ = _list_measures(left)
    claimed, _ = _list_measures(right)
    if claimed == {"cent"} and "cent" not in plain and not right.computed:
        return Fraction(right.node.value) / 100
    return None
