"""What each problem takes: requests, tokens, and what these cost today, whether they were paid now or before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...costs import Cost, Delivery, Price, ResponseTokens, compute_cost, make_cost
from ...errors import CotloomError, Stopped
from ..backends.protocol import Books, CompletionRequest, FailedRequest, Results
from ..request import Answer
from .path_counts import PathCounts


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemUse:
    """What one problem took."""

    requests: int = 0
    """Requests, each for one or several answers."""
    answers: int = 0
    """Answers."""
    tokens: int = 0
    """Tokens of requests and answers, as far as they were counted."""
    costs: Mapping[Delivery, Cost] = field(default_factory=lambda: dict.fromkeys(Delivery, Cost()))
    """What they cost today, by delivery."""
    is_complete: bool = True
    """Whether no answer is missing."""
    paths: PathCounts = field(default_factory=PathCounts)
    """The paths that it brought."""


@dataclass(slots=True)
class Meter:
    """Adds up what each problem takes."""

    uses: dict[str, ProblemUse] = field(default_factory=dict)
    """By problem id."""

    def note_answers(
        self,
        requests: Sequence[CompletionRequest],
        results: Sequence[Answer | FailedRequest],
        prices: Mapping[Delivery, Price | None],
    ) -> None:
        """Note the answers to requests of one problem."""
        groups: dict[str, list[Answer]] = {}
        for request, result in zip(requests, results, strict=True):
            if isinstance(result, Answer):
                groups.setdefault(request.request.digest, []).append(result)
        if not requests:
            return
        problem = requests[0].problem.problem_id
        use = self.uses.get(problem, ProblemUse())
        for answers in groups.values():
            tokens = _count_tokens(answers)
            use = replace(
                use,
                requests=use.requests + 1,
                answers=use.answers + len(answers),
                tokens=use.tokens + (tokens.prompt or 0) + (tokens.completion or 0),
                costs={way: cost + make_cost(compute_cost(prices[way], tokens)) for way, cost in use.costs.items()},
            )
        is_whole = not any(isinstance(result, FailedRequest) for result in results)
        self.uses[problem] = replace(use, is_complete=use.is_complete and is_whole)

    def note_paths(self, problem: str, paths: PathCounts) -> None:
        """Note the paths of a problem that is done."""
        self.uses[problem] = replace(self.uses.get(problem, ProblemUse()), paths=paths)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A look at some problems before a build."""

    is_asking: bool
    """Whether the teacher is asked what the ledger lacks."""
    meter: Meter = field(default_factory=Meter)
    """What they take."""


def _count_tokens(answers: Sequence[Answer]) -> ResponseTokens:
    """Count the tokens of the answers to one request; the first of a response has the tokens of its prompt."""
    prompts = [answer.usage.prompt_tokens for answer in answers if answer.usage.prompt_tokens is not None]
    cached = sum(answer.usage.cached_tokens or 0 for answer in answers)
    written = [
        usage.completion_tokens if usage.estimated_tokens is None else usage.estimated_tokens
        for usage in (answer.usage for answer in answers)
    ]
    completion = None if None in written else sum(count for count in written if count is not None)
    reasoning = sum(answer.usage.reasoning_tokens or 0 for answer in answers)
    return ResponseTokens(
        prompt=sum(prompts) if prompts else None, cached=cached, completion=completion, reasoning=reasoning
    )


class Unanswered:
    """A sender that sends nothing: what the ledger lacks stays unanswered."""

    fatal: CotloomError | None = None

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:  # noqa: ARG002 - it sends nothing
        """Leave the requests unanswered."""
        return [FailedRequest(request, Stopped("it is not in the ledger")) for request in group]

    def describe(self) -> Mapping[str, int | float | str]:
        """There is nothing to say of the sending."""
        return {}
