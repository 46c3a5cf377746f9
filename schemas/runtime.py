"""The runtime: how a build runs. Nothing in it can change a row (law 5)."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Runtime(BaseModel):
    """What the machine and the user bring to a build. No field is part of a fingerprint."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    store: Path = Path(".cotloom")
    """The folder that holds ledger, stage results and versions."""
    workers: int = Field(default=1, ge=1, le=256)
    """Processes that share the row-by-row work."""
    concurrency: int = Field(default=64, ge=1, le=10_000)
    """Requests to a live teacher that are under way at once."""
    timeout_s: float = Field(default=300.0, gt=0)
    """Seconds to wait for one answer of a live teacher."""
    retries: int = Field(default=5, ge=0, le=100)
    """How often a request that failed is tried again."""
    batch_size: int = Field(default=16, ge=1)
    """Prompts that a local checkpoint answers together."""
    accept_failures: bool = False
    """Build a version although requests failed for good; each is a dropped `request_failed`."""
