"""The manifest: what a version says about itself. Only what recipe, inputs and ledger determine."""

from typing import Annotated, Any

from cotloom.schemas.ids import SCHEME
from cotloom.schemas.reasons import Reason, Stage, Unit
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Part(BaseModel):
    """A part of the manifest: no unknown keys, no conversions."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


def _enum(kind: type[Stage | Unit | Reason]) -> BeforeValidator:
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) else value)


class FunnelRow(Part):
    """One line of the funnel: the rows that one stage dropped for one reason (or none)."""

    stage: Annotated[Stage, _enum(Stage)]
    """The stage."""
    unit: Annotated[Unit, _enum(Unit)]
    """What is counted."""
    rows_in: int
    """Rows that came into the stage."""
    kept: int
    """Rows that went on: rows_in less everything the stage dropped."""
    dropped: int
    """Rows dropped for this reason."""
    reason: Annotated[Reason, _enum(Reason)] | None
    """The reason; null where the stage dropped nothing."""


class Input(Part):
    """A file that went into the version."""

    name: str
    """Where the recipe names it: `sources.gsm8k`, `teacher.answers`."""
    file: str
    """The file's name, without its folder."""
    sha256: str
    """Digest of its bytes."""
    bytes: int
    """Its size."""
    rows: int
    """Rows in it, unreadable ones too."""
    unmatched: int = 0
    """Recorded answers in it that answer no problem of the version."""


class Contamination(Part):
    """How near the problems to train on come to a set kept for evaluation, before limit and split."""

    against: str
    """The set: a source with the role `evaluate`."""
    problems: int
    """Questions in it."""
    overlaps: int
    """Problems that overlapped it, and were dropped."""
    highest_similarity: float
    """The highest similarity of words, from 0 to 1, between any of its questions and a problem that overlaps no set."""
    ngram: int
    """A shared run of so many words was an overlap."""
    similarity: float
    """So was a similarity of words from this on."""


class File(Part):
    """A file of the version."""

    sha256: str
    """Digest of its bytes."""
    bytes: int
    """Its size."""
    rows: int
    """Rows in it."""


class Manifest(Part):
    """`manifest.json`, written last into the version's folder."""

    name: str
    """The dataset."""
    version: str
    """The version."""
    parent: str | None
    """The version that this one follows, where the recipe names one."""
    scheme: int = SCHEME
    """Number of the hashing scheme that the digests were made with."""
    fingerprint: str
    """Digest of the recipe's identity, the inputs and the rooms' code versions."""
    content_digest: str
    """Digest of every row of every table, whatever the file format."""
    simulated: bool
    """True where any sample was written by the simulated teacher."""
    teachers: tuple[str, ...] = Field(strict=False)
    """Who wrote the samples."""
    recipe: dict[str, Any]
    """The identity keys of the recipe, with defaults filled in."""
    rooms: dict[str, int]
    """The code version of each room that decides rows."""
    inputs: tuple[Input, ...] = Field(strict=False)
    """The files that went in."""
    licenses: dict[str, str | None]
    """The licence of each source."""
    languages: tuple[str, ...] = Field((), strict=False)
    """Languages of the texts, where the recipe names them."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its answers, where the recipe says it."""
    splits: dict[str, int]
    """Kept problems on each side of the split."""
    counts: dict[str, int]
    """Rows and kept rows of each table, problems with a kept path, and distinct paths."""
    contamination: tuple[Contamination, ...] = Field((), strict=False)
    """A certificate for each set that the recipe decontaminates against."""
    funnel: tuple[FunnelRow, ...] = Field(strict=False)
    """What each stage took in, kept and dropped, with the reasons."""
    files: dict[str, File]
    """The tables beside this manifest."""
