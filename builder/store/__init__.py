"""The store: a folder with the ledger, stage results, and versions.

    .cotloom/
      ledger.sqlite                every answer a teacher gave
      stages/ROOM/KEY.parquet      results of stages, by the rows and rules that they were computed from
      students/                    base models and finished training runs
      versions/NAME/VERSION/       manifest.json, build.json and the tables

Law 4: same name@version and same fingerprint, nothing to do; another fingerprint, `VersionConflict`. Law 5: rows are
sorted before they are written, by one writer, and digested as rows.

Law 10: a manifest carries its own digest, a file is held against the manifest before it is read, and a result of a
stage carries the digest of its rows.

`atomic` and `locks` are for every room that writes files. A name is imported from its module when it is first used:
reading manifests imports neither polars nor pyarrow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .freeze import freeze_tables, freeze_version, make_store
    from .funnel import build_funnel_table, check_fates, count_funnel
    from .identity import compute_fingerprint, make_conflict
    from .integrity import (
        check_content,
        check_current,
        hold_version,
        load_validation,
        read_verified,
        verify_files,
        verify_version,
    )
    from .opening import (
        UnreadableVersion,
        VersionListing,
        find_version,
        list_versions,
        locate_ref,
        open_version,
        read_version,
        scan_versions,
    )
    from .removal import list_children, remove_version
    from .results.garbage import Garbage, collect_garbage
    from .results.stages import read_or_make
    from .tables import digest_tables
    from .tags import list_tags, remove_tag, tag_version
    from .versions import (
        DEV,
        Version,
        list_version_numbers,
        locate_ledger,
        locate_version,
        parse_semver,
        sweep_versions,
    )

__all__ = [
    "DEV",
    "Garbage",
    "UnreadableVersion",
    "Version",
    "VersionListing",
    "build_funnel_table",
    "check_content",
    "check_current",
    "check_fates",
    "collect_garbage",
    "compute_fingerprint",
    "count_funnel",
    "digest_tables",
    "find_version",
    "freeze_tables",
    "freeze_version",
    "hold_version",
    "list_children",
    "list_tags",
    "list_version_numbers",
    "list_versions",
    "load_validation",
    "locate_ledger",
    "locate_ref",
    "locate_version",
    "make_conflict",
    "make_store",
    "open_version",
    "parse_semver",
    "read_or_make",
    "read_verified",
    "read_version",
    "remove_tag",
    "remove_version",
    "scan_versions",
    "sweep_versions",
    "tag_version",
    "verify_files",
    "verify_version",
]

_HOMES = {
    "Garbage": "results.garbage",
    "UnreadableVersion": "opening",
    "VersionListing": "opening",
    "build_funnel_table": "funnel",
    "check_content": "integrity",
    "check_current": "integrity",
    "check_fates": "funnel",
    "collect_garbage": "results.garbage",
    "compute_fingerprint": "identity",
    "count_funnel": "funnel",
    "digest_tables": "tables",
    "find_version": "opening",
    "freeze_tables": "freeze",
    "freeze_version": "freeze",
    "hold_version": "integrity",
    "list_children": "removal",
    "list_tags": "tags",
    "list_versions": "opening",
    "load_validation": "integrity",
    "locate_ref": "opening",
    "make_conflict": "identity",
    "make_store": "freeze",
    "open_version": "opening",
    "read_or_make": "results.stages",
    "read_verified": "integrity",
    "read_version": "opening",
    "remove_version": "removal",
    "scan_versions": "opening",
    "tag_version": "tags",
    "remove_tag": "tags",
    "verify_files": "integrity",
    "verify_version": "integrity",
}
"""The module of each name; the others are in `versions`."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'versions')}"), name)
