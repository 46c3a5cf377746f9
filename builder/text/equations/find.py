"""Find the equations in running text, and check them with exact fractions.

`She sold 48/2 = <<48/2=24>>24 clips, $1,200 x 3 = $3,600 and 20% of 50 = 10.` contains three. Units after a number
(`3 red apples + 4 apples = 7 apples`) are skipped. An equation that may be misread is `unchecked`, never `wrong`.

The text is gone through once, passage by passage. Most have no equal sign; of the others, most are plain and true, and
are computed as they stand. The grammar reads the rest.
"""

import re
from collections.abc import Iterator

from ....schemas.sample import StepOutcome
from .equation import Equation
from .lexer import split_pieces
from .marks import join_marks, read_marks
from .markup import clean_markup
from .plain import read_plain
from .sides import Statement, read_equations
from .withdrawn import uncheck_withdrawn
from .worded import add_worded

_SIGN = re.compile(r"=|≈|\\approx|\bequals\b")
_EQUALS = re.compile(r"\bequals\b")
_STOP = re.compile(r"[.,;:!?\n](?:(?<=\n)|(?=\s))")
"""What ends a passage, and is a piece by itself wherever it stands outside marks."""
_BROKEN_MARK = re.compile(r"<<[^<>]*?(?:\n|[.,;:!?]\s)")


def find_equations(text: str) -> list[Equation]:
    """Find the equations of a text in order, each with its outcome.

    >>> text = "He has 3 + 4 = 8 pens, that is 3 * 5 = 15 less 7."
    >>> [(equation.outcome.value, text[equation.start : equation.end]) for equation in find_equations(text)]
    [('wrong', '3 + 4 = 8'), ('right', '3 * 5 = 15')]
    """
    clean = clean_markup(text)
    found = _read_signs(clean) if has_signs(clean) else []
    found = add_worded(clean, found)
    if any(equation.outcome is StepOutcome.WRONG for equation in found):
        return uncheck_withdrawn(text, found)
    return found


def has_signs(text: str) -> bool:
    """Whether an equal sign may stand in a text."""
    return "=" in text or "≈" in text or "\\approx" in text or "equals" in text


def _read_signs(text: str) -> list[Equation]:
    """Read the equations that have a sign: those that are plain, and with the grammar what is left."""
    plain, taken = read_plain(text)
    if text.count("=") == sum(taken) and not _has_other_signs(text):
        return plain
    found: list[Equation] = []
    index = 0
    for start, stop, signs in list_passages(text):
        first, count = index, 0
        while index < len(plain) and plain[index].start < stop:
            count += taken[index]
            index += 1
        found += plain[first:index] if count == signs else read_passage(text, start, stop)
    return found


def _has_other_signs(text: str) -> bool:
    """Whether a text has a sign of equality that is no equal sign."""
    return "≈" in text or "\\approx" in text or ("equals" in text and _EQUALS.search(text) is not None)


def list_passages(text: str) -> Iterator[tuple[int, int, int]]:
    """List the passages between two stops in which an equal sign stands: the places of the stops, and how many signs.

    No expression goes beyond a stop. What tells how to read one stands on its own side, or is the stop itself or the
    piece behind it: the other passages need not be split into pieces.
    """
    if "<<" in text and _BROKEN_MARK.search(text):
        yield 0, len(text), -1
        return
    reached = 0
    signs = 0
    start = stop = 0
    for sign in _SIGN.finditer(text):
        place = sign.start()
        if place < stop:
            signs += 1
            continue
        if signs:
            yield start, stop, signs
        start = max(reached, text.rfind("\n", reached, place))
        for match in _STOP.finditer(text, start, place):
            start = match.start()
        behind = _STOP.search(text, place)
        stop = len(text) if behind is None else behind.start()
        reached, signs = stop, 1
    if signs:
        yield start, stop, signs


def read_passage(text: str, start: int, stop: int) -> list[Equation]:
    """Read the equations between two stops with the grammar."""
    pieces = split_pieces(text, start, stop)
    marks = [piece for piece in pieces if piece.name == "mark"]
    if not marks:
        return [_make_equation(reading) for reading in read_equations(text, pieces, stop)]
    outer = read_equations(text, [piece for piece in pieces if piece.name != "mark"], stop)
    return [_make_equation(reading) for reading in join_marks(outer, read_marks(text, marks))]


def _make_equation(reading: Statement) -> Equation:
    left, right, outcome = reading
    return Equation(left.start, right.end, left.node, right.node.value, outcome)
