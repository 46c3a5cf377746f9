"""Part what a reasoning model writes: its reasoning, and the response that follows.

Servers return the reasoning in a field of its own (a channel), or leave it in the text between tags. Whichever way it
came, the same answer has the same reasoning and the same response here, and no tag is part of either.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

THINK = ("<think>", "</think>")
"""The tags that most models and chat templates of today use; rows are written with them."""

_TAGS: Mapping[str, str] = {
    THINK[0]: THINK[1],
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<scratchpad>": "</scratchpad>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel|>analysis<|message|>": "<|end|>",
}
"""The tags around reasoning, in lower case; the second is the end of the first."""

ENDS_ANY_TURN = "<|end|>"
"""An end that models write behind every message: without its beginning, it says nothing about reasoning."""

_WRAPPERS: Mapping[str, str] = {
    "<answer>": "</answer>",
    "<response>": "</response>",
    "<|begin_of_solution|>": "<|end_of_solution|>",
    "<|start_response|>": "<|end_response|>",
    "<|start|>assistant<|channel|>final<|message|>": "<|return|>",
}
"""The tags around a response, in lower case. They are removed where they stand around all of it."""

_ANY = re.compile(
    f"(?=[<[◁])(?:{'|'.join(re.escape(tag) for pair in _TAGS.items() for tag in pair)})", re.IGNORECASE
)  # how a tag can begin stands first: the rest is tried at few places
_FIRST_SIGNS = frozenset(tag[0] for pair in _TAGS.items() for tag in pair)
_BLANKS, _LINE_END = re.compile(r"\s*"), re.compile(r"[^\S\n]*(?:\n|$)")
_INDENTS = frozenset(" \t\r")
_QUOTES = frozenset("`'\"“‘«")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """An answer in its two parts."""

    reasoning: str | None
    """The reasoning; null where none was told apart from the response."""
    response: str | None
    """The response; empty where the model ended before it, null where there is no text at all."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag around reasoning."""

    start: int
    """First character."""
    end: int
    """One past the last."""
    opens: str | None
    """The tag that ends what it opens; null where it is itself an end."""
    closes: str
    """The tag itself, which ends what another opened."""
    is_word: bool
    """Whether blanks are around it within its line, as around a word."""


def part_trace(text: str | None, channel: str | None = None) -> Trace:
    """Part a text into reasoning and response.

    A text without tags is the response, unchanged. An end without a beginning ends reasoning that began with the text,
    since many chat templates write the beginning into the prompt. A beginning without an end is reasoning to the end.
    Tags between quotation marks or backticks are words, and so are tags between blanks within a line, unless nothing
    else begins or ends the reasoning.

    Args:
        text: the text of an answer, as the server returned it.
        channel: the reasoning that the server returned beside it.

    >>> part_trace("<think>2 + 3 = 5.</think>The answer is 5.")
    Trace(reasoning='2 + 3 = 5.', response='The answer is 5.')
    >>> part_trace("The answer is 5.", channel="2 + 3 = 5.")
    Trace(reasoning='2 + 3 = 5.', response='The answer is 5.')
    >>> part_trace("2 + 3 = 5. The answer is 5.")
    Trace(reasoning=None, response='2 + 3 = 5. The answer is 5.')
    """
    spoken = (channel or "").strip()
    if text is None:
        return Trace(reasoning=spoken or None, response=None)
    has_tags = any(sign in text for sign in _FIRST_SIGNS)  # few texts have any of them, and this takes next to no time
    blocks = list(_find_blocks(text)) if has_tags else []
    if not blocks:
        return Trace(reasoning=spoken or None, response=_unwrap(text) if spoken else text)
    thoughts = [text[first:last] for _, first, last, _ in blocks]
    ends = [0, *(end for *_, end in blocks)]
    starts = [*(start for start, *_ in blocks), len(text)]
    rest = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    return Trace(reasoning=_join([spoken, *thoughts]) or None, response=_unwrap(_join(rest)))


def join_parts(reasoning: str | None, text: str | None) -> str:
    r"""Join reasoning and response to the whole rationale, as one text.

    >>> join_parts("2 + 3 = 5.", "The answer is 5."), join_parts(None, "The answer is 5.")
    ('2 + 3 = 5.\n\nThe answer is 5.', 'The answer is 5.')
    """
    return text or "" if reasoning is None else _join([reasoning, text or ""])


def _join(parts: Sequence[str]) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _find_blocks(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Find the blocks of reasoning: where each begins, where its words begin and end, and where it ends."""
    tags = list(list_tags(text))
    last_of = {tag.closes: number for number, tag in enumerate(tags)}
    place, first = 0, 0
    while place < len(tags):
        tag = tags[place]
        is_first = _is_blank(text, first, tag.start)
        last = None if tag.is_word and not is_first else _find_end(tags, place, last_of)
        if last is not None:
            yield tag.start, tag.end, tags[last].start, tags[last].end
            place, first = last + 1, tags[last].end
        elif tag.opens is not None and is_first:
            yield tag.start, tag.end, len(text), len(text)
            return
        elif tag.opens is None and tag.closes != ENDS_ANY_TURN and not tag.is_word and _is_alone(text, tag):
            yield first, first, tag.start, tag.end
            place, first = place + 1, tag.end
        else:
            place += 1


def list_tags(text: str) -> Iterator[Tag]:
    """List the tags of a text, without those that are quoted."""
    for match in _ANY.finditer(text):
        is_quoted = text[match.start() - 1 : match.start()] in _QUOTES if match.start() else False
        if not is_quoted:
            name = match[0].lower()
            is_word = text[match.start() - 1 : match.start()] == " " and text[match.end() : match.end() + 1] == " "
            yield Tag(match.start(), match.end(), _TAGS.get(name), name, is_word)


def _find_end(tags: Sequence[Tag], place: int, last_of: Mapping[str, int]) -> int | None:
    """Find the tag that ends what the tag at a place opens; blocks within a block belong to it."""
    opened = tags[place]
    if opened.opens is None or last_of.get(opened.opens, -1) < place:
        return None
    depth = 1
    for number in range(place + 1, last_of[opened.opens] + 1):
        tag = tags[number]
        depth += 0 if tag.is_word else (tag.closes == opened.closes) - (tag.closes == opened.opens)
        if depth == 0:
            return number
    return last_of[opened.opens]


def _is_blank(text: str, start: int, end: int) -> bool:
    found = _BLANKS.match(text, start)
    return found is not None and found.end() >= end


def _is_alone(text: str, tag: Tag) -> bool:
    """Whether a tag is at the beginning or at the end of a line."""
    start = tag.start
    while start and text[start - 1] in _INDENTS:
        start -= 1
    is_first = start == 0 or text[start - 1] == "\n"
    return is_first or _LINE_END.match(text, tag.end) is not None


def _unwrap(response: str) -> str:
    """Remove the tags around a whole response."""
    bare = response.strip()
    for begin, end in _WRAPPERS.items():
        if bare[: len(begin)].lower() == begin:
            inner = bare[len(begin) :]
            has_end = inner[-len(end) :].lower() == end
            return (inner[: -len(end)] if has_end else inner).strip()
    return bare
