"""`cotloom ledger batches`: what is on its way at batch services, as the journal of a store knows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...terminal import print_json, print_text
from .. import options as opt

if TYPE_CHECKING:
    from ...teacher.batches.journal import JournaledBatch

Forget = Annotated[
    str | None,
    typer.Option("--forget", metavar="NAME", help="Give the answers of a batch up; the next build pays them again."),
]


def show_batches(forget: Forget = None, store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """List the batches that a build has sent and not yet taken in. Nothing is sent."""
    from ...errors import InputError
    from ...teacher.batches.journal import forget_batch

    found = dict(_list_batches(store))
    if forget is not None:
        folder = next((folder for folder in found if folder.name == forget), None)
        if folder is None:
            raise InputError(f"no batch is named {forget}", hint="cotloom ledger batches lists them")
        forget_batch(folder)
        del found[folder]
    if as_json:
        print_json({"batches": [_describe_batch(folder, batch) for folder, batch in found.items()]})
        return
    for folder, batch in found.items():
        print_text(_render_batch(folder, batch))
    rows = sum(batch.rows for batch in found.values() if batch is not None)
    print_text(f"{len(found)} batches of {rows:,} requests; the build that sent them takes them up again.")


def _list_batches(store: Path) -> "Iterator[tuple[Path, JournaledBatch | None]]":
    """List the batches of a store with their folders; None where the journal of one is damaged."""
    from ...errors import InputError
    from ...teacher.batches.journal import list_folders, read_state

    for folder in list_folders(store):
        try:
            yield folder, read_state(folder)
        except InputError:
            yield folder, None


def _describe_batch(folder: Path, batch: "JournaledBatch | None") -> dict[str, object]:
    if batch is None:
        return {"name": folder.name, "damaged": True, "folder": str(folder)}
    return {
        "name": batch.name,
        "damaged": False,
        "folder": str(folder),
        "url": batch.url,
        "model": batch.model,
        "stage": batch.stage.value,
        "requests": batch.rows,
        "batch_id": batch.batch_id,
        "prepared_at": batch.prepared_at,
    }


def _render_batch(folder: Path, batch: "JournaledBatch | None") -> str:
    from ...teacher.batches.journal import measure_age

    if batch is None:
        return f"{folder.name}  damaged: {folder}"
    state = batch.batch_id or batch.stage.value
    age = f"{measure_age(batch):.1f} h ago"
    return f"{batch.name}  {batch.rows:>7,} requests to {batch.model} at {batch.url}, {age}: {state}"
