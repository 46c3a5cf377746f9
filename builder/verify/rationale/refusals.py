"""Find refusals: the teacher declines, in place of an answer."""

import re
from collections.abc import Iterator
from functools import cache

from ...languages import ReadingWords, list_readings
from .place import FaultPlace

_START = re.compile(r"(?:^|[.!?。！？\n])[\s*_#>-]{0,8}")
_WINDOW = 300
"""So many characters of the beginning and of the end are looked at."""


def find_refusal(text: str) -> FaultPlace | None:
    """Find a sentence at the beginning or at the end of a text that refuses, in any of the languages.

    It must begin its sentence: what is quoted, or said of somebody, is no refusal.

    >>> find_refusal("I'm sorry, but I can't help with that.").detail
    "I'm sorry, but I can't help"
    >>> find_refusal("She said that she can't help. 3 + 4 = 7.") is None
    True
    """
    is_short = len(text) <= 2 * _WINDOW
    seen = f" {text if is_short else text[:_WINDOW] + ' ' + text[-_WINDOW:]}".lower().replace("\n", " ")
    plain, others = _list_signs()
    if not any(map(seen.__contains__, plain)) and (seen.isascii() or not any(map(seen.__contains__, others))):
        return None
    patterns = [pattern for signs, pattern in _compile_refusals() if any(map(seen.__contains__, signs))]
    for start in _list_starts(text, is_short=is_short):
        for pattern in patterns:
            found = pattern.match(text, start)
            if found:
                return FaultPlace(start=start, end=found.end(), detail=found[0])
    return None


def _list_starts(text: str, *, is_short: bool) -> Iterator[int]:
    """Yield where sentences begin that are looked at."""
    spans = [(0, len(text))] if is_short else [(0, _WINDOW), (len(text) - _WINDOW, len(text))]
    for start, end in spans:
        if start == 0:
            yield 0
        yield from (match.end() for match in _START.finditer(text, start, end))


@cache
def _list_signs() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the literals of all languages: those in ASCII, and the others."""
    signs = [sign for words in list_readings() for sign in words.refusal_signs]
    return tuple(filter(str.isascii, signs)), tuple(sign for sign in signs if not sign.isascii())


@cache
def _compile_refusals() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """Compile the refusals of each language, with their literals."""
    return tuple((words.refusal_signs, _compile_language(words)) for words in list_readings() if words.refusals)


def _compile_language(words: ReadingWords) -> re.Pattern[str]:
    but = r"(?:but\s|however,?\s|aber\s|mais\s|pero\s|但是?)?,?\s?"
    apology = rf"(?:(?:{'|'.join(words.apologies)})[,.!:;，。、！]?\s?{but})"
    return re.compile(rf"{apology}{{0,2}}(?:{'|'.join(words.refusals)})", re.IGNORECASE)
