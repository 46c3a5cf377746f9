"""Render the kept paths of one bucket, and write them as examples, with demonstrations of all buckets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from ...schemas.formats import FormatSpec
from ...schemas.manifest import File
from .. import format as formats
from ..format.demonstrations import ADDRESS_BITS, Integers, Ring, Shown
from ..parquet import read_parquet, to_arrow, to_polars
from ..store.checked import digest_table
from ..store.results.stages import StageResult, find_result, make_stage_key, read_or_make
from ..store.tables import sort_rows, write_table
from .arrow import map_arrow, read_arrow, write_arrow
from .paths import SAMPLES
from .tokens import TokenCounter, count_texts
from .unchanged import BucketSize, Unchanged

TEXTS, RANKS, EXAMPLES = "texts.arrow", "ranks.arrow", "examples.parquet"
"""The files of results: rendered texts, ranks of those that may be shown, and examples without their mixture."""

_PATH_COLUMNS = (*formats.ANSWER_COLUMNS, "fate")


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatRules:
    """What decides the examples of a bucket, besides its paths and the demonstrations."""

    formats: Sequence[FormatSpec]
    """The formats."""
    seed: int
    """Key of the demonstrations."""
    counter: TokenCounter | None = None
    """What counts the tokens of examples; None where they are not counted."""


def make_texts(
    stages: Path,
    rules: FormatRules,
    problems: pl.DataFrame,
    paths: StageResult,
    judged: pl.DataFrame | None,
    unchanged: Unchanged | None,
) -> StageResult:
    """Render the kept paths of a bucket, or read what was rendered before.

    Args:
        stages: the folder of all results.
        rules: the formats.
        problems: the bucket's rows of `Problem`, which decided the paths too.
        paths: the bucket's judged and chosen samples.
        judged: their rows, where they are in memory.
        unchanged: the problems whose paths are as they were.

    Returns:
        The files `TEXTS` and `RANKS`.
    """
    names = sorted(spec.name for spec in rules.formats)
    decided_by = {"code": formats.CODE_VERSION, "formats": names, "seed": rules.seed}

    def make(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        samples = read_parquet(paths.folder / SAMPLES, _PATH_COLUMNS) if judged is None else judged
        known = None if unchanged is None else _find_known(stages, decided_by, unchanged)
        if unchanged is not None and known is not None:
            samples = samples.filter(~pl.col("problem_id").is_in(unchanged.problems.implode()))
        texts = formats.render_texts(formats.join_problems(problems, samples), names, rules.seed)
        if known is not None:
            texts = pl.concat([known, texts]).sort("sample_id")
        return _write_texts(texts, rules.seed, folder)

    return read_or_make(stages / "texts", {**decided_by, "paths": paths.key}, make)


def _find_known(stages: Path, decided_by: Mapping[str, Any], unchanged: Unchanged) -> pl.DataFrame | None:
    """Find the texts of problems whose paths did not change."""
    result = find_result(stages / "texts", make_stage_key({**decided_by, "paths": unchanged.result.key}))
    if result is None:
        return None
    texts = read_arrow(result.folder / TEXTS)
    return texts.filter(pl.col("problem_id").is_in(unchanged.problems.implode()))


def _write_texts(texts: pl.DataFrame, seed: int, folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    ranks = formats.rank_demonstrations(texts, seed)
    files = {TEXTS: write_arrow(texts, folder / TEXTS), RANKS: write_arrow(ranks, folder / RANKS)}
    return files, {"rows": texts.height}


def build_rings(texts: Sequence[StageResult]) -> dict[str, Ring]:
    """Build the rings of demonstrations from the ranks of all buckets.

    Args:
        texts: the results of `make_texts`, in the order of the buckets.
    """
    parts = [
        read_arrow(result.folder / RANKS).with_columns(address=pl.col("row") + (bucket << ADDRESS_BITS))
        for bucket, result in enumerate(texts)
    ]
    return formats.build_rings(pl.concat(parts).select(formats.RING_COLUMNS))


def make_examples(
    stages: Path, rules: FormatRules, bucket: int, texts: Sequence[Path], rings: Mapping[str, Ring]
) -> StageResult:
    """Write the examples of a bucket, or read what was written before.

    Args:
        stages: the folder of all results.
        rules: the formats.
        bucket: the number of the bucket.
        texts: the folders of rendered texts of all buckets.
        rings: the candidates for demonstrations.

    Returns:
        The file `EXAMPLES`.
    """
    own = read_arrow(texts[bucket] / TEXTS)
    forms = formats.choose_demonstrations(own, rules.formats, rules.seed, rings)
    shown = formats.list_demonstrations(forms)
    decided_by = {
        "code": formats.CODE_VERSION,
        "formats": [spec.model_dump(mode="json", exclude={"weight"}) for spec in rules.formats],
        "seed": rules.seed,
        "tokenizer": None if rules.counter is None else rules.counter.describe(),
        "texts": texts[bucket].name,
        "demonstrations": _digest_demonstrations(texts, shown, [spec.name for spec in rules.formats]),
    }
    gather = partial(gather_texts, texts)
    size = BucketSize(number=bucket, bits=len(texts).bit_length() - 1, problems=own.height, answers=own.height)
    count = None if rules.counter is None else partial(count_texts, stages, rules.counter, size)
    return read_or_make(stages / "examples", decided_by, partial(_write_examples, own, forms, gather, count))


def _digest_demonstrations(texts: Sequence[Path], shown: Shown, names: Sequence[str]) -> list[str]:
    """Digest what a bucket shows of others: ids and texts, not where they lie."""
    if not len(shown.addresses):
        return []
    distinct, places = np.unique(shown.addresses, return_inverse=True)
    columns = sorted({column for name in names for column in (formats.name_prompt(name), formats.name_target(name))})
    rows = gather_texts(texts, distinct, ["sample_id", "simulated", "reasoning", *columns])
    order = pl.DataFrame({"sample_id": rows["sample_id"].gather(places)})
    tables = (rows.sort("sample_id"), order, pl.DataFrame({"shots": shown.counts}))
    return [digest_table(table.to_arrow()) for table in tables]


def _write_examples(
    own: pl.DataFrame,
    forms: Sequence[formats.FormatRows],
    gather: formats.Gather,
    count: formats.Count | None,
    folder: Path,
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    written = formats.write_examples(own, forms, gather, count)
    rows = sort_rows("examples", written)
    return {EXAMPLES: write_table("examples", rows, folder / EXAMPLES)}, {"rows": rows.height}


def gather_texts(texts: Sequence[Path], addresses: Integers, columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns of texts, bucket by bucket.

    Args:
        texts: the folders of rendered texts of all buckets.
        addresses: where they lie, ascending.
        columns: the columns.
    """
    buckets = addresses >> ADDRESS_BITS
    rows = addresses & ((1 << ADDRESS_BITS) - 1)
    parts = [
        map_arrow(texts[bucket] / TEXTS).select(columns).take(to_arrow(rows[buckets == bucket]))
        for bucket in np.unique(buckets).tolist()
    ]
    tables = parts or [map_arrow(texts[0] / TEXTS).select(columns).slice(0, 0)]
    return to_polars(pa.concat_tables(tables))
