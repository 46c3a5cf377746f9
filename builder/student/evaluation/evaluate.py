"""Evaluate: ask a student the problems of its sets, and let the verifier say what its answers are.

Law 2: a check that breaks is `check_failed`, and an answer that is not understood `unverifiable`; neither is right, and
neither is told as wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl
from cotloom.builder.format.templates import AS_IS
from cotloom.builder.progress import track
from cotloom.builder.sources import BARE
from cotloom.builder.student.evaluation.sets import EvalSet, formats_of, gold_of, prompts_of
from cotloom.builder.student.model.chat import prompt_of
from cotloom.builder.student.model.generate import Said, generate, log_likelihood
from cotloom.builder.student.model.student import Student
from cotloom.builder.text.equations import find_equations
from cotloom.builder.verify import Judgement, judge
from cotloom.builder.verify.judge import CUT_OFF
from cotloom.schemas.frames import to_frame
from cotloom.schemas.outcome import Decoding, Outcome
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.sample import StepOutcome
from cotloom.schemas.student import Evaluation

ORDER = ("set", "format", "decoding", "problem_id")
"""What the outcomes of a student are sorted by."""

_STATEMENT = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|and)\b[, ]*)?(?:\bthe )?(?:\bfinal )?\banswer is\b|\[ANSWER\]|-->",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"[.!?][)\"'”’*]*\s+\S")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One problem, put in one way."""

    of: EvalSet
    """The set."""
    format: str
    """The way."""
    problem: Problem
    """The problem."""
    prompt: str
    """What the student reads."""


