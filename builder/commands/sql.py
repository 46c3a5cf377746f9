"""The command `sql`: queries over a version, from its arguments, from standard input, or in a shell."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..terminal import print_json, print_text
from . import options as opt

if TYPE_CHECKING:
    from ..store import Version


def query_version(
    ref: opt.Ref,
    query: opt.Query = None,
    others: opt.OtherVersions = None,
    format_name: opt.TableFormat = "table",
    rows: opt.TableRows = 40,
    database: opt.Database = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Query a version with SQL (DuckDB).

    Views: problems, samples, examples, training, funnel, evaluation_overlaps, near_duplicates, disputed_golds.
    A query that reads two versions: --with old=REF, and FROM old.samples.
    """
    from ..inspect.sql import connect, run_query, write_database
    from ..inspect.sql.output import OutputStyle, print_result
    from ..inspect.sql.shell import is_interactive, read_query, run_shell
    from ..store import find_version

    version = find_version(store, ref)
    if database is not None:
        _refuse_others(others)
        write_database(version, database)
        print_json({"database": str(database)}) if as_json else print_text(f"Wrote {database}.")
        return
    style = OutputStyle(format_name=format_name, rows=rows)
    with open_others(others or (), store) as opened, connect(version, opened) as connection:
        if query is None and not as_json and is_interactive():
            run_shell(connection, style)
        elif as_json:
            result = run_query(connection, query if query is not None else read_query())
            print_json({"columns": result.columns, "rows": result.to_dicts()})
        else:
            print_result(connection, query if query is not None else read_query(), style)


def _refuse_others(others: Sequence[str] | None) -> None:
    if others:
        raise InputError("--database writes one version", hint="leave --with away, and write a file for each")


@contextmanager
def open_others(others: Sequence[str], store: Path) -> Iterator[Mapping[str, "Version"]]:
    """Open the versions of `--with NAME=REF`, those on the Hub for as long as they are needed.

    Raises:
        InputError: it is not so written, a name is there twice, there is no such version, or it is damaged.
        Stopped: the Hub can't be reached.
    """
    with ExitStack() as stack:
        opened: dict[str, Version] = {}
        for text in others:
            name, sign, ref = text.partition("=")
            if not sign or not name or not ref:
                raise InputError(f"--with {text}: no NAME=REF", hint="for example --with old=NAME@1.0.0")
            if name.lower() in opened:
                raise InputError(f"--with {text}: {name} is there twice", hint="choose another name")
            opened[name.lower()] = stack.enter_context(_open_ref(ref, store))
        yield opened


@contextmanager
def _open_ref(ref: str, store: Path) -> Iterator["Version"]:
    from ..publish.pull import open_ref

    with open_ref(ref, store) as version:
        yield version
