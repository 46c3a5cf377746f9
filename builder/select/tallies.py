"""What is known of the answers as a whole, judged and chosen: the rules that read them, and how long they are.

The counts of buckets are plain numbers by name, and add up.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.manifest import FaultCount, LengthBin, ReadingCount, TokenCounts
from ...schemas.reasons import Fate
from ...schemas.sample import Part
from .lengths import COLUMNS

_HAS_ANSWER = pl.any_horizontal(pl.col([str(part) for part in Part]).is_not_null())
_BITS = 64
_IS_KEPT = (pl.col("fate") == Fate.KEPT).sum().alias("kept")


def count_answers(samples: pl.DataFrame) -> Counter[str]:
    """Count the answers of a bucket by the rule that read them, and by length.

    Args:
        samples: rows of `Sample`, judged and chosen.
    """
    counts: Counter[str] = Counter()
    read = samples.drop_nulls("rule").group_by("answer_part", "rule").agg(pl.len(), _IS_KEPT)
    for part, rule, rows, kept in read.iter_rows():
        counts.update({f"read:{part}:{rule}": rows, f"read_kept:{part}:{rule}": kept})
    kinds = pl.col("faults").list.eval(pl.element().struct.field("kind")).list.unique()
    faulty = samples.select("fate", kind=kinds).explode("kind").drop_nulls("kind")
    for kind, rows, kept in faulty.group_by("kind").agg(pl.len(), _IS_KEPT).iter_rows():
        counts.update({f"fault:{kind}": rows, f"fault_kept:{kind}": kept})
    answers = samples.filter(_HAS_ANSWER)
    for name, column in COLUMNS.items():
        known = answers.drop_nulls(column)
        unknown = answers.filter(pl.col(column).is_null())
        counts[f"unknown:{name}"] = unknown.height
        counts[f"unknown_kept:{name}"] = unknown.filter(pl.col("fate") == Fate.KEPT).height
        counts[f"tokens:{name}"] = int(known[column].sum())
        bits = (_BITS - pl.col(column).bitwise_leading_zeros().cast(pl.Int64)).alias("bits")
        for number, rows, kept in known.group_by(bits).agg(pl.len(), _IS_KEPT).iter_rows():
            counts.update({f"bin:{name}:{number}": rows, f"bin_kept:{name}:{number}": kept})
    return counts


def describe_readings(counts: Mapping[str, int]) -> Iterator[ReadingCount]:
    """Describe by which rules the final answers were read, the most frequent first."""
    names = [name.removeprefix("read:") for name in counts if name.startswith("read:") and counts[name]]
    for name in sorted(names, key=lambda name: (-counts[f"read:{name}"], name)):
        part, _, rule = name.partition(":")
        yield ReadingCount(
            rule=rule,
            part=part,
            samples=counts[f"read:{name}"],
            kept=counts.get(f"read_kept:{name}", 0),
        )


def describe_faults(counts: Mapping[str, int]) -> Iterator[FaultCount]:
    """Describe how many samples have a fault of their rationale, the most frequent first."""
    kinds = [name.removeprefix("fault:") for name in counts if name.startswith("fault:") and counts[name]]
    for kind in sorted(kinds, key=lambda kind: (-counts[f"fault:{kind}"], kind)):
        yield FaultCount(kind=kind, samples=counts[f"fault:{kind}"], kept=counts.get(f"fault_kept:{kind}", 0))


def describe_tokens(counts: Mapping[str, int], counted_by: str) -> Iterator[TokenCounts]:
    """Describe how long reasonings and responses are; nothing where there is no answer.

    Args:
        counts: those of all buckets.
        counted_by: what counted the tokens: `tokenizer` or `usage`.
    """
    for name in COLUMNS:
        numbers = sorted(
            int(key.rpartition(":")[2]) for key in counts if key.startswith(f"bin:{name}:") and counts[key]
        )
        if not numbers and not counts.get(f"unknown:{name}"):
            continue
        yield TokenCounts(
            part=name,
            counted_by=counted_by,
            tokens=counts.get(f"tokens:{name}", 0),
            unknown=counts.get(f"unknown:{name}", 0),
            bins=tuple(
                LengthBin(
                    least=(1 << number) >> 1,
                    most=(1 << number) - 1,
                    samples=counts[f"bin:{name}:{number}"],
                    kept=counts.get(f"bin_kept:{name}:{number}", 0),
                )
                for number in numbers
            ),
        )
