"""Pick the option, the yes or no, or the words that a passage states."""

import re
from dataclasses import replace

from ...languages import list_readings
from ..answers.choices import OptionMention, find_option
from ..answers.words import BooleanMention, find_boolean
from .candidates import Candidate, Passage
from .sentences import is_remark, list_sentences

_TAILS = tuple(tail for reading in list_readings() for tail in reading.tails)
_BOTH = re.compile(
    r"\b(?:yes|true)\b.{0,12}\b(?:and|or|/)\s?(?:no|false)\b|\b(?:no|false)\b.{0,12}\b(?:and|or)\s(?:yes|true)\b",
    re.IGNORECASE,
)
_SECOND = re.compile(r"\s?[,/;]\s?(yes|no|true|false)\b(?=[\s.!?*\"']{0,4}$)", re.IGNORECASE)
"""A second yes or no, and nothing else, behind the first."""
_CLOSERS = frozenset(')]}$*"”’')
_BRACKET = re.compile(r"(?<=\w)\s?[(（](?![A-Z][)）])")
_MATH = re.compile(r"(?:\$\$?([^$]{1,2000})\$\$?|\\\(\s?(.{1,2000}?)\s?\\\)|\\\[\s?(.{1,2000}?)\s?\\\])")
_BEHIND_MATH = re.compile(r"[\s.*$]*|\s?,?\s(?:where|for|with|which|because|since|when|if)\b[^$\\]{0,400}")
_BEFORE_MATH = re.compile(r"[\s:*_]*(?:[^\W\d_]{1,15}[ ]){0,4}")


def pick_option(passage: Passage) -> Candidate | None:
    """Pick the option that a passage names; the whole passage where it names none."""
    for start, end in _list_parts(passage):
        mention = find_option(passage.text[start:end], passage.choices)
        if mention is not None:
            found = make_mention(passage, start, mention)
            return replace(found, is_hedged=len(mention.letters) > 1, is_stated=True)
    return pick_whole(passage)


def pick_boolean(passage: Passage) -> Candidate | None:
    """Pick the yes or no that a passage states; the whole passage where it states none."""
    for start, end in _list_parts(passage):
        mention = find_boolean(passage.text[start:end])
        if mention is not None:
            return replace(make_boolean(passage, start, mention), is_stated=True)
    found = pick_whole(passage)
    is_hedged = _BOTH.search(passage.text, passage.start, passage.end) is not None
    return found if found is None else replace(found, is_hedged=is_hedged)


def make_boolean(passage: Passage, start: int, mention: BooleanMention) -> Candidate:
    """Make a candidate of a yes or no; a hedge where nothing but the opposite follows: `no, yes`."""
    found = make_mention(passage, start, mention)
    second = _SECOND.match(passage.text, found.end)
    other = None if second is None else find_boolean(second[1])
    return replace(found, is_hedged=other is not None and other.value is not mention.value)


def _list_parts(passage: Passage) -> list[tuple[int, int]]:
    """List the parts in which a value is looked for: the whole, and its first sentence."""
    sentences = list_sentences(passage.text, passage.start, passage.end)
    parts = [(passage.start, passage.end), *sentences[:1]]
    bracket = _BRACKET.search(passage.text, passage.start + 1, passage.end)
    if bracket is not None:  # B (a pear)
        parts.append((passage.start, bracket.start()))
    return list(dict.fromkeys(parts))


def make_mention(passage: Passage, start: int, mention: OptionMention | BooleanMention) -> Candidate:
    """Make a candidate of a mention in the part of a text that begins there."""
    first, last = start + mention.start, start + mention.end
    return Candidate(answer=passage.text[first:last], start=first, end=last, rule=passage.rule)


def pick_text(passage: Passage) -> Candidate | None:
    """Pick the line behind a mark; the whole paragraph where it begins below the mark."""
    text, end = passage.text, passage.end
    if passage.rule != "boxed" and text[: passage.start].rstrip(" \t*").endswith("\n"):
        below = text.find("\n\n", passage.start)
        end = len(text) if below < 0 else below
    return pick_whole(replace(passage, end=_cut_remarks(replace(passage, end=end))))


def _cut_remarks(passage: Passage) -> int:
    """Find where remarks begin in a line: `Paris. Hope this helps!`."""
    sentences = list_sentences(passage.text, passage.start, passage.end)
    starts = [span[0] for span in sentences[1:] if is_remark(passage, span)]
    return starts[0] if starts else passage.end


def pick_whole(passage: Passage) -> Candidate | None:
    """Pick a whole passage, without the full stop behind words and an unpaired `**`."""
    start, turn = passage.start, passage.cues.turn.search(passage.text, passage.start + 1, passage.end)
    end = passage.end if turn is None else _find_stop(passage, turn.start())
    answer = passage.text[start:end].rstrip()
    if answer.count("**") % 2:
        answer = answer.removesuffix("**").rstrip()
    if answer[-2:-1].isalnum() or answer[-2:-1] in _CLOSERS:
        answer = answer.removesuffix(".")
    if not answer.isascii():
        answer = _cut_tail(answer)
    start += len(answer) - len(answer.lstrip())
    answer = answer.strip()
    if not answer:
        return None
    return Candidate(answer=answer, start=start, end=start + len(answer), rule=passage.rule, is_direct=True)


def _find_stop(passage: Passage, turn: int) -> int:
    """Find where an answer ends before a correction; a correction without an answer before it changes nothing."""
    before = passage.text[passage.start : turn].rstrip(" \t,;:–—-.…")
    return passage.start + len(before) if re.search(r"\w", before) else passage.end


def _cut_tail(answer: str) -> str:
    """Cut what ends a sentence behind an answer where words are not spaced: `東京 です。`."""
    answer = answer.removesuffix("。").rstrip()
    tail = next((tail for tail in _TAILS if len(tail) < len(answer) and answer.endswith(tail)), "")
    return answer.removesuffix(tail).rstrip()


def pick_expression(passage: Passage) -> Candidate | None:
    """Pick the only formula between signs of mathematics that ends a passage, else the whole passage."""
    whole = pick_whole(passage)
    if whole is None:
        return None
    formulas = list(_MATH.finditer(passage.text, whole.start, whole.end))
    if len(formulas) != 1 or _BEHIND_MATH.fullmatch(passage.text, formulas[0].end(), whole.end) is None:
        return whole
    group = next(group for group in (1, 2, 3) if formulas[0][group] is not None)
    if not _BEFORE_MATH.fullmatch(passage.text, whole.start, formulas[0].start()):
        return whole
    start, end = formulas[0].span(group)
    answer = passage.text[start:end]
    start += len(answer) - len(answer.lstrip())
    answer = answer.strip()
    return replace(whole, answer=answer, start=start, end=start + len(answer)) if answer else whole
