"""Find equations that are written in words: `half of 48 is 24`, `5 more than 7 is 12`, `48的一半是24`.

`is` says more than an equal sign does, so a false one is wrong only at the beginning of a clause and where nothing
goes on behind it; else it is unchecked.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

from ....schemas.sample import StepOutcome
from .arithmetic import Exact, ExpressionError, Node, Number, Operation, apply_operator
from .equation import Equation
from .plain import read_number

_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twelfth": 12, "hundredth": 100,
}  # fmt: skip
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_MULTIPLES = {"twice": 2, "double": 2, "thrice": 3, "triple": 3, "quadruple": 4}
_JOINS = {
    "more than": "+", "plus": "+", "added to": "+", "less than": "~", "fewer than": "~", "subtracted from": "~",
    "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/", "times as much as": "*",
    "times as many as": "*", "+": "+", "-": "-", "*": "*", "/": "/", "×": "*", "÷": "/",
}  # fmt: skip
"""What joins two numbers, and the sign it stands for; ~ takes the first from the second."""
BINARY_SIGNS = frozenset("+-*/×÷")
_RESULTS = {"sum": "+", "total": "+", "product": "*", "difference": "|", "quotient": "/"}

_JOIN = "|".join(re.escape(words) for words in _JOINS)
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,15})(?:\.\d{1,10})?(?![\d%/:^]|[.,]\d)"
_VERB = r"(?:is(?:[ ]equal[ ]to)?|are|equals(?:[ ]to)?|makes|make|gives|was|would[ ]be|will[ ]be|comes[ ]to|=)"
_UNIT = r"(?:[ ](?!(?:is|are|equals|makes|make|gives|was|of|and|or|than|from|would|will)\b)[a-z]{2,20}){0,2}"
_HINT = re.compile(rf"\d(?:[ ][a-z]{{2,20}}){{0,2}}[ ]{_VERB}[ ](?:about[ ])?\$?\d")
_PHRASE = re.compile(
    rf"""
    \b(?:the[ ])?
    (?:
        (?: (?P<half>half)
          | (?P<count>{"|".join(_COUNTS)})[ -](?P<part>{"|".join(_PARTS)})s?
          | (?P<percent>(?<![\d.,])\d{{1,6}}(?:\.\d{{1,6}})?)[ ]?(?:%|percent)
          | (?<![\d.,/])(?P<top>\d{{1,6}})/(?P<bottom>\d{{1,6}})
        )[ ]of[ ](?:the[ ])?
      | (?P<multiple>{"|".join(_MULTIPLES)})[ ](?:the[ ])?
      | (?P<result>{"|".join(_RESULTS)})[ ](?:of|between)[ ]\$?(?P<a>{_NUMBER})[ ]and[ ]
      | \$?(?<![\d.,])(?P<c>{_NUMBER}){_UNIT}[ ](?P<join>{_JOIN})[ ]
    )
    \$?(?P<b>{_NUMBER})(?P<power>[ ](?:squared|cubed))?{_UNIT}[ ](?P<verb>{_VERB})[ ]
    (?P<about>(?:about|approximately|roughly|around|nearly|almost)[ ])?\$?(?P<claim>{_NUMBER})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CHINESE = re.compile(
    rf"(?<![\d.])(?P<b>{_NUMBER})的(?:(?P<half>一半)|(?P<bottom>[二三四五六七八九十两]|\d{{1,3}})分之(?P<top>[一二三四五六七八九]|\d{{1,3}})"
    rf"|(?P<percent>\d{{1,4}}(?:\.\d{{1,4}})?)[%％]|(?P<multiple>[两二三四五六七八九十]|\d{{1,3}})倍)"
    r"(?:是|等于|等於|为|為|=[ ]?|就是)"
    rf"(?P<claim>{_NUMBER})"
)
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九十")} | {"两": 2}

_FREE_START = re.compile(
    r"(?:^|[.,;:!?(\n。，；：！？（]|\b(?:so|then|that|because|since|therefore|thus|hence|now|but|which|means))\s{0,3}[*_$]{0,2}$",
    re.IGNORECASE,
)
_FREE_END = re.compile(
    r"[*_]{0,2}(?:\s*$|\s*\n|[.,;:!)](?!\d)|[。，；：！）]"
    r"|[ ](?!(?:more|less|fewer|times|of|percent|plus|minus|and[ ](?:a|an|one|two|three|half)|to|or|divided|x|dozen"
    r"|hundred|thousand|million|billion|pairs?|cents?|minutes?|hours?|seconds?|days?|weeks?|months?|years?|feet|foot|inch|inches)\b)[A-Za-z]"
    r"|(?!的|万|亿|千|百|倍|分|多|%)[\u4e00-\u9fff])"
)
_OF_NUMBERS = "0123456789.,$"
MAX_OPERAND = 40
"""The most characters of a number and the sign before it."""
MAX_PHRASE = 120
"""The most characters of a phrase before its verb."""


