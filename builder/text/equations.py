"""Find the equations in running text, and check them with exact fractions.

`She sold 48/2 = <<48/2=24>>24 clips, $1,200 x 3 = $3,600 and 20% of 50 = 10.` contains three. Units after a number
(`3 red apples + 4 apples = 7 apples`) are skipped. An equation that may be misread is `unchecked`, never `wrong`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...schemas.sample import StepOutcome
from ..languages import has_unspaced
from .equation_check import judge_equation
from .lexer import BINARY, SIGNS, VALUES, Piece, split_mark, split_pieces
from .operands import Side, read_side

MAX_PIECES = 100
"""The most tokens of one side of an equation, units included."""

_SIGN = re.compile(r"=|≈|\\approx|equals")
_STOP = re.compile(r"[.,;:!?\n](?:(?<=\n)|(?=\s))")
"""What ends a passage, and is a piece by itself wherever it stands outside marks."""
_MARK = re.compile(r"<<[^<>]*>>")

_NO_UNITS = frozenset(
    "a about after already an and are as at back be before but by each end every for from gives got had has have he "
    "her his if in into is it its left means more now of on or out over per she so than that the their them then "
    "there they this to total up was we were when where which will with you your".split()
)
_OPERAND_STARTS = VALUES | {"open"}
_OPERAND_ENDS = VALUES | {"close"}
_JOINTS = frozenset({*BINARY, "open", "currency"})
_BEGINNINGS = VALUES | {"plus", "open", "currency"}
_LASTS = VALUES | {"close", "percent"}
_OPENERS = frozenset("\n([]{}\"'“”‘’*_`|>，。：；！？、（）【】「」《》")
_WIDE_STOPS = frozenset("。；！？、）】」》")
"""Signs behind an expression that no number is written with."""
_NUMERALS = frozenset("零〇一二三四五六七八九十百千万萬亿億兆两兩半第几幾数數多")


class Equation(NamedTuple):
    """`left = right`, with its position in the text."""

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


def find_equations(text: str) -> list[Equation]:
    """Find the equations of a text in order, each with its outcome.

    >>> text = "He has 3 + 4 = 8 pens, that is 3 * 5 = 15 less 7."
    >>> [(equation.outcome.value, text[equation.start : equation.end]) for equation in find_equations(text)]
    [('wrong', '3 + 4 = 8'), ('right', '3 * 5 = 15')]
    """
    return _find_in_passages(text, _list_passages(text))


def _list_passages(text: str) -> list[tuple[int, int]]:
    """List the passages between two stops in which an equal sign stands: the place of each stop.

    No expression goes beyond a stop. What tells how to read one stands on its own side, or is the stop itself or the
    piece behind it: the other passages need not be split into pieces.
    """
    signs = [match.start() for match in _SIGN.finditer(text)]
    if not signs:
        return []
    if any(_STOP.search(text, mark.start(), mark.end()) for mark in _MARK.finditer(text)):
        return [(0, len(text))]
    stops = [0, *[match.start() for match in _STOP.finditer(text)], len(text)]
    behind = dict.fromkeys(bisect_right(stops, sign, hi=len(stops) - 1) for sign in signs)
    return [(stops[index - 1], stops[index]) for index in behind]


def _find_in_passages(text: str, passages: Sequence[tuple[int, int]]) -> list[Equation]:
    marks: list[Equation] = []
    outer: list[Equation] = []
    for start, stop in passages:
        pieces = split_pieces(text, start, stop)
        inner = [piece for piece in pieces if piece.name == "mark"]
        for mark in inner:
            marks += _read_equations(split_mark(mark), mark.end)
        outer += _read_equations([piece for piece in pieces if piece.name != "mark"] if inner else pieces, stop)
    return _join_marks(outer, marks) if marks else outer


def _join_marks(outer: Sequence[Equation], marks: Sequence[Equation]) -> list[Equation]:
    """Join the equations of a text with those of its calculator annotations, `<<48/2=24>>`."""
    starts = [mark.start for mark in marks]
    within = [marks[bisect_left(starts, item.start) : bisect_right(starts, item.end)] for item in outer]
    repeated = {
        mark.start for item, inner in zip(outer, within, strict=True) for mark in inner if _is_repeated(mark, item)
    }
    checked = [_trust_marks(item, inner) for item, inner in zip(outer, within, strict=True)]
    extra = [mark for mark in marks if mark.start not in repeated]
    return sorted([*checked, *extra], key=lambda equation: (equation.start, equation.end))


def _is_repeated(mark: Equation, outer: Equation) -> bool:
    """Whether the text around a calculator annotation states the same equation."""
    return mark.left.readings == outer.left.readings and mark.right.readings == outer.right.readings


def _trust_marks(outer: Equation, within: Sequence[Equation]) -> Equation:
    """Set a wrong equation around a true calculator annotation (`a tray x 2 = <<24*2=48>>48`) to unchecked."""
    if outer.outcome is not StepOutcome.WRONG:
        return outer
    true = any(m.outcome is StepOutcome.RIGHT and m.right.readings == outer.right.readings for m in within)
    return outer._replace(outcome=StepOutcome.UNCHECKED) if true else outer


def _read_equations(pieces: Sequence[Piece], stop: int) -> Iterator[Equation]:
    """Read the equations of a passage; its last piece may be one behind `stop`."""
    signs = [index for index, piece in enumerate(pieces) if piece.name == "equals" and piece.start <= stop]
    ends = [*signs[1:], len(pieces)]
    floor, left = 0, None
    for sign, after in zip(signs, ends, strict=False):
        chained = left is not None
        left = left or _read_left_side(pieces, floor, sign)
        right, reached = _read_right_side(pieces, sign + 1, after)
        if left and right:
            approximate = pieces[sign].text not in {"=", "equals"}
            yield Equation(left, right, judge_equation(left, right, approximate=approximate, chained=chained))
        # In a = b = c, b is also the left side of the second sign, if nothing else lies between the signs.
        left = right if reached == after and after < len(pieces) else None
        floor = sign + 1


def _read_left_side(pieces: Sequence[Piece], floor: int, end: int) -> Side | None:
    """Read the longest expression that ends at `end`."""
    start, least = end, max(floor, end - MAX_PIECES)
    while start > least and _is_part(pieces, start - 1, end):
        start -= 1
    for first in range(start, end):
        if _is_beginning(pieces, first):
            side = read_side(pieces[first:end], cut=first > 0 and _is_cut_before(pieces, first))
            if side is not None:
                return side
    return None


def _is_beginning(pieces: Sequence[Piece], index: int) -> bool:
    """Whether an expression can begin here; a minus must be adjacent to its number."""
    piece = pieces[index]
    if piece.name == "minus":
        return pieces[index + 1].start == piece.end
    return piece.name in _BEGINNINGS


def _read_right_side(pieces: Sequence[Piece], begin: int, limit: int) -> tuple[Side | None, int]:
    """Read the longest expression that begins at `begin`; also return the index after it and its units."""
    end, most = begin, min(limit, begin + MAX_PIECES)
    while end < most and _is_part(pieces, end, limit):
        end += 1
    for last in range(end, begin, -1):
        piece = pieces[last - 1]
        if piece.name in _LASTS:
            cut = last < len(pieces) and pieces[last].start == piece.end and _is_cut_after(pieces, last)
            side = read_side(pieces[begin:last], pieces[last : last + 2], cut=cut)
            if side is not None:
                return side, end
    return None, end


def _is_part(pieces: Sequence[Piece], index: int, limit: int) -> bool:
    """Whether a piece can be part of an expression, given the piece that follows it."""
    name, text, _, _ = pieces[index]
    if name == "word":
        return text.lower() not in _NO_UNITS or (text == "of" and _is_share(pieces, index))
    follows = pieces[index + 1].name if index + 1 < limit else "equals"
    if name in _OPERAND_ENDS:
        return follows not in _OPERAND_STARTS and not (follows == "currency" and _is_price(pieces, index + 1))
    return follows != "word" if name in _JOINTS else name == "percent"


def _is_price(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a currency sign precedes a number here; after a number, as in 12$, it is a unit."""
    return index + 1 < len(pieces) and pieces[index].name == "currency" and pieces[index + 1].name in VALUES


