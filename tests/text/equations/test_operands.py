from fractions import Fraction

import pytest

from cotloom.builder.text.equations.lexer import split_pieces
from cotloom.builder.text.equations.operands import MAX_UNIT_WORDS, read_side


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("3 red apples + 4 apples", [7]),
        ("20% of 50", [10, 1000]),
        ("\\frac{1}{2} of 10", [5]),
        ("$1,200", [1200]),
    ],
)
def test_units_are_skipped_and_a_percent_sign_has_two_readings(text, readings):
    side = read_side(split_pieces(text))

    assert side is not None
    assert side.readings == tuple(map(Fraction, readings))
    assert text[side.start : side.end] == text.removesuffix(" apples")


@pytest.mark.parametrize(
    "text", ["apples 3", "3 + apples", "3 " + "red " * (MAX_UNIT_WORDS + 1) + "+ 4", "3 apples 4", "\\frac{1}{0}"]
)
def test_words_that_are_no_units_make_a_side_unreadable(text):
    assert read_side(split_pieces(text)) is None


def test_only_a_side_with_an_operation_is_computed():
    sides = [read_side(split_pieces(text)) for text in ("3 + 4", "7")]

    assert [side is not None and side.computed for side in sides] == [True, False]
