"""JSON lines: the file that most trainers read. Text goes in as data: escaped by the JSON writer, never templated."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from cotloom.builder.export.parts import Export

Row = Mapping[str, Any]
"""A row of the table `examples`."""

Write = Callable[[Export, Path], dict[str, int]]
"""Writes the files of an export into a folder, and says how many rows each has."""


def write_lines(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as JSON lines, and say how many there were."""
    count = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def lines_of(row_of: Callable[[Row], dict[str, Any]], *, marked: bool = True) -> Write:
    """Make the writer of a format whose parts are JSON lines.

    Args:
        row_of: gives the line of an example.
        marked: whether lines may have keys of ours: the example's id, and `simulated` where the version is so.
    """

    def write(export: Export, folder: Path) -> dict[str, int]:
        keys = ("example_id", "simulated") if export.simulated else ("example_id",)
        counts = {}
        for part in export.parts:
            rows = part.rows.iter_rows(named=True)
            lines = ({**row_of(row), **({key: row[key] for key in keys} if marked else {})} for row in rows)
            counts[f"{part.name}.jsonl"] = write_lines(folder / f"{part.name}.jsonl", lines)
        return counts

    return write
