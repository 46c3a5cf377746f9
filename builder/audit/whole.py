"""Checks of a version as a whole: what its buckets count up to, and the files beside its tables."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...schemas.manifest import FunnelRow
from ...schemas.validation import Validation
from .. import mix, select
from ..store import DEV, Version
from ..store.funnel import build_funnel
from ..store.tables import FILES, digest_content, list_files
from .licenses import find_conflicts
from .outline import Outline


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """What the buckets of a version make together."""

    version: Version
    """The version."""
    outline: Outline | None
    """What concerns several buckets; null where a table can't be read."""
    counts: Counter[str]
    """Numbers of rows, by what is counted."""
    digests: Mapping[str, Sequence[str]]
    """Digests of the rows of each kind of file, in the order of the buckets."""


WholeCheck = Callable[[Whole], Iterator[str]]
"""A check of a version as a whole: yields a sentence for each violation."""


def check_digest(whole: Whole) -> Iterator[str]:
    """Law 4: the rows have the content digest of the manifest."""
    manifest = whole.version.manifest
    for name in FILES:
        for file, digest in zip(list_files(name, manifest.bucket_bits), whole.digests[name], strict=True):
            stated = manifest.files[file].digest if file in manifest.files else None
            if stated not in (None, digest):
                yield f"the rows of {file} have the digest {digest[:16]}..., the manifest says {stated[:16]}..."
    computed, content = digest_content(whole.digests), manifest.content_digest
    if computed != content:
        yield f"the rows have the content digest {computed[:16]}..., the manifest says {content[:16]}..."


def check_repeated_ids(whole: Whole) -> Iterator[str]:
    """Law 1: no sample of one bucket has the id of one in another, and what a dropped question repeats is there."""
    if whole.outline is not None and whole.outline.repeated:
        yield f"{whole.outline.repeated:,} samples have the id of another"
    lost = whole.outline.lost_repeats if whole.outline is not None else ()
    if lost:
        yield f"{len(lost):,} problems repeat one that is missing, or a duplicate, such as {lost[0]}"


def check_funnel(whole: Whole) -> Iterator[str]:
    """Law 1: the funnel agrees with the tables."""
    stated, counted = list(whole.version.manifest.funnel), build_funnel(whole.counts)
    yield from (f"the funnel says {_format_row(row)}; the tables do not" for row in stated if row not in counted)
    yield from (f"the tables say {_format_row(row)}; the funnel does not" for row in counted if row not in stated)


def _format_row(row: FunnelRow) -> str:
    return f"{row.stage}, {row.unit}: {row.rows_in:,} in, {row.dropped:,} dropped ({row.reason}), {row.kept:,} kept"


def check_counts(whole: Whole) -> Iterator[str]:
    """The counts of the manifest agree with the tables."""
    manifest = whole.version.manifest
    yield from _compare_counts("counts", manifest.counts, _select(whole, "counts"))
    yield from _compare_counts("splits", manifest.splits, _select(whole, "splits"))
    repeated = _select(whole, "repeated_questions")
    yield from _compare_counts("repeated_questions", manifest.repeated_questions, repeated)
    yield from _compare_counts("paths_per_problem", manifest.paths_per_problem, _select(whole, "paths_per_problem"))
    yield from _compare_answers(whole)
    yield from _compare_mixture(whole)
    teachers = sorted(_select(whole, "teachers"))
    if tuple(teachers) != manifest.teachers:
        yield f"the manifest names the teachers {', '.join(manifest.teachers)}; the samples, {', '.join(teachers)}"


def _select(whole: Whole, key: str) -> dict[str, int]:
    prefix = f"{key}:"
    return {name.removeprefix(prefix): rows for name, rows in whole.counts.items() if name.startswith(prefix)}


