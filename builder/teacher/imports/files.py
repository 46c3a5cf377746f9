"""The files of another tool, read row by row in little memory; what is damaged is a row that says so."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError
from ...files import MAX_DEPTH, is_deep
from ...parquet import iterate_rows, refuse_unreadable
from ..chat_responses import parse_body
from .peers import Peer

LONGEST_LINE = 64 * 2**20
"""A longer line, in bytes, is not read: no server's response that a build takes in is longer."""
LARGEST_JSON = 256 * 2**20
"""A larger JSON file, in bytes, is not read: it would be in memory as a whole."""
_STEP = 2**20
"""Bytes between two movements of the progress bar."""
_ARROW_ROWS = 256

Advance = Callable[[int], None]
"""Reports that so many bytes were read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRow:
    """A row of a file."""

    origin: str
    """`file:line`: the line, or the number of the row, from 1."""
    values: Mapping[str, Any] | None = None
    """Its columns; None where the row can't be read."""
    fault: str = ""
    """Why it can't be read."""


def list_files(path: Path, peer: Peer) -> list[Path]:
    """List the files of a tool: the one that is named, or all below a folder, in order of their names and numbers.

    Raises:
        InputError: there is no such file or folder, or no file of the tool is in it.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder", hint=f"give {_describe(peer)}, or a folder that holds some")
    found = {file for pattern in peer.patterns for file in path.rglob(pattern) if file.is_file()}
    if not found:
        raise InputError(
            f"{path} holds no answers of {peer.title}: no {_describe(peer)} is in it or in a folder below",
            hint="give the folder that the tool wrote to, or one of its files",
        )
    return sorted(found, key=_split_numbers)


def _describe(peer: Peer) -> str:
    return " or ".join([", ".join(peer.patterns[:-1]), peer.patterns[-1]] if peer.patterns[1:] else peer.patterns)


def _split_numbers(path: Path) -> list[tuple[str, int]]:
    """Split a path so that `batch_10` comes behind `batch_9`."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d{0,18})", str(path))]


def read_file(path: Path, name: str, advance: Advance) -> Iterator[ForeignRow]:
    """Read the rows of a file. One that can't be read to its end has a last row that says so.

    Args:
        path: the file: JSON lines; JSON, a list of rows or a batch of distilabel; Parquet; an Arrow stream.
        name: how the file is named to the user.
        advance: reports progress in bytes.
    """
    number = 0
    try:
        for number, (values, fault) in enumerate(_READERS.get(path.suffix.lower(), _read_lines)(path, advance), 1):
            if values or fault:
                yield ForeignRow(origin=f"{name}:{number}", values=values, fault=fault)
    except InputError as error:
        yield ForeignRow(origin=f"{name}:{number + 1}", fault=error.message)
    except OSError as error:
        yield ForeignRow(origin=f"{name}:{number + 1}", fault=str(error))


_Rows = Iterator[tuple[Mapping[str, Any] | None, str]]
"""Values, and why there are none; both empty for a blank line."""


def _read_lines(path: Path, advance: Advance) -> _Rows:
    pending = 0
    with path.open("rb") as file:
        while content := file.readline(LONGEST_LINE):
            pending += len(content)
            if len(content) == LONGEST_LINE and not content.endswith(b"\n"):
                pending += _skip_line(file)
                yield None, f"the line is longer than {LONGEST_LINE // 2**20} MB"
            else:
                yield _parse_row(content) if content.strip() else (None, "")
            if pending >= _STEP:
                advance(pending)
                pending = 0
    advance(pending)


def _skip_line(file: Any) -> int:
    """Skip the rest of a line. Returns its bytes."""
    skipped = 0
    while content := file.readline(_STEP):
        skipped += len(content)
        if content.endswith(b"\n"):
            break
    return skipped


def _parse_row(content: bytes) -> tuple[Mapping[str, Any] | None, str]:
    try:
        value = parse_body(content)
    except ValueError as error:
        return None, f"not JSON: {error}"
    return _check_row(value)


def _check_row(value: Any) -> tuple[Mapping[str, Any] | None, str]:
    if not isinstance(value, dict) or not value:
        return None, f"a {type(value).__name__}, not an object with keys"
    return (None, f"nested more than {MAX_DEPTH} deep") if is_deep(value) else (value, "")


def _read_json(path: Path, advance: Advance) -> _Rows:
    size = path.stat().st_size
    if size > LARGEST_JSON:
        raise InputError(f"larger than {LARGEST_JSON // 2**20} MB")
    try:
        rows = _find_rows(parse_body(path.read_bytes()))
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from error
    advance(size)
    yield from map(_check_row, rows)


def _find_rows(value: Any) -> Sequence[Any]:
    """Find the rows in a JSON file: a list of them, or a batch with one such list for each step before it."""
    data = value.get("data") if isinstance(value, dict) else value
    lists = data if isinstance(data, list) else []
    return [row for item in lists for row in (item if isinstance(item, list) else [item])]


def _read_parquet(path: Path, advance: Advance) -> _Rows:
    yield from ((values, fault or "") for values, fault in iterate_rows(path))
    advance(path.stat().st_size)


def _read_arrow(path: Path, advance: Advance) -> _Rows:
    with refuse_unreadable(path), pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        for batch in stream:
            batch.validate(full=True)
            for start in range(0, batch.num_rows, _ARROW_ROWS):
                yield from ((row, "") for row in batch.slice(start, _ARROW_ROWS).to_pylist())
    advance(path.stat().st_size)


_READERS: Mapping[str, Callable[[Path, Advance], _Rows]] = {
    ".json": _read_json,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
}
"""How files are read, by suffix; any other is JSON lines."""
