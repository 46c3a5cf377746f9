"""Soft targets: the teacher's distribution at one position, over the student's tokens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from ....schemas.sample import TokenLogprob


@dataclass(frozen=True, kw_only=True, slots=True)
class SoftTarget:
    """The target distribution of the student at one position."""

    ids: tuple[int, ...]
    """Distinct token ids of the student; first the one in the row."""
    probs: tuple[float, ...]
    """Their probabilities. With `rest` they sum to 1; those of `align_fu` sum to less."""
    rest: float
    """The probability of all other tokens together; 0 in those of `align_fu`."""


SoftTargetFunction = Callable[[Mapping[str, Any], Sequence[tuple[int, int]], Sequence[int]], list[SoftTarget | None]]
"""Gives the soft targets of a row's last answer, from the character spans and ids of the student's tokens in it."""


def compute_probabilities(token: TokenLogprob) -> dict[str, float]:
    """Compute the teacher's probabilities by token text, the sampled one first; of duplicate texts one is kept."""
    listed = {alternative.token: exp(alternative.logprob) for alternative in reversed(token.top) if alternative.token}
    return {token.token: exp(token.logprob)} | {text: listed[text] for text in listed if text != token.token}


def map_probabilities(probabilities: Mapping[str, float], find_token: Callable[[str], int | None]) -> dict[int, float]:
    """Map probabilities by text to the student's token ids: those of one id are added up, those without an id left out.

    Args:
        probabilities: probabilities by text.
        find_token: gives the student's token id for a text, or null.
    """
    mapped: dict[int, float] = {}
    for text, probability in probabilities.items():
        token = find_token(text)
        if token is not None:
            mapped[token] = mapped.get(token, 0.0) + probability
    return mapped


def measure_soft_share(targets: Sequence[SoftTarget | None]) -> float | None:
    """The share of positions with a soft target; null where there are no positions."""
    return sum(target is not None for target in targets) / len(targets) if targets else None
