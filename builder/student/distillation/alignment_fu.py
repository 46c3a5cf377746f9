"""The alignment of Fu et al. 2023, by edit distance and dynamic time warping, to compare the other one with."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from cotloom.builder.student.distillation.targets import Target, chances_of, shares_of
from cotloom.builder.text.similarity import edit_distances
from cotloom.schemas.sample import TokenLogprob
from numpy.typing import NDArray

SPACES = (" ", "▁", "Ġ")
"""How vocabularies write the space before a word: as it is, as SentencePiece does, and as byte-level BPE does."""


def align_fu(
    teacher: Sequence[TokenLogprob], student_tokens: Sequence[str], ids: Sequence[int], vocabulary: Mapping[str, int]
) -> list[Target | None]:
    """Align by dynamic time warping over edit distances, as Fu et al. 2023 do (`dev_align_codex_to_flan_t5_dtw`).

    A position gets a soft target where exactly one token of the teacher is aligned with it and has the same text.
    Alternatives that the vocabulary has verbatim keep their raw probabilities, all others are lost: nothing is put
    back to 1, and `rest` is 0. Time and memory grow with the product of both lengths.

    Args:
        teacher: tokens with their alternatives, in order.
        student_tokens: the student's tokens as its vocabulary writes them.
        ids: the same tokens by number.
        vocabulary: numbers of all tokens as the vocabulary writes them.

    Returns:
        A target for each position; null where the student learns the token alone.
    """
    aligned: list[list[TokenLogprob]] = [[] for _ in student_tokens]
    if teacher and student_tokens:
        texts = [token.token for token in teacher]
        distances = edit_distances([*map(_bare, texts)], [*map(_bare, student_tokens)])
        for row, column in _warp(distances):
            aligned[column].append(teacher[row])
    return [
        _verbatim(tokens[0], own, vocabulary) if len(tokens) == 1 and text in _written(tokens[0].token) else None
        for text, own, tokens in zip(student_tokens, ids, aligned, strict=True)
    ]


def _bare(token: str) -> str:
    return token.translate(dict.fromkeys(map(ord, SPACES)))


def _written(piece: str) -> list[str]:
    return [piece.replace(" ", mark) for mark in SPACES]


def _verbatim(token: TokenLogprob, own: int, vocabulary: Mapping[str, int]) -> Target:
    def find(piece: str) -> int | None:
        found = (vocabulary[text] for text in _written(piece) if text in vocabulary)
        return own if piece == token.token else next(found, None)

    shares = shares_of(chances_of(token), find)
    return Target(ids=tuple(shares), probs=tuple(shares.values()), rest=0.0)


def _warp(distances: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """The cheapest way through a matrix, from its end; of equal ways the diagonal, then the one along the rows."""
    totals = _totals(distances)
    at = (distances.shape[0] - 1, distances.shape[1] - 1)
    while at != (0, 0):
        yield at
        row, column = at
        moves = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        at = min((move for move in moves if min(move) >= 0), key=lambda move: int(totals[move]))
    yield at


def _totals(distances: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the cheapest way to each cell costs.

    A cell's cost along its row depends on the cell before; as a running minimum over sums, a row is one step.
    """
    totals = np.cumsum(distances, axis=1)
    for row in range(1, len(totals)):
        entered = totals[row - 1].copy()
        entered[1:] = np.minimum(entered[1:], totals[row - 1, :-1])
        along = totals[row].copy()
        totals[row] = along + np.minimum.accumulate(entered - along + distances[row])
    return totals