def add_worded(text: str, found: list[Equation]) -> list[Equation]:
    """Add the worded equations of a text to its others, in order."""
    worded = [*_find_english(text), *(_find_chinese(text) if not text.isascii() and "的" in text else [])]
    if not worded:
        return found
    sums = [other for other in found if isinstance(other.left, Operation)]
    new = [item for item in worded if not any(map(partial(_is_over, item), sums))]
    kept = [other for other in found if not any(map(partial(_is_over, other), new))]
    return sorted([*kept, *new], key=lambda equation: (equation.start, equation.end))


def _is_over(one: Equation, other: Equation) -> bool:
    return one.start < other.end and other.start < one.end


def _find_english(text: str) -> list[Equation]:
    found: list[Equation] = []
    reached = 0
    for hint in _HINT.finditer(text):
        if _is_in_signs(text, hint):
            continue
        near = max(reached, hint.start() - MAX_PHRASE)
        start = max(near, text.rfind("\n", near, hint.start()) + 1)
        for match in _PHRASE.finditer(text, start, min(len(text), hint.end() + 20)):
            equation = _make_equation(text, match, _read_english)
            if match.end() >= hint.end() and equation is not None:
                found.append(equation)
                reached = match.end()
                break
    return found


def _is_in_signs(text: str, hint: re.Match[str]) -> bool:
    """Whether an equal sign stands behind a number that a sign joins to another: the grammar has read that."""
    if "=" not in hint[0]:
        return False
    head = text[max(0, hint.start() - MAX_OPERAND) : hint.start() + 1].rstrip(_OF_NUMBERS).rstrip()
    return head[-1:] in BINARY_SIGNS and bool(head)


def _find_chinese(text: str) -> list[Equation]:
    found = (_make_equation(text, match, _read_chinese) for match in _CHINESE.finditer(text))
    return [equation for equation in found if equation is not None]


def _make_equation(
    text: str, match: re.Match[str], read: Callable[[Mapping[str, str | None]], Node]
) -> Equation | None:
    groups = match.groupdict()
    if groups.get("join") in BINARY_SIGNS and groups["verb"] in {"=", "equals"}:
        return None  # the grammar has read it
    try:
        node = read(groups)
    except ExpressionError:
        return None
    claim = _read(groups["claim"])
    outcome = _judge(node.value, claim, text, match, is_about=bool(groups.get("about")))
    return Equation(match.start(), match.end(), node, claim, outcome)


def _judge(value: Exact, claim: Exact, text: str, match: re.Match[str], *, is_about: bool) -> StepOutcome:
    if value == claim:
        return StepOutcome.RIGHT
    decimals = len(match["claim"].partition(".")[2])
    is_near = abs(Fraction(value) - claim) < Fraction(1, 10**decimals) and value.denominator != 1
    if is_about or is_near:
        return StepOutcome.UNCHECKED
    is_free = _FREE_START.search(text, max(0, match.start() - 20), match.start()) and _FREE_END.match(text, match.end())
    return StepOutcome.WRONG if is_free else StepOutcome.UNCHECKED


def _read(text: str | None) -> Exact:
    return read_number((text or "").replace(",", ""))


def _read_english(groups: Mapping[str, str | None]) -> Node:
    number: Node = Number(_read(groups["b"]))
    if groups["power"]:
        number = apply_operator("^", number, Number(2 if "squared" in groups["power"].lower() else 3))
    if groups["join"] or groups["result"]:
        other = Number(_read(groups["c"] or groups["a"]))
        sign = _JOINS[groups["join"].lower()] if groups["join"] else _RESULTS[(groups["result"] or "").lower()]
        return _join(sign, other, number)
    if groups["percent"]:
        share = apply_operator("/", Number(_read(groups["percent"])), Number(100))
        return apply_operator("*", share, number)
    if groups["multiple"]:
        return apply_operator("*", Number(_MULTIPLES[groups["multiple"].lower()]), number)
    if groups["half"]:
        return apply_operator("/", number, Number(2))
    top = _COUNTS[groups["count"].lower()] if groups["count"] else _read(groups["top"])
    bottom = _PARTS[(groups["part"] or "").lower()] if groups["part"] else _read(groups["bottom"])
    return _take_share(number, top, bottom)


def _join(sign: str, one: Node, other: Node) -> Node:
    if sign == "~":
        return apply_operator("-", other, one)
    if sign == "|":
        return apply_operator("-", *((one, other) if one.value >= other.value else (other, one)))
    return apply_operator(sign, one, other)


def _take_share(number: Node, top: Exact, bottom: Exact) -> Node:
    part = apply_operator("/", number, Number(bottom))
    return part if top == 1 else apply_operator("*", part, Number(top))


def _read_chinese(groups: Mapping[str, str | None]) -> Node:
    number = Number(_read(groups["b"]))
    if groups["half"]:
        return apply_operator("/", number, Number(2))
    if groups["percent"]:
        return apply_operator("*", apply_operator("/", Number(_read(groups["percent"])), Number(100)), number)
    if groups["multiple"]:
        return apply_operator("*", number, Number(_read_digit(groups["multiple"])))
    return _take_share(number, _read_digit(groups["top"] or ""), _read_digit(groups["bottom"] or ""))


def _read_digit(text: str) -> int:
    return _DIGITS[text] if text in _DIGITS else int(text)
