"""Write a ledger as compressed JSON lines, and read such a file into a ledger.

One line is one response, with its request and the keys that it answers; nothing in it depends on another line.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import orjson
from pydantic import ValidationError

from ...errors import InputError
from ...progress import show_bar, warn, warn_all
from ...store.atomic import replace_file
from .check import LedgerCheck
from .entries import Entry, Tombstone, list_entries
from .ledger import Ledger
from .lines import LedgerLine, make_line, read_line

SUFFIX = ".jsonl.gz"
"""The ending of an exported file."""
_SQLITE = b"SQLite format 3\x00"
"""The first bytes of a ledger."""
LONGEST_LINE = 2**29
"""A longer line, in bytes, is no response."""
_BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """The result of an import."""

    answers: int = 0
    """Answers that are new in the ledger."""
    known: int = 0
    """Answers that it had already."""
    forgotten: int = 0
    """Answers to problems that were erased; they stay erased."""

    def __add__(self, other: "Imported") -> "Imported":
        """Add up two parts of an import."""
        return Imported(
            answers=self.answers + other.answers,
            known=self.known + other.known,
            forgotten=self.forgotten + other.forgotten,
        )


def export_ledger(path: Path, target: Path) -> LedgerCheck:
    """Write every response that is intact to a file.

    Args:
        path: the ledger.
        target: the file, `*.jsonl.gz`; it must not exist.

    Returns:
        How many answers were written, and what is damaged and was not.

    Raises:
        InputError: there is no ledger, the file exists, or its name has another ending.
        Stopped: the disk is full.
    """
    _check_name(target)
    if target.exists():
        raise InputError(f"{target} exists", hint="choose another name, or remove it first")
    found = LedgerCheck()
    # without a name and a time: they would make two exports of one ledger differ
    with (
        replace_file(target) as side,
        side.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file,
    ):
        for line in _list_lines(path, found):
            file.write(orjson.dumps(line.model_dump(mode="json", exclude_defaults=True), option=_LINE))
    return found


_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS


def _check_name(path: Path) -> None:
    if not path.name.endswith(SUFFIX):
        raise InputError(f"{path} does not end in {SUFFIX}", hint=f"give a name such as answers{SUFFIX}")


def _list_lines(path: Path, found: LedgerCheck) -> Iterator[LedgerLine]:
    for entry in list_entries(path, found):
        if isinstance(entry, Tombstone):
            yield LedgerLine(problem_id=entry.problem_id, forgotten_at=entry.forgotten_at)
        else:
            yield make_line(entry)


def import_answers(ledger: Ledger, source: Path) -> Imported:
    """Read an exported file, another ledger or another store into a ledger. An answer that is there already stays.

    A problem that was erased here stays erased. One that was erased there is erased here too, unless there are answers
    to it here: of that the user is warned.

    Args:
        ledger: the ledger.
        source: a file that `export_ledger` wrote, `*.jsonl.gz`; a ledger; or the folder of a store.

    Raises:
        InputError: it is missing, damaged, or the ledger itself. What stands before the damage is imported.
        Stopped: the disk is full.
    """
    place = source / ledger.path.name if source.is_dir() else source
    if not place.is_file():
        raise InputError(f"{place}: no such file", hint=f"give an exported file (NAME{SUFFIX}), a ledger or a store")
    if place.samefile(ledger.path):
        raise InputError(f"{source} is the ledger that answers are imported into", hint="--store names that one")
    return import_ledger(ledger, place) if _is_ledger(place) else import_file(ledger, place)


def _is_ledger(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def import_ledger(ledger: Ledger, source: Path) -> Imported:
    """Read another ledger into a ledger; what is damaged there is left out, and the user is warned.

    Raises:
        InputError: it has another layout.
        Stopped: the disk is full.
    """
    total, found = Imported(), LedgerCheck()
    entries = list_entries(source, found)
    while batch := list(islice(entries, _BATCH)):
        total += _import_batch(ledger, batch)
    if not found.is_intact:
        warn(f"{source} is damaged, and {len(found.damaged):,} answers were left out: cotloom ledger check names them")
    return total


def import_file(ledger: Ledger, source: Path) -> Imported:
    """Read an exported file into a ledger.

    Raises:
        InputError: the file is damaged, or a line is no response. What stands before is imported.
        Stopped: the disk is full.
    """
    _check_name(source)
    total = Imported()
    size = source.stat().st_size
    with source.open("rb") as raw, gzip.open(raw) as file, show_bar("importing (bytes)", size) as advance:
        lines, done = _read_lines(source, file), 0
        while batch := list(islice(lines, _BATCH)):
            total += _import_batch(ledger, batch)
            done, before = raw.tell(), done
            advance(done - before)
    return total


def _read_lines(source: Path, file: gzip.GzipFile) -> Iterator[Entry | Tombstone]:
    number = 0
    try:
        while content := file.readline(LONGEST_LINE):
            number += 1
            yield read_line(LedgerLine.model_validate_json(content))
    except ValidationError as error:
        raise _make_line_error(source, number, error.errors()[0]["msg"]) from error
    except ValueError as error:
        raise _make_line_error(source, number, str(error)) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _make_line_error(source, number + 1, str(error)) from error


def _make_line_error(source: Path, number: int, message: str) -> InputError:
    return InputError(
        f"{source}, line {number}: {message}",
        hint="the lines before it are imported; restore the file from a copy for the rest",
    )


def _import_batch(ledger: Ledger, entries: Sequence[Entry | Tombstone]) -> Imported:
    _add_tombstones(ledger, [entry for entry in entries if isinstance(entry, Tombstone)])
    forgotten = ledger.find_forgotten()
    own = [entry.received for entry in entries if isinstance(entry, Entry)]
    recorded = ledger.find_keys(item.request.digest for item in own)
    unread = frozenset() if all(item.choices for item in own) else ledger.list_unread()
    total, received = Imported(), []
    for item in own:
        if item.request.problem_id in forgotten:
            total += Imported(forgotten=len(item.choices))
            continue
        new = {i: choice for i, choice in item.choices.items() if (item.request.digest, i) not in recorded}
        total += Imported(answers=len(new), known=len(item.choices) - len(new))
        recorded |= {(item.request.digest, index) for index in new}
        if new or (not item.choices and item.request.digest not in unread):
            received.append(replace(item, choices=new))
    ledger.record(received)
    return total


def _add_tombstones(ledger: Ledger, tombstones: Sequence[Tombstone]) -> None:
    kept = ledger.add_forgotten({tombstone.problem_id: tombstone.forgotten_at for tombstone in tombstones})
    warn_all(
        f"the other ledger has erased the answers to {problem}, and this one has some: cotloom ledger forget --problem"
        f" {problem} erases them here"
        for problem in kept
    )
