"""The store: a folder with the ledger, stage results, and versions.

    .cotloom/
      ledger.sqlite                every answer a teacher gave
      stages/ROOM/KEY.parquet      results of stages, by the rows and rules that they were computed from
      students/                    base models and finished training runs
      versions/NAME/VERSION/       manifest.json, build.json and the tables

Law 4: same name@version and same fingerprint, nothing to do; another fingerprint, `VersionConflict`. Law 5: rows are
sorted before they are written, by one writer, and digested as rows.

`atomic` and `locks` are for every room that writes files. A name is imported from its module when it is first used:
reading manifests imports neither polars nor pyarrow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .freeze import freeze_version
    from .funnel import build_funnel_table, check_fates, count_funnel
    from .identity import compute_fingerprint, make_conflict
    from .stages import read_or_compute
    from .tables import digest_rows
    from .versions import (
        DEV,
        Version,
        find_version,
        list_version_numbers,
        list_versions,
        locate_version,
        parse_semver,
        read_version,
        sweep_versions,
    )

__all__ = [
    "DEV",
    "Version",
    "build_funnel_table",
    "check_fates",
    "compute_fingerprint",
    "count_funnel",
    "digest_rows",
    "find_version",
    "freeze_version",
    "list_version_numbers",
    "list_versions",
    "locate_version",
    "make_conflict",
    "parse_semver",
    "read_or_compute",
    "read_version",
    "sweep_versions",
]

_HOMES = {
    "build_funnel_table": "funnel",
    "check_fates": "funnel",
    "compute_fingerprint": "identity",
    "count_funnel": "funnel",
    "digest_rows": "tables",
    "freeze_version": "freeze",
    "make_conflict": "identity",
    "read_or_compute": "stages",
}
"""The module of each name; the others are in `versions`."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'versions')}"), name)
