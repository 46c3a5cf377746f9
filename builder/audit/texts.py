"""The texts of a version: every text of every column, in lists and structs too, and how a finding names their rows."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from ..store import Version
from ..store.funnel import IDS
from .bucket import AuditBucket
from .finding import Fault

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
    for start in range(0, frame.height, _SLICE):
        for column in frame.slice(start, _SLICE):
            pairs = extract_texts(column).filter(pl.col("text").str.len_bytes() >= shortest)
            for kind, found in search(pairs["text"]).items():
                key, matched = (column.name, kind), (pairs["row"].filter(found) + start).to_list()
                texts[key] += len(matched)
                rows[key].update(matched)
    for (column_name, kind), places in rows.items():
        if places:
            yield Fault(
                message=f"{name}.{column_name} contains {kind}, in {{0}} texts of {{1}} rows: {{names}}",
                counts=(texts[column_name, kind], len(places)),
                names=tuple(_name_rows(name, frame, sorted(places)[:SHOWN_ROWS], place)),
                shown=SHOWN_ROWS,
            )


def extract_texts(column: pl.Series) -> pl.DataFrame:
    """Extract all texts of a column with the number of their row (columns: row, text)."""
    return _extract(pl.DataFrame({"row": pl.int_range(column.len(), eager=True), "text": column}))


def _extract(pairs: pl.DataFrame) -> pl.DataFrame:
    pairs, dtype = pairs.drop_nulls("text"), pairs.schema["text"]
    if isinstance(dtype, pl.List):
        return _extract(pairs.filter(pl.col("text").list.len() > 0).explode("text"))
    if isinstance(dtype, pl.Array):
        return _extract(pairs.with_columns(pl.col("text").arr.to_list()))
    if isinstance(dtype, pl.Struct):
        names = [field.name for field in dtype.fields]
        fields = [_extract(pairs.select("row", text=pl.col("text").struct.field(name))) for name in names]
        return pl.concat([_make_empty(), *fields])
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pairs.with_columns(pl.col("text").cast(pl.String))
    return pairs if dtype == pl.String else _make_empty()


def _make_empty() -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64, "text": pl.String})


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
