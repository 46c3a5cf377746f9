"""The texts of a version: every text of every column, in lists and structs too, and how a finding names their rows."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from ..store import Version

IDS: Mapping[str, str] = {"problems": "problem_id", "samples": "sample_id", "examples": "example_id"}
"""The column that names the rows of each table."""

SHOWN_ROWS = 5
"""How many rows a finding names."""

_SLICE = 5_000
"""Rows that are searched at once."""
_ID = re.compile(r"[a-z]_[0-9a-f]{6,64}")
"""Ids as Cotloom makes them. Others are not repeated in a message: a stranger's may hold anything."""

Search = Callable[[pl.Series], Mapping[str, pl.Series]]
"""A search in texts: for each kind that it found, a boolean for each text."""


def search_table(name: str, frame: pl.DataFrame, search: Search, shortest: int) -> Iterator[str]:
    """Search all texts of a table, and say of each column and kind how many texts in how many rows it is in.

    Args:
        name: the table.
        frame: its rows.
        search: what is searched for.
        shortest: bytes of the shortest text that is searched.

    Yields:
        A sentence for each column and kind, without any of the texts.
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
            count = f"{texts[column_name, kind]:,} texts of {len(places):,} rows"
            names = ", ".join(_name_rows(name, frame, sorted(places)[:SHOWN_ROWS]))
            yield f"{name}.{column_name} contains {kind}, in {count}: {names}"


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


def _name_rows(name: str, frame: pl.DataFrame, places: Sequence[int]) -> Iterator[str]:
    """Name rows by their ids, or by their number where an id is none of ours."""
    column = IDS.get(name)
    for place in places:
        row_id = frame[place, column] if column in frame.columns else None
        yield row_id if isinstance(row_id, str) and _ID.fullmatch(row_id) else f"row {place + 1:,}"


def read_documents(version: Version, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Read JSON files of a version; escapes, which would hide a secret, are resolved."""
    for name in names:
        path = version.path / name
        if path.is_file():
            yield name, json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
