"""The texts of a version: every text of every column, in lists and structs too, and how a finding names their rows."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl
from polars.datatypes import DataTypeClass

from ...store import Version
from ...store.funnel import IDS
from ..bucket import AuditBucket
from ..finding import Fault

SHOWN_ROWS = 5
"""How many rows a finding names."""

_SLICE = 5_000
"""Rows that are searched at once."""
_ID = re.compile(r"[a-z]_[0-9a-f]{6,64}")
"""Ids as Cotloom makes them. Others are not repeated in a message: a stranger's may hold anything."""

Search = Callable[[pl.Series], Mapping[str, pl.Series]]
"""A search in texts: for each kind that it found, a boolean for each text."""


def search_bucket(bucket: AuditBucket, search: Search, shortest: int) -> Iterator[Fault]:
    """Search all texts of a bucket; of an example that several stages take, the text is searched once."""
    place = f" of bucket {bucket.number:,}" if bucket.manifest.bucket_bits else ""
    for name, frame in bucket.files.items():
        table, named = name, frame
        if name == "examples" and "mixture" in bucket.files:
            named = _name_examples(frame, bucket.files["mixture"])
        if name == "mixture":
            table = "examples"
        yield from search_table(table, named, search, shortest, place)


def _name_examples(texts: pl.DataFrame, mixture: pl.DataFrame) -> pl.DataFrame:
    """Give texts the id of an example that is made of them."""
    names = mixture.select(example_id="text_id", named="example_id").unique("example_id", keep="first")
    joined = texts.join(names, on="example_id", how="left", maintain_order="left")
    return joined.with_columns(example_id=pl.coalesce("named", "example_id")).drop("named")


def search_table(name: str, frame: pl.DataFrame, search: Search, shortest: int, place: str = "") -> Iterator[Fault]:
    """Search all texts of a table, and say of each column and kind how many texts in how many rows it is in.

    Args:
        name: the table.
        frame: its rows.
        search: what is searched for.
        shortest: bytes of the shortest text that is searched.
        place: what follows the number of a row that has no id of ours.

    Yields:
        A fault for each column and kind, without any of the texts.
    """
    texts: dict[tuple[str, str], int] = defaultdict(int)
    rows: dict[tuple[str, str], set[int]] = defaultdict(set)
    kinds: dict[str, None] = {}
    for start in range(0, frame.height, _SLICE):
        found_in = _extract_columns(frame.slice(start, _SLICE)).filter(pl.col("text").str.len_bytes() >= shortest)
        for kind, found in search(found_in["text"]).items():
            kinds[kind] = None
            for number, row in found_in.filter(found).select("column", "row").iter_rows():
                key = (frame.columns[number], kind)
                texts[key] += 1
                rows[key].add(row + start)
    for key in ((column, kind) for column in frame.columns for kind in kinds):
        if key in rows:
            yield Fault(
                message=f"{name}.{key[0]} contains {key[1]}, in {{0}} texts of {{1}} rows: {{names}}",
                counts=(texts[key], len(rows[key])),
                names=tuple(_name_rows(name, frame, sorted(rows[key])[:SHOWN_ROWS], place)),
                shown=SHOWN_ROWS,
            )


def extract_texts(column: pl.Series) -> pl.DataFrame:
    """Extract all texts of a column with the number of their row (columns: row, text)."""
    return _extract_columns(column.to_frame()).drop("column")


def _extract_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Extract all texts with the numbers of their column and row, in one query (columns: column, row, text)."""
    parts = [pl.LazyFrame(schema={"row": pl.Int64, "text": pl.String, "column": pl.Int32})]
    for number, dtype in enumerate(frame.dtypes):
        column = frame.lazy().select(row=pl.int_range(pl.len(), dtype=pl.Int64), text=pl.nth(number))
        parts += [part.with_columns(column=pl.lit(number, pl.Int32)) for part in _extract(column, dtype)]
    return pl.concat(parts).collect()


def _extract(pairs: pl.LazyFrame, dtype: pl.DataType | DataTypeClass) -> Iterator[pl.LazyFrame]:
    """Extract the texts out of values of a type."""
    pairs, text = pairs.drop_nulls("text"), pl.col("text")
    if isinstance(dtype, pl.List):
        yield from _extract(pairs.filter(text.list.len() > 0).explode("text"), dtype.inner)
    elif isinstance(dtype, pl.Array):
        yield from _extract(pairs.with_columns(text.arr.to_list()), pl.List(dtype.inner))
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            yield from _extract(pairs.select("row", text=text.struct.field(field.name)), field.dtype)
    elif isinstance(dtype, pl.Categorical | pl.Enum):
        yield pairs.with_columns(text.cast(pl.String))
    elif dtype == pl.String:
        yield pairs


def _name_rows(name: str, frame: pl.DataFrame, numbers: Sequence[int], place: str) -> Iterator[str]:
    """Name rows by their ids, or by their number where an id is none of ours."""
    column = IDS.get(name)
    for number in numbers:
        row_id = frame[number, column] if column in frame.columns else None
        yield row_id if isinstance(row_id, str) and _ID.fullmatch(row_id) else f"row {number + 1:,}{place}"


def read_documents(version: Version, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Read JSON files of a version; escapes, which would hide a secret, are resolved."""
    for name in names:
        path = version.path / name
        if path.is_file():
            yield name, json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
