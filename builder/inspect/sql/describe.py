"""What views and columns hold, for a person: descriptions come from the docstrings under the fields of the records."""

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from ...errors import InputError
from .query import Connection
from .views import MAIN, VIEWS, View

_SHORT_TYPE = 24
"""Characters of a type that are shown; those of nested columns are longer than any line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewColumn:
    """A column of a view."""

    name: str
    """Its name."""
    kind: str
    """Its type, as DuckDB writes it."""
    description: str
    """What it holds; empty where no record says."""


Catalog = Mapping[str, Sequence[ViewColumn]]
"""The columns of each view; a view of a further version has its schema before its name."""


def read_catalog(connection: Connection) -> Catalog:
    """Read which views a connection has, and their columns."""
    return {
        f"{prefix}{name}": _list_columns(connection.duck, f"{schema}.{name}", view)
        for schema, prefix in ((schema, "" if schema == MAIN else f"{schema}.") for schema in connection.versions)
        for name, view in VIEWS.items()
    }


def _list_columns(duck: duckdb.DuckDBPyConnection, name: str, view: View) -> list[ViewColumn]:
    described = {**read_field_docstrings(view.record), **view.columns}
    return [
        ViewColumn(name=column, kind=_shorten_type(kind), description=described.get(column, ""))
        for column, kind, *_ in duck.execute(f"DESCRIBE {name}").fetchall()
    ]


def _shorten_type(kind: str) -> str:
    """Shorten a nested type to its outermost part.

    >>> _shorten_type("STRUCT(kind VARCHAR, span STRUCT(start BIGINT, stop BIGINT))[]"), _shorten_type("VARCHAR[]")
    ('STRUCT(kind, span)[]', 'VARCHAR[]')
    """
    before = ""
    while before != kind and "(" in kind[len("STRUCT(") :]:  # the innermost first
        before, kind = kind, re.sub(r"(?<=.{7})\s+\w+\([^()]*\)(\[\])?", "", kind)
    kind = re.sub(r"(\"?\w+\"?) [A-Z]+(\[\])?(?=[,)])", r"\1", kind)
    return kind if len(kind) <= _SHORT_TYPE else f"{kind.split('(')[0]}(...){'[]' if kind.endswith('[]') else ''}"


def read_field_docstrings(record: type) -> dict[str, str]:
    """Read the docstrings under the fields of a class, each as one line."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(record))).body
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(getattr(definition, "body", ()))
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def describe_views(catalog: Catalog) -> list[tuple[str, str]]:
    """Describe what each view holds."""
    return [(name, VIEWS[name.rpartition(".")[2]].holds) for name in catalog]


def describe_columns(catalog: Catalog, name: str) -> list[tuple[str, str, str]]:
    """Describe the columns of a view: name, type and what it holds.

    Args:
        catalog: the views.
        name: one of them, in any case.

    Raises:
        InputError: there is no such view.
    """
    columns = catalog.get(name.lower())
    if columns is None:
        raise InputError(f"there is no view {name}", hint=f"the views are {', '.join(catalog)}")
    return [(column.name, column.kind, column.description) for column in columns]
