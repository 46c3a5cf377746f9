"""What a server writes down: every request, and for how long how many were in flight."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(kw_only=True, slots=True)
class RequestRecord:
    """One request."""

    digest: str
    """A digest of its body."""
    came_s: float
    """When it had come, in seconds since the first."""
    in_flight: int
    """How many were in flight, with it."""
    tokens: int = 0
    """Tokens of the prompt and of the reply."""
    outcome: str = "open"
    """`answered`; `throttled` by a limit; `refused`; the name of a fault; `left` where the client closed the connection
    first; `open` until then."""
    ended_s: float | None = None
    """When its reply was sent."""


@dataclass(frozen=True, slots=True)
class Busy:
    """For how many seconds how many requests were in flight, from the first request to the last reply."""

    seconds: dict[int, float]

    def find_share_below(self, level: float) -> float:
        """Find the share of the time in which fewer than `level` were in flight."""
        total = sum(self.seconds.values())
        return sum(each for count, each in self.seconds.items() if count < level) / total if total else 0.0

    @property
    def total_s(self) -> float:
        """All the time."""
        return sum(self.seconds.values())


@dataclass(slots=True)
class Recorder:
    """Writes down requests as they come and go."""

    requests: list[RequestRecord] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    """How often each body came."""
    outcomes: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most: int = 0
    _busy: dict[int, float] = field(default_factory=dict)
    _begin: float = 0.0
    _changed: float = 0.0

    def open(self, digest: str, now: float) -> RequestRecord:
        """Write down a request."""
        if not self.requests:
            self._begin = self._changed = now
        self._change(now, 1)
        request = RequestRecord(digest=digest, came_s=now - self._begin, in_flight=self.in_flight)
        self.requests.append(request)
        self.tries[digest] += 1
        return request

    def close(self, request: RequestRecord, outcome: str, now: float) -> None:
        """Write down what became of it."""
        self._change(now, -1)
        request.outcome, request.ended_s = outcome, now - self._begin
        self.outcomes[outcome] += 1

    def _change(self, now: float, by: int) -> None:
        self._busy[self.in_flight] = self._busy.get(self.in_flight, 0.0) + now - self._changed
        self._changed = now
        self.in_flight += by
        self.most = max(self.most, self.in_flight)

    def describe(self) -> dict[str, Any]:
        """Describe it all in a few numbers, as values of JSON."""
        return {
            "requests": len(self.requests),
            "bodies": len(self.tries),
            "in_flight": self.in_flight,
            "most_in_flight": self.most,
            "outcomes": dict(self.outcomes),
            "busy": {str(count): seconds for count, seconds in sorted(self._busy.items())},
        }

    def list_requests(self) -> list[dict[str, Any]]:
        """List all requests, in order, as values of JSON."""
        return [asdict(request) for request in self.requests]
