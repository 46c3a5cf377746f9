"""`cotloom ledger`: what was paid for. Each command imports what it needs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...terminal import print_data, print_json, print_text
from .. import options as opt
from ..run import show_progress_on_stderr
from .batches import show_batches

if TYPE_CHECKING:
    from ...teacher.ledger.check import LedgerCheck

app = typer.Typer(help="What was paid for: count, check, move, compact or erase answers.", no_args_is_help=True)
app.command("batches")(show_batches)

Drop = Annotated[bool, typer.Option("--drop", help="Give up what is damaged; the damaged file is kept beside.")]
Target = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: NAME.jsonl.gz.")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="A file that `ledger export` wrote, another ledger or store; with --from, a tool's file or folder.",
    ),
]
By = Annotated[
    str, typer.Option("--by", metavar="KEYS", help="What costs are added up by: version, teacher, day, or several.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values instead of a table.")]
Tool = Annotated[
    Literal["curator", "distilabel", "nemo-skills"] | None,
    typer.Option("--from", help="The tool that wrote the answers."),
]
ForeignRecipe = Annotated[
    str | None,
    typer.Option("--recipe", metavar="RECIPE", help="With --from: the recipe whose requests they may answer."),
]
MatchBy = Annotated[
    Literal["request", "messages", "question"],
    typer.Option("--match", help="With --from: what an answer must share with a request; you vouch for the rest."),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="With --from: who wrote the answers; no other is taken.")
]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint", metavar="NAME", help="With --from: the server's name, as teacher.endpoint.")
]
Question = Annotated[
    str | None, typer.Option("--question", metavar="COLUMN", help="With --from: the column of the question.")
]
Step = Annotated[str | None, typer.Option("--step", metavar="NAME", help="With --from distilabel: whose answers.")]
ProblemId = Annotated[str, typer.Option("--problem", metavar="ID", help="The problem whose answers are erased.")]


_SHOWN = 20
"""Damaged answers that are listed as text."""


def _locate(store: Path) -> Path:
    from ...store import locate_ledger

    return locate_ledger(store)


@app.command("stats")
def show_statistics(store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Count answers, prompts and bytes, by model."""
    from ...teacher.ledger import open_ledger
    from ...teacher.ledger.statistics import count_ledger

    require_ledger(store)
    with open_ledger(_locate(store)) as ledger:
        counts = count_ledger(ledger)
    if as_json:
        print_json(asdict(counts))
        return
    for model in counts.models:
        print_text(f"{model.answers:>10,} answers to {model.prompts:,} prompts  {model.model} ({model.endpoint})")
    for name, count, whole, stored in (
        ("requests", counts.requests, counts.request_bytes, counts.stored_request_bytes),
        ("responses", counts.responses, counts.response_bytes, counts.stored_bytes),
    ):
        print_text(f"{count:>10,} {name}, {_format_size(whole)}, stored as {_format_size(stored)}")
    if counts.forgotten:
        print_text(f"{counts.forgotten:>10,} problems were erased")


@app.command("costs")
def show_costs(
    by: By = "version,teacher", as_csv: AsCsv = False, store: opt.Store = opt.STORE, as_json: opt.Json = False
) -> None:
    """Add up what was paid, by version and teacher. What an answer cost was recorded when it was paid."""
    from ...inspect.costs import describe_lines, format_lines, render_lines
    from ...report.console import make_console
    from ...teacher.ledger import open_ledger
    from ...teacher.spending import list_costs, parse_keys

    require_ledger(store)
    keys = parse_keys(by)
    with show_progress_on_stderr(), open_ledger(_locate(store)) as ledger:
        lines = list_costs(ledger, keys)
    if as_json:
        print_json(describe_lines(lines))
    elif as_csv:
        print_data(format_lines(lines))
    else:
        make_console().print(render_lines(lines))


def _format_size(count: int) -> str:
    return f"{count / 2**20:,.1f} MB"


def require_ledger(store: Path) -> None:
    """Raise where a store has no ledger.

    Raises:
        InputError: it has none.
    """
    from ...errors import InputError

    if not _locate(store).is_file():
        raise InputError(f"the store {store} has no ledger", hint="the first build makes one; --store names the folder")


