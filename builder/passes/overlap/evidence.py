"""The evidence of a build about evaluation sets: what overlapped one, and what came nearest and stayed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.frames import to_frame
from ....schemas.manifest import Contamination, File
from ....schemas.problem import Overlap, OverlapPart
from ....schemas.reasons import Reason
from ... import select, sources
from ...parquet import read_parquet
from ...sources.overlap import choose_evidence, make_evidence
from ...store.funnel import CAME_THROUGH
from ...store.results.stages import StageResult, read_or_make
from ...store.tables import EVIDENCE, name_evidence, write_evidence
from .quotes import EvaluationRules, match_rationale, open_evaluations

OVERLAPS = name_evidence("evaluation_overlaps")
"""The file of a result: rows of `Overlap`."""

_SAMPLES = "samples.parquet"
_DROPPED = f"dropped:samples:select:{Reason.EVALUATION_OVERLAP}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The evidence of a build."""

    results: Mapping[str, StageResult] = field(default_factory=dict)
    """Results with one file each, by the kind of evidence."""
    contamination: tuple[Contamination, ...] = ()
    """A certificate for each evaluation set."""
    near_duplicates: Mapping[str, int] = field(default_factory=dict)
    """Kept problems and samples with a near-duplicate of another problem."""

    def list_files(self) -> dict[str, tuple[File, Path]]:
        """List the files: by name, digests and the path of the file that is linked."""
        names = {name_evidence(name): result for name, result in self.results.items()}
        return {name: (result.files[name], result.folder / name) for name, result in names.items()}


def make_overlaps(
    stages: Path, rules: EvaluationRules, loaded: Path, problems: Sequence[StageResult], samples: Sequence[StageResult]
) -> StageResult:
    """Join the evidence about problems with that about samples, or find what was joined before.

    Args:
        stages: the folder of all results.
        rules: the evaluation sets.
        loaded: the evidence about problems, from loading them.
        problems: the problems of each bucket.
        samples: the samples of each bucket.

    Returns:
        The file `OVERLAPS`; how many samples were dropped for each set.
    """
    quoting = [(bucket, result) for bucket, result in enumerate(samples) if result.values["counts"].get(_DROPPED)]
    decided_by = {
        "code": [sources.CODE_VERSION, select.CODE_VERSION],
        "loaded": loaded.parent.name,
        "samples": [result.key for _, result in quoting],
    }

    def make(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        rows = [row for bucket, result in quoting for row in _describe_samples(rules, problems[bucket], result)]
        joined = choose_evidence(pl.concat([read_parquet(loaded), to_frame(rows, Overlap)]))
        counts = joined.drop_nulls("sample_id").group_by("against").agg(pl.col("sample_id").n_unique())
        file = write_evidence("evaluation_overlaps", joined, folder / OVERLAPS)
        return {OVERLAPS: file}, {"samples": dict(sorted(counts.iter_rows()))}

    return read_or_make(stages / "overlaps", decided_by, make)


def _describe_samples(rules: EvaluationRules, problems: StageResult, samples: StageResult) -> Iterator[Overlap]:
    """Find again what the samples of a bucket hold that were dropped for it."""
    dropped = read_parquet(samples.folder / _SAMPLES).filter(pl.col("reason") == Reason.EVALUATION_OVERLAP)
    origins = read_parquet(problems.folder / "problems.parquet", ("problem_id", "source", "origin", "stage"))
    kept = origins.filter(CAME_THROUGH).drop("stage")
    sets = open_evaluations(rules)
    for row in dropped.join(kept, on="problem_id", how="left").sort("sample_id").iter_rows(named=True):
        for part, text in ((OverlapPart.REASONING, row["reasoning"]), (OverlapPart.RESPONSE, row["text"])):
            for each, matches in match_rationale(sets, text or ""):
                yield from (make_evidence(each, match, part, row, text) for match in matches)


def count_samples(contamination: Sequence[Contamination], counts: Mapping[str, int]) -> tuple[Contamination, ...]:
    """Add to the certificates how many samples were dropped."""
    return tuple(item.model_copy(update={"samples": counts.get(item.against, 0)}) for item in contamination)


def join_evidence(paths: Sequence[Path]) -> pl.DataFrame:
    """Join the evidence about the problems of all buckets."""
    return choose_evidence(pl.concat([pl.DataFrame(schema=EVIDENCE["evaluation_overlaps"]), *map(read_parquet, paths)]))
