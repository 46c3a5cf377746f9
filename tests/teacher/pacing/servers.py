"""Simulated servers with limits, and a simulated client that sends by a pace, in virtual time."""

import heapq
import itertools
import math
from collections import deque
from dataclasses import dataclass, field

from cotloom.builder.teacher.pacing.headers import NO_LIMITS, read_limits
from cotloom.builder.teacher.pacing.pace import Pace
from cotloom.builder.teacher.pacing.records import RequestOutcome


class Bucket:
    def __init__(self, per_s, capacity):
        self.per_s, self.capacity, self.level, self.at_s = per_s, capacity, capacity, 0.0

    def _fill(self, now):
        self.level = min(self.capacity, self.level + (now - self.at_s) * self.per_s)
        self.at_s = now

    def take(self, now, amount):
        self._fill(now)
        accepted = self.level >= amount - 1e-9
        self.level -= amount if accepted else 0
        return accepted

    def describe(self, now):
        self._fill(now)
        return self.capacity, max(0, int(self.level)), (self.capacity - self.level) / self.per_s

    def find_wait(self, now, amount):
        self._fill(now)
        return max(0.0, (amount - self.level) / self.per_s)


class Fixed:
    def __init__(self, limit, window_s, begin_s=0.0):
        self.limit, self.window_s, self.begin_s, self.number, self.used = limit, window_s, begin_s, -1, 0

    def _roll(self, now):
        number = math.floor((now + self.begin_s) / self.window_s)
        if number != self.number:
            self.number, self.used = number, 0

    def take(self, now, amount):
        self._roll(now)
        accepted = self.used + amount <= self.limit
        self.used += amount if accepted else 0
        return accepted

    def find_wait(self, now, amount):
        self._roll(now)
        return (self.number + 1) * self.window_s - self.begin_s - now if self.used + amount > self.limit else 0.0

    def describe(self, now):
        self._roll(now)
        return self.limit, self.limit - self.used, (self.number + 1) * self.window_s - self.begin_s - now


class Sliding:
    def __init__(self, limit, window_s):
        self.limit, self.window_s, self.taken, self.used = limit, window_s, deque(), 0

    def _roll(self, now):
        while self.taken and self.taken[0][0] <= now - self.window_s:
            self.used -= self.taken.popleft()[1]

    def take(self, now, amount):
        self._roll(now)
        if self.used + amount > self.limit:
            return False
        self.taken.append((now, amount))
        self.used += amount
        return True

    def find_wait(self, now, amount):
        self._roll(now)
        free = self.limit - self.used
        for at_s, each in self.taken:
            if free >= amount:
                break
            free, last_s = free + each, at_s
        else:
            return 0.0 if free >= amount and not self.taken else last_s + self.window_s - now
        return 0.0 if self.limit - self.used >= amount else last_s + self.window_s - now

    def describe(self, now):
        self._roll(now)
        reset_s = self.taken[0][0] + self.window_s - now if self.taken else 0.0
        return self.limit, self.limit - self.used, reset_s


@dataclass
class Server:
    limiter: object = None
    counts_tokens: bool = False
    has_retry_after: bool = False
    has_headers: bool = False
    refusal_s: float = 0.002
    latency_s: float = 0.2
    change: tuple = ()
    """When, and by what, the limiter is replaced."""
    accepted: int = 0
    refused: int = 0

    def receive(self, now, tokens):
        """Returns seconds until the reply, its outcome and its headers."""
        if self.change and now >= self.change[0]:
            self.limiter, self.change = self.change[1], ()
        if self.limiter is None:
            return self.latency_s, RequestOutcome.SUCCEEDED, {}
        amount = tokens if self.counts_tokens else 1
        accepted = self.limiter.take(now, amount)
        headers = {}
        if self.has_headers:
            kind = "tokens" if self.counts_tokens else "requests"
            limit, left, reset_s = self.limiter.describe(now)
            headers = {
                f"x-ratelimit-limit-{kind}": str(limit),
                f"x-ratelimit-remaining-{kind}": str(int(left)),
                f"x-ratelimit-reset-{kind}": f"{math.ceil(reset_s * 1000)}ms",
            }
        if accepted:
            self.accepted += 1
            return self.latency_s, RequestOutcome.SUCCEEDED, headers
        self.refused += 1
        if self.has_retry_after:
            headers["retry-after"] = str(math.ceil(self.limiter.find_wait(now, amount)))
        return self.refusal_s, RequestOutcome.THROTTLED, headers


