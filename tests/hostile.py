"""Texts that try to reach the terminal, a version that is full of them, and a terminal to print them on."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from cotloom.builder.store import Version, read_version
from cotloom.builder.store.versions import seal_json
from cotloom.builder.terminal import UNSAFE
from cotloom.schemas.manifest import digest_manifest
from tests.forged import write_files

SEQUENCES = (
    "\x1b[38;5;201m",  # a colour
    "\x1b[2J\x1b[H",  # an empty screen
    "\x1b]0;title\x07",  # the window's title
    "\x1b]8;;http://127.0.0.1/\x1b\\link\x1b]8;;\x1b\\",  # a link
    "\x1b]52;c;Y3VybA==\x07",  # the clipboard
    "\x1b[6n\x1b[c",  # questions that the terminal answers on stdin
    "\x9b31m\x9d0;t\x9c",  # the same in C1
    "\x00\x07\x08\x0b\x0c\r\x7f\x85",
    "\u200e\u200f\u061c\u202a\u202e\u2066\u2069",  # direction
    "\u2028\u2029\u200b\u2060\ufeff\U000e0041\U000e007f",  # lines, and what has no shape
    "[bold red]x[/bold red][link=http://127.0.0.1/]y[/link]",  # rich's markup
)
HOSTILE = "".join(SEQUENCES)

FREE_TEXTS = frozenset({"summary", "recipe_file", "machine", "cotloom", "python"})
"""Keys of `build.json` and `validation.json` that hold any text; others are refused when they are read."""

_CONSOLE = re.compile("\x1b\\[(?:[0-9;]*m|\\?25[lh]|[0-9]*[AK])")
"""What rich sends by itself: styles, the cursor, and what a progress bar needs to be drawn again."""


def find_escapes(output: bytes) -> list[str]:
    """What of an output would do something to a terminal that only a text of others asks for."""
    text = output.decode()  # an invalid byte, such as a single C1, is an error
    found = [sequence for sequence in SEQUENCES[:-1] if sequence in text]
    found += ["link"] if "\x1b]" in text else []
    rest = _CONSOLE.sub("", text).replace("\r\n", "\n").replace("\r", "")
    return found + UNSAFE.findall(rest)


def run_on_terminal(words: list[str], **environment: str) -> tuple[int, bytes]:
    """Run a program on a terminal of its own. Returns its exit code and everything that the terminal was sent."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "400", **environment}
    process = subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    output = b"".join(_read(leader))
    os.close(leader)
    return process.wait(), output


def _read(leader: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the last process on the terminal has ended
            return
        if not part:
            return
        yield part


def spoil_value(value: Any) -> Any:
    """Put a hostile text behind every text of plain values, of lists and structs too."""
    if isinstance(value, dict):
        return {key: spoil_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spoil_value(item) for item in value]
    return value + HOSTILE if isinstance(value, str) else value


def spoil_table(frame: pl.DataFrame, skipped: frozenset[str] = frozenset()) -> pl.DataFrame:
    """Put a hostile text behind every text of a table: of lists and structs too."""
    rows = [
        {name: cell if name in skipped else spoil_value(cell) for name, cell in row.items()} for row in frame.to_dicts()
    ]
    return pl.DataFrame(rows, schema=frame.schema)


def write_spoiled(version: Version, folder: Path, manifest: dict[str, Any], skipped: frozenset[str]) -> Version:
    """Write a copy of a version with spoiled tables and a given manifest, whose list of files fits."""
    folder.mkdir(parents=True)
    tables = {name: spoil_table(version.read_table(name), skipped) for name in ("problems", "samples", "examples")}
    written = write_files(tables, folder, version.manifest.bucket_bits)
    manifest["files"] = {name: file.model_dump() for name, file in written.items()}
    for name in ("build.json", "validation.json"):
        content = json.loads((version.path / name).read_text())
        free = {key: spoil_value(value) for key, value in content.items() if key in FREE_TEXTS}
        content.pop("file_digest", None)
        (folder / name).write_bytes(seal_json({**content, **free}))
    sealed = {**manifest, "version": folder.name}
    (folder / "manifest.json").write_text(json.dumps({**sealed, "manifest_digest": digest_manifest(sealed)}))
    return read_version(folder)
