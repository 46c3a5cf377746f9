"""The command `cotloom`: it reads arguments, calls the builder, and prints.

Importing this imports nothing heavy; each command imports what it needs. Exit codes: 0 done, 1 a finding, 2 the
user's input is wrong, 3 stopped and resumable, 70 a fault of Cotloom, 130 interrupted.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from .builder.commands import answers, audit, demo, ledger, sql
from .builder.commands import options as opt
from .builder.commands import review as reviewing
from .builder.commands.run import run_command, show_progress_on_stderr
from .builder.terminal import print_json, print_text

app = typer.Typer(
    name="cotloom",
    help="Versioned chain-of-thought datasets: build, inspect, validate, export and publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def read_options(
    version: opt.Version = False,
) -> None:
    """Read the options before the command; `--version` ends it in its callback."""


app.command("demo")(demo.show_demo)


@app.command("init")
def start_recipe(
    folder: opt.StarterFolder = Path(),
    source: opt.StarterSource = None,
    question: opt.StarterQuestion = None,
    answer: opt.StarterAnswer = None,
    force: opt.Force = False,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Write a first recipe: one that builds as it is, or one inferred from a file of yours."""
    from .builder.infer import ChosenColumns
    from .builder.starter import describe_starter, render_starter, write_starter

    chosen = ChosenColumns(question=tuple(question or ()), answer=answer)
    starter = write_starter(folder, source, force=force, chosen=chosen)
    option = "" if store == opt.STORE else f" --store {store}"
    print_json(describe_starter(starter)) if as_json else print_text(render_starter(starter) + option)


