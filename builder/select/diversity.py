"""How many distinct paths the correct samples of a problem take, as a function of how many samples there are.

The counts of buckets are plain numbers by name, and add up: for each source and teacher, the clusters that f of the n
correct samples of a problem take, which is all that the expected number of paths of fewer samples depends on.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from ...schemas.manifest import Diversity, RarefactionPoint
from ..store.funnel import CAME_THROUGH

_PATHS, _SINGLES, _DISTANCES, _MEASURED = "diversity:paths:", "diversity:singles:", "diversity:sum:", "diversity:rows:"
_SCALE = 1_000_000


def count_diversity(problems: pl.DataFrame, samples: pl.DataFrame) -> Counter[str]:
    """Count the paths of the correct samples of a bucket, by source and teacher, and by source alone.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, judged and chosen.
    """
    sources = problems.filter(CAME_THROUGH).select("problem_id", "source").unique("problem_id", keep="first")
    compared = samples.drop_nulls("cluster").select("problem_id", "teacher", "cluster", "distance")
    own = compared.join(sources, on="problem_id")
    rows = pl.concat([own, own.with_columns(teacher=pl.lit(None, pl.String))])
    counts: Counter[str] = Counter()
    clusters = rows.group_by("source", "teacher", "problem_id", "cluster").len("f")
    group = ("source", "teacher", "problem_id")
    clusters = clusters.with_columns(n=pl.col("f").sum().over(group))
    for source, teacher, n, f, number in clusters.group_by("source", "teacher", "n", "f").len().iter_rows():
        counts[f"{_PATHS}{_make_name(source, teacher, n, f)}"] = number
    sizes = clusters.group_by(*group, "n").agg(once=(pl.col("f") == 1).sum(), twice=(pl.col("f") == 2).sum())
    for source, teacher, *sums, number in sizes.group_by("source", "teacher", "n", "once", "twice").len().iter_rows():
        counts[f"{_SINGLES}{_make_name(source, teacher, *sums)}"] = number
    scaled = (_SCALE * pl.col("distance")).round().cast(pl.Int64)
    measured = rows.drop_nulls("distance").group_by("source", "teacher").agg(scaled.sum(), pl.len())
    for source, teacher, total, number in measured.iter_rows():
        name = _make_name(source, teacher)
        counts.update({f"{_DISTANCES}{name}": total, f"{_MEASURED}{name}": number})
    return counts


def _make_name(source: str, teacher: str | None, *numbers: int) -> str:
    return json.dumps([source, teacher, *numbers])


@dataclass(slots=True)
class _Sums:
    """What was counted for a source and a teacher."""

    paths: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Paths that f of n samples take, by (n, f)."""
    singles: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    """Problems with n samples, and so many paths that one sample, or two, take."""


def describe_diversity(counts: Mapping[str, int]) -> Iterator[Diversity]:
    """Describe the diversity of paths of each source, as a whole and by teacher where there are several."""
    groups: dict[tuple[str, str | None], _Sums] = {}
    for prefix, name in ((_PATHS, "paths"), (_SINGLES, "singles")):
        for key in (key for key in counts if key.startswith(prefix) and counts[key]):
            source, teacher, *numbers = json.loads(key.removeprefix(prefix))
            getattr(groups.setdefault((source, teacher), _Sums()), name)[tuple(numbers)] = counts[key]
    teachers = Counter(source for source, teacher in groups if teacher is not None)
    for (source, teacher), sums in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        if teacher is None or teachers[source] > 1:
            yield _describe_group(source, teacher, sums, counts)


def _describe_group(source: str, teacher: str | None, sums: _Sums, counts: Mapping[str, int]) -> Diversity:
    name = _make_name(source, teacher)
    measured = counts.get(f"{_MEASURED}{name}", 0)
    samples = sum(n * number for (n, _, _), number in sums.singles.items())
    once = sum(single * number for (_, single, _), number in sums.singles.items())
    return Diversity(
        source=source,
        teacher=teacher,
        problems=sum(sums.singles.values()),
        samples=samples,
        paths=sum(sums.paths.values()),
        unseen=_estimate_unseen(sums.singles),
        coverage=1 - once / samples,
        mean_distance=counts[f"{_DISTANCES}{name}"] / (_SCALE * measured) if measured else None,
        curve=tuple(_make_curve(sums)),
    )


def _make_curve(sums: _Sums) -> Iterator[RarefactionPoint]:
    sizes = Counter[int]()
    for (n, _, _), number in sums.singles.items():
        sizes[n] += number
    most = max(sizes)
    for m in sorted({*(1 << bit for bit in range(most.bit_length())), most}):
        problems = sum(number for n, number in sizes.items() if n >= m)
        terms = (number * _compute_seen(n, f, m) for (n, f), number in sorted(sums.paths.items()) if n >= m)
        yield RarefactionPoint(samples=m, problems=problems, paths=math.fsum(terms) / problems)


def _compute_seen(n: int, f: int, m: int) -> float:
    """Compute the probability that a path of f of n samples is among m of them, drawn without replacement.

    Their sum is the expected number of paths (Hurlbert 1971, rarefaction).
    """
    return 1 - math.comb(n - f, m) / math.comb(n, m)


def _estimate_unseen(singles: Mapping[tuple[int, int, int], int]) -> float | None:
    """Estimate the mean number of paths of a problem that no sample takes (Chao 1984, corrected for bias: Chao1).

    It is a lower bound. Of one sample nothing can be estimated: such problems are left out; None where all are.
    """
    known = {key: number for key, number in singles.items() if key[0] > 1}
    if not known:
        return None
    terms = [
        number * (n - 1) / n * once * (once - 1) / (2 * (twice + 1))
        for (n, once, twice), number in sorted(known.items())
    ]
    return math.fsum(terms) / sum(known.values())
