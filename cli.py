"""The command `cotloom`. Thin: it reads arguments, calls the house, and prints.

Importing this imports nothing heavy; each command brings in what it needs. Exit codes: 0 done, 1 a finding, 2 the
user's input is wrong, 3 stopped and resumable, 70 a fault of ours, 130 interrupted.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

if TYPE_CHECKING:
    from cotloom.builder.audit import Report
    from cotloom.builder.pipeline import Built
    from cotloom.builder.plan import Plan

app = typer.Typer(
    name="cotloom",
    help="Versioned chain-of-thought datasets: build, look into and give on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Controls = Literal["default", "all"]
TableFormat = Literal["table", "csv", "json", "jsonl"]
Store = Annotated[Path, Option("--store", envvar="COTLOOM_STORE", help="Folder of ledger and versions.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object instead of text.")]
Ref = Annotated[str, Argument(metavar="REF", help="NAME, NAME@VERSION, or the path of a version's folder.")]
STORE = Path(".cotloom")
INTERRUPTED = 130


@app.command()
def init(
    folder: Annotated[Path, Argument(metavar="[DIR]", help="Folder to write recipe.yaml to.")] = Path(),
    source: Annotated[Path | None, Option("--from", metavar="FILE", help="A JSONL, JSON, CSV or Parquet file.")] = None,
    force: Annotated[bool, Option("--force", help="Overwrite a recipe that is there.")] = False,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Write a first recipe: one that builds as it stands, or one inferred from a file of yours."""
    from cotloom.builder.starter import as_json as started_json
    from cotloom.builder.starter import tell, write_starter

    started = write_starter(folder, source, force=force)
    told = tell(started) + ("" if store == STORE else f" --store {store}")
    _print_json(started_json(started)) if as_json else print(told)


