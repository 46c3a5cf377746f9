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

_WORDS = {
    letter: "|".join(
        [
            rf"(?:{'|'.join(name[1:] for name in _TENS if name[0] == letter) or '(?!)'})(?:[ -](?:{'|'.join(_ONES)}))?",
            *[name[1:] for name in _UNITS if name[0] == letter],
        ]
    )
    for letter in "efnst"
}
"""The number words by their first letter, without it."""

_NUMBER = re.compile(
    rf"""
    [\d.efnst](?:  # any other character is passed over quickly; what follows looks back at it
        (?<![\w.][\d.])(?:
            (?P<quotient>(?<=\d)\d{{0,5}}/[1-9]\d{{0,5}}(?![\d/]))
          | (?P<digits>
                (?<=\d)(?:\d{{0,2}}(?:,\d{{3}}){{1,6}}(?!\d)|\d{{0,19}})(?:\.\d{{1,20}})?
              | (?<=\.)\d{{1,20}}
            )
            (?:[ ]?(?P<percent>%|％|percent\b))?
        )
      | (?<!\w[efnst])(?P<word>{"|".join(f"(?<={letter})(?:{rest})" for letter, rest in _WORDS.items())})\b
        (?P<worded>[ ]?percent\b)?
    )
    """,
    re.VERBOSE,
)
"""A number of a text in lower case."""

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
    for match in _NUMBER.finditer(_part_letters(question[:MAX_QUESTION]).lower()):
        values = _read_match(match)
        for value in values:
            number += 1
            if value not in roles:
                roles[value] = make_atom(f"n{number}", value)
        if match.lastgroup in _PERCENT:
            shares += values
    if shares:
        roles.pop(1, None)
        roles.pop(100, None)
    for form in [roles[value] for value in shares if value in roles]:
        _add_shares(roles, form)
    return roles


def _part_letters(question: str) -> str:
    """Set a blank between a Chinese or Japanese letter and the digit behind it, which is no part of a word."""
    return question if question.isascii() else _HAN_NUMBER.sub(lambda match: f" {match[0]}", question)


_PERCENT = frozenset({"percent", "worded"})


def _read_match(match: re.Match[str]) -> list[Exact]:
    text = match[0]
    if match.lastgroup == "quotient":
        top, bottom = text.split("/")
        return [int(top), int(bottom)]
    if match.lastgroup in _PERCENT:
        text = text.removesuffix(match[match.lastgroup]).rstrip(" ")
    if text[0] in _WORDS:
        tens, _, ones = text.replace("-", " ").partition(" ")
        return [_UNITS.get(tens) or _TENS[tens] + _ONES.get(ones, 0)]
    return [_read_digits(text.replace(",", ""))]


def _read_digits(text: str) -> Exact:
    whole, _, part = text.partition(".")
    if not part:
        return int(whole)
    value = Fraction(int(whole + part), 10 ** len(part))
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
