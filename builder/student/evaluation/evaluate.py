"""Evaluate a student: generate an answer for every evaluation item, and judge it with the verifier.

Law 2: a check that fails gives `check_failed`, an answer that cannot be parsed gives `unverifiable`; neither counts as
correct, and neither is reported as wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ....schemas.frames import to_frame
from ....schemas.outcome import Decoding, Outcome
from ....schemas.problem import AnswerType, Problem
from ....schemas.reasons import Verdict
from ....schemas.sample import StepOutcome
from ....schemas.student import Evaluation
from ...format.templates import AS_IS
from ...progress import track
from ...sources import BARE
from ...text.equations import find_equations
from ...text.traces import part_trace
from ...verify import Judgement, judge
from ...verify.verdict import CUT_OFF
from ..model.chat import render_prompt
from ..model.generate import Generation, compute_log_likelihood, generate
from ..model.student import Student
from .prompts import format_gold_answer, format_prompts, list_formats
from .sets import EvalSet

ORDER = ("set", "format", "decoding", "problem_id")
"""Columns that the outcomes of a student are sorted by."""

_STATEMENT = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|and)\b[, ]*)?(?:\bthe )?(?:\bfinal )?\banswer is\b|\[ANSWER\]|-->",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"[.!?][)\"'”’*]*\s+\S")


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalItem:
    """One problem of an evaluation set, formatted as a prompt."""

    eval_set: EvalSet
    """The evaluation set."""
    format_name: str
    """Format of the prompt."""
    problem: Problem
    """The problem."""
    prompt: str
    """Text of the prompt, with the chat template applied."""


def evaluate(
    student: Student,
    sets: Sequence[EvalSet],
    evaluation: Evaluation,
    *,
    condition: str,
    seed: int,
    formats: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Generate an answer to every problem of every evaluation set, and judge it.

    Each problem is answered greedily; where `evaluation.samples` is more than one, also by a majority vote over that
    many sampled answers (self-consistency, Wang et al. 2023, section 2).

    Args:
        student: the student.
        sets: the evaluation sets.
        evaluation: formats, shots and decoding.
        condition: name of the condition that the student was trained under.
        seed: the student's training seed; also the seed of its sampled answers.
        formats: formats for all sets that are not general, in place of those of `evaluation`.

    Returns:
        Rows of `Outcome`, sorted by set, format, decoding and problem.

    Raises:
        InputError: there are too few demonstrations for an in-context format.
    """
    items = make_eval_items(student, sets, evaluation, formats)
    rows = [
        *_evaluate_greedy(student, items, evaluation, condition, seed),
        *_evaluate_majority(student, items, evaluation, condition, seed),
    ]
    return to_frame(rows, Outcome).sort(*ORDER)


def make_eval_items(
    student: Student, sets: Sequence[EvalSet], evaluation: Evaluation, formats: Sequence[str] | None = None
) -> list[EvalItem]:
    """Make an evaluation item for each problem of each set, in each of the set's formats."""
    return [
        EvalItem(
            eval_set=eval_set,
            format_name=format_name,
            problem=problem,
            prompt=render_prompt(student.tokenizer, chat),
        )
        for eval_set in sets
        for format_name in list_formats(eval_set, formats or evaluation.formats, evaluation.general_formats)
        for problem, chat in zip(
            eval_set.problems, format_prompts(eval_set, format_name, evaluation.shots), strict=True
        )
    ]


def _evaluate_greedy(
    student: Student, items: Sequence[EvalItem], evaluation: Evaluation, condition: str, seed: int
) -> Iterator[Outcome]:
    prompts = [item.prompt for item in items]
    generations = generate(student, prompts, max_tokens=evaluation.max_tokens, batch_size=evaluation.batch_size)
    gold_logprobs = _score_gold_answers(student, items, evaluation.batch_size)
    for item, generation, gold in zip(track(items, "judging answers"), generations, gold_logprobs, strict=True):
        judgement = judge_generation(item, generation)
        yield make_outcome(item, generation, judgement, condition=condition, seed=seed, gold_logprob=gold)


def _evaluate_majority(
    student: Student, items: Sequence[EvalItem], evaluation: Evaluation, condition: str, seed: int
) -> Iterator[Outcome]:
    if evaluation.samples == 1:
        return
    generations = generate(
        student,
        [item.prompt for item in items for _ in range(evaluation.samples)],
        max_tokens=evaluation.max_tokens,
        batch_size=evaluation.batch_size,
        temperature=evaluation.temperature,
        seed=seed,
    )
    for index, item in enumerate(track(items, "counting votes")):
        first = index * evaluation.samples
        votes = generations[first : first + evaluation.samples]
        yield take_majority_vote(item, votes, condition=condition, seed=seed)


