"""The export formats, one or more for each trainer. Each writes the files of an export into a folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..store import Version
from .axolotl import write_axolotl
from .chats import check_size, to_chat, to_openai_chat, to_prompt_completion
from .lines import WriteFiles, make_line_writer
from .llama_factory import write_alpaca, write_sharegpt
from .parts import DEMONSTRATIONS, Export, count_parts, list_stages, name_parts
from .preferences import count_pairs, write_pairs
from .prompts import count_prompts, write_prompts
from .rules import CHATS, NO_EMPTY_MESSAGE, RowRule
from .steps import count_labelled, write_step_labels
from .tables import write_datasets, write_jsonl, write_parquet

__all__ = ["EXPORTS", "Export", "ExportFormat", "list_notes"]

MESSAGES_LOSS = (
    "TRL computes the loss on every token, or with assistant_only_loss on these responses too; `trl` masks them"
)
HISTORY_LOSS = "LLaMA-Factory computes the loss on these responses too, unless its configuration has mask_history: true"
STEPS_NOTE = "labels say whether the arithmetic of a step is right, not whether the step is the right one to take"
TOKENS_UNKNOWN = "the maximum number of tokens of a row depends on the fine-tuned model and is not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFormat:
    """An export format."""

    write: WriteFiles
    """Writes the files."""
    count: Callable[[Version], Export] = count_parts
    """Counts what is written: examples, or rationales."""
    check: Callable[[Export], None] | None = None
    """Raises `InputError` for parts that the trainer would reject."""
    rules: tuple[RowRule, ...] = (CHATS,)
    """What the trainer expects of each row."""
    keeps_weights: bool = False
    """Whether rows keep their `weight`."""
    marks_simulated: bool = True
    """Whether rows can have the key `simulated`."""
    demonstration_loss: str | None = None
    """A note if the files cannot mask the loss on the responses of demonstrations."""
    note: str | None = None
    """A note for every export."""


EXPORTS: Mapping[str, ExportFormat] = {
    "trl": ExportFormat(write=make_line_writer(to_prompt_completion, has_field=True)),
    "trl-messages": ExportFormat(write=make_line_writer(to_chat, has_field=True), demonstration_loss=MESSAGES_LOSS),
    "trl-steps": ExportFormat(
        write=write_step_labels, count=count_labelled, rules=(), keeps_weights=True, note=STEPS_NOTE
    ),
    "trl-dpo": ExportFormat(write=write_pairs, count=count_pairs, rules=(), keeps_weights=True),
    "trl-grpo": ExportFormat(
        write=write_prompts, count=count_prompts, rules=(), keeps_weights=True, marks_simulated=False
    ),
    "llama-factory": ExportFormat(write=write_sharegpt, demonstration_loss=HISTORY_LOSS),
    "llama-factory-alpaca": ExportFormat(write=write_alpaca, demonstration_loss=HISTORY_LOSS),
    "axolotl": ExportFormat(write=write_axolotl),
    "openai": ExportFormat(
        write=make_line_writer(to_openai_chat, marked=False),
        check=check_size,
        rules=(CHATS, NO_EMPTY_MESSAGE),
        marks_simulated=False,
        note=TOKENS_UNKNOWN,
    ),
    "parquet": ExportFormat(write=write_parquet, keeps_weights=True),
    "jsonl": ExportFormat(write=write_jsonl, keeps_weights=True),
    "datasets": ExportFormat(write=write_datasets, keeps_weights=True),
}
"""The export formats by name."""


def list_notes(export: Export, export_format: ExportFormat) -> tuple[str, ...]:
    """List what a format cannot express, and what else the user should know, in sentences.

    Args:
        export: the export, whose rows were read.
        export_format: the format.
    """
    return tuple(_find_notes(export, export_format))


def _find_notes(export: Export, export_format: ExportFormat) -> Iterator[str]:
    names = {part.name for part in export.parts}
    yield from (
        ()
        if export_format.count is not count_parts
        else (
            f"the stage {stage} has no rows, so it has no file"
            for stage, name in name_parts(list_stages(export.version)).items()
            if name not in names
        )
    )
    if export.weighted and not export_format.keeps_weights:
        weighted = f"{export.weighted:,} rows have a weight other than 1"
        yield f"{weighted}, which this format cannot express: their weight is 1"
    demonstrations = export.seen[DEMONSTRATIONS]
    if demonstrations and export_format.demonstration_loss:
        yield f"{demonstrations:,} rows have demonstrations: {export_format.demonstration_loss}"
    if export.simulated:
        where = "every row says so" if export_format.marks_simulated else "only cotloom.json says so, not its rows"
        yield f"its rationales are simulated; {where}"
    if export_format.note:
        yield export_format.note
