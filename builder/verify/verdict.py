"""Find the final answer of a sample, and its verdict: by a comparison, or by what others found about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...schemas.problem import JUDGED_OUTSIDE, AnswerType, Problem
from ...schemas.reasons import Verdict
from ...schemas.recipe import Verify
from ...schemas.sample import ExternalFinding, Grade, GradeQuestion, Hint, Part, Votes
from .answers import Comparison, ComparisonOutcome, compare_safely
from .graded import OutsideFinding, decide_outside
from .gym import score_answer
from .reading import GUESSED, Reading, find_gold, read_answer

_VERDICTS: Mapping[ComparisonOutcome, Verdict] = {
    ComparisonOutcome.EQUAL: Verdict.CORRECT,
    ComparisonOutcome.DIFFERENT: Verdict.WRONG,
    ComparisonOutcome.UNDECIDED: Verdict.UNVERIFIABLE,
    ComparisonOutcome.HEDGED: Verdict.UNVERIFIABLE,
    ComparisonOutcome.FAILED: Verdict.CHECK_FAILED,
}

_MANY = frozenset({AnswerType.LIST, AnswerType.SET, AnswerType.EXPRESSION})
"""The types whose answers may have several parts, so that several values leave nothing open."""

CUT_OFF = "length"
"""The finish reason of an answer that was cut off at its token limit."""

AT_THE_LIMIT = "the teacher was cut off at its token limit"
"""The detail of such an answer."""
_NO_GOLD = "the problem has no gold answer"


FoundVerdict = tuple[Reading | None, Part, Verdict, str | None]
"""A reading, its part, and the verdict with its detail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundAnswer:
    """What was found about the final answer."""

    found: FoundVerdict
    """The reading, its part, the verdict and its detail."""
    votes: Votes | None = None
    """The votes of a grading model."""
    question: GradeQuestion | None = None
    """What the model is still to be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleFacts:
    """What is known of a sample besides its texts."""

    finish_reason: str | None = None
    """Why generation stopped."""
    hint: Hint = Hint.NONE
    """Whether the teacher was shown the gold answer."""
    grades: Sequence[Grade] = ()
    """What a grading model wrote about it."""
    external: ExternalFinding | None = None
    """What a command of the user's found about it."""


def find_answer(
    problem: Problem, parts: Mapping[Part, str], facts: SampleFacts, policy: Verify, pattern: str | None = None
) -> FoundAnswer:
    """Find the final answer of a sample and its verdict.

    Args:
        problem: the question and its gold answer.
        parts: the texts of the sample.
        facts: what else is known of it.
        policy: how answers are checked.
        pattern: see `read_answer`; by default the policy's pattern.

    Raises:
        PatternError: the pattern can't be used.
        SearchError: it takes too much work on this text.
    """
    if problem.answer_type in JUDGED_OUTSIDE:
        return _take_finding(
            parts, facts, policy, decide_outside(problem.answer_type, parts, facts.grades, facts.external)
        )
    reading, part = _read_parts(problem, parts, pattern or policy.pattern, last_resort=policy.last_resort)
    found = (reading, part, *_decide_verdict(problem, reading, facts, policy))
    if policy.answer != "in_response":
        found = _RELAX[policy.answer](problem, parts, found)
    return FoundAnswer(found=found)


def _take_finding(
    parts: Mapping[Part, str], facts: SampleFacts, policy: Verify, outside: OutsideFinding
) -> FoundAnswer:
    """Take what others found about an answer, unless it was cut off, or the recipe wants no verdict."""
    if facts.finish_reason == CUT_OFF:
        return FoundAnswer(found=(None, Part.TEXT, Verdict.TRUNCATED, AT_THE_LIMIT))
    if policy.answer == "unchecked" and Part.TEXT in parts:
        return FoundAnswer(found=(None, Part.TEXT, Verdict.UNCHECKED, None))
    found = (None, Part.TEXT, outside.verdict, outside.detail)
    return FoundAnswer(found=found, votes=outside.votes, question=outside.question)


