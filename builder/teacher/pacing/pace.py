"""The pace of all requests to one server, as a machine that is given the time and never looks at a clock.

It asks several limits when the next request may start, and the latest answer counts: the user's own limits, what the
server's headers say is left, what its refusals taught, the slow start, and the gate that a 429 closes.
"""

import math
import random
from dataclasses import dataclass

from .closing import Closing, Exhaustion
from .credit import Credit
from .doubt import RefusalDoubt
from .headers import NO_LIMITS, ServerLimits
from .learned import LearnedRate
from .ramp import Ramp
from .records import RequestOutcome, Ticket
from .steady import Steady

_SHORTEST_S = 1e-6
"""No timer is set for less."""

_SHORTEST_PAUSE_S = 0.1
"""The first pause where the headers say what is left, and the server refuses nevertheless; it doubles."""

_TRUST_HEADERS, _TRUST_SHARE = 3, 0.02
"""So many pauses, and so many for each request, may befall us at a server whose headers tell what is left. With more,
its headers alone are not believed: they do not tell of all its limits, or others use it too."""


@dataclass(frozen=True, slots=True)
class PaceState:
    """How the requests to a server stand, for a person."""

    allowed_per_s: float | None
    """Requests a second; None where nothing limits them."""
    in_flight: int
    throttled: int
    """429s so far."""
    closed_s: float
    """Seconds until anything may be sent; 0 where the gate is open."""
    reason: str
    """Why it is closed; empty where it is open."""
    waiting: int = 0
    """Requests that wait to be sent."""


