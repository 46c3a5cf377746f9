"""What the senders of a build share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ....schemas.runtime import Runtime
from ...errors import CotloomError
from ..ledger import Key, Ledger
from ..request import ReceivedResponse
from .budget import SettleReservation
from .traffic import ProblemTraffic


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSetting:
    """What the senders of a build share."""

    ledger: Ledger
    """Where answers are looked up; the journal lies beside it."""
    record: Callable[[ReceivedResponse], Awaitable[frozenset[Key]]]
    """Records a response."""
    settle: SettleReservation
    """Records what was spent in place of what was reserved for a batch."""
    runtime: Runtime
    """How batches are made and looked at."""
    traffic: ProblemTraffic
    """Which problems are on their way."""
    get_error: Callable[[], CotloomError | None]
    """Gets the error that ends the sampling; None while there is none."""
