"""Find the gold answer anywhere in a text: for rationales that lead to an answer and do not state it.

That a text mentions the gold answer is weaker evidence than a stated answer. The rule of such a finding is `anywhere`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ....schemas.problem import AnswerType
from ....schemas.sample import Span
from ...text.options import LETTERS
from ..answers.choices import find_option
from ..answers.compare import is_same_quantity
from ..answers.numbers import find_quantities, read_quantity, to_plain_text
from ..answers.words import find_boolean, normalize_answer
from .candidates import Reading

RULE = "anywhere"
"""The rule of a gold answer that was found anywhere."""

GUESSED = frozenset({"bold", "last_sentence", "whole_text"})
"""Rules that read an answer of a text that states none."""

_BOOLEANS = {
    True: re.compile(r"\b(?<!not )(?:yes|true|correct)\b", re.IGNORECASE),
    False: re.compile(r"\b(?:no(?=[.,;!]|$)|false|incorrect|untrue|not (?:true|correct))\b", re.IGNORECASE),
}
"""Words that say yes or no; `no one` says neither."""


def find_gold(text: str, gold: str, answer_type: AnswerType, choices: Sequence[str] = ()) -> Reading | None:
    """Find where a text mentions the gold answer last; None where it does not.

    >>> find_gold("They met in Paris in 1990, and it rained.", "Paris", AnswerType.TEXT).span
    Span(start=12, end=17)
    >>> find_gold("She has 17 pens.", "7", AnswerType.NUMBER) is None
    True
    """
    last = max(_FINDERS[answer_type](text, gold, choices), default=None)
    if last is None:
        return None
    return Reading(answer=text[slice(*last)], span=Span(start=last[0], end=last[1]), rule=RULE)


def _find_numbers(text: str, gold: str, _choices: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find numbers that equal the gold number. Where plain characters are longer, the place is that of the line."""
    quantity = read_quantity(gold)
    if quantity is None:
        return
    start = 0
    for line in text.splitlines(keepends=True):
        plain = to_plain_text(line)
        content = line.rstrip()
        for found, first, last in find_quantities(plain):
            if is_same_quantity(quantity, found):
                end = first + len(line[first:last].rstrip(" .,;:\n"))
                yield (start + first, start + end) if plain == line else (start, start + len(content))
        start += len(line)


def _find_options(text: str, gold: str, choices: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find the gold option by its text, or by its letter as a label: `(B)`, `option B`."""
    letter = gold.strip(" ().").upper()
    yield from (
        _find_words(text, normalize_answer(choices[LETTERS.index(letter)])) if _has_letter(letter, choices) else ()
    )
    for match in re.finditer(
        rf"[(\[]\s?{re.escape(letter)}\s?[)\]]|\b(?:option|choice|letter)\s{{1,3}}{re.escape(letter)}\b", text
    ):
        if find_option(match[0], choices) is not None:
            yield match.span()


def _has_letter(letter: str, choices: Sequence[str]) -> bool:
    return len(letter) == 1 and letter in LETTERS[: len(choices)]


def _find_booleans(text: str, gold: str, _choices: Sequence[str]) -> Iterator[tuple[int, int]]:
    answer = find_boolean(gold)
    if answer is not None:
        yield from (match.span() for match in _BOOLEANS[answer.value].finditer(text))


def _find_texts(text: str, gold: str, _choices: Sequence[str]) -> Iterator[tuple[int, int]]:
    yield from _find_words(text, gold)
    yield from _find_words(text, normalize_answer(gold))


def _find_words(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    """Find words as whole words, in any case and across line ends. Signs, and scripts without spaces, need no edge."""
    words = wanted.split()
    if not words:
        return
    pattern = r"\s+".join(map(re.escape, words))
    before = r"(?<!\w)" if _has_edge(words[0][0]) else ""
    behind = r"(?!\w)" if _has_edge(words[-1][-1]) else ""
    yield from (match.span() for match in re.finditer(f"{before}{pattern}{behind}", text, re.IGNORECASE))


def _has_edge(character: str) -> bool:
    """Whether a word that begins or ends so must have its end there; in Chinese and Japanese words touch each other."""
    return character.isalnum() and not "\u0e00" <= character <= "\u0e7f" and not "\u3040" <= character <= "\u9fff"


_FINDERS: Mapping[AnswerType, Callable[[str, str, Sequence[str]], Iterator[tuple[int, int]]]] = {
    AnswerType.NUMBER: _find_numbers,
    AnswerType.CHOICE: _find_options,
    AnswerType.BOOLEAN: _find_booleans,
    AnswerType.DATE: _find_texts,
    AnswerType.TIME: _find_texts,
    AnswerType.LIST: _find_texts,
    AnswerType.SET: _find_texts,
    AnswerType.RATIO: _find_texts,
    AnswerType.EXPRESSION: _find_texts,
    AnswerType.TEXT: _find_texts,
    AnswerType.REASONING_GYM: _find_texts,
    AnswerType.MODEL_GRADED: _find_texts,
    AnswerType.EXTERNAL: _find_texts,
}
"""How a gold answer of each type is found."""
