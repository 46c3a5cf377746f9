"""Axolotl: chats for its `chat_template` datasets, and beside them the stanza for its configuration.

Which answers carry loss is said in each message (`train`). Axolotl documents another way, `roles_to_train` and
`train_on_eos` left empty. But empty keys are taken out when a configuration is read, and what is left puts the loss on
every answer, or on none (tried with Axolotl 0.19).
"""

from pathlib import Path
from typing import Any

from cotloom.builder.export.lines import Row, lines_of
from cotloom.builder.export.parts import TRAIN, Export, Part

STANZA = "axolotl"
"""How the names of the stanzas' files begin."""

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
"""One entry. `split` is the one that a JSON file has, whatever is in it."""


def taught_chat(row: Row) -> dict[str, Any]:
    """A chat whose last message alone is trained on."""
    *read, said = row["messages"]
    return {"messages": [*({**message, "train": False} for message in read), {**said, "train": True}]}


def write_axolotl(export: Export, folder: Path) -> dict[str, int]:
    """Write the chats, and a stanza for each stage: one run of Axolotl shuffles all its datasets together."""
    counts = lines_of(taught_chat)(export, folder)
    held_out = [part for part in export.parts if part.held_out]
    for part in export.training:
        name = f"{STANZA}{part.name.removeprefix(TRAIN)}.yaml"
        (folder / name).write_text(f"# {export.version.ref}\n{_stanza(part, held_out)}")
    return counts


def _stanza(part: Part, held_out: list[Part]) -> str:
    """Only names of files go in: recipes hold them to letters, digits, `-` and `_`."""
    training = "datasets:\n" + _DATASET.format(file=f"{part.name}.jsonl")
    tests = "".join(_DATASET.format(file=f"{test.name}.jsonl") for test in held_out)
    return training + (f"test_datasets:\n{tests}" if tests else "")
