"""Whether a written equation holds, and what speaks for having misread it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction

from cotloom.builder.text.arithmetic import Operation
from cotloom.builder.text.lexer import SIGNS, VALUES, Piece
from cotloom.builder.text.operands import Side
from cotloom.schemas.sample import StepOutcome

FLOAT_DECIMALS = 6
"""From so many decimals on, a number is a float's printout: it is held against a relative 1e-6."""

_SCALES = frozenset("dozen dozens pair pairs score hundred thousand million billion half double twice triple".split())
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
    """Why an expression may not be what it seems."""

    CUT = "something that may belong to it stands directly beside it"
    SCALE = "a scale word (dozen, thousand) stands in it"
    PERCENT_SUM = "a percentage is added or taken away"
    VARIABLE = "a letter stands at a number, as in algebra"
    CLOCK = "a number begins with 0, as in times of day"
    ORDER = "one division directly follows another: 6 / 1 / 2 may mean 6 / (1/2)"


def outcome_of(left: Side, right: Side, *, approximate: bool, chained: bool) -> StepOutcome:
    """Say whether an equation holds; a false one is wrong only where nothing speaks for a misreading.

    Args:
        left: what is worked out.
        right: what it is said to be.
        approximate: whether the sign was ≈.
        chained: whether the left side is itself a right side: at the second sign of 2 * 3 = 6 = 7.
    """
    if any(value in right.readings for value in left.readings):
        return StepOutcome.RIGHT
    if right.computed and right.first in left.readings:
        return StepOutcome.RIGHT  # a run-on: 7 * 3 = 21 - 4 = 17
    if _rounded(left, right, approximate=approximate):
        return StepOutcome.ROUNDED
    misread = _converted(left, right) or next(_doubts(left), None) or next(_doubts(right), None)
    computed = left.computed or chained
    return StepOutcome.WRONG if computed and not misread else StepOutcome.UNCHECKED


def _rounded(left: Side, right: Side, *, approximate: bool) -> bool:
    """Whether the right side is the left side to the decimals that were printed, or a division cut to a whole."""
    if right.computed:
        return False
    printed = _decimals(right)
    divided = isinstance(left.node, Operation) and left.node.op == "/" and left.node.value.denominator != 1
    unit = Fraction(1, 10 ** printed[-1]) if printed[-1] or approximate or divided else Fraction(0)
    if max([*printed, *_decimals(left)]) >= FLOAT_DECIMALS:
        unit = max(unit, abs(left.node.value) / 10**FLOAT_DECIMALS)
    return any(abs(value - claimed) < unit for value in left.readings for claimed in right.readings)


def _decimals(side: Side) -> list[int]:
    """How many decimals each of its numbers was printed with."""
    own = (piece for piece in side.pieces if piece.end <= side.end)
    return [len(piece.text.partition(".")[2]) for piece in own if piece.name in VALUES]


def _converted(left: Side, right: Side) -> bool:
    """Whether the sides are in different measures (30 minutes + 30 minutes = 1 hour), or some are added up."""
    here, there = (set(filter(None, map(_measure, side.pieces))) for side in (left, right))
    if here and there and not there <= here:
        return True
    kinds = [_MEASURES[measure] for measure in here]
    return len(set(kinds)) < len(kinds) and any(piece.name in SIGNS for piece in left.pieces)


def _measure(piece: Piece) -> str | None:
    """The measure that a piece names, in the singular."""
    if piece.name == "currency":
        return "dollar"
    word = piece.text.lower()
    return next((form for form in (word, word.removesuffix("s")) if piece.name == "word" and form in _MEASURES), None)


def _doubts(side: Side) -> Iterator[Doubt]:
    """Why an expression may not be what it seems."""
    names = [piece.name for piece in side.pieces]
    words = [place for place, name in enumerate(names) if name == "word"]
    if side.cut:
        yield Doubt.CUT
    if any(side.pieces[place].text.lower() in _SCALES for place in words):
        yield Doubt.SCALE
    if "percent" in names and not SIGNS.isdisjoint(names):
        yield Doubt.PERCENT_SUM
    if any(_is_variable(side.pieces, place) for place in words) or _times_variable(side.pieces):
        yield Doubt.VARIABLE
    texts = [piece.text for piece in side.pieces if piece.name == "number"]
    if any(len(text) > 1 and text[0] == "0" and text[1] != "." for text in texts):
        yield Doubt.CLOCK
    if "divide number divide" in " ".join(name for name in names if name != "word"):
        yield Doubt.ORDER


def _is_variable(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a word is a letter of algebra: 2p, 3 N."""
    piece = pieces[place]
    glued = place > 0 and pieces[place - 1].end == piece.start
    return (len(piece.text) == 1 or glued) and _measure(piece) is None


def _times_variable(pieces: Sequence[Piece]) -> bool:
    """Whether an x is a letter of algebra: (5/2)x + 5."""
    pairs = zip(pieces, [*pieces[1:], None], strict=True)
    return any(
        piece.text in {"x", "X"} and (after is None or after.name not in {*VALUES, "open", "currency"})
        for piece, after in pairs
    )
