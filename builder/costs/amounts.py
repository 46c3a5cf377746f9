"""Money in whole picodollars: sums are exact, whatever their order, and what is unknown stays unknown (law 8)."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

PICO = 10**12
"""Picodollars of a US dollar. A token at $0.000001 for a million of them costs one."""

_CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """What some responses cost."""

    picodollars: int = 0
    """What those cost whose price is known."""
    unknown: int = 0
    """Responses whose cost is unknown."""

    def __add__(self, other: "Cost") -> "Cost":
        """Add up two costs."""
        return Cost(self.picodollars + other.picodollars, self.unknown + other.unknown)

    @property
    def usd(self) -> float | None:
        """US dollars; null where a part is unknown."""
        return None if self.unknown else self.picodollars / PICO

    def describe(self) -> dict[str, float | int]:
        """Describe it as plain values: US dollars where known, and the number of responses whose cost is unknown."""
        return {"usd": self.picodollars / PICO, "unknown": self.unknown}


def make_cost(picodollars: int | None) -> Cost:
    """Make the cost of one response, which may be unknown."""
    return Cost(unknown=1) if picodollars is None else Cost(picodollars)


def parse_usd(usd: str | float) -> int:
    """Convert US dollars to picodollars, a fraction of one up.

    >>> parse_usd("0.15")
    150000000000
    >>> parse_usd(2.5)
    2500000000000
    """
    return int((Decimal(str(usd)) * PICO).to_integral_value(rounding=ROUND_CEILING))


def format_usd(picodollars: int) -> str:
    """Format an amount: cents, and of less than ten cents two digits that count.

    >>> [format_usd(parse_usd(usd)) for usd in ("12.345", "0.004267", "0", "1234567")]
    ['$12.35', '$0.0043', '$0.00', '$1,234,567.00']
    """
    usd = Decimal(picodollars) / PICO
    if usd == 0 or usd >= 10 * _CENTS:
        return f"${usd.quantize(_CENTS, ROUND_HALF_UP):,}" if usd else "$0.00"
    places = 1 - usd.adjusted()
    return f"${usd:.{places}f}"


def describe_cost(cost: Cost) -> str:
    """Say what something cost, and how much of it is unknown.

    >>> describe_cost(Cost(parse_usd("3.2"), unknown=12))
    '$3.20, and 12 responses of unknown price'
    """
    if not cost.unknown:
        return format_usd(cost.picodollars)
    noun = "response" if cost.unknown == 1 else "responses"
    known = f"{format_usd(cost.picodollars)}, and " if cost.picodollars else ""
    return f"{known}{cost.unknown:,} {noun} of unknown price"
