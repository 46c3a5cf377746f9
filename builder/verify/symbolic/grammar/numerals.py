"""Read numbers as they are written in mathematics, and make functions by their names."""

from fractions import Fraction

from ..tree import (
    DEGREE,
    EULER,
    LOG_FACTOR,
    MINUS_ONE,
    RADIANS,
    Head,
    Tree,
    make_call,
    make_number,
    make_power,
    make_product,
    make_quotient,
    replace_symbol,
)

MAX_EXPONENT_DIGITS = 3
"""The longest exponent of a number in scientific notation."""


def make_function(name: str, argument: Tree, base: Tree | None) -> Tree:
    """Make a function. Logarithms are natural ones divided by that of their base."""
    argument = replace_symbol(argument, DEGREE.name, RADIANS)
    if name == "exp":
        return make_power(EULER, argument)
    if name not in {"log", "ln", "lg"}:
        return make_call(name, argument)
    natural = make_call("ln", argument)
    if name == "lg" and base is None:
        base = make_number(10)
    if base is not None:
        return make_quotient(natural, make_call("ln", base))
    return natural if name == "ln" else make_product(natural, LOG_FACTOR)


def read_share(tree: Tree) -> Fraction | None:
    """Read a fraction of two whole numbers that is less than one; None where it is none."""
    if tree.head is not Head.PRODUCT or len(tree.parts) != 2 or tree.parts[1].head is not Head.POWER:
        return None
    above, (below, exponent) = tree.parts[0], tree.parts[1].parts
    if above.head is not Head.NUMBER or below.head is not Head.NUMBER or exponent != MINUS_ONE:
        return None
    is_proper = 0 < above.value < below.value and above.value.denominator == below.value.denominator == 1
    return above.value / below.value if is_proper else None


def read_number(text: str) -> Tree:
    """Read the digits of a number: with separators of thousands, decimals, a period, a power of ten."""
    for separator in ("{,}", ",\\!", "\\,", "\\!"):
        is_decimal = separator == "{,}" and len(text.rpartition("{,}")[2]) != 3
        text = text.replace(separator, "." if is_decimal else "")
    text = text.replace(",", "")
    if text.endswith(")"):
        return make_number(_read_repeating(text))
    mantissa, _, exponent = text.lower().partition("e")
    if len(exponent.lstrip("+-0")) > MAX_EXPONENT_DIGITS:
        power = make_power(make_number(10), make_number(int(exponent)))
        return make_product(make_number(Fraction(f"0{mantissa}")), power)
    decimals = 0 if exponent else len(mantissa.partition(".")[2])
    return make_number(Fraction(f"0{text}"), decimals)


def _read_repeating(text: str) -> Fraction:
    fixed, _, period = text[:-1].partition("(")
    whole, _, decimals = fixed.partition(".")
    share = Fraction(int(period), int("9" * len(period)))
    return int(whole or 0) + (int(decimals or 0) + share) / Fraction(f"1{'0' * len(decimals)}")
