"""The parts of an export: one for each stage of the mixture, in order, and one for the held-out rows.

A version may not fit into memory. So the parts are counted by small columns first, and then all rows are read once,
bucket by bucket; every part takes its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
from pydantic import ValidationError

from ...schemas.formats import Mixture
from ...schemas.problem import Split
from ...schemas.reasons import Fate
from ..errors import InputError
from ..mix import DEFAULT_STAGE
from ..progress import show_bar
from ..store import Version, read_verified
from ..store.tables import fill_answers, has_consensus, join_examples

TRAIN, TEST = "train", "test"
"""Prefixes of the names of parts: `datasets` infers the split of a file from its name."""

PROBLEM_COLUMNS = ("question", "answer", "answer_type")
"""Columns of the problem that are added to each example."""

DEMONSTRATIONS = "demonstrations"
"""What is counted while rows are read: those with demonstrations."""

_COUNTED = ("fate", "split", "mixture_stage", "weight", "simulated")
"""The columns by which parts are counted."""

_KEPT = pl.col("fate") == Fate.KEPT
_HELD_OUT = pl.col("split") == Split.TEST

Buckets = Callable[[], Iterator[pl.DataFrame]]
"""Reads the kept examples of each bucket, sorted by id, with the columns `PROBLEM_COLUMNS` of their problems."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportPart:
    """The rows of one file."""

    name: str
    """The name of the file without its extension: `train`, `train-2-restore` or `test`."""
    held_out: bool
    """Whether the rows are held out from training."""
    takes: pl.Expr
    """Which of the kept examples are its rows."""
    count: int = 0
    """The number of its rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The examples of a version, in parts."""

    version: Version
    """The version."""
    parts: tuple[ExportPart, ...]
    """The parts with rows, in training order; the held-out part is last."""
    simulated: bool
    """Whether the version has rows of the simulated teacher."""
    weighted: int = 0
    """The number of rows with a weight other than 1."""
    buckets: Buckets
    """Reads the rows of all parts."""
    seen: Counter[str] = field(default_factory=Counter)
    """What was counted while the rows were read: `DEMONSTRATIONS`."""

    @property
    def training(self) -> tuple[ExportPart, ...]:
        """The parts for training."""
        return tuple(part for part in self.parts if not part.held_out)

    def iterate_rows(self) -> Iterator[tuple[ExportPart, pl.DataFrame]]:
        """Yield rows of each part, bucket by bucket; within a bucket they are sorted by id.

        Raises:
            InputError: the version is damaged, or a rule of the export refuses its rows; at the latest at the end.
        """
        for rows in self.buckets():
            self.seen[DEMONSTRATIONS] += rows.filter(pl.col("messages").list.len() > 3).height
            for part in self.parts:
                taken = rows.filter(part.takes)
                if taken.height:
                    yield part, taken

    def count_rows(self, suffix: str) -> dict[str, int]:
        """Count the rows of each file, by its name with a suffix."""
        return {f"{part.name}{suffix}": part.count for part in self.parts}


def count_parts(version: Version) -> Export:
    """Count the kept examples of a version, part by part; only small columns are read.

    Raises:
        InputError: there are none, or one has a stage that is not in the version's recipe.
    """
    parts = tuple(_list_parts(list_stages(version)))
    counts: Counter[str] = Counter()
    for frame in version.iterate_table("examples", _COUNTED):
        kept = frame.filter(_KEPT)
        counts.update({part.name: kept.filter(part.takes).height for part in parts})
        counts["rows:kept"] += kept.height
        counts["rows:weighted"] += kept.filter(pl.col("weight") != 1).height
        counts["rows:simulated"] += kept.filter("simulated").height
    if not counts["rows:kept"]:
        raise InputError(f"{version.ref} has no examples to export", hint=f"see cotloom show {version.ref}")
    if sum(counts[part.name] for part in parts) != counts["rows:kept"]:
        raise InputError(
            f"{version.ref} has training rows of a stage that is not in its recipe",
            hint="its files are inconsistent: build it again",
        )
    return Export(
        version=version,
        parts=tuple(replace(part, count=counts[part.name]) for part in parts if counts[part.name]),
        simulated=version.manifest.simulated or counts["rows:simulated"] > 0,
        weighted=counts["rows:weighted"],
        buckets=lambda: read_buckets(version),
    )


def read_tables(version: Version, *names: str) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Read tables bucket by bucket; the bar counts the rows of the last.

    Raises:
        InputError: a file is damaged.
    """
    rows = sum(file.rows for name, file in version.manifest.files.items() if name.startswith(names[-1]))
    with show_bar(f"exporting {version.ref}", rows) as advance:
        for bucket in range(1 << version.manifest.bucket_bits):
            tables = tuple(read_verified(version, name, bucket) for name in names)
            yield tables
            advance(tables[-1].height)


def read_buckets(version: Version) -> Iterator[pl.DataFrame]:
    """Read the kept examples of each bucket, with the question and the gold answer of their problems.

    Where problems may have no gold answer, the answer is the one that samples agree on, and the column verdict says so.

    Raises:
        InputError: a file is damaged.
    """
    needed = ("samples",) if has_consensus(version.manifest) else ()
    for problems, mixture, *samples, texts in read_tables(version, "problems", "mixture", *needed, "examples"):
        examples = join_examples(texts, mixture).filter(_KEPT)
        described = problems.filter(_KEPT).select("problem_id", *PROBLEM_COLUMNS)
        joined = examples.join(described, on="problem_id", how="left", validate="m:1", maintain_order="left")
        yield fill_answers(joined, samples[0]) if samples else joined


def list_stages(version: Version) -> list[str]:
    """List the training stages, in the order of the version's recipe.

    Raises:
        InputError: the recipe in the manifest has no such stages.
    """
    mixture = version.manifest.recipe.get("mixture")
    try:
        return [stage.name for stage in Mixture.model_validate(mixture).stages] if mixture else [DEFAULT_STAGE]
    except ValidationError as error:
        raise InputError(
            f"the mixture in the manifest of {version.ref} is none", hint="it was changed by hand: build it again"
        ) from error


def name_parts(stages: Sequence[str]) -> dict[str, str]:
    """Name the part of each stage; the position comes first, so that names sort in training order.

    >>> name_parts(["wide"]), name_parts(["wide", "narrow"])
    ({'wide': 'train'}, {'wide': 'train-1-wide', 'narrow': 'train-2-narrow'})
    """
    if len(stages) == 1:
        return {stages[0]: TRAIN}
    width = len(str(len(stages)))
    return {stage: f"{TRAIN}-{position:0{width}d}-{stage}" for position, stage in enumerate(stages, 1)}


def _list_parts(stages: Sequence[str]) -> Iterator[ExportPart]:
    for stage, name in name_parts(stages).items():
        yield ExportPart(name=name, held_out=False, takes=~_HELD_OUT & (pl.col("mixture_stage") == stage))
    yield ExportPart(name=TEST, held_out=True, takes=_HELD_OUT)