def _is_share(pieces: Sequence[Piece], index: int) -> bool:
    """Whether `of` means times: after a percentage or a fraction."""
    if index and pieces[index - 1].name in {"percent", "frac"}:
        return True
    return index > 1 and pieces[index - 1].name == "number" and pieces[index - 2].name == "divide"


def _is_cut_before(pieces: Sequence[Piece], index: int) -> bool:
    """Whether the piece before an expression may be an unread part of it."""
    before, first = pieces[index - 1], pieces[index]
    if before.text in {"-", "–", "*"} and (index == 1 or pieces[index - 2].text == "\n"):
        return False  # a bullet
    is_adjacent = before.end == first.start
    if before.name == "word":
        return (is_adjacent and not _is_loose(pieces, index - 1)) or first.name in SIGNS
    if before.name in {"stop", "open", "close"}:
        return is_adjacent and before.text not in _OPENERS
    return before.name != "equals"


def _is_loose(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a word has no part in the number that stands beside it without a blank: 共3 + 4, but not 百3 or 2元3."""
    last = pieces[index].text[-1]
    is_unit = index > 0 and pieces[index - 1].name in VALUES
    return has_unspaced(last) and last not in _NUMERALS and not is_unit


def _is_cut_after(pieces: Sequence[Piece], index: int) -> bool:
    """Whether the sign directly after an expression is followed by digits: 9:00, 1/2."""
    piece = pieces[index]
    following = pieces[index + 1] if index + 1 < len(pieces) else None
    return (
        piece.name not in {"word", "equals"}
        and piece.text not in _WIDE_STOPS
        and following is not None
        and following.name == "number"
        and following.start == piece.end
    )
