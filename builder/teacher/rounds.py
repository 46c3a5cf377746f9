"""Sample in rounds: complete rounds only, each answer recorded first, hints only where the policy allows them.

Whether a problem needs another round depends on how many correct paths it has. The pipeline passes the function that
counts them (`CountPaths`), so this room knows nothing of verdicts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...schemas.problem import Problem
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.sample import Hint, Sample, Usage, make_sample_id
from ...schemas.teacher import HintPolicy, Paths
from ..progress import show_bar
from .backends.protocol import Backend, CompletedRequest, CompletionRequest, FailedRequest
from .ledger import Key, Ledger
from .request import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class PathCounts:
    """How many correct paths one problem has."""

    correct: int = 0
    """Samples with a correct answer and sound reasoning."""
    distinct: int = 0
    """Distinct paths among them."""


CountPaths = Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, PathCounts]]
"""Counts the correct paths among the samples of each problem, by problem id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """Where the answers of a build came from."""

    new: int = 0
    """Answers that were requested now."""
    ledger: int = 0
    """Answers that were in the ledger."""
    failed: int = 0
    """Requests that failed."""
    cost_usd: float | None = 0.0
    """Cost of the new answers in US dollars; null where any price is unknown."""

    def __add__(self, other: "Calls") -> "Calls":
        """Add up two rounds."""
        return Calls(
            new=self.new + other.new,
            ledger=self.ledger + other.ledger,
            failed=self.failed + other.failed,
            cost_usd=_add_costs([self.cost_usd, other.cost_usd]),
        )


@dataclass(frozen=True, slots=True)
class Round:
    """One round: its problems, whether they are hinted, and the sample indexes."""

    number: int
    hint: Hint
    problems: Sequence[Problem]
    indexes: range


def sample_rounds(
    problems: Sequence[Problem],
    backend: Backend,
    ledger: Ledger,
    count_paths: CountPaths,
    *,
    paths: Paths,
    hints: HintPolicy,
) -> tuple[list[Sample], Calls]:
    """Sample all problems, round by round.

    Returns:
        The samples in the order of rounds, problems and indexes; and how many answers were new.
    """
    samples: list[Sample] = []
    calls = Calls()
    first_hint = Hint.HINTED if hints.mode == "always" else Hint.NONE
    this: Round | None = Round(0, first_hint, problems, range(min(paths.round, paths.max or paths.round)))
    while this and this.problems:
        round_samples, round_calls = _sample_round(this, backend, ledger)
        samples, calls = [*samples, *round_samples], calls + round_calls
        this = _plan_next_round(this, samples, count_paths, paths, hints) if round_samples else None
    return samples, calls


def _plan_next_round(
    last: Round, samples: Sequence[Sample], count_paths: CountPaths, paths: Paths, hints: HintPolicy
) -> Round | None:
    """Plan a round for problems below the target; after the last, with fallback hints, one for unsolved problems."""
    begin = last.indexes.stop
    more = range(begin, min(begin + paths.round, paths.max or paths.round))
    hinted_already = hints.mode == "fallback" and last.hint is Hint.HINTED
    if hinted_already or (not more and hints.mode != "fallback"):
        return None
    problems = {problem.problem_id: problem for problem in last.problems}
    counts = count_paths(list(problems.values()), [sample for sample in samples if sample.problem_id in problems])
    if more:
        short = [p for p in last.problems if paths.target is None or counts[p.problem_id].distinct < paths.target]
        if short:
            return Round(last.number + 1, last.hint, short, more)
    if hints.mode != "fallback":
        return None
    unsolved = [problem for problem in last.problems if counts[problem.problem_id].correct == 0]
    return Round(last.number + 1, Hint.HINTED, unsolved, range(paths.round))


def _sample_round(this: Round, backend: Backend, ledger: Ledger) -> tuple[list[Sample], Calls]:
    requests = [
        request for problem in this.problems for request in backend.list_requests(problem, this.hint, this.indexes)
    ]
    results, calls = _complete_requests(requests, backend, ledger)
    samples = [_make_sample(this, request, result) for request, result in zip(requests, results, strict=True)]
    follow_ups = {
        position: follow_up
        for position, (request, result) in enumerate(zip(requests, results, strict=True))
        if isinstance(result, Answer) and (follow_up := backend.make_follow_up(request, result)) is not None
    }
    second_results, second_calls = _complete_requests(list(follow_ups.values()), backend, ledger)
    for (position, follow_up), result in zip(follow_ups.items(), second_results, strict=True):
        samples[position] = _add_second_call(samples[position], follow_up, result)
    return samples, calls + second_calls


