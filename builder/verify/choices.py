"""Which option an answer names: by its letter, or by its text.

A letter counts where it stands as one, `(B)`, `option B`, `B.`, not where it is a word: `A cabinet is best` names
nothing. Two options, `(A) or (B)`, are a hedge and no option's name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cotloom.builder.text.options import LETTERS
from cotloom.builder.verify.words import bare, head

UNKNOWN = LETTERS[:5]
"""The letters that count where the options are not known."""

_LEAD = re.compile(
    r"[\W_]*(?:(?:so|then|therefore|thus|hence|clearly|definitely|certainly|probably|likely|most|the|final|correct|right"
    r"|best|answer|is|be|must|would|should|it|either|between|both|option|choice|letter|text|mathrm|textbf|mathbf|mbox"
    r"|boxed)\b[\W_]*)*",
    re.IGNORECASE,
)
"""What may stand before an answer's letter at its beginning."""

_GOES_ON = r"or|and|because|since|as|is|are|was|but|not|which|due|given"
_ENDS = rf"(?=[*_`\"'’”$}}]*(?:$|[.;:!?)\]](?!\w)|[,/]|\s*\n|\s+[-–—(/&=]|\s+(?:{_GOES_ON})\b))"
"""What may stand behind a letter. `A cabinet` and `B-flat` are words."""

_WORDED = re.compile(r"\b(?:option|choice|letter)[\W_]{1,6}$", re.IGNORECASE)
_LONE = re.compile(r"[\W_]*(?:(?:text|mathrm|textbf|mathbf|mbox|boxed)\{[\W_]*)?([A-Za-z])[\W_]*")
_BARE = re.compile(rf"([A-Z]){_ENDS}|([a-z])(?=[)\]:])")
_CLEAR = re.compile(
    r"(?<!\w)[(\[]\s?([A-Za-z])\s?[)\]]"
    rf"|\b(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer)\s{{1,3}}[\"'“*_]{{0,3}}([A-Za-z]){_ENDS}"
)
_BESIDE = r"(?:or|and|nor|maybe|possibly|perhaps|even|also|option|choice)\b"
_ALSO = re.compile(
    rf"[*_)\]]{{0,4}}\s{{0,3}}\(?(?:[,/&]|(?:or|and|nor)\b)\s{{0,3}}(?:{_BESIDE}\s{{0,3}}){{0,3}}[(\[*_]{{0,3}}([A-Z]){_ENDS}"
)
_HEDGE = re.compile(rf"[\s,/&()\[\]*_\"'`$]*(?:{_BESIDE}[\s,/&()\[\]*_]*){{0,4}}")
_RULED_OUT_BEFORE = re.compile(
    r"(?:\bnot|n['’]t(?: be)?|\brather than|\binstead of|\bunlike|\bexcept|\bexcludes?|\beliminates?|\brules? out)\s+$",
    re.IGNORECASE,
)
_RULED_OUT_BEHIND = re.compile(
    r"[*_)\]]*\s+(?:(?:is|are|was|would be|must be|can be)\s+(?:not|wrong|incorrect|false|out|ruled|eliminated)"
    r"|isn['’]t|can['’]?t|cannot|does\s?n['’]?o?t)\b",
    re.IGNORECASE,
)


class How(StrEnum):
    """How an answer names its option."""

    LONE = "lone"
    TEXT = "text"
    CLEAR = "clear"
    LABEL = "label"
    LEADING = "leading"


@dataclass(frozen=True, slots=True)
class Named:
    """The option that an answer names."""

    letters: str
    """Its letter; of a hedge, all of them."""
    start: int
    """First character of the name."""
    end: int
    """One past its last character."""
    how: How
    """Alone, by its text, `(B)` or `option B`, `B)` or `B:`, or otherwise at the beginning."""


