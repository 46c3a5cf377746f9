r"""Read the final answer of a text: the answer, its span, and the rule that found it.

The order of rules: the recipe's pattern, which replaces all others; the marks (`\boxed{18}`, "the answer is 18" in any
language, `#### 18`, `[ANSWER] 18`, `--> 18 END`), of which the last that states something counts; then the last resort:
`-->` on the last line, what is bold in the last line, the last sentence, a text that is or begins with its answer. What
the text says behind an answer may withdraw it (see `corrections`). A thought is read where the response states nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from ....schemas.problem import AnswerType
from ....schemas.sample import Span
from ...languages import ENGLISH, detect_language
from ...patterns import find_last_match
from .candidates import Candidate, Passage, Reading, StatedAnswer
from .corrections import Revision, review_answer
from .cues import choose_cues
from .kinds import PICK, is_same
from .marks import find_arrow, find_statements
from .sentences import list_sentences
from .short_way import read_shortly
from .unmarked import WHOLE, read_unmarked

_THOUGHT_END = re.compile(r"</\s?(?:think|thinking|thought|reasoning)\s?>", re.IGNORECASE)
_DIGIT, _WORD, _LATIN = re.compile(r"\d"), re.compile(r"\w+"), re.compile(r"[A-Za-z0-9_]")
_MOST_BESIDES = 1
"""The most words, such as a unit, beside an answer in a text that is nothing but it."""
_SENTENCE_START = re.compile(r"[.!?。！？\n]\s*")
_BREAKS = frozenset("\n。；;")
"""A mark that begins with one of these begins a sentence."""
_HEARSAY_WINDOW = 80
_NARROW = 24
_LANGUAGE_WINDOW = 400
_NEGATIVE = re.compile(r"\bnot\b|n['’]t\b|不|没|ない", re.IGNORECASE)
_WORDY = frozenset({AnswerType.CHOICE, AnswerType.BOOLEAN})


def read_answer(
    text: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None = None,
    pattern: str | None = None,
    *,
    last_resort: bool = True,
) -> Reading | None:
    """Find the final answer of a text.

    Args:
        text: the output of a teacher or a student.
        answer_type: the type of answer to find.
        choices: the options of a multiple-choice question.
        pattern: a regular expression with one group; its last match is the answer. No other rule applies.
        last_resort: read a text without a mark, too, although it says more than its answer.

    Returns:
        The reading, or None where the text states no answer, or takes back what it states.

    Raises:
        PatternError: the pattern can't be used.
        SearchError: it takes too much work on this text.

    >>> read_answer("3 + 4 = 7 pens. The answer is 7 pens.", AnswerType.NUMBER).answer
    '7'
    >>> read_answer("The answer is 8. Wait, one is missing. It should be 9.", AnswerType.NUMBER).answer
    '9'
    """
    if pattern is not None:
        return _read_by_pattern(text, pattern)
    if answer_type == AnswerType.NUMBER:
        reading = read_shortly(text)
        if reading is not None:
            return reading
    return _read_at_length(text, AnswerType(answer_type), choices or (), last_resort=last_resort)


def _read_by_pattern(text: str, pattern: str) -> Reading | None:
    _, span = find_last_match(pattern, text) or (None, None)
    answer = text[slice(*span)] if span else ""
    if span is None or not answer.strip():
        return None
    start = span[0] + len(answer) - len(answer.lstrip())
    answer = answer.strip()
    return Reading(answer=answer, span=Span(start=start, end=start + len(answer)), rule="pattern")


def _read_at_length(
    text: str, answer_type: AnswerType, choices: tuple[str, ...], *, last_resort: bool
) -> Reading | None:
    """Read a response, and where it states nothing, the thought before it."""
    ends = list(_THOUGHT_END.finditer(text)) if "</" in text else []
    if not ends:
        return _read_part(text, answer_type, choices, last_resort=last_resort)[0]
    thought, start = text[: ends[-1].start()], ends[-1].end()
    reading, is_settled = _read_part(text[start:], answer_type, choices, last_resort=last_resort)
    if reading is not None:
        return replace(reading, span=Span(start=reading.span.start + start, end=reading.span.end + start))
    return None if is_settled else _read_part(thought, answer_type, choices, last_resort=last_resort)[0]


def _read_part(
    text: str, answer_type: AnswerType, choices: tuple[str, ...], *, last_resort: bool
) -> tuple[Reading | None, bool]:
    """Read a part of a text; and whether it settles the answer, if only by taking it back."""
    statements = find_statements(text, answer_type)
    cues = choose_cues(text, _list_languages(text, statements))
    passage = Passage(text=text, start=0, end=len(text), rule=WHOLE, cues=cues, choices=choices)
    marked, is_settled = _read_marked(passage, statements, answer_type)
    if is_settled:
        return marked, True
    arrow = find_arrow(text, is_ended=False)
    if arrow is not None:
        candidate = PICK[answer_type](replace(passage, start=arrow.start, end=arrow.end, rule=arrow.rule))
        return (None, False) if candidate is None else (_make_reading(Revision(candidate)), True)
    candidate = read_unmarked(passage, answer_type)
    if candidate is None:
        return None, False
    reading = _make_reading(review_answer(passage, candidate, answer_type))
    return (reading if last_resort or reading is None else _keep_alone(text, reading)), reading is None


def _list_languages(text: str, statements: Sequence[StatedAnswer]) -> set[str]:
    """List the languages that a text states its answer in; of a text without a mark, its own."""
    if statements and text.isascii():
        return {statement.language for statement in statements}
    return {statement.language for statement in statements} | {detect_language(text[-_LANGUAGE_WINDOW:]) or ENGLISH}


def _read_marked(
    passage: Passage, statements: Sequence[StatedAnswer], answer_type: AnswerType
) -> tuple[Reading | None, bool]:
    """Read the last mark that states something; and whether the marks decide, or the text behind them may."""
    excluded: list[str] = []
    vague: Candidate | None = None
    for statement in reversed(_list_own(passage, statements)):
        part = replace(passage, start=statement.start, end=statement.end, rule=statement.rule)
        candidate = PICK[answer_type](part)
        if candidate is None:
            continue
        if candidate.is_negated:
            excluded.append(candidate.answer)
        elif answer_type in _WORDY and not candidate.is_stated:
            vague = vague or candidate
        elif not any(is_same(answer_type, candidate.answer, other, passage.choices) for other in excluded):
            if vague is not None and _NEGATIVE.search(vague.answer):
                break
            if statement.joined is not None:
                candidate = _widen_boxes(passage, statement, candidate)
            return _make_reading(review_answer(passage, candidate, answer_type)), True
    if vague is not None:
        return _make_reading(review_answer(passage, vague, answer_type)), True
    return None, bool(statements) and (bool(excluded) or not _has_more(passage, statements[-1]))


def _widen_boxes(passage: Passage, statement: StatedAnswer, candidate: Candidate) -> Candidate:
    """Widen the answer to all boxes that stand side by side."""
    start, end = statement.joined or 0, statement.end + 1
    return replace(candidate, answer=passage.text[start:end], start=start, end=end, is_hedged=True)


def _has_more(passage: Passage, statement: StatedAnswer) -> bool:
    """Whether sentences stand behind the line of a mark that states nothing."""
    return len(list_sentences(passage.text, statement.start, len(passage.text))) > 1


def _list_own(passage: Passage, statements: Sequence[StatedAnswer]) -> list[StatedAnswer]:
    """List the statements that are the writer's own and about the question that was asked, where there are such."""
    own = [item for item in statements if not _is_hearsay(passage, item) and not _is_excluded(passage, item)]
    asked = [statement for statement in own if not _is_conditional(passage, statement)]
    return asked or own


