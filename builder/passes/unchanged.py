"""What a bucket had the last time that it was made by the same rules: the rows of problems that did not change.

A small change touches a few problems in every bucket. Only those are judged, chosen and rendered again; the rows of all
others are taken as they are. That is right because nothing that happens to a problem before it meets the others depends
on another problem (law 9): its rows follow from its own row, its answers and the rules.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import xxhash

from ...schemas.ids import digest
from ...schemas.manifest import File
from ..errors import Stopped
from ..store.atomic import Access, replace_file
from ..store.checked import mark_used
from ..store.results.stages import StageResult, find_result
from .arrow import read_arrow, write_arrow

INPUTS = "inputs.arrow"
"""The file of a result: for each problem, a digest of what its rows follow from."""

_NOT_DECIDING = ("origin", "detail")
"""The columns of a problem that say where it stands: another row before it changes them."""

_KEY = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketSize:
    """A bucket, and how much there is in it today."""

    number: int
    """Its number."""
    bits: int
    """The bits of the bucket numbers."""
    problems: int
    """Its problems."""
    answers: int
    """Its answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the last result of a bucket is noted."""

    stage: Path
    """The folder of the stage's results."""
    rules: Mapping[str, Any]
    """What decides a result, besides the rows."""
    bucket: BucketSize
    """The bucket."""

    @property
    def path(self) -> Path:
        """The file that names the result."""
        folder = self.stage / "memo" / digest(self.rules)[:16]
        return folder / f"{self.bucket.bits}-{self.bucket.number}.key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchanged:
    """The problems of a bucket that did not change, and the result that has their rows."""

    result: StageResult
    """The last result."""
    problems: pl.Series
    """Their ids."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What a bucket had before."""

    place: Place
    """Where its last result is noted."""
    inputs: pl.DataFrame
    """For each problem of today a digest of what its rows follow from, see `digest_inputs`."""
    unchanged: Unchanged | None
    """The problems that did not change; None where nothing is known of before."""


def digest_inputs(
    problems: pl.DataFrame, answers: pl.DataFrame | None, decisions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Digest what the rows of each problem follow from.

    Args:
        problems: the bucket's rows of `Problem`.
        answers: the bucket's recorded answers, each known by its `raw_id`; None leaves them out.
        decisions: what people decided about samples: columns problem_id, content.

    Returns:
        Columns problem_id, input; in the order of the ids.
    """
    deciding = pl.struct(pl.exclude(_NOT_DECIDING)).struct.json_encode()
    rows = problems.select("problem_id", content=deciding)
    parts = [] if answers is None else [answers.drop_nulls("problem_id").select("problem_id", content="raw_id")]
    parts += [] if decisions is None else [decisions]
    joined = (
        pl.concat([rows, *parts]).group_by("problem_id").agg(pl.col("content").sort().str.join("\n")).sort("problem_id")
    )
    texts = joined["content"].cast(pl.Binary)
    inputs = pl.Series("input", [xxhash.xxh3_128_hexdigest(text) for text in texts], dtype=pl.String)
    return joined.select("problem_id", inputs)


def find_unchanged(place: Place, inputs: pl.DataFrame) -> Unchanged | None:
    """Find the problems that are as they were; None where the bucket was never made by these rules."""
    key = _read_key(place.path)
    result = None if key is None else find_result(place.stage, key)
    if result is None or INPUTS not in result.files:
        return None
    mark_used(place.path)
    before = read_arrow(result.folder / INPUTS)
    same = inputs.join(before, on=["problem_id", "input"], how="semi", maintain_order="left")
    return Unchanged(result=result, problems=same["problem_id"])


def _read_key(path: Path) -> str | None:
    with suppress(OSError, ValueError):
        key = path.read_text(encoding="ascii")
        return key if _KEY.fullmatch(key) else None
    return None


def note_result(place: Place, result: StageResult) -> None:
    """Note which result a bucket had last. A full disk is no error here: all is made again."""
    with suppress(Stopped), replace_file(place.path, access=Access.PRIVATE) as side:
        side.write_text(result.key, encoding="ascii")


def write_inputs(inputs: pl.DataFrame, folder: Path) -> Mapping[str, File]:
    """Write the digests of all problems beside their rows."""
    return {INPUTS: write_arrow(inputs, folder / INPUTS)}
