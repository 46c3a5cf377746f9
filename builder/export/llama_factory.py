"""LLaMA-Factory: chats in the Alpaca or ShareGPT format, and the `dataset_info.json` that describes them.

The keys are those of its `data/README.md`. It trains on the last response; `mask_history: true` masks the earlier ones.
"""

import json
from pathlib import Path
from typing import Any

from ...schemas.example import Role
from .chats import to_chat
from .lines import ExampleRow, WriteFiles, make_line_writer
from .parts import Export

INFO = "dataset_info.json"
"""The file in which LLaMA-Factory looks up datasets."""

_SHAREGPT = {
    "formatting": "sharegpt",
    "columns": {"messages": "messages"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
}

_ALPACA = {
    "formatting": "alpaca",
    "columns": {
        "prompt": "instruction",
        "query": "input",
        "response": "output",
        "system": "system",
        "history": "history",
    },
}


def to_alpaca(row: ExampleRow) -> dict[str, Any]:
    """Convert an example to an Alpaca row; `input` stays empty, since LLaMA-Factory appends it to the instruction."""
    system = [message["content"] for message in row["messages"] if message["role"] == Role.SYSTEM]
    turns = [message["content"] for message in row["messages"] if message["role"] != Role.SYSTEM]
    *history, (question, answer) = zip(turns[::2], turns[1::2], strict=True)
    return {
        "instruction": question,
        "input": "",
        "output": answer,
        "system": "".join(system),
        "history": [list(turn) for turn in history],
    }


def _add_description(write: WriteFiles, description: dict[str, Any]) -> WriteFiles:
    """Make a writer that also writes the description of its files."""

    def write_files(export: Export, folder: Path) -> dict[str, int]:
        counts = write(export, folder)
        name = export.version.manifest.name
        info = {f"{name}-{Path(file).stem}": {"file_name": file, **description} for file in counts}
        (folder / INFO).write_text(json.dumps(info, indent=1) + "\n")
        return counts

    return write_files


write_sharegpt = _add_description(make_line_writer(to_chat), _SHAREGPT)
write_alpaca = _add_description(make_line_writer(to_alpaca), _ALPACA)
