"""Who gave verdicts that no comparison gave: a grading model, a command of the user's.

The counts of buckets are plain numbers by name, and add up.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.manifest import JudgeCount
from ...schemas.reasons import Fate

_PREFIX = "judge:"
_NAMES = ("kind", "question", "judge", "simulated")
_GRADES = {
    "kind": pl.lit("model_graded"),
    "question": pl.col("grades").struct.field("question"),
    "judge": pl.col("grades").struct.field("grader"),
    "simulated": pl.col("grades").struct.field("simulated"),
}
_FINDINGS = {
    "kind": pl.lit("external"),
    "question": pl.lit("answer"),
    "judge": pl.col("external").struct.field("verifier"),
    "simulated": pl.lit(value=False),
}


def count_judges(samples: pl.DataFrame) -> Counter[str]:
    """Count the samples of a bucket that a model or a command was asked about.

    Args:
        samples: rows of `Sample`, judged and chosen.
    """
    kept = (pl.col("fate") == Fate.KEPT).alias("kept")
    graded = samples.filter(pl.col("grades").list.len() > 0).select("sample_id", "grades", kept).explode("grades")
    asked = [graded.select("sample_id", "kept", **_GRADES)]
    judged = samples.drop_nulls("external").select("sample_id", "external", kept)
    asked.append(judged.select("sample_id", "kept", **_FINDINGS))
    rows = pl.concat(asked).unique()
    counts: Counter[str] = Counter()
    for *names, number, kept_rows in rows.group_by(_NAMES).agg(pl.len(), pl.col("kept").sum()).iter_rows():
        key = json.dumps(names)
        counts.update({f"{_PREFIX}{key}": number, f"kept_{_PREFIX}{key}": kept_rows})
    return counts


def describe_judges(counts: Mapping[str, int]) -> Iterator[JudgeCount]:
    """Describe who was asked about samples, in the order of their names."""
    for name in sorted(name for name in counts if name.startswith(_PREFIX) and counts[name]):
        key = name.removeprefix(_PREFIX)
        values = dict(zip(_NAMES, json.loads(key), strict=True))
        yield JudgeCount(**values, samples=counts[name], kept=counts.get(f"kept_{_PREFIX}{key}", 0))
