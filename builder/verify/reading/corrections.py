"""What stands behind a stated answer: corrections that withdraw it, checks that confirm it, denials.

A text is cut at each of these turns. A part that states another answer replaces what stood; one that says it is wrong
leaves nothing; one that goes on counting without stating what comes of it leaves the answer open.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ....schemas.problem import AnswerType
from ..answers.choices import find_option
from ..answers.words import find_boolean
from .candidates import Candidate, Passage
from .kinds import is_same
from .numbers import list_values, pick_in_sentence
from .sentences import is_question, list_sentences
from .typed import pick_only
from .words import make_mention, pick_whole

_TYPED = frozenset({AnswerType.DATE, AnswerType.TIME, AnswerType.RATIO})
_PICKED = _TYPED | {AnswerType.NUMBER, AnswerType.CHOICE, AnswerType.BOOLEAN}
"""The types of which a value is told from the words around it."""
_BARE = re.compile(
    r"[\W_]*(?:(?:it|that|this|there|the|answer|is|should|must|be|s|so|then|rather|make|actually|i|meant?|are|just|only|now"
    r"|to|say|write|have|been|option|final|correct|one|right)\b[\W_]*){0,8}",
    re.IGNORECASE,
)
"""What may stand between a correction and the value that it states at once."""
_BEHIND_BARE = re.compile(
    r"(?:\s[^\W\d_]{1,20})?(?:です|でした|だ|である)?[\s*_)\"'”$}]*"
    r"(?:$|[.,;:!—–。，；！\n-]|\s(?:because|since|as|in total|instead)\b)"
)
_BOOLEAN_LEAD = re.compile(r"^[\s,.:;，。：；–—-]+|[:：]\s?|是(?!否)[：:]?")
_OPEN_END = re.compile(r"[(\[（]?$")
_EQUATION = re.compile("[=≈]")
_LONGEST_BARE = 6
_MOST_TURNS = 40


class Shift(StrEnum):
    """What a text does behind a stated answer."""

    RETRACTION = "retractions"
    AMENDMENT = "amendments"
    ALTERNATIVE = "alternatives"
    CHECK = "checks"


_AT_ONCE = frozenset({Shift.AMENDMENT, Shift.ALTERNATIVE})
"""The shifts of which only the first sentence counts."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What stands of an answer in the end."""

    candidate: Candidate | None
    """The answer; None where it was taken back."""
    withdrawn: tuple[str, ...] = ()
    """The answers that were taken back."""


def review_answer(passage: Passage, found: Candidate, answer_type: AnswerType) -> Revision:
    """Revise an answer by what the text says behind it, up to the end of the passage.

    Args:
        passage: the whole text in which the answer stands.
        found: the answer.
        answer_type: its type.
    """
    current: Candidate | None = found
    withdrawn: list[str] = []
    if _is_refuted(passage, found):
        return Revision(None, (found.answer,))
    for shift, part in _list_turns(passage, found.end, answer_type):
        before = current.answer if current is not None else found.answer
        after = _follow(shift, part, current or found, answer_type)
        if after is current:
            continue
        is_open = after is not None and after.is_hedged
        if (
            current is not None
            and not is_open
            and (after is None or not is_same(answer_type, before, after.answer, passage.choices))
        ):
            withdrawn.append(before)
        current = after
    return Revision(current, tuple(withdrawn))


def _is_refuted(passage: Passage, found: Candidate) -> bool:
    """Whether the text says behind an answer that this answer is wrong: `8 is wrong`."""
    place = passage.text.find(found.answer, found.end, passage.end)
    while place >= 0:
        end = place + len(found.answer)
        is_word = not passage.text[place - 1].isalnum()
        if is_word and passage.cues.excluded.match(passage.text, end, passage.end):
            return True
        place = passage.text.find(found.answer, end, passage.end)
    return False


def _list_turns(passage: Passage, start: int, answer_type: AnswerType) -> Iterator[tuple[Shift, Passage]]:
    """List the turns behind a place, each with what follows it up to the next."""
    turns = [
        match
        for match in passage.cues.turn.finditer(passage.text, start, passage.end)
        if not (answer_type is AnswerType.BOOLEAN and match[0].lower() == "no")
    ][:_MOST_TURNS]
    ends = [*(match.start() for match in turns[1:]), passage.end][: len(turns)]
    for match, end in zip(turns, ends, strict=True):
        yield Shift(match.lastgroup or ""), replace(passage, start=match.end(), end=end)


def _follow(shift: Shift, part: Passage, current: Candidate, answer_type: AnswerType) -> Candidate | None:
    """Decide what stands behind a turn."""
    stated = _find_stated(shift, part, answer_type)
    if shift is Shift.ALTERNATIVE:
        return current if stated is None else _join_answers(part, current, stated, answer_type)
    text, cues = part.text, part.cues
    if stated is not None:
        is_back = is_same(answer_type, stated.answer, current.answer, part.choices)
        is_back = is_back or (shift is Shift.CHECK and answer_type not in _PICKED and current.answer in stated.answer)
        return current if is_back else replace(stated, rule=current.rule)
    if shift is Shift.AMENDMENT:
        first = next(iter(list_sentences(text, part.start, part.end)), (part.start, part.start))
        return None if _is_denied(part, *first) else current
    if _is_denied(part, part.start, part.end) or _is_denied(part, max(current.end, part.start - 24), part.start):
        return None
    if cues.confirmation.search(text, part.start, part.end):
        return current
    return _leave_open(shift, part, current, answer_type)