def find_option(text: str, choices: Sequence[str] = (), letters: str = "") -> Named | None:
    """Find the option that an answer names.

    Args:
        text: the answer.
        choices: the options, where they are known.
        letters: the letters that count; by default those of the options.

    Returns:
        The option, or None where none is named, or several without being put side by side.

    >>> find_option("A cabinet is best. Answer (D)").letters
    'D'
    >>> find_option("the pear.", ["apple", "pear"]).letters
    'B'
    """
    letters = letters or LETTERS[: len(choices)] or UNKNOWN
    lone = _LONE.fullmatch(text)
    if lone is not None and lone[1].upper() in letters:
        return Named(lone[1].upper(), *_in_brackets(text, *lone.span(1)), How.LONE)
    by_text = _by_text(text, choices)
    if by_text is not None:
        return by_text
    return _only(text, choices, list(_mentions(text, letters)))


def _by_text(text: str, choices: Sequence[str]) -> Named | None:
    """The one option whose text the answer is, as a whole or up to its first pause."""
    for said in dict.fromkeys((text, head(text))):
        letter = _option_of(said, choices)
        if letter:
            start = len(text) - len(text.lstrip())
            return Named(letter, start, start + len(said.strip()), How.TEXT)
    return None


def _option_of(said: str, choices: Sequence[str]) -> str:
    wanted = bare(said)
    same = [letter for letter, choice in zip(LETTERS, choices, strict=False) if wanted and bare(choice) == wanted]
    return same[0] if len(same) == 1 else ""


def _mentions(text: str, letters: str) -> Iterator[Named]:
    """The options named by letter, in order: at the beginning, then wherever it is clear."""
    lead = _LEAD.match(text)
    first = _BARE.match(text, lead.end() if lead else 0)
    reached = 0
    if first is not None and first[0].upper() in letters and not _ruled_out(text, *first.span()):
        start, reached = _in_brackets(text, *first.span())
        clear = reached - start > 1 or _WORDED.search(text, max(0, start - 12), start)
        label = text[reached : reached + 1] in {")", ":", "]"}
        how = How.CLEAR if clear else How.LABEL if label else How.LEADING
        yield Named(first[0].upper(), start, reached, how)
        also = _ALSO.match(text, reached)
        if also is not None and also[1] in letters and not _ruled_out(text, *also.span(1)):
            reached = also.end()
            yield Named(also[1], *also.span(1), How.LEADING)
    for match in _CLEAR.finditer(text, reached):
        span = match.span() if match[1] else match.span(2)
        letter = (match[1] or match[2]).upper()
        if letter in letters and not _ruled_out(text, *match.span()):
            yield Named(letter, *span, How.CLEAR)


def _ruled_out(text: str, start: int, end: int) -> bool:
    return bool(_RULED_OUT_BEFORE.search(text, max(0, start - 30), start) or _RULED_OUT_BEHIND.match(text, end))


def _in_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Take in the brackets around a letter."""
    around = text[start - 1 : start] + text[end : end + 1] if start else ""
    return (start - 1, end + 1) if around in {"()", "[]"} else (start, end)


def _only(text: str, choices: Sequence[str], found: Sequence[Named]) -> Named | None:
    """The one option among those mentioned; side by side they are a hedge, apart the one at the beginning counts."""
    if not found:
        return None
    first, *others = found
    if all(other.letters == first.letters for other in others):
        return None if _contradicted(text, choices, first) else first
    second = next(other for other in others if other.letters != first.letters)
    if _HEDGE.fullmatch(text, first.end, second.start):
        return Named(first.letters + second.letters, first.start, second.end, first.how)
    return first if _LEAD.fullmatch(text, 0, first.start) and not _contradicted(text, choices, first) else None


def _contradicted(text: str, choices: Sequence[str], named: Named) -> bool:
    """Whether another option's text stands behind the letter: `(B) pear` where pear is A."""
    behind = text[named.end :].lstrip(" \t).]:*-–—")
    letter = _option_of(behind, choices) or _option_of(head(behind), choices)
    return letter not in {"", named.letters}
