"""Prices from the table of genai-prices, which ships with the package: no network is used.

A model is looked up at the service whose address the teacher has. A server that the table does not know, such as one of
your own, has no listed price.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .price import Delivery, Price, Rates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

PACKAGE = "genai-prices"

_RATES = {
    "input": "input_mtok", "output": "output_mtok", "cached_input": "cache_read_mtok",
    "reasoning": "output_reasoning_mtok",
}  # fmt: skip
"""From our rates to those of the table."""

_BATCH = {"processing": "batch"}
"""The table's name for what is delivered in batches."""


@lru_cache(maxsize=256)
def find_listed_price(model: str, url: str, delivery: Delivery, at: datetime | None = None) -> Price | None:
    """Find the price of a model.

    Args:
        model: the model, as it is requested.
        url: the address of the service.
        delivery: how answers are delivered. One without a listed price has none.
        at: when it is requested; null for now.

    Returns:
        The price; None where the table does not know the service or the model, or has no rates of it.
    """
    if is_own(url):
        return None
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - the table takes a second to read

    try:
        provider, found = get_snapshot().find_provider_model(model, None, None, url)
    except LookupError:
        return None
    if delivery is Delivery.BATCH and not _has_batch_price(found):
        return None
    context = _BATCH if delivery is Delivery.BATCH else None
    return _make_price(found.get_prices(at or datetime.now(UTC), context), provider, found)


def is_own(url: str) -> bool:
    """Whether an address is of this machine or of a private network: no table has its price.

    >>> [is_own(url) for url in ("http://127.0.0.1:8000/v1", "http://gpu-7:8000/v1", "https://api.openai.com/v1")]
    [True, True, False]
    """
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host


def _has_batch_price(model: "ModelInfo") -> bool:
    return any(variant.when == _BATCH for variant in model.price_variants or ())


def _make_price(listed: "ModelPrice", provider: "Provider", model: "ModelInfo") -> Price | None:
    base = _make_rates(listed, None)
    if base is None:
        return None
    tiers = [(start, _make_rates(listed, start)) for start in sorted(set(_list_starts(listed)))]
    pages = provider.pricing_urls or [provider.name]
    return Price(
        rates=base,
        tiers=tuple((start, rates) for start, rates in tiers if rates is not None),
        source=f"{pages[0]} ({provider.id}: {model.id})",
        as_of=f"{PACKAGE} {version(PACKAGE)}",
    )


def _list_starts(listed: "ModelPrice") -> Iterator[int]:
    for name in _RATES.values():
        yield from (tier.start for tier in getattr(getattr(listed, name), "tiers", ()))


def _make_rates(listed: "ModelPrice", start: int | None) -> Rates | None:
    """Make the rates of requests with more tokens than `start`; None where input or output has no rate."""
    rates = {ours: _pick_rate(getattr(listed, theirs), start) for ours, theirs in _RATES.items()}
    given, written = rates.pop("input"), rates.pop("output")
    return None if given is None or written is None else Rates(input=given, output=written, **rates)


def _pick_rate(rate: object, start: int | None) -> Decimal | None:
    """Pick the rate of a tier: the last one that starts at `start` or before."""
    if rate is None or isinstance(rate, Decimal):
        return rate
    base: Decimal = rate.base  # type: ignore[attr-defined]
    tiers = [] if start is None else [tier.price for tier in rate.tiers if tier.start <= start]  # type: ignore[attr-defined]
    return tiers[-1] if tiers else base
