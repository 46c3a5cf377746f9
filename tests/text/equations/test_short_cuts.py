"""The short cuts of the equation finder give what the long way gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text.equations import find_equations
from cotloom.builder.text.equations.arithmetic import (
    ExpressionError,
    Token,
    TokenKind,
    _is_chain,
    _parse_chain,
    _Parser,
)
from cotloom.builder.text.equations.find import read_passage
from cotloom.builder.text.equations.lexer import split_pieces
from cotloom.builder.text.equations.markup import clean_markup
from cotloom.builder.text.equations.withdrawn import uncheck_withdrawn
from cotloom.builder.text.equations.worded import add_worded

BITS = [
    *["=", " = ", "≈", "~=", "\\approx ", " equals ", "+", " - ", "-", "−", "*", " * ", "x", " x ", "/", "%"],
    *["$", "(", ")", "3", "12", "1,200", "0.5", "7", " of ", " by ", " divided by ", "pens", " red pens ", "and"],
    *[". ", ", ", "; ", ": ", "! ", "\n", "\n- ", "\r\n", "\u2028", "\t", "**", "* ", ".", ",", "'", "“", "é", "½"],
    *["<<3+4=7>>", "<<", ">>", "<<3+4=7. >>", "<<1\n+1=2>>", "<<a>>", "<<3*4=12>>12", "\\frac{1}{2}", "dozen", " so "],
]


PLAIN = [
    *[
        "3",
        "4 ",
        "12",
        " + ",
        "-",
        " * ",
        "/",
        " x ",
        "=",
        " = ",
        "7",
        "$",
        "1,200",
        ".5",
        " pens",
        " a day",
        "/day",
        "of ",
    ],
    *[
        "total of ",
        "20% of ",
        "so ",
        "So ",
        " times ",
        " minus ",
        " by ",
        "; ",
        ". ",
        "\n",
        "<<3+4=7>>",
        "<<3*4=12>>",
        "12 ",
    ],
    *[
        " apples per box",
        " each",
        "x",
        " is 7",
        "the ",
        "'s ",
        "(",
        ")",
        "half of ",
        "more than ",
        "–",
        "×",
        "＝",
        "4元",
        "加",
    ],
]


@given(
    st.lists(st.sampled_from(BITS), max_size=40).map("".join)
    | st.lists(st.sampled_from(PLAIN), max_size=25).map("".join)
)
@settings(max_examples=800, deadline=None)
def test_reading_only_the_passages_with_a_sign_finds_what_reading_the_whole_text_finds(text):
    assert find_equations(text) == read_whole(text)


def read_whole(text):
    """The long way: the grammar reads the whole text, passages and plain equations are not told apart."""
    clean = clean_markup(text)
    found = add_worded(clean, read_passage(clean, 0, len(clean)))
    return uncheck_withdrawn(text, found)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("3x4", "number times number"),
        ("3x", "number word"),
        ("x3", "word number"),
        ("a x b X", "word times word times"),
        ("xs X's", "word times stop word"),
        ("3times 4 times 5", "number word number times number"),
        ("times-table timestable", "word word"),
        ("_plus plus Plus", "stop word plus word"),
        ("divided by divided bye divided", "divide word word word"),
        ("equals equal percent percents minus", "equals word percent word minus"),
    ],
)
def test_words_that_are_operators_are_told_from_other_words(text, names):
    assert " ".join(piece.name for piece in split_pieces(text)) == names


NUMBERS = st.integers(-3, 30) | st.fractions(min_value=-2, max_value=5, max_denominator=9)


@given(st.lists(st.tuples(st.sampled_from("+-*/"), NUMBERS), max_size=12), NUMBERS)
@settings(max_examples=300, deadline=None)
def test_a_chain_comes_to_what_the_grammar_makes_of_it(rest, first):
    tokens = [Token(TokenKind.NUMBER, "", first)]
    for sign, value in rest:
        tokens += [Token(TokenKind.OPERATOR, sign), Token(TokenKind.NUMBER, "", value)]
    assert _is_chain(tokens)
    assert read(lambda: _parse_chain(tokens)) == read(lambda: _Parser(tokens, 1).parse_sum(0, 0)[0])


def read(parse):
    try:
        return parse()
    except ExpressionError as error:
        return str(error)