def evaluate(
    student: Student,
    sets: Sequence[EvalSet],
    evaluation: Evaluation,
    *,
    arm: str,
    seed: int,
    formats: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Ask a student every problem of every set, and judge what it says.

    Each problem is answered greedily; where `evaluation.samples` is more than one, also by the vote of so many sampled
    answers (self-consistency, Wang et al. 2023, section 2).

    Args:
        student: the student.
        sets: what it is asked.
        evaluation: in which formats, and how it answers.
        arm: what it was trained on.
        seed: which of the arm's students it is; the key of its sampled answers too.
        formats: the formats of all sets that are not general, instead of those of `evaluation`.

    Returns:
        Rows of `Outcome`, sorted by set, format, decoding and problem.

    Raises:
        InputError: there are too few demonstrations for a format that shows some.
    """
    asks = asks_of(student, sets, evaluation, formats)
    rows = [*_greedy(student, asks, evaluation, arm, seed), *_voted(student, asks, evaluation, arm, seed)]
    return to_frame(rows, Outcome).sort(*ORDER)


def asks_of(
    student: Student, sets: Sequence[EvalSet], evaluation: Evaluation, formats: Sequence[str] | None = None
) -> list[Ask]:
    """All that a student is asked: each problem of each set, in each of the set's formats."""
    return [
        Ask(of=one, format=form, problem=problem, prompt=prompt_of(student.tokenizer, chat))
        for one in sets
        for form in formats_of(one, formats or evaluation.formats)
        for problem, chat in zip(one.problems, prompts_of(one, form, evaluation.shots), strict=True)
    ]


def _greedy(student: Student, asks: Sequence[Ask], evaluation: Evaluation, arm: str, seed: int) -> Iterator[Outcome]:
    prompts = [ask.prompt for ask in asks]
    said = generate(student, prompts, max_tokens=evaluation.max_tokens, batch_size=evaluation.batch_size)
    golds = _golds(student, asks, evaluation.batch_size)
    for ask, answer, gold in zip(track(asks, "judging the student"), said, golds, strict=True):
        yield outcome(ask, answer, judged(ask, answer), arm=arm, seed=seed, gold_logprob=gold)


def _voted(student: Student, asks: Sequence[Ask], evaluation: Evaluation, arm: str, seed: int) -> Iterator[Outcome]:
    if evaluation.samples == 1:
        return
    said = generate(
        student,
        [ask.prompt for ask in asks for _ in range(evaluation.samples)],
        max_tokens=evaluation.max_tokens,
        batch_size=evaluation.batch_size,
        temperature=evaluation.temperature,
        seed=seed,
    )
    for place, ask in enumerate(track(asks, "counting votes")):
        first = place * evaluation.samples
        yield elected(ask, said[first : first + evaluation.samples], arm=arm, seed=seed)


def _golds(student: Student, asks: Sequence[Ask], batch_size: int) -> list[float | None]:
    """Log-likelihood of each gold answer, in nats; null where the format asks for reasoning before it."""
    golds = [gold_of(ask.problem, ask.format) for ask in asks]
    known = [(place, gold) for place, gold in enumerate(golds) if gold is not None]
    prompts = [asks[place].prompt for place, _ in known]
    found = log_likelihood(student, prompts, [gold for _, gold in known], batch_size=batch_size)
    by_place = {place: value for (place, _), value in zip(known, found, strict=True)}
    return [by_place.get(place) for place in range(len(asks))]


# What an answer is


def judged(ask: Ask, said: Said) -> Judgement:
    """Judge one answer.

    To a question that is put as it stands, a text of its own is the answer where none is marked: no cue asked for a
    mark.
    """
    finish = CUT_OFF if said.truncated else None
    found = judge(ask.problem, said.text, finish_reason=finish)
    bare = ask.format == AS_IS and ask.problem.answer_type is AnswerType.TEXT
    if found.verdict is Verdict.NO_ANSWER and bare:
        return judge(ask.problem, said.text, finish_reason=finish, pattern=BARE)
    return found


def reasoned(text: str) -> bool:
    """Whether a text reasons: an equation, more than one sentence, or words before its final answer.

    >>> reasoned("So the answer is 7."), reasoned("3 + 4 = 7"), reasoned("She has 7 pens, the answer is 7.")
    (False, True, True)
    """
    if find_equations(text):
        return True
    statement = _STATEMENT.search(text)
    before = text[: statement.start()] if statement else ""
    return bool(before.strip()) or _SENTENCE_ENDS.search(text) is not None


def elected(ask: Ask, said: Sequence[Said], *, arm: str, seed: int) -> Outcome:
    """The outcome of a vote: that of the first answer that says what most of them say.

    Answers that could not be read, or were cut off, have no vote; where none has, the first answer stands for all. Its
    tokens are those of all answers.
    """
    found = [judged(ask, one) for one in said]
    place = winner(ask.problem, found)
    chosen = outcome(ask, said[place], found[place], arm=arm, seed=seed)
    return replace(chosen, decoding=Decoding.MAJORITY, tokens=sum(one.tokens for one in said))


def winner(problem: Problem, found: Sequence[Judgement]) -> int:
    """The place of the first answer of the largest group of equal ones; ties fall to the group that came first."""
    groups: dict[int, list[int]] = {}
    for place, one in enumerate(found):
        if one.predicted is None or one.verdict in {Verdict.TRUNCATED, Verdict.CHECK_FAILED}:
            continue
        leader = next((first for first in groups if _same(problem, found[first], one)), place)
        groups.setdefault(leader, []).append(place)
    return max(groups, key=lambda first: len(groups[first]), default=0)


def _same(problem: Problem, one: Judgement, other: Judgement) -> bool:
    """Whether two answers are equal: the verifier would call the one right if the other were gold."""
    if one.predicted == other.predicted:
        return True
    said = replace(problem, answer=one.predicted)
    return judge(said, other.predicted, pattern=BARE).verdict is Verdict.CORRECT


def outcome(
    ask: Ask, said: Said, found: Judgement, *, arm: str, seed: int, gold_logprob: float | None = None
) -> Outcome:
    """Write down what a student said and what it is."""
    return Outcome(
        arm=arm,
        seed=seed,
        set=ask.of.name,
        kind=ask.of.kind,
        format=ask.format,
        decoding=Decoding.GREEDY,
        problem_id=ask.problem.problem_id,
        group=ask.problem.group or ask.problem.problem_id,
        verdict=found.verdict,
        correct=found.verdict is Verdict.CORRECT,
        predicted=found.predicted,
        text=said.text,
        tokens=said.tokens,
        wrong_steps=sum(step.outcome is StepOutcome.WRONG for step in found.steps),
        reasoned=reasoned(said.text),
        gold_logprob=gold_logprob,
        simulated=ask.of.simulated,
    )
