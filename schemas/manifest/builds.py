"""The circumstances of a build: what `build.json` says."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from .parts import Count, ManifestPart


class BuildCalls(ManifestPart):
    """Answers that a build asked for."""

    new: Count
    """Requested in this build."""
    ledger: Count
    """In the ledger already."""
    failed: Count
    """Requests that failed."""
    refused: Count = 0
    """Answers that the teacher refuses to give."""
    saved: Count = 0
    """Answers up to `paths.max` that were not needed."""


class BuildCost(ManifestPart):
    """What some responses cost when they were paid."""

    usd: Annotated[float, Field(ge=0)]
    """US dollars, of those whose cost is known."""
    unknown: Count = 0
    """Responses whose cost is unknown."""


class BuildCosts(ManifestPart):
    """What the answers of a version cost."""

    new: BuildCost
    """Those that this build asked for."""
    total: BuildCost
    """All of them, whichever build asked."""


class BuildRecord(BaseModel):
    """What is shown of `build.json`, the circumstances of a build; empty where the version was pulled."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)

    started_at: AwareDatetime | None = Field(None, strict=False)
    """When the build started."""
    seconds: Annotated[float, Field(ge=0)] | None = None
    """How long it took."""
    calls: BuildCalls | None = None
    """Answers that it asked for."""
    stages: tuple[dict[str, Any], ...] = Field((), strict=False)
    """What each stage cost."""
    costs: BuildCosts | None = None
    """What the new answers cost, and what all of them did."""
    cost_usd: Annotated[float, Field(ge=0)] | None = None
    """What the new answers cost; null where a price is unknown."""