@app.command("check")
def check_answers(drop: Drop = False, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> int:
    """Check every answer against its checksum. Exit 1 where something is damaged."""
    from ...teacher.ledger.check import check_ledger, drop_damaged

    with show_progress_on_stderr():
        found = check_ledger(_locate(store))
        kept = drop_damaged(_locate(store)) if drop and not found.is_intact else None
    if as_json:
        print_json({**_describe_check(found), "dropped": kept is not None, "kept_as": kept and str(kept)})
    else:
        print_text("\n".join(_render_check(found)))
        if kept is not None:
            print_text(f"The ledger holds what is intact now; the damaged file is {kept}.")
    return 0 if found.is_intact or kept is not None else 1


def _describe_check(found: "LedgerCheck") -> dict[str, object]:
    damaged = [{"request": digest, "sample_index": index} for digest, index in found.damaged]
    return {"answers": found.answers, "damaged": damaged, "faults": found.faults}


def _render_check(found: "LedgerCheck") -> list[str]:
    lines = [f"damaged  answer {index} to request {digest}" for digest, index in found.damaged[:_SHOWN]]
    if len(found.damaged) > _SHOWN:
        lines.append(f"damaged  ... and {len(found.damaged) - _SHOWN:,} more answers; --json lists all")
    lines += [f"damaged  {fault}" for fault in found.faults]
    prompts = len({digest for digest, _ in found.damaged})
    again = f"; asking again takes {len(found.damaged):,} answers to {prompts:,} prompts" if found.damaged else ""
    verdict = "nothing is damaged" if found.is_intact else f"{len(found.damaged):,} answers are damaged{again}"
    return [*lines, f"{found.answers:,} answers are intact; {verdict}."]


@app.command("export")
def export_answers(target: Target, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> int:
    """Write every answer that is intact as compressed JSON lines. Exit 1 where something is damaged."""
    from ...teacher.ledger.transfer import export_ledger

    with show_progress_on_stderr():
        found = export_ledger(_locate(store), target)
    if as_json:
        print_json({**_describe_check(found), "to": str(target)})
    else:
        print_text("\n".join([*_render_check(found)[:-1], f"Wrote {found.answers:,} answers to {target}."]))
    return 0 if found.is_intact else 1


@app.command("import")
def merge_answers(
    source: Source,
    tool: Tool = None,
    recipe: ForeignRecipe = None,
    changes: opt.Changes = None,
    match: MatchBy = "request",
    model: Model = None,
    endpoint: Endpoint = None,
    question: Question = None,
    step: Step = None,
    store: opt.Store = opt.STORE,
    as_json: opt.Json = False,
) -> int:
    """Read exported answers, those of another store or of another tool, into the ledger. What it has already stays.

    With --from: exit 1 where rows are damaged or nothing was taken.
    """
    if tool is None:
        _refuse_alone(recipe, changes, model, endpoint, question, step, match != "request")
        _merge_own(source, store, as_json=as_json)
        return 0
    from ...teacher.imports import ImportOptions, Match
    from .imports import describe_import, import_foreign, render_import

    options = ImportOptions(name=tool, match=Match(match), model=model, endpoint=endpoint, question=question, step=step)
    with show_progress_on_stderr():
        report = import_foreign(source, store, options, recipe, changes or ())
    print_json(describe_import(report)) if as_json else print_text(render_import(report))
    return 1 if report.is_finding else 0


def _refuse_alone(*given: object) -> None:
    """Refuse options that say something of another tool's answers, where no tool is named.

    Raises:
        InputError: there are some.
    """
    from ...errors import InputError

    if any(given):
        raise InputError(
            "--recipe, --set, --match, --model, --endpoint, --question and --step are for answers of another tool",
            hint="name it: --from curator, distilabel or nemo-skills",
        )


def _merge_own(source: Path, store: Path, *, as_json: bool) -> None:
    from ...teacher.ledger import open_ledger
    from ...teacher.ledger.transfer import import_answers

    with show_progress_on_stderr(), open_ledger(_locate(store)) as ledger:
        imported = import_answers(ledger, source)
    if as_json:
        print_json(asdict(imported))
    else:
        erased = f"; {imported.forgotten:,} belong to problems that were erased" if imported.forgotten else ""
        print_text(f"Imported {imported.answers:,} answers; {imported.known:,} were there already{erased}.")


@app.command("compact")
def compact_answers(store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Rewrite the ledger into its smallest form. No answer is lost."""
    from ...teacher.ledger.compact import compact_ledger

    require_ledger(store)
    with show_progress_on_stderr():
        compacted = compact_ledger(_locate(store))
    if as_json:
        print_json(asdict(compacted))
        return
    before, after = _format_size(compacted.bytes_before), _format_size(compacted.bytes_after)
    print_text(f"The ledger takes {after} instead of {before}; it holds {compacted.answers:,} answers as before.")


@app.command("forget")
def forget_answers(problem: ProblemId, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Erase the answers to a problem, and mark the versions that hold them as withdrawn."""
    from ...teacher.batches.journal import list_folders
    from ...teacher.ledger import open_ledger
    from ...teacher.ledger.forget import forget_problem

    if not (store / "versions").is_dir():  # a version of recorded answers has no ledger, and may be forgotten too
        require_ledger(store)
    with open_ledger(_locate(store)) as ledger:
        forgotten = forget_problem(ledger, store, problem)
    if as_json:
        print_json({**asdict(forgotten), "copies": [str(path) for path in forgotten.copies]})
        return
    print_text(f"Erased {forgotten.answers:,} answers to {problem}. It is never requested again.")
    for ref in forgotten.versions:
        print_text(f"Withdrawn: {ref}. Its files still hold the text; remove the folder, and build another version.")
    for path in forgotten.copies:
        print_text(f"A damaged ledger may hold the text too: {path}")
    for folder in list_folders(store):
        print_text(f"A batch on its way may hold the text too, until a build takes it in: {folder}")
    print_text("The text may also be in the files of the recipe's sources, in exports, and in published versions.")
