"""Read plain equations of numbers and four signs, as most are: `8 pens + 3 pens = 11`, `48/2 = <<48/2=24>>24`.

Only what is true and nothing else is read here; the grammar reads the rest, and would read this to the same effect.
"""

import re
from fractions import Fraction
from functools import lru_cache, partial

from ....schemas.sample import StepOutcome
from .arithmetic import Exact, ExpressionError, Node, Number, Operation, apply_operator
from .equation import Equation
from .words import NO_UNITS, OPERATOR_WORDS, is_determiner

_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,20})(?:\.\d{1,20})?|\.\d{1,20}"
_UNITS = r"(?:/[a-z]{2,20}(?:[ ][a-z]{2,20}){0,2}|(?:[ ][a-z]{2,20}){1,3}(?:/[a-z]{2,20})?)?"
_PLAIN = re.compile(
    rf"""
    (
        [$.\d](?:(?<=[a-zA-Z,;:.][ ].)|(?<=[a-zA-Z]:.)|(?<=\n.)|(?<=^.))
        (?<!\btimes[ ].)(?<!\bminus[ ].)(?<!\bplus[ ].)(?<!d[ ]by[ ].)(?<!\bequals[ ].)(?<!\bpercent[ ].)
        (?<![ ][xX][ ].)(?<![\d%}}][ ]of[ ].)(?<!\bpercent[ ]of[ ].)
        (?:(?<=\$)(?:{_NUMBER})|(?<=\d)(?:\d{{0,2}}(?:,\d{{3}}){{1,6}}|\d{{0,20}})(?:\.\d{{1,20}})?|(?<=\.)\d{{1,20}})
        {_UNITS}(?:[ ]?(?:[-+*/×÷]|x(?=[ ]?[$.\d]))[ ]?\$?(?:{_NUMBER}){_UNITS}){{1,8}}
    )
    [ ]?=[ ]?
    (?:\$?(<<[^<>\n]{{1,80}}>>))?
    (\$?(?:{_NUMBER}))
    (?=
        (?:/[a-z]{{2,20}}|[a-wyz][a-z]{{0,5}})?
        (?:
            [ ](?!(?:x|X|plus|minus|divided|multiplied|percent|equals)\b|times[ ](?:[a-z]{{1,5}}[ ])?[-$(.\\\d])
            [A-Za-z][A-Za-z'’-]{{0,20}}(?:/[a-z]{{2,20}})?
        ){{0,40}}
        (?:[.,;:?](?:\s|$)|\s*$|[ ]?\n|(?<=[a-z])[ ]\$?\d)
    )
    """,
    re.VERBOSE,
)
"""A sum, a sign, a mark where there is one, a result, and behind it nothing that goes on with it."""
_TOKEN = re.compile(rf"{_NUMBER}|[-+*/]")
_WORD = re.compile(r"/?[a-z]{2,}")
_MARK = re.compile(rf"<<((?:{_NUMBER})(?:[-+*/](?:{_NUMBER})){{0,8}})=({_NUMBER})>>")
_PLAIN_SIGNS = str.maketrans({" ": None, "$": None, ",": None, "×": "*", "x": "*", "÷": "/"})

_PAIR = re.compile(r"(\d{1,20})([-+*/])(\d{1,20})")

_make_number = partial(tuple.__new__, Number)
_make_operation = partial(tuple.__new__, Operation)
_make_equation = partial(tuple.__new__, Equation)

MAX_REMEMBERED = 8192
"""How many expressions are remembered: the answers to a problem repeat them."""


def read_plain(text: str) -> tuple[list[Equation], list[int]]:
    """Read the equations of a text that are plain and true; also count the equal signs that each takes up.

    >>> [(found.start, found.end, signs) for found, signs in zip(*read_plain("3 + 4 = <<3+4=7>>7, 3 + x = 5"))]
    [(0, 18, 2)]
    """
    found: list[Equation] = []
    signs: list[int] = []
    for match in _PLAIN.finditer(text):
        left, mark, right = match.groups()
        if left.islower():
            if not _has_only_units(left):
                continue
            left = _WORD.sub("", left)
        key = left.translate(_PLAIN_SIGNS)
        right = right.translate(_PLAIN_SIGNS)
        node, claim = compute_plain(key), read_number(right)
        if node is None or node.value != claim:
            continue
        if mark is None or mark == f"<<{key}={right}>>" or _is_same(mark, key, claim):
            found.append(_make_equation((match.start(1), match.end(3), node, claim, StepOutcome.RIGHT)))
            signs.append(2 if mark else 1)
    return found, signs


def _has_only_units(left: str) -> bool:
    """Whether the words between numbers are units: none that ends an expression, none that multiplies."""
    words = set(_WORD.findall(left))
    return words.isdisjoint(NO_UNITS) and words.isdisjoint(OPERATOR_WORDS) and not any(map(is_determiner, words))


def _is_same(mark: str, key: str, value: Exact) -> bool:
    """Whether a calculator annotation comes to the same."""
    parts = split_plain_mark(mark)
    if parts is None or read_number(parts[1]) != value:
        return False
    node = compute_plain(parts[0])
    return parts[0] == key or (node is not None and node.value == value)


def split_plain_mark(mark: str) -> tuple[str, str] | None:
    """Split a calculator annotation of numbers and signs into its sides; None where it has more than that."""
    match = _MARK.fullmatch(mark.replace(",", "") if "," in mark else mark)
    return None if match is None else (match[1], match[2])


@lru_cache(maxsize=MAX_REMEMBERED)
def read_number(text: str) -> Exact:
    """Read a number without commas."""
    if text.isdigit():
        return int(text)
    whole, _, decimals = text.partition(".")
    value = Fraction(int(whole + decimals), 10 ** len(decimals))
    return value.numerator if value.denominator == 1 else value


@lru_cache(maxsize=MAX_REMEMBERED)
def compute_plain(text: str) -> Node | None:
    """Compute a chain of numbers and signs; None where it has no value."""
    pair = _PAIR.fullmatch(text)
    return _compute_chain(text) if pair is None else _compute_pair(*pair.groups())


def _compute_pair(one: str, sign: str, other: str) -> Node | None:
    """Compute the most frequent case: two whole numbers and a sign."""
    left, right = int(one), int(other)
    if sign == "+":
        value: Exact = left + right
    elif sign == "-":
        value = left - right
    elif sign == "*":
        value = left * right
    elif right == 0:
        return None
    else:
        value = Fraction(left, right) if left % right else left // right
    return _make_operation((sign, _make_number((left,)), _make_number((right,)), value))


def _compute_chain(text: str) -> Node | None:
    first, *rest = _TOKEN.findall(text)
    term: Node = Number(read_number(first))
    total: Node | None = None
    joined = ""
    try:
        for sign, number in zip(rest[::2], rest[1::2], strict=True):
            right = Number(read_number(number))
            if sign in "*/":
                term = apply_operator(sign, term, right)
            else:
                total = term if total is None else apply_operator(joined, total, term)
                joined, term = sign, right
        return term if total is None else apply_operator(joined, total, term)
    except ExpressionError:
        return None


def forget_plain() -> None:
    """Forget the expressions that are remembered."""
    compute_plain.cache_clear()
    read_number.cache_clear()
