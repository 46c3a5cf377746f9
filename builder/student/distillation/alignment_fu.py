"""The alignment of Fu et al. 2023, by edit distance and dynamic time warping, as a baseline for our own."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ....schemas.sample import TokenLogprob
from ...text.similarity import measure_edit_distances
from .targets import SoftTarget, compute_probabilities, map_probabilities

SPACE_MARKS = (" ", "▁", "Ġ")
"""How vocabularies write the space before a word: as a space, as SentencePiece does, and as byte-level BPE does."""


def align_fu(
    teacher: Sequence[TokenLogprob], student_tokens: Sequence[str], ids: Sequence[int], vocabulary: Mapping[str, int]
) -> list[SoftTarget | None]:
    """Align by dynamic time warping over edit distances, as Fu et al. 2023 do (`dev_align_codex_to_flan_t5_dtw`).

    A position gets a soft target where exactly one token of the teacher is aligned with it and has the same text.
    Alternatives that the vocabulary has verbatim keep their raw probabilities, all others are dropped without
    renormalization, and `rest` is 0. Time and memory grow with the product of both lengths.

    Args:
        teacher: the teacher's tokens with their alternatives, in order.
        student_tokens: the student's tokens as its vocabulary writes them.
        ids: the ids of these tokens.
        vocabulary: ids of all tokens as the vocabulary writes them.

    Returns:
        A soft target for each position; null where the student is trained on the token alone.
    """
    aligned: list[list[TokenLogprob]] = [[] for _ in student_tokens]
    if teacher and student_tokens:
        texts = [token.token for token in teacher]
        distances = measure_edit_distances(
            [*map(_strip_space_marks, texts)], [*map(_strip_space_marks, student_tokens)]
        )
        for row, column in _trace_path(distances):
            aligned[column].append(teacher[row])
    return [
        _make_target(tokens[0], own, vocabulary)
        if len(tokens) == 1 and text in _list_spellings(tokens[0].token)
        else None
        for text, own, tokens in zip(student_tokens, ids, aligned, strict=True)
    ]


def _strip_space_marks(token: str) -> str:
    return token.translate(dict.fromkeys(map(ord, SPACE_MARKS)))


def _list_spellings(text: str) -> list[str]:
    return [text.replace(" ", mark) for mark in SPACE_MARKS]


def _make_target(token: TokenLogprob, own: int, vocabulary: Mapping[str, int]) -> SoftTarget:
    def find_token(text: str) -> int | None:
        ids = (vocabulary[spelling] for spelling in _list_spellings(text) if spelling in vocabulary)
        return own if text == token.token else next(ids, None)

    probabilities = map_probabilities(compute_probabilities(token), find_token)
    return SoftTarget(ids=tuple(probabilities), probs=tuple(probabilities.values()), rest=0.0)


def _trace_path(distances: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Trace the cheapest path through a matrix from its end; ties go to the diagonal, then to the step along rows."""
    costs = _accumulate_costs(distances)
    cell = (distances.shape[0] - 1, distances.shape[1] - 1)
    while cell != (0, 0):
        yield cell
        row, column = cell
        steps = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        cell = min((step for step in steps if min(step) >= 0), key=lambda step: int(costs[step]))
    yield cell


def _accumulate_costs(distances: NDArray[np.int64]) -> NDArray[np.int64]:
    """Accumulate the cost of the cheapest path to each cell.

    A cell's cost along its row depends on the cell before; as a running minimum over sums, a row is computed at once.
    """
    costs = np.cumsum(distances, axis=1)
    for row in range(1, len(costs)):
        entry = costs[row - 1].copy()
        entry[1:] = np.minimum(entry[1:], costs[row - 1, :-1])
        along = costs[row].copy()
        costs[row] = along + np.minimum.accumulate(entry - along + distances[row])
    return costs
