"""The blind check: whether the answer of a hinted sample follows from its reasoning, without the hint.

The reasoning goes back to the teacher up to where it states the answer, and the teacher is asked for the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ...schemas.problem import Problem
from ...schemas.reasons import Reason
from ...schemas.recipe import Verify
from ...schemas.sample import Part, Span
from ..patterns import SearchError
from ..text.traces import join_parts
from .answers import ComparisonOutcome, compare_safely
from .reading import GUESSED, find_gold, read_answer

_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)\]*]*\s+|\n+|(?<=[。！？])")
"""Where a sentence begins: at the end of the match."""
_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<=[，；：、])|\s(?=(?:so|thus|hence|therefore)\b)", re.IGNORECASE)
"""Where a clause begins within a sentence."""
_HEADING = re.compile(
    r"\W*(?:(?:the|so|my|la|die|le|final[ea]?)\W+){0,3}"
    r"(?:(?:respuesta|réponse|antwort|answer|solution|result)\W*|(?:最终答案|答案|答え)\W*)?",
    re.IGNORECASE,
)
"""What is left of an answer that was cut off: a heading above it, an opening bracket, an empty line."""
_LONGEST_HEADING = 40
_MOST_HEADINGS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class BlindFinding:
    """What the blind check of a sample found."""

    predicted: str | None = None
    """The answer as read from the teacher's words."""
    reason: Reason | None = None
    """Why the sample is dropped; None where the answer followed."""
    detail: str | None = None
    """What came instead."""


def cut_before_answer(
    problem: Problem, *, text: str | None, reasoning: str | None, span: Span | None, answer_part: Part | None
) -> str | None:
    """Cut the rationale of a right answer before it states the answer.

    Reasoning and text are each cut at the sentence that states the gold answer for the first time. Of that sentence the
    clauses stay that stand before the first mention of the gold answer.

    Args:
        problem: the question and its gold answer.
        text: the text of the sample.
        reasoning: its reasoning, where it was told apart.
        span: where its final answer stands, as judged.
        answer_part: in which part.

    Returns:
        The rationale, or None where nothing is left of it.
    """
    parts = {Part.REASONING: reasoning or "", Part.TEXT: text or ""}
    if span is not None and answer_part is not None:
        parts[answer_part] = _cut_sentence(problem, parts[answer_part], span.start)
    cut = {part: _cut_statements(problem, words) for part, words in parts.items()}
    return join_parts(cut[Part.REASONING] or None, cut[Part.TEXT]).strip() or None


def _cut_statements(problem: Problem, text: str) -> str:
    """Cut a text before the first sentence that states the gold answer behind a mark."""
    begins = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    for begin, end in pairwise(begins):
        sentence = text[begin:end]
        reading = read_answer(sentence, problem.answer_type, problem.choices, last_resort=False)
        is_stated = reading is not None and reading.rule not in GUESSED and not reading.is_hedged
        if reading is not None and is_stated and _is_gold(problem, reading.answer):
            return _clean_end(text[: _find_clause(problem, text, begin, begin + reading.span.start)])
    return _clean_end(text)


def _is_gold(problem: Problem, answer: str) -> bool:
    compared = compare_safely(problem.answer or "", answer, problem.answer_type, problem.choices)
    return compared.outcome is ComparisonOutcome.EQUAL


def _cut_sentence(problem: Problem, text: str, answer: int) -> str:
    """Cut a text at the sentence in which its answer stands, at this character."""
    begin = max((match.end() for match in _SENTENCE.finditer(text, 0, answer)), default=0)
    return text[: _find_clause(problem, text, begin, answer)]


def _find_clause(problem: Problem, text: str, begin: int, answer: int) -> int:
    """Find the clause of a sentence that states the answer, or an earlier one that mentions it."""
    clauses = [begin, *(match.end() for match in _CLAUSE.finditer(text, begin, answer))]
    for start, end in pairwise(clauses):
        if find_gold(text[start:end], problem.answer or "", problem.answer_type, problem.choices) is not None:
            return start
    return clauses[-1]


def _clean_end(text: str) -> str:
    """Clean the end of a text that was cut: no heading without its content, no opening bracket."""
    text = text.rstrip()
    for _ in range(_MOST_HEADINGS):
        before, _, line = text.rpartition("\n")
        if len(line) > _LONGEST_HEADING or not _HEADING.fullmatch(line):
            break
        text = before.rstrip()
    return text


def check_blind(problem: Problem, blind_text: str | None, rationale: str | None, policy: Verify) -> BlindFinding:
    """Check what the teacher answered without the hint.

    Law 2: an answer that can't be compared is unverifiable, and no failure of the sample.

    Args:
        problem: the question and its gold answer.
        blind_text: what the teacher answered; None where it was not asked.
        rationale: what it was or would have been shown, see `cut_before_answer`.
        policy: the pattern of an answer, and the longest text.
    """
    if blind_text is None:
        missing = "the teacher was not asked again without the hint"
        return _fail(missing if rationale else "it has no reasoning before its answer")
    if len(blind_text) > policy.max_characters:
        detail = f"blind check: {len(blind_text):,} characters; verify.max_characters is {policy.max_characters:,}"
        return BlindFinding(reason=Reason.UNVERIFIABLE, detail=detail)
    try:
        reading = read_answer(
            blind_text, problem.answer_type, problem.choices, policy.pattern, last_resort=policy.last_resort
        )
    except SearchError as error:
        return BlindFinding(reason=Reason.CHECK_FAILED, detail=f"blind check: {error.message}")
    if reading is None:
        return _fail("no answer follows from its reasoning without the hint")
    compared = compare_safely(
        problem.answer or "", reading.answer, problem.answer_type, problem.choices, policy.tolerance
    )
    outcome = ComparisonOutcome.UNDECIDED if reading.is_hedged else compared.outcome
    reason, words = _OUTCOMES[outcome]
    shown = words.format(answer=reading.answer, gold=problem.answer, detail=compared.detail)
    return BlindFinding(predicted=reading.answer, reason=reason, detail=shown or None)


def _fail(detail: str) -> BlindFinding:
    return BlindFinding(reason=Reason.BLIND_CHECK_FAILED, detail=detail)


_OUTCOMES: Mapping[ComparisonOutcome, tuple[Reason | None, str]] = {
    ComparisonOutcome.EQUAL: (None, ""),
    ComparisonOutcome.DIFFERENT: (
        Reason.BLIND_CHECK_FAILED, "without the hint, its reasoning leads to {answer}; gold {gold}"
    ),
    ComparisonOutcome.UNDECIDED: (Reason.UNVERIFIABLE, "blind check: read {answer}; gold {gold}"),
    ComparisonOutcome.HEDGED: (Reason.UNVERIFIABLE, "blind check: {detail}"),
    ComparisonOutcome.FAILED: (Reason.CHECK_FAILED, "blind check: {detail}"),
}  # fmt: skip
"""What each outcome of the comparison does to the sample, and the words for it."""
