"""Soft targets: the teacher's distribution at one position, in the student's tokens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from cotloom.schemas.sample import TokenLogprob


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What the student is to hold likely at one position."""

    ids: tuple[int, ...]
    """Tokens of the student, each once; first the one that the row says."""
    probs: tuple[float, ...]
    """Their probabilities. With `rest` they add up to 1; those of `align_fu` add up to less."""
    rest: float
    """The probability of all other tokens together; 0 in those of `align_fu`."""


def chances_of(token: TokenLogprob) -> dict[str, float]:
    """The teacher's probabilities by the token's text, the sampled one first; a text that comes twice counts once."""
    listed = {other.token: exp(other.logprob) for other in reversed(token.top) if other.token}
    return {token.token: exp(token.logprob)} | {piece: listed[piece] for piece in listed if piece != token.token}


def shares_of(chances: Mapping[str, float], find: Callable[[str], int | None]) -> dict[int, float]:
    """Probabilities by the student's token; what has none is left out, what shares one is added up.

    Args:
        chances: probabilities by text.
        find: the student's token for a text.
    """
    shares: dict[int, float] = {}
    for piece, chance in chances.items():
        found = find(piece)
        if found is not None:
            shares[found] = shares.get(found, 0.0) + chance
    return shares


def soft_share(targets: Sequence[Target | None]) -> float | None:
    """The share of positions with a soft target; null where there are no positions."""
    return sum(target is not None for target in targets) / len(targets) if targets else None
