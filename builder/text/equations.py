"""Equations in running text: find them, and say with exact fractions whether they hold.

`She sold 48/2 = <<48/2=24>>24 clips, $1,200 x 3 = $3,600 and 20% of 50 = 10.` holds three. Units after a number
(`3 red apples + 4 apples = 7 apples`) are passed over. What is not surely understood is unchecked, never wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from builder.text.arithmetic import Kind, Node, NotUnderstoodError, Operation, Token, parse
from schemas.sample import StepOutcome

MAX_UNIT_WORDS = 3
"""A number may be followed by so many words before the next operator: `3 large red apples + 4 = 7`."""

MAX_PIECES = 100
"""Tokens of one side of an equation, units and all."""

FLOAT_DECIMALS = 6
"""From so many decimals on, a number is a float's printout: it is held against a relative 1e-6."""

_LEXER = re.compile(
    r"""
    (?P<number>(?:\d{1,3}(?:,\d{3}){1,20}(?![\d,])|\d+)(?:\.\d+)?|\.\d+)
  | (?P<times>(?<!\*)\*(?!\*)|×|·|⋅|\\times|\\cdot|\b[xX]\b|(?<=\d)[xX](?=\d)|\btimes\b)
  | (?P<equals>=|≈|~=|\\approx|\bequals\b)
  | (?P<percent>\\?%|\bpercent\b)
  | (?P<plus>\+|\bplus\b)
  | (?P<minus>-|−|–|\bminus\b)
  | (?P<divide>/|÷|\\div|\bdivided[ ]by\b)
  | (?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)
  | (?P<mark><<[^<>]*>>)
  | (?P<frac>\\[dt]?frac\{\d+\}\{\d+\})
  | (?P<power>\^|(?<=[\d)])\*\*(?=[\d(])|(?<=[\d)][ ])\*\*(?=[ ][\d(]))
  | (?P<open>\()
  | (?P<close>\))
  | (?P<currency>\\?\$|€|£)
  | (?P<stop>\n|\S)
    """,
    re.VERBOSE,
)
_BINARY = {"times": "*", "divide": "/", "power": "^", "plus": "+", "minus": "-"}
_VALUES = frozenset({"number", "frac"})
_SIGNS = frozenset({"plus", "minus"})
_BRACKETS = {"open": Token(Kind.OPEN, ""), "close": Token(Kind.CLOSE, ""), "percent": Token(Kind.PERCENT, "")}
_NO_UNITS = frozenset(
    "a about after already an and are as at back be before but by each end every for from gives got had has have he "
    "her his if in into is it its left means more now of on or out over per she so than that the their them then "
    "there they this to total up was we were when where which will with you your".split()
)
_OPENERS = frozenset("\n([]{}\"'“”‘’*_`|>")
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


class _Piece(NamedTuple):
    """One token of the text with its place."""

    name: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation."""

    node: Node
    """The expression, worked out with a percent sign as a hundredth."""
    readings: tuple[Fraction, ...]
    """Its possible values: with a percent sign as a hundredth, and as a mere unit."""
    start: int
    """First character in the text."""
    end: int
    """One past the last character."""
    first: Fraction
    """The number it begins with."""
    pieces: tuple[_Piece, ...]
    """Its tokens, and the words behind it."""
    cut: bool = False
    """Whether something that may belong to it stands directly beside it."""

    @property
    def computed(self) -> bool:
        """Whether it is more than a bare number."""
        return isinstance(self.node, Operation)


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = right`, as it stands in a text."""

    left: Side
    """What is worked out."""
    right: Side
    """What it is said to be."""
    approximate: bool
    """Whether the sign was ≈."""
    chained: bool = False
    """Whether the left side is itself a right side: at the second sign of 2 * 3 = 6 = 7."""
    outcome: StepOutcome = StepOutcome.UNCHECKED
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
    pieces = _pieces(text, 0)
    marks = [equation for piece in pieces if piece.name == "mark" for equation in _inside(piece)]
    outer = list(_equations([piece for piece in pieces if piece.name != "mark"]))
    if not marks:
        return outer
    told = [_beside_mark(equation, marks) for equation in outer]
    extra = [mark for mark in marks if not any(_repeats(mark, equation) for equation in outer)]
    return sorted([*told, *extra], key=lambda equation: (equation.start, equation.end))


def _pieces(text: str, shift: int) -> list[_Piece]:
    return [
        _Piece(match.lastgroup or "", match[0], match.start() + shift, match.end() + shift)
        for match in _LEXER.finditer(text)
    ]


def _inside(mark: _Piece) -> Iterator[Equation]:
    """Equations of a calculator mark, `<<48/2=24>>`."""
    return _equations(_pieces(mark.text[2:-2], mark.start + 2))


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


