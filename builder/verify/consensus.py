"""What the samples of a problem without a gold answer agree on. Agreement is no check: nothing here is ever `correct`.

Answers are the same where `compare` calls them equal in both directions; what it can't decide about is not the same.
Equality of answers is not transitive (`$18` is `18`, and so is `18 km`), so a group is a set of answers of which every
two are equal. All functions are pure, and no result depends on the order of the samples.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from ...schemas.frames import get_schema
from ...schemas.problem import AnswerType
from ...schemas.reasons import Reason, Verdict
from ...schemas.recipe import ConsensusRule
from ...schemas.sample import Consensus, Sample
from .answers import ComparisonOutcome, compare_safely, name_option

MOST_SPELLINGS = 200
"""So many different answers to a problem are compared with one another, the most frequent ones."""

_DECIDED = ("verdict", "reason", "detail", "consensus")
"""The columns of a judgement that the other samples of the problem decide."""

_SHOWN = 60
"""Characters of an answer that a detail quotes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What the answers to one problem agree on."""

    consensus: Consensus
    """The answer, and how many give it."""
    spellings: frozenset[str]
    """All spellings of it among the answers; empty where there is no consensus."""


def find_agreement(
    answers: Sequence[str], answer_type: AnswerType, choices: tuple[str, ...], rule: ConsensusRule
) -> Agreement:
    """Find what the answers to one problem agree on.

    Args:
        answers: the answer of each sample that gives one, in any order.
        answer_type: their type.
        choices: the options of a multiple-choice question.
        rule: how many must agree.

    >>> found = find_agreement(["18", "$18", "18.0", "20"], AnswerType.NUMBER, (), ConsensusRule())
    >>> found.consensus.answer, found.consensus.agreeing, found.consensus.answered
    ('18', 3, 4)
    """
    votes = Counter(answers)
    ordered = sorted(votes, key=lambda answer: (-votes[answer], len(answer), answer))
    group, greatest = _find_greatest_group(ordered[:MOST_SPELLINGS], votes, answer_type, choices)
    agreeing, answered = sum(votes[answer] for answer in group) or greatest, len(answers)
    is_enough = bool(group) and agreeing >= rule.least and agreeing >= Fraction(str(rule.share)) * answered
    winner = next((answer for answer in ordered if answer in group), None) if is_enough else None
    return Agreement(
        consensus=Consensus(
            answer=None if winner is None else _name_answer(winner, answer_type, choices),
            agreeing=agreeing,
            answered=answered,
            share=agreeing / answered if answered else 0.0,
        ),
        spellings=group if is_enough else frozenset(),
    )


def _name_answer(answer: str, answer_type: AnswerType, choices: tuple[str, ...]) -> str:
    """Name the option that an answer chooses by its letter, as gold answers do; other answers are as they are."""
    return (name_option(answer, choices) or answer) if answer_type is AnswerType.CHOICE else answer


def _find_greatest_group(
    ordered: Sequence[str], votes: Mapping[str, int], answer_type: AnswerType, choices: tuple[str, ...]
) -> tuple[frozenset[str], int]:
    """Find the spellings that most samples share, and how many do; of several such groups, what all of them share.

    A group grows from each spelling by those that equal all its members, the most frequent first. Of two groups that
    share nothing, which is a tie, the first result is empty.
    """
    equals = _find_equals(ordered, answer_type, choices)
    groups = {_collect_group(answer, ordered, equals) for answer in ordered if answer in equals[answer]}
    sizes = {group: sum(votes[answer] for answer in group) for group in groups}
    greatest = max(sizes.values(), default=0)
    common = [group for group in groups if sizes[group] == greatest]
    return (frozenset.intersection(*common) if common else frozenset()), greatest


def _collect_group(first: str, ordered: Sequence[str], equals: Mapping[str, frozenset[str]]) -> frozenset[str]:
    group = {first}
    for answer in ordered:
        if answer not in group and group <= equals[answer]:
            group.add(answer)
    return frozenset(group)


def _find_equals(
    ordered: Sequence[str], answer_type: AnswerType, choices: tuple[str, ...]
) -> dict[str, frozenset[str]]:
    """Find what each spelling equals in both directions; itself only where it can be read in its type."""

    def is_equal(left: str, right: str) -> bool:
        return compare_safely(left, right, answer_type, choices).outcome is ComparisonOutcome.EQUAL

    readable = [answer for answer in ordered if is_equal(answer, answer)]
    pairs = [
        (left, right)
        for place, left in enumerate(readable)
        for right in readable[place + 1 :]
        if is_equal(left, right) and is_equal(right, left)
    ]
    equals: dict[str, set[str]] = {answer: set() for answer in ordered}
    for left, right in [*pairs, *((answer, answer) for answer in readable)]:
        equals[left].add(right)
        equals[right].add(left)
    return {answer: frozenset(others) for answer, others in equals.items()}


def decide_consensus(judgements: pl.DataFrame, problems: pl.DataFrame, rule: ConsensusRule | None) -> pl.DataFrame:
    """Decide about the samples of problems without a gold answer, from what all samples of each problem say.

    Args:
        judgements: sample_id, problem_id, verdict, predicted, reason, detail, rationale_reason, rationale_detail, of
            all samples of each problem; further columns stay as they are.
        problems: rows of `Problem`, each once.
        rule: how many must agree; None where the recipe does not ask.

    Returns:
        The judgements with the column consensus, without problem_id, rationale_reason and rationale_detail.
    """
    schema = pl.Schema([("sample_id", pl.String()), *((name, get_schema(Sample)[name]) for name in _DECIDED)])
    open_problems = problems.filter(pl.col("answer").is_null()).select("problem_id", "answer_type", "choices")
    without = judgements.join(open_problems, on="problem_id", maintain_order="left")
    left = judgements.with_columns(pl.lit(None, dtype=schema["consensus"]).alias("consensus"))
    if rule is not None and without.height:
        settled = pl.DataFrame(_decide_problems(without, rule), schema=schema, orient="row")
        left = left.update(settled, on="sample_id", how="left", include_nulls=True)
    return left.drop("problem_id", "rationale_reason", "rationale_detail")


def _decide_problems(rows: pl.DataFrame, rule: ConsensusRule) -> Iterator[dict[str, Any]]:
    """Yield what is decided about each sample, problem by problem."""
    for samples in rows.partition_by("problem_id", maintain_order=True):
        answers = samples.filter(pl.col("verdict") == Verdict.NO_CONSENSUS)["predicted"].to_list()
        kind, choices = AnswerType(samples["answer_type"][0]), tuple(samples["choices"].to_list()[0] or ())
        agreement = find_agreement(answers, kind, choices, rule)
        for sample in samples.iter_rows(named=True):
            yield {
                "sample_id": sample["sample_id"],
                **_decide_sample(sample, agreement, rule),
                "consensus": asdict(agreement.consensus),
            }


def _decide_sample(sample: Mapping[str, Any], agreement: Agreement, rule: ConsensusRule) -> dict[str, Any]:
    """Decide about one sample: only one that gives an answer can agree or disagree."""
    if sample["verdict"] != Verdict.NO_CONSENSUS:
        return {name: sample[name] for name in ("verdict", "reason", "detail")}
    if sample["predicted"] in agreement.spellings:
        own = {"reason": sample["rationale_reason"], "detail": sample["rationale_detail"]}
        return {"verdict": str(Verdict.AGREED), **own}
    found = agreement.consensus
    verdict, reason = Verdict.DISAGREED, Reason.DISAGREED
    detail = f"{found.agreeing} of {found.answered} samples say {found.answer}, this one {sample['predicted'][:_SHOWN]}"
    if found.answer is None:
        verdict, reason = Verdict.NO_CONSENSUS, Reason.NO_CONSENSUS
        detail = f"at most {found.agreeing} of {found.answered} samples say the same; {_describe_rule(rule)}"
    also = f"; also {sample['rationale_reason']}" if sample["rationale_reason"] else ""
    return {"verdict": str(verdict), "reason": str(reason), "detail": f"{detail}{also}"}


def _describe_rule(rule: ConsensusRule) -> str:
    return f"a consensus needs {rule.least} and a share of {rule.share:g}, and no other answer with as many"
