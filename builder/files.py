"""Rows of JSONL, JSON, CSV and Parquet files: each with its position in the file, unreadable rows with the reason."""

import csv
import hashlib
import json
import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import orjson
import xxhash

from .errors import InputError
from .parquet import iterate_rows, list_row_groups

_ALL_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_LONG_NUMBER = b"0" * 18
MAX_DEPTH = 64
"""A row nested deeper than this is refused."""

CHUNK_BYTES = 16 * 2**20
"""About how many bytes a chunk has; of a Parquet file, before compression."""

_NESTED = (dict, list)

_CSV_CELL = 50_000_000
"""The longest cell of a CSV file, in characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a file."""

    origin: str
    """`file.jsonl:12`: the line, or the number of the item, from 1."""
    values: Mapping[str, Any] | None
    """Its columns; null where the row can't be read."""
    raw: str | None = None
    """A row that can't be read, as it stands in the file."""
    fault: str | None = None
    """Why it can't be read."""

    @property
    def content(self) -> str:
        """What the row holds, whatever its position: a row that can't be read is known by it."""
        return json.dumps(self.values, sort_keys=True, default=str) if self.raw is None else self.raw


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A part of a file that can be read alone. Its fields are plain values."""

    path: str
    """The file."""
    first: int
    """The number of its first line or row, from 1."""
    start: int
    """Its first byte; of a Parquet file, its first row group."""
    end: int
    """Where it ends, in bytes or row groups."""


def read_rows(path: Path) -> Iterator[Row]:
    """Read the rows of a file, one by one.

    Raises:
        InputError: there is no such file, or it is no table at all.
    """
    yield from _READERS[_find_suffix(path)](path)


def list_chunks(path: Path, most_bytes: int | None = None) -> list[Chunk]:
    """Cut a file into chunks: one where it is small or can only be read as a whole.

    Args:
        path: the file.
        most_bytes: about so many bytes make a chunk; None for `CHUNK_BYTES`.

    Raises:
        InputError: there is no such file, or it is no table at all.
    """
    suffix, most = _find_suffix(path), most_bytes or CHUNK_BYTES
    if suffix == ".parquet":
        return list(_cut_groups(path, most))
    if _READERS[suffix] is _read_jsonl:
        return list(_cut_lines(path, most))
    return [Chunk(path=str(path), first=1, start=0, end=path.stat().st_size)]


def read_chunk(chunk: Chunk) -> Iterator[Row]:
    """Read the rows of a chunk. Those of all chunks are the rows of `read_rows`.

    Raises:
        InputError: the file can't be read.
    """
    path = Path(chunk.path)
    reader = _READERS[_find_suffix(path)]
    if reader is _read_parquet:
        yield from _read_groups(path, chunk.first, range(chunk.start, chunk.end))
    elif reader is _read_jsonl:
        yield from _read_lines(path, chunk)
    else:
        yield from reader(path)


def read_new_rows(chunk: Chunk, known: Container[bytes]) -> Iterator[tuple[bytes, Row | None]]:
    """Read the rows of a chunk whose lines are not known yet.

    Args:
        chunk: the chunk.
        known: digests of lines.

    Returns:
        For each row the digest of its line, empty where the file has none, and the row; null where it is known.

    Raises:
        InputError: the file can't be read.
    """
    path = Path(chunk.path)
    if _READERS[_find_suffix(path)] is not _read_jsonl:
        yield from ((b"", row) for row in read_chunk(chunk))
        return
    for number, line in _iterate_lines(path, chunk):
        digest = xxhash.xxh3_128_digest(line)
        yield digest, None if digest in known else _read_line(path, number, line)


def digest_chunk(chunk: Chunk) -> str:
    """Digest what a chunk holds: chunks with one digest have the same rows, wherever they lie in a file of JSON lines.

    Raises:
        OSError: the file can't be read.
    """
    path = Path(chunk.path)
    if _READERS[path.suffix.lower()] is not _read_jsonl:
        return f"{digest_file(path)[0]} {chunk.start} {chunk.end}"
    with path.open("rb") as file:
        file.seek(chunk.start)
        return hashlib.sha256(file.read(chunk.end - chunk.start)).hexdigest()


def _find_suffix(path: Path) -> str:
    """Return the suffix of a file that can be read."""
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise InputError(
            f"{path}: no reader for {suffix or 'files without a suffix'}", hint=f"known: {', '.join(_READERS)}"
        )
    if not path.is_file():
        raise make_missing_file_error(path)
    return suffix


def make_missing_file_error(path: Path) -> InputError:
    """Make the error for a missing file; its hint lists the files that exist."""
    existing = sorted(file.name for file in path.parent.glob(f"*{path.suffix}"))[:8] if path.parent.is_dir() else []
    no_file = f"the folder {path.parent} has no {path.suffix} file"
    return InputError(f"{path}: no such file", hint=f"available: {', '.join(existing)}" if existing else no_file)


def digest_file(path: Path) -> tuple[str, int]:
    """Compute the sha256 of a file; returned with its size in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _read_jsonl(path: Path) -> Iterator[Row]:
    return _read_lines(path, Chunk(path=str(path), first=1, start=0, end=path.stat().st_size))


