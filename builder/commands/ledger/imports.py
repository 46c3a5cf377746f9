"""`cotloom ledger import --from TOOL`: answers that were paid for elsewhere, and what a recipe would use of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....schemas.runtime import Runtime
from ... import sources, teacher, verify
from ...errors import InputError
from ...pipeline import check_recipe
from ...recipe import LoadedRecipe, load_recipe
from ...store import locate_ledger
from ...teacher.estimate import CallEstimate
from ...teacher.imports import (
    LEFT_OUT,
    PEERS,
    ForeignImport,
    ImportOptions,
    LeftOut,
    RequestAgreement,
    advise_recorded,
    check_options,
    import_responses,
    index_requests,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What was imported, and what the recipe would use."""

    path: str
    """What was read."""
    options: ImportOptions
    """What the user says of the answers."""
    imported: ForeignImport
    """What was imported."""
    recipe: str | None = None
    """The recipe's name, where there is one."""
    estimate: CallEstimate | None = None
    """The calls of its first round, now that the answers are there."""

    @property
    def is_finding(self) -> bool:
        """Whether something could not be read, or nothing was taken."""
        imported = self.imported
        return imported.damaged_rows > 0 or not imported.answers + imported.known


def import_foreign(
    path: Path, store: Path, options: ImportOptions, recipe: str | None, changes: Sequence[str]
) -> ImportReport:
    """Import the answers that another tool recorded.

    Args:
        path: its file or folder.
        store: the folder of the ledger.
        options: what the user says of the answers.
        recipe: the recipe whose requests they may answer.
        changes: changed keys of the recipe.

    Raises:
        InputError: there are no such answers, the recipe is wrong, or the user has to say more.
        Stopped: the disk is full.
    """
    peer = PEERS[options.name]
    check_options(peer, options, has_recipe=recipe is not None)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder", hint=f"give the folder that {peer.title} wrote to")
    named = str(path) if path.is_file() else "FILE"
    if recipe is None:
        with teacher.open_ledger(locate_ledger(store)) as ledger:
            imported = import_responses(ledger, path, peer, options)
        return ImportReport(path=named, options=options, imported=imported)
    loaded, runtime = load_recipe(recipe, changes), Runtime(store=store)
    found = _load_problems(loaded, runtime)
    names = tuple(source.name for source in loaded.recipe.sources if source.role == "sample")
    asked = teacher.AskedProblems(found.pieces, names)
    index = index_requests(loaded, asked, runtime)
    with teacher.open_ledger(locate_ledger(store)) as ledger:
        imported = import_responses(ledger, path, peer, options, index)
        estimate = teacher.estimate_calls(loaded, asked, ledger, runtime)
    return ImportReport(path=named, options=options, imported=imported, recipe=loaded.recipe.name, estimate=estimate)


def _load_problems(loaded: LoadedRecipe, runtime: Runtime) -> sources.Problems:
    """Load the problems of a recipe. Their pieces are there as long as what is returned."""
    check_recipe(loaded.recipe)
    parent = sources.find_parent(loaded.recipe, runtime.store)
    return sources.load_problems(
        loaded, verify.IS_READABLE, infer_type=sources.INFER_TYPE, runtime=runtime, parent=parent
    )


def describe_import(report: ImportReport) -> dict[str, Any]:
    """Describe an import for `--json`."""
    imported, estimate = report.imported, report.estimate
    return {
        "from": report.options.name,
        "match": str(report.options.match),
        "files": imported.files,
        "responses": imported.responses,
        "answers": imported.answers,
        "known": imported.known,
        "vouched": imported.vouched,
        "left_out": {str(reason): imported.left_out[reason] for reason in LeftOut if imported.left_out[reason]},
        "damaged": {"rows": imported.damaged_rows, "first": imported.damaged},
        "written_by": [
            {"model": model, "endpoint": endpoint, "answers": count}
            for (model, endpoint), count in sorted(imported.written_by.items())
        ],
        "cost_usd": imported.cost_usd if imported.answers else 0.0,
        "recipe": None
        if estimate is None
        else {
            "name": report.recipe,
            "agreement": {str(item): imported.agreements[item] for item in RequestAgreement},
            "difference": imported.difference or None,
            "first_round": {"new": estimate.new, "ledger": estimate.ledger},
        },
    }


def render_import(report: ImportReport) -> str:
    """Render an import for a person."""
    return "\n".join([*_list_lines(report), *_list_recipe_lines(report)])


def _list_lines(report: ImportReport) -> Iterator[str]:
    imported, title = report.imported, PEERS[report.options.name].title
    files = "1 file" if imported.files == 1 else f"{imported.files:,} files"
    yield f"{imported.responses:,} responses in {files} of {title}."
    yield f"Imported {imported.answers:,} answers; {imported.known:,} were there already."
    yield from (
        f"  {count:,} by {model} ({endpoint})" for (model, endpoint), count in sorted(imported.written_by.items())
    )
    if imported.answers:
        cost = "unknown" if imported.cost_usd is None else f"${imported.cost_usd:,.6f}"
        yield f"What the new ones cost, as {title} says: {cost}."
    if imported.vouched:
        yield f"{imported.vouched:,} are taken at your word (--match {report.options.match}); their labels say so."
    left_out = [f"{imported.left_out[item]:,} {LEFT_OUT[item]}" for item in LeftOut if imported.left_out[item]]
    if left_out:
        yield f"Left out: {'; '.join(left_out)}."
    yield from (f"damaged  {fault}" for fault in imported.damaged)
    if imported.damaged_rows > len(imported.damaged):
        yield f"damaged  ... and {imported.damaged_rows - len(imported.damaged):,} more rows"


def _list_recipe_lines(report: ImportReport) -> Iterator[str]:
    imported, estimate = report.imported, report.estimate
    if estimate is None:
        yield "cotloom plan RECIPE shows how many a build would use; --recipe RECIPE says here what the others lack."
        return
    found = imported.agreements
    yield f"Of {found.total():,} answers, {found[RequestAgreement.REQUEST]:,} are to requests of {report.recipe}."
    same_prompt, same_question = found[RequestAgreement.MESSAGES], found[RequestAgreement.QUESTION]
    if same_prompt:
        yield f"  {same_prompt:,} have the prompt of one, not its sampling or endpoint (--match messages)"
        yield f"    such as: {imported.difference or 'the sampling was not recorded'}"
    if same_question:
        yield f"  {same_question:,} have the question of one, not its prompt (--match question)"
        yield f"    as what they are: {advise_recorded(PEERS[report.options.name], report.path)}"
    for agreement, text in _OTHERS.items():
        if found[agreement]:
            yield f"  {found[agreement]:,} {text}"
    yield (
        f"The first round of {report.recipe}: {estimate.ledger:,} answers are in the ledger,"
        f" {estimate.new:,} would be requested."
    )


_OTHERS = {
    RequestAgreement.OTHER_QUESTION: "have another question",
    RequestAgreement.OTHER_MODEL: "are by a model that it does not ask",
}
"""How a person reads what keeps answers from a recipe; the number stands before it."""
