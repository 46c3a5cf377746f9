"""Write an export: the examples of a version as files for a trainer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..store import Version, verify_files
from ..store.atomic import atomic_folder
from .formats import EXPORTS, Export, ExportFormat, list_notes
from .rules import check_buckets

__all__ = ["EXPORTS", "MARKER", "SIMULATED_NOTICE", "ExportResult", "export"]

SIMULATED_NOTICE = "These rows were written by Cotloom's simulated teacher, a stand-in for demos. No model wrote them."
"""The notice in every export of simulated data."""

MARKER = "cotloom.json"
"""The file in every export that names its version and lists its files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportResult:
    """The result of `export`."""

    rows: Mapping[str, int]
    """Rows of each file, or of each split of a `DatasetDict`, in training order."""
    notes: tuple[str, ...]
    """What the format cannot express, in sentences."""


def export(version: Version, format_name: str, folder: Path) -> ExportResult:
    """Write the examples of a version for a trainer.

    Args:
        version: the version.
        format_name: the format, one of `EXPORTS`.
        folder: the target folder; created if missing. An earlier export in it is replaced.

    Raises:
        InputError: the format is unknown or does not accept these rows, the folder has other files, there is
            nothing to export, or the version is damaged or withdrawn.
        Stopped: the disk is full, or the folder cannot be written.
    """
    export_format = _find_format(format_name)
    folder = folder.resolve()
    _check_folder(folder)
    content = export_format.count(verify_files(version))
    if export_format.check is not None:
        export_format.check(content)
    checked = replace(content, buckets=check_buckets(version, content.buckets, export_format.rules))
    return _write_export(checked, format_name, folder)


def _find_format(format_name: str) -> ExportFormat:
    if format_name in EXPORTS:
        return EXPORTS[format_name]
    similar = get_close_matches(format_name, EXPORTS, n=1)
    formats = f"the formats are: {', '.join(EXPORTS)}"
    raise InputError(
        f"no export format {format_name}", hint=f"did you mean {similar[0]}? {formats}" if similar else formats
    )


def _check_folder(folder: Path) -> None:
    """Refuse a folder with files that are not from an export."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", hint="--to takes a folder")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if not names:
        return
    if MARKER not in names:
        raise InputError(f"{folder} is not empty and has no export", hint="give an empty or a new folder with --to")
    others = set(names) - {MARKER, *_list_own_files(folder / MARKER)}
    if others:
        raise InputError(
            f"{folder} has other files besides an export: {', '.join(sorted(others)[:5])}",
            hint="move them, or give another folder with --to",
        )


def _list_own_files(marker: Path) -> Sequence[str]:
    """List the files of an earlier export."""
    try:
        content = json.loads(marker.read_text())
        return [*content["rows"], *content.get("files", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{marker} was not written by an export", hint="give another folder with --to") from error


def _write_export(content: Export, format_name: str, folder: Path) -> ExportResult:
    """Write all files and the marker; they replace an earlier export together."""
    export_format = EXPORTS[format_name]
    with atomic_folder(folder, name="the export") as side:
        result = ExportResult(rows=export_format.write(content, side), notes=list_notes(content, export_format))
        files = sorted(path.name for path in side.iterdir())
        (side / MARKER).write_text(json.dumps(_build_marker(content, format_name, result, files), indent=1) + "\n")
    return result


def _build_marker(content: Export, format_name: str, result: ExportResult, files: Sequence[str]) -> dict[str, Any]:
    manifest = content.version.manifest
    return {
        "version": content.version.ref,
        "content_digest": manifest.content_digest,
        "format": format_name,
        "rows": dict(result.rows),
        "files": list(files),
        "notes": list(result.notes),
        "teachers": list(manifest.teachers),
        "simulated": content.simulated,
        **({"notice": SIMULATED_NOTICE} if content.simulated else {}),
    }