def _equations(pieces: Sequence[_Piece]) -> Iterator[Equation]:
    signs = [place for place, piece in enumerate(pieces) if piece.name == "equals"]
    ends = [*signs[1:], len(pieces)]
    floor, left = 0, None
    for sign, after in zip(signs, ends, strict=False):
        chained = left is not None
        left = left or _left_side(pieces, floor, sign)
        right, reached = _right_side(pieces, sign + 1, after)
        if left and right:
            equation = Equation(left, right, pieces[sign].text not in {"=", "equals"}, chained)
            yield replace(equation, outcome=_outcome(equation))
        # In a = b = c, b is the left side of the second sign, where nothing else stands between.
        left = right if reached == after and after < len(pieces) else None
        floor = sign + 1


def _left_side(pieces: Sequence[_Piece], floor: int, end: int) -> Side | None:
    """The longest expression that ends at `end`."""
    start = end
    while start > max(floor, end - MAX_PIECES) and _joins(pieces, start - 1, end):
        start -= 1
    for first in range(start, end):
        if _may_begin(pieces, first):
            side = _side(pieces[first:end])
            if side is not None:
                return replace(side, cut=first > 0 and _may_belong(pieces, first))
    return None


def _may_begin(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether an expression may begin here; with a minus only where it stands at its number."""
    piece = pieces[place]
    if piece.name == "minus":
        return pieces[place + 1].start == piece.end
    return piece.name in _VALUES or piece.name in {"plus", "open", "currency"}


def _right_side(pieces: Sequence[_Piece], begin: int, limit: int) -> tuple[Side | None, int]:
    """The longest expression that begins at `begin`, and the place after it and its units."""
    end = begin
    while end < min(limit, begin + MAX_PIECES) and _joins(pieces, end, limit):
        end += 1
    for last in range(end, begin, -1):
        piece = pieces[last - 1]
        if piece.name in _VALUES or piece.name in {"close", "percent"}:
            side = _side(pieces[begin:last], trailing=pieces[last : last + 2])
            if side is not None:
                glued = last < len(pieces) and pieces[last].start == piece.end and _glues(pieces, last)
                return replace(side, cut=glued), end
    return None, end


def _joins(pieces: Sequence[_Piece], place: int, limit: int) -> bool:
    """Whether a piece can be part of an expression, given the piece that follows it."""
    piece = pieces[place]
    follows = pieces[place + 1].name if place + 1 < limit else "equals"
    if piece.name == "word":
        return piece.text.lower() not in _NO_UNITS or (piece.text == "of" and _shares(pieces, place))
    if piece.name in _VALUES or piece.name == "close":
        return follows not in _VALUES and follows not in {"open", "currency"}
    if piece.name in _BINARY or piece.name in {"open", "currency"}:
        return follows != "word"
    return piece.name == "percent"


def _shares(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether `of` means times: after a percentage or a fraction."""
    if place and pieces[place - 1].name in {"percent", "frac"}:
        return True
    return place > 1 and pieces[place - 1].name == "number" and pieces[place - 2].name == "divide"


def _may_belong(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether what stands before an expression may be a part of it that was not understood."""
    before, first = pieces[place - 1], pieces[place]
    if before.name == "minus" and (place == 1 or pieces[place - 2].text == "\n"):
        return False  # a bullet
    glued = before.end == first.start
    if before.name == "word":
        return glued or first.name in _SIGNS
    if before.name in {"stop", "open", "close"}:
        return glued and before.text not in _OPENERS
    return before.name != "equals"


def _glues(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether a sign glued to the end of an expression goes on with digits: 9:00, 1/2."""
    piece = pieces[place]
    following = pieces[place + 1] if place + 1 < len(pieces) else None
    return (
        piece.name not in {"word", "equals"}
        and following is not None
        and following.name == "number"
        and following.start == piece.end
    )


def _side(pieces: Sequence[_Piece], trailing: Sequence[_Piece] = ()) -> Side | None:
    """Read all of the pieces as one expression, units passed over."""
    tokens = _tokens(pieces)
    if tokens is None:
        return None
    try:
        node = parse(tokens)
        percent = any(token.kind is Kind.PERCENT for token in tokens)
        unit = parse(tokens, percent=Fraction(1)) if percent else node
    except NotUnderstoodError:
        return None
    return Side(
        node=node,
        readings=(node.value,) if unit is node else (node.value, unit.value),
        start=pieces[0].start,
        end=next(piece.end for piece in reversed(pieces) if piece.name != "word"),
        first=next(token.value for token in tokens if token.kind is Kind.NUMBER),
        pieces=(*pieces, *trailing),
    )


def _tokens(pieces: Sequence[_Piece]) -> list[Token] | None:
    """Turn pieces into an expression's tokens; None where words stand elsewhere than behind a number."""
    tokens: list[Token] = []
    words = 0
    for piece in pieces:
        if piece.name == "word" and piece.text != "of":
            words += 1
            if words > MAX_UNIT_WORDS or not tokens or tokens[-1].kind in {Kind.OPERATOR, Kind.OPEN}:
                return None
            continue
        if words and (piece.name in _VALUES or piece.name in {"open", "currency"}):
            return None
        words = 0
        tokens += _token(piece)
    return tokens


def _token(piece: _Piece) -> list[Token]:
    if piece.name in _VALUES:
        value = _value(piece)
        return [Token(Kind.NUMBER, "", value)] if value is not None else [Token(Kind.CLOSE, "")]
    if piece.name in _BRACKETS:
        return [_BRACKETS[piece.name]]
    operator = "*" if piece.text == "of" else _BINARY.get(piece.name)
    return [Token(Kind.OPERATOR, operator)] if operator else []


def _value(piece: _Piece) -> Fraction | None:
    """The number's value; None where it is too long or divides by zero."""
    if len(piece.text) > 60:
        return None
    if piece.name == "frac":
        above, below = map(int, re.findall(r"\d+", piece.text))
        return Fraction(above, below) if below else None
    text = piece.text.replace(",", "")
    return Fraction(int(text)) if text.isdigit() else Fraction(text)


def _outcome(equation: Equation) -> StepOutcome:
    """Say whether an equation holds; a false one is wrong only where nothing speaks for a misreading."""
    left, right = equation.left, equation.right
    if any(value in right.readings for value in left.readings):
        return StepOutcome.RIGHT
    if right.computed and right.first in left.readings:
        return StepOutcome.RIGHT  # a run-on: 7 * 3 = 21 - 4 = 17
    if _rounded(equation):
        return StepOutcome.ROUNDED
    misread = _converted(left, right) or next(_doubts(left), None) or next(_doubts(right), None)
    computed = left.computed or equation.chained
    return StepOutcome.WRONG if computed and not misread else StepOutcome.UNCHECKED


def _rounded(equation: Equation) -> bool:
    """Whether the right side is the left side to the decimals that were printed, or a division cut to a whole."""
    left, right = equation.left, equation.right
    if right.computed:
        return False
    printed = _decimals(right)
    divided = isinstance(left.node, Operation) and left.node.op == "/" and left.node.value.denominator != 1
    unit = Fraction(1, 10 ** printed[-1]) if printed[-1] or equation.approximate or divided else Fraction(0)
    if max([*printed, *_decimals(left)]) >= FLOAT_DECIMALS:
        unit = max(unit, abs(left.node.value) / 10**FLOAT_DECIMALS)
    return any(abs(value - claimed) < unit for value in left.readings for claimed in right.readings)


def _decimals(side: Side) -> list[int]:
    """How many decimals each of its numbers was printed with."""
    own = (piece for piece in side.pieces if piece.end <= side.end)
    return [len(piece.text.partition(".")[2]) for piece in own if piece.name in _VALUES]


def _converted(left: Side, right: Side) -> bool:
    """Whether the sides are in different measures (30 minutes + 30 minutes = 1 hour), or some are added up."""
    here, there = (set(filter(None, map(_measure, side.pieces))) for side in (left, right))
    if here and there and not there <= here:
        return True
    kinds = [_MEASURES[measure] for measure in here]
    return len(set(kinds)) < len(kinds) and any(piece.name in _SIGNS for piece in left.pieces)


def _measure(piece: _Piece) -> str | None:
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
    if "percent" in names and not _SIGNS.isdisjoint(names):
        yield Doubt.PERCENT_SUM
    if any(_is_variable(side.pieces, place) for place in words) or _times_variable(side.pieces):
        yield Doubt.VARIABLE
    texts = [piece.text for piece in side.pieces if piece.name == "number"]
    if any(len(text) > 1 and text[0] == "0" and text[1] != "." for text in texts):
        yield Doubt.CLOCK
    if "divide number divide" in " ".join(name for name in names if name != "word"):
        yield Doubt.ORDER


def _is_variable(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether a word is a letter of algebra: 2p, 3 N."""
    piece = pieces[place]
    glued = place > 0 and pieces[place - 1].end == piece.start
    return (len(piece.text) == 1 or glued) and _measure(piece) is None


def _times_variable(pieces: Sequence[_Piece]) -> bool:
    """Whether an x is a letter of algebra: (5/2)x + 5."""
    pairs = zip(pieces, [*pieces[1:], None], strict=True)
    return any(
        piece.text in {"x", "X"} and (after is None or after.name not in {*_VALUES, "open", "currency"})
        for piece, after in pairs
    )
