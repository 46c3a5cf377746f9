"""The runtime: how a build runs. Nothing in it can change a row (law 5)."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class EngineKind(StrEnum):
    """Where the row-by-row work runs."""

    LOCAL = "local"
    """Worker processes on this machine."""
    RAY = "ray"
    """Tasks on a Ray cluster, which reaches the store under the same path."""


class Runtime(BaseModel):
    """Circumstances of a build. No field is part of a fingerprint."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    store: Path = Path(".cotloom")
    """The folder of ledger, stage results and versions."""
    workers: int = Field(default=1, ge=1, le=256)
    """Processes that share the row-by-row work."""
    engine: EngineKind = Field(default=EngineKind.LOCAL, strict=False)
    """Where they run: `local` or `ray`."""
    ray_address: str | None = None
    """Address of a Ray cluster; null starts one on this machine, with `workers` processors."""
    memory_gb: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Memory that the worker processes may take together, in GB; null for three quarters of what is available."""
    concurrency: int = Field(default=64, ge=1, le=10_000)
    """Concurrent requests to a live teacher."""
    requests_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """The most requests in a minute to one server; null learns what it allows."""
    tokens_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """The most tokens in a minute, of requests and answers together; null learns what the server allows."""
    prices: Path | None = None
    """A file with prices of your own, which come before the listed ones."""
    max_usd: str | None = Field(default=None, pattern=r"^\d{1,9}(\.\d{1,12})?$")
    """The most that all builds of this version may pay, in US dollars."""
    max_requests: int | None = Field(default=None, ge=0)
    """The most requests that all builds of this version may send, those that fail counted."""
    max_tokens: int | None = Field(default=None, ge=0)
    """The most tokens of requests and answers that all builds of this version may take."""
    timeout_s: float = Field(default=300.0, gt=0)
    """Seconds to wait for one answer of a live teacher."""
    retries: int = Field(default=5, ge=0, le=100)
    """How often a request that failed is tried again."""
    batch: bool = False
    """Send requests through the server's batch service: cheaper, and answered within a day."""
    batch_requests: int = Field(default=50_000, ge=1, le=1_000_000)
    """The most requests in one file of a batch; 50,000 is OpenAI's limit."""
    batch_mb: float = Field(default=200.0, gt=0, le=10_000, allow_inf_nan=False)
    """The most that one file may take, in MB of 1,000,000 bytes; 200 is OpenAI's limit."""
    batch_problems: int = Field(default=50_000, ge=1, le=1_000_000)
    """Problems on their way at once, which wait for batches together."""
    batch_poll_s: float = Field(default=60.0, gt=0, le=86_400, allow_inf_nan=False)
    """The longest pause between two looks at a batch, in seconds; the first are shorter."""
    batch_live_below: int = Field(default=0, ge=0)
    """Fewer requests than this are sent live in place of a batch of their own."""
    batch_finish_live: bool = False
    """Send what a batch left unanswered (it expired, was cancelled, or the row failed) live, not in another batch."""
    accept_failures: bool = False
    """Build a version although requests failed for good; their samples are dropped as `request_failed`."""
    allow_empty: bool = False
    """Freeze a version although it has no row, or none of a source or a format."""
    externals: tuple[str, ...] = ()
    """Pairs `NAME=COMMAND`: the commands that may judge samples, by the names that recipes know them by. A command
    decides verdicts: a digest of it, or its declared version, is part of the fingerprint."""
    external_seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """Seconds that such a command may take for one answer."""
    external_memory_gb: float = Field(default=4.0, gt=0, allow_inf_nan=False)
    """Memory that it may take, in GB, where the system has such a limit."""
    allow_keys: tuple[str, ...] = ()
    """Pairs `VARIABLE@HOST`: the key in a variable may be sent to a host that is not known to belong to it."""
