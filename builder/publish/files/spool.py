"""The rows of a published version on their way from buckets to files: written bucket by bucket, read in their order.

How many rows a row group has depends on the size of all rows of a split, and the rows of each version come after those
of earlier ones. So the rows of all buckets wait on disk, a file for each split and version that introduced them.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(kw_only=True, slots=True)
class _Part:
    """The rows of a split that one version introduced."""

    path: Path
    """The file where they wait."""
    writer: Any
    """Writes it."""
    rows: int = 0
    """How many there are."""


@dataclass(kw_only=True, slots=True)
class SpooledSplit:
    """The rows of one split of a config, or of one format of the config `default`."""

    folder: str
    """Their folder below `data/`: `problems`, `default/zero_shot_cot`."""
    split: str
    """The split."""
    schema: pa.Schema
    """The columns."""
    bytes: int = 0
    """Bytes of the rows in memory."""
    parts: dict[int, _Part] = field(default_factory=dict)
    """The rows of each version, by its index."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(part.rows for part in self.parts.values())

    @property
    def generations(self) -> tuple[int, ...]:
        """Number of rows that each version introduced, oldest first; versions without rows are left out."""
        return tuple(self.parts[index].rows for index in sorted(self.parts))

    def iterate_tables(self) -> Iterator[pa.Table]:
        """Read the rows, oldest version first, in the order in which they were added."""
        for index in sorted(self.parts):
            with pa.memory_map(str(self.parts[index].path)) as source, pa.ipc.open_file(source) as reader:
                for number in range(reader.num_record_batches):
                    yield pa.Table.from_batches([reader.get_batch(number)])


class Spool:
    """A folder where rows wait."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is there."""
        self._folder = folder
        self._splits: dict[tuple[str, str], SpooledSplit] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open it for rows; they can be read after the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._stack.close()

    def add(self, folder: str, split: str, generation: int, table: pa.Table) -> None:
        """Add rows that one version introduced, after those that were added before."""
        rows = self._splits.setdefault((folder, split), SpooledSplit(folder=folder, split=split, schema=table.schema))
        part = rows.parts.get(generation)
        if part is None:
            part = rows.parts[generation] = self._open_part(table.schema)
        part.writer.write_table(table)
        part.rows += table.num_rows
        rows.bytes += table.nbytes

    def _open_part(self, schema: pa.Schema) -> _Part:
        path = self._folder / f"{sum(len(split.parts) for split in self._splits.values()):05}.arrow"
        file = self._stack.enter_context(pa.OSFile(str(path), "wb"))
        return _Part(path=path, writer=self._stack.enter_context(pa.ipc.new_file(file, schema, options=_OPTIONS)))

    def list_splits(self, folders: Iterable[str], splits: Iterable[str]) -> list[SpooledSplit]:
        """List what was added, in the order of some folders and splits."""
        order = [(folder, split) for folder in folders for split in splits]
        return [self._splits[key] for key in order if key in self._splits]

    def list_folders(self) -> list[str]:
        """List the folders that have rows, sorted."""
        return sorted({folder for folder, _ in self._splits})
