"""How fast requests go to a server: limits that the user gives, that its headers state, or that its refusals teach.

`headers` reads what a server says of its limits; `steady`, `credit`, `learned` and `ramp` are four ways to a pace;
`closing` is what a refusal does; `pace` puts them together, without a clock; `gate` is the pace with a clock and a
queue. `breaker` tells a broken server from one that paces us.
"""

from .breaker import Breaker
from .closing import Exhaustion
from .estimate import TokenEstimate
from .gate import RequestGate
from .pace import PaceState
from .records import RequestOutcome, Ticket

__all__ = ["Breaker", "Exhaustion", "PaceState", "RequestGate", "RequestOutcome", "Ticket", "TokenEstimate"]
