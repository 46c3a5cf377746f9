"""The rates of a model, and what tokens cost at them. All money is exact: decimals in, whole picodollars out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

from ...schemas.ids import format_canonical
from .amounts import PICO

MILLION = 1_000_000


class Delivery(StrEnum):
    """How answers are delivered: services have a price for each."""

    LIVE = "live"
    """Each request is answered at once."""
    BATCH = "batch"
    """Requests are handed in together and answered within a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseTokens:
    """The tokens of one response, as the server counted them; null where it did not."""

    prompt: int | None = None
    """Tokens of the request."""
    cached: int | None = None
    """Those of them that the server had in its cache."""
    completion: int | None = None
    """Tokens of all answers together, reasoning counted."""
    reasoning: int | None = None
    """Those of them that are reasoning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """US dollars for a million tokens."""

    input: Decimal
    """Tokens of requests."""
    output: Decimal
    """Tokens of answers."""
    cached_input: Decimal | None = None
    """Tokens of requests that the server had in its cache; null: as others."""
    reasoning: Decimal | None = None
    """Tokens of reasoning; null: as those of answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a model costs, and who says so."""

    rates: Rates
    """The rates."""
    tiers: tuple[tuple[int, Rates], ...] = ()
    """Other rates for requests of more tokens than a number, by rising number. They hold for all tokens of such a
    request and its answers."""
    source: str
    """Where the price stands."""
    as_of: str | None = None
    """The date that it was looked up for the source, or the source's version; null where it does not say."""

    def find_rates(self, prompt_tokens: int) -> Rates:
        """Find the rates of a request with so many tokens."""
        return next((rates for start, rates in reversed(self.tiers) if prompt_tokens > start), self.rates)


FREE = Price(rates=Rates(input=Decimal(0), output=Decimal(0)), source="it runs on this machine")
"""The price of a model that runs on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The terms on which a response is paid: recorded with it, so that a later price changes nothing."""

    version: str
    """NAME@VERSION of the build that asked; empty where none did."""
    model: str
    """The model."""
    endpoint: str
    """The server's name in the ledger."""
    delivery: Delivery = Delivery.LIVE
    """How it was delivered."""
    price: Price | None = None
    """The price; null where none is known."""

    def encode(self) -> bytes:
        """Encode as canonical JSON."""
        price = None if self.price is None else _encode_price(self.price)
        values = {"version": self.version, "model": self.model, "endpoint": self.endpoint}
        return format_canonical({**values, "delivery": self.delivery.value, "price": price}).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """What was paid for a response."""

    terms: Terms
    """The terms."""
    tokens: ResponseTokens
    """What the server counted."""
    picodollars: int | None
    """What it cost; null where the price or the tokens are unknown."""
    reservation: int | None = None
    """The number of what was reserved for it; null where there was no limit."""
    paid_at: int | None = None
    """When, in seconds since 1970; null for the time at which it is recorded."""


def _encode_price(price: Price) -> dict[str, Any]:
    tiers = {"tiers": [[start, _encode_rates(rates)] for start, rates in price.tiers]} if price.tiers else {}
    return {"rates": _encode_rates(price.rates), "source": price.source, "as_of": price.as_of, **tiers}


def _encode_rates(rates: Rates) -> dict[str, str]:
    values = {field.name: getattr(rates, field.name) for field in fields(rates)}
    return {name: str(value) for name, value in values.items() if value is not None}


def decode_terms(values: Mapping[str, Any]) -> Terms:
    """Decode what `Terms.encode` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        price = None if values["price"] is None else _decode_price(values["price"])
        names = {name: str(values[name]) for name in ("version", "model", "endpoint")}
        return Terms(**names, delivery=Delivery(values["delivery"]), price=price)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"these are no terms of payment: {error}") from error


def _decode_price(values: Mapping[str, Any]) -> Price:
    tiers = tuple((int(start), _decode_rates(rates)) for start, rates in values.get("tiers", ()))
    rates, source, as_of = _decode_rates(values["rates"]), str(values["source"]), values["as_of"]
    return Price(rates=rates, tiers=tiers, source=source, as_of=None if as_of is None else str(as_of))


def _decode_rates(values: Mapping[str, str]) -> Rates:
    return Rates(**{name: Decimal(value) for name, value in values.items()})


def compute_cost(price: Price | None, tokens: ResponseTokens) -> int | None:
    """Compute what a response cost, in picodollars, a fraction of one up; null where price or tokens are unknown.

    >>> rates = Rates(input=Decimal("0.15"), output=Decimal("0.6"), cached_input=Decimal("0.075"))
    >>> price = Price(rates=rates, source="")
    >>> compute_cost(price, ResponseTokens(prompt=1000, cached=200, completion=500)) / PICO
    0.000435
    >>> compute_cost(price, ResponseTokens(prompt=1000)) is None
    True
    """
    if price == FREE:
        return 0
    if price is None or tokens.prompt is None or tokens.completion is None:
        return None
    rates = price.find_rates(tokens.prompt)
    cached, reasoning = min(tokens.cached or 0, tokens.prompt), min(tokens.reasoning or 0, tokens.completion)
    total = (
        (tokens.prompt - cached) * rates.input
        + cached * (rates.input if rates.cached_input is None else rates.cached_input)
        + (tokens.completion - reasoning) * rates.output
        + reasoning * (rates.output if rates.reasoning is None else rates.reasoning)
    )
    return _convert(total)


def compute_most(price: Price, prompt: int, completion: int) -> int:
    """Compute the most that a response of at most so many tokens can cost, in picodollars."""
    every = (price.rates, *(rates for _, rates in price.tiers))
    dearest_input = max(max(rates.input, rates.cached_input or 0) for rates in every)
    dearest_output = max(max(rates.output, rates.reasoning or 0) for rates in every)
    return _convert(prompt * dearest_input + completion * dearest_output)


def _convert(usd_millionths: Decimal | int) -> int:
    """Convert an amount, in dollars for a million tokens times tokens, to picodollars."""
    return int((Decimal(usd_millionths) * (PICO // MILLION)).to_integral_value(rounding=ROUND_CEILING))
