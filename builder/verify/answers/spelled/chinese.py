"""Read Chinese and Japanese numbers: 三百二十, 两千零五, 一万二千, 三分之二, 百分之五十, 3千5百, 二〇二四."""

import re
from collections.abc import Mapping
from fractions import Fraction

DIGITS: Mapping[str, int] = {
    **{character: value for value, character in enumerate("零一二三四五六七八九")},
    **{character: value for value, character in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "两": 2, "兩": 2, "俩": 2, "貳": 2, "參": 3, "陸": 6,
}  # fmt: skip
TENS: Mapping[str, int] = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
GROUPS: Mapping[str, int] = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
CHARACTERS = "".join([*DIGITS, *TENS, *GROUPS])
"""What a whole number is written with."""

_LONGEST = 40
_MIXED = re.compile(r"\d{1,15}(?:\.\d{1,15})?|.", re.DOTALL)
_FRACTION = re.compile(r"(?:(?P<whole>[^又]{1,20})又)?(?P<below>[^分]{1,20})分之(?P<above>.{1,20})")


def read_chinese(text: str) -> Fraction | None:
    """Read characters as one number; None where they make none.

    >>> [str(read_chinese(text)) for text in ("三百二十", "两千零五", "一万二", "三分之二", "3千5百", "零点五")]
    ['320', '2005', '12000', '2/3', '3500', '1/2']
    """
    if not 0 < len(text) <= _LONGEST:
        return None
    if text[0] in "负負":
        value = read_chinese(text[1:])
        return None if value is None else -value
    if text in {"半", "一半"}:
        return Fraction(1, 2)
    if text.endswith(("个半", "個半")):
        value = _read_whole(text[:-2])
        return None if value is None else value + Fraction(1, 2)
    fraction = _FRACTION.fullmatch(text)
    if fraction is not None:
        return _read_fraction(fraction)
    whole, point, digits = text.replace("點", "点").partition("点")
    return _read_decimal(whole, digits) if point else _read_whole(text.removeprefix("第"))


def _read_fraction(match: re.Match[str]) -> Fraction | None:
    whole = _read_whole(match["whole"]) if match["whole"] else Fraction(0)
    below, above = _read_whole(match["below"]), read_chinese(match["above"])
    if whole is None or not below or above is None:
        return None
    return whole + above / below


def _read_decimal(whole: str, digits: str) -> Fraction | None:
    """Read `三点一四`, where a scale may follow: `一点八亿`."""
    scale = GROUPS.get(digits[-1:], 1)
    digits = digits[:-1] if scale > 1 else digits
    value = _read_whole(whole)
    if value is None or not digits or not all(digit in DIGITS for digit in digits):
        return None
    part = "".join(str(DIGITS[digit]) for digit in digits)
    return (value + Fraction(int(part), 10 ** len(part))) * scale


def _read_whole(text: str) -> Fraction | None:
    """Read a number with its tens and groups; digits alone are read one by one."""
    is_spelled_out = len(text) > 2 or "〇" in text or "零" in text  # 五六 is five or six
    if len(text) > 1 and is_spelled_out and all(character in DIGITS for character in text):
        return Fraction(int("".join(str(DIGITS[character]) for character in text)))
    total, group, digit = Fraction(0), Fraction(0), None
    last_ten, last_group, last = 10**4, 10**16, 0
    for token in _MIXED.findall(text):
        if token in DIGITS or token[0].isdecimal():
            if digit is not None and digit != 0:
                return None
            digit = Fraction(DIGITS[token]) if token in DIGITS else Fraction(token)
            last = 0 if digit == 0 else last
        elif token in TENS and TENS[token] < last_ten:
            group += (1 if digit is None and TENS[token] == 10 else digit or 0) * TENS[token]
            if digit is None and TENS[token] > 10:
                return None
            last_ten, digit, last = TENS[token], None, TENS[token]
        elif token in GROUPS and GROUPS[token] < last_group:
            value = group + (digit or 0)
            if not value:
                return None
            total, group, digit = total + value * GROUPS[token], Fraction(0), None
            last_ten, last_group, last = 10**4, GROUPS[token], GROUPS[token]
        else:
            return None
    if not text or (digit is None and not total + group):
        return None
    return total + group + (digit or 0) * (last // 10 if last > 10 else 1)  # 三百二 is 320, 三百零二 is 302
