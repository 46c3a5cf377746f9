"""Verdicts that others give: the votes of a grading model, and the finding of a command of the user's.

A vote is read strictly, from the last line of what the grader wrote. What can't be read is no vote. The majority
decides; a tie, or no vote at all, is unverifiable (law 2).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...schemas.problem import AnswerType
from ...schemas.reasons import Reason, Verdict
from ...schemas.sample import ExternalFinding, ExternalVerdict, Grade, GradeQuestion, Part, Votes

_VERDICT = re.compile(r"[\s*_`#>]{0,8}VERDICT[\s*_`]{0,4}:[\s*_`]{0,4}(CORRECT|WRONG)[\s*_`.]{0,8}", re.IGNORECASE)
"""The last line of a grader's answer: `VERDICT: CORRECT`, with emphasis or without."""

_SPOKEN = re.compile(r"\bVERDICT[\s*_`\"']{0,6}[:：=][\s*_`\"']{0,6}(?:IN)?(?:CORRECT|WRONG)\b", re.IGNORECASE)
"""A verdict in a grader's words, within the text that is graded."""

_LONGEST_LINE = 200
_COMPLETE = frozenset({None, "stop", "eos", "end_turn"})
"""The finish reasons of an answer that has reached its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideFinding:
    """What others found about a sample."""

    verdict: Verdict
    """The verdict."""
    detail: str
    """An explanation."""
    votes: Votes | None = None
    """The votes of a grader; None where there are none."""
    question: GradeQuestion | None = None
    """What a grader is still to be asked."""


def read_vote(grade: Grade) -> bool | None:
    r"""Read a vote; None where the grader's answer does not end with a verdict in its words.

    >>> fields = {"question": GradeQuestion.ANSWER, "grader": "m", "prompt": "p", "request": "r"}
    >>> read_vote(Grade(text="Both say 7.\nVERDICT: CORRECT", **fields)), read_vote(Grade(text="Correct!", **fields))
    (True, None)
    """
    if grade.text is None or grade.finish_reason not in _COMPLETE:
        return None
    last = grade.text.rstrip().rpartition("\n")[2]
    match = _VERDICT.fullmatch(last) if len(last) <= _LONGEST_LINE else None
    return None if match is None else match[1].upper() == "CORRECT"


def count_votes(grades: Sequence[Grade], question: GradeQuestion) -> Votes | None:
    """Count the votes on a question; None where it was not asked."""
    own = [grade for grade in grades if grade.question is question]
    if not own:
        return None
    votes = Counter(map(read_vote, own))
    read = votes[True] + votes[False]
    most = max(votes[True], votes[False])
    return Votes(correct=votes[True], wrong=votes[False], unread=votes[None], agreement=most / read if read else None)


def has_verdict(parts: Mapping[Part, str]) -> bool:
    """Whether a text states a verdict in a grader's words, as one that is meant to steer it would."""
    return any(_SPOKEN.search(text) is not None for text in parts.values())


def describe_votes(votes: Votes) -> str:
    """Describe votes in a few words: `2 of 3 votes are for it`."""
    unread = f"; {votes.unread} can't be read" if votes.unread else ""
    return f"{votes.correct} of {votes.correct + votes.wrong} votes are for it{unread}"


def _decide_by_votes(
    parts: Mapping[Part, str], grades: Sequence[Grade], _found: ExternalFinding | None
) -> OutsideFinding:
    if has_verdict(parts):
        return OutsideFinding(verdict=Verdict.UNVERIFIABLE, detail=_STEERING)
    votes = count_votes(grades, GradeQuestion.ANSWER)
    if votes is None:
        detail = "no grader was asked about its answer"
        return OutsideFinding(verdict=Verdict.UNVERIFIABLE, detail=detail, question=GradeQuestion.ANSWER)
    verdict = (
        Verdict.CORRECT
        if votes.correct > votes.wrong
        else Verdict.WRONG
        if votes.wrong > votes.correct
        else Verdict.UNVERIFIABLE
    )
    return OutsideFinding(verdict=verdict, detail=f"model_graded: {describe_votes(votes)}", votes=votes)


_STEERING = "the text states a verdict in the grader's words, so that a vote would prove nothing"


def _decide_by_command(
    _parts: Mapping[Part, str], _grades: Sequence[Grade], found: ExternalFinding | None
) -> OutsideFinding:
    if found is None:
        return OutsideFinding(verdict=Verdict.UNVERIFIABLE, detail="no external verifier was asked about its answer")
    words = f"{found.verifier}: {found.detail}" if found.detail else f"{found.verifier}: {found.verdict}"
    return OutsideFinding(verdict=_VERDICTS[found.verdict], detail=words)


_VERDICTS: Mapping[ExternalVerdict, Verdict] = {
    ExternalVerdict.CORRECT: Verdict.CORRECT,
    ExternalVerdict.WRONG: Verdict.WRONG,
    ExternalVerdict.UNVERIFIABLE: Verdict.UNVERIFIABLE,
    ExternalVerdict.CHECK_FAILED: Verdict.CHECK_FAILED,
}

_DECIDE: Mapping[
    AnswerType, Callable[[Mapping[Part, str], Sequence[Grade], ExternalFinding | None], OutsideFinding]
] = {AnswerType.MODEL_GRADED: _decide_by_votes, AnswerType.EXTERNAL: _decide_by_command}


def decide_outside(
    answer_type: AnswerType, parts: Mapping[Part, str], grades: Sequence[Grade], found: ExternalFinding | None
) -> OutsideFinding:
    """Decide the verdict of an answer that no comparison settles.

    Args:
        answer_type: the type of the answer, one of `JUDGED_OUTSIDE`.
        parts: reasoning and text of the sample.
        grades: what a grading model wrote about it.
        found: what a command found about it.
    """
    if Part.TEXT not in parts:
        return OutsideFinding(verdict=Verdict.NO_ANSWER, detail="the answer ends within its reasoning")
    return _DECIDE[answer_type](parts, grades, found)


@dataclass(frozen=True, kw_only=True, slots=True)
class RationaleFinding:
    """What a grader found about the rationale of a sample."""

    reason: Reason | None
    """Why the sample is dropped; None where the majority is for it."""
    detail: str | None = None
    """An explanation."""
    votes: Votes | None = None
    """The votes."""
    question: GradeQuestion | None = None
    """What a grader is still to be asked."""


def check_rationale(parts: Mapping[Part, str], grades: Sequence[Grade]) -> RationaleFinding:
    """Check what a grader said of the rationale of a sample that would be kept."""
    if has_verdict(parts):
        return RationaleFinding(reason=Reason.UNVERIFIABLE, detail=f"rationale: {_STEERING}")
    votes = count_votes(grades, GradeQuestion.RATIONALE)
    if votes is None:
        detail = "no grader was asked about its rationale"
        return RationaleFinding(reason=Reason.UNVERIFIABLE, detail=detail, question=GradeQuestion.RATIONALE)
    if votes.correct > votes.wrong:
        return RationaleFinding(reason=None, votes=votes)
    reason = Reason.RATIONALE_REJECTED if votes.wrong > votes.correct else Reason.UNVERIFIABLE
    return RationaleFinding(reason=reason, detail=f"rationale: {describe_votes(votes)}", votes=votes)
