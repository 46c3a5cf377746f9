"""The formats of exports: one for each trainer, in one table. Each writes the files of an export into a folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from cotloom.builder.export.axolotl import write_axolotl
from cotloom.builder.export.chats import chat, check_openai, openai_chat, prompt_completion
from cotloom.builder.export.lines import Write, lines_of
from cotloom.builder.export.llama_factory import write_alpaca, write_sharegpt
from cotloom.builder.export.parts import Export, export_of, stages_of
from cotloom.builder.export.tables import write_datasets, write_jsonl, write_parquet

__all__ = ["EXPORTS", "Export", "Form", "export_of", "notes_on"]

MESSAGES_LOSS = "TRL's loss falls on every token, and with assistant_only_loss on these answers too; `trl` keeps it off"
HISTORY_LOSS = "LLaMA-Factory's loss falls on these answers too unless its configuration says mask_history: true"
TOKENS_UNKNOWN = "how many tokens a row may have depends on the model that is tuned: that is not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One format of exports."""

    write: Write
    """Writes the files."""
    check: Callable[[Export], None] | None = None
    """Refuses what the trainer would refuse."""
    weights: bool = False
    """Whether rows keep their `weight`."""
    marks: bool = True
    """Whether rows may say that they are simulated."""
    shown_loss: str | None = None
    """What the loss does to the answers of demonstrations, where the files can't keep it off."""
    always: str | None = None
    """What is to be said of every export."""


EXPORTS: Mapping[str, Form] = {
    "trl": Form(write=lines_of(prompt_completion)),
    "trl-messages": Form(write=lines_of(chat), shown_loss=MESSAGES_LOSS),
    "llama-factory": Form(write=write_sharegpt, shown_loss=HISTORY_LOSS),
    "llama-factory-alpaca": Form(write=write_alpaca, shown_loss=HISTORY_LOSS),
    "axolotl": Form(write=write_axolotl),
    "openai": Form(write=lines_of(openai_chat, marked=False), check=check_openai, marks=False, always=TOKENS_UNKNOWN),
    "parquet": Form(write=write_parquet, weights=True),
    "jsonl": Form(write=write_jsonl, weights=True),
    "datasets": Form(write=write_datasets, weights=True),
}
"""Every export format by its name."""


def notes_on(export: Export, form: Form) -> tuple[str, ...]:
    """What a format can't say of the rows, and what else the user should know, in sentences."""
    return tuple(_notes(export, form))


def _notes(export: Export, form: Form) -> Iterator[str]:
    rows = export.rows
    taught = set(rows["mixture_stage"].drop_nulls())
    yield from (
        f"no row is of stage {stage}: it has no file" for stage in stages_of(export.version) if stage not in taught
    )
    weighed = rows.filter(pl.col("weight") != 1).height
    if weighed and not form.weights:
        yield f"{weighed:,} rows have a weight other than 1, for which this format has no word: there they weigh 1"
    shown = rows.filter(pl.col("messages").list.len() > 3).height
    if shown and form.shown_loss:
        yield f"{shown:,} rows show demonstrations first: {form.shown_loss}"
    if export.simulated:
        who = "every row says so" if form.marks else "its rows have no place to say so, cotloom.json beside them does"
        yield f"its rationales are simulated; {who}"
    if form.always:
        yield form.always
