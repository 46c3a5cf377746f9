"""Chats as text: render the prompt, and split a chat into segments with and without loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...teacher.checkpoint.chat_templates import OWN_TEMPLATE, render_chat

Chat = Sequence[Mapping[str, Any]]
"""Messages with `role` and `content`, like the column `messages` of a version."""

CHAT_TEMPLATE = OWN_TEMPLATE
"""Chat template of students from scratch."""

ROLES = ("system", "user", "assistant")
END = "<|end|>"
PAD = "<|pad|>"
UNKNOWN = "<|unknown|>"
SPECIAL = (PAD, END, UNKNOWN, *(f"<|{role}|>" for role in ROLES))
"""The special tokens of students from scratch."""


@dataclass(frozen=True, slots=True)
class ChatSegment:
    """A segment of a chat's text."""

    text: str
    """The text."""
    has_loss: bool
    """Whether training computes the loss on it: an answer of the assistant."""
    ends_turn: bool = False
    """Whether the end-of-turn token follows."""


def render_prompt(tokenizer: Any, chat: Chat) -> str:
    """Render the prompt for the next answer of the assistant.

    It applies the tokenizer's chat template; without one, messages are joined by blank lines.
    """
    messages = [
        {"role": str(message["role"]), "content": escape_special_tokens(tokenizer, message["content"])}
        for message in chat
    ]
    if tokenizer.chat_template:
        return render_chat(tokenizer, messages)
    return "\n\n".join(message["content"] for message in messages) + "\n"


def escape_special_tokens(tokenizer: Any, content: str) -> str:
    """Put a space into each name of a special token, so that the tokenizer reads it as text."""
    for name in _list_special_tokens(tokenizer):
        content = content.replace(name, f"{name[0]} {name[1:]}")
    return content


@lru_cache(maxsize=8)
def _list_special_tokens(tokenizer: Any) -> tuple[str, ...]:
    return tuple(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)


def split_chat(tokenizer: Any, chat: Chat, *, every_turn: bool) -> list[ChatSegment]:
    """Split a chat into segments with and without loss, in order.

    Args:
        tokenizer: the student's tokenizer.
        chat: messages, the last by the assistant.
        every_turn: whether earlier answers of the assistant have loss too. Where the template renders an earlier answer
            differently later in the chat, it has none.
    """
    text = render_prompt(tokenizer, chat[:-1])
    end_token = tokenizer.eos_token
    segments: list[ChatSegment] = []
    cursor = 0
    for index, message in enumerate(chat[:-1]):
        if not every_turn or message["role"] != "assistant":
            continue
        start, content = _find_start(tokenizer, chat, index), escape_special_tokens(tokenizer, message["content"])
        end = start + len(content)
        if start < cursor or text[start:end] != content:
            continue
        ends_turn = text.startswith(end_token, end)
        segments += [
            ChatSegment(text[cursor:start], has_loss=False),
            ChatSegment(content, has_loss=True, ends_turn=ends_turn),
        ]
        cursor = end + len(end_token) * ends_turn
    last = escape_special_tokens(tokenizer, chat[-1]["content"])
    return [*segments, ChatSegment(text[cursor:], has_loss=False), ChatSegment(last, has_loss=True, ends_turn=True)]


def _find_start(tokenizer: Any, chat: Chat, index: int) -> int:
    """Find where a message of the assistant begins in the text of its chat."""
    before = render_prompt(tokenizer, chat[:index])
    separator = 0 if tokenizer.chat_template else 1  # two newlines between messages, one at the end of a prompt
    return len(before) + separator
