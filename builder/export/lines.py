"""JSON Lines, the file format of most trainers. The JSON writer escapes all text (law 7)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import polars as pl

from ...schemas.problem import Split
from ..format import join_reasoning
from .parts import TEST, TRAIN, Export

ExampleRow = Mapping[str, Any]
"""A row of the table `examples`; those that become chats have some of its columns only."""

WriteFiles = Callable[[Export, Path], dict[str, int]]
"""Writes the files of an export into a folder, and returns the rows of each file."""


def write_lines(export: Export, folder: Path, make_lines: Callable[[pl.DataFrame], Iterable[bytes]]) -> dict[str, int]:
    """Write each part as a file of JSON Lines, bucket by bucket.

    Args:
        export: the export.
        folder: an empty folder.
        make_lines: makes lines of rows.

    Returns:
        The rows of each file.
    """
    with ExitStack() as stack:
        files = {part.name: stack.enter_context((folder / f"{part.name}.jsonl").open("wb")) for part in export.parts}
        for part, rows in export.iterate_rows():
            files[part.name].writelines(make_lines(rows))
    return export.count_rows(".jsonl")


SplitRow = tuple[str, Mapping[str, Any]]
"""A split, and a row of its file."""


def write_split_lines(
    export: Export, folder: Path, make_rows: Callable[[pl.DataFrame], Iterable[SplitRow]]
) -> dict[str, int]:
    """Write `train.jsonl` and `test.jsonl` of an export that is not made of examples.

    Args:
        export: the export.
        folder: an empty folder.
        make_rows: makes the rows of a bucket, each with its split.

    Returns:
        The rows of each file; a file without rows is not written.
    """
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for rows in export.buckets():
            for split, row in make_rows(rows):
                name = f"{TEST if split == Split.TEST else TRAIN}.jsonl"
                if name not in files:
                    files[name] = stack.enter_context((folder / name).open("wb"))
                files[name].write(format_line(row))
                counts[name] += 1
    return {name: counts[name] for name in (f"{TRAIN}.jsonl", f"{TEST}.jsonl") if name in counts}


def mark_simulated(row: Mapping[str, Any], sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mark a row whose sample the simulated teacher wrote."""
    return {**row, "simulated": True} if sample["simulated"] else row


def format_line(row: ExampleRow) -> bytes:
    """Format a row as a line."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def make_line_writer(
    convert: Callable[[ExampleRow], dict[str, Any]], *, has_field: bool = False, marked: bool = True
) -> WriteFiles:
    """Make the writer of a format whose files are JSON Lines.

    Args:
        convert: converts the messages of an example to its line.
        has_field: whether reasoning that a row keeps apart is the `reasoning_content` of its last message; else it
            stands in the message, between tags.
        marked: whether lines have additional keys: the example's id, and `simulated` if the version is simulated.
    """

    def write_files(export: Export, folder: Path) -> dict[str, int]:
        keys = ("example_id", "simulated") if export.simulated else ("example_id",)
        add = _add_field if has_field else join_reasoning

        def make_lines(rows: pl.DataFrame) -> Iterator[bytes]:
            for row in rows.select("messages", "reasoning", *keys).iter_rows(named=True):
                chat = {**row, "messages": add(row["messages"], row["reasoning"])}
                yield format_line({**convert(chat), **({key: row[key] for key in keys} if marked else {})})

        return write_lines(export, folder, make_lines)

    return write_files


def _add_field(messages: Sequence[Mapping[str, Any]], reasoning: str | None) -> list[dict[str, Any]]:
    """Add reasoning to the last message as chat templates know it."""
    *context, last = map(dict, messages)
    return [*context, last if reasoning is None else {**last, "reasoning_content": reasoning}]