@app.command()
def build(
    recipes: opt.Recipes,
    changes: opt.Changes = None,
    version: opt.BuildVersion = None,
    limit: opt.Limit = None,
    workers: opt.Workers = None,
    engine: opt.Engine = "local",
    ray_address: opt.RayAddress = None,
    memory: opt.Memory = None,
    concurrency: opt.Concurrency = 64,
    requests_per_minute: opt.RequestsPerMinute = None,
    tokens_per_minute: opt.TokensPerMinute = None,
    prices: opt.Prices = None,
    max_usd: opt.MaxUsd = None,
    max_requests: opt.MaxRequests = None,
    max_tokens: opt.MaxTokens = None,
    timeout: opt.Timeout = 300.0,
    retries: opt.Retries = 5,
    batch: opt.Batch = False,
    live_below: opt.LiveBelow = 0,
    finish_live: opt.FinishLive = False,
    batch_requests: opt.BatchRequests = 50_000,
    batch_problems: opt.BatchProblems = 50_000,
    batch_poll: opt.BatchPoll = 60.0,
    accept_failures: opt.AcceptFailures = False,
    allow_empty: opt.AllowEmpty = False,
    allow_key: opt.AllowKeys = None,
    external: opt.Externals = None,
    external_seconds: opt.ExternalSeconds = 30.0,
    external_memory: opt.ExternalMemory = 4.0,
    set_aside: opt.SetAside = None,
    profile: opt.Profile = None,
    progress: opt.ProgressStyle = "auto",
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Build a version from each recipe. It resumes by default: an answer in the ledger is never requested again."""
    from .builder.access import find_access, render_destinations
    from .builder.commands.output import describe_builds, render_builds, write_profile
    from .builder.pipeline import build as build_version
    from .builder.progress import note
    from .builder.recipe import check_family, load_recipe, set_rows_aside
    from .schemas.runtime import EngineKind, Runtime

    runtime = Runtime(
        store=store,
        workers=workers or os.cpu_count() or 1,
        engine=EngineKind(engine),
        ray_address=ray_address,
        memory_gb=memory,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        prices=prices,
        max_usd=max_usd,
        max_requests=max_requests,
        max_tokens=max_tokens,
        timeout_s=timeout,
        retries=retries,
        batch=batch,
        batch_live_below=live_below,
        batch_finish_live=finish_live,
        batch_requests=batch_requests,
        batch_problems=batch_problems,
        batch_poll_s=batch_poll,
        accept_failures=accept_failures,
        allow_empty=allow_empty,
        allow_keys=tuple(allow_key or ()),
        externals=tuple(external or ()),
        external_seconds=external_seconds,
        external_memory_gb=external_memory,
    )
    given = [*(changes or []), *_list_changes(version, limit)]
    loaded = [set_rows_aside(load_recipe(recipe, given), set_aside or ()) for recipe in recipes]
    check_family(loaded)
    built = []
    with show_progress_on_stderr(progress):
        for each in loaded:
            for line in render_destinations(find_access(each, runtime).destinations):
                note(line)
            built.append(build_version(each, runtime))
            if profile is not None:
                write_profile(built, profile)
    print_json(describe_builds(built)) if as_json else print_text(render_builds(built))


@app.command()
def plan(
    recipes: opt.Recipes,
    changes: opt.Changes = None,
    limit: opt.Limit = None,
    show: opt.ShowPlan = False,
    pilot: opt.Pilot = None,
    prices: opt.Prices = None,
    max_usd: opt.MaxUsd = None,
    workers: opt.Workers = None,
    concurrency: opt.Concurrency = 64,
    allow_key: opt.AllowKeys = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Estimate what a build would do: problems, calls, and what it will cost. Without --pilot no request is sent.

    Several recipes are compared by what a distinct right path costs; that needs --pilot.
    """
    from .builder.commands.planning import compare_recipes, plan_recipe
    from .schemas.runtime import Runtime

    runtime = Runtime(
        store=store,
        workers=workers or os.cpu_count() or 1,
        concurrency=concurrency,
        prices=prices,
        max_usd=max_usd,
        allow_keys=tuple(allow_key or ()),
    )
    given = [*(changes or []), *_list_changes(None, limit)]
    if len(recipes) == 1:
        plan_recipe(recipes[0], given, runtime, pilot, show=show, as_json=as_json)
    else:
        compare_recipes(recipes, given, runtime, pilot, as_json=as_json)


def _list_changes(version: str | None, limit: int | None) -> Iterator[str]:
    """Write `--version` and `--limit` as changes of recipe keys; a limit alone builds `dev`."""
    if limit is not None:
        yield f"limit={limit}"
        version = version or "dev"
    if version is not None:
        yield f"version={json.dumps(version)}"


@app.command("gc")
def collect_garbage(
    keep: opt.KeepGb = 10.0,
    dry_run: opt.GarbageDryRun = False,
    consent: opt.Consent = False,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Remove what builds keep to be faster, the longest unused first; never the ledger, never a version."""
    from .builder.commands.removal import ask_consent, describe_garbage, render_garbage
    from .builder.store import collect_garbage as collect

    found = collect(store, round(keep * 1e9), remove=False)
    if not as_json:
        print_text(render_garbage(found))
    is_removed = not dry_run and bool(found.results) and (consent or ask_consent("yes", "gc"))
    if is_removed:
        found = collect(store, round(keep * 1e9))
    print_json(describe_garbage(found, is_removed)) if as_json else print_text(
        "Removed." if is_removed else "Nothing was removed."
    )


@app.command("list")
def list_versions(store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """List the versions of the store."""
    from .builder.commands.output import describe_versions
    from .builder.inspect.listing import render_list, render_unreadable
    from .builder.report.console import make_console
    from .builder.store import scan_versions

    listing = scan_versions(store)
    if as_json:
        print_json(describe_versions(listing))
        return
    if listing.versions:
        make_console().print(render_list(listing.versions))
    elif not listing.unreadable:
        print_text(f"No versions in {store} yet. Build one: cotloom build quickstart")
    if listing.unreadable:
        print_text(render_unreadable(listing.unreadable))


@app.command()
def show(
    ref: opt.Ref, length: opt.SequenceLength = None, store: opt.Store = opt.STORE, as_json: opt.Json = False
) -> None:
    """Show a version: its funnel, paths per problem, lengths, one sample kept and one dropped."""
    from .builder.commands.output import describe_version
    from .builder.inspect.lengths import measure_stages
    from .builder.inspect.render import render_version
    from .builder.report.console import make_console
    from .builder.store import find_version

    version = find_version(store, ref)
    lengths = None if length is None else measure_stages(version, length)
    if as_json:
        print_json(describe_version(version, lengths))
    else:
        make_console().print(render_version(version, lengths))


@app.command("tag")
def tag_a_version(
    ref: opt.Ref,
    tag: opt.VersionTag = None,
    delete: opt.TagRemoval = False,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Give a version a tag: NAME@TAG is a REF then. A tag that another version has moves."""
    from .builder.store import find_version, list_tags, remove_tag, tag_version

    version, before = find_version(store, ref), None
    if tag is not None and delete:
        remove_tag(version, tag)
    elif tag is not None:
        before = tag_version(version, tag)
    tags = list_tags(version)
    moved = "" if before is None else f" (moved from {before})"
    print_json({"version": version.ref, "tags": tags, "moved_from": before}) if as_json else print_text(
        f"{version.ref}: {', '.join(tags) or 'no tags'}{moved}"
    )


@app.command("rm")
def remove(ref: opt.Ref, consent: opt.Consent = False, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Remove a version, with its validation and tags. The ledger stays: the same recipe builds it again."""
    from .builder.commands.removal import ask_consent, describe_version_use
    from .builder.store import find_version, remove_version

    version = find_version(store, ref)
    if not as_json:
        print_text(describe_version_use(version))
    if not consent and not ask_consent(version.ref, "rm"):
        print_text("Nothing was removed.")
        return
    remove_version(version)
    print_json({"removed": version.ref}) if as_json else print_text(f"Removed {version.ref}.")


app.command("sql")(sql.query_version)


@app.command()
def explain(
    ref: opt.Ref,
    row: opt.RowId,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Explain what happened to one problem, sample or example."""
    from .builder.inspect.explanation import explain as explain_row
    from .builder.inspect.explanation import render_explanation
    from .builder.report.console import make_console
    from .builder.store import find_version, locate_ledger

    explanation = explain_row(find_version(store, ref), row, locate_ledger(store))
    print_json(explanation) if as_json else make_console().print(render_explanation(explanation))


@app.command("diff")
def show_diff(
    before: opt.Before,
    after: opt.After = None,
    limit: opt.DiffLimit = 0,
    exit_code: opt.DiffExit = False,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> int:
    """Tell what differs between two versions, and why: rows that came, went or changed, each with its cause."""
    from .builder.commands.diff import open_versions
    from .builder.diff import compare_versions, describe_diff, list_rows, make_advice, render_diff
    from .builder.report.console import make_console

    with open_versions(before, after, store) as (old, new):
        diff = compare_versions(old, new, limit or 3)
        listed = list_rows(diff) if limit else {}
    described = (diff, make_advice(diff), listed)
    print_json(describe_diff(*described)) if as_json else make_console().print(render_diff(*described))
    return 1 if exit_code and not diff.is_empty else 0


@app.command()
def validate(
    ref: opt.Ref,
    student: opt.Student = "tiny",
    changes: opt.StudentChanges = None,
    parent: opt.Parent = None,
    controls: opt.ControlSet = "default",
    gate: opt.Gate = False,
    budget: opt.Budget = None,
    report_to: opt.ReportTo = None,
    save: opt.SaveFolder = None,
    workers: opt.StudentWorkers = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> int:
    """Train a small student on a version and on its controls, and report with intervals what it learnt."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: threads that spin slow one another down
    from .builder.recipe import load_student
    from .builder.report.console import make_console
    from .builder.store import find_version
    from .builder.student.command import ValidateOptions, run_validation

    options = ValidateOptions(
        version=find_version(store, ref),
        parent=find_version(store, parent) if parent else None,
        recipe=load_student(student, changes or []),
        controls=controls,
        budget=budget,
        store=store,
        workers=workers,
        report_to=tuple(report_to or ()),
        save=save,
    )
    with show_progress_on_stderr():
        validation, text = run_validation(options)
    print_json(validation.model_dump(mode="json")) if as_json else make_console().print(text)
    return 1 if gate and validation.gate.passed is not True else 0


@app.command()
def export(
    ref: opt.Ref,
    to: opt.ExportFolder,
    format_name: opt.ExportFormat = "trl",
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> None:
    """Write a version's examples for a trainer."""
    from .builder.commands.output import describe_export, render_export
    from .builder.export import export as export_version
    from .builder.store import find_version

    version = find_version(store, ref)
    with show_progress_on_stderr():
        result = export_version(version, format_name, to)
    if as_json:
        print_json(describe_export(version.ref, format_name, to, result))
    else:
        print_text(render_export(version.ref, to, result))


@app.command()
def publish(
    ref: opt.Ref,
    repo: opt.Repo,
    public: opt.Public = False,
    dry_run: opt.DryRun = False,
    allow_simulated: opt.AllowSimulated = False,
    allow_regression: opt.AllowRegression = False,
    allow_personal_data: opt.AllowPersonalData = False,
    tag: opt.Tag = None,
    language: opt.Language = None,
    teacher_terms: opt.TeacherTerms = None,
    license_name: opt.License = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> int:
    """Publish a version on the Hugging Face Hub as one commit and one tag, then download and verify it."""
    from .builder.commands.output import repeat_command
    from .builder.publish.publish import PublishRequest, select_allowed_gates
    from .builder.publish.publish import publish as publish_version
    from .builder.publish.render import build_result_json, render_result
    from .builder.store import find_version

    request = PublishRequest(
        version=find_version(store, ref),
        repo=repo,
        public=public,
        dry_run=dry_run,
        tag=tag,
        allowed_gates=select_allowed_gates(
            simulated=allow_simulated, regression=allow_regression, personal_data=allow_personal_data
        ),
        languages=tuple(language or ()),
        teacher_terms=teacher_terms,
        license=license_name,
        command=repeat_command(sys.argv[1:], "--license"),
    )
    published = publish_version(request)
    print_json(build_result_json(published)) if as_json else print_text(render_result(published))
    return 1 if published.status == "refused" else 0


@app.command()
def pull(ref: opt.HubRef, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Download a published version into the store and verify its digests."""
    from .builder.publish.pull import pull as pull_version
    from .builder.publish.render import build_pull_json, render_pull

    pulled = pull_version(ref, store)
    print_json(build_pull_json(pulled)) if as_json else print_text(render_pull(pulled))


app.command("audit")(audit.audit)
app.command("review")(reviewing.review)
app.command("compare")(answers.compare_answers)
app.command("verify-text")(answers.verify_text)
app.add_typer(ledger.app, name="ledger")


def main() -> None:
    """Run the command; turn errors into messages and exit codes."""
    code = _run(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is said; Ctrl-C ends at once what Python still does
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    return run_command(app, arguments)


if __name__ == "__main__":
    main()
