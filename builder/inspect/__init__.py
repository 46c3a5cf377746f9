"""Inspect: look into a version, with SQL over its tables and the explanation of one of its rows. Nothing is written.

`listing` needs neither polars nor DuckDB, so that `cotloom list` starts fast; hence the names below are imported when
they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .explanation import explain
    from .sql import query, write_database

__all__ = ["explain", "query", "write_database"]

_HOMES = {"explain": "explanation", "query": "sql", "write_database": "sql"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
