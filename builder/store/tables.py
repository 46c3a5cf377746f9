"""Tables on disk and their digests: cut into buckets, sorted, digested by their rows.

A version has the tables `problems`, `samples` and `examples`. On disk each is cut into buckets by the first bits of
the problem ids, a file for each (`samples-00012-of-00128.parquet`; `samples.parquet` where there is one). `examples`
is two files: the texts, and in `mixture` what the mixture decides, so that another mixture rewrites no text.

Beside the tables lies evidence: what overlapped an evaluation set, and what repeats across problems. Its files are in
the manifest with their digests; they are no part of the content digest, and are not published: they quote evaluation
sets.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from ...schemas.example import Example, MixtureRow, make_example_id
from ...schemas.frames import get_schema
from ...schemas.ids import digest
from ...schemas.manifest import File, Manifest
from ...schemas.problem import NearDuplicate, Overlap, Problem
from ...schemas.reasons import Fate, Stage
from ...schemas.sample import Sample
from ..files import digest_file
from ..parquet import digest_footer, write_parquet
from .checked import digest_table
from .pieces import CELL_BITS, add_cell

RECORDS: Mapping[str, type] = {"problems": Problem, "samples": Sample, "examples": Example}
"""The record of each table."""

MIXED = ("example_id", "mixture_stage", "repeat", "weight", "stage", "fate", "reason", "detail")
"""The columns of an example that the mixture decides."""

_TEXTS = pl.Schema(
    {name: kind for name, kind in get_schema(Example).items() if name not in {"mixture_stage", "repeat", "weight"}}
)

FILES: Mapping[str, pl.Schema] = {
    "problems": get_schema(Problem),
    "samples": get_schema(Sample),
    "examples": _TEXTS,
    "mixture": get_schema(MixtureRow),
}
"""The columns of each kind of file."""

EVIDENCE: Mapping[str, pl.Schema] = {
    "evaluation_overlaps": get_schema(Overlap),
    "near_duplicates": get_schema(NearDuplicate),
}
"""The columns of each kind of evidence."""

SORTED_BY: Mapping[str, Sequence[str]] = {
    "problems": ("problem_id", "source", "origin"),
    "samples": ("sample_id",),
    "examples": ("example_id",),
    "mixture": ("example_id",),
}
"""The order of the rows in each file (law 5)."""


def name_file(name: str, bucket: int = 0, bits: int = 0) -> str:
    """Name the file of one bucket of a table.

    >>> name_file("samples"), name_file("samples", 12, 7)
    ('samples.parquet', 'samples-00012-of-00128.parquet')
    """
    return f"{name}-{bucket:05}-of-{1 << bits:05}.parquet" if bits else f"{name}.parquet"


def name_evidence(name: str) -> str:
    """Name the file of a kind of evidence."""
    return f"{name}.parquet"


def list_files(name: str, bits: int) -> list[str]:
    """List the names of a table's files, in the order of the buckets."""
    return [name_file(name, bucket, bits) for bucket in range(1 << bits)]


# Digests


def digest_frame(name: str, frame: pl.DataFrame) -> str:
    """Digest every row of one file, whatever the file format.

    Raises:
        ValueError: a float is not finite.
        TypeError: the columns are not those of the file.
    """
    if frame.schema != FILES[name]:
        message = f"the columns of {name} are not those of its records"
        raise TypeError(message)
    _check_finite(name, frame)
    return digest_table(frame.to_arrow())


def digest_content(digests: Mapping[str, Sequence[str]]) -> str:
    """Digest the content of a version: the digests of its files' rows, for each table in the order of the buckets."""
    return digest([[name, list(digests[name])] for name in FILES])


def digest_manifest_files(manifest: Manifest) -> str:
    """Digest the content of a version by what its manifest says of its files."""
    listed = {name: list_files(name, manifest.bucket_bits) for name in FILES}
    return digest_content({
        name: [manifest.files[file].digest or "" if file in manifest.files else "" for file in files]
        for name, files in listed.items()
    })  # fmt: skip


def digest_tables(tables: Mapping[str, pl.DataFrame], bits: int) -> str:
    """Digest the content of a version whose tables are in memory, in any order of the rows.

    Args:
        tables: `problems`, `samples` and `examples`.
        bits: the bits of its buckets.

    Raises:
        ValueError: a float is not finite.
        TypeError: a table does not have the columns of its records.
    """
    digests: dict[str, list[str]] = {name: [] for name in FILES}
    for files in cut_tables(tables, bits):
        for name, frame in files.items():
            digests[name].append(digest_frame(name, frame))
    return digest_content(digests)


def _check_finite(name: str, frame: pl.DataFrame) -> None:
    for column in frame:
        if not _is_finite(column):
            message = f"the column {name}.{column.name} holds a number that is not finite"
            raise ValueError(message)


def _is_finite(column: pl.Series) -> bool:
    """Whether all numbers of a column are finite, those in lists and structs too."""
    if not _has_floats(column.dtype):
        return True
    kind = column.dtype
    if isinstance(kind, pl.List):
        return _is_finite(column.drop_nulls().list.explode())
    if isinstance(kind, pl.Struct):
        return all(_is_finite(column.struct.field(field.name)) for field in kind.fields)
    return bool(column.drop_nulls().is_finite().all())


