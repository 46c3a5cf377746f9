"""What people who read rows decided, and the error rate that they measured."""

from typing import Annotated

from pydantic import Field

from .parts import Count, ManifestPart

_Share = Annotated[float, Field(ge=0, le=1)]


class MeasuredErrors(ManifestPart):
    """The share of errors in rows of one version that were drawn at random and read."""

    version: str
    """The version that they were drawn from; `NAME@VERSION`."""
    content_digest: str | None
    """Its content digest."""
    read: Count
    """Kept samples that were read."""
    errors: Count
    """Those of them that somebody rejected or edited, or whose gold answer or question is wrong."""
    unsure: Count
    """Those of them about which a reader can't tell. They count as no errors."""
    low: _Share
    """Lower end of the 95 % interval of the rate (Clopper and Pearson 1934)."""
    high: _Share
    """Upper end."""


class ReaderAgreement(ManifestPart):
    """How far two people agree about the rows that both read."""

    readers: tuple[str, str] = Field(strict=False)
    """The two."""
    rows: Count
    """Rows that both read, and about which neither was unsure."""
    same: Count
    """Those that both accept, or both don't."""
    kappa: float | None
    """Agreement beyond chance (Cohen 1960): 1 is full, 0 is that of chance. Null where chance alone explains all."""


class ReviewSummary(ManifestPart):
    """What the reviews that a recipe names did to the version."""

    readers: tuple[str, ...] = Field(strict=False)
    """Who decided."""
    decisions: Count
    """Lines of the files."""
    applied: dict[str, Count]
    """Decisions that the version follows, by action: `accept`, `reject` and `edit` of samples, `gold` and `drop` of
    problems."""
    unmatched: Count
    """Decisions about rows, or about texts, that the version does not have."""
    measured: tuple[MeasuredErrors, ...] = Field((), strict=False)
    """The error rate of each version of which rows were drawn at random and read."""
    agreement: tuple[ReaderAgreement, ...] = Field((), strict=False)
    """How far each two readers agree."""
