"""Mask the numbers, names and days of a text, so that variations of one template look alike.

Names are found by where they stand, never by a list of names: a name that nobody has heard of is masked as well as a
common one. A word is a name where it has a capital in mid-sentence, or begins a sentence and does what people do
(`has`, `bought`, `'s`), with a pronoun as further evidence where things do it too (`is`, `costs`). What is a name once
is a name everywhere in the text. In Chinese and Japanese, names are found by the letters around them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..languages import UNSPACED, has_unspaced
from .name_words import (
    ADVERBS,
    AFTER_NUMBERS,
    DAYS,
    DETERMINERS,
    GERMAN,
    NO_NAMES,
    NUMBERS,
    ORDINALS,
    PEOPLE_DO,
    PLURAL_OR_PAST,
    PRONOUNS,
    SAME_PRONOUN,
    SCALES,
    SHORT_DAYS,
    THINGS_DO,
    TITLES,
)
from .unspaced_names import mask_unspaced

NUMBER = "#"
"""Stands for a number, in digits or in words."""

NAME = "@"
"""Stands for a name of one word or several: of a person, a place, a brand."""

DAY = "~"
"""Stands for a weekday or a month."""

_FRACTIONS = "\u00bc-\u00be\u2150-\u215e"
_TOKEN = re.compile(
    rf"\d+(?:[.,:/]\d+)*(?:\ \d+/\d+|[{_FRACTIONS}])?(?:(?:st|nd|rd|th)\b)?|[{_FRACTIONS}]"  # numbers
    rf"|['’]s\b|[{UNSPACED}]|[^\W\d_{UNSPACED}]+"  # words
    r"|[.!?。！？\n:;,，、&]|[+*/=<>^×÷≤≥≠→←%\\]|(?<=[\s\d)])[-−](?=[\s\d(])"
)
_DOT = "."
_ENDS = frozenset(".!?。！？\n:;")
_COMMAS = frozenset(",，、&")
SIGNS = frozenset("+*/=<>^×÷≤≥≠→←%\\-−")
"""Signs of arithmetic and relations, which `mask_sentences` keeps."""
_IN_PLACE_OF = {"\u0efe": NAME, "\u0eff": NUMBER}
"""What `mask_unspaced` writes: code points that no script uses, among those that are words by themselves."""
_MOST_CAPITALS = 0.5
"""Where more of the words in mid-sentence than this have a capital, as in a title, capitals mean nothing."""
_FEWEST_WORDS = 6
"""In a text with fewer words in mid-sentence, that share means nothing."""
_GERMAN_WORDS = 2
"""With so many German words a text is German."""


def mask_words(text: str) -> list[str]:
    """List the words of a text, masked: lower case, `NUMBER`, `NAME` and `DAY` for what they stand for.

    Characters are words where words are not spaced. The pronouns of women and men are the same.

    >>> " ".join(mask_words("On Friday Ann had 3 pens. She lost one half of Bob's."))
    'on ~ @ had # pens he lost # of @ s'
    """
    return [word for sentence in mask_sentences(text) for word in sentence if word not in SIGNS]


def mask_sentences(text: str) -> list[list[str]]:
    """List the sentences of a text, each as `mask_words` does, with signs of arithmetic and relations as words.

    A new line, a colon and a semicolon end a sentence too. Empty ones are left out.

    >>> mask_sentences("Tom has 3 pens. What is 3 + 4?")
    [['@', 'has', '#', 'pens'], ['what', 'is', '#', '+', '#']]
    """
    tokens = _TOKEN.findall(mask_unspaced(text, *_IN_PLACE_OF) if has_unspaced(text) else text)
    return [sentence for sentence in _mask_tokens(tokens, _find_names(tokens)) if sentence]


def _find_names(tokens: Sequence[str]) -> frozenset[str]:
    """Find the words of a text that are names, in lower case."""
    lower = [token.lower() for token in tokens]
    has_pronoun = not PRONOUNS.isdisjoint(lower)
    inside, beginning = [], set()
    starts, before, words, capitals = True, "", 0, 0
    for place, token in enumerate(tokens):
        word = lower[place]
        if token in _ENDS:
            starts = token != _DOT or before not in TITLES
        elif token[0].isalpha():
            is_candidate = len(token) > 1 and word not in NO_NAMES and not token[1].isupper()
            if not starts:
                words += 1
                capitals += token[0].isupper()
                if is_candidate and token[0].isupper():
                    inside.append(word)
            elif is_candidate and _is_acting(tokens, lower, place, has_pronoun=has_pronoun):
                beginning.add(word)
            starts, before = False, word
        elif token[0].isdigit():
            starts = False
    return frozenset(beginning.union(inside) if _has_meaning(capitals, words, lower) else beginning)


def _has_meaning(capitals: int, words: int, lower: Sequence[str]) -> bool:
    """Whether capitals in mid-sentence mark names: not in titles, and not in German."""
    is_title = words >= _FEWEST_WORDS and capitals > _MOST_CAPITALS * words
    return not is_title and len(GERMAN.intersection(lower)) < _GERMAN_WORDS


def _is_acting(tokens: Sequence[str], lower: Sequence[str], place: int, *, has_pronoun: bool) -> bool:
    """Whether the word that begins a sentence does what people do."""
    then = place + 1
    while then < len(tokens) and lower[then] in ADVERBS:
        then += 1
    act, behind = (*lower[then : then + 1], "", "")[0], (*tokens[then + 1 : then + 2], "")[0]
    if act in _COMMAS or act == "and":
        return behind[:1].isupper() and len(behind) > 1 and behind.lower() not in NO_NAMES
    is_past = act.endswith("ed")
    if lower[place].endswith("s") and (is_past or act in PLURAL_OR_PAST):
        return has_pronoun
    return act in PEOPLE_DO or (has_pronoun and (is_past or act in THINGS_DO))


def _mask_tokens(tokens: Sequence[str], names: frozenset[str]) -> Iterator[list[str]]:
    """Yield the sentences of a text, masked."""
    sentence: list[str] = []
    before = ""  # the word before, in lower case; a comma where one stands between
    for token, following in pairwise([*tokens, ""]):
        lower = token.lower()
        if token in _ENDS:
            if token == _DOT and before in TITLES:
                continue
            yield sentence
            sentence, before = [], ""
        elif token in _COMMAS:
            before = ","
        elif lower in TITLES and (following == "." or following.lower() in names):
            before = lower
        elif lower != "and" or before not in SCALES or following.lower() not in NUMBERS:  # a hundred and five
            word = _mask_word(token, lower, before, names)
            if not (sentence and before != "," and _is_part(sentence[-1], word, lower, before)):
                sentence.append(word)
            before = lower
    yield sentence


def _mask_word(token: str, lower: str, before: str, names: frozenset[str]) -> str:
    first = token[0]
    if first.isdecimal() or lower in NUMBERS or (not first.isalpha() and first.isnumeric()):
        return NUMBER
    if lower in names and (first.isupper() or before not in DETERMINERS):
        return NAME
    if lower in DAYS or token in SHORT_DAYS:
        return DAY
    if first in "'’":
        return "s"
    return SAME_PRONOUN.get(lower) or _IN_PLACE_OF.get(lower, lower)


def _is_part(last: str, word: str, lower: str, before: str) -> bool:
    """Whether a word is a part of the number or the name that the sentence ends with so far."""
    if last == NUMBER:
        is_spelled = before in NUMBERS
        return lower in AFTER_NUMBERS or (is_spelled and (word == NUMBER or lower in ORDINALS))
    return last == word == NAME
