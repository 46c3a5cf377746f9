"""The numbers of a question, named by their roles: n1 is its first number, n2 its second.

So the same method has the same signature for another problem of the template. A value that stands twice in a question
has the role of its first place: equations can't tell which of the two is meant.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from ...text.equations import Exact, format_value
from .forms import Form, join_forms, make_atom, make_constant

MAX_QUESTION = 20_000
"""Of a longer question, this many characters are read for numbers."""

_UNITS = {
    name: value
    for value, name in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen".split(),
        2,
    )
}
_TENS = {
    name: 10 * value for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_ONES = {"one": 1, **{name: value for name, value in _UNITS.items() if value < 10}}

_NUMBER = re.compile(
    rf"""
    (?<![\w.])(?:
        (?P<top>\d{{1,6}})/(?P<bottom>[1-9]\d{{0,5}})(?![\d/])
      | (?P<digits>(?:\d{{1,3}}(?:,\d{{3}}){{1,6}}(?!\d)|\d{{1,20}})(?:\.\d{{1,20}})?|\.\d{{1,20}})
        [ ]?(?P<percent>%|％|percent\b)?
    )
    | \b(?P<word>(?:{"|".join(_TENS)})(?:[ -](?:{"|".join(_ONES)}))?|{"|".join(_UNITS)})\b[ ]?(?P<worded>percent\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HAN_NUMBER = re.compile(r"(?<=[\u3040-\u9fff])\d")

Roles = Mapping[Exact, Form]


@lru_cache(maxsize=1024)
def name_numbers(question: str | None) -> Roles:
    """Name the numbers of a question, by value.

    >>> {value: form.text for value, form in name_numbers("Ann has 12 pens, and Bob three.").items()}
    {12: 'n1', 3: 'n2'}
    """
    roles: dict[Exact, Form] = {}
    if not question:
        return roles
    shares: list[Exact] = []
    number = 0
    for match in _NUMBER.finditer(_part_letters(question[:MAX_QUESTION])):
        for value in _read_match(match):
            number += 1
            roles.setdefault(value, make_atom(f"n{number}", value))
        if match["percent"] or match["worded"]:
            shares += _read_match(match)
    if shares:
        roles.pop(1, None)
        roles.pop(100, None)
    for form in [roles[value] for value in shares if value in roles]:
        _add_shares(roles, form)
    return roles


def _part_letters(question: str) -> str:
    """Set a blank between a Chinese or Japanese letter and the digit behind it, which is no part of a word."""
    return question if question.isascii() else _HAN_NUMBER.sub(lambda match: f" {match[0]}", question)


def _read_match(match: re.Match[str]) -> list[Exact]:
    if match["top"]:
        return [int(match["top"]), int(match["bottom"])]
    if match["digits"]:
        return [_read_digits(match["digits"].replace(",", ""))]
    tens, _, ones = match["word"].lower().replace("-", " ").partition(" ")
    return [_UNITS.get(tens) or _TENS[tens] + _ONES.get(ones, 0)]


def _read_digits(text: str) -> Exact:
    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value


def _add_shares(roles: dict[Exact, Form], form: Form) -> None:
    """Add what a percentage is used as: 85 where 15 percent are taken off, 1.2 where 20 percent are added."""
    hundred = make_constant(100)
    for op, rest in (("-", 100 - form.value), ("+", 100 + form.value)):
        whole = join_forms(op, hundred, form)
        roles.setdefault(rest, whole)
        roles.setdefault(Fraction(rest, 100), join_forms("/", whole, hundred))


def spell_roles(signature: str, question: str | None) -> str:
    """Write a signature with the numbers of its question, for a person to read.

    >>> spell_roles("n1 - (n2 + n3)", "Of 16 eggs, 3 are eaten and four are sold.")
    '16 - (3 + 4)'
    """
    values = {form.text: format_value(value) for value, form in name_numbers(question).items()}
    return _ROLE.sub(lambda match: values.get(match[0], match[0]), signature)


_ROLE = re.compile(r"\bn\d+\b")