def _has_floats(kind: pl.DataType) -> bool:
    if isinstance(kind, pl.List):
        return _has_floats(kind.inner)  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return any(_has_floats(field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    return kind.is_float()


# Buckets, and the two files of the examples


def cut_tables(tables: Mapping[str, pl.DataFrame], bits: int) -> Iterator[dict[str, pl.DataFrame]]:
    """Cut tables into buckets. Yields the rows of each file, sorted, bucket by bucket."""
    celled = {name: add_cell(frame) for name, frame in tables.items() if bits}
    width = 1 << (CELL_BITS - bits)
    for bucket in range(1 << bits):
        parts = {
            name: frame.filter(pl.col("cell") // width == bucket).drop("cell") for name, frame in celled.items()
        } or dict(tables)
        texts, mixture = split_examples(parts["examples"])
        files = {**parts, "examples": texts, "mixture": mixture}
        yield {name: sort_rows(name, files[name]) for name in FILES}


def sort_rows(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of a file in their order."""
    return frame.sort(*SORTED_BY[name])


def split_examples(examples: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split examples into their texts and what the mixture decides about them; `join_examples` is the way back."""
    is_mixed = pl.col("mixture_stage").is_not_null() | pl.col("stage").eq_missing(pl.lit(str(Stage.MIX)))
    mixed = examples.filter(is_mixed)
    ids = _make_text_ids(mixed)
    mixture = mixed.with_columns(text_id=ids).select(FILES["mixture"].names())
    texts = mixed.with_columns(
        example_id=ids,
        fate=pl.lit(str(Fate.KEPT)),
        **{name: pl.lit(None, dtype=pl.String) for name in ("stage", "reason", "detail")},
    ).unique("example_id", keep="first", maintain_order=True)
    others = examples.filter(~is_mixed)
    return pl.concat([others, texts]).select(FILES["examples"].names()), mixture


def _make_text_ids(examples: pl.DataFrame) -> pl.Series:
    rows = examples.select("format", "sample_id", "other_sample_ids").iter_rows()
    ids = [make_example_id(form, sample, tuple(others), None) for form, sample, others in rows]
    return pl.Series("text_id", ids, dtype=pl.String)


def join_examples(texts: pl.DataFrame, mixture: pl.DataFrame) -> pl.DataFrame:
    """Join texts with what the mixture decides about them, in the order of the example ids.

    Args:
        texts: columns of the file `examples`, `example_id` among them.
        mixture: columns of the file `mixture`, `text_id` among them; those of `MIXED` replace the text's own.
    """
    decided = [name for name in MIXED if name in mixture.columns]
    mixed = (
        texts.drop([name for name in decided if name != "example_id"], strict=False)
        .rename({"example_id": "text_id"})
        .join(mixture.select("text_id", *decided), on="text_id", how="inner", maintain_order="left")
        .drop("text_id")
    )
    others = texts.join(mixture.select("text_id"), left_on="example_id", right_on="text_id", how="anti")
    added = {"mixture_stage": pl.lit(None, dtype=pl.String), "repeat": pl.lit(0, pl.Int64), "weight": pl.lit(1.0)}
    others = others.with_columns(**{name: value for name, value in added.items() if name in decided})
    return pl.concat([others, mixed.select(others.columns)]).sort("example_id")


def fill_answers(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Fill in the answers that samples agree on, where problems have no gold answer.

    Args:
        rows: examples with the column answer of their problems.
        samples: columns sample_id, verdict, consensus.

    Returns:
        The rows with the column verdict: `agreed` where the answer is no gold answer.
    """
    agreed = samples.select("sample_id", "verdict", pl.col("consensus").struct.field("answer").alias("agreed"))
    joined = rows.join(agreed, on="sample_id", how="left", maintain_order="left")
    return joined.with_columns(answer=pl.coalesce("answer", "agreed")).drop("agreed")


def has_consensus(manifest: Manifest) -> bool:
    """Whether a version may have problems without a gold answer, whose samples agree on one."""
    return (manifest.recipe.get("verify") or {}).get("consensus") is not None


# Files


def write_table(name: str, frame: pl.DataFrame, path: Path) -> File:
    """Write the rows of one file as Parquet and wait until it is on disk."""
    write_parquet(frame, path)
    return describe_file(path, frame.height, digest_frame(name, frame))


def write_evidence(name: str, frame: pl.DataFrame, path: Path) -> File:
    """Write a kind of evidence as Parquet and wait until it is on disk."""
    frame = frame.select(EVIDENCE[name].names())
    write_parquet(frame, path)
    return describe_file(path, frame.height, digest_table(frame.to_arrow()))


def describe_file(path: Path, rows: int, rows_digest: str | None = None) -> File:
    """Wait until a written file is on disk; return its digests and size."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sha256, size = digest_file(path)
    footer = digest_footer(path) if path.suffix == ".parquet" else None
    return File(sha256=sha256, bytes=size, rows=rows, footer=footer, digest=rows_digest)
