"""The command `cotloom`. Thin: it reads arguments, calls the house, and prints.

Importing this imports nothing heavy; each command brings in what it needs. Exit codes: 0 done, 1 a finding, 2 the
user's input is wrong, 3 stopped and resumable, 70 a fault of ours, 130 interrupted.
"""

import json
import math
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

if TYPE_CHECKING:
    import polars as pl

    from builder.pipeline import Built

app = typer.Typer(
    name="cotloom",
    help="Versioned chain-of-thought datasets: build, look into and give on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Store = Annotated[Path, Option("--store", envvar="COTLOOM_STORE", help="Folder of ledger and versions.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object instead of text.")]
Ref = Annotated[str, Argument(metavar="REF", help="NAME, NAME@VERSION, or the path of a version's folder.")]
STORE = Path(".cotloom")
INTERRUPTED = 130


class TableFormat(StrEnum):
    """How `sql` prints a result."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


@app.command()
def build(
    recipe: Annotated[str, Argument(metavar="RECIPE", help="A recipe file, or the name of a packaged recipe.")],
    changes: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    version: Annotated[str | None, Option(help="Build this version instead of the recipe's.")] = None,
    limit: Annotated[int | None, Option(min=1, help="Take so many problems only, and build NAME@dev.")] = None,
    workers: Annotated[int | None, Option(min=1, max=256, help="Processes to use. Default: all processors.")] = None,
    accept_failures: Annotated[bool, Option("--accept-failures", help="Build although requests failed.")] = False,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Build a version from a recipe. Resumes by default: what is paid for is never asked for again."""
    from builder.pipeline import build as build_version
    from builder.recipe import load_recipe
    from schemas.runtime import Runtime

    given = [*(changes or []), *_overrides(version, limit)]
    runtime = Runtime(store=store, workers=workers or os.cpu_count() or 1, accept_failures=accept_failures)
    with _progress():
        built = build_version(load_recipe(recipe, given), runtime)
    _print_json(_built_json(built)) if as_json else _print_built(built)


def _overrides(version: str | None, limit: int | None) -> Iterator[str]:
    if limit is not None:
        yield f"limit={limit}"
        version = version or "dev"
    if version is not None:
        yield f"version={json.dumps(version)}"


def _built_json(built: "Built") -> dict[str, Any]:
    manifest = built.version.manifest.model_dump(mode="json")
    calls = {"new": built.calls.new, "ledger": built.calls.ledger, "failed": built.calls.failed}
    return {
        **{
            key: manifest[key]
            for key in ("name", "version", "fingerprint", "content_digest", "funnel", "counts", "simulated")
        },
        "status": built.status.value,
        "path": str(built.version.path),
        "calls": calls,
        "cost_usd": built.calls.cost_usd,
    }


def _print_built(built: "Built") -> None:
    version, counts = built.version, built.version.manifest.counts
    if built.status == "unchanged":
        print(f"{version.ref} is there already and would come out the same: nothing to do.")
    else:
        print(
            f"Built {version.ref}: {counts['examples_kept']:,} examples from {counts['samples_kept']:,} kept paths "
            f"of {counts['samples']:,} samples ({built.calls.new:,} new, {built.calls.ledger:,} from the ledger)."
        )
        if version.manifest.simulated:
            print("Its rationales are simulated: a stand-in wrote them, no model did.")
    print(f"cotloom show {version.ref}")


@app.command("list")
def list_versions(store: Store = STORE, as_json: Json = False) -> None:
    """List the versions of the store."""
    from builder.inspect.tell import tell_list
    from builder.store import all_versions

    versions = all_versions(store)
    if as_json:
        _print_json({"versions": [{**_brief(version.manifest), "path": str(version.path)} for version in versions]})
    elif versions:
        _console().print(tell_list(versions))
    else:
        print(f"No versions in {store} yet. Build one: cotloom build quickstart")


def _brief(manifest: Any) -> dict[str, Any]:
    keys = ("name", "version", "fingerprint", "content_digest", "simulated", "counts")
    return {key: getattr(manifest, key) for key in keys}


@app.command()
def show(ref: Ref, store: Store = STORE, as_json: Json = False) -> None:
    """Show a version: its funnel, paths per problem, one sample kept and one dropped."""
    from builder.inspect.tell import paths_per_problem, tell_version
    from builder.store import find_version

    version = find_version(store, ref)
    if as_json:
        paths = paths_per_problem(version, version.table("samples"))
        beside = {"build": version.beside("build.json"), "paths_per_problem": paths, "path": str(version.path)}
        _print_json({**version.manifest.model_dump(mode="json"), **beside})
    else:
        _console().print(tell_version(version))


@app.command()
def sql(
    ref: Ref,
    query: Annotated[str | None, Argument(metavar="[SELECT]", help="The query. Left out: a shell, or stdin.")] = None,
    form: Annotated[TableFormat, Option("--format", help="How to print the result.")] = TableFormat.TABLE,
    database: Annotated[Path | None, Option(help="Write the tables to a DuckDB file instead.")] = None,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Query a version with SQL (DuckDB). Views: problems, samples, examples, funnel."""
    from builder.inspect.sql import connect, run, write_database
    from builder.store import find_version

    version = find_version(store, ref)
    if database is not None:
        write_database(version, database)
        _print_json({"database": str(database)}) if as_json else print(f"Wrote {database}.")
        return
    with connect(version) as connection:
        if query is None and sys.stdin.isatty():
            _shell(connection, form)
            return
        result = run(connection, query if query is not None else sys.stdin.read())
    if as_json:
        _print_json({"columns": result.columns, "rows": result.to_dicts()})
    else:
        _print_table(result, form)


def _shell(connection: Any, form: TableFormat) -> None:
    """Read queries from a person, each up to its semicolon, until the end of input."""
    import readline  # noqa: F401 - gives input() its history

    from builder.errors import InputError
    from builder.inspect.sql import run

    print("Views: problems, samples, examples, funnel. End a query with ; and leave with Ctrl-D.")
    text = ""
    while True:
        try:
            text += input("... " if text.strip() else "sql> ") + "\n"
        except EOFError:
            print()
            return
        if text.rstrip().endswith(";"):
            try:
                _print_table(run(connection, text), form)
            except InputError as error:
                print(error.message, file=sys.stderr)
            text = ""


def _print_table(result: "pl.DataFrame", form: TableFormat) -> None:
    from builder.inspect.tell import tell_table

    if form is TableFormat.TABLE:
        _console().print(tell_table(result))
    elif form is TableFormat.JSON:
        print(_json_text(result.to_dicts()))
    elif form is TableFormat.JSONL:
        for row in result.iter_rows(named=True):
            print(_json_text(row, indent=None))
    else:
        _print_csv(result)


def _print_csv(result: "pl.DataFrame") -> None:
    import csv

    writer = csv.writer(sys.stdout)
    writer.writerow(result.columns)
    for row in result.iter_rows():
        writer.writerow([_json_text(cell, indent=None) if isinstance(cell, list | dict) else cell for cell in row])


@app.command()
def explain(
    ref: Ref,
    row: Annotated[str, Argument(metavar="ID", help="Id of a problem, sample or example, or its beginning.")],
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Tell the story of one problem, sample or example."""
    from builder.inspect import explain as tell
    from builder.inspect.tell import tell_story
    from builder.store import find_version

    story = tell(find_version(store, ref), row)
    _print_json(story) if as_json else _console().print(tell_story(story))


@app.command()
def export(
    ref: Ref,
    to: Annotated[Path, Option(help="Folder to write to.")],
    form: Annotated[str, Option("--format", help="The trainer: trl.")] = "trl",
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Write a version's examples for a trainer."""
    from builder.publish import export as export_version
    from builder.store import find_version

    version = find_version(store, ref)
    rows = export_version(version, form, to)
    if as_json:
        _print_json({"version": version.ref, "format": form, "to": str(to), "rows": rows})
        return
    print(f"Wrote {version.ref} to {to}: " + ", ".join(f"{name} ({count:,} rows)" for name, count in rows.items()))
    if version.manifest.simulated:
        print("Its rationales are simulated; every row says so.")


def _console() -> Any:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    return Console(width=width, highlight=False, soft_wrap=False)


@contextmanager
def _progress() -> Iterator[None]:
    from rich.console import Console

    from builder.progress import showing

    with showing(Console(stderr=True)):
        yield


def _json_text(value: object, indent: int | None = 1) -> str:
    return json.dumps(_finite(value), ensure_ascii=False, indent=indent, default=str)


def _finite(value: Any) -> Any:
    """Write numbers that are not finite as null: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_json(value: object) -> None:
    print(_json_text(value))


def main() -> None:
    """Run the command; turn errors into messages and exit codes."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    from builder.errors import CotloomError

    try:
        result = app(arguments or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except CotloomError as error:
        return _fail(error.exit_code, type(error).__name__, error.message, hint=error.hint, keys=error.keys)
    except typer.TyperException as error:
        return _fail(2, "UsageError", error.format_message(), hint="cotloom --help, or cotloom COMMAND --help")
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except (BrokenPipeError, SystemExit):  # the reader of our output has seen enough; typer exits then
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a fault of ours has a traceback and an exit code of its own
        traceback.print_exc()
        code = _fail(70, type(error).__name__, f"a fault of Cotloom: {error}", hint="please report it")
        raise SystemExit(code) from error
    if result == INTERRUPTED:  # typer's word for Ctrl-C
        return _interrupted()
    return result if isinstance(result, int) else 0


def _interrupted() -> int:
    hint = "what was answered is in the ledger; run the same command again to go on"
    return _fail(INTERRUPTED, "Interrupted", "interrupted", hint=hint)


def _fail(code: int, kind: str, message: str, *, hint: str | None = None, keys: tuple[str, ...] = ()) -> int:
    """Say what went wrong: as JSON on stdout where JSON was asked for, else in words on stderr."""
    if "--json" in sys.argv:
        _print_json({"error": {"kind": kind, "message": message, "hint": hint, "keys": list(keys)}})
    else:
        print(f"cotloom: {message}", file=sys.stderr)
        if hint:
            print(f"  -> {hint}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
