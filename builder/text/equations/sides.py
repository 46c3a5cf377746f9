"""Read the equations of a passage with the grammar: each side is the longest expression beside its sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ....schemas.sample import StepOutcome
from .cuts import is_cut_after, is_cut_before, is_factorial
from .doubts import find_cents, judge_equation
from .lexer import BINARY, VALUES, Piece
from .operands import Side, read_side
from .words import LINKS, NO_UNITS, is_determiner

MAX_PIECES = 100
"""The most tokens of one side of an equation, units included."""

MAX_BRACKETS = 10
"""The most equations in brackets of one passage."""

_EXACT_SIGNS = frozenset({"=", "==", "equals"})
_OPERAND_STARTS = VALUES | {"open"}
_OPERAND_ENDS = VALUES | {"close"}
_JOINTS = frozenset({*BINARY, "open", "currency"})
_BEGINNINGS = VALUES | {"plus", "open", "currency"}
_LASTS = VALUES | {"close", "percent"}
_ROUNDED_WORDS = frozenset({"about", "approximately", "roughly", "around", "nearly", "almost", "circa"})


class Statement(NamedTuple):
    """An equation as the grammar reads it."""

    left: Side
    """The left side."""
    right: Side
    """The right side."""
    outcome: StepOutcome
    """Whether it is true."""

    @property
    def start(self) -> int:
        """Offset of its first character."""
        return self.left.start

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.right.end


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sides, before they are judged."""

    left: Side
    right: Side
    approximate: bool
    chained: bool
    """Whether the left side is the right side of the sign before."""
    linked: bool
    """Whether a word behind it goes on as an equal sign does."""


def read_equations(text: str, pieces: Sequence[Piece], stop: int) -> list[Statement]:
    """Read the equations of a passage; its last piece may be one behind `stop`."""
    inner, outer = _part_brackets(text, pieces, stop)
    pairs = _pair_sides(text, outer, stop)
    found = _judge_pairs(text, pairs)
    return sorted([*inner, *found], key=lambda reading: (reading.start, reading.end)) if inner else found


def _judge_pairs(text: str, pairs: Sequence[_Pair]) -> list[Statement]:
    closings = [*[after.chained for after in pairs[1:]], False]
    return [_judge_pair(text, pair, closing=closing) for pair, closing in zip(pairs, closings, strict=False)]


def _judge_pair(text: str, pair: _Pair, *, closing: bool) -> Statement:
    left, right = pair.left, pair.right
    outcome = judge_equation(
        left, right, approximate=pair.approximate, chained=pair.chained, closing=closing or pair.linked
    )
    if outcome in {StepOutcome.WRONG, StepOutcome.UNCHECKED} and find_cents(left, right) in left.readings:
        outcome = StepOutcome.RIGHT
    if outcome is StepOutcome.WRONG and _is_share_true(left, right):
        outcome = StepOutcome.UNCHECKED
    if outcome is StepOutcome.WRONG and is_factorial(text, right.end, left.node.value, right.node.value):
        outcome = StepOutcome.UNCHECKED
    return Statement(left, right, outcome)


def _is_share_true(left: Side, right: Side) -> bool:
    """Whether an equation is true without the words behind its result: 3/3 - 2/3 = 1/3 of $150."""
    texts = [piece.text for piece in right.pieces]
    cut = read_side(right.pieces[: texts.index("of")]) if "of" in texts[1:] else None
    return cut is not None and any(value in cut.readings for value in left.readings)


def _part_brackets(text: str, pieces: Sequence[Piece], stop: int) -> tuple[list[Statement], Sequence[Piece]]:
    """Read the equations within brackets, and put their results in their places: (3 + 9 = 12) + 2 = 14."""
    found: list[Statement] = []
    names = [piece.name for piece in pieces]
    if names.count("equals") < 2 or "open" not in names:
        return found, pieces
    for _ in range(MAX_BRACKETS):
        place = _find_bracket(pieces, stop)
        if place is None:
            break
        start, sign, end = place
        inner = _judge_pairs(text, _pair_sides(text, pieces[start + 1 : end], stop))
        if not any(reading.left.computed and reading.end == pieces[end - 1].end for reading in inner):
            break
        found += inner
        pieces = [*pieces[: start + 1], *pieces[sign + 1 :]]
    return found, pieces


def _find_bracket(pieces: Sequence[Piece], stop: int) -> tuple[int, int, int] | None:
    """Find the first innermost bracket that holds an equal sign, and is followed by another: its ends, and the sign."""
    last = max(
        (index for index, piece in enumerate(pieces) if piece.name == "equals" and piece.start <= stop), default=0
    )
    opened, sign = None, None
    for index, piece in enumerate(pieces[:last]):
        if piece.name == "open":
            opened, sign = index, None
        elif piece.name == "equals":
            sign = index
        elif piece.name == "close":
            if opened is not None and sign is not None:
                return opened, sign, index
            opened = None
    return None


