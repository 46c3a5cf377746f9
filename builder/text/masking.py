"""Mask the numbers, names and days of a text, so that variations of one template look alike.

Names are found by where they stand, never by a list of names: a name that nobody has heard of is masked as well as a
common one. A word is a name where it has a capital in mid-sentence, or begins a sentence and does what people do
(`has`, `bought`, `'s`), with a pronoun as further evidence where things do it too (`is`, `costs`). What is a name once
is a name everywhere in the text. In Chinese and Japanese, names are found by the letters around them.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

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
    rf"[A-Za-z]+[^\W\d_{UNSPACED}]*"  # most words: found first, for speed
    rf"|\d+(?:[.,:/]\d+)*(?:\ \d+/\d+|[{_FRACTIONS}])?(?:(?:st|nd|rd|th)\b)?|[{_FRACTIONS}]"  # numbers
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
    found = _TOKEN.findall(mask_unspaced(text, *_IN_PLACE_OF) if has_unspaced(text) else text)
    tokens = [_read_token(token) for token in found]
    return [sentence for sentence in _mask_tokens(tokens, _find_names(tokens)) if sentence]


class _Kind(Enum):
    END = "end of a sentence"
    COMMA = "comma"
    WORD = "word"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token is wherever it stands."""

    text: str
    lower: str
    kind: _Kind
    masked: str
    """What stands for it where it is no name."""
    is_capital: bool
    """Whether it begins with a capital."""
    is_candidate: bool
    """Whether it may be a name."""
    is_plain: bool
    """Whether it stands for itself everywhere, except as a name or behind a number."""


@lru_cache(maxsize=2**16)
def _read_token(text: str) -> _Token:
    lower, kind, masked = text.lower(), _find_kind(text), _mask_token(text)
    is_plain = kind in {_Kind.WORD, _Kind.SIGN} and masked not in {NUMBER, NAME} and lower not in TITLES | {"and"}
    is_candidate = len(text) > 1 and lower not in NO_NAMES and not text[1].isupper()
    return _Token(text, lower, kind, masked, text[0].isupper(), is_candidate, is_plain)


def _find_kind(text: str) -> _Kind:
    if text in _ENDS:
        return _Kind.END
    if text in _COMMAS:
        return _Kind.COMMA
    if text[0].isalpha():
        return _Kind.WORD
    return _Kind.NUMBER if text[0].isdigit() else _Kind.SIGN


def _mask_token(text: str) -> str:
    first, lower = text[0], text.lower()
    if first.isdecimal() or lower in NUMBERS or (not first.isalpha() and first.isnumeric()):
        return NUMBER
    if lower in DAYS or text in SHORT_DAYS:
        return DAY
    if first in "'’":
        return "s"
    return SAME_PRONOUN.get(lower) or _IN_PLACE_OF.get(lower, lower)


def _find_names(tokens: Sequence[_Token]) -> frozenset[str]:
    """Find the words of a text that are names, in lower case."""
    lower = {token.lower for token in tokens}
    has_pronoun = not PRONOUNS.isdisjoint(lower)
    inside, beginning = [], set()
    starts, before, words, capitals = True, "", 0, 0
    for place, token in enumerate(tokens):
        if token.kind is _Kind.WORD:
            if not starts:
                words += 1
                if token.is_capital:
                    capitals += 1
                    if token.is_candidate:
                        inside.append(token.lower)
            elif token.is_candidate and _is_acting(tokens, place, has_pronoun=has_pronoun):
                beginning.add(token.lower)
            starts, before = False, token.lower
        elif token.kind is _Kind.END:
            starts = token.text != _DOT or before not in TITLES
        elif token.kind is _Kind.NUMBER:
            starts = False
    return frozenset(beginning.union(inside) if _has_meaning(capitals, words, lower) else beginning)


def _has_meaning(capitals: int, words: int, lower: AbstractSet[str]) -> bool:
    """Whether capitals in mid-sentence mark names: not in titles, and not in German."""
    is_title = words >= _FEWEST_WORDS and capitals > _MOST_CAPITALS * words
    return not is_title and len(GERMAN & lower) < _GERMAN_WORDS


def _is_acting(tokens: Sequence[_Token], place: int, *, has_pronoun: bool) -> bool:
    """Whether the word that begins a sentence does what people do."""
    then = place + 1
    while then < len(tokens) and tokens[then].lower in ADVERBS:
        then += 1
    act = tokens[then].lower if then < len(tokens) else ""
    if act in _COMMAS or act == "and":
        behind = tokens[then + 1] if then + 1 < len(tokens) else None
        return behind is not None and behind.is_capital and len(behind.text) > 1 and behind.lower not in NO_NAMES
    is_past = act.endswith("ed")
    if tokens[place].lower.endswith("s") and (is_past or act in PLURAL_OR_PAST):
        return has_pronoun
    return act in PEOPLE_DO or (has_pronoun and (is_past or act in THINGS_DO))


def _mask_tokens(tokens: Sequence[_Token], names: frozenset[str]) -> Iterator[list[str]]:
    """Yield the sentences of a text, masked."""
    sentence: list[str] = []
    before = ""  # the word before, in lower case; a comma where one stands between
    for place, token in enumerate(tokens):
        lower = token.lower
        if token.is_plain and lower not in names and not (sentence and sentence[-1] == NUMBER):
            sentence.append(token.masked)
            before = lower
        elif token.kind is _Kind.END:
            if token.text == _DOT and before in TITLES:
                continue
            yield sentence
            sentence, before = [], ""
        elif token.kind is _Kind.COMMA:
            before = ","
        else:
            following = tokens[place + 1].lower if place + 1 < len(tokens) else ""
            if lower in TITLES and (following == _DOT or following in names):
                before = lower
            elif lower != "and" or before not in SCALES or following not in NUMBERS:  # a hundred and five
                word = NAME if _is_name(token, before, names) else token.masked
                if not (sentence and before != "," and _is_part(sentence[-1], word, lower, before)):
                    sentence.append(word)
                before = lower
    yield sentence


def _is_name(token: _Token, before: str, names: frozenset[str]) -> bool:
    is_name = token.masked != NUMBER and token.lower in names
    return is_name and (token.is_capital or before not in DETERMINERS)


def _is_part(last: str, word: str, lower: str, before: str) -> bool:
    """Whether a word is a part of the number or the name that the sentence ends with so far."""
    if last == NUMBER:
        is_spelled = before in NUMBERS
        return lower in AFTER_NUMBERS or (is_spelled and (word == NUMBER or lower in ORDINALS))
    return last == word == NAME
