"""Ask in rounds: complete rounds only, each answer recorded first, hints only where the policy gives them.

Whether a problem needs more depends on what its samples are worth; the pipeline hands in the function that says
so (`Examine`), so that this room knows nothing of verdicts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cotloom.builder.progress import bar
from cotloom.builder.teacher.backends.protocol import Answered, Backend, Failed, Wanted
from cotloom.builder.teacher.ledger import Ledger
from cotloom.builder.teacher.request import Answer
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import HintPolicy, Paths
from cotloom.schemas.sample import Hint, Sample, Usage, sample_id


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
    first = Hint.HINTED if hints.mode == "always" else Hint.NONE
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
    hinted_already = hints.mode == "fallback" and last.hint is Hint.HINTED
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
    return Round(last.number + 1, Hint.HINTED, unsolved, range(paths.round))


def _draw_round(this: Round, backend: Backend, ledger: Ledger) -> tuple[list[Sample], Calls]:
    wanted = [item for problem in this.problems for item in backend.wanted(problem, this.hint, this.indexes)]
    firsts, calls = _answered(wanted, backend, ledger)
    samples = [_sample(this, item, found) for item, found in zip(wanted, firsts, strict=True)]
    follow_ups = {
        place: second
        for place, (item, found) in enumerate(zip(wanted, firsts, strict=True))
        if isinstance(found, Answer) and (second := backend.follow_up(item, found)) is not None
    }
    seconds, more = _answered(list(follow_ups.values()), backend, ledger)
    for (place, second), found in zip(follow_ups.items(), seconds, strict=True):
        samples[place] = _joined(samples[place], second, found)
    return samples, calls + more


def _answered(wanted: Sequence[Wanted], backend: Backend, ledger: Ledger) -> tuple[list[Answer | Failed], Calls]:
    """Answers to all that is wanted, from the ledger; what it lacks is asked for and recorded first."""
    keys = [(item.request.digest, item.sample_index) for item in wanted]
    digests = [digest for digest, _ in keys]
    have = ledger.present(digests)
    missing = list({key: item for item, key in zip(wanted, keys, strict=True) if key not in have}.values())
    calls, failures = _ask(missing, backend, ledger)
    answers = dict(ledger.answers(digests))
    found = [
        answers[key] if key in answers else Failed(item, failures.get(key, "no answer came"))
        for item, key in zip(wanted, keys, strict=True)
    ]
    return found, replace(calls, ledger=len(have & set(keys)), failed=len(missing) - calls.new)


def _ask(missing: Sequence[Wanted], backend: Backend, ledger: Ledger) -> tuple[Calls, dict[tuple[str, int], str]]:
    """Ask for what the ledger lacks, and record each group before the next. Also says why answers failed."""
    calls = Calls()
    failures: dict[tuple[str, int], str] = {}
    with bar("asking the teacher", len(missing)) as advance:
        for group in backend.ask(missing) if missing else ():
            came = [item for item in group if isinstance(item, Answered)]
            ledger.record([(item.wanted.request, item.wanted.sample_index, item.answer) for item in came])
            failures |= {
                (item.wanted.request.digest, item.wanted.sample_index): item.why
                for item in group
                if isinstance(item, Failed)
            }
            calls += Calls(new=len(came), cost_usd=_sum(item.answer.cost_usd for item in came))
            advance(len(group))
    return calls, failures


def _sum(costs: Iterable[float | None]) -> float | None:
    """Add up prices; null where any is unknown."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _sample(this: Round, wanted: Wanted, found: Answer | Failed) -> Sample:
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
    if isinstance(found, Failed):
        return _failed(sample, found)
    return replace(
        sample,
        simulated=found.simulated,
        text=found.text,
        reasoning=found.reasoning,
        finish_reason=found.finish_reason,
        usage=found.usage,
        cost_usd=found.cost_usd,
        token_logprobs=found.token_logprobs,
        labels=found.labels,
    )


def _failed(sample: Sample, failure: Failed) -> Sample:
    return replace(sample, stage=Stage.TEACHER, fate=Fate.DROPPED, reason=Reason.REQUEST_FAILED, detail=failure.why)


def _joined(sample: Sample, second: Wanted, found: Answer | Failed) -> Sample:
    """A sample of two calls: the reasoning, then the answer. Its log probabilities would not spell its text."""
    sample = replace(sample, request_digests=(*sample.request_digests, second.request.digest), token_logprobs=None)
    if isinstance(found, Failed):
        return _failed(sample, found)
    cut = "length" if "length" in {sample.finish_reason, found.finish_reason} else found.finish_reason
    return replace(
        sample,
        text=f"{sample.text}\n\nAnswer: {found.text or ''}".rstrip(),
        finish_reason=cut,
        usage=Usage(
            prompt_tokens=_both(sample.usage.prompt_tokens, found.usage.prompt_tokens),
            completion_tokens=_both(sample.usage.completion_tokens, found.usage.completion_tokens),
        ),
        cost_usd=_sum([sample.cost_usd, found.cost_usd]),
    )


def _both(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
