"""The sentences of a passage."""

import re
from collections.abc import Iterator

from .candidates import Passage

_END = re.compile(r"(?<=[^\s\d])[.!?…](?=[\s*_)\"”’]|$)|(?<=\d)[.!?](?=\s|$)|[\n。！？；]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:approx|St|Mr|Mrs|Ms|Dr|vs|etc|e\.g|i\.e|a\.m|p\.m|Fig|Eq|cf|Jr|Sr|U\.S|ca|bzw|z\.B|Nr)"
    r"|(?<![\w.])[A-Z])\.$"
)
_NUMBER_SIGN = re.compile(r"No\.\s?\d")
_CONTENT = re.compile(r"[^\W_]|[∞½-¾⅐-⅞]")
_DIGIT = re.compile(r"\d")
_BRACKETED = re.compile(r"[(（\[][^()（）\[\]]{0,300}[^\W\d_]\s[^()（）\[\]]{0,300}[)）\]][.。]?")
"""A sentence in brackets, of several words."""
_SHORT = 2
_MOST = 200
"""The most sentences that are looked at."""


def list_sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """List the sentences of a part of a text, each with its first and one past its last character.

    >>> list_sentences("She has 5. Then 3.5 are left!", 0, 29)
    [(0, 10), (10, 29)]
    """
    return list(_find_sentences(text, start, end))


def _find_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    count = 0
    for match in _END.finditer(text, start, end):
        if match[0] == "." and _NUMBER_SIGN.match(text, match.end() - 3):
            continue
        if match[0] == "." and _ABBREVIATION.search(text, max(begin, match.end() - 8), match.end()):
            continue
        if _CONTENT.search(text, begin, match.end()):
            yield begin, match.end()
            count += 1
        begin = match.end()
        if count >= _MOST:
            break
    if _CONTENT.search(text, begin, end):
        yield begin, end


def is_question(text: str, span: tuple[int, int]) -> bool:
    """Whether a sentence asks something."""
    return text[span[0] : span[1]].rstrip(' \n*_)"”').endswith(("?", "？"))


def is_remark(passage: Passage, span: tuple[int, int]) -> bool:
    """Whether a sentence says something besides the answer: it asks back, notes, or takes leave."""
    words = passage.text[span[0] : span[1]]
    if words.rstrip().endswith("!") and not _DIGIT.search(words) and len(words.split()) <= _SHORT:
        return True  # Done!
    if span[0] and _BRACKETED.fullmatch(words.strip(" \n*_")):
        return True
    return is_question(passage.text, span) or passage.cues.remark.match(passage.text, *span) is not None
