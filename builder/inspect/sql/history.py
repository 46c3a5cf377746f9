"""The queries that were typed, kept for the next start of the shell: one JSON text a line, whole queries."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

KEPT = 1_000
"""Queries that are recalled."""


def find_history() -> Path:
    """Find the file: `cotloom/sql_history.jsonl` in $XDG_STATE_HOME, else in ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "cotloom" / "sql_history.jsonl"


def load_history(path: Path) -> list[str]:
    """Load the queries, the oldest first; none where the file is missing or can't be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return list(_parse_lines(lines[-KEPT:]))


def _parse_lines(lines: list[str]) -> Iterator[str]:
    for line in lines:
        with suppress(ValueError):  # a line that was written half costs only itself
            text = json.loads(line)
            if isinstance(text, str):
                yield text


def append_history(path: Path, text: str) -> None:
    """Append a query, readable for its user only. Where that can't be done the shell goes on without."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(text) + "\n")
