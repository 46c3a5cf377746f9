"""Find the option of a multiple-choice question that an answer names: by its letter, or by its text.

A letter counts where it is written as a label, `(B)`, `option B`, `B.`, not where it is a word: `A cabinet is best`
names no option. Two options, `(A) or (B)`, are a hedge and name none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...languages import UNSPACED, has_unspaced
from ...text.options import LETTERS
from .words import cut_at_pause, normalize_answer

DEFAULT_LETTERS = LETTERS[:5]
"""The letters that count where the options are not known, unless one is in brackets, alone, or behind `option`."""

_LEADING_WORDS = re.compile(
    r"[\W_]*(?:(?:so|then|therefore|thus|hence|clearly|definitely|certainly|probably|likely|most|the|final|correct|right"
    r"|best|answer|is|be|must|would|should|it|either|between|both|option|choice|letter|text|mathrm|textbf|mathbf|mbox"
    r"|boxed|not\s(?:option\s)?[(\[]?[A-Z][)\]]?(?:\s(?:or|nor|and)\s[(\[]?[A-Z][)\]]?){0,3},?\sbut(?:\srather)?"
    r"|(?:i|we)(?:['’](?:d|ll))?\s(?:would\s|will\s)?(?:choose|pick|select|chose|go\swith))\b[\W_]*)*",
    re.IGNORECASE,
)
"""Words that may come before the letter at the beginning of an answer."""

_CONTINUATION = r"or|and|because|since|as|is|are|was|but|not|which|due|given"
_LETTER_END = rf"(?=[*_`\"'’”$}}]*(?:$|[.;:!?)\]](?!\w)|[,/]|\s*\n|\s+[-–—(/&=]|\s+(?:{_CONTINUATION})\b))"
"""What may follow a letter. In `A cabinet` and `B-flat` it is part of a word."""

_OPTION = "\ue000"
"""Stands for the word option in a script without blanks."""
_OPTION_WORD = re.compile(rf"\b(?:option|choice|letter)[\W_]{{1,6}}$|{_OPTION}[\W_]{{0,6}}$", re.IGNORECASE)
_LONE_LETTER = re.compile(r"[\W_]*(?:(?:text|mathrm|textbf|mathbf|mbox|boxed)\{[\W_]*)?([A-Za-z])[\W_]*")
_LEADING_LETTER = re.compile(rf"([A-Z]){_LETTER_END}|([a-z])(?=[)\]:])")
_CLEAR_LETTER = re.compile(
    r"(?<!\w)[(\[]\s?([A-Za-z])\s?[)\]]"
    rf"|(?:\b(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer)\s{{1,3}}|{_OPTION}\s?)[\"'“*_]{{0,3}}([A-Za-z]){_LETTER_END}"
)
_CONJUNCTION = r"(?:or|and|nor|maybe|possibly|perhaps|even|also|option|choice)\b"
_SECOND_LETTER = re.compile(
    rf"[*_)\]]{{0,4}}\s{{0,3}}\(?(?:[,/&]|(?:or|and|nor)\b)\s{{0,3}}(?:{_CONJUNCTION}\s{{0,3}}){{0,3}}[(\[*_]{{0,3}}([A-Z]){_LETTER_END}"
)
_HEDGE = re.compile(rf"[\s,/&()\[\]*_\"'`$]*(?:{_CONJUNCTION}[\s,/&()\[\]*_]*){{0,4}}")
_RULED_OUT_BEFORE = re.compile(
    r"(?:\bnot|n['’]t(?: be)?|\brather than|\binstead of|\bunlike|\bexcept|\bexcludes?|\beliminates?|\brules? out)\s+$",
    re.IGNORECASE,
)
_RULED_OUT_BEHIND = re.compile(
    r"[*_)\]]*\s+(?:(?:is|are|was|would be|must be|can be)\s+(?:not|wrong|incorrect|false|out|ruled|eliminated)"
    r"|isn['’]t|can['’]?t|cannot|does\s?n['’]?o?t)\b",
    re.IGNORECASE,
)


_WIDE = str.maketrans("（）［］【】「」“”：；，。！？、／．", '()[][]"""":;,.!?,/.')
_WIDE_LETTERS = str.maketrans({0xFF21 + index: chr(ord("A") + index) for index in range(26)})
_UNSPACED_RULED_OUT = re.compile(
    rf"(?:不是|不选|不選|排除|除了?|而非|并非|不能选|不应选|ではなく)\s?[(\[]?[A-Z](?![A-Za-z])"
    rf"|(?<![A-Za-z])[A-Z][)\]]?(?:选项|選項|项)?[{UNSPACED}]{{0,3}}?(?:不对|不對|不正确|不符|不成立|不是|错|錯|误|誤|可以排除|被排除|ではない)"
)
_UNSPACED_OPTION = re.compile("选项|選項|選択肢")
_BLANK_BEHIND = re.compile(r"(?<=[A-Z)\]]) (?=,)")
_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")


class MentionKind(StrEnum):
    """How an answer names its option."""

    LONE = "lone"
    TEXT = "text"
    CLEAR = "clear"
    LABEL = "label"
    LEADING = "leading"


@dataclass(frozen=True, slots=True)
class OptionMention:
    """A mention of an option in an answer."""

    letters: str
    """The letter of the option; of a hedge, all letters."""
    start: int
    """First character of the mention."""
    end: int
    """One past its last character."""
    kind: MentionKind
    """A letter alone, the option's text, `(B)` or `option B`, `B)` or `B:`, or a letter at the beginning."""


def name_option(answer: str, choices: Sequence[str] = ()) -> str | None:
    """Name the one option that an answer chooses by its letter; None where it chooses none, or several.

    >>> name_option("the pear", ["apple", "pear"]), name_option("(A) or (B)")
    ('B', None)
    """
    option = find_option(answer, choices)
    return option.letters if option is not None and len(option.letters) == 1 else None