class Pace:
    """The pace of all requests to one server.

    Args:
        concurrency: the most requests in flight.
        requests_per_minute: the user's limit, or None.
        tokens_per_minute: the user's limit, or None.
        source: where the jitter of pauses comes from.
    """

    def __init__(
        self,
        concurrency: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        source: random.Random | None = None,
    ) -> None:
        self._concurrency = concurrency
        self._requests = Steady(requests_per_minute) if requests_per_minute else None
        self._tokens = Steady(tokens_per_minute) if tokens_per_minute else None
        self._closing = Closing(source or random.Random())  # noqa: S311 - jitter keeps no secret
        self._learned = LearnedRate()
        self._ramp = Ramp(concurrency)
        self._doubt = RefusalDoubt()
        self._request_credit, self._token_credit = Credit(most_at_first=4.0), Credit()
        self._is_limited = bool(requests_per_minute or tokens_per_minute)
        self._in_flight: dict[int, Ticket] = {}
        self._started, self._started_tokens = 0, 0.0
        self._lessons = 0
        self.throttled = 0
        """429s so far."""

    @property
    def in_flight(self) -> int:
        """Requests in flight."""
        return len(self._in_flight)

    def compute_delay(self, now: float, tokens: float) -> float:
        """Compute the seconds until a request may start: 0 for now, infinite while only a reply can make room."""
        if len(self._in_flight) >= self._ramp.window:
            return math.inf
        delay_s = self._ramp.compute_delay(now)
        if self._doubt.places and self._in_flight:
            if len(self._in_flight) + self._doubt.places >= self._ramp.window:
                return self._doubt.compute_delay(now, self._in_flight)
            delay_s = max(delay_s, self._doubt.compute_gap(now, self._in_flight.get(self._started - 1)))
        if self._is_limited:
            delay_s = max(delay_s, self._compute_limited_delay(now, tokens))
        return delay_s if delay_s > _SHORTEST_S else 0.0

    def _compute_limited_delay(self, now: float, tokens: float) -> float:
        """Compute the delay once any limit is given or was met."""
        if self._in_flight and len(self._in_flight) >= self._learned.compute_window():
            return math.inf
        return max(
            self._closing.compute_delay(now),
            self._learned.compute_delay(now),
            self._request_credit.compute_delay(now, 1.0),
            self._token_credit.compute_delay(now, tokens),
            self._requests.compute_delay(now) if self._requests else 0.0,
            self._tokens.compute_delay(now) if self._tokens else 0.0,
        )

    def start(self, now: float, tokens: float) -> Ticket:
        """Count a request in that is sent now. Returns what `finish` takes to count it out."""
        ticket = Ticket(self._started, now, tokens, self._started_tokens)
        self._in_flight[ticket.number] = ticket
        self._started += 1
        self._started_tokens += tokens
        self._ramp.start(now)
        if self._is_limited:
            self._start_limited(now, ticket)
        return ticket

    def _start_limited(self, now: float, ticket: Ticket) -> None:
        if self._closing.start(ticket):
            self._learned.probe(ticket, ticket.number - self.throttled)
        self._learned.start(ticket)
        self._request_credit.start(now, 1.0)
        self._token_credit.start(now, ticket.tokens)
        if self._requests:
            self._requests.start(now, 1.0)
        if self._tokens:
            self._tokens.start(now, ticket.tokens)

    def finish(
        self,
        now: float,
        outcome: RequestOutcome,
        tokens: float | None = None,
        limits: ServerLimits = NO_LIMITS,
        ticket: Ticket | None = None,
    ) -> None:
        """Count a request out.

        Args:
            now: the present.
            outcome: how it ended.
            tokens: its actual tokens, where they are known.
            limits: what the headers of the reply say.
            ticket: what `start` returned; without it, the oldest request is taken to have ended.
        """
        ticket = self._take(ticket)
        if limits is not NO_LIMITS:
            self._update_credit(ticket, limits)
        if self._tokens and outcome is not RequestOutcome.THROTTLED and tokens is not None:
            self._tokens.correct(tokens - ticket.tokens)
        if outcome is RequestOutcome.THROTTLED:
            self.throttled += 1
            if self._lessons or limits.retry_after_s or self._has_headers():
                self._refuse(now, ticket, limits.retry_after_s)
                return
            self._doubt.add(now, ticket)
        if outcome is RequestOutcome.SUCCEEDED:
            self._ramp.accept(now - ticket.started_s)
        if self._is_limited and outcome is not RequestOutcome.THROTTLED:
            self._closing.accept(ticket)
        if not self._lessons and self._doubt.is_limit(now, self._in_flight, self._started):
            self._refuse(now, ticket, None)

    def _take(self, ticket: Ticket | None) -> Ticket:
        number = next(iter(self._in_flight)) if ticket is None else ticket.number
        return self._in_flight.pop(number)

    def _update_credit(self, ticket: Ticket, limits: ServerLimits) -> None:
        """Take in what headers say; where they tell what is left, there is no need to start slowly."""
        after = self._started - ticket.number - 1
        self._request_credit.update(ticket.number, ticket.started_s, after, limits.requests)
        tokens_after = self._started_tokens - ticket.tokens_before - ticket.tokens
        self._token_credit.update(ticket.number, ticket.started_s, tokens_after, limits.tokens)
        if self._request_credit.is_known or self._token_credit.is_known:
            self._is_limited = True
            self._ramp.end()

    def _refuse(self, now: float, ticket: Ticket, asked_s: float | None) -> None:
        """Close the gate for everyone, and learn."""
        self._is_limited = True
        self._ramp.end()
        self._learned.note_refusal(now, ticket, asked_s)
        if self._closing.is_news(ticket):
            self._lessons += 1
            self._request_credit.reduce()
            if not self._may_trust_headers():
                self._learned.learn(ticket)
        self._closing.close(now, ticket, asked_s, self._suggest_pause(ticket), self._learned.refusal_s)

    def _has_headers(self) -> bool:
        """Whether the headers tell what is left."""
        return self._request_credit.is_known or self._token_credit.is_known

    def _may_trust_headers(self) -> bool:
        """Whether the headers tell what is left, and were right until now, but for a few times."""
        return self._has_headers() and self._lessons <= _TRUST_HEADERS + _TRUST_SHARE * self._started

    def _suggest_pause(self, ticket: Ticket) -> float:
        """Suggest seconds to wait where the server does not say how many."""
        if self._may_trust_headers() and not self._learned.is_known:
            return max(_SHORTEST_PAUSE_S, 1 / self._request_credit.per_s)
        return self._learned.suggest_pause(max(1, ticket.number - self.throttled + 1))

    def find_exhaustion(self, now: float) -> Exhaustion | None:
        """Find out whether the server refuses everything for good; None where it makes sense to go on."""
        return self._closing.find_exhaustion(now)

    def describe(self, now: float) -> PaceState:
        """Describe how the requests stand."""
        rates = [each.per_s for each in (self._requests,) if each]
        rates += [self._request_credit.per_s, self._learned.rate]
        allowed = min(rates)
        closed_s = self._closing.compute_delay(now) if self._closing.is_closed(now) else 0.0
        asked_s = self._closing.asked_s
        reason = f"the server asks to wait {asked_s:g} s (429)" if asked_s else "the server refuses requests (429)"
        return PaceState(
            allowed_per_s=None if allowed == math.inf else allowed,
            in_flight=self.in_flight,
            throttled=self.throttled,
            closed_s=closed_s,
            reason=reason if closed_s else "",
        )