def _decide_verdict(
    problem: Problem, reading: Reading | None, facts: SampleFacts, policy: Verify
) -> tuple[Verdict, str | None]:
    if facts.finish_reason == CUT_OFF:
        return Verdict.TRUNCATED, AT_THE_LIMIT
    if reading is None:
        is_guessable = policy.pattern is None and problem.answer_type is not AnswerType.TEXT
        limit = "" if policy.last_resort or not is_guessable else ", and verify.last_resort is false"
        return Verdict.NO_ANSWER, f"no final answer was found{limit}"
    if problem.answer is None:
        return _decide_without_gold(problem, reading, policy, facts.hint)
    comparison = _compare_gold(problem, reading.answer, policy)
    if reading.is_hedged and problem.answer_type not in _MANY and comparison.outcome is ComparisonOutcome.EQUAL:
        return Verdict.UNVERIFIABLE, f"the text leaves its answer open: {reading.answer[:80]}"
    return _VERDICTS[comparison.outcome], comparison.detail or f"gold {problem.answer}, read {reading.answer}"


def _compare_gold(problem: Problem, answer: str, policy: Verify) -> Comparison:
    """Compare an answer with the gold answer, or have it scored where the type says by whom."""
    if problem.answer_type == AnswerType.REASONING_GYM:
        return score_answer(problem, answer)
    return compare_safely(problem.answer or "", answer, problem.answer_type, problem.choices, policy.tolerance)


def _decide_without_gold(problem: Problem, reading: Reading, policy: Verify, hint: Hint) -> tuple[Verdict, str | None]:
    """Decide about a text whose answer nothing can be compared with: at best it agrees with other samples, later."""
    if policy.consensus is None:
        return Verdict.UNVERIFIABLE, f"{_NO_GOLD}; verify.consensus asks for the agreement of samples"
    if hint is Hint.HINTED:
        return Verdict.UNVERIFIABLE, f"{_NO_GOLD}, and the sample was given a hint: it agrees with the hint"
    if reading.is_hedged and problem.answer_type not in _MANY:
        return Verdict.UNVERIFIABLE, f"the text leaves its answer open: {reading.answer[:80]}"
    return Verdict.NO_CONSENSUS, f"{_NO_GOLD}, and one sample agrees with no other"


def _read_parts(
    problem: Problem, parts: Mapping[Part, str], pattern: str | None, *, last_resort: bool
) -> tuple[Reading | None, Part]:
    """Read the final answer from the text, and where it states none, from the reasoning."""
    for part in (Part.TEXT, Part.REASONING):
        text = parts.get(part)
        if text is not None:
            reading = read_answer(text, problem.answer_type, problem.choices, pattern, last_resort=last_resort)
            if reading is not None:
                return reading, part
    return None, Part.TEXT


def _search_anywhere(problem: Problem, parts: Mapping[Part, str], found: FoundVerdict) -> FoundVerdict:
    """Search the gold answer in both parts, unless the response states an answer that could be compared."""
    reading, part, verdict, _ = found
    is_stated = reading is not None and reading.rule not in GUESSED
    if (
        problem.answer is None
        or verdict is Verdict.TRUNCATED
        or (is_stated and verdict in {Verdict.CORRECT, Verdict.WRONG})
    ):
        return found
    for part in (Part.TEXT, Part.REASONING):
        gold = find_gold(parts.get(part, ""), problem.answer or "", problem.answer_type, problem.choices)
        if gold is not None:
            return gold, part, Verdict.CORRECT, None
    return None, Part.TEXT, Verdict.NO_ANSWER, f"gold {problem.answer} is nowhere in the rationale"


def _leave_unchecked(_problem: Problem, parts: Mapping[Part, str], found: FoundVerdict) -> FoundVerdict:
    """Leave the answer unchecked, unless there is none: it was cut off, or ended within its reasoning."""
    reading, part, verdict, _ = found
    if verdict is Verdict.TRUNCATED:
        return found
    if Part.TEXT not in parts:
        return None, Part.TEXT, Verdict.NO_ANSWER, "the answer ends within its reasoning"
    is_stated = reading is not None and reading.rule not in GUESSED
    return reading if is_stated else None, part, Verdict.UNCHECKED, None


_RELAX: Mapping[str, Callable[[Problem, Mapping[Part, str], FoundVerdict], FoundVerdict]] = {
    "anywhere": _search_anywhere,
    "unchecked": _leave_unchecked,
}
"""What the values of `verify.answer` do to the verdict of a strict check."""
