"""The list of a store's versions, as a table. It reads manifests only and imports neither polars nor pyarrow."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from ..errors import InputError
from ..report.tables import make_table

if TYPE_CHECKING:
    from ..store import UnreadableVersion, Version

_HEAD = ("version", "built", "teacher", "problems", "samples kept", "examples kept", "paths", "digest")
_UNKNOWN = "unknown"


def render_list(versions: "Sequence[Version]") -> Table:
    """Make a table with a row for each version: date, teacher model, kept rows and digest.

    Args:
        versions: the versions, in the order of the rows.
    """
    return make_table(_HEAD, map(list, map(_format_version, versions)), "   rrrr")


def find_tags(version: "Version") -> tuple[str, ...] | None:
    """Find the tags of a version; None where their file is damaged, which is no reason to list nothing."""
    from ..store import list_tags  # noqa: PLC0415 - what renders a list imports no reader

    try:
        return list_tags(version)
    except InputError:
        return None


def _format_version(version: "Version") -> Iterator[str]:
    manifest = version.manifest
    tags = find_tags(version)
    marks = ["tags can't be read"] if tags is None else list(tags)
    marks += ["withdrawn"] if version.is_withdrawn else []
    yield f"{version.ref} ({', '.join(marks)})" if marks else version.ref
    yield (find_build_date(version) or _UNKNOWN)[:10]
    yield _format_teachers(manifest.teachers, simulated=manifest.simulated)
    for count in ("problems_kept", "samples_kept", "examples_kept", "distinct_paths"):
        yield _format_count(manifest.counts.get(count))
    yield manifest.content_digest[:12]


def find_build_date(version: "Version") -> str | None:
    """Find when the build of a version started; None where that is unknown, or `build.json` can't be read."""
    try:
        started_at = version.read_build().started_at
    except InputError:
        return None
    return started_at.isoformat() if started_at else None


def render_unreadable(unreadable: "Sequence[UnreadableVersion]") -> str:
    """Render what among the versions can't be read, a line for each; empty where there is none."""
    lines = (item.error if str(item.path) in item.error else f"{item.path}: {item.error}" for item in unreadable)
    return "\n".join(f"not readable: {' '.join(line.split())}" for line in lines)


def _format_teachers(teachers: Sequence[str], *, simulated: bool) -> str:
    names = ", ".join(teachers) or "none"
    return f"{names} (simulated)" if simulated and names != "simulated" else names


def _format_count(count: int | None) -> str:
    return _UNKNOWN if count is None else f"{count:,}"