def find_option(text: str, choices: Sequence[str] = (), letters: str = "") -> OptionMention | None:
    """Find the option that an answer names.

    Args:
        text: the answer.
        choices: the options, where they are known.
        letters: the valid letters; by default those of the options; where there are none, all that are clear labels.

    Returns:
        The option, or None where no option is named, or several that are not next to each other.

    >>> find_option("A cabinet is best. Answer (D)").letters
    'D'
    >>> find_option("the pear.", ["apple", "pear"]).letters
    'B'
    """
    is_open = not letters and not choices
    letters = letters or LETTERS[: len(choices)] or LETTERS
    text = text if text.isascii() else text.translate(_WIDE_LETTERS)
    lone = _LONE_LETTER.fullmatch(text)
    if lone is not None and lone[1].upper() in letters:
        return OptionMention(lone[1].upper(), *_include_brackets(text, *lone.span(1)), MentionKind.LONE)
    by_text = _find_by_text(text, choices)
    if by_text is not None:
        return by_text
    separated = _separate_letters(text) if has_unspaced(text) else text
    mentions = list(_find_mentions(separated, letters))
    if (
        is_open
        and mentions
        and mentions[0].kind is not MentionKind.CLEAR
        and mentions[0].letters not in DEFAULT_LETTERS
    ):
        mentions = [each for each in mentions if each.kind is MentionKind.CLEAR]  # `I. Newton` names no option
    mention = _select_only(separated, mentions)
    return None if mention is None or _is_contradicted(text, choices, mention) else mention


def _separate_letters(text: str) -> str:
    """Separate the letters of options from characters that stand beside them without a blank; each keeps its place.

    >>> _separate_letters("应该选（B）梨，不是A")
    ',,,(B),,,,,'
    """
    text = text.translate(_WIDE)
    text = _UNSPACED_RULED_OUT.sub(lambda match: "," * len(match[0]), text)
    text = _UNSPACED_OPTION.sub(lambda match: "," * (len(match[0]) - 1) + _OPTION, text)
    return _BLANK_BEHIND.sub(",", _UNSPACED_LETTER.sub(",", text))


def _find_by_text(text: str, choices: Sequence[str]) -> OptionMention | None:
    """Find the only option whose text equals the answer, as a whole or up to its first pause."""
    for part in dict.fromkeys((text, cut_at_pause(text))):
        letter = _find_letter(part, choices)
        if letter:
            start = len(text) - len(text.lstrip())
            return OptionMention(letter, start, start + len(part.strip()), MentionKind.TEXT)
    return None


def _find_letter(text: str, choices: Sequence[str]) -> str:
    """Find the letter of the only option with this text; empty where there is none."""
    answer = normalize_answer(text)
    options = zip(LETTERS, choices, strict=False)
    letters = [letter for letter, choice in options if answer and normalize_answer(choice) == answer]
    return letters[0] if len(letters) == 1 else ""


def _find_mentions(text: str, letters: str) -> Iterator[OptionMention]:
    """Find the options named by letter, in order: at the beginning, then wherever the letter is clearly a label."""
    leading = _LEADING_WORDS.match(text)
    first = _LEADING_LETTER.match(text, leading.end() if leading else 0)
    end = 0
    if first is not None and first[0].upper() in letters and not _is_ruled_out(text, *first.span()):
        start, end = _include_brackets(text, *first.span())
        clear = end - start > 1 or _OPTION_WORD.search(text, max(0, start - 12), start)
        label = text[end : end + 1] in {")", ":", "]"}
        kind = MentionKind.CLEAR if clear else MentionKind.LABEL if label else MentionKind.LEADING
        yield OptionMention(first[0].upper(), start, end, kind)
        second = _SECOND_LETTER.match(text, end)
        if second is not None and second[1] in letters and not _is_ruled_out(text, *second.span(1)):
            end = second.end()
            yield OptionMention(second[1], *second.span(1), MentionKind.LEADING)
    for match in _CLEAR_LETTER.finditer(text, end):
        span = match.span() if match[1] else match.span(2)
        letter = (match[1] or match[2]).upper()
        if letter in letters and not _is_ruled_out(text, *match.span()):
            yield OptionMention(letter, *span, MentionKind.CLEAR)


def _is_ruled_out(text: str, start: int, end: int) -> bool:
    return bool(_RULED_OUT_BEFORE.search(text, max(0, start - 30), start) or _RULED_OUT_BEHIND.match(text, end))


def _include_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """Extend the span of a letter by the brackets around it."""
    around = text[start - 1 : start] + text[end : end + 1] if start else ""
    return (start - 1, end + 1) if around in {"()", "[]"} else (start, end)


def _select_only(text: str, mentions: Sequence[OptionMention]) -> OptionMention | None:
    """Select the only option mentioned. Two next to each other are a hedge; else the one at the beginning counts."""
    if not mentions:
        return None
    first, *others = mentions
    second = next((other for other in others if other.letters != first.letters), None)
    if second is None:
        return first
    if _HEDGE.fullmatch(text, first.end, second.start):
        return OptionMention(first.letters + second.letters, first.start, second.end, first.kind)
    return first if _LEADING_WORDS.fullmatch(text, 0, first.start) else None


def _is_contradicted(text: str, choices: Sequence[str], mention: OptionMention) -> bool:
    """Whether the text behind the letter is that of another option: `(B) pear` where pear is A."""
    if len(mention.letters) > 1:
        return False
    behind = text[mention.end :].lstrip(" \t).]:*-–—、．）：。")
    letter = _find_letter(behind, choices) or _find_letter(cut_at_pause(behind), choices)
    return letter not in {"", mention.letters}
