"""LLaMA-Factory: chats in its alpaca or sharegpt form, and the `dataset_info.json` that says how to read them.

The keys are those of its `data/README.md`. A row's last answer is what it trains on; `mask_history: true` keeps the
loss off the answers before.
"""

import json
from pathlib import Path
from typing import Any

from cotloom.builder.export.chats import chat
from cotloom.builder.export.lines import Row, Write, lines_of
from cotloom.builder.export.parts import Export
from cotloom.schemas.example import Role

INFO = "dataset_info.json"
"""Where LLaMA-Factory looks up datasets by name."""

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


def alpaca(row: Row) -> dict[str, Any]:
    """Write a row in alpaca form: the last turn apart from the turns before. `input` would be added to the question."""
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


def _described(write: Write, description: dict[str, Any]) -> Write:
    """Write the files, and how they are to be read."""

    def write_both(export: Export, folder: Path) -> dict[str, int]:
        counts = write(export, folder)
        name = export.version.manifest.name
        info = {f"{name}-{Path(file).stem}": {"file_name": file, **description} for file in counts}
        (folder / INFO).write_text(json.dumps(info, indent=1) + "\n")
        return counts

    return write_both


write_sharegpt = _described(lines_of(chat), _SHAREGPT)
write_alpaca = _described(lines_of(alpaca), _ALPACA)
