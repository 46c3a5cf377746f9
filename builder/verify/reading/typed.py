"""Pick the date, time or ratio that a passage states among other words."""

import re
from collections.abc import Mapping
from dataclasses import replace

from ....schemas.problem import AnswerType
from .candidates import Candidate, Passage
from .sentences import list_sentences
from .words import pick_text

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_HALF = r"(?:[ap]m\b|[ap]\.\s?m\b\.?)"
_PATTERNS: Mapping[AnswerType, re.Pattern[str]] = {
    AnswerType.RATIO: re.compile(
        r"(?<![\d.:：])\d{1,9}(?:\.\d{1,6})?(?:\s?[:：∶]\s?\d{1,9}(?:\.\d{1,6})?){1,5}(?![\d:])"
        r"|(?<!\d)\d{1,9} to \d{1,9}(?!\d)|(?<!\d)\d{1,9}[比対]\d{1,9}"
    ),
    AnswerType.TIME: re.compile(
        rf"(?<![\d:])\d{{1,2}}[:.]\d{{2}}(?::\d{{2}})?(?:\s?{_HALF})?(?![\d:])|(?<!\d)\d{{1,2}}\s?{_HALF}"
        r"|(?<!\d)\d{1,2}\s?h(?:\s?\d{2})?(?!\w)|(?<!\d)\d{1,2} o['’]clock|\b(?:noon|midnight)\b"
        r"|(?:上午|下午|晚上|早上|凌晨|中午|午前|午後)?\d{1,2}[点點时時](?:\d{1,2}分|半|[一三]刻)?"
        r"|(?<!\d)\d{1,2}(?:[:.]\d{2})? Uhr(?: \d{2})?",
        re.IGNORECASE,
    ),
    AnswerType.DATE: re.compile(
        rf"(?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d)|(?<!\d)\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}(?!\d)"
        rf"|\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?!\d)"
        rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?(?:,? \d{{4}})?(?!\d)"
        r"|(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号號]",
        re.IGNORECASE,
    ),
}
"""What values of these types look like."""


def pick_typed(passage: Passage, answer_type: AnswerType) -> Candidate | None:
    """Pick the only value of the type in the first sentence that has one, else the whole line."""
    for start, end in list_sentences(passage.text, passage.start, passage.end):
        found = pick_only(replace(passage, start=start, end=end), answer_type)
        if found is not None:
            return found
    return pick_text(passage)


def pick_only(passage: Passage, answer_type: AnswerType) -> Candidate | None:
    """Pick the only value of the type in a sentence, or the one behind the words of a result; None where none is."""
    text, cues = passage.text, passage.cues
    found = [
        match
        for match in _PATTERNS[answer_type].finditer(text, passage.start, passage.end)
        if not cues.exclusion.search(text[max(passage.start, match.start() - 32) : match.start()])
        and not cues.excluded.match(text, match.end())
    ]
    results = [
        match for match in found if cues.result.search(text[max(passage.start, match.start() - 48) : match.start()])
    ]
    openings = [match.end() for match in cues.opening.finditer(text, passage.start, passage.end)]
    concluded = [match for match in found if openings and match.start() > openings[-1]]
    if len({match[0] for match in found}) > 1:
        found = results[-1:] or (concluded if len(concluded) == 1 else [])
    if not found:
        return None
    is_direct = not re.search(r"\w", text[passage.start : found[0].start()])
    return Candidate(
        answer=found[0][0],
        start=found[0].start(),
        end=found[0].end(),
        rule=passage.rule,
        is_direct=is_direct,
        is_stated=found[0] in results,
    )
