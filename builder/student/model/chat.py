"""Chats as text: what the student reads, and which pieces of it it learns to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Chat = Sequence[Mapping[str, Any]]
"""Messages, each with `role` and `content`, as the column `messages` of a version has them."""

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message.role + '|>' + message.content + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""Of students from scratch: the speaker, what is said, an end."""

ROLES = ("system", "user", "assistant")
END = "<|end|>"
PAD = "<|pad|>"
UNKNOWN = "<|unknown|>"
SPECIAL = (PAD, END, UNKNOWN, *(f"<|{role}|>" for role in ROLES))
"""The special tokens of students from scratch."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a chat's text."""

    text: str
    """The text."""
    said: bool
    """Whether the student says it."""
    ended: bool = False
    """Whether the end of its turn follows."""


def prompt_of(tokenizer: Any, chat: Chat) -> str:
    """What the student reads before it answers the last message.

    A tokenizer with a chat template decides; without one the messages stand one after the other.
    """
    plain = [{"role": str(message["role"]), "content": as_text(tokenizer, message["content"])} for message in chat]
    if tokenizer.chat_template:
        return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True))
    return "\n\n".join(message["content"] for message in plain) + "\n"


def as_text(tokenizer: Any, content: str) -> str:
    """What a message says, with a space in each name of a special token, so that none is taken for the token."""
    for name in _special_names(tokenizer):
        content = content.replace(name, f"{name[0]} {name[1:]}")
    return content


@lru_cache(maxsize=8)
def _special_names(tokenizer: Any) -> tuple[str, ...]:
    return tuple(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)


def pieces_of(tokenizer: Any, chat: Chat, *, every_turn: bool) -> list[Piece]:
    """Cut a chat into what the student reads and what it says, in order.

    Args:
        tokenizer: the student's.
        chat: messages, the last by the assistant.
        every_turn: whether earlier answers are said too; where the template writes them differently later on,
            they are only read.
    """
    whole = prompt_of(tokenizer, chat[:-1])
    end = tokenizer.eos_token
    pieces: list[Piece] = []
    cursor = 0
    for place, message in enumerate(chat[:-1]):
        if not every_turn or message["role"] != "assistant":
            continue
        start, said = _start(tokenizer, chat, place), as_text(tokenizer, message["content"])
        behind = start + len(said)
        if start < cursor or whole[start:behind] != said:
            continue
        ended = whole.startswith(end, behind)
        pieces += [Piece(whole[cursor:start], said=False), Piece(said, said=True, ended=ended)]
        cursor = behind + len(end) * ended
    last = as_text(tokenizer, chat[-1]["content"])
    return [*pieces, Piece(whole[cursor:], said=False), Piece(last, said=True, ended=True)]


def _start(tokenizer: Any, chat: Chat, place: int) -> int:
    """Where a message of an assistant begins in the text of its chat."""
    before = prompt_of(tokenizer, chat[:place])
    return len(before) if tokenizer.chat_template else len(before) + 1  # a line end more than before the last answer
