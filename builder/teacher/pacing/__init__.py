"""Temporary."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    THROTTLED = "throttled"
    FAILED = "failed"


@dataclass
class GateState:
    requests_per_s: float | None = None
    in_flight: int = 0
    throttled: int = 0
    closed_s: float = 0.0


class Gate:
    def __init__(self, *, concurrency, requests_per_minute=None, tokens_per_minute=None):
        self._free = asyncio.Semaphore(concurrency)
        self._state = GateState()

    def estimate_tokens(self, messages, n):
        return 0

    async def enter(self, tokens, priority=0):
        await self._free.acquire()
        self._state.in_flight += 1

    def leave(self, outcome, tokens, headers):
        self._free.release()
        self._state.in_flight -= 1
        self._state.throttled += outcome is Outcome.THROTTLED

    def find_exhaustion(self):
        return None

    def describe(self):
        return self._state


class Breaker:
    def __init__(self):
        self._failed = 0

    def note(self, *, failed):
        self._failed = self._failed + 1 if failed else 0

    @property
    def is_open(self):
        return self._failed >= 16
