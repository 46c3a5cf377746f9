"""Records as polars frames: the schema of each table is derived from its record's fields.

`get_schema(Sample)` is the only function that maps a record's types to columns, so that a field added to a record is
a column everywhere.
"""

import dataclasses
import types
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints, overload

import polars as pl
import pyarrow as pa

from .ids import make_plain_ids
from .reasons import Fate, Stage

Record = TypeVar("Record")

_SCALARS: dict[type, Any] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}

_TEXTS = frozenset({pl.String(), pl.List(pl.String())})


@cache
def get_schema(record: type) -> pl.Schema:
    """Get the columns and polars types of a record's table."""
    return pl.Schema({name: _get_column_type(hint) for name, hint in get_type_hints(record).items()})


def _get_column_type(hint: Any) -> Any:
    inner = _remove_none(hint)
    if get_origin(inner) is tuple:
        return pl.List(_get_column_type(get_args(inner)[0]))
    if _is_record(inner):
        return pl.Struct(dict(get_schema(inner)))
    if issubclass(inner, StrEnum):
        return pl.String
    return _SCALARS[inner]


def _is_record(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


def _remove_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return inner
    return hint


def to_frame(records: Iterable[Any], record: type) -> pl.DataFrame:
    """Convert records to a table with the record's schema."""
    schema = get_schema(record)
    if all(kind in _TEXTS for kind in schema.values()):  # several times faster than row by row
        rows = list(records)
        return pl.DataFrame([_make_column(name, [getattr(row, name) for row in rows], schema[name]) for name in schema])
    rows = list(records)
    columns = {name: column for name in schema if (column := _join_arrow_rows(name, rows)) is not None}
    write = make_writer(record)
    if columns:
        rows = [dataclasses.replace(row, **dict.fromkeys(columns)) for row in rows]
    return pl.DataFrame([write(item) for item in rows], schema=schema, strict=True).with_columns(**columns)


def _join_arrow_rows(name: str, rows: Sequence[Any]) -> pl.Series | None:
    """Join the values of a field that are Arrow rows; None where any is of another kind, or all are null."""
    values = [getattr(row, name) for row in rows]
    kinds = set(map(type, values))
    return pl.Series(name, join_rows(values)) if ArrowRows in kinds and kinds <= {ArrowRows, type(None)} else None


def _make_column(name: str, values: Sequence[Any], kind: Any) -> pl.Series:
    """Make a column of texts or lists of texts."""
    if kind == pl.List and not any(value is None or value for value in values):
        return pl.Series(name, [[]], kind).new_from_index(0, len(values))
    return pl.Series(name, values, kind)


@cache
def make_writer(hint: Any) -> Any:
    """Make a function that converts a field to a column's value; `dataclasses.asdict` would copy each leaf."""
    inner = _remove_none(hint)
    if get_origin(inner) is tuple:
        item = make_writer(get_args(inner)[0])
        return lambda values: None if values is None else [item(value) for value in values]
    if _is_record(inner):
        fields = [(name, make_writer(part)) for name, part in get_type_hints(inner).items()]

        def write_fields(value: Any) -> dict[str, Any] | None:
            return None if value is None else {name: make(getattr(value, name)) for name, make in fields}

        return write_fields
    return lambda value: value


def complete_frame(frame: pl.DataFrame, record: Any) -> pl.DataFrame:
    """Add the columns of a record that a table lacks, with the defaults of the fields, in the record's order."""
    fields = [field for field in dataclasses.fields(record) if field.name not in frame.columns]
    schema = {field.name: get_schema(record)[field.name] for field in fields}
    row = {field.name: make_writer(get_type_hints(record)[field.name])(field.default) for field in fields}
    defaults = pl.DataFrame([row], schema=schema, strict=True)
    return check_frame(frame.join(defaults, how="cross").select(get_schema(record).names()), record)


def from_frame(frame: pl.DataFrame, record: type[Record]) -> Iterator[Record]:
    """Convert the rows of a table to records."""
    kind: Any = record
    build = make_reader(kind)
    return (build(row) for row in frame.iter_rows(named=True))


@cache
def make_reader(hint: Any) -> Any:
    """Make a function that converts a column's value to the field's type."""
    inner = _remove_none(hint)
    if get_origin(inner) is tuple:
        item = make_reader(get_args(inner)[0])
        return lambda values: None if values is None else tuple(map(item, values))
    if _is_record(inner):
        fields = {name: make_reader(part) for name, part in get_type_hints(inner).items()}

        def read_record(row: dict[str, Any] | None) -> Any:
            return None if row is None else inner(**{name: make(row[name]) for name, make in fields.items()})

        return read_record
    if issubclass(inner, StrEnum):
        return lambda value: None if value is None else inner(value)
    return lambda value: value


def add_findings(
    rows: pl.DataFrame, findings: pl.DataFrame, record: type, *, key: str, stage: Stage, handed: pl.Series
) -> pl.DataFrame:
    """Update rows with the findings of a stage; rows with a reason are dropped by the stage.

    Args:
        rows: the table of a record.
        findings: the key, some of the record's columns, and `reason` among them.
        record: the record.
        key: the column by which the two are matched.
        stage: the stage.
        handed: keys of the rows that were handed to the stage. The others stay as they are.

    Raises:
        RuntimeError: a row that was handed to the stage has no finding or several, or a finding has no such row. That
            is a fault of Cotloom: a row that nobody judged must not stay.
    """
    _check_matches(handed.rename(key), findings[key], stage)
    dropped = pl.col("reason").is_not_null()
    fated = findings.with_columns(
        stage=pl.when(dropped).then(pl.lit(str(stage))),
        fate=pl.when(dropped).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
    )
    return check_frame(rows.update(fated, on=key, how="left").select(rows.columns), record)


def _check_matches(handed: pl.Series, found: pl.Series, stage: Stage) -> None:
    """Check that every row that was handed to a stage has exactly one finding, and every finding such a row."""
    faults = {
        "rows have no finding": handed.filter(~handed.is_in(found.implode())),
        "findings are about rows that it was not handed": found.filter(~found.is_in(handed.implode())),
        "rows have several findings": found.filter(found.is_duplicated()).unique(),
        "rows stand twice": handed.filter(handed.is_duplicated()).unique(),
    }
    for fault, ids in faults.items():
        if ids.len():
            message = f"the findings of {stage} are incomplete: {ids.len():,} {fault}, such as {ids.sort()[0]}"
            raise RuntimeError(message)


def check_frame(frame: pl.DataFrame, record: type, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Check a table against its record's schema, where one room hands it to another.

    Args:
        frame: the table.
        record: the record.
        columns: the columns that it should have; None for all.

    Raises:
        TypeError: the columns or their types differ; the message names them.
    """
    whole = get_schema(record)
    schema = whole if columns is None else pl.Schema({name: whole[name] for name in columns if name in whole})
    if frame.schema == schema:
        return frame
    off = [
        f"{name}: {frame.schema.get(name)} instead of {schema.get(name)}"
        for name in dict.fromkeys([*schema, *frame.schema])
        if frame.schema.get(name) != schema.get(name)
    ]
    message = f"the table of {record.__name__.lower()}s does not fit its schema: {'; '.join(off) or 'order'}"
    raise TypeError(message)


class ArrowRows(Sequence[Record], Generic[Record]):
    """A sequence of records; it equals the tuple of them."""

    __slots__ = ("_record", "array")

    def __init__(self, array: pa.StructArray, record: type[Record]) -> None:
        """Keep an array whose fields are those of the record."""
        self.array = array
        self._record = record

    def __len__(self) -> int:
        """Count the records."""
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: Any) -> Any:
        """Make one record, or some."""
        return tuple(self)[place]

    def __iter__(self) -> Iterator[Record]:
        """Make the records."""
        read = make_reader(self._record)  # type: ignore[arg-type]  # a class is hashable
        return (read(row) for row in self.array.to_pylist())

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of records."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Hash like the tuple."""
        return hash(tuple(self))


def join_rows(rows: Sequence["ArrowRows[Any] | None"]) -> pa.LargeListArray:
    """Join rows as a column of lists; null stays null. At least one is not null."""
    arrays = [each.array for each in rows if each is not None]
    lengths = [0 if each is None else len(each) for each in rows]
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    mask = pa.array([each is None for each in rows])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.concat_arrays(arrays), mask=mask)


def make_example_ids(rows: pl.DataFrame) -> pl.Series:
    """Make the ids of many examples, as `make_example_id` makes one.

    Args:
        rows: columns format, sample_id, other_sample_ids; mixture_stage and repeat, where a stage took them.

    >>> from cotloom.schemas.example import make_example_id
    >>> rows = pl.DataFrame({"format": ["as_is"], "sample_id": ["s_1"], "other_sample_ids": [["s_2"]]})
    >>> make_example_ids(rows)[0] == make_example_id("as_is", "s_1", ("s_2",), None)
    True
    """
    others = pl.col("other_sample_ids").list.eval(_quote(pl.element())).list.join(",")
    stage, again = pl.lit("null"), pl.lit("")
    if "mixture_stage" in rows.columns:
        stage = _quote(pl.col("mixture_stage"))
        again = pl.when(pl.col("repeat") > 0).then(pl.format(",{}", "repeat")).otherwise(pl.lit(""))
    text = pl.format("[{},{},[{}],{}{}]", _quote(pl.col("format")), _quote(pl.col("sample_id")), others, stage, again)
    return pl.Series("example_id", make_plain_ids("e", rows.select(text).to_series().to_list()), dtype=pl.String)


def _quote(text: pl.Expr) -> pl.Expr:
    return pl.when(text.is_null()).then(pl.lit("null")).otherwise(pl.concat_str(pl.lit('"'), text, pl.lit('"')))
