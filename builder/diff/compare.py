"""The differences between two versions, grouped and explained."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import polars as pl

from ...schemas.manifest import list_backends
from ...schemas.reasons import Stage, Unit
from ..progress import show_bar
from ..store import Version
from ..store.tables import FILES, list_files
from .causes import find_causes
from .changes import Change, list_changes
from .drift import Drift, describe_drift, measure_tables
from .rows import CHANGE_SCHEMA, COLUMNS, RowDifference, Tables, compare_bucket

STAGES = tuple(Stage)

_THREADS = 2
"""How many buckets are compared at once: reading and comparing columns leaves the interpreter free."""

_GROUPED = ("unit", "difference", "was", "now", "stage", "origin")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Rows that differ in the same way, at the same stage, for the same cause."""

    unit: Unit
    """Problems, samples or examples."""
    difference: RowDifference
    """How they differ."""
    was: str | None
    """What they were: `kept`, the reason for which they were dropped, a verdict, a split, a source."""
    now: str | None
    """What they are."""
    stage: Stage
    """The stage that decided it."""
    origin: Stage
    """The first stage at which anything of their problems differs."""
    rows: int
    """How many."""
    causes: tuple[str, ...]
    """What explains it."""
    ids: tuple[str, ...]
    """Some of them, by id: in the newer version, where that has the row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionDiff:
    """What differs between two versions."""

    before: Version
    """The older one."""
    after: Version
    """The newer one."""
    changes: tuple[Change, ...]
    """What differs between their manifests and can change a row."""
    groups: tuple[Group, ...]
    """The rows that differ."""
    problems_with_other_paths: int
    """Problems whose kept samples are not the same."""
    drift: tuple[Drift, ...]
    """What both hold, side by side."""

    @property
    def is_empty(self) -> bool:
        """Whether every row is the same, in every column."""
        return self.before.manifest.content_digest == self.after.manifest.content_digest


_BY_CONTENT = {"recorded"}
"""The backends whose samples have ids that are made from their texts: equal ids are equal texts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """Whose texts are compared: those of rows with equal ids that may hold other texts."""

    samples: bool = False
    """Answers that were sampled: two ledgers may have another one to the same request."""
    examples: bool = False
    """Examples, where other code or another recipe writes them."""


_NO_TEXTS = Texts()


