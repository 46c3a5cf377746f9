"""JSON Lines, the file format of most trainers. The JSON writer escapes all text (law 7)."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from .parts import Export

ExampleRow = Mapping[str, Any]
"""A row of the table `examples`."""

WriteFiles = Callable[[Export, Path], dict[str, int]]
"""Writes the files of an export into a folder, and returns the rows of each file."""


def write_lines(path: Path, rows: Iterable[ExampleRow]) -> int:
    """Write rows as JSON Lines, and return their number."""
    count = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def make_line_writer(convert: Callable[[ExampleRow], dict[str, Any]], *, marked: bool = True) -> WriteFiles:
    """Make the writer of a format whose files are JSON Lines.

    Args:
        convert: converts an example to its line.
        marked: whether lines have additional keys: the example's id, and `simulated` if the version is simulated.
    """

    def write_files(export: Export, folder: Path) -> dict[str, int]:
        keys = ("example_id", "simulated") if export.simulated else ("example_id",)
        counts = {}
        for part in export.parts:
            rows = part.rows.iter_rows(named=True)
            lines = ({**convert(row), **({key: row[key] for key in keys} if marked else {})} for row in rows)
            counts[f"{part.name}.jsonl"] = write_lines(folder / f"{part.name}.jsonl", lines)
        return counts

    return write_files
