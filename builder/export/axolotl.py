"""Axolotl: chats for its `chat_template` datasets, and the section of its configuration for them.

The key `train` of each message says whether it carries loss. Axolotl documents another way: empty `roles_to_train` and
`train_on_eos`. But it removes empty keys when it reads a configuration, and then computes the loss on every response or
on none (tested with Axolotl 0.19).
"""

from pathlib import Path
from typing import Any

from .lines import ExampleRow, make_line_writer
from .parts import TRAIN, Export, ExportPart

CONFIG_NAME = "axolotl"
"""Prefix of the names of the configuration files."""

_DATASET = """\
  - path: {file}
    ds_type: json
    split: train
    type: chat_template
    field_messages: messages
    message_property_mappings: {{role: role, content: content}}
    message_field_training: train
    roles_to_train: []
    train_on_eos: turn
"""
"""A dataset entry. `split` is always `train` for a JSON file."""


def to_axolotl_chat(row: ExampleRow) -> dict[str, Any]:
    """Convert an example to a chat in which only the last message carries loss."""
    *prompt, response = row["messages"]
    return {"messages": [*({**message, "train": False} for message in prompt), {**response, "train": True}]}


def write_axolotl(export: Export, folder: Path) -> dict[str, int]:
    """Write the chats, and a configuration for each stage, since one run of Axolotl shuffles all its datasets."""
    counts = make_line_writer(to_axolotl_chat)(export, folder)
    held_out = [part for part in export.parts if part.held_out]
    for part in export.training:
        name = f"{CONFIG_NAME}{part.name.removeprefix(TRAIN)}.yaml"
        (folder / name).write_text(f"# {export.version.ref}\n{_render_config(part, held_out)}")
    return counts


def _render_config(part: ExportPart, held_out: list[ExportPart]) -> str:
    """Render a configuration. It has only file names, which recipes limit to letters, digits, `-` and `_`."""
    training = "datasets:\n" + _DATASET.format(file=f"{part.name}.jsonl")
    test = "".join(_DATASET.format(file=f"{held_out_part.name}.jsonl") for held_out_part in held_out)
    return training + (f"test_datasets:\n{test}" if test else "")
