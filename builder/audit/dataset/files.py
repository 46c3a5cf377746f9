"""The files of a dataset: a file, or the tables in a folder, unpacked where they are compressed."""

import gzip
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, Stopped
from ...files import make_missing_file_error

TABLES = frozenset({".jsonl", ".ndjson", ".json", ".csv", ".parquet"})
"""The suffixes of tables."""

PACKED = ".gz"
"""The suffix of a packed table; it stands behind the table's own."""

_OTHERS = frozenset({
    "dataset_info.json", "dataset_infos.json", "state.json", "config.json", "manifest.json", "build.json",
    "package.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
})  # fmt: skip
"""Files beside a dataset that hold none of its rows."""

_SPLIT = re.compile(r"(?:^|[-_./])(train|test|validation|valid|val|dev|eval)(?=[-_./]|$)", re.IGNORECASE)
_SPLITS = {"valid": "validation", "val": "validation", "dev": "validation", "eval": "validation"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFile:
    """A table of a dataset."""

    name: str
    """What findings call it: its path below the folder."""
    path: Path
    """Where it can be read."""
    split: str | None = None
    """The split that its name says."""


def list_dataset_files(path: Path, unpacked: Path) -> list[DatasetFile]:
    """List the tables of a dataset, in the order of their names.

    Args:
        path: a file, or a folder with tables in it or below it.
        unpacked: where packed tables are unpacked to.

    Raises:
        InputError: there is no such file or no table, or a packed one is damaged.
        Stopped: the disk is full.
    """
    if path.is_file():
        return [_open_file(path, path.name, unpacked)]
    if not path.is_dir():
        raise make_missing_file_error(path)
    found = [(each, each.relative_to(path).as_posix()) for each in sorted(path.rglob("*")) if _is_table(each, path)]
    if not found:
        known = ", ".join(sorted(TABLES))
        raise InputError(
            f"{path} is no version, and there is no table in this folder",
            hint=f"tables are {known}, or these with {PACKED}",
        )
    return [_open_file(each, name, unpacked) for each, name in found]


def _is_table(path: Path, folder: Path) -> bool:
    """Whether a file of a folder is a table; nothing that is hidden is, and no link out of the folder."""
    parts = path.relative_to(folder).parts
    suffix = Path(path.name.removesuffix(PACKED)).suffix.lower()
    is_shown = not any(part.startswith((".", "__")) for part in parts)
    is_within = path.resolve().is_relative_to(folder.resolve())
    return is_shown and path.is_file() and is_within and suffix in TABLES and path.name not in _OTHERS


def _open_file(path: Path, name: str, unpacked: Path) -> DatasetFile:
    where = _unpack(path, unpacked) if path.suffix.lower() == PACKED else path
    return DatasetFile(name=name, path=where, split=find_split(name))


def _unpack(path: Path, folder: Path) -> Path:
    """Unpack a file, whose name stays what it is without the last suffix."""
    own = folder / str(len(list(folder.iterdir())))
    own.mkdir()
    target = own / path.name.removesuffix(path.suffix)
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, 2**20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path} can't be unpacked: {error}", hint="is it whole? gzip -t says so") from error
    except OSError as error:
        raise Stopped(f"{path} can't be unpacked: {error.strerror}") from error
    return target


def find_split(name: str) -> str | None:
    """Find the split that the name of a file, or of its folder, says.

    >>> find_split("data/train-00000-of-00002.parquet"), find_split("main/test.jsonl"), find_split("contest.jsonl")
    ('train', 'test', None)
    """
    found = list(_SPLIT.finditer(name.rpartition(".")[0]))
    split = found[-1][1].lower() if found else None
    return None if split is None else _SPLITS.get(split, split)


def find_page(path: Path) -> Iterator[Path]:
    """Find the page (README.md) beside a dataset: in its folder, or the one that its file lies in."""
    folder = path if path.is_dir() else path.parent
    yield from (each for each in (folder / "README.md",) if each.is_file())
