"""How the reasoning of an answer is set apart: which tags it uses, and whether they are balanced."""

import re
from dataclasses import dataclass
from enum import StrEnum

from .traces import ENDS_ANY_TURN, list_tags

UNTAGGED = "none"
"""The layout of a text without tags."""

_STATED = re.compile(r"^[ \t]*thought[ \t]*:", re.IGNORECASE | re.MULTILINE)
_STATED_EMPTY = re.compile(
    r"^[ \t]*thought[ \t]*:\s*(?=(?:action|final answer|answer|observation|thought)\b|\Z)", re.IGNORECASE | re.MULTILINE
)
_STATED_NAME = "Thought:"
_PLACEHOLDER = re.compile(
    r"[\W_]*|(?:n\s?/\s?a|none|null|nan|todo|tbd|empty|thinking|placeholder|no (?:thought|thinking|reasoning)s?)[\W_]*",
    re.IGNORECASE,
)


class TraceShape(StrEnum):
    """Whether the tags around the reasoning of a text are balanced."""

    UNTAGGED = "untagged"
    """There are none."""
    WHOLE = "whole"
    """Each beginning has its end."""
    UNOPENED = "unopened"
    """An end has no beginning: many chat templates write it into the prompt."""
    UNCLOSED = "unclosed"
    """A beginning has no end: the reasoning swallows the response."""
    NESTED = "nested"
    """A block begins within another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceLayout:
    """How the reasoning of a text is set apart."""

    name: str
    """The tags that begin it, in the order in which they first occur; `none` without any."""
    shape: TraceShape
    """Whether they are balanced."""


def find_layout(text: str) -> TraceLayout:
    r"""Find how the reasoning of a text is set apart. Quoted tags, and tags within a sentence, are words.

    >>> find_layout("<think>2 + 3</think>5").name, find_layout("2 + 3 = 5").shape.value
    ('<think>', 'untagged')
    >>> find_layout("<think>2 + 3").shape.value, find_layout("2 + 3\\n</think>5").shape.value
    ('unclosed', 'unopened')
    """
    tags = [tag for tag in list_tags(text) if not tag.is_word]
    names = dict.fromkeys(tag.closes for tag in tags if tag.opens is not None)
    open_ends: list[str] = []
    shapes = set()
    for tag in tags:
        if tag.opens is not None:
            shapes |= {TraceShape.NESTED} if open_ends else set()
            open_ends.append(tag.opens)
        elif tag.closes in open_ends:
            del open_ends[open_ends.index(tag.closes) :]
        elif tag.closes != ENDS_ANY_TURN:
            shapes.add(TraceShape.UNOPENED)
            names.setdefault(tag.closes)
    shapes |= {TraceShape.UNCLOSED} if open_ends else set()
    if names:
        worst = (TraceShape.UNCLOSED, TraceShape.NESTED, TraceShape.UNOPENED)
        return TraceLayout(
            name=" ".join(names), shape=next((each for each in worst if each in shapes), TraceShape.WHOLE)
        )
    name = _STATED_NAME if _STATED.search(text) else UNTAGGED
    return TraceLayout(name=name, shape=TraceShape.UNTAGGED)


def is_placeholder(thought: str) -> bool:
    """Whether a thought says nothing: it is blank, has no letter or digit, or stands for one that is missing.

    >>> [is_placeholder(thought) for thought in ("", "...", "N/A", "2 + 3 = 5", "None of them fit.")]
    [True, True, True, False, False]
    """
    return len(thought) < 60 and _PLACEHOLDER.fullmatch(thought.strip()) is not None


def has_empty_thoughts(text: str) -> bool:
    r"""Whether a text announces thoughts (`Thought:`), and all of them are blank.

    >>> has_empty_thoughts("Thought:\nAction: add"), has_empty_thoughts("Thought: I add.\\nAction: add")
    (True, False)
    """
    announced = len(_STATED.findall(text))
    return announced > 0 and len(_STATED_EMPTY.findall(text)) == announced
