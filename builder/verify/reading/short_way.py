r"""The short way to a number: a text that ends on a mark and one plain number, as most do.

Nothing stands behind such a number, so nothing can withdraw it, and no later mark can replace it.
"""

import re

from ....schemas.sample import Span
from .candidates import Reading

_NUMBER = r"(-?\$?[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,15})?|-?\$?[0-9]{1,15}(?:\.[0-9]{1,15})?)"
_LINE = re.compile(rf"[ \t]*(?:(?:A|Ans|Answer|Final Answer):|(####))[ \t]*{_NUMBER}\.?\s*", re.IGNORECASE)
"""A last line that is a mark and a number."""
_BOX = re.compile(
    r"[\s*$]*(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final answer|answer)?(?: is)?:?"
    r"[\s*$]*(?:\\[(\[])?\s*\\boxed\{"
    rf"{_NUMBER}\}}[\s.*$]*(?:\\[)\]])?[\s.*$]*",
    re.IGNORECASE,
)
"""A last line that is a box with a number in it."""
_SENTENCE = re.compile(rf"(?:(?:so|thus|therefore|hence),? )?the (?:final )?answer is {_NUMBER}\.?\s*", re.IGNORECASE)
"""A last sentence that states a number."""
_COLON = re.compile(rf"(?:the )?(?:final )?answer:[ ]{_NUMBER}\.?\s*", re.IGNORECASE)
"""A last sentence that is a mark and a number."""
_HASHES = re.compile(rf"####[ \t]*{_NUMBER}\.?\s*")
"""A last mark and a number, behind a sentence of the same line."""
_LONGEST = 60
_LONGEST_LINE = 400


def read_shortly(text: str) -> Reading | None:
    """Read a text that ends on a mark and a plain number; None for all others."""
    stop = len(text)
    while stop and text[stop - 1] in "\n ":
        stop -= 1
    begin = text.rfind("\n", max(0, stop - _LONGEST_LINE), stop) + 1
    if begin or stop <= _LONGEST_LINE:
        match = _LINE.fullmatch(text, begin, stop)
        if match is not None:
            return _make_reading(match, 2, "hashes" if match[1] else "answer_colon")
        found = _read_box(text, begin, stop)
        if found is not None:
            return found
    pause = text.rfind(". ", max(begin, stop - _LONGEST - 2), stop)
    if pause < 0 and (stop - begin > _LONGEST or not (begin or stop <= _LONGEST_LINE)):
        return None
    return _read_sentence(text, begin if pause < 0 else pause + 2, stop)


def _read_box(text: str, start: int, stop: int) -> Reading | None:
    match = _BOX.fullmatch(text, start, stop) if text.find("\\boxed{", start, stop) >= 0 else None
    return None if match is None else _make_reading(match, 1, "boxed")


def _read_sentence(text: str, start: int, stop: int) -> Reading | None:
    for pattern, rule in ((_SENTENCE, "answer_is"), (_COLON, "answer_is"), (_HASHES, "hashes")):
        match = pattern.fullmatch(text, start, stop)
        if match is not None:
            return _make_reading(match, 1, rule)
    return _read_box(text, start, stop)


def _make_reading(match: re.Match[str], group: int, rule: str) -> Reading:
    start, end = match.span(group)
    return Reading(answer=match[group], span=Span(start=start, end=end), rule=rule)
