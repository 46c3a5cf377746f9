"""The manifest of a version: only what recipe, inputs and ledger determine."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from ..ids import SCHEME, digest
from ..section import Name, SemVer
from .counts import (
    Diversity,
    FaultCount,
    HintCount,
    JudgeCount,
    MixtureCount,
    ReadingCount,
    ServedModel,
    StageLengths,
    TokenCounts,
)
from .parts import Count, File, FunnelRow, InferredType, Input, ManifestPart
from .reviews import ReviewSummary
from .splits import Contamination, SplitReport


class Manifest(ManifestPart):
    """`manifest.json`, written last into the version's folder."""

    name: Name
    """The dataset."""
    version: SemVer
    """The version."""
    parent: SemVer | None
    """The version that this one follows, where the recipe names one."""
    scheme: Annotated[int, Field(ge=1)] = SCHEME
    """Number of the hashing scheme that the digests were made with."""
    fingerprint: str
    """Digest of the recipe's identity, the inputs and the rooms' code versions."""
    content_digest: str
    """Digest of every row of every table, whatever the file format: made from the digests of its buckets."""
    bucket_bits: Annotated[int, Field(ge=0, le=12)] = 0
    """Tables are cut into 2 to the power of so many buckets, by the first bits of the problem ids."""
    simulated: bool
    """True where any sample was written, or graded, by the simulated teacher."""
    teachers: tuple[str, ...] = Field(strict=False)
    """The models that wrote the samples."""
    recipe: dict[str, Any]
    """The identity keys of the recipe, with defaults filled in."""
    rooms: dict[str, int]
    """The code version of each room that decides rows."""
    inputs: tuple[Input, ...] = Field(strict=False)
    """The files that it was built from."""
    licenses: dict[str, str | None]
    """The licence of each source."""
    languages: tuple[str, ...] = Field((), strict=False)
    """Languages of the problems: the recipe's, else those that they were found to be in."""
    inferred: tuple[InferredType, ...] = Field((), strict=False)
    """The answer types of sources whose recipe says `auto`."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its answers, where the recipe states it."""
    splits: dict[str, Count]
    """Kept problems of each split."""
    split_report: SplitReport | None = None
    """How they were split, before the teacher was asked, and which test problems have a variation in training."""
    counts: dict[str, Count]
    """Rows and kept rows of each table, problems with a kept path, and distinct paths; `samples_agreed`, where some
    kept samples answer problems without a gold answer."""
    paths_per_problem: dict[str, Count] = Field(default_factory=dict)
    """Kept problems of both splits by their number of distinct correct paths."""
    diversity: tuple[Diversity, ...] = Field((), strict=False)
    """Distinct paths of each source and teacher, by the number of samples."""
    readings: tuple[ReadingCount, ...] = Field((), strict=False)
    """Samples by the rule that read their final answer."""
    judges: tuple[JudgeCount, ...] = Field((), strict=False)
    """Who was asked about samples that no comparison settles, and how many those are."""
    faults: tuple[FaultCount, ...] = Field((), strict=False)
    """Samples by the faults of their rationale."""
    hints: tuple[HintCount, ...] = Field((), strict=False)
    """Hinted samples and unhinted pass rate of each source."""
    served_models: tuple[ServedModel, ...] = Field((), strict=False)
    """The models that servers say have answered, at most a hundred, the most frequent first. Several for one teacher:
    the server changed its model while it was sampled."""
    tokens: tuple[TokenCounts, ...] = Field((), strict=False)
    """The lengths of reasonings and responses."""
    mixture: tuple[MixtureCount, ...] = Field((), strict=False)
    """What each stage was asked to take of each source, and what it took."""
    lengths: tuple[StageLengths, ...] = Field((), strict=False)
    """The lengths of each stage's rows; empty without a tokenizer."""
    contamination: tuple[Contamination, ...] = Field((), strict=False)
    """A certificate for each set that the recipe decontaminates against."""
    repeated_questions: dict[str, Count] = Field(default_factory=dict)
    """Rows dropped because their question is asked already: to the letter, `exact`, or in another writing,
    `normalized`; and `other_answer`, those of them whose gold answer is another one than that of the row kept."""
    near_duplicates: dict[str, Count] = Field(default_factory=dict)
    """Kept `problems` and `samples` with a near-duplicate of another problem; empty where none were looked for."""
    review: ReviewSummary | None = None
    """What the reviews that the recipe names did, and the error rates that they measured; null where it names none."""
    funnel: tuple[FunnelRow, ...] = Field(strict=False)
    """Rows that each stage took in, kept and dropped, with the reasons."""
    files: dict[str, File]
    """The tables beside this manifest."""
    manifest_digest: str | None = None
    """Digest of everything else in this manifest; null where an earlier release wrote it."""


def list_teachers(manifest: Manifest) -> list[Mapping[str, Any]]:
    """List the teachers of the recipe as it describes them, one or several."""
    teacher = manifest.recipe.get("teacher", {})
    return list(teacher) if isinstance(teacher, list) else [teacher]


def list_backends(manifest: Manifest) -> set[str]:
    """List the backends of the recipe's teachers; a stranger's manifest may name none."""
    teachers = (teacher for teacher in list_teachers(manifest) if isinstance(teacher, Mapping))
    return {str(teacher.get("backend")) for teacher in teachers}


def list_changed_teachers(manifest: Manifest) -> dict[str, list[ServedModel]]:
    """List the teachers that several models answered for, or one under several fingerprints; each with its models."""
    models: dict[str, list[ServedModel]] = {}
    for served in manifest.served_models:
        models.setdefault(served.teacher, []).append(served)
    return {name: own for name, own in models.items() if len(own) > 1 or own[0].fingerprints > 1}


def seal_manifest(manifest: Manifest) -> Manifest:
    """Put the digest of everything else into a manifest, so that a reader notices damage."""
    return manifest.model_copy(update={"manifest_digest": digest_manifest(manifest.model_dump(mode="json"))})


def digest_manifest(values: Mapping[str, Any]) -> str:
    """Digest the keys of a `manifest.json` as they stand there, but for the digest itself."""
    return digest({key: value for key, value in values.items() if key != "manifest_digest"})
