"""The manifest of a version: only what recipe, inputs and ledger determine."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from .ids import SCHEME, digest
from .reasons import Reason, Stage, Unit
from .section import Name, SemVer

Count = Annotated[int, Field(ge=0, lt=2**63)]
"""A number of rows or bytes."""


class ManifestPart(BaseModel):
    """A part of the manifest: no unknown keys, no conversions."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


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


class Contamination(ManifestPart):
    """Overlap of the training problems with an evaluation set, before limit and split."""

    against: str
    """The set: a source with the role `evaluate`."""
    problems: Count
    """Questions in it."""
    overlaps: Count
    """Problems that overlapped it, and were dropped."""
    highest_similarity: float
    """The highest similarity of words, from 0 to 1, between any of its questions and a problem that overlaps no set."""
    ngram: int
    """A shared n-gram of so many words was an overlap."""
    similarity: float
    """A word similarity from this value on was an overlap too."""
    masked: float | None = None
    """A masked similarity from this value on was an overlap too; null where nothing was masked."""
    highest_masked: float | None = None
    """The highest masked similarity between any of its questions and a problem that overlaps no set; null where nothing
    was masked."""
    measures: dict[str, Count] = Field(default_factory=dict)
    """Of the problems that overlapped it, how many by each measure, the strictest that holds: a value of
    `OverlapMeasure`."""
    samples: Count = 0
    """Samples that hold a question of a set, and were dropped."""
    digest: str | None = None
    """Digest of the ids of its problems, which are made from question and options."""


class LargeCluster(ManifestPart):
    """A cluster of variations that is a large part of the problems."""

    cluster: str
    """The cluster."""
    problems: Count
    """Problems in it."""


class SplitLeak(ManifestPart):
    """A test problem with a variation in training."""

    test: str
    """The test problem."""
    train: str
    """The nearest training problem."""
    similarity: float | None
    """How similar their masked words are, from 0 to 1; null where only their cluster is the same."""


class SplitReport(ManifestPart):
    """How problems were split, and what leaks."""

    by: str
    """What stays together: `group` or `row`."""
    problems: Count
    """Problems on a side."""
    tests: Count
    """Those of them in the test split."""
    clusters: Count
    """Clusters of variations among them."""
    largest_cluster: Count
    """Problems of the largest cluster."""
    large_clusters: tuple[LargeCluster, ...] = Field((), strict=False)
    """The largest clusters with more than a twentieth of the problems, and at least ten, at most five."""
    kept_sides: Count = 0
    """Problems that the parent has too, and that are on the side that they are on there."""
    crossing: Count = 0
    """Problems that would join two sides, and were dropped."""
    similarity: float
    """From this similarity on, a problem is a variation of another, whatever their clusters."""
    leaks: Count
    """Test problems with a variation in training."""
    leaking_share: float | None
    """`leaks` of `tests`, from 0 to 1; null where there are none."""
    examples: tuple[SplitLeak, ...] = Field((), strict=False)
    """The nearest of them, at most five."""


class ReadingCount(ManifestPart):
    """How many final answers one rule read."""

    rule: str
    """The rule; `last_sentence` is the last resort for a text without a mark."""
    part: str
    """The part that it read: `reasoning` or `text`."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class FaultCount(ManifestPart):
    """How many samples have a fault of their rationale."""

    kind: str
    """The fault: a value of `FaultKind`."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept: the recipe tags this fault, and drops nothing for it."""


class HintCount(ManifestPart):
    """What hints did for the problems of one source. Finished responses of sources are not counted."""

    source: str
    """The source."""
    kept: Count
    """Kept samples."""
    kept_hinted: Count
    """Those of them that are hinted."""
    hinted_share: float | None
    """`kept_hinted` of `kept`, from 0 to 1; null where nothing was kept."""
    correct: Count
    """Samples with a correct answer, dropped ones too."""
    correct_hinted: Count
    """Those of them that are hinted."""
    unhinted: Count
    """Unhinted samples whose answer is correct, wrong, missing or truncated."""
    unhinted_correct: Count
    """Those of them that are correct."""
    unhinted_pass_rate: float | None
    """`unhinted_correct` of `unhinted`, from 0 to 1; null where there are none."""


