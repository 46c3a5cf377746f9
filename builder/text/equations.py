"""Find the equations in running text, and check them with exact fractions.

`She sold 48/2 = <<48/2=24>>24 clips, $1,200 x 3 = $3,600 and 20% of 50 = 10.` contains three. Units after a number
(`3 red apples + 4 apples = 7 apples`) are skipped. An equation that may be misread is `unchecked`, never `wrong`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...schemas.sample import StepOutcome
from .equation_check import judge_equation
from .lexer import BINARY, SIGNS, VALUES, Piece, split_pieces
from .operands import Side, read_side

MAX_PIECES = 100
"""The most tokens of one side of an equation, units included."""

_NO_UNITS = frozenset(
    "a about after already an and are as at back be before but by each end every for from gives got had has have he "
    "her his if in into is it its left means more now of on or out over per she so than that the their them then "
    "there they this to total up was we were when where which will with you your".split()
)
_OPENERS = frozenset("\n([]{}\"'“”‘’*_`|>")


@dataclass(frozen=True, slots=True)
class Equation:
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
    pieces = split_pieces(text)
    marks = [equation for piece in pieces if piece.name == "mark" for equation in _read_mark(piece)]
    outer = list(_read_equations([piece for piece in pieces if piece.name != "mark"]))
    if not marks:
        return outer
    starts = [mark.start for mark in marks]
    within = [marks[bisect_left(starts, item.start) : bisect_right(starts, item.end)] for item in outer]
    repeated = {
        mark.start for item, inner in zip(outer, within, strict=True) for mark in inner if _is_repeated(mark, item)
    }
    checked = [_trust_marks(item, inner) for item, inner in zip(outer, within, strict=True)]
    extra = [mark for mark in marks if mark.start not in repeated]
    return sorted([*checked, *extra], key=lambda equation: (equation.start, equation.end))


def _read_mark(mark: Piece) -> Iterator[Equation]:
    """Find the equations of a calculator annotation, `<<48/2=24>>`."""
    return _read_equations(split_pieces(mark.text[2:-2], mark.start + 2))


def _is_repeated(mark: Equation, outer: Equation) -> bool:
    """Whether the text around a calculator annotation states the same equation."""
    return mark.left.readings == outer.left.readings and mark.right.readings == outer.right.readings


def _trust_marks(outer: Equation, within: Sequence[Equation]) -> Equation:
    """Set a wrong equation around a true calculator annotation (`a tray x 2 = <<24*2=48>>48`) to unchecked."""
    if outer.outcome is not StepOutcome.WRONG:
        return outer
    true = any(m.outcome is StepOutcome.RIGHT and m.right.readings == outer.right.readings for m in within)
    return replace(outer, outcome=StepOutcome.UNCHECKED) if true else outer


def _read_equations(pieces: Sequence[Piece]) -> Iterator[Equation]:
    signs = [index for index, piece in enumerate(pieces) if piece.name == "equals"]
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
    start = end
    while start > max(floor, end - MAX_PIECES) and _is_part(pieces, start - 1, end):
        start -= 1
    for first in range(start, end):
        if _is_beginning(pieces, first):
            side = read_side(pieces[first:end])
            if side is not None:
                return replace(side, cut=first > 0 and _is_cut_before(pieces, first))
    return None


def _is_beginning(pieces: Sequence[Piece], index: int) -> bool:
    """Whether an expression can begin here; a minus must be adjacent to its number."""
    piece = pieces[index]
    if piece.name == "minus":
        return pieces[index + 1].start == piece.end
    return piece.name in VALUES or piece.name in {"plus", "open", "currency"}


def _read_right_side(pieces: Sequence[Piece], begin: int, limit: int) -> tuple[Side | None, int]:
    """Read the longest expression that begins at `begin`; also return the index after it and its units."""
    end = begin
    while end < min(limit, begin + MAX_PIECES) and _is_part(pieces, end, limit):
        end += 1
    for last in range(end, begin, -1):
        piece = pieces[last - 1]
        if piece.name in VALUES or piece.name in {"close", "percent"}:
            side = read_side(pieces[begin:last], trailing=pieces[last : last + 2])
            if side is not None:
                cut = last < len(pieces) and pieces[last].start == piece.end and _is_cut_after(pieces, last)
                return replace(side, cut=cut), end
    return None, end


def _is_part(pieces: Sequence[Piece], index: int, limit: int) -> bool:
    """Whether a piece can be part of an expression, given the piece that follows it."""
    piece = pieces[index]
    follows = pieces[index + 1].name if index + 1 < limit else "equals"
    if piece.name == "word":
        return piece.text.lower() not in _NO_UNITS or (piece.text == "of" and _is_share(pieces, index))
    if piece.name in VALUES or piece.name == "close":
        return follows not in VALUES and follows != "open" and not _is_price(pieces, index + 1)
    if piece.name in BINARY or piece.name in {"open", "currency"}:
        return follows != "word"
    return piece.name == "percent"


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
        return is_adjacent or first.name in SIGNS
    if before.name in {"stop", "open", "close"}:
        return is_adjacent and before.text not in _OPENERS
    return before.name != "equals"


def _is_cut_after(pieces: Sequence[Piece], index: int) -> bool:
    """Whether the sign directly after an expression is followed by digits: 9:00, 1/2."""
    piece = pieces[index]
    following = pieces[index + 1] if index + 1 < len(pieces) else None
    return (
        piece.name not in {"word", "equals"}
        and following is not None
        and following.name == "number"
        and following.start == piece.end
    )
