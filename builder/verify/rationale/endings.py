"""Find texts that end in their middle."""

import re
from collections.abc import Mapping
from functools import cache

from ...languages import list_readings
from ..reading import GUESSED, Reading
from .place import FaultPlace, list_words

_CODE = re.compile(r"```.*?```|`[^`\n]{1,400}`", re.DOTALL)
_OPEN: Mapping[str, re.Pattern[str]] = {
    "\\[": re.compile(r"(?<!\\)\\\[|\\\]"),
    "\\(": re.compile(r"(?<!\\)\\\(|\\\)"),
}
_DISPLAY = re.compile(r"(?:^|\n)\s{0,20}\$\$")
"""The sign of a formula at the beginning of a line; elsewhere, `$$60` may be money."""
_BEGIN, _END = re.compile(r"\\begin\{(\w+)\*?\}"), re.compile(r"\\end\{(\w+)\*?\}")
_DANGLING = re.compile(
    r"(?:[,，、:：(（=＝×÷+]|(?<=[\w)}])[ ][-*/−]|\\(?:frac|times|cdot|text|sqrt|left|boxed)?|(?<!\d)\d{1,20}\s?[-*/])$"
)
_SIGNS = frozenset(",，、:：(（=＝×÷+-*/−\\")
"""What a text does not end with: a comma, a colon, an open bracket, an operator behind a blank."""
_STOP = re.compile(r"[.!?。！？…;；:：\"”’»)\]}*|`$%°>]$")
_SENTENCE_END = re.compile(r"[.!?。！？](?=[\s\"”’*)]|$)|[。！？\n]")
_LIST = re.compile(r"\s*(?:[-*+•|#>]|\d{1,3}[.)]|\(?[A-Za-z][.)]\s|[^\s:：]{1,30}(?::\s|：))")
_LEAST_WORDS, _LEAST_BEFORE, _MOST_BEHIND = 4, 2, 4
_LONG_LINE = 20
_FRAGMENT = re.compile(r"(?<![\w'’-])([A-Za-zÀ-ÖØ-öø-ÿ]{2,20})$")
_MOST_LETTERS = 20
_ENDINGS = frozenset("s es d ed ing ly er ers est n en e r ne nes ern".split())
"""Endings that make another word of a whole one."""
_TAIL = 4_000
"""So much of the end is looked at for the sentences before the last."""


def find_cut(text: str, reading: Reading | None = None, question: str = "") -> FaultPlace | None:
    r"""Find how a text ends in its middle; None where it is whole, or may be.

    Args:
        text: the text, whose end the server reports as its own.
        reading: the answer that was read from it. A last sentence that states it, behind a mark, needs no full stop.
        question: the question, whose words the text may break off in.

    >>> find_cut("So 3 + 4 = 7. The answer is \\boxed{7").detail
    'ends within \\boxed{'
    >>> find_cut("She has seven eggs left. Her hens lay more. At the market she sells").detail
    'ends within a sentence: At the market she sells'
    >>> find_cut("The eggs are sold and the").detail, find_cut("The apples are sold. So 7 app").detail
    ('ends with: the', 'ends within a word: app')
    >>> find_cut("3 + 4 = 7. So she has 7")
    """
    end = len(text.rstrip())
    if not end:
        return None
    detail = _describe_open(text) or _describe_dangling(text[max(0, end - 40) : end])
    start = text.rfind("\n", 0, end) + 1
    if detail is None and text[end - 1].isalpha():
        word = _find_fragment(text[:end], question)
        found = None if word else _find_unfinished(text, end, reading)
        if word:
            detail = f"ends within a word: {word}"
        elif found is not None:
            start, detail = found, f"ends within a sentence: {' '.join(text[found:end].split())[:60]}"
    return None if detail is None else FaultPlace(start=start, end=end, detail=detail)


def _describe_open(text: str) -> str | None:
    """Describe a box, formula or code block that is open at the end of a text."""
    if "```" in text and text.count("```") % 2:
        return "ends within a code block"
    if "\\" not in text and "$$" not in text:
        return None
    bare = _CODE.sub(" ", text) if "`" in text else text
    box = bare.rfind("\\boxed{")
    if box >= 0 and bare.count("{", box) > bare.count("}", box):
        return "ends within \\boxed{"
    for sign, pattern in _OPEN.items():
        signs = pattern.findall(bare)
        if signs and signs[-1] == sign:
            return f"ends within a formula, {sign}"
    if bare.count("$$") % 2 and _DISPLAY.match(bare, max(0, bare.rfind("\n", 0, bare.rfind("$$")))):
        return "ends within a formula, $$"
    begun = len(_BEGIN.findall(bare)) - len(_END.findall(bare))
    return "ends within a formula, \\begin" if begun > 0 else None


def _describe_dangling(tail: str) -> str | None:
    """Describe a last sign or word that nothing ends with."""
    if tail[-1].isdigit():
        return None
    if tail[-1] in _SIGNS or "\\" in tail:
        found = _DANGLING.search(tail)
        if found:
            return None if tail.endswith(("**", "++", "--", "://")) else f"ends with: {found[0].strip()}"
    if not tail[-1].isalpha():
        return None
    spaced, unspaced = _list_unfinished()
    if tail.isascii() or tail[-1] < "\u3000":
        word = tail.rsplit(maxsplit=1)[-1].lstrip("(,;")
        return f"ends with: {word}" if word in spaced else None
    last = next((words for words in unspaced if tail.endswith(words)), None)
    return None if last is None else f"ends with: {last}"


@cache
def _list_unfinished() -> tuple[frozenset[str], tuple[str, ...]]:
    """List the words that no sentence ends with: those with blanks around them, and those without."""
    words = {word for reading in list_readings() for word in reading.unfinished}
    spaced = frozenset(word for word in words if word[0] < "\u3000")
    return spaced, tuple(sorted(words - spaced))


def _find_unfinished(text: str, end: int, reading: Reading | None) -> int | None:
    """Find the beginning of a last sentence without a full stop, where every line of prose before it has one."""
    begin = max(0, end - _TAIL)
    stops = [match.end() for match in _SENTENCE_END.finditer(text, begin, end)]
    start = stops[-1] if stops else begin
    last = text[start:end]
    if len(stops) < _LEAST_BEFORE or len(list_words(last)) < _LEAST_WORDS or _LIST.match(last):
        return None
    if reading is not None and reading.span.end > start:
        is_close = len(list_words(text[reading.span.end : end])) <= _MOST_BEHIND
        if is_close or reading.rule not in GUESSED:
            return None
    lines = [line.rstrip() for line in text[begin:start].splitlines() if len(line) >= _LONG_LINE]
    return start if lines and all(_STOP.search(line) for line in lines) else None


def _find_fragment(text: str, question: str) -> str | None:
    """Find a last word that is the beginning of a longer one of the text or of its question, and no word of them."""
    found = _FRAGMENT.search(text[-_MOST_LETTERS - 1 :])
    if found is None:
        return None
    last, known = found[1].lower(), f" {question} {text[: len(text) - len(found[1])]} ".lower()
    longer = {match[1] for match in re.finditer(rf"\b{re.escape(last)}(\w{{1,20}})", known)}
    is_word = re.search(rf"\b{re.escape(last)}\b", known) is not None
    return None if is_word or not longer or longer & _ENDINGS else last