@app.command()
def build(
    recipe: Annotated[str, Argument(metavar="RECIPE", help="A recipe file, or the name of a packaged recipe.")],
    changes: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    version: Annotated[str | None, Option(help="Build this version instead of the recipe's.")] = None,
    limit: Annotated[int | None, Option(min=1, help="Take so many problems only, and build NAME@dev.")] = None,
    workers: Annotated[int | None, Option(min=1, max=256, help="Processes to use. Default: all processors.")] = None,
    concurrency: Annotated[int, Option(min=1, max=10_000, help="Requests to a live teacher under way at once.")] = 64,
    timeout: Annotated[float, Option(min=0.001, help="Seconds to wait for one answer.")] = 300.0,
    retries: Annotated[int, Option(min=0, max=100, help="How often a failed request is tried again.")] = 5,
    accept_failures: Annotated[bool, Option("--accept-failures", help="Build although requests failed.")] = False,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Build a version from a recipe. Resumes by default: what is paid for is never asked for again."""
    from cotloom.builder.pipeline import build as build_version
    from cotloom.builder.recipe import load_recipe
    from cotloom.schemas.runtime import Runtime

    given = [*(changes or []), *_overrides(version, limit)]
    runtime = Runtime(
        store=store,
        workers=workers or os.cpu_count() or 1,
        concurrency=concurrency,
        timeout_s=timeout,
        retries=retries,
        accept_failures=accept_failures,
    )
    with _progress():
        built = build_version(load_recipe(recipe, given), runtime)
    _print_json(_built_json(built)) if as_json else _print_built(built)


@app.command()
def plan(
    recipe: Annotated[str, Argument(metavar="RECIPE", help="A recipe file, or the name of a packaged recipe.")],
    changes: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    limit: Annotated[int | None, Option(min=1, help="Take so many problems only.")] = None,
    show: Annotated[bool, Option("--show", help="Print one rendered request and one example of each format.")] = False,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Say what a build would do: problems, calls, and what is in the ledger. Asks nobody."""
    from cotloom.builder.inspect.console import console
    from cotloom.builder.plan import plan as plan_build
    from cotloom.builder.plan import tell_plan
    from cotloom.builder.recipe import load_recipe
    from cotloom.schemas.runtime import Runtime

    with _progress():
        planned = plan_build(load_recipe(recipe, [*(changes or []), *_overrides(None, limit)]), Runtime(store=store))
    _print_json(_plan_json(planned)) if as_json else console().print(tell_plan(planned, show=show))


def _plan_json(planned: "Plan") -> dict[str, Any]:
    from dataclasses import asdict

    whole = asdict(planned)
    request = whole["teacher"].pop("request")
    return {**whole, "request": request and request["messages"]}


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
    from cotloom.builder.inspect.console import console
    from cotloom.builder.inspect.render import tell_list
    from cotloom.builder.store import all_versions

    versions = all_versions(store)
    if as_json:
        _print_json({"versions": [{**_brief(version.manifest), "path": str(version.path)} for version in versions]})
    elif versions:
        console().print(tell_list(versions))
    else:
        print(f"No versions in {store} yet. Build one: cotloom build quickstart")


def _brief(manifest: Any) -> dict[str, Any]:
    keys = ("name", "version", "fingerprint", "content_digest", "simulated", "counts")
    return {key: getattr(manifest, key) for key in keys}


@app.command()
def show(ref: Ref, store: Store = STORE, as_json: Json = False) -> None:
    """Show a version: its funnel, paths per problem, one sample kept and one dropped."""
    from cotloom.builder.inspect.console import console
    from cotloom.builder.inspect.render import paths_per_problem, tell_version
    from cotloom.builder.store import find_version

    version = find_version(store, ref)
    if as_json:
        paths = paths_per_problem(version, version.table("samples"))
        files = {name: version.beside(f"{name}.json") for name in ("build", "validation")}
        beside = {**files, "paths_per_problem": paths, "path": str(version.path)}
        _print_json({**version.manifest.model_dump(mode="json"), **beside})
    else:
        console().print(tell_version(version))


@app.command()
def sql(
    ref: Ref,
    query: Annotated[str | None, Argument(metavar="[SELECT]", help="The query. Left out: a shell, or stdin.")] = None,
    form: Annotated[TableFormat, Option("--format", help="How to print the result.")] = "table",
    database: Annotated[Path | None, Option(help="Write the tables to a DuckDB file instead.")] = None,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Query a version with SQL (DuckDB). Views: problems, samples, examples, funnel."""
    from cotloom.builder.inspect.console import print_table, shell
    from cotloom.builder.inspect.sql import connect, run, write_database
    from cotloom.builder.store import find_version

    version = find_version(store, ref)
    if database is not None:
        write_database(version, database)
        _print_json({"database": str(database)}) if as_json else print(f"Wrote {database}.")
        return
    with connect(version) as connection:
        if query is None and sys.stdin.isatty():
            shell(connection, form)
            return
        result = run(connection, query if query is not None else sys.stdin.read())
    if as_json:
        _print_json({"columns": result.columns, "rows": result.to_dicts()})
    else:
        print_table(result, form)


@app.command()
def explain(
    ref: Ref,
    row: Annotated[str, Argument(metavar="ID", help="Id of a problem, sample or example, or its beginning.")],
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Tell the story of one problem, sample or example."""
    from cotloom.builder.inspect import explain as tell
    from cotloom.builder.inspect.console import console
    from cotloom.builder.inspect.render import tell_story
    from cotloom.builder.store import find_version

    story = tell(find_version(store, ref), row)
    _print_json(story) if as_json else console().print(tell_story(story))


@app.command()
def audit(
    ref: Annotated[
        str,
        Argument(
            metavar="REF",
            help="NAME, NAME@VERSION, the path of a version's folder, or hf://datasets/USER/NAME[@TAG] on the Hub.",
        ),
    ],
    store: Store = STORE,
    as_json: Json = False,
) -> int:
    """Read a version as a stranger would: digests, schemas, laws, secrets. Exit 1 where something does not hold."""
    from cotloom.builder.inspect.render import clean

    named, report = _examined(ref, store)
    if as_json:
        findings = [{"check": found.check, "message": found.message} for found in report.findings]
        checks = {"passed": list(report.passed), "skipped": dict(report.skipped)}
        _print_json({"version": named, "passed": not findings, "findings": findings, "checks": checks})
        return 1 if findings else 0
    for name, reason in report.skipped.items():
        print(f"not checked  {name}: {clean(reason)}")
    for found in report.findings:
        print(f"finding      {found.check}: {clean(found.message)}")
    told = f"{len(report.findings):,} findings" if report.findings else "nothing to object to"
    print(f"{named}: {told}; passed: {', '.join(report.passed) or 'none'}.")
    return 1 if report.findings else 0


def _examined(ref: str, store: Path) -> "tuple[str, Report]":
    """Audit a version of the store, or one that lies on the Hub."""
    if ref.startswith("hf://"):
        from cotloom.builder.publish.audit_published import examine_published

        found = examine_published(ref)
        return found.ref, found.report
    from cotloom.builder.audit import examine
    from cotloom.builder.store import find_version

    version = find_version(store, ref)
    return version.ref, examine(version)


@app.command()
def validate(
    ref: Ref,
    student: Annotated[str, Option(help="A student recipe: a file, or the name of a packaged one.")] = "tiny",
    changes: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the student recipe.")
    ] = None,
    parent: Annotated[str | None, Option(metavar="REF", help="Version to compare with. Default: the parent.")] = None,
    controls: Annotated[Controls, Option(help="Which arms to train besides the version.")] = "default",
    gate: Annotated[
        bool, Option("--gate", help="Exit 1 where the student recipe does not let the version through.")
    ] = False,
    budget: Annotated[
        str | None, Option(metavar="TIME", help="Fit student, steps and problems into 90s, 10m or 2h.")
    ] = None,
    report_to: Annotated[list[str] | None, Option(metavar="TRACKER", help="A tracker that transformers knows.")] = None,
    save: Annotated[Path | None, Option(metavar="DIR", help="Write the version's first student to a folder.")] = None,
    workers: Annotated[
        int | None, Option(min=1, max=256, help="Students to train at once. Default: all processors.")
    ] = None,
    store: Store = STORE,
    as_json: Json = False,
) -> int:
    """Train a small student on a version and on what it should beat, and say with intervals what it learnt."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: threads that spin slow one another down
    from cotloom.builder.inspect.console import console
    from cotloom.builder.recipe import load_student
    from cotloom.builder.store import find_version
    from cotloom.builder.student.command import Wanted, run

    wanted = Wanted(
        version=find_version(store, ref),
        parent=find_version(store, parent) if parent else None,
        student=load_student(student, changes or []),
        controls=controls,
        budget=budget,
        store=store,
        workers=workers,
        report_to=tuple(report_to or ()),
        save=save,
    )
    with _progress():
        found, told = run(wanted)
    _print_json(found.model_dump(mode="json")) if as_json else console().print(told)
    return 1 if gate and found.gate.passed is not True else 0


@app.command()
def export(
    ref: Ref,
    to: Annotated[Path, Option(help="Folder to write to.")],
    form: Annotated[
        str,
        Option(
            "--format",
            help="What it is for: trl, trl-messages, llama-factory, llama-factory-alpaca, axolotl, openai, parquet, "
            "jsonl or datasets.",
        ),
    ] = "trl",
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Write a version's examples for a trainer."""
    from cotloom.builder.export import export as export_version
    from cotloom.builder.store import find_version

    version = find_version(store, ref)
    done = export_version(version, form, to)
    if as_json:
        told = {"version": version.ref, "format": form, "to": str(to), "rows": done.rows, "notes": done.notes}
        _print_json(told)
        return
    print(f"Wrote {version.ref} to {to}: " + ", ".join(f"{name} ({count:,} rows)" for name, count in done.rows.items()))
    for note in done.notes:
        print(f"Note: {note}.")


@app.command()
def publish(
    ref: Ref,
    repo: Annotated[str, Option(metavar="USER/NAME", help="The dataset on the Hub; made where there is none.")],
    public: Annotated[bool, Option("--public", help="Let everyone see it. Default: private.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Show files, card and checks; send nothing.")] = False,
    allow_simulated: Annotated[
        bool, Option("--allow-simulated", help="Publish rationales that the simulated teacher wrote.")
    ] = False,
    allow_regression: Annotated[
        bool, Option("--allow-regression", help="Publish although the validation did not pass.")
    ] = False,
    tag: Annotated[str | None, Option(help="The tag. Default: v and the version.")] = None,
    language: Annotated[
        list[str] | None, Option(metavar="CODE", help="Language of the texts, for the card. Default: the recipe's.")
    ] = None,
    teacher_terms: Annotated[
        str | None,
        Option(
            metavar="TEXT", help="What the teacher's terms say about training, for the card. Default: the recipe's."
        ),
    ] = None,
    store: Store = STORE,
    as_json: Json = False,
) -> int:
    """Publish a version on the Hugging Face Hub: one commit and one tag, read back and hashed before it counts."""
    from cotloom.builder.publish.publish import Wanted, allowed
    from cotloom.builder.publish.publish import publish as publish_version
    from cotloom.builder.publish.render import as_json as published_json
    from cotloom.builder.publish.render import tell
    from cotloom.builder.store import find_version

    wanted = Wanted(
        version=find_version(store, ref),
        repo=repo,
        public=public,
        dry_run=dry_run,
        tag=tag,
        allowed=allowed(simulated=allow_simulated, regression=allow_regression),
        languages=tuple(language or ()),
        teacher_terms=teacher_terms,
    )
    published = publish_version(wanted)
    _print_json(published_json(published)) if as_json else print(tell(published))
    return 1 if published.status == "refused" else 0


@app.command()
def pull(
    ref: Annotated[
        str, Argument(metavar="REF", help="hf://datasets/USER/NAME[@TAG]; without a tag, the newest version.")
    ],
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Bring a published version into the store, hashed anew, as the version that it was."""
    from cotloom.builder.publish.pull import pull as pull_version
    from cotloom.builder.publish.render import pulled_json, tell_pulled

    pulled = pull_version(ref, store)
    _print_json(pulled_json(pulled)) if as_json else print(tell_pulled(pulled))


@contextmanager
def _progress() -> Iterator[None]:
    from cotloom.builder.progress import showing
    from rich.console import Console

    with showing(Console(stderr=True)):
        yield


def _print_json(value: object) -> None:
    from cotloom.builder.plain_json import json_text

    print(json_text(value))


def main() -> None:
    """Run the command; turn errors into messages and exit codes."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    from cotloom.builder.errors import CotloomError

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
    hint = "what was done is kept, and every answer is in the ledger; run the same command again to go on"
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
