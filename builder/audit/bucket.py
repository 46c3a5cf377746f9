"""One bucket of a version, as the checks see it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...schemas.frames import get_schema
from ...schemas.manifest import Manifest
from ..store import Version
from ..store.tables import RECORDS, join_examples
from .finding import Fault
from .outline import SampleIndex

Tables = Mapping[str, pl.DataFrame]
"""`problems`, `samples` and `examples`, with the columns of their records."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditBucket:
    """A bucket of a version."""

    version: Version
    """The version."""
    number: int
    """The number of the bucket."""
    files: Tables
    """The rows of each kind of file that can be read."""
    tables: Tables
    """The tables that they make; all three where all files can be read."""
    index: SampleIndex | None
    """All samples of the version; null where they can't be read."""
    folder: Path | None
    """The folder of what was written for all buckets; null where a check by itself needs none."""
    rejudged: Sequence[str]
    """Ids of the samples to judge again."""

    @property
    def manifest(self) -> Manifest:
        """The manifest of the version."""
        return self.version.manifest


BucketCheck = Callable[[AuditBucket], Iterator[Fault]]
"""A check of one bucket."""


def make_tables(files: Tables) -> dict[str, pl.DataFrame]:
    """Make the tables of a bucket from its files, as far as they are there."""
    tables = {name: files[name] for name in ("problems", "samples") if name in files}
    if "examples" in files and "mixture" in files:
        examples = join_examples(files["examples"], files["mixture"])
        tables["examples"] = examples.select(get_schema(RECORDS["examples"]).names())
    return tables
