"""What a reader of another tool's files yields: responses, and why others are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from ....schemas.example import Message, Role
from ...cells import read_cell


class Match(StrEnum):
    """What an answer must have in common with a request to answer it."""

    REQUEST = "request"
    """Everything: messages, model, endpoint and sampling."""
    MESSAGES = "messages"
    """Messages and model. The user vouches for the sampling."""
    QUESTION = "question"
    """The question and the model. The user vouches for the prompt, too."""


class LeftOut(StrEnum):
    """Why a response is not imported."""

    FAILED = "failed"
    """The request failed there; there is no answer."""
    EMPTY = "empty"
    """The answer is empty, or can't be read; a build would ask again, too."""
    NOT_TEXT = "not_text"
    """The messages or the answer are no text: images, tools, several turns, structured output without its text."""
    NO_ANSWER = "no_answer"
    """The row holds no answer of a model."""
    OTHER_MODEL = "other_model"
    """Another model than `--model` names wrote it."""
    NO_PROMPT = "no_prompt"
    """The messages or the sampling parameters were not recorded, so no request can be named that it answers."""
    UNMATCHED = "unmatched"
    """No request of the recipe has what must be in common."""
    ERASED = "erased"
    """It answers a problem whose answers were erased, or may do so."""


LEFT_OUT: Mapping[LeftOut, str] = {
    LeftOut.FAILED: "from failed requests",
    LeftOut.EMPTY: "empty or unreadable",
    LeftOut.NOT_TEXT: "no chat in text",
    LeftOut.NO_ANSWER: "rows without an answer",
    LeftOut.OTHER_MODEL: "by another model than --model names",
    LeftOut.NO_PROMPT: "without prompt or sampling parameters",
    LeftOut.UNMATCHED: "to no request of the recipe",
    LeftOut.ERASED: "to problems whose answers were erased, or perhaps to these (--recipe tells them apart)",
}
"""How a person reads why responses are left out; the number stands before it."""


class UnknownRowError(ValueError):
    """A row is not what the tool writes; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignResponse:
    """A response that another tool recorded."""

    completion: Mapping[str, Any]
    """A chat completion: as the server sent it, else one made of what was recorded of it."""
    is_raw: bool = False
    """Whether the server sent it so."""
    messages: tuple[Message, ...] | None = None
    """What was asked; None where it was not recorded."""
    question: str | None = None
    """The question of the row; None where there is none."""
    model: str | None = None
    """Who was asked; None where the row does not say so."""
    sampling: Mapping[str, Any] | None = None
    """The sampling parameters; None where they were not recorded."""
    cost_usd: float | None = None
    """What it cost in US dollars, as the tool says; None where it does not."""
    seed: int | None = None
    """The seed of the run that it is from, where that tells answers apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowContext:
    """What a reader knows besides the row."""

    file: str
    """The name of the file."""
    question: str | None = None
    """The column of the question, where the user names it."""
    step: str | None = None
    """The step of a pipeline whose answers are read, where the user names it."""
    has_sibling: bool = False
    """Whether the row before or after it may be from the same response."""


def make_completion(  # noqa: PLR0913 - what is known of a response
    text: str,
    *,
    reasoning: Any = None,
    finish_reason: Any = None,
    prompt_tokens: Any = None,
    completion_tokens: Any = None,
    usage: Any = None,
    logprobs: Any = None,
) -> dict[str, Any]:
    """Make a chat completion of what is known of a response. What is unknown is left out."""
    reason = _STOPPED.get(finish_reason, finish_reason) if isinstance(finish_reason, str) else None
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    choice = {
        "message": {"role": "assistant", "content": text, **({"reasoning_content": reasoning} if reasoning else {})},
        **({"finish_reason": reason} if reason else {}),
        **({"logprobs": logprobs} if logprobs else {}),
    }
    return {"choices": [choice], "usage": usage if isinstance(usage, dict) else counts}


_STOPPED: Mapping[str, str] = {"max_tokens": "length", "end_turn": "stop", "stop_sequence": "stop"}
"""Other servers' names for why an answer ended, and those of the chat protocol: `length` is what was cut off."""


def read_messages(value: Any) -> tuple[Message, ...] | None:
    """Read a chat of texts; a text in parts is joined. None where it is anything else."""
    turns = value if isinstance(value, list | tuple) else []
    read = [_read_message(turn) for turn in turns]
    messages = tuple(message for message in read if message is not None)
    return messages if messages and len(messages) == len(read) else None


def _read_message(turn: Any) -> Message | None:
    if not isinstance(turn, Mapping):
        return None
    role, content = turn.get("role"), turn.get("content")
    if isinstance(content, list) and content and all(_is_text(part) for part in content):
        content = "".join(part["text"] for part in content)
    is_more = any(value for key, value in turn.items() if key not in {"role", "content"})
    if not isinstance(role, str) or role not in _ROLES or not isinstance(content, str) or is_more:
        return None
    return Message(role=Role(role), content=content)


_ROLES = frozenset(map(str, Role))


def _is_text(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)


def find_question(values: Any, context: RowContext, columns: Sequence[str]) -> str | None:
    """Find the question of a row: in the column that the user names, else in the first known one that holds a text."""
    if not isinstance(values, Mapping):
        return None
    cells = (_read_text(values, name) for name in ((context.question,) if context.question else columns))
    return next((cell for cell in cells if cell is not None), None)


def _read_text(values: Mapping[str, Any], column: str) -> str | None:
    try:
        cell = read_cell(values, column)
    except KeyError:
        return None
    return cell if isinstance(cell, str) and cell.strip() else None


def parse_nested(value: Any) -> Any:
    """Parse a cell that some versions write as JSON text; anything else stays as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
