"""The files of a version: are they those of the manifest, and are they tables of the declared records?"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from cotloom.builder.files import file_digest
from cotloom.builder.store import Version
from cotloom.schemas.example import Example
from cotloom.schemas.frames import checked
from cotloom.schemas.manifest import File
from cotloom.schemas.problem import Problem
from cotloom.schemas.sample import Sample

RECORDS: Mapping[str, type] = {"problems": Problem, "samples": Sample, "examples": Example}
"""The record of each table."""


def check_files(version: Version) -> Iterator[str]:
    """Hold digest, size and rows of each file against the manifest."""
    listed = version.manifest.files
    for name in (f"{table}.parquet" for table in RECORDS):
        if name not in listed:
            yield f"{name} is not in the manifest"
    for name, file in listed.items():
        yield from _file(version.path, name, file)


def _file(folder: Path, name: str, file: File) -> Iterator[str]:
    path = folder / name
    if Path(name).name != name:
        yield f"the manifest names {name!r}, which is no file of the version's own folder"
        return
    if not path.is_file():
        yield f"{name} is missing"
        return
    sha256, size = file_digest(path)
    if size != file.bytes:
        yield f"{name} has {size:,} bytes; the manifest says {file.bytes:,}"
    if sha256 != file.sha256:
        yield f"{name} is not the file of the manifest: its sha256 is {sha256[:16]}..., not {file.sha256[:16]}..."
    yield from _rows(path, file)


def _rows(path: Path, file: File) -> Iterator[str]:
    try:
        rows = pq.read_metadata(path).num_rows
    except (OSError, ValueError, pa.ArrowException) as error:
        yield f"{path.name} can't be read: {error}"
        return
    if rows != file.rows:
        yield f"{path.name} has {rows:,} rows; the manifest says {file.rows:,}"


def read_tables(version: Version) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Read the tables and hold them against their records.

    Returns:
        The tables that fit, by name, and what is wrong with the others.
    """
    tables, faults = {}, []
    for name, record in RECORDS.items():
        try:
            frame = read_table(version.path / f"{name}.parquet")
            checked(frame, record)
        except (OSError, TypeError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            faults.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        wrong = [f"{name}: {told}" for told in _values(frame, record)]
        faults += wrong
        if not wrong:
            tables[name] = frame
    return tables, faults


def read_table(path: Path) -> pl.DataFrame:
    """Read a Parquet file that a stranger may have written: Arrow looks at every value before polars trusts it.

    Args:
        path: the file, of any columns.

    Raises:
        OSError, ValueError, pyarrow.ArrowException: it can't be read.
    """
    table = pq.read_table(path)
    table.validate(full=True)
    frame = pl.from_arrow(table)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _values(frame: pl.DataFrame, record: type) -> Iterator[str]:
    """What no row may hold: nothing where a field needs something, and words that the field does not know."""
    for name, hint in get_type_hints(record).items():
        parts = get_args(hint)
        if type(None) not in parts and frame[name].null_count():
            yield f"{name} is empty in {frame[name].null_count():,} rows"
        known = _words(hint, parts)
        unknown = frame[name].drop_nulls().unique().sort().to_list() if known else []
        if strange := [word for word in unknown if word not in known]:
            yield f"{name} can't be {str(strange[0])[:40]!r}; it is one of {', '.join(known)}"


def _words(hint: Any, parts: tuple[Any, ...]) -> list[str]:
    """The words of an enumeration; none where the field is another thing."""
    kinds = [kind for kind in (hint, *parts) if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return [str(word) for word in kinds[0]] if kinds else []
