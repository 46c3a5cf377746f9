"""A circuit breaker: it says when a server is broken, by the share of recent requests that failed."""

from collections import deque

_RECENT = 50
"""Outcomes that are looked at."""

_FEWEST = 16
"""So few outcomes tell nothing; before the first success, so many failures in a row tell everything."""

_SHARE = 0.5
"""The share of failures from which on a server is taken to be broken."""


class Breaker:
    """Counts what requests came to: answers, and failures that are the server's (5xx, no reply, an unreadable one).

    429s are none, since a server that paces us is well; nor are refusals of one prompt.
    """

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=_RECENT)
        self._failed = 0
        self._in_a_row = 0
        self._has_succeeded = False
        self.words = ""
        """What the server said at the latest failure."""

    def count_success(self) -> None:
        """Count an answer in."""
        self._has_succeeded, self._in_a_row = True, 0
        self._add(failed=False)

    def count_failure(self, words: str) -> None:
        """Count a failure in, with the words of the server or of the connection."""
        self._in_a_row += 1
        self.words = words or self.words
        self._add(failed=True)

    def _add(self, *, failed: bool) -> None:
        if len(self._recent) == _RECENT:
            self._failed -= self._recent[0]
        self._recent.append(failed)
        self._failed += failed

    @property
    def is_open(self) -> bool:
        """Whether nothing more should be sent."""
        if not self._has_succeeded:
            return self._in_a_row >= _FEWEST
        return len(self._recent) >= _FEWEST and self._failed >= _SHARE * len(self._recent)

    def describe(self) -> str:
        """Describe the latest outcomes, for a person: `30 of the last 50 requests failed, the latest with ...`."""
        counts = f"{self._failed} of the last {len(self._recent)} requests failed"
        return f"{counts}, the latest with: {self.words}" if self.words else counts
