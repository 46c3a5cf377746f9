"""What a build will take from here on: ranges from what some of its problems took, else a guess that says it is one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..costs import PICO, Cost, Delivery, Price, compute_most
from ..costs.quote import FEWEST, Range, compare_ratio, predict_sum
from ..teacher import CallEstimate, ProblemUse

SHORTEST_ANSWER, USUAL_ANSWER, LONGEST_ANSWER = 50, 300, 4_000
"""Tokens of an answer, where nothing was measured and the recipe sets no bound."""
BYTES_PER_TOKEN = 4
"""Of English prompts, about."""


class QuoteBasis(StrEnum):
    """What a quote rests on."""

    PILOT = "pilot"
    """Problems that were asked for it."""
    LEDGER = "ledger"
    """Problems whose answers are all in the ledger."""
    GUESS = "guess"
    """Nothing that was measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What a build will take from here on. Ranges that were measured hold the truth in 95 of 100 builds."""

    basis: QuoteBasis
    """What it rests on."""
    looked: int = 0
    """Problems that it rests on."""
    remaining: int = 0
    """Problems that have not all their answers yet."""
    requests: Range | None = None
    """Requests; null where nothing was measured."""
    tokens: Range | None = None
    """Tokens of requests and answers."""
    usd: dict[Delivery, Range | None] = field(default_factory=dict)
    """US dollars, by delivery; null where the price is unknown."""
    spent: Cost = field(default_factory=Cost)
    """What the pilot cost."""
    paths: float | None = None
    """Distinct right paths of a problem, on average; null where nothing was measured."""
    usd_for_path: Range | None = None
    """US dollars for a distinct right path, answered live; null where that is not known."""


def make_quote(basis: QuoteBasis, uses: Sequence[ProblemUse], problems: int, spent: Cost) -> Quote | None:
    """Make a quote of what some problems took; None where too few have all their answers.

    Args:
        basis: where that is known from.
        uses: what each problem took that was drawn.
        problems: how many there are in all.
        spent: what was paid for it now.
    """
    whole = [use for use in uses if use.is_complete]
    if len(whole) < FEWEST:
        return None
    is_pilot = basis is QuoteBasis.PILOT
    remaining = problems - (len(whole) if is_pilot else round(problems * len(whole) / len(uses)))
    usd = {way: _predict_cost([use.costs[way] for use in whole], remaining) for way in Delivery}
    paths = [use.paths.distinct for use in whole]
    live = [use.costs[Delivery.LIVE].usd for use in whole]
    known = [cost for cost in live if cost is not None]
    return Quote(
        basis=basis,
        looked=len(whole),
        remaining=remaining,
        requests=predict_sum([use.requests for use in whole], remaining),
        tokens=predict_sum([use.tokens for use in whole], remaining),
        usd=usd,
        spent=spent,
        paths=sum(paths) / len(paths),
        usd_for_path=compare_ratio(known, paths) if len(known) == len(whole) else None,
    )


def _predict_cost(costs: Sequence[Cost], remaining: int) -> Range | None:
    """Predict what the other problems cost; None where a price is unknown."""
    known = [cost.usd for cost in costs if cost.usd is not None]
    return predict_sum(known, remaining) if len(known) == len(costs) else None


def guess_quote(estimate: CallEstimate, prices: Sequence[dict[Delivery, Price | None]]) -> Quote:
    """Guess what a build will take, where nothing was measured: from few short answers to as many long ones as may be.

    Args:
        estimate: the calls of a build.
        prices: the prices of each of its teachers.
    """
    usd = {way: _guess_cost(estimate, [each[way] for each in prices]) for way in Delivery}
    return Quote(basis=QuoteBasis.GUESS, remaining=estimate.problems, usd=usd)


def _guess_cost(estimate: CallEstimate, prices: Sequence[Price | None]) -> Range | None:
    low = expected = high = 0
    for volume, price in zip(estimate.volumes, prices, strict=True):
        if price is None:
            return None
        prompt = volume.prompt_bytes // BYTES_PER_TOKEN
        longest = volume.longest or LONGEST_ANSWER
        low += volume.new * compute_most(price, prompt, min(SHORTEST_ANSWER, longest))
        usual = (volume.new + volume.most) // 2
        expected += usual * compute_most(price, prompt, min(USUAL_ANSWER, longest))
        high += volume.most * compute_most(price, volume.prompt_bytes, longest)
    return Range(low=low / PICO, expected=expected / PICO, high=high / PICO)
