"""Read a text that marks no answer: what is bold in its last line, its last sentence, or what it begins with."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ....schemas.problem import AnswerType
from ....schemas.sample import LAST_RESORT
from ...text.word_pairs import PAIRS
from ..answers.choices import MentionKind, find_option
from ..answers.numbers import read_quantity
from ..answers.words import find_leading_boolean
from .candidates import Candidate, Passage, make_candidate
from .kinds import PICK
from .numbers import pick_in_sentence
from .sentences import is_question, is_remark, list_sentences
from .typed import pick_only
from .words import make_boolean, make_mention

BOLD = "bold"
"""The rule that reads what is bold in the last line."""
WHOLE = "whole_text"
"""The rule of a text that is or begins with its answer."""

_BOLD = re.compile(r"(?:\*\*|__)(?=\S)([^*\n]{1,120}?)(?:\*\*|__)")
_ALONE = {MentionKind.LONE, MentionKind.TEXT, MentionKind.LABEL}
_CONCLUSION = re.compile(
    r"[\W_]*(?:(?:so|therefore|thus|hence|then|finally|in conclusion|overall|clearly|this|that|it|we|i|the|must|can"
    r"|should|only|best|correct|right|answer|option|choice|leaves?|means|is|be|are|(?<=['’])(?:s|d|ll)|would|choose|pick"
    r"|select|go|with|one|left|remaining|us|fits?)\b[\W_]*)*",
    re.IGNORECASE,
)
"""The beginning of a sentence that concludes on an option."""
_CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|choose|pick|select|leaves?|must be|would be|go with|correct|best)\b", re.IGNORECASE
)
_LISTED = re.compile(r"[\s*]{0,8}[(\[]?[A-Z][)\].:]")
_VERDICT = re.compile(r"\s(?:is|must be)\s(?:therefore\s)?(?:the\s)?(?:correct|right|best|answer)\b", re.IGNORECASE)
_PAIR_WORDS = "|".join(word for pair in PAIRS.values() for word in pair if word.isascii())
_STATED_PAIR = re.compile(
    r"(?:(?:\b(?:is|are|was|evaluates to|equals|comes to|simplifies to|becomes|gives)\b|=)"
    r"(?: (?:therefore|thus|then|hence))?\s{0,2}|(?=\b(?:is|are|was)n['’]t\s))"
    r"(?P<value>(?:(?:is|are|was)n['’]t\s)?[*_\"'“`(]{0,3}(?:not\s)?(?:\w{2,20}ly\s)?"
    rf"(?:true|false|{_PAIR_WORDS}))[\s*_\"'”`).!$]{{0,8}}$",
    re.IGNORECASE,
)
"""The end of a sentence that states a truth value, or a word of another pair: `The argument is not valid.`"""
_NOT_STATED = re.compile(
    r"\b(?:if|whether|suppose|assum\w{1,5}|would|could|might|may|seems?|unless|not the case|doubt|claims?|says|or)\b"
    r"|\?",
    re.IGNORECASE,
)
_CLAUSE = 120
"""So much of the end of a sentence is looked at."""
_MOST_REMARKS = 12
_TAIL = 3_000
"""So much of the end of a text is looked at for its last sentence."""


def find_last_sentence(passage: Passage) -> tuple[int, int] | None:
    """Find the last sentence that is no remark; None where all of them are."""
    start = max(passage.start, passage.end - _TAIL)
    line = passage.text.rfind("\n", start, passage.end) + 1  # most texts end with a line that is no remark
    for begin in (line, start) if line > start else (start,):
        sentences = list_sentences(passage.text, begin, passage.end)[-_MOST_REMARKS:]
        last = next((span for span in reversed(sentences) if not is_remark(passage, span)), None)
        if last is not None:
            return last
    return None


def read_unmarked(passage: Passage, answer_type: AnswerType) -> Candidate | None:
    """Read a text that marks no answer."""
    return _READ[answer_type](passage)


def _pick_bold(passage: Passage, answer_type: AnswerType) -> Candidate | None:
    """Pick the only value that is bold in the line of the last sentence."""
    text = passage.text
    span = find_last_sentence(passage) if "**" in text or "__" in text else None
    if span is None:
        return None
    line = text.rfind("\n", 0, span[1] - 1 if text[span[1] - 1] == "\n" else span[1]) + 1
    found = []
    for match in _BOLD.finditer(text, min(line, span[0]), span[1] + 2):
        if match[1].rstrip().endswith((":", "：")):
            continue  # a heading
        start, end = match.span(1)
        candidate = PICK[answer_type](replace(passage, start=start, end=end, rule=BOLD))
        if candidate is not None and not candidate.is_negated and (candidate.is_stated or candidate.is_direct):
            found.append(candidate)
    return found[0] if len({item.answer for item in found}) == 1 else None


def _read_number(passage: Passage) -> Candidate | None:
    bold = _pick_bold(passage, AnswerType.NUMBER)
    span = find_last_sentence(passage)
    if bold is not None or span is None:
        return bold
    begin, end = span
    is_alone = not passage.text[:begin].strip()
    turns = [match for match in passage.cues.turn.finditer(passage.text, *span) if match.lastgroup == "retractions"]
    for start in [match.end() for match in turns[-1:]] + [begin]:
        found = pick_in_sentence(replace(passage, start=start, end=end, rule=LAST_RESORT))
        if found is not None and not found.is_negated:
            is_label = passage.cues.label.search(passage.text, max(begin, found.start - 24), found.start) is not None
            if not is_label and (not found.is_aside or found.is_concluded or is_alone):
                return found
            break
    return _read_first_number(passage)


def _read_first_number(passage: Passage) -> Candidate | None:
    """Read the number that is all of the first line, where reasons follow."""
    start = len(passage.text) - len(passage.text.lstrip())
    end = passage.text.find("\n\n", start)
    is_number = end > 0 and read_quantity(passage.text[start:end]) is not None
    return pick_in_sentence(replace(passage, start=start, end=end, rule=WHOLE)) if is_number else None


def _read_option(passage: Passage) -> Candidate | None:
    """Read the option that a text of one line is or begins with, else the only one in the last sentence."""
    text = passage.text[passage.start : passage.end]
    margin = len(text) - len(text.lstrip())
    mention = find_option(text.strip(), passage.choices) if "\n" not in text.strip() else None
    if mention is not None and (mention.kind in _ALONE or (mention.kind is MentionKind.CLEAR and mention.start == 0)):
        whole = make_mention(replace(passage, rule=WHOLE), passage.start + margin, mention)
        return replace(whole, is_hedged=len(mention.letters) > 1)
    bold = _pick_bold(passage, AnswerType.CHOICE)
    span = find_last_sentence(passage)
    if bold is not None or span is None:
        return bold
    return _read_last_option(replace(passage, rule=LAST_RESORT), *span) or _read_first_line(passage)


def _read_first_line(passage: Passage) -> Candidate | None:
    """Read the option that is all of the first line, where reasons follow."""
    line = passage.text.lstrip().partition("\n")[0]
    mention = find_option(line, passage.choices)
    if mention is None or mention.kind not in {MentionKind.LONE, MentionKind.TEXT} or len(mention.letters) > 1:
        return None
    start = len(passage.text) - len(passage.text.lstrip())
    return make_mention(replace(passage, rule=WHOLE), start, mention)


def _read_last_option(passage: Passage, start: int, end: int) -> Candidate | None:
    sentence = passage.text[start:end]
    if _LISTED.match(sentence) and _LISTED.match(passage.text, passage.text.rfind("\n", 0, max(start - 1, 0)) + 1):
        return None  # the options once more
    verdict = _VERDICT.search(sentence)
    if verdict is not None:
        pause = max(sentence.rfind(sign, 0, verdict.start()) for sign in ",:;") + 1
        for begin in dict.fromkeys((0, pause)):
            head = find_option(sentence[begin : verdict.start()], passage.choices)
            if head is not None:
                return None if len(head.letters) > 1 else make_mention(passage, start + begin, head)
        return None
    mention = find_option(sentence, passage.choices)
    if mention is not None and mention.kind in {MentionKind.LONE, MentionKind.CLEAR}:
        second = find_option(sentence[mention.end :], passage.choices)
        if second is None or second.letters == mention.letters:
            return replace(make_mention(passage, start, mention), is_hedged=len(mention.letters) > 1)
        return None
    opening = _CONCLUSION.match(sentence)
    if opening is None or not _CONCLUDES.search(opening[0]):
        return None
    mention = find_option(sentence[opening.end() :], passage.choices)
    is_plain = mention is not None and mention.start <= 2 and mention.kind in {*_ALONE, MentionKind.LEADING}
    return make_mention(passage, start + opening.end(), mention) if mention is not None and is_plain else None


def _read_boolean(passage: Passage) -> Candidate | None:
    """Read the yes or no at the beginning of the last sentence, else of the text."""
    text = passage.text
    span = find_last_sentence(passage) or (passage.start, passage.end)
    last = find_leading_boolean(text[slice(*span)])
    if last is not None and not is_question(text, span):
        return make_boolean(replace(passage, rule=LAST_RESORT), span[0], last)
    openings = [match.end() for match in passage.cues.opening.finditer(text, *span)]
    last = find_leading_boolean(text[openings[-1] : span[1]]) if openings else None
    if last is not None:
        return make_boolean(replace(passage, rule=LAST_RESORT), openings[-1], last)
    stated = _STATED_PAIR.search(text, max(span[0], span[1] - _CLAUSE), span[1])
    if stated is not None and not _NOT_STATED.search(text, *span) and not is_question(text, span):
        return make_candidate(replace(passage, rule=LAST_RESORT), *stated.span("value"))
    first = find_leading_boolean(text[passage.start : passage.end])
    return make_boolean(replace(passage, rule=WHOLE), passage.start, first) if first is not None else None


def _read_typed(passage: Passage, answer_type: AnswerType) -> Candidate | None:
    """Read the only value of the type in the last sentence."""
    span = find_last_sentence(passage)
    return (
        None if span is None else pick_only(replace(passage, start=span[0], end=span[1], rule=LAST_RESORT), answer_type)
    )


def _read_nothing(_passage: Passage) -> None:
    """Texts are never guessed."""


_READ: Mapping[AnswerType, Callable[[Passage], Candidate | None]] = {
    AnswerType.NUMBER: _read_number,
    AnswerType.CHOICE: _read_option,
    AnswerType.BOOLEAN: _read_boolean,
    AnswerType.DATE: partial(_read_typed, answer_type=AnswerType.DATE),
    AnswerType.TIME: partial(_read_typed, answer_type=AnswerType.TIME),
    AnswerType.LIST: _read_nothing,
    AnswerType.SET: _read_nothing,
    AnswerType.RATIO: partial(_read_typed, answer_type=AnswerType.RATIO),
    AnswerType.EXPRESSION: _read_nothing,
    AnswerType.TEXT: _read_nothing,
    AnswerType.REASONING_GYM: _read_nothing,
    AnswerType.MODEL_GRADED: _read_nothing,
    AnswerType.EXTERNAL: _read_nothing,
}
"""How an answer of each type is read from a text without a mark."""
