"""Words in small letters; symbols as they are written, because `x` and `X`, `pH` and `PH`, `mW` and `MW` differ."""

import re

_ASCII = re.compile(r"[A-Z][A-Za-z]*")
_ANY = re.compile(r"[^\W\d_]+")
_OPERATORS = "=+-*/^<>≤≥≠≈→⇒↔⇔←_|√∈∉"
_BRACKETS = "()[]{}"
_CAPITALS_BEFORE = re.compile(r"\b[A-Z]{2,}[^\w=+*/^<>]+$")
_CAPITALS_BEHIND = re.compile(r"[^\w=+*/^<>]+[A-Z]{2,}\b")
_LONGEST_SYMBOL = 3
_FUNCTION_WORDS = frozenset(
    "all and any are but can did do for get had has he her his how i if in is it its let me my no nor not now of off on"
    " one or our out she so sum ten the to too two up us was we who why yes yet you".split()
)


def lower_words(text: str) -> str:
    """Write words in small letters, and leave symbols as they are. These keep their case.

    - single letters, but for `A` and `I` as words, which no operator or bracket is next to;
    - words with capitals inside: `pH`, `kW`;
    - up to three capitals (`AB`, `CO`, `DNA`), unless they are a common word, or stand among other capitals.

    >>> lower_words("So A + x = X. THE pH of CO is NOT 5 MB. A DOG RAN.")
    'so A + x = X. the pH of CO is not 5 MB. a dog ran.'
    """
    if text.islower():
        return text
    pattern = _ASCII if text.isascii() else _ANY
    return pattern.sub(_lower_word, text)


def _lower_word(found: re.Match[str]) -> str:
    word = found[0]
    if found.string[found.start() - 1 : found.start()].isalpha():
        return word  # pH
    lower = word.lower()
    if word == lower or (len(word) > 1 and word[1:].islower()):
        return lower
    if len(word) == 1:
        return word if word not in "AI" or _is_symbol(found) else lower
    if not word.isupper():
        return word
    if len(word) > _LONGEST_SYMBOL:
        return lower
    is_word = lower in _FUNCTION_WORDS or _is_shouted(found)
    return lower if is_word and not _is_operand(found) else word


def _is_symbol(found: re.Match[str]) -> bool:
    """Whether an `A` or `I` is next to an operator, a bracket or a digit."""
    before, behind = _look_around(found)
    is_attached = found.string[found.end() : found.end() + 1].isdigit()
    return is_attached or before in _OPERATORS + _BRACKETS or behind in _OPERATORS + _BRACKETS


def _is_operand(found: re.Match[str]) -> bool:
    return any(sign in _OPERATORS for sign in _look_around(found))


def _look_around(found: re.Match[str]) -> tuple[str, str]:
    """The characters before and behind a word, at most a few blanks away; a blank where there is none."""
    text = found.string
    before = text[max(found.start() - 3, 0) : found.start()].rstrip()
    behind = text[found.end() : found.end() + 3].lstrip()
    return before[-1:] or " ", behind[:1] or " "


def _is_shouted(found: re.Match[str]) -> bool:
    """Whether the word before or behind is written in capitals too."""
    text = found.string
    behind = _CAPITALS_BEHIND.match(text, found.end(), found.end() + 16)
    return behind is not None or _CAPITALS_BEFORE.search(text[max(found.start() - 16, 0) : found.start()]) is not None
