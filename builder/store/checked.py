"""Results that can be made again: Arrow files that end on a digest of their bytes and of the key they were made for.

A file that is damaged, truncated, or made for another key is never believed: `read_checked` warns and returns nothing,
so that the caller makes the result again.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError, Stopped
from ..parquet import refuse_unreadable, to_polars
from ..progress import warn
from .atomic import Access, replace_file

_SEAL_BYTES = 32
"""The bytes of the digest at the end of a file."""


def write_checked(frame: pl.DataFrame, path: Path, key: str) -> None:
    """Write a result, sealed for its key.

    Raises:
        Stopped: the disk is full or can't be written.
    """
    table, buffer = frame.rechunk().to_arrow(), pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    content = buffer.getvalue()
    with replace_file(path, access=Access.PRIVATE) as side, side.open("wb") as file:
        file.write(content)
        file.write(_seal(content, key))


def _seal(content: pa.Buffer | memoryview, key: str) -> bytes:
    digest = hashlib.sha256(f"{len(key)} {key}".encode())
    digest.update(content)
    return digest.digest()


def read_checked(path: Path, key: str) -> pl.DataFrame | None:
    """Read a result; None where there is none, or where it is not the one that was written for the key.

    In the second case a warning is shown, which names the file and says that the result is made again.
    """
    if not path.exists():
        return None
    try:
        return to_polars(_read_intact(path, key))
    except InputError as error:
        warn(f"a kept result is damaged and is made again: {error.message}")
        return None


def mark_used(path: Path) -> None:
    """Note that a result was used: what no build uses for long is removed first."""
    with suppress(OSError):
        os.utime(path)


def keep_checked(frame: pl.DataFrame, path: Path, key: str) -> None:
    """Write a result for the next time. A full disk is no error here: the result is made again."""
    with suppress(Stopped):
        write_checked(frame, path, key)


def _read_intact(path: Path, key: str) -> pa.Table:
    with refuse_unreadable(path):
        whole = memoryview(path.read_bytes())
        content, seal = whole[:-_SEAL_BYTES], whole[-_SEAL_BYTES:]
        if seal != _seal(content, key):  # nothing of it is read before
            raise ValueError("it is damaged, or not the result that belongs here")
        return pa.ipc.open_stream(pa.py_buffer(content)).read_all()


def digest_table(table: pa.Table) -> str:
    """Digest names, types and every value of a table: sha256 over the bytes of its columns.

    It depends neither on chunks nor on what lies under a null, and a float counts by its bits, so NaN may occur.

    Raises:
        TypeError: a column has a type without such bytes.
    """
    digest = hashlib.sha256(f"{table.num_rows}\n".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{len(name.encode())} {name}\n".encode())
        for part in _list_bytes(column.combine_chunks()):
            digest.update(part)
    return digest.hexdigest()


def _list_bytes(array: pa.Array) -> Iterator[bytes | memoryview]:
    """Yield the bytes of an array: type and length, which values are null, then the values that are not."""
    kind = array.type
    yield f"{_name_type(kind)} {len(array)} {array.null_count}\n".encode()
    if array.null_count:
        yield _get_values(array.is_valid())
    if pa.types.is_struct(kind):
        for child in array.flatten():
            yield from _list_bytes(child)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield _get_values(pc.list_value_length(array.drop_null()))
        yield from _list_bytes(array.flatten())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from _list_text_bytes(array.drop_null().cast(pa.large_binary()))
    elif not pa.types.is_null(kind):
        yield _get_values(array.drop_null())


def _name_type(kind: pa.DataType) -> str:
    """Name a type without the name of a list's items, which Parquet changes."""
    if pa.types.is_struct(kind):
        return f"struct {[inner.name for inner in kind]}"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "large_list" if pa.types.is_large_list(kind) else "list"
    return str(kind)


def _list_text_bytes(array: pa.Array) -> Iterator[bytes | memoryview]:
    """Yield the lengths of some texts, and the texts one after another."""
    lengths = pc.binary_length(array)
    yield _get_values(lengths)
    _, offsets, content = array.buffers()
    if content is not None and len(array):
        start = memoryview(offsets).cast("q")[array.offset]
        yield memoryview(content)[start : start + pc.sum(lengths).as_py()]


def _get_values(array: pa.Array) -> bytes | memoryview:
    """Get the bytes of an array of fixed width without nulls."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    if not pa.types.is_primitive(array.type):
        message = f"a column of the type {array.type} has no digest"
        raise TypeError(message)
    width, content = array.type.bit_width // 8, array.buffers()[1]
    return b"" if content is None else memoryview(content)[array.offset * width : (array.offset + len(array)) * width]