def compare_versions(before: Version, after: Version, limit: int = 3) -> VersionDiff:
    """Find what differs between two versions, bucket by bucket; text is read only where rows may differ.

    Args:
        before: the older version.
        after: the newer one.
        limit: so many ids are kept of each group.

    Raises:
        InputError: a file is missing, or differs from its manifest.
    """
    changes = tuple(list_changes(before.manifest, after.manifest))
    texts = Texts(
        samples=any(list_backends(version.manifest) != _BY_CONTENT for version in (before, after)),
        examples=any(Stage.FORMAT in change.stages for change in changes),
    )
    bits = min(before.manifest.bucket_bits, after.manifest.bucket_bits)
    compare = partial(_compare_part, before, after, bits, limit, texts)
    sums: tuple[dict[str, float], dict[str, float]] = ({}, {})
    found, others = [], 0
    with ThreadPoolExecutor(_THREADS) as pool, show_bar("comparing", 1 << bits) as advance:
        for part in pool.map(compare, range(1 << bits)):
            advance(1)
            for own, measured in zip(sums, part.sums, strict=True):
                for name, value in measured.items():
                    own[name] = own.get(name, 0) + value
            found.append(part.groups)
            others += part.others
    return VersionDiff(
        before=before,
        after=after,
        changes=changes,
        groups=tuple(_explain_groups(found, changes, limit)),
        problems_with_other_paths=others,
        drift=tuple(describe_drift(*sums)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _ComparedBucket:
    """What one bucket shows."""

    groups: pl.DataFrame
    """The columns `_GROUPED`, rows, ids."""
    others: int
    """Problems whose kept samples are not the same."""
    sums: tuple[dict[str, float], dict[str, float]]
    """What drift is made of."""


def _compare_part(before: Version, after: Version, bits: int, limit: int, texts: Texts, number: int) -> _ComparedBucket:
    digests = _digest_bucket(before, number, bits)
    is_same = None not in digests and digests == _digest_bucket(after, number, bits)
    old, new = (_read_tables(version, number, bits, _NO_TEXTS if is_same else texts) for version in (before, after))
    nothing = pl.DataFrame(schema={**CHANGE_SCHEMA, "origin": pl.Int64})
    differences = nothing if is_same else compare_bucket(old, new)
    return _ComparedBucket(
        groups=_group(differences, limit),
        others=_count_other_paths(differences),
        sums=(measure_tables(old), measure_tables(new)),
    )


def _list_parts(version: Version, number: int, bits: int) -> range:
    """List a version's buckets that lie in a bucket of so many bits."""
    more = version.manifest.bucket_bits - bits
    return range(number << more, (number + 1) << more)


def _digest_bucket(version: Version, number: int, bits: int) -> list[str | None]:
    """List the digests of a bucket's files, as the manifest states them."""
    manifest = version.manifest
    files = [list_files(name, manifest.bucket_bits) for name in FILES]
    parts = _list_parts(version, number, bits)
    return [manifest.files[names[part]].digest for names in files for part in parts if names[part] in manifest.files]


def _read_tables(version: Version, number: int, bits: int, texts: Texts) -> Tables:
    """Read what is compared or counted, with a hash for the texts of each row, where they are compared."""
    parts = list(_list_parts(version, number, bits))
    problems = pl.concat(version.iterate_table("problems", COLUMNS["problems"], parts))
    answered = ("text", "reasoning") if texts.samples else ()
    samples = pl.concat(version.iterate_table("samples", [*COLUMNS["samples"], *answered], parts))
    written = ("messages", "reasoning") if texts.examples else ()
    examples = pl.concat(version.iterate_table("examples", [*COLUMNS["examples"], *written], parts))
    return {
        "problems": problems,
        "samples": _hash_texts(samples, answered),
        "examples": _hash_texts(examples, written),
    }


def _hash_texts(rows: pl.DataFrame, texts: Sequence[str]) -> pl.DataFrame:
    if not texts:
        return rows
    hashes = pl.struct(*texts).hash()
    return rows.with_columns(written=hashes).drop(texts)


def _count_other_paths(differences: pl.DataFrame) -> int:
    """Count the problems of a bucket whose kept samples are not the same."""
    kept = (pl.col("was") == "kept") | (pl.col("now") == "kept")
    chosen = differences.filter((pl.col("unit") == Unit.SAMPLE) & kept & (pl.col("was").ne_missing(pl.col("now"))))
    return chosen["problem_id"].n_unique()


def _group(differences: pl.DataFrame, limit: int) -> pl.DataFrame:
    ids = pl.col("row_id").bottom_k(limit).sort()
    return differences.group_by(_GROUPED).agg(rows=pl.len().cast(pl.Int64), ids=ids)


def _explain_groups(found: Sequence[pl.DataFrame], changes: Sequence[Change], limit: int) -> Iterator[Group]:
    """Join the groups of all buckets, and explain each: by unit, then the largest first."""
    schema = {name: CHANGE_SCHEMA.get(name, pl.Int64) for name in _GROUPED}
    empty = pl.DataFrame(schema={**schema, "rows": pl.Int64, "ids": pl.List(pl.String)})
    joined = pl.concat([empty, *found]).group_by(_GROUPED).agg(
        pl.col("rows").sum(), ids=pl.col("ids").explode().bottom_k(limit).sort()
    )  # fmt: skip
    units = {str(unit): place for place, unit in enumerate(Unit)}
    rows = joined.to_dicts()
    rows.sort(key=lambda row: (units[row["unit"]], -row["rows"], *(str(row[name]) for name in _GROUPED)))
    for row in rows:
        stage, origin, difference = STAGES[row["stage"]], STAGES[row["origin"]], RowDifference(row["difference"])
        yield Group(
            unit=Unit(row["unit"]),
            difference=difference,
            was=row["was"],
            now=row["now"],
            stage=stage,
            origin=origin,
            rows=row["rows"],
            causes=find_causes(difference, (row["was"], row["now"]), (origin, stage), changes),
            ids=tuple(row["ids"]),
        )
