"""Find texts that repeat their question in place of reasoning."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ....schemas.sample import Part
from .place import FaultPlace, list_words
from .statements import STATING

_SENTENCE = re.compile(r"[^.!?。！？；\n]+(?:\.(?=\d)[^.!?。！？；\n]*)*")
_ASKING = frozenset(
    "need find want determine figure whether asks asked asking question problem consider given look read states says"
    " following above below statement number how many much when where who why choose pick select options option"
    " asked again"
    " pregunta preguntan pide nos dice debemos encontrar buscamos cuántos cuántas cuánto problema"
    " question demande demandé on nous cherche trouver combien problème énoncé"
    " frage lautet gefragt gesucht wird wir sollen müssen finden wie viele aufgabe"
    " 需 要 求 问 題 题 目 知 道 判 断 下 面 上 述 已 中".split()
)
"""Words that ask, and those that say that something is asked."""
_ROOM, _MOST = 600, 20_000
"""A text that is longer than twice its question and so many characters says more than that."""


def find_restating(
    asked: Sequence[str], answers: Sequence[str], parts: Mapping[Part, str], *, is_logical: bool = False
) -> FaultPlace | None:
    """Find a text of which every sentence is copied from the question, asks it again, or states the answer.

    Copied is a sentence whose words stand in the question in the same order with nothing between, words that say
    nothing aside. A text that draws a conclusion from the question's own words is none: its sentences are others.

    Args:
        asked: the question and its options.
        answers: the gold answer, the answer that was read, and the text of the option.
        parts: the response, and the reasoning where it was told apart.
        is_logical: whether the answer is a truth value, which may be the result of a sentence.

    >>> text = "We need to find how many eggs Ann sells. Ann has 7 eggs. The answer is 5."
    >>> asked = "Ann has 7 eggs and eats two. How many eggs does Ann sell?"
    >>> find_restating([asked], ["5"], {Part.TEXT: "Ann has 7 eggs. The answer is 5."}).detail
    'repeats the question, and says nothing more'
    >>> find_restating([asked], ["5"], {Part.TEXT: "Two of them are gone. The answer is 5."}) is None
    True
    """
    size = sum(map(len, parts.values()))
    if size > min(2 * sum(map(len, asked)), _MOST) + _ROOM:
        return None
    known = _join_question(tuple(asked))
    stated = [word for answer in answers for word in list_words(answer)]
    has_copy = False
    for text in parts.values():
        for match in _SENTENCE.finditer(text):
            words = _list_content(match[0])
            if not _is_empty(words, known, stated, is_logical=is_logical):
                return None
            has_copy = has_copy or not all(word in stated for word in words)
    shown = parts.get(Part.TEXT) or parts[Part.REASONING]
    return FaultPlace(start=0, end=len(shown), detail=f"{_SAID[has_copy]}, and says nothing more")


_SAID = {True: "repeats the question", False: "states an answer"}


def _is_empty(words: Sequence[str], known: str, stated: Sequence[str], *, is_logical: bool) -> bool:
    """Whether a sentence says nothing besides the question and the answer."""
    if all(word in stated for word in words) or _join_words(words) in known:
        return True
    if is_logical:
        return False
    kept = list(words)
    while kept and kept[-1] in stated:
        kept.pop()
    while kept and kept[0] in stated:
        kept.pop(0)
    return _join_words(kept) in known


@lru_cache(maxsize=256)
def _join_question(asked: tuple[str, ...]) -> str:
    """Join the words of a question and its options. It is remembered: a problem has many samples."""
    return _join_words([word for text in asked for word in _list_content(text)])


def _list_content(text: str) -> list[str]:
    return [word for word in list_words(text) if word not in STATING and word not in _ASKING]


def _join_words(words: Sequence[str]) -> str:
    return " ".join(["", *words, ""])
