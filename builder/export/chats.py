"""Chats as TRL and OpenAI's fine-tuning read them. Demonstrations are earlier turns."""

from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.export.lines import Row
from cotloom.builder.export.parts import Export
from cotloom.schemas.example import Role

LEAST_ROWS = 10
"""OpenAI's fine-tuning takes no file with fewer examples to train on (its guide, "example count recommendations")."""


def prompt_completion(row: Row) -> dict[str, Any]:
    """TRL's conversational prompt-completion row: the loss falls on the completion alone."""
    *prompt, completion = row["messages"]
    return {"prompt": prompt, "completion": [completion]}


def chat(row: Row) -> dict[str, Any]:
    """TRL's conversational language-modelling row: the whole chat in `messages`."""
    return {"messages": row["messages"]}


def openai_chat(row: Row) -> dict[str, Any]:
    """A row of OpenAI's fine-tuning file, which takes no other keys.

    Every answer of a chat is trained on unless its `weight` is 0, so the demonstrations' answers say so.
    """
    *shown, last = row["messages"]
    if not any(message["role"] == Role.ASSISTANT for message in shown):
        return {"messages": row["messages"]}
    return {"messages": [*map(_unlearnt, shown), {**last, "weight": 1}]}


def _unlearnt(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "weight": 0} if message["role"] == Role.ASSISTANT else message


def check_openai(export: Export) -> None:
    """Hold an export against the documented rules of OpenAI's fine-tuning.

    Roles and their order are held for all formats; what is left is the number of rows, and that nothing is empty.

    Raises:
        InputError: a file to train on has too few rows, or a message is empty.
    """
    few = next((part for part in export.training if part.rows.height < LEAST_ROWS), None)
    if few is not None:
        raise InputError(
            f"{few.name}.jsonl would have {few.rows.height} rows; OpenAI's fine-tuning takes {LEAST_ROWS} or more",
            hint="build a larger version, or one with fewer stages",
        )
    empty = pl.col("messages").list.eval(pl.element().struct.field("content").str.strip_chars() == "").list.any()
    bare = export.rows.filter(empty)
    if bare.height:
        raise InputError(
            f"{bare.height:,} examples have an empty message, such as {bare[0, 'example_id']}; "
            "OpenAI's fine-tuning takes none",
            hint=f"cotloom explain {export.version.ref} {bare[0, 'example_id']} says where it came from",
        )
