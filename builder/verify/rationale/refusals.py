"""Find refusals: the teacher declines, in place of an answer."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from ...languages import ReadingWords, list_readings
from ...patterns import compile_literals
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
    find_signs, owners = _compile_signs()
    signs = find_signs(seen)
    if not signs:
        return None
    patterns = [_compile_refusals()[number] for number in sorted({owners[sign] for sign in signs})]
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
def _list_refusing() -> tuple[ReadingWords, ...]:
    """List the languages whose refusals are known."""
    return tuple(words for words in list_readings() if words.refusals)


@cache
def _compile_signs() -> tuple[Callable[[str], list[int]], Sequence[int]]:
    """Compile the literals of all languages, and list the number of the language that each is of."""
    signs = [(sign, number) for number, words in enumerate(_list_refusing()) for sign in words.refusal_signs]
    return compile_literals([sign for sign, _ in signs]), [number for _, number in signs]


@cache
def _compile_refusals() -> tuple[re.Pattern[str], ...]:
    """Compile the refusals of each language."""
    return tuple(map(_compile_language, _list_refusing()))


def _compile_language(words: ReadingWords) -> re.Pattern[str]:
    but = r"(?:but\s|however,?\s|aber\s|mais\s|pero\s|但是?)?,?\s?"
    apology = rf"(?:(?:{'|'.join(words.apologies)})[,.!:;，。、！]?\s?{but})"
    return re.compile(rf"{apology}{{0,2}}(?:{'|'.join(words.refusals)})", re.IGNORECASE)