class ServedModel(ManifestPart):
    """A model that answered for a teacher, as the server names it."""

    teacher: str
    """The teacher: the model that was asked for."""
    model: str
    """The model that answered."""
    samples: Count
    """Samples that it wrote."""
    fingerprints: Count
    """How many fingerprints (`system_fingerprint`) the server gave with them."""


class JudgeCount(ManifestPart):
    """How many samples somebody was asked about, where no comparison settles their answer or their rationale."""

    kind: str
    """`model_graded`: a grading model; `external`: a command of the user's."""
    question: str
    """What was asked: `answer` or `rationale`."""
    judge: str
    """The model, or the name of the command."""
    simulated: bool
    """True where the simulated teacher stood in for a model."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class LengthBin(ManifestPart):
    """Samples of which a part has about the same length."""

    least: Count
    """The fewest tokens."""
    most: Count
    """The most."""
    samples: Count
    """Samples."""
    kept: Count
    """Those of them that were kept."""


class TokenCounts(ManifestPart):
    """The lengths of a part of the answers."""

    part: str
    """The part: `reasoning` or `response`."""
    counted_by: str
    """`tokenizer`: the recipe's; `usage`: the server."""
    tokens: Count
    """Tokens in all, of the samples whose length is known."""
    unknown: Count
    """Samples with an answer of unknown length."""
    bins: tuple[LengthBin, ...] = Field(strict=False)
    """The others, by length; each bin ends at twice the length of the one before."""


class RarefactionPoint(ManifestPart):
    """A point of a rarefaction curve."""

    samples: Annotated[int, Field(ge=1)]
    """So many correct samples of each problem."""
    problems: Count
    """Problems with at least so many."""
    paths: float
    """The mean number of distinct paths that so many of them take, over all ways to draw them."""


class Diversity(ManifestPart):
    """How many distinct paths the correct samples of a source's problems take."""

    source: str
    """The source."""
    teacher: str | None
    """The teacher; null for all of them together."""
    problems: Count
    """Problems with a correct sample."""
    samples: Count
    """Correct samples that were compared with each other."""
    paths: Count
    """Distinct paths among those of each problem, in all."""
    unseen: float | None
    """Estimate of the mean number of paths of a problem that no sample took, at least (Chao1); null where no problem
    has two samples."""
    coverage: float
    """Estimate of the probability that one more sample takes a path that is known (Good and Turing), from 0 to 1."""
    mean_distance: float | None
    """Mean distance of kept paths to the others of their problem, from 0 to 1; null where no problem has two."""
    curve: tuple[RarefactionPoint, ...] = Field(strict=False)
    """Distinct paths by the number of samples: 1, 2, 4 and so on, and the most that a problem has."""


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
    contamination: tuple[Contamination, ...] = Field((), strict=False)
    """A certificate for each set that the recipe decontaminates against."""
    near_duplicates: dict[str, Count] = Field(default_factory=dict)
    """Kept `problems` and `samples` with a near-duplicate of another problem; empty where none were looked for."""
    funnel: tuple[FunnelRow, ...] = Field(strict=False)
    """Rows that each stage took in, kept and dropped, with the reasons."""
    files: dict[str, File]
    """The tables beside this manifest."""
    manifest_digest: str | None = None
    """Digest of everything else in this manifest; null where an earlier release wrote it."""


def describe_inferred(inferred: InferredType) -> str:
    """Describe an inferred answer type in a line."""
    return (
        f"{inferred.source}: answer_type {inferred.answer_type}, since of the first {inferred.golds:,} gold answers"
        f" {inferred.why}"
    )


def describe_split(report: SplitReport) -> list[str]:
    """Describe what is to be known of a split: a line for what leaks, and one for each large cluster."""
    lines = []
    if report.leaks:
        share = "" if report.leaking_share is None else f" ({report.leaking_share:.1%})"
        lines.append(f"{report.leaks:,} of {report.tests:,} test problems{share} have a variation in training")
    lines += [
        f"the cluster {each.cluster} has {each.problems / report.problems:.0%} of the problems: {each.problems:,}"
        for each in report.large_clusters
    ]
    return lines


def list_teachers(manifest: Manifest) -> list[Mapping[str, Any]]:
    """List the teachers of the recipe as it describes them, one or several."""
    teacher = manifest.recipe.get("teacher", {})
    return list(teacher) if isinstance(teacher, list) else [teacher]


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
    cost_usd: Annotated[float, Field(ge=0)] | None = None
    """What the new answers cost; null where a price is unknown."""
