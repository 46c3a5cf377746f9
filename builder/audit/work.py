"""Audit one bucket: plain values in, plain values out, so that workers share the buckets of a version."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from ...schemas.manifest import Manifest
from .. import select
from ..store import Version
from ..store.funnel import count_fates
from ..store.tables import digest_frame, sort_rows
from .bucket import AuditBucket, BucketCheck, make_tables
from .contamination import check_overlap
from .duplicates import check_duplicates
from .files import check_bucket_files, read_files
from .finding import Fault
from .laws import (
    check_demonstrations,
    check_places,
    check_row_fates,
    check_simulated,
    check_splits,
    check_verdicts,
    count_rows,
)
from .outline import load_index
from .recompute import check_ids, check_judgements, check_sides
from .texts.personal_data import check_personal_data
from .texts.secrets import check_paths, check_secrets

ADDRESS = f"{__name__}:audit_bucket"
"""The address of `audit_bucket` for the engine."""

DIGEST, COUNTS = "digest", "counts"

TABLE_CHECKS: Mapping[str, BucketCheck] = {
    "fates": check_row_fates,
    "buckets": check_places,
    "ids": check_ids,
    "splits": check_splits,
    "sides": check_sides,
    "demonstrations": check_demonstrations,
    "verdicts": check_verdicts,
    "judgements": check_judgements,
    "duplicates": check_duplicates,
    "overlap": check_overlap,
    "simulated": check_simulated,
}
"""Checks that need all tables of a bucket."""

TEXT_CHECKS: Mapping[str, BucketCheck] = {
    "secrets": check_secrets,
    "personal_data": check_personal_data,
    "paths": check_paths,
}
"""Checks that can run with some of the tables, or none."""

FAILURES = (KeyError, TypeError, ValueError, OSError, ValidationError, pl.exceptions.PolarsError)
"""What follows from content of any shape; there it is a finding."""


def audit_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Audit a bucket of a version.

    Args:
        item: bucket: its number; rejudged: ids of samples to judge again.
        settings: version: its folder; manifest; checks: names of those that run; index: the folder with the index of
            the samples, or null; folder: where the evaluation sets of the recipe are, or null.

    Returns:
        faults: what each check found; whole: whether all tables can be read; counts: numbers of rows; digests: of the
        rows of each kind of file.
    """
    version = Version(path=Path(settings["version"]), manifest=Manifest.model_validate(settings["manifest"]))
    checks, number = set(settings["checks"]), item["bucket"]
    faults: dict[str, list[Fault]] = {}
    if "files" in checks:
        faults["files"] = [Fault(message=message) for message in check_bucket_files(version, number)]
    read = read_files(version, number)
    faults["schemas"] = list(read.faults)
    bucket = AuditBucket(
        version=version,
        number=number,
        files=read.frames,
        tables=make_tables(read.frames),
        index=load_index(Path(settings["index"])) if settings["index"] else None,
        folder=Path(settings["folder"]) if settings["folder"] else None,
        rejudged=item["rejudged"],
    )
    counts: Counter[str] = Counter()
    digests: dict[str, str] = {}
    if read.is_whole:
        for name, check in TABLE_CHECKS.items():
            if name in checks:
                faults[name] = list(run_check(check, bucket))
        digests, faults[DIGEST] = _digest_files(bucket) if DIGEST in checks else ({}, [])
        if checks & {COUNTS, "funnel", "hinted", "simulated"}:
            counts = _count(bucket)
    for name, check in TEXT_CHECKS.items():
        if name in checks:
            faults[name] = list(run_check(check, bucket))
    return {
        "faults": {name: [fault.to_plain() for fault in found] for name, found in faults.items() if found},
        "whole": read.is_whole,
        "counts": dict(counts),
        "digests": digests,
    }


def run_check(check: BucketCheck, bucket: AuditBucket) -> Iterator[Fault]:
    """Run a check. The content of a version may be of any shape; an error that follows from it is a fault."""
    try:
        yield from check(bucket)
    except FAILURES as error:
        yield Fault(message=describe_failure(error))


def describe_failure(error: Exception) -> str:
    """Say that a check could not run."""
    return f"can't be checked: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _digest_files(bucket: AuditBucket) -> tuple[dict[str, str], list[Fault]]:
    try:
        return {name: digest_frame(name, sort_rows(name, frame)) for name, frame in bucket.files.items()}, []
    except FAILURES as error:
        return {}, [Fault(message=describe_failure(error))]


def _count(bucket: AuditBucket) -> Counter[str]:
    counts = Counter(count_rows(bucket))
    for name, frame in bucket.tables.items():
        counts.update(count_fates(name, frame))
    counts.update(select.count_answers(bucket.tables["samples"]))
    counts.update(select.count_origins(bucket.tables["problems"], bucket.tables["samples"]))
    counts.update(select.count_diversity(bucket.tables["problems"], bucket.tables["samples"]))
    counts.update(select.count_judges(bucket.tables["samples"]))
    return counts
