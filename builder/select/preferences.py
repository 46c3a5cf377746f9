"""Which of several paths are preferred: one function for each value of `select.choose`.

Each gives every path a rank, the lowest first; ties are broken by sample id, which is a hash. No rank depends on the
order of the paths, nor on how often one text is among them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...schemas.ids import rank
from ...schemas.recipe import Choose
from ..text.similarity import MAX_CHARACTERS, measure_edit_distances
from .paths import ParsedPath

Ranking = Callable[[Sequence[ParsedPath], int], Sequence[Any]]
"""Ranks paths of a problem, for the seed of the recipe; what it returns can be compared."""


def sort_paths(paths: Sequence[ParsedPath], choose: Choose, seed: int) -> list[ParsedPath]:
    """Sort the paths of a problem by preference: of duplicates the first is kept.

    References come first, then unhinted paths, then those of a lower rank, then those of a lower sample id.
    """
    ranks = RANKINGS[choose](paths, seed)
    keyed = sorted(
        ((not item.is_reference, item.path.hinted, rank, item.path.sample_id), place)
        for place, (item, rank) in enumerate(zip(paths, ranks, strict=True))
    )
    return [paths[place] for _, place in keyed]


def _rank_alike(paths: Sequence[ParsedPath], _seed: int) -> Sequence[Any]:
    return [0] * len(paths)


def _rank_short(paths: Sequence[ParsedPath], _seed: int) -> Sequence[Any]:
    return [len(item.path.text) for item in paths]


def _rank_long(paths: Sequence[ParsedPath], _seed: int) -> Sequence[Any]:
    return [-len(item.path.text) for item in paths]


def _rank_likely(paths: Sequence[ParsedPath], _seed: int) -> Sequence[Any]:
    """Rank by mean log probability; unknown is not zero, and comes last."""
    return [(item.path.logprob is None, -(item.path.logprob or 0.0)) for item in paths]


def _rank_at_random(paths: Sequence[ParsedPath], seed: int) -> Sequence[Any]:
    return [rank(f"select:{seed}", item.path.sample_id) for item in paths]


def _rank_far(paths: Sequence[ParsedPath], _seed: int) -> Sequence[Any]:
    """Rank by the edit distances to all other texts (RFT: Yuan et al. 2023, section 3.3 and algorithm 1).

    RFT compares each text with those kept so far, so that what it keeps depends on the order; here with all of the
    problem, each once.
    """
    texts = sorted({item.text.plain[:MAX_CHARACTERS] for item in paths})
    sums = dict(zip(texts, measure_edit_distances(texts, texts).sum(axis=1).tolist(), strict=True))
    return [-sums[item.text.plain[:MAX_CHARACTERS]] for item in paths]


RANKINGS: Mapping[Choose, Ranking] = {
    Choose.DIVERSE: _rank_alike,
    Choose.LEVENSHTEIN: _rank_far,
    Choose.SHORTEST: _rank_short,
    Choose.LONGEST: _rank_long,
    Choose.MOST_LIKELY: _rank_likely,
    Choose.RANDOM: _rank_at_random,
}
"""The ranking of each value."""