def _find_sentence_start(text: str, place: int) -> int:
    start = max(0, place - _HEARSAY_WINDOW)
    ends = [match.end() for match in _SENTENCE_START.finditer(text, start, place)]
    return ends[-1] if ends else start


def _is_excluded(passage: Passage, statement: StatedAnswer) -> bool:
    """Whether a box holds what is not the answer."""
    start = max(0, statement.mark - _NARROW)
    return statement.rule == "boxed" and passage.cues.exclusion.search(passage.text, start, statement.mark) is not None


def _is_hearsay(passage: Passage, statement: StatedAnswer) -> bool:
    start, mark = max(0, statement.mark - _HEARSAY_WINDOW), statement.mark
    if passage.text[mark] in _BREAKS:
        return False
    starts = [match.end() for match in passage.cues.contrast.finditer(passage.text, start, mark)]
    return passage.cues.hearsay.search(passage.text, starts[-1] if starts else start, mark) is not None


def _is_conditional(passage: Passage, statement: StatedAnswer) -> bool:
    if passage.text[statement.mark] in _BREAKS:
        return False
    start = _find_sentence_start(passage.text, statement.mark)
    return passage.cues.condition.match(passage.text, start, statement.mark) is not None


def _make_reading(revision: Revision) -> Reading | None:
    found = revision.candidate
    if found is None or not found.answer:
        return None
    return Reading(
        answer=found.answer,
        span=Span(start=found.start, end=found.end),
        rule=found.rule,
        is_hedged=found.is_hedged,
        withdrawn=revision.withdrawn,
    )


def _keep_alone(text: str, reading: Reading) -> Reading | None:
    """Keep what was read of a text without a mark where the text is nothing but that: `18`, `5 apples`, `(B)`."""
    before, behind = text[: reading.span.start], text[reading.span.end :]
    is_cut = _LATIN.match(before[-1:]) or _LATIN.match(behind)  # the 8 of `8ccc9e19`, but not that of `8元`
    rest = f"{before} {behind}"
    is_alone = not is_cut and not _DIGIT.search(rest) and len(_WORD.findall(rest)) <= _MOST_BESIDES
    return replace(reading, rule=WHOLE) if is_alone and "\n" not in text.strip() else None
