"""What a server does: settings that a test writes down, and that travel to its process as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long a reply takes."""

    fixed_s: float = 0.0
    """Seconds until a reply."""
    slow_share: float = 0.0
    """The share of requests that take `slow_s` in place of it: chosen by their bodies, so the same in every run."""
    slow_s: float = 5.0
    """Seconds until the reply to one of those."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How much a server serves. What is over it gets 429."""

    of: Literal["requests", "tokens"]
    """What is counted; tokens are those of the prompt and of the reply."""
    amount: float
    """So many in each `per_s`."""
    per_s: float = 60.0
    """Seconds."""
    kind: Literal["bucket", "sliding", "fixed"] = "bucket"
    """A bucket that fills again steadily, the last `per_s` seconds, or windows that begin at multiples of `per_s`."""
    capacity: float | None = None
    """What a bucket holds; null for `amount`. It is full at the beginning."""


@dataclass(frozen=True, kw_only=True)
class Throttling:
    """What the reply to a request over a limit looks like."""

    after_latency: bool = False
    """Whether it takes as long as an answer; else it comes at once."""
    retry_after: Literal["seconds", "exact", "date"] | None = "seconds"
    """How Retry-After is written: whole seconds, a fraction, or a date; null for none."""
    headers: bool = False
    """Whether every reply has the headers `x-ratelimit-...`."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong, by rate and by script."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """The share of each fault, by its name in `faults.FAULTS`. A request that is sent again is drawn anew; nothing else
    decides the draw."""
    seed: int = 0
    """Another seed, other requests."""
    script: Mapping[str, str] = field(default_factory=dict)
    """The fault of the n-th request, from 1 (as a text, for JSON); `*` for all others. Empty: it is answered."""
    retry_after_s: float | None = None
    """The Retry-After of the fault `throttled`."""
    stall_s: float = 600.0
    """Seconds until the connection of a stalled request is closed."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What stands in a completion."""

    table: str | None = None
    """A JSON file: for each question, a list of texts to answer with. Other questions, and all without a table, are
    answered by `answers.write_solution`."""
    tokens: int = 0
    """Texts are filled up to so many words."""
    wrong_share: float = 0.25
    """The share of wrong answers among those without a table."""
    reasoning: Literal["field", "tags"] | None = None
    """Where the reasoning stands: in `reasoning_content`, between tags, or in the text itself."""
    n: Literal["honoured", "ignored", "refused"] = "honoured"
    """What becomes of n: as many choices, always one, or an error."""


@dataclass(frozen=True, kw_only=True)
class Batches:
    """What the batch half does."""

    enabled: bool = True
    """Whether there is one; else 404."""
    validate_s: float = 0.01
    """Seconds until a batch runs, or is refused."""
    run_s: float = 0.05
    """Seconds until it is over."""
    script: Mapping[str, str] = field(default_factory=dict)
    """How the n-th batch ends, from 1; `*` for all others: completed, expired, cancelled, partial (completed, with rows
    in no file), invalid, invalid_lines (the second)."""
    share: float = 0.5
    """The share of rows that a batch answers which ends before it is done."""
    row_faults: Mapping[str, float] = field(default_factory=dict)
    """The share of rows with each error, by its name in `batches.ERRORS`; drawn anew for a row that is sent again."""
    refused: tuple[str, ...] = ()
    """Parameters that rows may not have."""
    call_faults: Mapping[str, str] = field(default_factory=dict)
    """What goes wrong with the n-th call of a kind (`upload:1`, `create:2`, `look:*`, `list`, `download`): a status;
    `dropped`: the connection is closed; `lost`: it is done, and then the connection is closed."""
    most_rows: int = 50_000
    """The most rows of a batch."""
    most_bytes: int | None = None
    """The most bytes of a file."""
    most_waiting: int | None = None
    """The most rows that run at once; a batch beyond them is refused."""
    page: int = 2
    """Batches on a page of the list."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of a server."""

    latency: Latency = field(default_factory=Latency)
    limits: tuple[Limit, ...] = ()
    throttling: Throttling = field(default_factory=Throttling)
    faults: Faults = field(default_factory=Faults)
    answers: Answers = field(default_factory=Answers)
    batches: Batches = field(default_factory=Batches)
    lifetime_s: float = 900.0
    """The process ends after so many seconds, whatever happens."""

    def to_plain(self) -> dict[str, Any]:
        """Turn them into values of JSON."""
        return asdict(self)


def read_settings(plain: Mapping[str, Any]) -> Settings:
    """Read settings from values of JSON."""
    return Settings(
        latency=Latency(**plain["latency"]),
        limits=tuple(Limit(**limit) for limit in plain["limits"]),
        throttling=Throttling(**plain["throttling"]),
        faults=Faults(**plain["faults"]),
        answers=Answers(**plain["answers"]),
        batches=Batches(**{**plain["batches"], "refused": tuple(plain["batches"]["refused"])}),
        lifetime_s=plain["lifetime_s"],
    )