@dataclass
class Client:
    pace: Pace
    requests: int
    tokens: float = 350.0
    done: int = 0
    refused: int = 0
    next_timer: float = field(default=math.inf)
    end_s: float = 0.0
    gap_s: float = 0.0
    """A busy machine sends no two requests closer together."""
    sent_s: float = -math.inf


def simulate(server, clients, *, longest_s=3600.0):
    """Run clients against a server until each request was accepted. Returns the virtual seconds that it took."""
    return Simulation(server, clients).run(longest_s)


class Simulation:
    """The clock of a simulation, and what will happen when."""

    way_s = 0.001
    """Seconds on the way to the server."""

    def __init__(self, server, clients):
        self.server, self.clients = server, clients
        self.to_send = [client.requests for client in clients]
        self.events, self.order = [], itertools.count()

    def run(self, longest_s):
        handlers = {"timer": self.wake, "arrive": self.arrive, "reply": self.reply}
        for index in range(len(self.clients)):
            self.push(0.0, "timer", index)
        now = 0.0
        while self.events and now < longest_s:
            now, _, kind, (index, *rest) = heapq.heappop(self.events)
            handlers[kind](now, index, *rest)
        return max(client.end_s for client in self.clients)

    def push(self, at_s, kind, *rest):
        heapq.heappush(self.events, (at_s, next(self.order), kind, rest))

    def wake(self, now, index):
        client = self.clients[index]
        if now >= client.next_timer:
            client.next_timer = math.inf
        self.pump(now, index)

    def arrive(self, now, index, ticket):
        reply_s, outcome, headers = self.server.receive(now, self.clients[index].tokens)
        self.push(now + reply_s, "reply", index, ticket, outcome, headers)

    def reply(self, now, index, ticket, outcome, headers):
        client = self.clients[index]
        limits = read_limits(headers) if headers else NO_LIMITS
        client.pace.finish(now, outcome, client.tokens, limits, ticket)
        if outcome is RequestOutcome.THROTTLED:
            client.refused += 1
            self.to_send[index] += 1
        else:
            client.done += 1
            client.end_s = now
        self.pump(now, index)

    def pump(self, now, index):
        """Send what may be sent now, and set a timer for the next."""
        client = self.clients[index]
        while self.to_send[index]:
            delay = max(client.pace.compute_delay(now, client.tokens), client.sent_s + client.gap_s - now)
            if delay > 1e-6:
                if delay < math.inf and not now < client.next_timer <= now + delay + 1e-9:
                    client.next_timer = now + delay
                    self.push(client.next_timer, "timer", index)
                return
            ticket, client.sent_s = client.pace.start(now, client.tokens), now
            self.to_send[index] -= 1
            self.push(now + self.way_s, "arrive", index, ticket)


class Oracle:
    """A pace that knows the limiter, and sends each request as early as it is accepted."""

    def __init__(self, limiter, concurrency, tokens=None):
        self.limiter, self.concurrency, self.tokens, self.in_flight = limiter, concurrency, tokens, 0

    def compute_delay(self, now, tokens):
        if self.in_flight >= self.concurrency:
            return math.inf
        if self.limiter is None:
            return 0.0
        wait_s = self.limiter.find_wait(now + 0.001, tokens if self.tokens else 1)
        return wait_s + 1e-5 if wait_s > 0 else 0.0

    def start(self, *_):
        self.in_flight += 1

    def finish(self, *_):
        self.in_flight -= 1
