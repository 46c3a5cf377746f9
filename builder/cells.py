"""Cells of rows: read by column, nested key or template, and formatted as text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..schemas.ids import NotCanonicalError, format_canonical
from .errors import InputError
from .templates import is_template, render_template


def read_cell(values: Mapping[str, Any], column: str) -> Any:
    """Read a column, a nested key (`a.b`) or a rendered template from a row.

    Raises:
        KeyError: the row has no such column.
    """
    if is_template(column):
        return render_template(column, values)
    if column in values:
        return values[column]
    current: Any = values
    for key in column.split("."):
        if not isinstance(current, Mapping) or key not in current:
            raise KeyError(column)
        current = current[key]
    return current


def format_cell(value: Any) -> str | None:
    """Format a cell as text: 51.0 as 51, a list or object as canonical JSON, an empty cell as None.

    Raises:
        KeyError: it has no canonical text (half of a surrogate pair, NaN).
    """
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else None
    if text is not None and (not text or text.isascii()):
        return text or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        canonical = format_canonical(value)
    except NotCanonicalError as error:
        raise KeyError(str(error)) from error
    return canonical if text is None else text


def list_columns(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the columns of a row, nested keys with a dot."""
    names: list[str] = []
    for key, value in values.items():
        names += list_columns(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else [f"{prefix}{key}"]
    return names


def make_missing_column_error(path: Path | str, column: str, values: Mapping[str, Any]) -> InputError:
    """Make the error for a column that no row has."""
    columns = ", ".join(list_columns(values)[:40])
    return InputError(f"{path}: no row has the column {column}", hint=f"the columns are: {columns}")
