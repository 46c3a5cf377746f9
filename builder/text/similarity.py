"""Measure how similar texts are in their wording, and find near duplicates among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist, extract

from .meaning import has_same_meaning, list_content, list_marks
from .normalizing import normalize

MAX_CHARACTERS = 10_000
"""Of a longer text, so many characters are compared: the first ones. The time of comparing two texts grows with the
product of their lengths."""

_ROUNDING = 1e-9
"""100 * 0.07 is more than 7."""


@dataclass(frozen=True, slots=True)
class NormalText:
    """A text as it is compared with others."""

    plain: str
    """The normalized text."""
    marks: str
    """Its numbers, signs and negations, from `list_marks`: near duplicates share them."""
    content: str
    """Its words without those whose place changes little, from `list_content`: where they are the same too, so is the
    meaning."""


def read_text(text: str) -> NormalText:
    """Normalize a text, and list what its near duplicates must share."""
    plain = normalize(text)
    return NormalText(plain, list_marks(plain), list_content(plain))


def find_near_duplicates(
    texts: Sequence[NormalText],
    least: float,
    labels: Sequence[str | None] | None = None,
) -> dict[int, tuple[int, float]]:
    """Find the texts that are near duplicates of an earlier one that is none itself.

    Two texts are near duplicates where their marks are the same, at least so many of their characters too, in order
    (rapidfuzz's ratio: one less the share of characters to insert and delete), and `has_same_meaning` says so. Of
    several earlier texts the nearest is taken.

    Args:
        texts: the texts; each is compared with those before it.
        least: the similarity from which on two are near, from 0 to 1.
        labels: texts with different ones are no duplicates, nor are those that repeat one text; None is unknown.

    Returns:
        By place, the place of the text that it repeats, and their similarity.
    """
    known: list[str | None] = [None] * len(texts) if labels is None else list(labels)
    cutoff = max(0.0, 100 * least - _ROUNDING)
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(text.marks, []).append(place)
    found: dict[int, tuple[int, float]] = {}
    for places in groups.values():
        if len(places) > 1:
            found.update(_find_repeats(texts, places, known, cutoff))
    return found


def _find_repeats(
    texts: Sequence[NormalText], places: Sequence[int], known: list[str | None], cutoff: float
) -> Iterator[tuple[int, tuple[int, float]]]:
    """Yield the near duplicates among texts with the same marks; a leader without a label takes that of its repeat."""
    first = texts[places[0]]
    leaders, heads = [places[0]], [first.plain[:MAX_CHARACTERS]]
    same = {(first.content, places[0]): True}
    for place in places[1:]:
        text, label = texts[place], known[place]
        head, content = text.plain[:MAX_CHARACTERS], text.content
        for score, number in _rank_near(head, heads, cutoff):
            leader = leaders[number]
            if label is not None and known[leader] not in {None, label}:
                continue
            is_same = same.get((content, leader))
            if is_same is None:
                is_same = same[content, leader] = has_same_meaning(content, texts[leader].content)
            if is_same:
                known[leader] = known[leader] or label
                yield place, (leader, score / 100)
                break
        else:
            leaders.append(place)
            heads.append(head)
            same[content, place] = True


def _rank_near(head: str, heads: Sequence[str], cutoff: float) -> Sequence[tuple[float, int]]:
    """List the texts whose ratio to a text is at least so many per cent, the nearest first; with their places."""
    if len(heads) == 1:
        score = ratio(head, heads[0], score_cutoff=cutoff)
        return ((score, 0),) if score >= cutoff else ()
    near = extract(head, heads, scorer=ratio, limit=None, score_cutoff=cutoff)
    return [(score, number) for _, score, number in near]


def measure_similarities(
    texts: Sequence[str], others: Sequence[str] | None = None, least: float = 0.0
) -> NDArray[np.float64]:
    """Measure the similarity of every pair of texts.

    Args:
        texts: the texts.
        others: what they are compared with; None for themselves.
        least: a similarity below this is returned as 0, which is faster.

    Returns:
        Shape (texts, others), from 0 to 1.
    """
    cutoff = max(0.0, 100 * least - _ROUNDING)
    return cdist(texts, texts if others is None else others, scorer=ratio, score_cutoff=cutoff, dtype=np.float64) / 100


def measure_edit_distances(left: Sequence[str], right: Sequence[str]) -> NDArray[np.int64]:
    """Measure the edit distance of every pair: characters to insert, delete or replace (Levenshtein 1966).

    Returns:
        Shape (left, right).
    """
    return cdist(left, right, scorer=Levenshtein.distance, dtype=np.int64)
