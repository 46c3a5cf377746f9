"""A chat server in a process of its own, on loopback: for runs that a thread of the test would slow down.

    with running(Settings(latency=Latency(fixed_s=0.05), faults=Faults(rates={"failed": 0.02}))) as service:
        ...  # teacher.base_url is service.url
    service.read_requests(), service.read_statistics()

It has latency, limits, faults and several shapes of answers (`settings`), and writes down every request. What it
answers is a function of the request's body alone, so that two runs give the same version. It has no HTTP library below
it: what a request costs it is a fraction of what it costs a client. For a few scripted answers,
`tests.teacher.chat_server` is simpler.
"""

from .record import Busy, RequestRecord
from .running import Service, running
from .settings import Answers, Batches, Faults, Latency, Limit, Settings

__all__ = [
    "Answers",
    "Batches",
    "Busy",
    "Faults",
    "Latency",
    "Limit",
    "RequestRecord",
    "Service",
    "Settings",
    "running",
]
