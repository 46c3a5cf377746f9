"""Results of measurements: rows by key, kept in a folder where one is given."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Results:
    """Rows by size, shape and step; each is written to the folder as soon as it is there."""

    def __init__(self, folder: Path | None, machine: Any, *, again: bool) -> None:
        self._path = folder / "results.jsonl" if folder else None
        self._machine = asdict(machine)
        self._again = again
        self._rows: dict[tuple[int, float, str], Row] = {}
        self._new: set[tuple[int, float, str]] = set()
        if self._path is not None and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._put(json.loads(line))

    def _put(self, row: Row) -> None:
        self._rows[row["answers"], row["each"], row["step"]] = row

    def needs(self, answers: int, each: float, step: str) -> bool:
        """Whether something is yet to be measured: it is missing, failed, or all is measured again."""
        key = (answers, each, step)
        return key not in self._new and (self._again or self._rows.get(key, {}).get("exit_code") != 0)

    def add(self, answers: int, each: float, step: str, values: Mapping[str, Any]) -> Row:
        """Add a row, in place of an older one of this size, shape and step."""
        row = {"answers": answers, "each": each, "step": step, **values, **self._machine}
        self._put(row)
        self._new.add((answers, each, step))
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return row

    def list_rows(self) -> list[Row]:
        """List all rows, sorted by size and shape."""
        return sorted(self._rows.values(), key=lambda row: (row["answers"], -row["each"]))
