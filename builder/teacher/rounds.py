"""Sample in rounds: complete rounds only, each answer recorded first, hints only where the policy allows them.

Whether a problem needs another round depends on how many correct paths it has. The pipeline passes the function that
counts them (`CountPaths`), so this room knows nothing of verdicts.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...schemas.problem import Problem
from ...schemas.prompt import HintPolicy, Paths
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.sample import Hint, Sample, TokenLogprob, make_sample_id
from ..errors import CotloomError, InputError
from ..progress import show_bar
from ..text.traces import part_trace
from .backends.protocol import Backend, CompletionRequest, FailedRequest
from .chat_usage import add_usage
from .ledger import Key, Ledger
from .request import Answer, ReceivedResponse
from .responses import count_parts


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
    refused: int = 0
    """Answers that the teacher refuses to give, now or in the ledger; their samples are dropped."""
    error: CotloomError | None = None
    """Why the first of the failed requests failed."""
    cost_usd: float | None = 0.0
    """Cost of the new answers in US dollars; null where any price is unknown."""
    by_teacher: tuple[tuple[str, "Calls"], ...] = ()
    """Those of each teacher, by the recipe key that it stands at, where there are several."""

    def __add__(self, other: "Calls") -> "Calls":
        """Add up two rounds."""
        return Calls(
            new=self.new + other.new,
            ledger=self.ledger + other.ledger,
            failed=self.failed + other.failed,
            refused=self.refused + other.refused,
            error=self.error or other.error,
            cost_usd=_add_costs([self.cost_usd, other.cost_usd]),
            by_teacher=(*self.by_teacher, *other.by_teacher),
        )


@dataclass(frozen=True, slots=True)
class Round:
    """One round: its problems, whether they are hinted, and the sample indexes."""

    number: int
    hint: Hint
    problems: Sequence[Problem]
    indexes: range


def sample_rounds(  # noqa: PLR0913 - what a recipe says of rounds, and who answers
    problems: Sequence[Problem],
    backend: Backend,
    ledger: Ledger,
    count_paths: CountPaths,
    *,
    paths: Paths,
    hints: HintPolicy,
    accept_failures: bool = False,
    earlier: Sequence[Sample] = (),
) -> tuple[list[Sample], Calls]:
    """Sample all problems, round by round.

    The samples of earlier teachers count: a problem that has enough distinct paths of theirs is not sampled at all, and
    a hint is a fallback for problems that none of them solved.

    A problem of which a request failed gets no further round, unless failures are accepted: its round is not complete,
    and what it needs next is not known. A prompt that was refused is not sent again; with a hint it is another prompt.

    Returns:
        The samples in the order of rounds, problems and indexes; and how many answers were new.
    """
    samples: list[Sample] = []
    calls, left_out = Calls(), ledger.find_forgotten()
    first_hint = Hint.HINTED if hints.mode == "always" else Hint.NONE
    first = 1 + max((sample.round for sample in earlier), default=-1)
    short = _select_short(problems, earlier, count_paths, paths)
    this: Round | None = Round(first, first_hint, short, range(min(paths.round, paths.max or paths.round)))
    while this and this.problems:
        round_samples, round_calls, failed = _sample_round(this, backend, ledger)
        samples, calls = [*samples, *round_samples], calls + round_calls
        left_out |= set() if accept_failures else failed
        remaining = [problem for problem in problems if problem.problem_id not in left_out]
        known = [*earlier, *samples]
        this = _plan_next_round(this, remaining, known, count_paths, paths, hints) if round_samples else None
    return samples, calls


def _select_short(
    problems: Sequence[Problem], earlier: Sequence[Sample], count_paths: CountPaths, paths: Paths
) -> Sequence[Problem]:
    """Select the problems that have too few distinct paths of earlier teachers."""
    if paths.target is None or not earlier:
        return problems
    own = {problem.problem_id for problem in problems}
    counts = count_paths(problems, [sample for sample in earlier if sample.problem_id in own])
    return [problem for problem in problems if counts[problem.problem_id].distinct < paths.target]


def _plan_next_round(
    last: Round,
    remaining: Sequence[Problem],
    samples: Sequence[Sample],
    count_paths: CountPaths,
    paths: Paths,
    hints: HintPolicy,
) -> Round | None:
    """Plan a round for problems below the target; after the last, with fallback hints, one for unsolved problems."""
    begin = last.indexes.stop
    more = range(begin, min(begin + paths.round, paths.max or paths.round))
    hinted_already = hints.mode == "fallback" and last.hint is Hint.HINTED
    if hinted_already or (not more and hints.mode != "fallback"):
        return None
    answered = {sample.problem_id for sample in samples if sample.fate is Fate.KEPT}
    sampled = {problem.problem_id for problem in last.problems} & answered
    problems = {problem.problem_id: problem for problem in remaining if problem.problem_id in sampled}
    counts = count_paths(list(problems.values()), [sample for sample in samples if sample.problem_id in problems])
    if more:
        short = [p for p in problems.values() if paths.target is None or counts[p.problem_id].distinct < paths.target]
        if short:
            return Round(last.number + 1, last.hint, short, more)
    if hints.mode != "fallback":
        return None
    unsolved = {problem for problem, count in counts.items() if count.correct == 0}
    unsolved |= {problem.problem_id for problem in remaining} - answered
    return Round(last.number + 1, Hint.HINTED, [p for p in remaining if p.problem_id in unsolved], range(paths.round))


def _sample_round(this: Round, backend: Backend, ledger: Ledger) -> tuple[list[Sample], Calls, set[str]]:
    """Sample one round. Returns its samples, where they came from, and the problems of which a request failed."""
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
    failures = [result for result in [*results, *second_results] if isinstance(result, FailedRequest)]
    failed = {failure.request.problem.problem_id for failure in failures}
    return samples, calls + second_calls, failed


def _complete_requests(
    requests: Sequence[CompletionRequest], backend: Backend, ledger: Ledger
) -> tuple[list[Answer | FailedRequest], Calls]:
    """Get the answers to requests from the ledger; missing ones are requested and recorded first."""
    forgotten = ledger.find_forgotten()
    wanted = [request for request in requests if request.problem.problem_id not in forgotten]
    digests = [request.request.digest for request in wanted]
    recorded = ledger.find_keys(digests)
    missing = {request.key: request for request in wanted if request.key not in recorded}
    failures = _request_missing(list(missing.values()), backend, ledger)
    answers = {key: _part_answer(answer) for key, answer in ledger.read_answers(digests)}
    results = [_find_result(request, answers, failures, forgotten) for request in requests]
    new = [answers[key] for key in missing if key in answers]
    calls = Calls(
        new=len(new),
        ledger=len(recorded & {request.key for request in wanted}),
        failed=len(missing) - len(new),
        refused=sum(isinstance(result, Answer) and result.refusal is not None for result in results),
        error=next(iter(failures.values())).error if failures else None,
        cost_usd=_add_costs(answer.cost_usd for answer in new),
    )
    return results, calls


def _part_answer(answer: Answer) -> Answer:
    """Tell the reasoning of an answer apart from its text, whichever way the server sent it."""
    parts = part_trace(answer.text, answer.reasoning)
    return replace(answer, text=parts.response, reasoning=parts.reasoning)


def _find_result(
    request: CompletionRequest,
    answers: Mapping[Key, Answer],
    failures: Mapping[Key, FailedRequest],
    forgotten: Container[str],
) -> Answer | FailedRequest:
    if request.problem.problem_id in forgotten:
        return Answer(text=None, refusal="its answers were erased with cotloom ledger forget")
    if request.key in answers:
        return answers[request.key]
    return failures.get(request.key) or FailedRequest(request, InputError("no answer came"))


def _request_missing(
    missing: Sequence[CompletionRequest], backend: Backend, ledger: Ledger
) -> dict[Key, FailedRequest]:
    """Request what the ledger lacks, and record each group before the next. Returns the failed ones by ledger key."""
    failures: dict[Key, FailedRequest] = {}
    if missing:
        ledger.check_keys()
    with show_bar("sampling the teacher", len(missing)) as advance:
        for group in backend.request_completions(missing) if missing else ():
            received = [result for result in group if isinstance(result, ReceivedResponse)]
            ledger.record(received)
            failures |= {result.request.key: result for result in group if isinstance(result, FailedRequest)}
            advance(sum(len(item.choices) for item in received) + len(group) - len(received))
    return failures


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
    if isinstance(result, FailedRequest) or result.refusal is not None:
        return _drop_failed(sample, result)
    reasoning_tokens, response_tokens = count_parts(result)
    return replace(
        sample,
        simulated=result.simulated,
        text=result.text,
        reasoning=result.reasoning,
        finish_reason=result.finish_reason,
        usage=result.usage,
        served_model=result.served_model,
        fingerprint=result.fingerprint,
        response_id=result.response_id,
        reasoning_tokens=reasoning_tokens,
        response_tokens=response_tokens,
        cost_usd=result.cost_usd,
        token_logprobs=result.token_logprobs,
        labels=result.labels,
    )


def _drop_failed(sample: Sample, result: Answer | FailedRequest) -> Sample:
    detail = result.error.message if isinstance(result, FailedRequest) else result.refusal
    return replace(sample, stage=Stage.TEACHER, fate=Fate.DROPPED, reason=Reason.REQUEST_FAILED, detail=detail)


def _add_second_call(sample: Sample, follow_up: CompletionRequest, result: Answer | FailedRequest) -> Sample:
    """Add the answer of a second call to a sample of reasoning, with the log probabilities of both calls."""
    sample = replace(sample, request_digests=(*sample.request_digests, follow_up.request.digest))
    if isinstance(result, FailedRequest) or result.refusal is not None:
        return _drop_failed(sample, result)
    reasoning_tokens, response_tokens = count_parts(result)
    cut = "length" if "length" in {sample.finish_reason, result.finish_reason} else result.finish_reason
    between = f"{NEW_PARAGRAPH if sample.text else ''}{SECOND_ANSWER}"
    return replace(
        sample,
        text=f"{sample.text or ''}{between}{result.text or ''}".rstrip(),
        token_logprobs=_join_logprobs(sample, between, result),
        finish_reason=cut,
        usage=add_usage(sample.usage, result.usage),
        reasoning_tokens=_add_tokens(sample.reasoning_tokens, reasoning_tokens),
        response_tokens=_add_tokens(sample.response_tokens, response_tokens),
        cost_usd=_add_costs([sample.cost_usd, result.cost_usd]),
    )


NEW_PARAGRAPH = "\n\n"
SECOND_ANSWER = "Answer: "
"""What stands before the answer of a second call."""


def _join_logprobs(sample: Sample, between: str, result: Answer) -> tuple[TokenLogprob, ...] | None:
    """Join the log probabilities of two calls. What stands between them is certain: no model wrote it."""
    first, second = sample.token_logprobs, result.token_logprobs
    if second is None or (first is None and sample.text):
        return None
    return (*(first or ()), TokenLogprob(token=between, logprob=0.0), *second)


def _add_tokens(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
