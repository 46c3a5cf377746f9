"""Chats for TRL and OpenAI's fine-tuning. Demonstrations are earlier turns."""

from typing import Any

from ...schemas.example import Role
from ..errors import InputError
from .lines import ExampleRow
from .parts import Export

MIN_ROWS = 10
"""The minimum number of training examples for OpenAI's fine-tuning ("Example count recommendations" in its guide)."""


def to_prompt_completion(row: ExampleRow) -> dict[str, Any]:
    """Convert an example to TRL's conversational prompt-completion row; only the completion carries loss."""
    *prompt, completion = row["messages"]
    return {"prompt": prompt, "completion": [completion]}


def to_chat(row: ExampleRow) -> dict[str, Any]:
    """Convert an example to TRL's conversational language-modelling row, with the whole chat in `messages`."""
    return {"messages": row["messages"]}


def to_openai_chat(row: ExampleRow) -> dict[str, Any]:
    """Convert an example to a row of OpenAI's fine-tuning file, which allows no other keys.

    Every assistant message is trained on unless its `weight` is 0, so those of demonstrations get the weight 0.
    """
    *prompt, response = row["messages"]
    if not any(message["role"] == Role.ASSISTANT for message in prompt):
        return {"messages": row["messages"]}
    return {"messages": [*map(_set_zero_weight, prompt), {**response, "weight": 1}]}


def _set_zero_weight(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "weight": 0} if message["role"] == Role.ASSISTANT else message


def check_size(export: Export) -> None:
    """Check that each training file has enough rows for OpenAI's fine-tuning.

    Raises:
        InputError: one has too few.
    """
    small = next((part for part in export.training if part.count < MIN_ROWS), None)
    if small is not None:
        raise InputError(
            f"{small.name}.jsonl would have {small.count} rows; OpenAI's fine-tuning needs at least {MIN_ROWS}",
            hint="build a larger version, or one with fewer stages",
        )
