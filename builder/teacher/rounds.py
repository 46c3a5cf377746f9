"""Ask in rounds: complete rounds only, each answer recorded first, hints only where the policy gives them.

Whether a problem needs more depends on what its samples are worth; the pipeline hands in the function that says
so (`Examine`), so that this room knows nothing of verdicts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from builder.progress import bar
from builder.teacher.backend import Answered, Backend, Wanted
from builder.teacher.ledger import Ledger
from builder.teacher.request import Answer, Request
from schemas.problem import Problem
from schemas.reasons import Fate, Reason, Stage
from schemas.recipe import HintPolicy, Paths
from schemas.sample import Hint, Sample, sample_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """What the samples of one problem are worth."""

    correct: int = 0
    """Right answers by a sound way."""
    distinct: int = 0
    """Different paths among them."""


Examine = Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, Worth]]
"""What the samples of each problem are worth, by problem id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """How the answers of a build came about."""

    new: int = 0
    """Answers that were asked for now."""
    ledger: int = 0
    """Answers that the ledger had."""
    failed: int = 0
    """Answers that never came."""
    cost_usd: float | None = 0.0
    """What the new answers cost; null where any price is unknown."""

    def __add__(self, other: "Calls") -> "Calls":
        """Add up two rounds."""
        known = self.cost_usd is not None and other.cost_usd is not None
        return Calls(
            new=self.new + other.new,
            ledger=self.ledger + other.ledger,
            failed=self.failed + other.failed,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


@dataclass(frozen=True, slots=True)
class Round:
    """One round: which problems, hinted or not, and which sample indexes."""

    number: int
    hint: Hint
    problems: Sequence[Problem]
    indexes: range


def draw(
    problems: Sequence[Problem],
    backend: Backend,
    ledger: Ledger,
    examine: Examine,
    *,
    paths: Paths,
    hints: HintPolicy,
) -> tuple[list[Sample], Calls]:
    """Draw the samples of all problems, round by round.

    Returns:
        The samples in the order of rounds, problems and indexes, and how many answers were new.
    """
    samples: list[Sample] = []
    calls = Calls()
    first = Hint.GIVEN if hints.mode == "always" else Hint.NONE
    this: Round | None = Round(0, first, problems, range(min(paths.round, paths.max or paths.round)))
    while this and this.problems:
        drawn, made = _draw_round(this, backend, ledger)
        samples, calls = [*samples, *drawn], calls + made
        this = _next_round(this, samples, examine, paths, hints) if drawn else None
    return samples, calls


def _next_round(
    last: Round, samples: Sequence[Sample], examine: Examine, paths: Paths, hints: HintPolicy
) -> Round | None:
    """Who is asked again: problems short of the target, then, with hints, problems that nobody solved."""
    begin = last.indexes.stop
    more = range(begin, min(begin + paths.round, paths.max or paths.round))
    hinted_already = hints.mode == "fallback" and last.hint is Hint.GIVEN
    if hinted_already or (not more and hints.mode != "fallback"):
        return None
    asked = {problem.problem_id: problem for problem in last.problems}
    worth = examine(list(asked.values()), [sample for sample in samples if sample.problem_id in asked])
    if more:
        short = [p for p in last.problems if paths.target is None or worth[p.problem_id].distinct < paths.target]
        if short:
            return Round(last.number + 1, last.hint, short, more)
    if hints.mode != "fallback":
        return None
    unsolved = [problem for problem in last.problems if worth[problem.problem_id].correct == 0]
    return Round(last.number + 1, Hint.GIVEN, unsolved, range(paths.round))


def _draw_round(this: Round, backend: Backend, ledger: Ledger) -> tuple[list[Sample], Calls]:
    wanted = [item for problem in this.problems for item in backend.wanted(problem, this.hint, this.indexes)]
    keys = [(item.request.digest, item.sample_index) for item in wanted]
    digests = [digest for digest, _ in keys]
    have = ledger.present(digests)
    missing = [item for item, key in zip(wanted, keys, strict=True) if key not in have]
    calls = _ask(missing, backend, ledger)
    answers = dict(ledger.answers(digests))
    samples = [_sample(this, item, answers.get(key)) for item, key in zip(wanted, keys, strict=True)]
    return samples, replace(calls, ledger=len(wanted) - len(missing), failed=len(missing) - calls.new)


def _ask(missing: Sequence[Wanted], backend: Backend, ledger: Ledger) -> Calls:
    """Ask for what the ledger lacks, and record each group before the next."""
    calls = Calls()
    with bar("asking the teacher", len(missing)) as advance:
        for group in backend.ask(missing):
            ledger.record([_entry(item) for item in group])
            costs = [item.answer.cost_usd for item in group]
            known = [cost for cost in costs if cost is not None]
            calls += Calls(new=len(group), cost_usd=sum(known) if len(known) == len(costs) else None)
            advance(len(group))
    return calls


def _entry(item: Answered) -> tuple[Request, int, Answer]:
    return item.wanted.request, item.wanted.sample_index, item.answer


def _sample(this: Round, wanted: Wanted, answer: Answer | None) -> Sample:
    digest = wanted.request.digest
    sample = Sample(
        sample_id=sample_id(wanted.problem.problem_id, digest, wanted.sample_index),
        problem_id=wanted.problem.problem_id,
        request_digests=(digest,),
        sample_index=wanted.sample_index,
        teacher=wanted.request.model,
        hint=this.hint,
        round=this.number,
    )
    if answer is None:
        detail = "the request failed for good"
        return replace(sample, stage=Stage.TEACHER, fate=Fate.DROPPED, reason=Reason.REQUEST_FAILED, detail=detail)
    return replace(
        sample,
        simulated=answer.simulated,
        text=answer.text,
        reasoning=answer.reasoning,
        finish_reason=answer.finish_reason,
        usage=answer.usage,
        cost_usd=answer.cost_usd,
        token_logprobs=answer.token_logprobs,
        labels=answer.labels,
    )
