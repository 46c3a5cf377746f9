"""Exports: a version's examples as files that a trainer reads."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.export.formats import EXPORTS, Export, Form, export_of, notes_on
from cotloom.builder.store import Version

__all__ = ["EXPORTS", "MARKER", "SIMULATED_NOTICE", "Exported", "export"]

SIMULATED_NOTICE = "These rows were written by Cotloom's simulated teacher, a stand-in for demos. No model wrote them."
"""Goes wherever simulated data goes."""

MARKER = "cotloom.json"
"""Says in every export which version it came from, and which files are ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    rows: Mapping[str, int]
    """Rows in each file, or in each split of a `DatasetDict`, in the order in which they are trained on."""
    notes: tuple[str, ...]
    """What the format can't say of the rows, in sentences."""


def export(version: Version, form: str, folder: Path) -> Exported:
    """Write a version's examples for a trainer.

    Args:
        version: the version.
        form: the trainer's format, one of `EXPORTS`.
        folder: where to; made where missing. An earlier export there is replaced.

    Raises:
        InputError: the format is unknown or can't take these rows, the folder holds something else, or there is
            nothing to export.
        Stopped: the disk is full or can't be written.
    """
    how = _form(form)
    place = folder.resolve()
    _check_folder(place)
    content = export_of(version)
    if how.check is not None:
        how.check(content)
    try:
        return _written(content, form, how, place)
    except OSError as error:
        raise Stopped(
            f"the export can't be written: {error}", hint="make room and run the same command again"
        ) from error


def _form(name: str) -> Form:
    if name in EXPORTS:
        return EXPORTS[name]
    near = get_close_matches(name, EXPORTS, n=1)
    there = f"there are: {', '.join(EXPORTS)}"
    raise InputError(f"no export format {name}", hint=f"did you mean {near[0]}? {there}" if near else there)


def _check_folder(folder: Path) -> None:
    """Never write over files that are not ours."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", hint="--to takes a folder")
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if not there:
        return
    if MARKER not in there:
        raise InputError(f"{folder} is not empty and holds no export", hint="give an empty or a new folder with --to")
    strange = set(there) - {MARKER, *_own(folder / MARKER)}
    if strange:
        raise InputError(
            f"{folder} holds more than an export: {', '.join(sorted(strange)[:5])}",
            hint="move that away, or give another folder with --to",
        )


def _own(marker: Path) -> Sequence[str]:
    """What an earlier export wrote into its folder."""
    try:
        said = json.loads(marker.read_text())
        return [*said["rows"], *said.get("files", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{marker} is no marker of an export", hint="give another folder with --to") from error


def _written(content: Export, form: str, how: Form, folder: Path) -> Exported:
    """Write all files to the side, then put them in place together."""
    side = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(side, ignore_errors=True)
    try:
        side.mkdir(parents=True)
        done = Exported(rows=how.write(content, side), notes=notes_on(content, how))
        files = sorted(path.name for path in side.iterdir())
        (side / MARKER).write_text(json.dumps(_marker(content, form, done, files), indent=1) + "\n")
        _put(side, folder)
    finally:
        shutil.rmtree(side, ignore_errors=True)
    return done


def _put(side: Path, folder: Path) -> None:
    """Rename the finished folder into its place, and only then remove what was there."""
    old = side.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    try:
        side.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _marker(content: Export, form: str, done: Exported, files: Sequence[str]) -> dict[str, Any]:
    manifest = content.version.manifest
    return {
        "version": content.version.ref,
        "content_digest": manifest.content_digest,
        "format": form,
        "rows": dict(done.rows),
        "files": list(files),
        "notes": list(done.notes),
        "teachers": list(manifest.teachers),
        "simulated": content.simulated,
        **({"notice": SIMULATED_NOTICE} if content.simulated else {}),
    }
