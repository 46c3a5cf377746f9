"""Equations in running text: find them, and say with exact fractions whether they hold.

`She sold 48/2 = <<48/2=24>>24 clips, $1,200 x 3 = $3,600 and 20% of 50 = 10.` holds three. Units after a number
(`3 red apples + 4 apples = 7 apples`) are passed over. What is not surely understood is unchecked, never wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cotloom.builder.text.equation_check import outcome_of
from cotloom.builder.text.lexer import BINARY, SIGNS, VALUES, Piece, pieces_of
from cotloom.builder.text.operands import Side, read_side
from cotloom.schemas.sample import StepOutcome

MAX_PIECES = 100
"""Tokens of one side of an equation, units and all."""

_NO_UNITS = frozenset(
    "a about after already an and are as at back be before but by each end every for from gives got had has have he "
    "her his if in into is it its left means more now of on or out over per she so than that the their them then "
    "there they this to total up was we were when where which will with you your".split()
)
_OPENERS = frozenset("\n([]{}\"'“”‘’*_`|>")


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = right`, as it stands in a text."""

    left: Side
    """What is worked out."""
    right: Side
    """What it is said to be."""
    outcome: StepOutcome
    """Whether it holds."""

    @property
    def start(self) -> int:
        """First character in the text."""
        return self.left.start

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.right.end


def find_equations(text: str) -> list[Equation]:
    """Find the equations of a text in order, each with its outcome.

    >>> text = "He has 3 + 4 = 8 pens, that is 3 * 5 = 15 less 7."
    >>> [(equation.outcome.value, text[equation.start : equation.end]) for equation in find_equations(text)]
    [('wrong', '3 + 4 = 8'), ('right', '3 * 5 = 15')]
    """
    pieces = pieces_of(text)
    marks = [equation for piece in pieces if piece.name == "mark" for equation in _inside(piece)]
    outer = list(_equations([piece for piece in pieces if piece.name != "mark"]))
    if not marks:
        return outer
    told = [_beside_mark(equation, marks) for equation in outer]
    extra = [mark for mark in marks if not any(_repeats(mark, equation) for equation in outer)]
    return sorted([*told, *extra], key=lambda equation: (equation.start, equation.end))


def _inside(mark: Piece) -> Iterator[Equation]:
    """Equations of a calculator mark, `<<48/2=24>>`."""
    return _equations(pieces_of(mark.text[2:-2], mark.start + 2))


def _repeats(mark: Equation, outer: Equation) -> bool:
    """Whether the text around a calculator mark says the same as the mark."""
    near = outer.start <= mark.start <= outer.end
    return near and mark.left.readings == outer.left.readings and mark.right.readings == outer.right.readings


def _beside_mark(outer: Equation, marks: Sequence[Equation]) -> Equation:
    """Leave loose wording around a true calculator mark (`a tray x 2 = <<24*2=48>>48`) unchecked."""
    if outer.outcome is not StepOutcome.WRONG:
        return outer
    within = (mark for mark in marks if outer.start <= mark.start <= outer.end)
    true = any(m.outcome is StepOutcome.RIGHT and m.right.readings == outer.right.readings for m in within)
    return replace(outer, outcome=StepOutcome.UNCHECKED) if true else outer


def _equations(pieces: Sequence[Piece]) -> Iterator[Equation]:
    signs = [place for place, piece in enumerate(pieces) if piece.name == "equals"]
    ends = [*signs[1:], len(pieces)]
    floor, left = 0, None
    for sign, after in zip(signs, ends, strict=False):
        chained = left is not None
        left = left or _left_side(pieces, floor, sign)
        right, reached = _right_side(pieces, sign + 1, after)
        if left and right:
            approximate = pieces[sign].text not in {"=", "equals"}
            yield Equation(left, right, outcome_of(left, right, approximate=approximate, chained=chained))
        # In a = b = c, b is the left side of the second sign, where nothing else stands between.
        left = right if reached == after and after < len(pieces) else None
        floor = sign + 1


def _left_side(pieces: Sequence[Piece], floor: int, end: int) -> Side | None:
    """The longest expression that ends at `end`."""
    start = end
    while start > max(floor, end - MAX_PIECES) and _joins(pieces, start - 1, end):
        start -= 1
    for first in range(start, end):
        if _may_begin(pieces, first):
            side = read_side(pieces[first:end])
            if side is not None:
                return replace(side, cut=first > 0 and _may_belong(pieces, first))
    return None


def _may_begin(pieces: Sequence[Piece], place: int) -> bool:
    """Whether an expression may begin here; with a minus only where it stands at its number."""
    piece = pieces[place]
    if piece.name == "minus":
        return pieces[place + 1].start == piece.end
    return piece.name in VALUES or piece.name in {"plus", "open", "currency"}


def _right_side(pieces: Sequence[Piece], begin: int, limit: int) -> tuple[Side | None, int]:
    """The longest expression that begins at `begin`, and the place after it and its units."""
    end = begin
    while end < min(limit, begin + MAX_PIECES) and _joins(pieces, end, limit):
        end += 1
    for last in range(end, begin, -1):
        piece = pieces[last - 1]
        if piece.name in VALUES or piece.name in {"close", "percent"}:
            side = read_side(pieces[begin:last], trailing=pieces[last : last + 2])
            if side is not None:
                glued = last < len(pieces) and pieces[last].start == piece.end and _glues(pieces, last)
                return replace(side, cut=glued), end
    return None, end


def _joins(pieces: Sequence[Piece], place: int, limit: int) -> bool:
    """Whether a piece can be part of an expression, given the piece that follows it."""
    piece = pieces[place]
    follows = pieces[place + 1].name if place + 1 < limit else "equals"
    if piece.name == "word":
        return piece.text.lower() not in _NO_UNITS or (piece.text == "of" and _shares(pieces, place))
    if piece.name in VALUES or piece.name == "close":
        return follows not in VALUES and follows != "open" and not _priced(pieces, place + 1)
    if piece.name in BINARY or piece.name in {"open", "currency"}:
        return follows != "word"
    return piece.name == "percent"


def _priced(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a currency sign stands here before a number; behind one, as in 12$, it is only a unit."""
    return place + 1 < len(pieces) and pieces[place].name == "currency" and pieces[place + 1].name in VALUES


def _shares(pieces: Sequence[Piece], place: int) -> bool:
    """Whether `of` means times: after a percentage or a fraction."""
    if place and pieces[place - 1].name in {"percent", "frac"}:
        return True
    return place > 1 and pieces[place - 1].name == "number" and pieces[place - 2].name == "divide"


def _may_belong(pieces: Sequence[Piece], place: int) -> bool:
    """Whether what stands before an expression may be a part of it that was not understood."""
    before, first = pieces[place - 1], pieces[place]
    if before.text in {"-", "–", "*"} and (place == 1 or pieces[place - 2].text == "\n"):
        return False  # a bullet
    glued = before.end == first.start
    if before.name == "word":
        return glued or first.name in SIGNS
    if before.name in {"stop", "open", "close"}:
        return glued and before.text not in _OPENERS
    return before.name != "equals"


def _glues(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a sign glued to the end of an expression goes on with digits: 9:00, 1/2."""
    piece = pieces[place]
    following = pieces[place + 1] if place + 1 < len(pieces) else None
    return (
        piece.name not in {"word", "equals"}
        and following is not None
        and following.name == "number"
        and following.start == piece.end
    )
