"""What the word before the cursor may become: views, columns, words of SQL and commands of the shell."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .describe import Catalog, describe_views

_WORD = re.compile(r"[\w.]*$")
_READS_FROM = re.compile(
    r"\b(?:from|join|describe|summarize|show|table|pivot|unpivot)\s+[\w.]*$|\bfrom\b[^;()]*,\s*[\w.]*$", re.IGNORECASE
)
"""A text behind which the name of a view stands."""
_NAMED = re.compile(r"\b(?:from|join|,)\s*([A-Za-z_][\w.]*)(?:\s+(?:as\s+)?([A-Za-z_]\w*))?", re.IGNORECASE)
"""A view that a query reads, and perhaps the name that it has there."""

KEYWORDS = (
    "SELECT FROM WHERE GROUP BY ORDER BY LIMIT JOIN LEFT USING WITH HAVING DISTINCT QUALIFY UNNEST COUNT SUM AVG MIN"
    " MAX MEDIAN QUANTILE_CONT ROUND LENGTH ILIKE LIKE REGEXP_EXTRACT CASE WHEN THEN ELSE END AND OR NOT IN IS NULL"
    " BETWEEN ASC DESC FILTER OVER PARTITION UNION ALL EXCLUDE DESCRIBE SUMMARIZE PIVOT ANTI SEMI ON AS"
).split()
"""The words of SQL that are completed, the frequent ones first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A word that may stand in place of what was typed."""

    text: str
    """The whole word."""
    start: int
    """Where it begins, in characters before the cursor: 0 or less."""
    meaning: str = ""
    """What it is."""


def complete(before: str, whole: str, catalog: Catalog, commands: Sequence[str] = ()) -> list[Suggestion]:
    r"""List what the word before the cursor may become, the likeliest first.

    Args:
        before: what stands before the cursor.
        whole: the whole text: columns are those of the views that it names, also behind the cursor.
        catalog: the views and their columns.
        commands: the commands of the shell.
    """
    if (described := re.fullmatch(r"\s*\\d\s+([\w.]*)", before)) is not None:
        return _match(describe_views(catalog), described[1])
    if re.fullmatch(r"\s*[\\\w]*", before) and (word := before.strip()):
        typed = _match([(name, "") for name in commands], word)
    else:
        typed = []
    word = _WORD.search(before)[0]  # type: ignore[index]  # it matches an empty text too
    views = [*describe_views(catalog), *_list_schemas(catalog)]
    if _READS_FROM.search(before):
        return _match(views, word)
    if "." in word:
        return _match([*_list_qualified(whole, word, catalog), *views], word)
    if not word:
        return []
    columns = list(_list_columns(whole, catalog))
    return [*typed, *_match([*columns, *views, *((text, "") for text in _write_keywords(word))], word)]


def _match(choices: Sequence[tuple[str, str]], word: str) -> list[Suggestion]:
    """Take the choices that begin with a word, in any case, each once."""
    taken = {name: meaning for name, meaning in reversed(choices) if name.lower().startswith(word.lower())}
    return [Suggestion(text=name, start=-len(word), meaning=taken[name]) for name in reversed(taken)]


def _list_schemas(catalog: Catalog) -> list[tuple[str, str]]:
    schemas = dict.fromkeys(name.partition(".")[0] for name in catalog if "." in name)
    return [(f"{schema}.", "another version") for schema in schemas]


def _find_views(whole: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Find the views that a query names, each with the name that it has there."""
    for view, alias in _NAMED.findall(whole):
        if view.lower() in catalog:
            own = view.lower().rpartition(".")[2]
            yield (alias if alias and alias.upper() not in KEYWORDS else own), view.lower()


def _list_columns(whole: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """List the columns of the views that a query names; of all where it names none yet."""
    named = [view for _, view in _find_views(whole, catalog)]
    for view in named or catalog:
        yield from ((column.name, column.description) for column in catalog[view])


def _list_qualified(whole: str, word: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """List the columns of the view that stands before the last dot of a word."""
    before = word.rpartition(".")[0]
    for name, view in _find_views(whole, catalog):
        if before.lower() in {name.lower(), view}:
            yield from ((f"{before}.{column.name}", column.description) for column in catalog[view])


def _write_keywords(word: str) -> list[str]:
    """Write the words of SQL as the user writes: in capitals where the word begins with one."""
    return KEYWORDS if word[:1].isupper() else [text.lower() for text in KEYWORDS]
