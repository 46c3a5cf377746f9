"""Align the teacher's top-k log probabilities with a student whose tokenizer splits the text elsewhere.

Both sides are matched exactly, by the characters that their tokens cover, in linear time. `find_matching_blocks` comes
first, since the target is not quite the teacher's text; `vocabulary.py` says which texts and token ids correspond.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import fsum, inf
from typing import NamedTuple

from ....schemas.sample import TokenLogprob
from .targets import SoftTarget, compute_probabilities, map_probabilities

TOLERANCE = 0.01
"""By how much the probabilities of one position may sum to more than 1, by rounding."""

Span = tuple[int, int]
"""First character, and one past the last."""

_MARKS = re.compile(r"<<[^<>]*>>")  # linear: a mark has no angle bracket inside, so no match looks beyond the next one


class TextBlock(NamedTuple):
    """A block of characters that is in both texts, like those of `difflib`."""

    teacher_start: int
    """Start in the teacher's text."""
    target_start: int
    """Start in the target."""
    length: int
    """Number of characters."""


# Matching characters


def find_matching_blocks(teacher_text: str, target_text: str) -> list[TextBlock]:
    """Find the characters of a target that come from the teacher's text, in linear time.

    The search skips white space at the start of either text, and calculator marks that the target lacks. It ends where
    the texts differ in any other way: after that, the teacher was conditioned on words that the student does not see.
    So it matches all of the teacher's text in targets made by formats (marks removed, stripped, truncated, a sentence
    appended), and a prefix of any other target.

    Args:
        teacher_text: the concatenated texts of the teacher's tokens.
        target_text: the text of the training target.

    Returns:
        Disjoint blocks in order, whose characters are the same in both texts.
    """
    blocks: list[TextBlock] = []
    cursor = _skip_whitespace(target_text, 0, len(target_text))
    for start, end, is_mark in _split_marks(teacher_text):
        begin = start if blocks else _skip_whitespace(teacher_text, start, end)
        length = _count_common_prefix(teacher_text[begin:end], target_text[cursor : cursor + end - begin])
        if begin + length < end and is_mark:
            continue
        if length:
            _append_block(blocks, TextBlock(begin, cursor, length))
            cursor += length
        if begin + length < end:
            break
    return [_extend_left(blocks[0], teacher_text, target_text), *blocks[1:]] if blocks else []


