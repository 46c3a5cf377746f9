"""Measure how often solutions agree on a wrong answer: `python benchmarks/consensus.py [--data FOLDER]`.

FOLDER holds gsm8k/model_solutions.jsonl of OpenAI's grade-school-math release: four labelled solutions to each of 660
problems, by four models. Their gold answers are hidden from `verify.consensus` and compared with what it finds. Writes
docs/benchmark-consensus.md.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from intervals import compute_interval

from cotloom.builder.verify import ComparisonOutcome, compare, find_agreement, judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.recipe import ConsensusRule, Verify

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ConsensusRule()
SHARES = (0.34, 0.5, 0.6, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """One labelled solution, as it is read without the gold answer."""

    model: str
    """The model that wrote it."""
    answer: str | None
    """Its answer; None where it gives none."""
    is_correct: bool
    """Its label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What some solutions to a problem agree on."""

    is_right: bool | None
    """Whether it is the gold answer; None where there is no consensus."""
    agreed: tuple[Solution, ...]
    """The solutions that give it."""
    solutions: tuple[Solution, ...]
    """All of them."""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    page = ROOT / "docs" / "benchmark-consensus.md"
    page.write_text("\n".join(render_page(parser.parse_args().data)) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


def describe_rule(rule: ConsensusRule) -> str:
    """Describe a rule in words."""
    return f"at least {rule.least} of 4 solutions by four models"


def decide_solutions(data: Path, rule: ConsensusRule, count: int = 4) -> Iterator[Settled]:
    """Settle every choice of so many solutions to each problem.

    Args:
        data: the folder that holds `gsm8k/`.
        rule: how many must agree.
        count: how many solutions.
    """
    for gold, solutions in read_problems(data):
        for chosen in combinations(solutions, count):
            yield decide(gold, chosen, rule)


def decide(gold: str, solutions: tuple[Solution, ...], rule: ConsensusRule) -> Settled:
    """Find what some solutions agree on, and compare it with the gold answer."""
    answers = [solution.answer for solution in solutions if solution.answer is not None]
    found = find_agreement(answers, AnswerType.NUMBER, (), rule)
    answer = found.consensus.answer
    is_right = None if answer is None else compare(gold, answer, AnswerType.NUMBER).outcome is ComparisonOutcome.EQUAL
    agreed = tuple(solution for solution in solutions if solution.answer in found.spellings)
    return Settled(is_right=is_right, agreed=agreed, solutions=solutions)


def read_problems(data: Path) -> list[tuple[str, tuple[Solution, ...]]]:
    """Read the gold answer of each problem, and its solutions."""
    rows = map(json.loads, (data / "gsm8k" / "model_solutions.jsonl").read_text("utf-8").splitlines())
    return [(row["ground_truth"].rpartition("A: ")[2].strip(), tuple(_read_solutions(row))) for row in rows]


def _read_solutions(row: dict) -> Iterator[Solution]:
    problem = Problem(problem_id="p", source="gsm8k", origin="", question=row["question"], answer=None)
    for model, solution in row.items():
        if isinstance(solution, dict):
            judgement = judge(problem, solution["solution"], policy=Verify(consensus=DEFAULT))
            is_vote = judgement.verdict is Verdict.NO_CONSENSUS
            answer = judgement.predicted if is_vote else None
            yield Solution(model=model, answer=answer, is_correct=solution["is_correct"])


def render_page(data: Path) -> Iterator[str]:
    """Render the page."""
    problems = read_problems(data)
    yield from _HEAD.format(problems=len(problems)).splitlines()
    yield from _render_models(problems)
    yield from _BEFORE.splitlines()
    for count in (2, 3, 4):
        for least in range(2, count + 1):
            yield from _render_rules(problems, count, least)
    yield from _BEHIND.format(least=DEFAULT.least, share=DEFAULT.share).splitlines()


_HEAD = """\
# Benchmark: consensus without gold answers

Made by `make bench-consensus` (`benchmarks/consensus.py`). How often is an answer wrong that samples agree on? The gold
answers of {problems} problems of GSM8K's test split were hidden from `verify.consensus`. Each problem has four
solutions, by four models of 2021:

"""
_BEFORE = """\

Every choice of two, three or four of them is a problem with so many samples. *Decided*: there is a consensus. *Wrong*:
it is not the gold answer; with four solutions, where each problem counts once, with the 95 % interval. *Right ones
lost*: of the solutions with the right answer, those that no consensus keeps. Rules that come to the same are one row,
with the lowest share.

| samples | `least` | `share` | decided | wrong | kept samples that are wrong | right ones lost |
|---:|---:|---:|---:|---:|---:|---:|
"""
_BEHIND = """
The default is `least: {least}` and `share: {share:g}`.

Read the figures as they are: four weak models, with one solution each. How often samples of one model, or a stronger
one, agree on a wrong answer was not measured. For your own problems it is not known until some of them have gold
answers. Samples at temperature 0 are one sample: their agreement says nothing.
"""


def _render_models(problems: Sequence[tuple[str, tuple[Solution, ...]]]) -> Iterator[str]:
    for model in [solution.model for solution in problems[0][1]]:
        right = [solution.is_correct for _, own in problems for solution in own if solution.model == model]
        yield f"- `{model}`: {sum(right) / len(right):.1%} right"


def _render_rules(problems: Sequence[tuple[str, tuple[Solution, ...]]], count: int, least: int) -> Iterator[str]:
    """Render a row for each share that decides otherwise than a lower one."""
    seen: set[str] = set()
    for share in SHARES:
        rule = ConsensusRule(least=least, share=share)
        settled = [decide(gold, chosen, rule) for gold, own in problems for chosen in combinations(own, count)]
        cells = _render_cells(settled, is_whole=count == 4)
        if cells not in seen:
            seen.add(cells)
            yield f"| {count} | {least} | {share:g} | {cells} |"


def _render_cells(settled: Sequence[Settled], *, is_whole: bool) -> str:
    decided = [one for one in settled if one.is_right is not None]
    wrong = sum(not one.is_right for one in decided)
    agreed = [solution for one in decided for solution in one.agreed]
    bad = sum(not solution.is_correct for solution in agreed)
    right = sum(solution.is_correct for one in settled for solution in one.solutions)
    low, high = compute_interval(wrong, len(decided))
    interval = f" ({low:.1%} to {high:.1%})" if is_whole else ""
    return (
        f"{len(decided) / len(settled):.1%} | {wrong:,} of {len(decided):,}: {wrong / len(decided):.1%}{interval}"
        f" | {bad / len(agreed):.1%} | {1 - (len(agreed) - bad) / right:.1%}"
    )


if __name__ == "__main__":
    main()
