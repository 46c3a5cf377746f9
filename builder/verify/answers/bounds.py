"""Find what makes of a number something else than itself: `at least 5`, `<5`, `5+`, `5!`, `not 5`, `almost 5`.

`about 5` and `≈5` state the number 5; that it was rounded changes nothing for an exact comparison.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from ...languages import has_unspaced


class Bound(StrEnum):
    """What stands around a number and changes what is said."""

    NONE = ""
    AT_LEAST = ">="
    AT_MOST = "<="
    MORE = ">"
    LESS = "<"
    NEGATED = "not"
    NEARLY = "nearly"
    """Close to the number, and not it."""
    FACTORIAL = "!"


_WORDS: Mapping[Bound, str] = {
    Bound.AT_LEAST: (
        "at least|no less than|not less than|no fewer than|not fewer than|minimum of|a minimum of|minimum|min|min.|"
        "mindestens|"
        "wenigstens|au moins|al menos|por lo menos|como mínimo|minimally|greater than or equal to|more than or equal to"
    ),
    Bound.AT_MOST: (
        "at most|no more than|not more than|no greater than|up to|maximum of|a maximum of|maximum|max|max.|"
        "höchstens|maximal|"
        "bis zu|au plus|au maximum|como máximo|a lo sumo|hasta|less than or equal to|fewer than or equal to"
    ),
    Bound.MORE: (
        "more than|greater than|larger than|bigger than|higher than|over|above|exceeds|exceeding|upwards of|beyond|"
        "mehr als|über|größer als|plus de|más de|mayor que|in excess of"
    ),
    Bound.LESS: (
        "less than|fewer than|smaller than|lower than|under|below|weniger als|unter|kleiner als|moins de|menos de|"
        "menor que|short of"
    ),
    Bound.NEGATED: (
        "not|isn't|aren't|wasn't|never|cannot be|can't be|won't be|nicht|kein|keine|pas|rather than|instead of|except|"
        "other than|anything but"
    ),
    Bound.NEARLY: (
        "almost|nearly|close to|just over|just under|just about|slightly over|slightly under|slightly more than|"
        "slightly less than|not quite|approaching|fast|beinahe|knapp|presque|casi|plus or minus|within"
    ),
}
_FOLDED = {words: bound for bound, listed in _WORDS.items() for words in listed.split("|")}
_MOST_WORDS = max(len(words.split()) for words in _FOLDED)
_UNSPACED: Mapping[str, Bound] = {
    **dict.fromkeys("至少 不少于 不少於 不低于 不低於 不小于 不小於 最少 起码 少なくとも".split(), Bound.AT_LEAST),
    **dict.fromkeys("大于等于 大于或等于".split(), Bound.AT_LEAST),
    **dict.fromkeys("至多 最多 不超过 不超過 不多于 不多於 不大于 不大於 不高于".split(), Bound.AT_MOST),
    **dict.fromkeys("小于等于 小于或等于".split(), Bound.AT_MOST),
    **dict.fromkeys("大于 大於 多于 多於 超过 超過 高于 高於".split(), Bound.MORE),
    **dict.fromkeys("小于 小於 少于 少於 不到 低于 低於 不足 未满".split(), Bound.LESS),
    **dict.fromkeys("不是 并非 並非 不等于 不等於 而非 不为".split(), Bound.NEGATED),
    **dict.fromkeys("将近 將近 接近 几乎 幾乎".split(), Bound.NEARLY),
}  # fmt: skip
_SIGNS: Mapping[str, Bound] = {
    **dict.fromkeys((">=", "≥", "=>"), Bound.AT_LEAST),
    **dict.fromkeys(("<=", "≤"), Bound.AT_MOST),
    **dict.fromkeys((">", "≫"), Bound.MORE),
    **dict.fromkeys(("<", "≪"), Bound.LESS),
    **dict.fromkeys(("≠", "!=", "¬"), Bound.NEGATED),
    "±": Bound.NEARLY,
}
_STATING = frozenset(
    "about approximately approx approx. around roughly circa ca ca. etwa ungefähr rund environ aproximadamente exactly "
    "only just precisely genau exactement exactamente a an the total of alrededor de est es ist is".split()
)
"""Words before a number that leave it as it is."""
_APPROXIMATE = "≈~="
_ADJUSTING = (*"约約共第", "大约", "大約", "大概", "约为", "約為", "正好", "恰好", "总共", "一共")

_BEFORE = 40
"""How many characters before a number are looked at."""
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?\.?")
_MORE = r"more|greater|higher|larger|above|over|up|longer|mehr|plus|más|mas"
_LESS = r"less|fewer|lower|smaller|below|under|weniger|moins|menos"
_SUFFIX = re.compile(
    rf"\s{{0,2}}(?:(?P<plus>\+(?!\s?[\d(.a-zA-Z]))|(?P<factorial>!)"
    rf"|\s?(?:or|and|oder|ou|o|und)\s(?:(?P<more>{_MORE})|(?P<less>{_LESS}))\b"
    r"|\s?(?:at\s)?(?:(?P<least>least|minimum|min)|(?P<most>most|maximum|max|tops))\b"
    r"|(?P<above>以上|或更多|或以上|多(?=[^\W\d]?$)|余(?=[^\W\d]?$))|(?P<below>以下|以内|或更少|或以下))",
    re.IGNORECASE,
)


def find_bound(text: str, start: int) -> tuple[Bound, int]:
    """Find what stands before a number, and where it begins.

    >>> find_bound("at least 5", 9), find_bound("about 5", 6)
    ((<Bound.AT_LEAST: '>='>, 0), (<Bound.NONE: ''>, 0))
    """
    place = start
    while True:
        while place and text[place - 1] in " \n\t*_$(":
            place -= 1
        previous = text[max(0, place - 1) : place]
        if not previous or not (previous.isalpha() or previous in "<>=≤≥≈~≠±¬≫≪."):
            return Bound.NONE, start
        bound, begin = _find_step(text, place)
        if bound is not Bound.NONE or begin == place:
            return bound, begin if bound is not Bound.NONE else start
        start = place = begin


def _find_step(text: str, place: int) -> tuple[Bound, int]:
    """Find the bound that ends at a place; a word or sign that leaves the number as it is, is passed over."""
    for size in (2, 1):
        sign = text[max(0, place - size) : place]
        if len(sign) == size and sign in _SIGNS:
            return _SIGNS[sign], place - size
    if text[place - 1] in _APPROXIMATE:
        return Bound.NONE, place - (text[place - 1] != "=")
    window = text[max(0, place - _BEFORE) : place]
    if has_unspaced(window[-1:]):
        return _find_unspaced(window, place)
    words = list(_WORD.finditer(window.casefold()))[-_MOST_WORDS:]
    for count in range(len(words), 0, -1):
        joined = " ".join(word[0] for word in words[-count:])
        if joined in _FOLDED and words[-1].end() == len(window):
            return _FOLDED[joined], place - len(window) + words[-count].start()
    if words and words[-1][0] in _STATING and words[-1].end() == len(window):
        return Bound.NONE, place - len(window) + words[-1].start()
    return Bound.NONE, place


def _find_unspaced(window: str, place: int) -> tuple[Bound, int]:
    for size in (5, 4, 3, 2):
        bound = _UNSPACED.get(window[-size:])
        if bound is not None:
            return bound, place - size
    size = next((len(words) for words in _ADJUSTING if window.endswith(words)), 0)
    return Bound.NONE, place - size


def match_suffix(text: str, start: int) -> tuple[Bound, int]:
    """Match what stands behind a number: `5+`, `5 or more`, `5!`, 5以上.

    >>> match_suffix("5 or more", 1), match_suffix("5 pens", 1)
    ((<Bound.AT_LEAST: '>='>, 9), (<Bound.NONE: ''>, 1))
    """
    match = _SUFFIX.match(text, start)
    if match is None:
        return Bound.NONE, start
    if match["factorial"]:
        is_operator = text[start] == "!" and text[start - 1 : start] not in {"*", " "}
        return (Bound.FACTORIAL, match.end()) if is_operator else (Bound.NONE, start)
    is_below = match["less"] or match["below"] or match["most"]
    return (Bound.AT_MOST if is_below else Bound.AT_LEAST), match.end()
