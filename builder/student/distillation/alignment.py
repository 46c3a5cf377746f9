"""Alignment: what the teacher held likely, in the tokens of a student that cuts text elsewhere.

Both sides are matched by the characters that their tokens cover: exact, and linear. Every row begins with `text_map`,
for what the student says is not quite the teacher's text; `spelling` says which characters and ids belong together.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import fsum, inf
from typing import NamedTuple

from cotloom.builder.student.distillation.targets import Target, chances_of, shares_of
from cotloom.schemas.sample import TokenLogprob

SLACK = 0.01
"""How far the probabilities of one position may add up to more than 1, by rounding."""

Span = tuple[int, int]
"""First character, and one past the last."""

_MARKS = re.compile(r"<<[^<>]*>>")  # linear: a mark holds no angle bracket, so no start looks beyond the next one


class Block(NamedTuple):
    """A run of characters that a target has from the teacher."""

    teacher_start: int
    """Where it begins in the teacher's text."""
    target_start: int
    """Where it begins in the target."""
    length: int
    """How many characters it has."""


# Which characters come from the teacher


def text_map(teacher_text: str, target_text: str) -> list[Block]:
    """Find the characters of a target that come from the teacher's text. Linear in both.

    The walk skips white space at the start of either text, and calculator marks that the target leaves out. It ends
    where the texts part in any other way: behind that, the teacher was conditioned on words that the student never
    sees. So it finds all of a target that formats made (without marks, stripped, its tail cut, a sentence put behind
    it), and the beginning of any other one.

    Args:
        teacher_text: what the teacher's tokens spell.
        target_text: what the student learns to say.

    Returns:
        Blocks in order. Their characters are the same in both texts, and none comes twice.
    """
    blocks: list[Block] = []
    cursor = _visible(target_text, 0, len(target_text))
    for start, end, is_mark in _cuts(teacher_text):
        begin = start if blocks else _visible(teacher_text, start, end)
        length = _common(teacher_text[begin:end], target_text[cursor : cursor + end - begin])
        if begin + length < end and is_mark:
            continue
        if length:
            _append(blocks, Block(begin, cursor, length))
            cursor += length
        if begin + length < end:
            break
    return [_with_space_before(blocks[0], teacher_text, target_text), *blocks[1:]] if blocks else []


def _cuts(text: str) -> Iterator[tuple[int, int, bool]]:
    """A text in pieces: start, end, and whether it is a calculator mark."""
    cursor = 0
    for mark in _MARKS.finditer(text):
        yield cursor, mark.start(), False
        yield mark.start(), mark.end(), True
        cursor = mark.end()
    yield cursor, len(text), False


def _visible(text: str, start: int, end: int) -> int:
    """Where the white space that a piece begins with ends."""
    return end - len(text[start:end].lstrip())


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    if one == other:
        return len(one)
    apart = (place for place, (mine, yours) in enumerate(zip(one, other, strict=False)) if mine != yours)
    return next(apart, min(len(one), len(other)))


def _append(blocks: list[Block], block: Block) -> None:
    """Add a block, or lengthen the last one where nothing lies between in either text."""
    last = blocks[-1] if blocks else None
    if last and (last.teacher_start + last.length, last.target_start + last.length) == block[:2]:
        blocks[-1] = last._replace(length=last.length + block.length)
    else:
        blocks.append(block)


def _with_space_before(block: Block, teacher_text: str, target_text: str) -> Block:
    teacher, target, length = block
    while teacher and target and teacher_text[teacher - 1] == target_text[target - 1]:
        teacher, target, length = teacher - 1, target - 1, length + 1
    return Block(teacher, target, length)


# From characters to distributions


def align(
    teacher: Sequence[TokenLogprob],
    spans: Sequence[Span],
    ids: Sequence[int],
    blocks: Sequence[Block],
    lookup: Mapping[str, int],
) -> list[Target | None]:
    """Give the student's positions what the teacher held likely, wherever both cut the text alike. Linear.

    A position gets a soft target where one token of the teacher covers exactly its characters, and no other token of
    either side has a part in them. A space that no token of the student covers belongs to the token behind it, if that
    one spells it. The teacher's alternatives are spelled in the student's tokens; what no single token of the student
    spells is part of the rest, and so is what the teacher did not list.

    Args:
        teacher: tokens with their alternatives, in order.
        spans: characters of the student's tokens in the target, in order; of no width where a token has none.
        ids: the student's tokens.
        blocks: which characters come from the teacher, from `text_map` on what the teacher's tokens spell.
        lookup: the student's token for a piece of text, from `lookup_of`.

    Returns:
        A target for each position; null where the student learns the token alone. That is also so where the teacher's
        probabilities are none, because they add up to more than 1.
    """
    text = "".join(token.token for token in teacher)
    starts = _whole_tokens(teacher)
    runs = zip(_runs(spans, blocks), ids, strict=True)
    return [run and _target(starts.get(_spaced(run, own, text, lookup)), own, lookup) for run, own in runs]


def _whole_tokens(teacher: Sequence[TokenLogprob]) -> dict[Span, TokenLogprob]:
    """The teacher's tokens by the characters they cover.

    A token without text began a character that the next one ends: that one's distribution is not over characters.
    """
    ends = list(accumulate(len(token.token) for token in teacher))
    whole = [True, *(bool(token.token) for token in teacher)]
    return {
        (end - len(token.token), end): token
        for token, end, before in zip(teacher, ends, whole, strict=False)
        if token.token and before
    }


class _Run(NamedTuple):
    start: int
    """First character in the teacher's text."""
    end: int
    """One past the last."""
    free: int
    """How many characters before it are no token's."""


def _runs(spans: Sequence[Span], blocks: Sequence[Block]) -> Iterator[_Run | None]:
    """Where the characters of each token stand in the teacher's text.

    Null where they are not within one block, and where another token has a part in them, as the bytes of a character.
    """
    before = accumulate((end for _, end in spans), max, initial=0)
    firsts = [start if start < end else inf for start, end in spans]
    behind = list(accumulate(reversed(firsts), min, initial=inf))[-2::-1]
    at = 0
    for (start, end), last, first in zip(spans, before, behind, strict=False):
        while at < len(blocks) and blocks[at].target_start + blocks[at].length <= start:
            at += 1
        teacher, target, length = blocks[at] if at < len(blocks) else Block(0, 0, 0)
        is_alone = last <= start < end <= first
        moved = teacher - target
        is_inside = target <= start and end <= target + length
        yield _Run(start + moved, end + moved, start - max(last, target)) if is_alone and is_inside else None


def _spaced(run: _Run, own: int, text: str, lookup: Mapping[str, int]) -> Span:
    """The characters of a token, with the space before it that its tokenizer left out though the token spells it."""
    start, end, free = run
    has_space = free and text[start - 1] == " " and lookup.get(text[start - 1 : end]) == own
    return (start - 1, end) if has_space else (start, end)


def _target(token: TokenLogprob | None, own: int, lookup: Mapping[str, int]) -> Target | None:
    if token is None:
        return None
    chances = chances_of(token)
    total = fsum(chances.values())
    if total > 1 + SLACK:
        return None
    # where the student's token has a space that the text lacks, as at the start, so have its rivals
    lead = " " if lookup.get(token.token) != own and lookup.get(f" {token.token}") == own else ""
    shares = shares_of(chances, lambda piece: own if piece == token.token else lookup.get(lead + piece))
    probs = tuple(share / max(total, 1.0) for share in shares.values())
    return Target(ids=tuple(shares), probs=probs, rest=max(0.0, 1 - fsum(probs)))
