"""Results of stages by content: what was made from the same rows by the same rules is there already.

    stages/STAGE/KEY/        the files of one result, and `result.json` with their digests and with plain values
    stages/STAGE/memo/       findings about single rows, by the content that decides them (`memo`)

The key is a digest of everything that decides the result: settings, code version, input rows. So a stale result can't
be taken for a fresh one. A damaged one is never believed: it is made again, and a warning says so. Losing a result
costs time alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....schemas.ids import digest
from ....schemas.manifest import File
from ...files import digest_file
from ...progress import warn
from ..atomic import Access, atomic_folder
from ..checked import mark_used
from ..versions import open_sealed, seal_json

RESULT = "result.json"
"""Written last into the folder of a result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageResult:
    """A result of a stage: files, and plain values."""

    folder: Path
    """Where the files are."""
    files: Mapping[str, File]
    """Their digests, by name."""
    values: Mapping[str, Any]
    """Plain values: counts, digests."""
    known: bool
    """Whether it was there already."""

    @property
    def key(self) -> str:
        """The key, shortened: two results of one key are the same."""
        return self.folder.name

    def to_plain(self) -> dict[str, Any]:
        """Convert to plain values, so that another process can use it; `parse_result` is the way back."""
        files = {name: file.model_dump() for name, file in self.files.items()}
        return {"folder": str(self.folder), "files": files, "values": dict(self.values), "known": self.known}


def parse_result(plain: Mapping[str, Any]) -> StageResult:
    """Read a result from the plain values of `StageResult.to_plain`."""
    files = {name: File.model_validate(file) for name, file in plain["files"].items()}
    return StageResult(folder=Path(plain["folder"]), files=files, values=plain["values"], known=plain["known"])


MakeResult = Callable[[Path], tuple[Mapping[str, File], Mapping[str, Any]]]
"""Writes the files of a result into a folder; returns their digests by name, and plain values."""


def read_or_make(stage: Path, decided_by: Mapping[str, Any], make: MakeResult) -> StageResult:
    """Read a result of a stage, or make it and keep it.

    Args:
        stage: the folder of the stage's results.
        decided_by: plain values that decide the result: settings, code version, digests of the input.
        make: makes it.

    Raises:
        Stopped: the disk is full or can't be written.
    """
    key = make_stage_key(decided_by)
    known = find_result(stage, key)
    if known is not None:
        return known
    is_damaged = (stage / key).exists()
    try:
        with atomic_folder(stage / key, replace=is_damaged, name="a result of a stage", access=Access.PRIVATE) as side:
            files, values = make(side)
            content = {"files": {name: file.model_dump() for name, file in files.items()}, "values": dict(values)}
            (side / RESULT).write_bytes(seal_json(content))
    except FileExistsError:  # another build was faster; its files stay where it may be reading them
        return find_result(stage, key) or read_or_make(stage, decided_by, make)
    return StageResult(folder=stage / key, files=files, values=values, known=False)


def make_stage_key(decided_by: Mapping[str, Any]) -> str:
    """Make the key of a result from everything that decides it."""
    return digest(decided_by)[:40]


def _check_files(folder: Path, files: Mapping[str, File]) -> None:
    for name, file in files.items():
        if digest_file(folder / name)[0] != file.sha256:
            raise ValueError(f"{name} does not have its digest")


def find_result(stage: Path, key: str) -> StageResult | None:
    """Find a result by its key; None where there is none, or where it is damaged, with a warning."""
    folder = stage / key
    if not (folder / RESULT).exists():
        return None
    try:
        content = open_sealed((folder / RESULT).read_bytes())
        files = {name: File.model_validate(file) for name, file in content["files"].items()}
        _check_files(folder, files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        warn(f"a kept result is damaged and is made again: {folder}: {error}")
        return None
    mark_used(folder / RESULT)
    return StageResult(folder=folder, files=files, values=content["values"], known=True)
