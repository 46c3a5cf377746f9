"""The store: a folder with the ledger, stage results, and versions.

    .cotloom/
      ledger.sqlite                every answer a teacher gave
      stages/ROOM/KEY.parquet      what was worked out from the same rows before
      versions/NAME/VERSION/       manifest.json, build.json and the tables

Law 4: same name@version and same fingerprint, nothing to do; another fingerprint, `VersionConflict`. Law 5: rows are
sorted before they are written, by one writer, and digested as rows.
"""

from cotloom.builder.store.funnel import check_fates, funnel, funnel_table
from cotloom.builder.store.identity import conflict, fingerprint
from cotloom.builder.store.stages import remembered
from cotloom.builder.store.tables import rows_digest
from cotloom.builder.store.versions import (
    DEV,
    Version,
    all_versions,
    find_version,
    folder_of,
    freeze,
    read_version,
    semver,
    sweep,
    versions_of,
)

__all__ = [
    "DEV",
    "Version",
    "all_versions",
    "check_fates",
    "conflict",
    "find_version",
    "fingerprint",
    "folder_of",
    "freeze",
    "funnel",
    "funnel_table",
    "read_version",
    "remembered",
    "rows_digest",
    "semver",
    "sweep",
    "versions_of",
]
