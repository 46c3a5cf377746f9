"""Join the equations of a text with those of its calculator annotations, `<<48/2=24>>`.

A mark and the text around it state the same step twice. Each is checked as it stands: a true mark excuses no text, and
a true text no mark. Where they differ, and only one of them comes out exactly, the other is wrong.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ....schemas.sample import StepOutcome
from .arithmetic import Exact, Node, Number
from .doubts import judge_equation
from .lexer import VALUES, Piece, split_mark, split_pieces
from .operands import Side, read_side
from .plain import compute_plain, read_number, split_plain_mark
from .rounding import is_near
from .sides import Statement, read_equations

_LOOSE = frozenset({StepOutcome.ROUNDED, StepOutcome.UNCHECKED})
_PRINTED = re.compile(r"\$?(\d{1,3}(?:,\d{3}){1,6}|\d{1,15})(?=\s|[.,;:)](?:\s|$)|$)")
MAX_NUMBER = 30
"""The most characters of the number behind a mark."""


def read_marks(text: str, marks: Sequence[Piece]) -> list[Statement]:
    """Read the equations of marks, and whether the number behind each is its result."""
    found: list[Statement] = []
    for mark in marks:
        plain = _read_plain_mark(text, mark)
        if plain is not None:
            found.append(plain)
            continue
        inner = read_equations(text[: mark.end], split_mark(mark), mark.end)
        inner = [_trust_calculator(reading) for reading in inner]
        found += [*inner[:-1], _check_printed(text, mark, inner[-1])] if inner else []
    return found


def _read_plain_mark(text: str, mark: Piece) -> Statement | None:
    """Read a mark of numbers and signs that is true, and followed by its result, as nearly all are."""
    parts = split_plain_mark(mark.text)
    if parts is None:
        return None
    node, claim = compute_plain(parts[0]), read_number(parts[1])
    printed = _PRINTED.match(text, mark.end)
    if node is None or node.value != claim or (printed and read_number(printed[1].replace(",", "")) != claim):
        return None
    if printed is None and text[mark.end : mark.end + 1] not in {" ", "\n", ""}:
        return None
    start, sign = mark.start + 2, mark.start + mark.text.index("=")
    left = Side(node, (node.value,), start, sign, node.value, ())
    return Statement(left, Side(Number(claim), (claim,), sign + 1, mark.end - 2, claim, ()), StepOutcome.RIGHT)


def _trust_calculator(reading: Statement) -> Statement:
    """Set a false equation of bare numbers to wrong: a mark is a calculation, not prose that may be misread."""
    left, right, outcome = reading
    is_false = outcome is StepOutcome.UNCHECKED and is_bare(left) and is_bare(right) and not is_near(left, right)
    return reading._replace(outcome=StepOutcome.WRONG) if is_false else reading


def _check_printed(text: str, mark: Piece, reading: Statement) -> Statement:
    """Hold the number behind a mark against its result: <<48/2=24>>25 is wrong."""
    pieces = split_pieces(text[mark.end : mark.end + MAX_NUMBER])[:4]
    while pieces and pieces[0].name == "currency":
        pieces = pieces[1:]
    if not pieces or pieces[0].name != "number" or text[mark.end : mark.end + 1] in {" ", "\n", ""}:
        return reading
    after = pieces[1] if len(pieces) > 1 else None
    is_whole = after is None or after.start > pieces[0].end or after.text in {".", ",", ")"} or after.name == "word"
    is_whole = is_whole and (after is None or after.name not in VALUES)  # 17 500
    printed = read_side([pieces[0]._replace(start=pieces[0].start + mark.end, end=pieces[0].end + mark.end)])
    if not is_whole or printed is None or reading.outcome is StepOutcome.WRONG:
        return reading
    outcome = judge_equation(reading.right, printed, approximate=False, chained=True)
    outcome = StepOutcome.WRONG if outcome is StepOutcome.WRONG else reading.outcome
    return Statement(reading.left, printed, outcome) if outcome is StepOutcome.WRONG else reading


def join_marks(outer: Sequence[Statement], marks: Sequence[Statement]) -> list[Statement]:
    """Join the equations of a passage with those of its marks; a mark that says the same as the text is left out."""
    starts = [mark.start for mark in marks]
    joined: list[Statement] = []
    repeated: set[int] = set()
    replaced: dict[int, Statement] = {}
    for item in outer:
        within = marks[bisect_left(starts, item.start) : bisect_right(starts, item.end)]
        repeated |= {mark.start for mark in within if _is_repeated(mark, item)}
        checked = item
        for mark in within:
            checked, replaced[mark.start] = _compare(checked, mark)
        joined.append(checked)
    extra = [replaced.get(mark.start, mark) for mark in marks if mark.start not in repeated]
    return sorted([*joined, *extra], key=lambda reading: (reading.start, reading.end))


def _is_repeated(mark: Statement, outer: Statement) -> bool:
    """Whether the text around a calculator annotation states the same equation."""
    return mark.left.readings == outer.left.readings and mark.right.readings == outer.right.readings


def _compare(outer: Statement, mark: Statement) -> tuple[Statement, Statement]:
    """Where a text and its mark come to the same by different ways, and only one is exact, the other is wrong."""
    if mark.right.readings != outer.right.readings or mark.left.readings == outer.left.readings:
        return outer, mark
    if outer.outcome is StepOutcome.RIGHT and mark.outcome is StepOutcome.ROUNDED:
        return outer, mark._replace(outcome=StepOutcome.WRONG)
    is_exact = mark.outcome is StepOutcome.RIGHT and outer.outcome in _LOOSE
    if (
        is_exact
        and outer.left.computed
        and is_bare(outer.left)
        and _list_numbers(outer.left.node) != _list_numbers(mark.left.node)
    ):
        return outer._replace(outcome=StepOutcome.WRONG), mark
    return outer, mark


def is_bare(side: Side) -> bool:
    """Whether a side is numbers and signs only, wholly read."""
    return not side.cut and not any(piece.name in {"word", "percent"} for piece in side.pieces)


def _list_numbers(node: Node) -> list[Exact]:
    """List the numbers of an expression in order."""
    if isinstance(node, Number):
        return [node.value]
    return [*_list_numbers(node.left), *_list_numbers(node.right)]