def _pair_sides(text: str, pieces: Sequence[Piece], stop: int) -> list[_Pair]:
    """Pair the sides of each sign. In a = b = c, b also stands left, if nothing else lies between the signs."""
    signs = [index for index, piece in enumerate(pieces) if piece.name == "equals" and piece.start <= stop]
    ends = [*signs[1:], len(pieces)]
    pairs = []
    floor, left, is_computed = 0, None, False
    for sign, after in zip(signs, ends, strict=False):
        chained = left is not None and is_computed
        left = left or _read_left_side(text, pieces, floor, sign)
        is_about = sign + 1 < len(pieces) and pieces[sign + 1].text in _ROUNDED_WORDS
        right, last, reached = _read_right_side(text, pieces, sign + 1 + is_about, after)
        if left and right:
            approximate = is_about or pieces[sign].text not in _EXACT_SIGNS or text.startswith(("...", "…"), right.end)
            linked = (reached < len(pieces) and pieces[reached].text in LINKS) or _has_times(right)
            pairs.append(_Pair(left, right, approximate, chained, linked))
            is_computed = chained or left.computed
        is_whole = reached == after < len(pieces) and all(piece.name == "word" for piece in pieces[last:after])
        left = right if is_whole else None
        floor = sign + 1
    return pairs


def _has_times(side: Side) -> bool:
    """Whether a word multiplies: 100/5 = 20 times 2 goes on in words."""
    return any(piece.name == "times" and piece.text == "times" for piece in side.pieces)


def _read_left_side(text: str, pieces: Sequence[Piece], floor: int, end: int) -> Side | None:
    """Read the longest expression that ends at `end`."""
    start, least = end, max(floor, end - MAX_PIECES)
    while start > least and _is_part(pieces, start - 1, end):
        start -= 1
    for first in range(start, end):
        if _is_beginning(pieces, first):
            side = read_side(pieces[first:end], cut=is_cut_before(text, pieces, first))
            if side is not None:
                return side
    return None


def _is_beginning(pieces: Sequence[Piece], index: int) -> bool:
    """Whether an expression can begin here; a minus must be adjacent to its number."""
    piece = pieces[index]
    if piece.name == "minus":
        return pieces[index + 1].start == piece.end
    return piece.name in _BEGINNINGS


def _read_right_side(text: str, pieces: Sequence[Piece], begin: int, limit: int) -> tuple[Side | None, int, int]:
    """Read the longest expression that begins at `begin`; also return the indices after it, without units and with."""
    end, most = begin, min(limit, begin + MAX_PIECES)
    while end < most and _is_part(pieces, end, limit):
        end += 1
    for last in range(end, begin, -1):
        piece = pieces[last - 1]
        if piece.name in _LASTS:
            cut = is_cut_after(text, pieces, last)
            side = read_side(pieces[begin:last], _list_trailing(pieces, last), cut=cut)
            if side is not None:
                return side, last, end
    return None, begin, end


def _list_trailing(pieces: Sequence[Piece], last: int) -> Sequence[Piece]:
    """The words directly behind an expression, and the piece behind the first of them."""
    if last == len(pieces) or pieces[last].name not in {"word", "times", "percent", "currency"}:
        return ()
    end = last + 1
    while end < len(pieces) and pieces[end - 1].name in {"word", "percent"} and end < last + 3:
        end += 1
    return pieces[last:end]


def _is_part(pieces: Sequence[Piece], index: int, limit: int) -> bool:
    """Whether a piece can be part of an expression, given the piece that follows it."""
    name, text, _, _ = pieces[index]
    if name == "word":
        return text.lower() not in NO_UNITS or (text == "of" and _is_share(pieces, index)) or _is_owner(pieces, index)
    follows = pieces[index + 1].name if index + 1 < limit else "equals"
    if name in _OPERAND_ENDS:
        is_remark = follows == "open" and pieces[index + 1].start > pieces[index].end
        return (follows not in _OPERAND_STARTS or is_remark) and not (
            follows == "currency" and _is_price(pieces, index + 1)
        )
    if name in _JOINTS:
        return follows != "word" or (name in BINARY and _is_owner(pieces, index + 1))
    return name == "percent"


def _is_owner(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a word says between a sign and a number whose the number is: + Tom's 8."""
    if not is_determiner(pieces[index].text) or not 0 < index < len(pieces) - 1:
        return False
    return pieces[index - 1].name in BINARY and pieces[index + 1].name in {*VALUES, "currency"}


def _is_price(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a currency sign precedes a number here; after a number, as in 12$, it is a unit."""
    return index + 1 < len(pieces) and pieces[index].name == "currency" and pieces[index + 1].name in VALUES


def _is_share(pieces: Sequence[Piece], index: int) -> bool:
    """Whether `of` means times: after a percentage or a fraction."""
    if index and pieces[index - 1].name in {"percent", "frac"}:
        return True
    return index > 1 and pieces[index - 1].name == "number" and pieces[index - 2].name == "divide"