def _score_gold_answers(student: Student, items: Sequence[EvalItem], batch_size: int) -> list[float | None]:
    """Log-likelihood of each gold answer, in nats; null where the format asks for reasoning before the answer."""
    golds = [format_gold_answer(item.problem, item.format_name) for item in items]
    known = [(index, gold) for index, gold in enumerate(golds) if gold is not None]
    prompts = [items[index].prompt for index, _ in known]
    logprobs = compute_log_likelihood(student, prompts, [gold for _, gold in known], batch_size=batch_size)
    by_index = {index: value for (index, _), value in zip(known, logprobs, strict=True)}
    return [by_index.get(index) for index in range(len(items))]


# Judging


def judge_generation(item: EvalItem, generation: Generation) -> Judgement:
    """Judge one generation.

    For a text problem in the format `as_is`, a generation without an answer marker is read as the answer as a whole,
    because the prompt does not ask for a marker.
    """
    finish = CUT_OFF if generation.truncated else None
    parts = part_trace(generation.text)
    judgement = judge(item.problem, parts.response, reasoning=parts.reasoning, finish_reason=finish)
    is_bare = item.format_name == AS_IS and item.problem.answer_type is AnswerType.TEXT
    if judgement.verdict is Verdict.NO_ANSWER and is_bare:
        return judge(item.problem, parts.response, finish_reason=finish, pattern=BARE)
    return judgement


def has_reasoning(text: str) -> bool:
    """Whether a text reasons: an equation, more than one sentence, or words before its final answer.

    >>> [has_reasoning(text) for text in ("So the answer is 7.", "3 + 4 = 7", "She has 7 pens, the answer is 7.")]
    [False, True, True]
    """
    if find_equations(text):
        return True
    statement = _STATEMENT.search(text)
    before = text[: statement.start()] if statement else ""
    return bool(before.strip()) or _SENTENCE_ENDS.search(text) is not None


def take_majority_vote(item: EvalItem, generations: Sequence[Generation], *, condition: str, seed: int) -> Outcome:
    """Make the outcome of a majority vote: that of the first generation with the most frequent answer.

    Generations without a readable answer, and truncated ones, have no vote; where none has a vote, the first generation
    is taken. `tokens` counts the tokens of all generations.
    """
    judgements = [judge_generation(item, generation) for generation in generations]
    index = find_majority(item.problem, judgements)
    outcome = make_outcome(item, generations[index], judgements[index], condition=condition, seed=seed)
    return replace(outcome, decoding=Decoding.MAJORITY, tokens=sum(generation.tokens for generation in generations))


def find_majority(problem: Problem, judgements: Sequence[Judgement]) -> int:
    """Find the largest group of equal answers: the index of its first member. Ties go to the group that came first."""
    groups: dict[int, list[int]] = {}
    for index, judgement in enumerate(judgements):
        if judgement.predicted is None or judgement.verdict in {Verdict.TRUNCATED, Verdict.CHECK_FAILED}:
            continue
        leader = next((first for first in groups if _is_same_answer(problem, judgements[first], judgement)), index)
        groups.setdefault(leader, []).append(index)
    return max(groups, key=lambda first: len(groups[first]), default=0)


def _is_same_answer(problem: Problem, left: Judgement, right: Judgement) -> bool:
    """Whether two answers are equal: the verifier accepts the right one with the left one as gold answer."""
    if left.predicted == right.predicted:
        return True
    reference = replace(problem, answer=left.predicted)
    return judge(reference, right.predicted, pattern=BARE).verdict is Verdict.CORRECT


def make_outcome(
    item: EvalItem,
    generation: Generation,
    judgement: Judgement,
    *,
    condition: str,
    seed: int,
    gold_logprob: float | None = None,
) -> Outcome:
    """Make the row of `Outcome` for one greedy generation."""
    return Outcome(
        condition=condition,
        seed=seed,
        set=item.eval_set.name,
        task=item.problem.task,
        kind=item.eval_set.kind,
        format=item.format_name,
        decoding=Decoding.GREEDY,
        problem_id=item.problem.problem_id,
        group=item.problem.cluster or item.problem.group or item.problem.problem_id,
        verdict=judgement.verdict,
        correct=judgement.verdict is Verdict.CORRECT,
        predicted=judgement.predicted,
        text=generation.text,
        tokens=generation.tokens,
        wrong_steps=sum(step.outcome is StepOutcome.WRONG for step in judgement.steps),
        reasoned=has_reasoning(generation.text),
        gold_logprob=gold_logprob,
        simulated=item.eval_set.simulated,
    )