def _read_lines(path: Path, chunk: Chunk) -> Iterator[Row]:
    return (_read_line(path, number, line) for number, line in _iterate_lines(path, chunk))


def _iterate_lines(path: Path, chunk: Chunk) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a chunk that are not blank, with their numbers."""
    with path.open("rb") as file:
        file.seek(chunk.start)
        left = chunk.end - chunk.start
        for number, line in enumerate(file, chunk.first):
            if left <= 0:
                return
            left -= len(line)
            if not line.isspace():
                yield number, line


def _read_line(path: Path, number: int, line: bytes) -> Row:
    return _make_row(f"{path.name}:{number}", *_parse_json(line), raw=line)


def _cut_lines(path: Path, most: int) -> Iterator[Chunk]:
    """Cut a file at line ends; only where there are several chunks are its lines counted."""
    size, start, first = path.stat().st_size, 0, 1
    with path.open("rb") as file:
        while size - start > most:
            lines = file.read(most).count(b"\n")
            rest = file.readline()
            yield Chunk(path=str(path), first=first, start=start, end=file.tell())
            start, first = file.tell(), first + lines + rest.endswith(b"\n")
    if start < size:
        yield Chunk(path=str(path), first=first, start=start, end=size)


def _cut_groups(path: Path, most: int) -> Iterator[Chunk]:
    start, first, rows, size = 0, 1, 0, 0
    groups = list_row_groups(path)
    for number, (group_rows, group_bytes) in enumerate(groups, 1):
        rows, size = rows + group_rows, size + group_bytes
        if size >= most or number == len(groups):
            yield Chunk(path=str(path), first=first, start=start, end=number)
            start, first, rows, size = number, first + rows, 0, 0


def _read_json(path: Path) -> Iterator[Row]:
    value, fault = _parse_json(path.read_bytes())
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list)]
        is_keyed = bool(value) and all(isinstance(item, dict) for item in value.values())
        value = lists[0] if len(lists) == 1 else list(value.values()) if is_keyed else None
    if not isinstance(value, list):
        raise InputError(
            f"{path}: {fault or 'holds no list of rows'}", hint="a JSON file is a list of objects, or an object of them"
        )
    for number, item in enumerate(value, 1):
        yield _make_row(f"{path.name}:{number}", item, None)


def _read_csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_CSV_CELL)
    with path.open(encoding="utf-8-sig", newline="", errors="strict") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                return
            _check_header(path, header)
            for cells in reader:
                fault = None if len(cells) == len(header) else f"{len(cells)} cells under {len(header)} columns"
                values = None if fault else dict(zip(header, cells, strict=True))
                yield Row(
                    origin=f"{path.name}:{reader.line_num}", values=values, fault=fault, raw=fault and repr(cells)
                )
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path}, line {reader.line_num}: {error}") from error


def _check_header(path: Path, header: list[str]) -> None:
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: the column {twice} stands twice", hint="give each column a name of its own")


def _read_parquet(path: Path) -> Iterator[Row]:
    return _read_groups(path, 1, None)


def _read_groups(path: Path, first: int, groups: Sequence[int] | None) -> Iterator[Row]:
    for number, (values, fault) in enumerate(iterate_rows(path, groups=groups), first):
        yield Row(origin=f"{path.name}:{number}", values=values, fault=fault)


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
"""How files are read, by suffix."""


def _parse_json(text: bytes) -> tuple[Any, str | None]:
    """Parse JSON; integers beyond 64 bits keep every digit. Returns the value, or None and the fault."""
    try:
        return (_parse_exactly(text) if _has_long_number(text) else orjson.loads(text)), None
    except ValueError as error:  # both readers' errors are ValueErrors
        return None, f"not JSON: {error}"
    except RecursionError:
        return None, "not JSON: nested too deeply"


def _has_long_number(text: bytes) -> bool:
    return _LONG_NUMBER in text.translate(_ALL_DIGITS)


def _parse_exactly(text: bytes) -> Any:
    def refuse(word: str) -> NoReturn:
        message = f"{word} is no JSON number"
        raise ValueError(message)

    def parse_float(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else refuse(f"{digits[:20]}...")

    return json.loads(text, parse_constant=refuse, parse_float=parse_float)


def _make_row(origin: str, value: Any, fault: str | None, raw: bytes | None = None) -> Row:
    if fault is None and not isinstance(value, dict):
        fault = f"a {type(value).__name__}, not an object"
    if fault is None and is_deep(value):
        fault = f"nested more than {MAX_DEPTH} deep"
    if fault is None:
        return Row(origin=origin, values=value)
    return Row(origin=origin, values=None, fault=fault, raw=repr(value) if raw is None else repr(raw.strip()))


def is_deep(value: Mapping[str, Any]) -> bool:
    """Whether lists and objects in a row are nested beyond the limit."""
    if not any(isinstance(inner, _NESTED) for inner in value.values()):
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, _NESTED)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
