"""What the manifest is made of: inputs, files, the funnel."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..reasons import Reason, Stage, Unit

Count = Annotated[int, Field(ge=0, lt=2**63)]
"""A number of rows or bytes."""


class ManifestPart(BaseModel):
    """A part of the manifest: no unknown keys, no conversions."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _parse_enum(kind: type[Stage | Unit | Reason]) -> BeforeValidator:
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) else value)


class FunnelRow(ManifestPart):
    """One line of the funnel: the rows that one stage dropped for one reason (or none)."""

    stage: Annotated[Stage, _parse_enum(Stage)]
    """The stage."""
    unit: Annotated[Unit, _parse_enum(Unit)]
    """What is counted."""
    rows_in: Count
    """Rows that the stage took in."""
    kept: Count
    """Rows that the stage kept: rows_in less all rows it dropped."""
    dropped: Count
    """Rows dropped for this reason."""
    reason: Annotated[Reason, _parse_enum(Reason)] | None
    """The reason; null where the stage dropped nothing."""


class Input(ManifestPart):
    """A file that the version was built from."""

    name: str
    """The recipe key that names it: `sources.gsm8k`, `teacher.answers`."""
    file: str
    """The file's name, without its folder."""
    sha256: str
    """Digest of its bytes."""
    bytes: Count
    """Its size."""
    rows: Count
    """Rows in it, unreadable ones too."""
    unmatched: Count = 0
    """Recorded answers in it that answer no problem of the version."""


class InferredType(ManifestPart):
    """The answer type of a source whose recipe says `auto`."""

    source: str
    """The source."""
    answer_type: str
    """The type."""
    why: str
    """The reason."""
    golds: Count
    """So many gold answers, its first ones, were looked at."""


class File(ManifestPart):
    """A file of the version."""

    sha256: str
    """Digest of its bytes."""
    bytes: Count
    """Its size."""
    rows: Count
    """Rows in it."""
    footer: str | None = None
    """Digest of its footer, where it is Parquet: with the checksums of pages, a part of the file can be verified."""
    digest: str | None = None
    """Digest of its rows, whatever the file format, where it is a table."""


def describe_inferred(inferred: InferredType) -> str:
    """Describe an inferred answer type in a line."""
    return (
        f"{inferred.source}: answer_type {inferred.answer_type}, since of the first {inferred.golds:,} gold answers"
        f" {inferred.why}"
    )
