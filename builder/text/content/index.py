"""How much of an indexed text another text contains, whatever its numbers, names, order and layout.

A text is a set of features: its stems (the second `cat` is another feature than the first), and its pairs of stems at
most two apart, so that the order within a phrase counts and that of sentences does not. Masks are left out. A feature
weighs its surprise: minus the logarithm of the share of indexed texts that have it (idf, Spärck Jones 1972), smoothed
by texts that have none but common words, so that few indexed texts, or one alone, have sensible weights. Weights are
whole numbers of millinats: sums do not depend on their order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stems import COMMON, MASKS, list_stems

_UNIT = 1_000
"""Weights are counted in millinats."""

_PRIOR = 300
"""So many texts smooth the weights."""

_COMMON_SHARE, _COMMON_PAIR_SHARE = 0.3, 0.1
"""Of these, the share that has each common word, and each pair of common words."""

_SURPLUS = 0.2
"""What a text has besides an indexed one counts so much against it: a question within a longer text is found."""

_DOUBT = 250 * _UNIT
"""What counts against two texts that have nothing else in common (by the Dice coefficient of their weights), the less
the more they have: short questions about everyday things share most of their words by chance."""

_FLOOR = 40 * _UNIT
"""What an indexed text weighs less than this says too little to be told by it: `What is # + #?` never overlaps."""

_SLACK = 1e-9
"""Tolerance of float comparisons: a similarity equal to the threshold counts."""

LEAST_NATS = 25.0
"""The least weight, in nats, of a run of masked words that says something: others are in any text."""

Weights = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ContentIndex:
    """An index of texts for `find_most_contained` and `find_rare_run`. A text is identified by its position."""

    features: Mapping[str, int]
    """The number of each feature."""
    weights: Weights
    """The weight of each feature."""
    holders: Sequence[NDArray[np.int32]]
    """The texts that have each feature."""
    owned: Sequence[frozenset[int]]
    """The features of each text."""
    totals: Weights
    """The weight of each text."""
    ngram: int
    """The number of words of a run; 0 where runs are not indexed."""
    runs: Mapping[str, int]
    """The first text that has each run of masked words that weighs enough."""


def index_content(texts: Sequence[str], ngram: int = 0) -> ContentIndex:
    """Index texts by their content.

    Args:
        texts: the texts; of several equal matches, a search returns the first.
        ngram: the number of words of the runs to index; 0 for no runs.
    """
    words = [list_stems(text) for text in texts]
    listed = [set(_list_features(each)) for each in words]
    names = sorted(set(chain.from_iterable(listed)))
    features = {name: number for number, name in enumerate(names)}
    owned = [frozenset(features[name] for name in each) for each in listed]
    holders: list[list[int]] = [[] for _ in names]
    for position, numbers in enumerate(owned):
        for number in numbers:
            holders[number].append(position)
    weights = np.array(
        [_weigh_feature(name, len(holders[place]), len(texts)) for place, name in enumerate(names)], np.int64
    )
    totals = np.array([weights[list(numbers)].sum() for numbers in owned], np.int64)
    arrays = [np.array(positions, np.int32) for positions in holders]
    return ContentIndex(features, weights, arrays, owned, totals, ngram, _index_runs(features, weights, words, ngram))


def _list_features(words: Sequence[str]) -> Iterator[str]:
    """List the features of a text; some pairs more than once."""
    seen: Counter[str] = Counter()
    before, first = "", ""
    for word in words:
        if word in MASKS:
            continue
        count = seen[word]
        seen[word] += 1
        yield f"{word} {count}" if count else word
        if before:
            yield f"{before}\t{word}"
            if first:
                yield f"{first}\t{word}"
        first, before = before, word


def _weigh_feature(name: str, holders: int, texts: int) -> int:
    """Weigh a feature by the share of the indexed texts that have it, smoothed."""
    left, _, right = name.partition("\t")
    share = 0.0
    if left.partition(" ")[0] in COMMON:
        share = _COMMON_SHARE if not right else _COMMON_PAIR_SHARE if right in COMMON else 0.0
    return max(0, round(_UNIT * log((texts + _PRIOR) / (holders + share * _PRIOR + 0.5))))


def find_most_contained(index: ContentIndex, words: Sequence[str], least: float = 0.0) -> tuple[int, float] | None:
    """Find the indexed text that a text contains most of.

    The similarity is the weight of the features in common, divided by that of the indexed text, of what else the text
    has (a fifth of it), and of the doubt that remains; from 0 to nearly 1, not symmetric. Every text that can reach
    `least` is compared: those without any of the heaviest features can't.

    Args:
        index: the texts.
        words: the result of `list_stems`.
        least: texts below this similarity are left out; the search is faster the higher it is.

    Returns:
        The position of the first most similar text and its similarity; None where all are below `least` or have no
        feature in common.
    """
    names = set(_list_features(words))
    known = sorted(number for name in names if (number := index.features.get(name)) is not None)
    if not known:
        return None
    numbers = np.array(known, np.int64)
    numbers = numbers[np.argsort(-index.weights[numbers], kind="stable")]
    weights = index.weights[numbers]
    behind = np.append(np.cumsum(weights[::-1])[::-1], 0)  # what a feature and all lighter ones weigh
    unknown = sum(_weigh_feature(name, 0, len(index.totals)) for name in names if name not in index.features)
    total = int(behind[0]) + unknown
    reached = _compare_weights(behind, behind, total)  # at most: no text weighs less than what it shares
    searched = int(np.count_nonzero((reached >= least - _SLACK) & (behind > 0)))
    if not searched:
        return None
    holders = [index.holders[number] for number in numbers[:searched].tolist()]
    repeated = np.repeat(weights[:searched], [len(each) for each in holders])
    shares = np.bincount(np.concatenate(holders), repeated, len(index.totals))
    (candidates,) = np.nonzero(shares)
    most = np.minimum(shares[candidates] + behind[searched], index.totals[candidates])
    bounds = _compare_weights(most, index.totals[candidates], total)
    return _choose_most_contained(index, frozenset(known), candidates, bounds, total, least)


def _compare_weights(shared: Any, indexed: Any, total: int) -> Any:
    """Compute the similarity from what two texts share, what the indexed one weighs, and what the other does."""
    apart = 1 - 2 * shared / np.maximum(indexed + total, 1)
    return shared / (indexed + _SURPLUS * (total - shared) + _DOUBT * apart + _FLOOR)


def _choose_most_contained(
    index: ContentIndex,
    mine: frozenset[int],
    candidates: NDArray[np.int64],
    bounds: NDArray[np.float64],
    total: int,
    least: float,
) -> tuple[int, float] | None:
    """Choose the most similar of the candidates, compared in the order of what they can reach at most."""
    best: tuple[float, int] | None = None
    promising = np.flatnonzero(bounds >= least - _SLACK)
    for place in promising[np.argsort(-bounds[promising], kind="stable")].tolist():
        position = int(candidates[place])
        if best is not None and bounds[place] < best[0]:
            break
        shared = int(index.weights[list(mine & index.owned[position])].sum())
        similarity = float(_compare_weights(shared, int(index.totals[position]), total))
        if similarity >= least - _SLACK and (best is None or (similarity, -position) > best):
            best = (similarity, -position)
    return None if best is None else (-best[1], best[0])


def find_rare_run(index: ContentIndex, words: Sequence[str]) -> tuple[int, str, float] | None:
    """Find a run of masked words that also occurs in an indexed text, and that weighs `LEAST_NATS` at least.

    Args:
        index: the texts, with runs.
        words: the result of `list_stems`.

    Returns:
        The position of the first text with the first such run, the run, and its weight in nats; None where there is
        none.
    """
    for run in _list_runs(words, index.ngram):
        position = index.runs.get(run)
        if position is not None:
            return position, run, _weigh_run(index.features, index.weights, run) / _UNIT
    return None


def _list_runs(words: Sequence[str], ngram: int) -> Iterator[str]:
    return map(" ".join, zip(*(words[start:] for start in range(ngram)), strict=False)) if ngram else iter(())


def _index_runs(
    features: Mapping[str, int], weights: Weights, words: Sequence[Sequence[str]], ngram: int
) -> dict[str, int]:
    """Index the runs that weigh enough, each with the first text that has it."""
    runs: dict[str, int] = {}
    for position, each in enumerate(words):
        for run in _list_runs(each, ngram):
            if run not in runs and _weigh_run(features, weights, run) >= LEAST_NATS * _UNIT:
                runs[run] = position
    return runs


def _weigh_run(features: Mapping[str, int], weights: Weights, run: str) -> int:
    """Weigh the distinct stems of a run, in millinats."""
    return sum(int(weights[features[word]]) for word in set(run.split(" ")) - MASKS)
