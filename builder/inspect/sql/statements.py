"""What a query may be: one statement that reads."""

import re

import duckdb

from ...errors import InputError
from .views import VIEWS

_BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
_EXPLAIN = re.compile(
    rf"{_BLANK}*explain{_BLANK}+(?:analyze{_BLANK}+)?(?:\(\s*(?:format|analyze)[^)]*\)\s*)?", re.IGNORECASE | re.DOTALL
)
_QUERY = re.compile(rf"(?:{_BLANK}|\()*(?:pivot|from|with|select)\b", re.IGNORECASE | re.DOTALL)
"""The beginning of a query with a PIVOT, which DuckDB runs as several statements."""
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")
_OWN_SCHEMAS = frozenset({"main", "temp", "system", "memory", "information_schema", "pg_catalog"})
"""Names that DuckDB gives a meaning of its own."""

HINT = f"the views are {', '.join(VIEWS)}; DESCRIBE samples shows the columns of one"


def check_statements(duck: duckdb.DuckDBPyConnection, statements: list[duckdb.Statement]) -> None:
    """Check that a query is one statement, and that it reads.

    Raises:
        InputError: it is not.
        duckdb.Error: the query that an EXPLAIN is about is none.
    """
    if len(statements) > 1:
        raise InputError("the query failed: these are several statements", hint="run one query at a time")
    kind, text = statements[0].type, statements[0].query
    if kind is duckdb.StatementType.EXPLAIN and (match := _EXPLAIN.match(text)):
        check_statements(duck, duck.extract_statements(text[match.end() :]))
    elif not _is_query(kind, text):
        raise InputError(
            f"the query failed: {kind.name} is no query; nothing can be written or set here",
            hint="SELECT, FROM, WITH, PIVOT, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN read; --database FILE writes a copy "
            "for DuckDB, in which everything is possible",
        )


def _is_query(kind: duckdb.StatementType, text: str) -> bool:
    """Whether a statement reads: SELECT stands for FROM, WITH, DESCRIBE, SHOW and SUMMARIZE too."""
    is_pivot = kind is duckdb.StatementType.MULTI and _QUERY.match(text) is not None
    return is_pivot or kind is duckdb.StatementType.SELECT


def is_ended(text: str) -> bool:
    """Whether a text ends with the semicolon of a statement, and not with one in a quotation or a comment.

    >>> is_ended("SELECT 1;"), is_ended("SELECT ';"), is_ended("SELECT 1 -- why;")
    (True, False, False)
    """
    text = text.rstrip()
    return text.endswith(";") and duckdb.tokenize(text)[-1:] == [(len(text.encode()) - 1, duckdb.token_type.operator)]


def check_schema_name(duck: duckdb.DuckDBPyConnection, name: str) -> None:
    """Check that a name can stand before the views of another version.

    Raises:
        InputError: it is no plain word, or means something already.
    """
    words = duck.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    taken = {
        "the name of a view": {*VIEWS},
        "a word of SQL": {word for (word,) in words},
        "a name of DuckDB's own": _OWN_SCHEMAS,
    }
    fault = next((kind for kind, names in taken.items() if name.lower() in names), None)
    if fault is None and not _PLAIN_NAME.fullmatch(name):
        fault = "no plain word of letters, digits and underscores"
    if fault is not None:
        raise InputError(f"--with {name}=...: {name} is {fault}", hint="choose another name, such as old or other")
