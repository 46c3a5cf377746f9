"""Prices of your own: a YAML file that `--prices` names. They come before the table's.

prices:
  - model: my-model
    endpoint: http://gpu-7:8000/v1
    input: 0.15          # US dollars for a million tokens
    cached_input: 0.075
    output: 0.60
    batch: {input: 0.075, output: 0.30}
    source: our contract
    as_of: 2026-11-01
"""

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import InputError
from ..marked_yaml import read_yaml
from .listed import find_listed_price
from .price import FREE, Delivery, Price, Rates

Rate = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, le=1_000_000, strict=False)]
"""US dollars for a million tokens."""


class OwnRates(BaseModel):
    """Rates in US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Rate
    """Tokens of requests."""
    output: Rate
    """Tokens of answers."""
    cached_input: Rate | None = None
    """Tokens of requests that the server had in its cache; null: as others."""
    reasoning: Rate | None = None
    """Tokens of reasoning; null: as those of answers."""

    def make_rates(self) -> Rates:
        """Make the record."""
        return Rates(input=self.input, output=self.output, cached_input=self.cached_input, reasoning=self.reasoning)


class OwnPrice(OwnRates):
    """The price of a model."""

    model: str
    """The model, as the recipe names it."""
    endpoint: str | None = None
    """The server's name in the ledger: `teacher.endpoint`, else its address. Null: any."""
    batch: OwnRates | None = None
    """The rates of batches; null: unknown."""
    source: str | None = None
    """Where the price stands; null: the file."""
    as_of: str | None = Field(None, coerce_numbers_to_str=True)
    """Its date."""

    def make_price(self, delivery: Delivery) -> Price | None:
        """Make the price of a delivery; None where the file does not say."""
        rates = self if delivery is Delivery.LIVE else self.batch
        source = self.source or ""
        return None if rates is None else Price(rates=rates.make_rates(), source=source, as_of=self.as_of)


class PriceFile(BaseModel):
    """A file with prices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prices: tuple[OwnPrice, ...]
    """The prices; the first that fits a teacher counts."""


@lru_cache(maxsize=8)
def read_prices(path: Path) -> tuple[OwnPrice, ...]:
    """Read a file with prices.

    Raises:
        InputError: it is missing, or no such file.
    """
    document = read_yaml(path)
    try:
        found = PriceFile.model_validate(document.data).prices
    except ValidationError as error:
        faults = [document.format_fault(tuple(each["loc"]), each["msg"]) for each in error.errors()]
        hint = "prices is a list; each has model, input and output, in US dollars for a million tokens"
        raise InputError("\n".join(faults), hint=hint) from error
    return tuple(each if each.source else each.model_copy(update={"source": path.name}) for each in found)


def find_price(model: str, endpoint: str, url: str | None, delivery: Delivery, file: Path | None) -> Price | None:
    """Find the price of a model: among one's own, else of what runs on this machine, else in the table.

    Args:
        model: the model, as the recipe names it.
        endpoint: the server's name in the ledger.
        url: its address; None for what runs in this process.
        delivery: how answers are delivered.
        file: the prices of one's own.

    Returns:
        The price; None where it is unknown.

    Raises:
        InputError: the file is missing, or no such file.
    """
    prices = () if file is None else read_prices(file)
    own = next((each for each in prices if each.model == model and each.endpoint in {None, endpoint}), None)
    if own is not None:
        return own.make_price(delivery)
    return FREE if url is None else find_listed_price(model, url, delivery)
