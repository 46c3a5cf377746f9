"""Read conversations from cells of tables: `messages` with role and content, `conversations` with from and value.

A cell is a list of turns, a mapping of lists (as some tables store such a list), or either as JSON text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .traces import THINK


class Speaker(StrEnum):
    """Who speaks in a turn."""

    SYSTEM = "System"
    USER = "User"
    ASSISTANT = "Assistant"
    TOOL = "Tool"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One turn of a conversation."""

    speaker: Speaker
    """Who speaks."""
    text: str
    """The words."""
    reasoning: str | None = None
    """The reasoning that is kept apart from it."""


_KEYS = (("role", "content"), ("from", "value"))
"""The two keys of a turn, in each of the usual forms."""

_SPEAKERS: Mapping[str, Speaker] = {
    **dict.fromkeys(("system", "developer"), Speaker.SYSTEM),
    **dict.fromkeys(("user", "human", "prompter", "question"), Speaker.USER),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatgpt", "ai", "bing", "bard", "answer"), Speaker.ASSISTANT),
    **dict.fromkeys(("tool", "function", "function_call", "observation", "ipython"), Speaker.TOOL),
}
"""The names of speakers, in small letters."""

_OPENINGS = frozenset("[{ \t\r\n")
"""How JSON text can begin."""

_REASONING = ("reasoning_content", "reasoning", "thinking")
"""Keys of a turn, and types of its parts, that hold reasoning."""


def read_conversation(cell: Any) -> tuple[Turn, ...] | None:
    """Read a cell as a conversation; None where it is none.

    >>> read_conversation([{"from": "human", "value": "2 + 3?"}, {"from": "gpt", "value": "5"}])[1].text
    '5'
    >>> read_conversation(["5", "6"]) is None
    True
    """
    if isinstance(cell, str):
        cell = _parse_json(cell) if cell[:1] in _OPENINGS else None  # few texts begin so
    if isinstance(cell, Mapping):
        cell = _list_turns(cell)
    if not isinstance(cell, list) or not cell:
        return None
    keys = next(
        (pair for pair in _KEYS if all(isinstance(turn, Mapping) and set(pair) <= set(turn) for turn in cell)), None
    )
    if keys is None:
        return None
    turns = [_read_turn(turn, *keys) for turn in cell]
    known = tuple(turn for turn in turns if turn is not None)
    return known if len(known) == len(turns) else None


def _parse_json(text: str) -> Any:
    """Parse a text that may be a conversation; few texts have what one begins with."""
    bare = text.strip()
    has_keys = bare[:1] in {"[", "{"} and any(f'"{key}"' in bare for key, _ in _KEYS)
    try:
        return json.loads(bare) if has_keys else None
    except (ValueError, RecursionError):
        return None


def _list_turns(cell: Mapping[str, Any]) -> list[Any] | None:
    """List the turns of a mapping of lists."""
    for pair in _KEYS:
        lists = [cell.get(key) for key in pair]
        if all(isinstance(item, list) for item in lists) and len({len(item or []) for item in lists}) == 1:
            return [
                dict(zip(pair, values, strict=True)) for values in zip(*(item or [] for item in lists), strict=True)
            ]
    return None


def _read_turn(turn: Mapping[str, Any], who: str, what: str) -> Turn | None:
    """Read a turn; None where its speaker is unknown or its content is no text."""
    speaker = _SPEAKERS.get(str(turn[who]).strip().lower())
    content = turn[what]
    parts = list(_list_parts(content)) if isinstance(content, list) else [(False, "" if content is None else content)]
    if speaker is None or not all(isinstance(part, str) for _, part in parts):
        return None
    apart = [turn[key] for key in _REASONING if isinstance(turn.get(key), str)][:1]
    thoughts = [*apart, *(part for is_thought, part in parts if is_thought)]
    spoken = [part for is_thought, part in parts if not is_thought]
    return Turn(speaker=speaker, text="\n".join(spoken), reasoning="\n\n".join(thoughts).strip() or None)


def _list_parts(content: Sequence[Any]) -> Iterator[tuple[bool, Any]]:
    """List the parts of a content that is a list: whether each is reasoning, and its text; None for an image."""
    for part in content:
        if isinstance(part, str):
            yield False, part
        elif isinstance(part, Mapping):
            kind = str(part.get("type", "text"))
            text = next((part[key] for key in ("text", *_REASONING) if isinstance(part.get(key), str)), None)
            yield kind in _REASONING, text
        else:
            yield False, None


def find_question(turns: Sequence[Turn], *, before_reply: bool = False) -> str:
    r"""Find what a conversation asks: the user's text, or where there are several turns, all of them by speaker.

    A system's turn says how to answer and is no part of the question.

    Args:
        turns: the conversation.
        before_reply: leave out all from the last turn of the assistant on. Otherwise it is left out only where the
            conversation ends with it.

    >>> find_question(read_conversation([{"role": "user", "content": "2 + 3?"}, {"role": "assistant", "content": "5"}]))
    '2 + 3?'
    """
    last = _find_reply(turns)
    is_left_out = last is not None and (before_reply or last == len(turns) - 1)
    asked = [turn for turn in turns[: last if is_left_out else None] if turn.speaker is not Speaker.SYSTEM]
    if len(asked) == 1:
        return asked[0].text.strip()
    return "\n\n".join(f"{turn.speaker}: {turn.text.strip()}" for turn in asked)


def find_reply(turns: Sequence[Turn]) -> Turn | None:
    """Find the last turn of the assistant; None where there is none."""
    last = _find_reply(turns)
    return None if last is None else turns[last]


def _find_reply(turns: Sequence[Turn]) -> int | None:
    return max((index for index, turn in enumerate(turns) if turn.speaker is Speaker.ASSISTANT), default=None)


def write_reply(reply: Turn) -> str:
    r"""Write a turn as one text, with its reasoning between tags.

    >>> write_reply(Turn(speaker=Speaker.ASSISTANT, text="5", reasoning="2 + 3 = 5"))
    '<think>\n2 + 3 = 5\n</think>\n\n5'
    """
    return reply.text if reply.reasoning is None else f"{THINK[0]}\n{reply.reasoning}\n{THINK[1]}\n\n{reply.text}"