def _complete_requests(
    requests: Sequence[CompletionRequest], backend: Backend, ledger: Ledger
) -> tuple[list[Answer | FailedRequest], Calls]:
    """Get the answers to requests from the ledger; missing ones are requested and recorded first."""
    digests = [request.request.digest for request in requests]
    recorded = ledger.find_keys(digests)
    missing = list({request.key: request for request in requests if request.key not in recorded}.values())
    calls, messages = _request_missing(missing, backend, ledger)
    answers = dict(ledger.read_answers(digests))
    results = [
        answers[request.key]
        if request.key in answers
        else FailedRequest(request, messages.get(request.key, "no answer came"))
        for request in requests
    ]
    from_ledger = len(recorded & {request.key for request in requests})
    return results, replace(calls, ledger=from_ledger, failed=len(missing) - calls.new)


def _request_missing(
    missing: Sequence[CompletionRequest], backend: Backend, ledger: Ledger
) -> tuple[Calls, dict[Key, str]]:
    """Request what the ledger lacks, and record each group before the next.

    Returns:
        How many answers came; and the messages of failed requests, by ledger key.
    """
    calls = Calls()
    messages: dict[Key, str] = {}
    with show_bar("sampling the teacher", len(missing)) as advance:
        for group in backend.request_completions(missing) if missing else ():
            completed = [result for result in group if isinstance(result, CompletedRequest)]
            ledger.record(
                [(result.request.request, result.request.sample_index, result.answer) for result in completed]
            )
            messages |= {result.request.key: result.message for result in group if isinstance(result, FailedRequest)}
            calls += Calls(new=len(completed), cost_usd=_add_costs(result.answer.cost_usd for result in completed))
            advance(len(group))
    return calls, messages


def _add_costs(costs: Iterable[float | None]) -> float | None:
    """Add up costs in US dollars; null where any is unknown."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _make_sample(this: Round, request: CompletionRequest, result: Answer | FailedRequest) -> Sample:
    digest = request.request.digest
    sample = Sample(
        sample_id=make_sample_id(request.problem.problem_id, digest, request.sample_index),
        problem_id=request.problem.problem_id,
        request_digests=(digest,),
        sample_index=request.sample_index,
        teacher=request.request.model,
        hint=this.hint,
        round=this.number,
    )
    if isinstance(result, FailedRequest):
        return _drop_failed(sample, result)
    return replace(
        sample,
        simulated=result.simulated,
        text=result.text,
        reasoning=result.reasoning,
        finish_reason=result.finish_reason,
        usage=result.usage,
        cost_usd=result.cost_usd,
        token_logprobs=result.token_logprobs,
        labels=result.labels,
    )


def _drop_failed(sample: Sample, failed: FailedRequest) -> Sample:
    return replace(sample, stage=Stage.TEACHER, fate=Fate.DROPPED, reason=Reason.REQUEST_FAILED, detail=failed.message)


def _add_second_call(sample: Sample, follow_up: CompletionRequest, result: Answer | FailedRequest) -> Sample:
    """Add the answer of a second call to a sample of reasoning. Log probabilities of two calls are not kept."""
    sample = replace(sample, request_digests=(*sample.request_digests, follow_up.request.digest), token_logprobs=None)
    if isinstance(result, FailedRequest):
        return _drop_failed(sample, result)
    cut = "length" if "length" in {sample.finish_reason, result.finish_reason} else result.finish_reason
    return replace(
        sample,
        text=f"{sample.text}\n\nAnswer: {result.text or ''}".rstrip(),
        finish_reason=cut,
        usage=Usage(
            prompt_tokens=_add_tokens(sample.usage.prompt_tokens, result.usage.prompt_tokens),
            completion_tokens=_add_tokens(sample.usage.completion_tokens, result.usage.completion_tokens),
        ),
        cost_usd=_add_costs([sample.cost_usd, result.cost_usd]),
    )


def _add_tokens(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