def _join_answers(part: Passage, current: Candidate, other: Candidate, answer_type: AnswerType) -> Candidate:
    """Join two answers of which the text prefers none."""
    if is_same(answer_type, current.answer, other.answer, part.choices):
        return current
    return replace(current, answer=part.text[current.start : other.end], end=other.end, is_hedged=True)


def _is_denied(part: Passage, start: int, end: int) -> bool:
    return part.cues.denial.search(part.text, start, end) is not None


def _leave_open(shift: Shift, part: Passage, current: Candidate, answer_type: AnswerType) -> Candidate:
    """Leave an answer open where a text goes on counting behind a turn and does not come back to it."""
    words = part.text[part.start : part.end]
    if answer_type is not AnswerType.NUMBER:
        is_open = shift is Shift.RETRACTION and re.search(r"\w", words) is not None
        return replace(current, is_hedged=True) if is_open else current
    values, own = list_values(words), list_values(current.answer)
    is_back = bool(own) and own[-1] in (values if shift is Shift.CHECK else values[-1:])
    if not values or is_back or (shift is Shift.CHECK and values[-1] in list_values(part.text[: current.start])):
        return current
    end = part.start + len(words.rstrip())
    return replace(current, answer=part.text[current.start : end].strip(), end=end, is_hedged=True)


def _find_stated(shift: Shift, part: Passage, answer_type: AnswerType) -> Candidate | None:
    """Find the last answer that a part states; behind an amendment only what follows it at once."""
    sentences = list_sentences(part.text, part.start, part.end)
    for place, span in reversed(list(enumerate(sentences[:1] if shift in _AT_ONCE else sentences))):
        if is_question(part.text, span):
            continue
        sentence = replace(part, start=span[0], end=span[1])
        if answer_type is AnswerType.NUMBER:
            found = _state_number(shift, sentence, is_first=place == 0)
        elif answer_type is AnswerType.CHOICE:
            found = _state_option(sentence, is_first=place == 0)
        elif answer_type is AnswerType.BOOLEAN:
            found = _state_boolean(sentence)
        elif answer_type in _TYPED:
            found = pick_only(sentence, answer_type)
            found = found if found and (found.is_stated or _is_bare(sentence, found)) else None
        else:
            found = _state_text(sentence, is_first=place == 0)
        if found is not None and not found.is_negated:
            return found
    return None


def _is_bare(sentence: Passage, found: Candidate) -> bool:
    """Whether a value is all that a sentence begins with."""
    bare = _BARE.fullmatch(sentence.text, sentence.start, found.start)
    return bare is not None and _BEHIND_BARE.match(sentence.text, found.end, sentence.end) is not None


def _state_number(shift: Shift, sentence: Passage, *, is_first: bool) -> Candidate | None:
    found = pick_in_sentence(sentence)
    if found is None:
        return None
    if shift is Shift.ALTERNATIVE:
        return found if _is_bare(sentence, found) else None
    if shift is Shift.CHECK:
        is_calculation = _EQUATION.search(sentence.text, sentence.start, sentence.end) is not None
        return found if found.is_concluded or (found.is_stated and not is_calculation) else None
    return found if found.is_stated or found.is_concluded or (is_first and _is_bare(sentence, found)) else None


def _state_option(sentence: Passage, *, is_first: bool) -> Candidate | None:
    text = sentence.text[sentence.start : sentence.end]
    bare = _BARE.match(text)
    begin = bare.end() - len(_OPEN_END.search(bare[0])[0]) if bare else 0  # type: ignore[index]
    for start in dict.fromkeys((begin, 0)):
        mention = find_option(text[start:], sentence.choices)
        if mention is not None and (
            is_first or bare is None or mention.start + start <= bare.end() + 2 or "ption" in text
        ):
            found = make_mention(sentence, sentence.start + start, mention)
            return replace(found, is_hedged=len(mention.letters) > 1)
    return None


def _state_boolean(sentence: Passage) -> Candidate | None:
    text = sentence.text[sentence.start : sentence.end]
    leads = [match.end() for match in _BOOLEAN_LEAD.finditer(text)]
    for lead in dict.fromkeys((*reversed(leads), 0)):
        mention = find_boolean(text[lead:])
        if mention is not None:
            return make_mention(sentence, sentence.start + lead, mention)
    return None


def _state_text(sentence: Passage, *, is_first: bool) -> Candidate | None:
    """Find a short text that a sentence is, or that stands behind the words of a result."""
    text = sentence.text[sentence.start : sentence.end]
    bare = _BARE.match(text)
    start = sentence.start + (bare.end() if bare else 0)
    found = pick_whole(replace(sentence, start=start))
    is_short = found is not None and len(found.answer.split()) <= _LONGEST_BARE
    is_led = bare is not None and re.search(r"\w", bare[0]) is not None
    is_word = found is not None and found.answer[:1].isalnum() and (found.answer[:1].isupper() or is_led)
    return found if is_short and is_word and (is_first or is_led) else None