def _split_marks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Split a text at its calculator marks: start, end, and whether it is a mark."""
    cursor = 0
    for mark in _MARKS.finditer(text):
        yield cursor, mark.start(), False
        yield mark.start(), mark.end(), True
        cursor = mark.end()
    yield cursor, len(text), False


def _skip_whitespace(text: str, start: int, end: int) -> int:
    """Find the end of the leading white space of `text[start:end]`."""
    return end - len(text[start:end].lstrip())


def _count_common_prefix(left: str, right: str) -> int:
    """Count the characters of the common prefix of two texts."""
    if left == right:
        return len(left)
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))


def _append_block(blocks: list[TextBlock], block: TextBlock) -> None:
    """Append a block, or extend the last one where the two are adjacent in both texts."""
    last = blocks[-1] if blocks else None
    if last and (last.teacher_start + last.length, last.target_start + last.length) == block[:2]:
        blocks[-1] = last._replace(length=last.length + block.length)
    else:
        blocks.append(block)


def _extend_left(block: TextBlock, teacher_text: str, target_text: str) -> TextBlock:
    teacher, target, length = block
    while teacher and target and teacher_text[teacher - 1] == target_text[target - 1]:
        teacher, target, length = teacher - 1, target - 1, length + 1
    return TextBlock(teacher, target, length)


# Soft targets


def align_by_characters(
    teacher: Sequence[TokenLogprob],
    spans: Sequence[Span],
    ids: Sequence[int],
    blocks: Sequence[TextBlock],
    lookup: Mapping[str, int],
) -> list[SoftTarget | None]:
    """Make soft targets at the positions where both tokenizers split the text alike, in linear time.

    A position gets a soft target where one token of the teacher covers exactly its characters, and no other token of
    either side covers any of them. A space that no token of the student covers belongs to the token after it, if that
    token's text begins with it. The teacher's alternatives are mapped to the student's tokens; those that are not a
    single token of the student are part of the rest, like the tokens that the teacher did not list.

    Args:
        teacher: the teacher's tokens with their alternatives, in order.
        spans: start and end of the student's tokens in the target, in order; empty spans for tokens without text.
        ids: the student's token ids.
        blocks: the matching blocks of the teacher's text and the target, from `find_matching_blocks`.
        lookup: the student's token id for a text, from `make_token_lookup`.

    Returns:
        A soft target for each position; null where the student is trained on the token alone, which includes positions
        where the teacher's probabilities sum to more than 1.
    """
    text = "".join(token.token for token in teacher)
    tokens = _index_whole_tokens(teacher)
    mapped = zip(_map_spans(spans, blocks), ids, strict=True)
    return [
        span and _make_target(tokens.get(_include_space(span, own, text, lookup)), own, lookup) for span, own in mapped
    ]


def _index_whole_tokens(teacher: Sequence[TokenLogprob]) -> dict[Span, TokenLogprob]:
    """Index the teacher's tokens by the characters they cover.

    A token without text is the first part of a character that the next token completes: the next token's distribution
    is not over characters, so it is left out.
    """
    ends = list(accumulate(len(token.token) for token in teacher))
    is_complete = [True, *(bool(token.token) for token in teacher)]
    return {
        (end - len(token.token), end): token
        for token, end, starts_whole in zip(teacher, ends, is_complete, strict=False)
        if token.token and starts_whole
    }


class _TeacherSpan(NamedTuple):
    start: int
    """First character in the teacher's text."""
    end: int
    """One past the last."""
    free: int
    """Number of characters before it that no token covers."""


def _map_spans(spans: Sequence[Span], blocks: Sequence[TextBlock]) -> Iterator[_TeacherSpan | None]:
    """Map the span of each token to the teacher's text.

    Null where it is not within one block, or another token covers a part of it, as with the bytes of a character.
    """
    ends_before = accumulate((end for _, end in spans), max, initial=0)
    starts = [start if start < end else inf for start, end in spans]
    starts_after = list(accumulate(reversed(starts), min, initial=inf))[-2::-1]
    index = 0
    for (start, end), last_end, next_start in zip(spans, ends_before, starts_after, strict=False):
        while index < len(blocks) and blocks[index].target_start + blocks[index].length <= start:
            index += 1
        teacher, target, length = blocks[index] if index < len(blocks) else TextBlock(0, 0, 0)
        is_alone = last_end <= start < end <= next_start
        offset = teacher - target
        is_inside = target <= start and end <= target + length
        free = start - max(last_end, target)
        yield _TeacherSpan(start + offset, end + offset, free) if is_alone and is_inside else None


def _include_space(span: _TeacherSpan, own: int, text: str, lookup: Mapping[str, int]) -> Span:
    """Include the space before a token that its tokenizer left out of the span, though the token's text has it."""
    start, end, free = span
    has_space = free and text[start - 1] == " " and lookup.get(text[start - 1 : end]) == own
    return (start - 1, end) if has_space else (start, end)


def _make_target(token: TokenLogprob | None, own: int, lookup: Mapping[str, int]) -> SoftTarget | None:
    if token is None:
        return None
    probabilities = compute_probabilities(token)
    total = fsum(probabilities.values())
    if total > 1 + TOLERANCE:
        return None
    # where the student's token has a space that the text lacks, as at the start, so have its alternatives
    prefix = " " if lookup.get(token.token) != own and lookup.get(f" {token.token}") == own else ""
    mapped = map_probabilities(probabilities, lambda text: own if text == token.token else lookup.get(prefix + text))
    probs = tuple(probability / max(total, 1.0) for probability in mapped.values())
    return SoftTarget(ids=tuple(mapped), probs=probs, rest=max(0.0, 1 - fsum(probs)))
