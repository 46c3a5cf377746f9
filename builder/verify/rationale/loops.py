"""Find texts that say the same over and over: a sentence, a block of sentences, or a token."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from .place import FaultPlace, list_words

_UNIT, _WORD = re.compile(r"[^.!?。！？；\n]+"), re.compile(r"\S+")
_TAIL = 48
"""The last characters of a text, which stand in it several times where it ends in a loop."""
_LEAST, _LEAST_UNSPACED, _SHORT = 90, 40, 100
"""Characters of the shortest text that is looked at."""
_LETTER = re.compile(r"[^\W\d_]")
_FEW, _WORDS = 3, 3
_LONG, _MIDDLING = 200, 80
_DISTANCES = 8
"""So many distances between equal sentences are tried, the commonest first."""
_MANY, _DIFFERENT = 40, 0.4
"""A text of so many words is looked at word by word where at most this share of them are different."""
_SHOWN = 60


def find_loop(text: str) -> FaultPlace | None:
    """Find where a text repeats a block without anything between. Takes linear time.

    What counts as a loop depends on the block: three times a block of 200 characters, four times one of 80, five times
    a sentence or an equation, twelve times and 80 characters of one or two words, 50 times and 300 characters of what
    has no blank or no letter.

    >>> find_loop("So x is 5. " + "Let me check that again. " * 6).detail
    'repeated 6 times: Let me check that again.'
    >>> find_loop("2 * 2 * 2 * 2 * 2 * 2 * 2 = 128.") is None
    True
    """
    if len(text) < _LEAST and (text.isascii() or len(text) < _LEAST_UNSPACED):
        return None
    found = _find_periodic_end(text)
    if found is not None:
        return found
    if _is_varied(text):
        return None
    units = _UNIT.findall(text)
    if len(units) - len(set(units)) >= _FEW:
        found = _find_repeated(text, _UNIT)
    if found is None and max(map(len, units), default=0) >= _LONG:
        return _find_repeated_words(text)
    return found


def _is_varied(text: str) -> bool:
    """Whether no sentence of a text can be repeated often, at little cost: lines differ and are short."""
    lines = text.split("\n")
    if len(lines) - len(set(lines)) >= _FEW:
        return False
    longest = max(map(len, lines))
    if not text.isascii():
        return longest < _LEAST_UNSPACED
    return longest < _SHORT or (longest < _LONG and text.count(". ") + text.count("! ") + text.count("? ") < _FEW)


def is_loop(block: str, repeats: int) -> bool:
    """Whether a block that stands so many times in a row is a loop, and no list, table or pattern."""
    if repeats < _FEW:
        return False
    bare = block.strip()
    words = set(list_words(block[:_LONG]))
    lettered = sum(_LETTER.match(word) is not None for word in words)
    if lettered == 0 and "=" in bare and len(words) >= _FEW:
        return repeats >= 5
    if lettered == 0 or (" " not in block and bare.isascii()):
        return repeats >= 50 and repeats * len(block) >= 300 and any(sign.isalnum() for sign in block)
    if lettered < _WORDS:
        return repeats >= 12 and repeats * len(block) >= 80
    return repeats >= (_FEW if len(bare) >= _LONG else 4 if len(bare) >= _MIDDLING else 5)


def _find_periodic_end(text: str) -> FaultPlace | None:
    """Find the block whose repetition a text ends in."""
    end = len(text.rstrip())
    tail = text[end - _TAIL : end]
    if end < _TAIL or text.count(tail) + text.count(tail[: _TAIL // 2]) < 2 * _FEW:
        return None
    before = text.rfind(tail, 0, end - 1)
    period = end - _TAIL - before
    if before < 0:
        return None
    start = _find_period_start(text, end, period)
    block = text[end - period : end]
    repeats = (end - start) // period
    return _make_place(start, end, block, repeats) if is_loop(block, repeats) else None


def _find_period_start(text: str, end: int, period: int) -> int:
    """Find where the part of a text begins that has a period up to its end, by halving."""
    low, high = period, end
    while low < high:
        size = (low + high + 1) // 2
        if text[end - size : end - period] == text[end - size + period : end]:
            low = size
        else:
            high = size - 1
    return end - low


def _find_repeated_words(text: str) -> FaultPlace | None:
    """Find words that are repeated anywhere, in a text that has few different ones."""
    words = text.split()
    if len(words) < _MANY or len(set(words)) > _DIFFERENT * len(words):
        return None
    return _find_repeated(text, _WORD)


def _find_repeated(text: str, unit: re.Pattern[str]) -> FaultPlace | None:
    """Find a block of units, sentences or words, that is repeated anywhere."""
    spans = [match.span() for match in unit.finditer(text) if not match[0].isspace()]
    names = [text[slice(*span)].strip() for span in spans]
    for size in _list_distances(names):
        first, length = _find_longest_run(names, size)
        repeats = length // size + 1
        block = text[spans[first][0] : spans[first + size - 1][1]]
        if is_loop(block, repeats):
            return _make_place(spans[first][0], spans[first + repeats * size - 1][1], block, repeats)
    return None


def _list_distances(names: Sequence[str]) -> list[int]:
    """List how far equal units are from one another, the commonest distances first."""
    last: dict[str, int] = {}
    distances: Counter[int] = Counter()
    for place, name in enumerate(names):
        if name in last:
            distances[place - last[name]] += 1
        last[name] = place
    return [size for size, count in distances.most_common(_DISTANCES) if count >= _FEW - 1]


def _find_longest_run(names: Sequence[str], size: int) -> tuple[int, int]:
    """Find the longest run of units that are equal to the one so many places later: its place and length."""
    breaks = [-1, *(place for place in range(len(names) - size) if names[place] != names[place + size])]
    runs = ((after - before - 1, before + 1) for before, after in pairwise([*breaks, len(names) - size]))
    length, first = max(runs, key=lambda run: (run[0], -run[1]))
    return first, length


def _make_place(start: int, end: int, block: str, repeats: int) -> FaultPlace:
    shown = " ".join(block.split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]} ..."
    return FaultPlace(start=start, end=end, detail=f"repeated {repeats:,} times: {shown}")
