"""Find rationales in another language than their question."""

import re
from collections.abc import Iterator

from ...languages import LANGUAGES, UNDETERMINED, choose_wording, count_foreign, detect_language
from .place import FaultPlace

_ENGLISH = (
    " the ",
    " and ",
    " of ",
    " is ",
    " to ",
    " for ",
    " with ",
    " has ",
    " are ",
    " have ",
    " she ",
    " they ",
    " each ",
)
"""Words that no other known language has, between blanks."""
_FOREIGN = re.compile(r"[\u00bf-\u00d6\u00d8-\u00f6\u00f8-\u036f\u0400-\u1fff\u2c00-\uffff]")
"""Letters beyond ASCII, besides Greek ones."""
_WINDOW = 1_500
_HAN = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_LEAST = {"zh": 12, "ja": 12}
"""So many characters of a language without blanks, and so many words of others, are enough to tell it by."""
_LEAST_WORDS, _LEAST_FOREIGN, _FEW = 10, 3, 3
_SHARE = 0.6
"""So much of a window must be in the other language, where the two have different scripts."""
_OTHER_SCRIPTS = re.compile(r"[\u0400-\u1dff\uac00-\ud7a3]")
_FREQUENT = 0.1
"""At least so many words of a text are frequent ones, in the languages that are known here."""
_OTHER, _MANY_FOREIGN = "another language", 6
_SCRIPT, _LEAST_LETTERS, _LETTERS_OF_A_WORD = "another script", 20, 5
_UNSPACED = frozenset({"zh", "ja"})


def find_other_language(question: str, text: str, language: str | None = None) -> FaultPlace | None:
    """Find a window of a text whose language is neither that of its question nor that of the problem.

    Args:
        question: the question.
        text: the text; of a long one its beginning, middle and end are looked at.
        language: the language of the problem, which its prompt was in.

    >>> find_other_language("How many are left of the 7?", "小明有7个苹果，吃了3个，还剩4个。所以答案是4。").detail
    'zh, where the question is in en'
    >>> find_other_language("How many are left of the 7?", "Of the 7 apples 3 are eaten, so there are 4.") is None
    True
    """
    asked: str | None = language if language in LANGUAGES else None
    if asked is None:
        asked = "en" if is_plain_english(question) else _detect_question(question)
    if asked not in LANGUAGES:
        return None
    for start, window in _list_windows(text):
        found = _detect_other(window, asked) or _find_other_script(window)
        if found and not _may_ask_for(question, asked, found):
            return FaultPlace(start=start, end=start + len(window), detail=f"{found}, where the question is in {asked}")
    return None


def _detect_question(question: str) -> str | None:
    """Detect the language of a question; None where it has too few words to tell."""
    is_short = len(_LATIN.findall(question)) < _FEW and len(_HAN.findall(question)) < _FEW
    return None if is_short else detect_language(question)


def is_plain_english(text: str) -> bool:
    """Whether a text is surely English, in little time."""
    return (text.isascii() or not _FOREIGN.search(text)) and _has_english(text)


def _has_english(text: str) -> bool:
    return any(map(text.__contains__, _ENGLISH))


def _list_windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text, or the beginning, the middle and the end of a long one."""
    if len(text) <= 2 * _WINDOW:
        yield 0, text
        return
    for start in (0, (len(text) - _WINDOW) // 2, len(text) - _WINDOW):
        yield start, text[start : start + _WINDOW]


def _detect_other(window: str, asked: str) -> str | None:
    """Detect the language of a window where it is surely another one than that of the question."""
    if asked == "en" and is_plain_english(window):
        return None
    if asked == "en" and not _FOREIGN.search(window) and count_foreign(window) < _LEAST_FOREIGN:
        return None
    found = detect_language(window)
    if found == UNDETERMINED and asked == "en" and count_foreign(window) >= _MANY_FOREIGN:
        return _OTHER
    if found not in LANGUAGES or found == asked:
        return None
    characters, words = len(_HAN.findall(window)), len(_LATIN.findall(window))
    if found in _UNSPACED:
        is_sure = characters >= _LEAST[found] and (asked in _UNSPACED or characters >= _SHARE * (characters + words))
    else:
        is_sure = words >= _LEAST_WORDS and (found == "en" or _is_spoken(window, found))
        is_sure = is_sure and (asked not in _UNSPACED or characters <= (1 - _SHARE) * words)
    return found if is_sure else None


def _is_spoken(window: str, language: str) -> bool:
    """Whether several different words of a text are frequent in a language: a list of names has `de` and `la` only."""
    words = [word.lower() for word in _LATIN.findall(window)]
    frequent = [word for word in words if word in choose_wording(language).common]
    return len(set(frequent)) >= _FEW and len(frequent) >= _FREQUENT * len(words)


def _find_other_script(window: str) -> str | None:
    """Find whether a window is mostly in a script of none of the known languages: Cyrillic, Arabic, Korean."""
    if window.isascii():
        return None
    letters = len(_OTHER_SCRIPTS.findall(window))
    rest = len(_HAN.findall(window)) + len(_LATIN.findall(window))
    return _SCRIPT if letters >= _LEAST_LETTERS and letters >= _LETTERS_OF_A_WORD * rest else None


def _may_ask_for(question: str, asked: str, found: str) -> bool:
    """Whether a question has words of the other language, too: it may ask for it."""
    if found == _OTHER:
        return count_foreign(question) >= _FEW
    if found == _SCRIPT:
        return len(_OTHER_SCRIPTS.findall(question)) >= 2
    if found in _UNSPACED:
        return asked not in _UNSPACED and len(_HAN.findall(question)) >= 2
    common = choose_wording(found).common & set(question.lower().split())
    if len(common) >= _FEW or detect_language(question) == found or (found == "en" and _has_english(question)):
        return True
    return _HAN.search(question) is not None and len(_LATIN.findall(question)) >= 4
