"""The words by which sentences say which of their values is the answer, as patterns for the languages of a text.

Chinese and Japanese words stand anywhere; words of other languages are whole words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache

from ...languages import ENGLISH, CueWords, ReadingWords, choose_wording, has_unspaced, list_readings

WINDOW = 64
"""The most characters before or behind a number in which its cue is looked for."""

_KANA = re.compile("[\u3041-\u30ff]")
_FILLERS = (
    r"(?:(?:about|approximately|exactly|only|just|simply|precisely|around|roughly|nearly|almost|a|an|the|these|those"
    r"|all|his|her|their|its|my|your|another|original|initial|first|last|next|other|remaining|now|also|then|大约|约|共)"
    r"\s{1,2}){0,3}"
)
_OPEN = r"[\s:：,，]{0,3}[$€£¥￥(（\[{*_\"'“`\\]{0,6}\s?"
"""What may stand between a cue and its number."""
_OPEN_ASIDE = _OPEN.replace(",，", "")
"""The same for an aside, which a comma ends: `after each, 15 are left`."""
_LOOSE = ("n[", "[", r"\x27")
"""How a piece begins that is no word of its own: n't."""
_TURNS = ("retractions", "alternatives", "amendments", "checks")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Cues:
    """The patterns of one or more languages. `docs/decisions/0042` describes what each of them does."""

    opening: re.Pattern[str]
    """A conclusion's first word."""
    subordinate: re.Pattern[str]
    """The first word of a clause that is no statement."""
    result: re.Pattern[str]
    """The end of what stands before a result."""
    aside: re.Pattern[str]
    """The end of what stands before a number that is not asked for, with the first character of the number."""
    label: re.Pattern[str]
    """The end of what stands before a number that is a label."""
    relative: re.Pattern[str]
    """The first word of what is said of a number."""
    aside_end: re.Pattern[str]
    """What stands behind such a number."""
    exclusion: re.Pattern[str]
    """The end of what stands before a value that is not the answer."""
    excluded: re.Pattern[str]
    """What stands behind such a value."""
    bound: re.Pattern[str]
    """The end of what stands before a number that is a bound."""
    bound_end: re.Pattern[str]
    """What stands behind such a number."""
    turn: re.Pattern[str]
    """A correction or a check: a group for each kind."""
    confirmation: re.Pattern[str]
    """What confirms a statement."""
    denial: re.Pattern[str]
    """What says that a statement is wrong."""
    remark: re.Pattern[str]
    """The beginning of a sentence that does not state the answer."""
    hearsay: re.Pattern[str]
    """What says that an answer is another's."""
    contrast: re.Pattern[str]
    """What ends another's answer within a sentence, or any sentence."""
    condition: re.Pattern[str]
    """The beginning of a sentence whose answer is to another question."""


def choose_cues(text: str, languages: Iterable[str]) -> Cues:
    """Choose the cues of a text by the languages of its marks and its script."""
    found = {ENGLISH, *languages}
    if has_unspaced(text):
        found.add("ja" if _KANA.search(text) else "zh")
    return _compile_cues(frozenset(found))


@cache
def _compile_cues(languages: frozenset[str]) -> Cues:
    chosen = [reading for reading in list_readings() if reading.language in languages]

    words = {field.name: _join_pieces(chosen, field.name) for field in fields(CueWords)}
    turn = "|".join(
        f"(?P<{kind}>{words[kind] or _NEVER.pattern})"
        for kind in ("retractions", "alternatives", "amendments", "checks")
    )
    return Cues(
        opening=_compile(rf"(?:{words['openings']})"),
        subordinate=_compile(rf"(?:{words['subordinates']})"),
        result=_compile(rf"(?:{words['results']}|[=≈→]|[-=]>){_OPEN}{_FILLERS}{_OPEN}$"),
        aside=_compile(rf"(?:{words['asides']})\s{{0,2}}{_FILLERS}{_OPEN_ASIDE}[^\s]$"),
        label=_compile(rf"(?:{words['labels']})\s{{0,2}}$") if words["labels"] else _NEVER,
        relative=_compile(rf"(?:{words['relatives']})") if words["relatives"] else _NEVER,
        aside_end=_compile(rf"\s?(?:{words['aside_ends']})"),
        exclusion=_compile(rf"(?:{words['exclusions']})\s{{0,2}}{_FILLERS}{_OPEN}$"),
        excluded=_compile(rf"[*_)\]\"'”]{{0,3}}\s{{0,2}}(?:{words['excluded']})"),
        bound=_compile(
            rf"(?:{words['bounds']}|(?<![^\s($])[<>]=?|[≤≥±]|\\pm\b|\\[lg]eq?(?![a-z])|\\[lg]t(?![a-z])){_OPEN}$"
        ),
        bound_end=_compile(rf"\s?(?:\w{{1,20}}\s)?(?:{words['bound_ends']}|\+(?!\s?\d))"),
        turn=_compile(rf"(?<!\w)(?=\S)(?:{turn})" if all(_is_spaced(reading) for reading in chosen) else turn),
        confirmation=_compile(rf"(?:{words['confirmations']}|[✓✔✅])"),
        denial=_compile(rf"(?:{words['denials']}|[✗❌])"),
        remark=_compile(rf"[\W_]{{0,6}}(?:{words['remarks']})"),
        hearsay=_compile(rf"(?:{words['hearsay']})"),
        contrast=_compile(rf"[.!?。！？\n:：]\s*|{words['contrasts']}"),
        condition=_compile(rf"[\W_]{{0,4}}(?:{words['conditions']})"),
    )


def _join_pieces(readings: Iterable[ReadingWords], name: str) -> str:
    """Join the pieces of all languages: whole words first, so that few places of a text are tried."""
    whole: list[str] = []
    loose: list[str] = []
    for reading in readings:
        for piece in getattr(reading.cues, name):
            is_whole = _is_spaced(reading) and not piece.startswith(_LOOSE)
            (whole if is_whole else loose).append(piece)
    words = rf"(?<!\w)(?:{'|'.join(whole)})(?:(?<!\w)|(?!\w))" if whole else ""
    return "|".join([*([words] if words else []), *loose])


def _is_spaced(reading: ReadingWords) -> bool:
    return choose_wording(reading.language).is_spaced


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
