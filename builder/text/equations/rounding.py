"""Decide whether a printed number is a value rounded.

Rounded is what a hand writes down: the value cut or rounded at the last printed digit, of two significant digits or
more. Decimals may be rounded anywhere, whole numbers only where they are a quotient. A sign such as ≈ allows one unit
of the last digit. A printed float (six decimals or more) may be off by a millionth.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from .arithmetic import Operation
from .lexer import VALUES
from .operands import Side

FLOAT_DECIMALS = 6
"""A number with at least this many decimals is a printed float, compared with a relative tolerance of 1e-6."""

_ROUNDED = re.compile(r"\.\d{3}|\.(?:33|66|67|17|83)$")
"""Decimals that look rounded: three or more, or those of a third and a sixth."""

SIGNIFICANT = 2
"""The fewest digits of a rounded number: with one, nearly everything is rounded."""


def is_rounded(left: Side, right: Side, *, approximate: bool) -> bool:
    """Whether the right side is a number that the left side rounds to."""
    if right.computed:
        return False
    printed = _list_decimals(right)
    is_float = max([*printed, *_list_decimals(left)]) >= FLOAT_DECIMALS
    for value, claimed, decimals in _list_readings(left, right, printed[-1]):
        gap = abs(value - claimed)
        if is_float and gap * 10**FLOAT_DECIMALS <= abs(value):
            return True
        if approximate and (gap < (unit := _find_unit(right, decimals)) or (decimals and gap == unit)):
            return True
        if count_digits(right) >= SIGNIFICANT and (decimals or is_quotient(left)) and _is_cut(value, claimed, decimals):
            return True
    return False


def is_near(left: Side, right: Side) -> bool:
    """Whether the right side would be the left side rounded, if one digit were enough: 2/3 = 0.7."""
    if right.computed:
        return False
    decimals = _list_decimals(right)[-1]
    return any(_is_cut(value, claimed, places) for value, claimed, places in _list_readings(left, right, decimals))


def has_rounded_operand(left: Side, right: Side) -> bool:
    """Whether a product is true for a factor that was rounded before: 1.414 * 2 = 2.83, 33.33 * 3 = 100."""
    node = left.node
    if not isinstance(node, Operation) or node.op not in {"*", "/"} or right.computed:
        return False
    texts = [text for name, text, _, end in left.pieces if name in VALUES and end <= left.end]
    errors = [_measure_rounding(text) for text in texts if _ROUNDED.search(text)]
    value, claim = abs(Fraction(node.value)), abs(Fraction(right.node.value))
    return bool(errors) and abs(value - claim) <= value * sum(errors)


def _measure_rounding(text: str) -> Fraction:
    """How much of itself a number may have lost by rounding."""
    value = Fraction(text.replace(",", ""))
    return Fraction(1, 10 ** len(text.partition(".")[2])) / value / 2 if value else Fraction(0)


def count_digits(side: Side) -> int:
    """Count the significant digits of the number that a side is."""
    texts = [text for name, text, _, end in side.pieces if name in VALUES and end <= side.end]
    return len(texts[-1].replace(",", "").replace(".", "").lstrip("0"))


def _list_readings(left: Side, right: Side, decimals: int) -> Iterator[tuple[Fraction, Fraction, int]]:
    """Each pair of readings, and the decimals that the right one is printed with."""
    for index, claimed in enumerate(right.readings):
        is_share = index == 0 and len(right.readings) > 1
        for value in left.readings:
            yield Fraction(value), Fraction(claimed), decimals + 2 if is_share else decimals


def is_quotient(left: Side) -> bool:
    """Whether a side is a division that leaves a remainder, or a product with one."""
    node = left.node
    return isinstance(node, Operation) and node.op in {"/", "*"} and _has_division(node) and node.value.denominator != 1


def _has_division(node: Operation) -> bool:
    """Whether a product or quotient holds a division: 100/3, 2 * (10/3)."""
    if node.op == "/":
        return True
    parts = (node.left, node.right) if node.op == "*" else ()
    return any(isinstance(part, Operation) and _has_division(part) for part in parts)


def _find_unit(right: Side, decimals: int) -> Fraction:
    """One unit of the last significant digit: 0.01 of 3.14, 100 of 1,200."""
    if decimals:
        return Fraction(1, 10**decimals)
    text = [text for name, text, _, end in right.pieces if name in VALUES and end <= right.end][-1].replace(",", "")
    return Fraction(10 ** (len(text) - len(text.rstrip("0")))) if text.strip("0") else Fraction(1)


def _is_cut(value: Fraction, claimed: Fraction, decimals: int) -> bool:
    """Whether a number is a value rounded or cut at so many decimals."""
    unit = Fraction(1, 10**decimals)
    gap = abs(value - claimed)
    is_toward_zero = abs(claimed) < abs(value) and (claimed < 0) == (value < 0)
    return gap * 2 <= unit or (gap < unit and is_toward_zero)


def _list_decimals(side: Side) -> list[int]:
    """Count the decimals of each number of a side."""
    return [len(text.partition(".")[2]) for name, text, _, end in side.pieces if name in VALUES and end <= side.end]
