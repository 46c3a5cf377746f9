from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text.equations.arithmetic import (
    MAX_DEPTH,
    MAX_EXPONENT,
    MAX_TOKENS,
    ExpressionError,
    Operation,
    Token,
    TokenKind,
    format_value,
    list_operations,
    parse_expression,
)
from cotloom.builder.text.equations.lexer import split_pieces
from cotloom.builder.text.equations.operands import _convert_pieces

OPEN, CLOSE = Token(TokenKind.OPEN, ""), Token(TokenKind.CLOSE, "")
PLUS, MINUS, POWER, DIVIDE = (Token(TokenKind.OPERATOR, sign) for sign in "+-^/")


def number(value):
    return Token(TokenKind.NUMBER, "", Fraction(value))


def read(text):
    tokens = _convert_pieces(split_pieces(text))
    assert tokens is not None
    return tokens


def value(text, percent=Fraction(1, 100)):
    return parse_expression(read(text), percent=percent).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 4 - 3", 3),
        ("10 - (4 - 3)", 9),
        ("24 / 4 / 3", 2),
        ("24 / (4 / 2)", 12),
        ("2 * 3 ^ 2", 18),
        ("(2 * 3) ^ 2", 36),
        ("1 + 2 * 3 - 4 / 2", 5),
        ("-5 + 3", -2),
        ("+5", 5),
        ("--5", 5),
        ("2 * -3", -6),
        ("2 - -3", 5),
        ("-(2 + 3)", -5),
        ("2 ^ -1", Fraction(1, 2)),
        ("(-3) ^ 2", 9),
        ("0 ^ 0", 1),
        ("1 / 3", Fraction(1, 3)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1,200 * 2", 2400),
        ("20%", Fraction(1, 5)),
        ("20% * 50", 10),
        ("((((7))))", 7),
    ],
)
def test_an_expression_comes_to_its_exact_value(text, expected):
    assert value(text) == expected


def test_a_sign_binds_weaker_than_a_power():
    assert value("-3 ^ 2") == -9
    assert value("5 * -3 ^ 2") == -45


def test_a_percent_sign_may_be_a_mere_unit():
    assert value("20% + 5%", percent=Fraction(1)) == 25


def test_a_percent_sign_belongs_to_its_number_alone():
    assert value("200 + 10%") == Fraction(2001, 10)


@pytest.mark.parametrize("text", ["1 / 0", "1 / (2 - 2)", "5 + 3 / 0%", "0 ^ -1", "2 ^ 0.5", "4 ^ (1 / 2)"])
def test_what_has_no_exact_value_is_not_understood(text):
    with pytest.raises(ExpressionError):
        value(text)


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        [PLUS],
        [number(1), PLUS],
        [number(1), number(2)],
        [OPEN, number(1)],
        [number(1), CLOSE],
        [OPEN, CLOSE],
        [number(1), DIVIDE, DIVIDE, number(2)],
        [Token(TokenKind.PERCENT, "")],
        [number(2), POWER, number(3), POWER, number(2)],
    ],
)
def test_tokens_that_are_no_expression_are_not_understood(tokens):
    with pytest.raises(ExpressionError):
        parse_expression(tokens)


def test_a_power_is_worked_out_up_to_the_largest_exponent():
    assert parse_expression([number(2), POWER, number(MAX_EXPONENT)]).value == 2**64
    with pytest.raises(ExpressionError):
        parse_expression([number(2), POWER, number(MAX_EXPONENT + 1)])


def test_a_power_of_too_many_digits_is_not_worked_out():
    with pytest.raises(ExpressionError):
        parse_expression([number(10**50), POWER, number(60)])


@pytest.mark.parametrize(
    "tokens",
    [
        [OPEN] * 10_000 + [number(1)] + [CLOSE] * 10_000,
        [MINUS] * 10_000 + [number(1)],
        [number(9), POWER] * 10_000 + [number(9)],
        [number(9), PLUS] * 100_000 + [number(9)],
        [OPEN] * (MAX_DEPTH + 2) + [number(1)] + [CLOSE] * (MAX_DEPTH + 2),
        [MINUS] * (MAX_DEPTH + 2) + [number(1)],
        [OPEN, number(9), POWER] * 18 + [number(9)] + [CLOSE] * 18,
    ],
    ids=["brackets", "signs", "tower", "sum", "too deep", "too many signs", "nested powers"],
)
def test_texts_past_the_bounds_are_not_understood(tokens):
    with pytest.raises(ExpressionError):
        parse_expression(tokens)


def test_the_longest_expression_is_still_read():
    tokens = [number(1), PLUS] * (MAX_TOKENS // 2 - 1) + [number(1)]
    assert parse_expression(tokens).value == MAX_TOKENS // 2


def test_operations_come_before_what_uses_them():
    node = parse_expression(read("(1 + 2) * (3 - 4)"))
    assert [(operation.op, operation.value) for operation in list_operations(node)] == [("+", 3), ("-", -1), ("*", -3)]


@pytest.mark.parametrize(
    ("given_value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(18), "18"),
        (Fraction(-7), "-7"),
        (Fraction(5, 2), "2.5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-22, 7), "-22/7"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(10**30 + 1), "1000000000000000000000000000001"),
    ],
)
def test_a_value_is_written_exactly(given_value, text):
    assert format_value(given_value) == text


@given(st.fractions())
@settings(max_examples=200, deadline=None)
def test_what_is_written_reads_as_the_same_value(fraction):
    assert Fraction(format_value(fraction)) == fraction


LEAVES = st.builds(lambda whole: (str(whole), Fraction(whole)), st.integers(0, 10**6)) | st.builds(
    lambda cents: (f"{cents / 100:.2f}", Fraction(cents, 100)), st.integers(0, 10**5)
)


@st.composite
def joined(draw, children):
    (one, left), (other, right) = draw(children), draw(children)
    sign = draw(st.sampled_from("+-*/"))
    if sign == "/" and right == 0:
        sign = "-"
    exact = {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else Fraction(0)}
    return f"({one}) {sign} ({other})", exact[sign]


@given(st.recursive(LEAVES, joined, max_leaves=12))
@settings(max_examples=200, deadline=None)
def test_a_random_expression_comes_to_what_fractions_come_to(case):
    text, expected = case
    assert value(text) == expected


@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(0, 999)), max_size=20), st.integers(0, 999))
@settings(max_examples=200, deadline=None)
def test_a_row_of_sums_and_products_keeps_the_order_of_operations(rest, first):
    terms = [[1, first]]
    for sign, operand in rest:
        if sign == "*":
            terms[-1].append(operand)
        else:
            terms.append([1 if sign == "+" else -1, operand])
    expected = 0
    for term in terms:
        product = 1
        for factor in term:
            product *= factor
        expected += product
    node = parse_expression(read(str(first) + "".join(f" {sign} {operand}" for sign, operand in rest)))
    assert node.value == expected
    assert isinstance(node, Operation) == bool(rest)
