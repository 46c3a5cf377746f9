"""Books for tests: of a teacher with a price and limits of the test's own."""

from decimal import Decimal

from cotloom.builder.costs import FREE, Delivery, Limits, Price, Rates
from cotloom.builder.teacher.backends.protocol import PaidModel
from cotloom.builder.teacher.ledger.recorder import Recorder
from cotloom.builder.teacher.sampling.books import Purse, TeacherBooks


def make_price(given: str = "1", written: str = "2", **rates: str) -> Price:
    """Make a price, in US dollars for a million tokens."""
    more = {name: Decimal(rate) for name, rate in rates.items()}
    return Price(rates=Rates(input=Decimal(given), output=Decimal(written), **more), source="a test")


def make_books(
    recorder: Recorder, price: Price | None = FREE, limits: Limits | None = None, longest: int | None = 100
) -> TeacherBooks:
    """Make the books of one teacher."""
    purse = Purse(recorder, "test@1.0.0", limits or Limits())
    return TeacherBooks(purse, PaidModel(model="m", endpoint="e", longest=longest), dict.fromkeys(Delivery, price))