def _compare_counts(key: str, stated: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[str]:
    for name in sorted({*stated, *counted}):
        if stated.get(name) != counted.get(name):
            yield f"{key}.{name} is {stated.get(name)} in the manifest and {counted.get(name)} in the tables"


def _compare_answers(whole: Whole) -> Iterator[str]:
    """Compare what the manifest says of readings, hints, served models and lengths with the samples."""
    manifest = whole.version.manifest
    counted_by = manifest.tokens[0].counted_by if manifest.tokens else "usage"
    if set(manifest.readings) != set(select.describe_readings(whole.counts)):
        yield "the manifest counts other rules that read final answers than the samples have"
    if manifest.judges != tuple(select.describe_judges(whole.counts)):
        yield "the manifest counts other samples that a model or a command was asked about than there are"
    if set(manifest.faults) != set(select.describe_faults(whole.counts)):
        yield "the manifest counts other faults of rationales than the samples have"
    if manifest.hints != tuple(select.describe_hints(whole.counts)):
        yield "the manifest counts other hinted samples or pass rates than the samples have"
    if manifest.diversity != tuple(select.describe_diversity(whole.counts)):
        yield "the manifest states another diversity of paths than the samples have"
    if manifest.served_models != tuple(select.describe_served(whole.counts)):
        yield "the manifest names other served models than the samples have"
    if manifest.tokens != tuple(select.describe_tokens(whole.counts, counted_by)):
        yield "the manifest counts other lengths in tokens than the samples have"


def _compare_mixture(whole: Whole) -> Iterator[str]:
    """Compare what the manifest says that stages took, and how long their rows are, with the examples."""
    manifest = whole.version.manifest
    for item in manifest.mixture:
        for name, count in mix.read_taken(whole.counts, item.stage, item.source).items():
            if getattr(item, name) != count:
                place = f"{name} of {item.source} in the stage {item.stage}"
                yield f"the manifest counts {getattr(item, name)} {place}; the examples, {count}"
    stated = {f"{item.stage}:{item.source}" for item in manifest.mixture}
    counted = {name.rpartition(":")[0] for name, rows in _select(whole, "mixed").items() if rows}
    for name in sorted(counted - stated):
        yield f"examples of the stage and source {name} are trained on, of which the manifest says nothing"
    for own in manifest.lengths:
        lengths = mix.read_lengths(whole.counts, own.stage)
        if not lengths or own != mix.measure_lengths(own.stage, lengths, own.length):
            yield f"the manifest states other lengths of rows in the stage {own.stage} than the examples have"


def check_hinted(whole: Whole) -> Iterator[str]:
    """Of what a stage took of a source, hinted rows are at most the share that the recipe allows."""
    stages = (whole.version.manifest.recipe.get("mixture") or {}).get("stages") or ()
    shares = {stage["name"]: Fraction(str(stage["hinted"])) for stage in stages if stage.get("hinted") is not None}
    for item in whole.version.manifest.mixture:
        taken = mix.read_taken(whole.counts, item.stage, item.source)
        rows, hinted = taken["rows"] or 0, taken["hinted"] or 0
        if item.stage in shares and hinted > shares[item.stage] * rows:
            place = f"that the stage {item.stage} took of {item.source}"
            yield f"{hinted:,} of {rows:,} rows {place} are hinted; the recipe allows {shares[item.stage]}"


def check_clusters(whole: Whole) -> Iterator[str]:
    """Law 6: no cluster is in both splits, but where the recipe splits row by row."""
    clusters = whole.outline.mixed_clusters if whole.outline is not None else ()
    if clusters and whole.version.manifest.recipe["split"]["by"] == "group":
        yield f"{len(clusters):,} clusters of variations are in both splits, such as {clusters[0][:60]!r}"


def check_simulated_mark(whole: Whole) -> Iterator[str]:
    """The manifest says whether there are samples of the simulated teacher."""
    graded = any(item.simulated for item in select.describe_judges(whole.counts))
    simulated, stated = whole.counts["simulated"] > 0 or graded, whole.version.manifest.simulated
    if simulated != stated:
        yield f"the manifest says simulated: {stated}; the samples, {simulated}"


def check_licenses(whole: Whole) -> Iterator[str]:
    """The licences of the sources, and that of the dataset, do not forbid each other."""
    return find_conflicts(whole.version.manifest)


def check_parent(whole: Whole) -> Iterator[str]:
    """Law 4: the parent of a fixed version is no `dev` version, which may be overwritten."""
    manifest = whole.version.manifest
    if manifest.version == DEV:
        return
    if manifest.parent == DEV:
        yield "its parent is a dev version, which may be overwritten"
    if manifest.parent == manifest.version:
        yield "it is its own parent"


def check_validation(whole: Whole) -> Iterator[str]:
    """`validation.json` belongs to this version and to its content."""
    version = whole.version
    content = version.read_beside("validation.json")
    if not content or version.manifest.version == DEV:
        return
    validation = Validation.model_validate(content)
    if validation.content_digest != version.manifest.content_digest:
        yield f"validation.json belongs to other content: {validation.content_digest[:16]}..."
    if validation.ref != version.ref:
        yield f"validation.json belongs to {validation.ref}"
