"""Records as polars frames: the declared schema of each table is read off its record's fields.

`schema_of(Sample)` is the one place where a record's types become columns, so that a field added to a record is
a column everywhere.
"""

import dataclasses
import types
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import polars as pl
from cotloom.schemas.reasons import Fate, Stage

Record = TypeVar("Record")

_SCALARS: dict[type, Any] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}


@cache
def schema_of(record: type) -> pl.Schema:
    """Columns and polars types of a record's table."""
    return pl.Schema({name: _column(hint) for name, hint in get_type_hints(record).items()})


def _column(hint: Any) -> Any:
    inner = _without_none(hint)
    if get_origin(inner) is tuple:
        return pl.List(_column(get_args(inner)[0]))
    if _is_record(inner):
        return pl.Struct(dict(schema_of(inner)))
    if issubclass(inner, StrEnum):
        return pl.String
    return _SCALARS[inner]


def _is_record(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return inner
    return hint


def to_frame(records: Iterable[Any], record: type) -> pl.DataFrame:
    """Lay records out as a table with the record's declared schema."""
    plain = _plainer(record)
    return pl.DataFrame([plain(item) for item in records], schema=schema_of(record), strict=True)


@cache
def _plainer(hint: Any) -> Any:
    """Make the function that turns a field into a column's plain value. `dataclasses.asdict` copies each leaf."""
    inner = _without_none(hint)
    if get_origin(inner) is tuple:
        item = _plainer(get_args(inner)[0])
        return lambda values: None if values is None else [item(value) for value in values]
    if _is_record(inner):
        fields = [(name, _plainer(part)) for name, part in get_type_hints(inner).items()]

        def plain(value: Any) -> dict[str, Any] | None:
            return None if value is None else {name: make(getattr(value, name)) for name, make in fields}

        return plain
    return lambda value: value


def from_frame(frame: pl.DataFrame, record: type[Record]) -> Iterator[Record]:
    """Read the rows of a table back as records."""
    wanted: Any = record
    build = _builder(wanted)
    return (build(row) for row in frame.iter_rows(named=True))


@cache
def _builder(hint: Any) -> Any:
    """Make the function that turns a column's plain value into the field's type."""
    inner = _without_none(hint)
    if get_origin(inner) is tuple:
        item = _builder(get_args(inner)[0])
        return lambda values: None if values is None else tuple(map(item, values))
    if _is_record(inner):
        fields = {name: _builder(part) for name, part in get_type_hints(inner).items()}

        def construct(row: dict[str, Any] | None) -> Any:
            return None if row is None else inner(**{name: make(row[name]) for name, make in fields.items()})

        return construct
    if issubclass(inner, StrEnum):
        return lambda value: None if value is None else inner(value)
    return lambda value: value


def with_findings(rows: pl.DataFrame, found: pl.DataFrame, record: type, *, key: str, stage: Stage) -> pl.DataFrame:
    """Write what a stage found into its rows; those with a reason are dropped by the stage.

    Args:
        rows: the table of a record.
        found: the key, some of the record's columns, and `reason` among them.
        record: the record.
        key: the column by which the two are matched.
        stage: the stage.
    """
    dropped = pl.col("reason").is_not_null()
    fated = found.with_columns(
        stage=pl.when(dropped).then(pl.lit(str(stage))),
        fate=pl.when(dropped).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
    )
    return checked(rows.update(fated, on=key, how="left").select(rows.columns), record)


def checked(frame: pl.DataFrame, record: type) -> pl.DataFrame:
    """Hold a table against its record's schema, at the border between two rooms.

    Raises:
        TypeError: the columns or their types differ; the message names them.
    """
    wanted = schema_of(record)
    if frame.schema == wanted:
        return frame
    off = [
        f"{name}: {frame.schema.get(name)} instead of {wanted.get(name)}"
        for name in dict.fromkeys([*wanted, *frame.schema])
        if frame.schema.get(name) != wanted.get(name)
    ]
    message = f"the table of {record.__name__.lower()}s does not fit its schema: {'; '.join(off) or 'order'}"
    raise TypeError(message)
