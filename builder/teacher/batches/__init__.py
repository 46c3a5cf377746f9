"""Batches: the requests of very many problems, sent as files to a server's batch service, at its lower price.

Law 3: each batch is in a journal before and after it is submitted, so that a build may be killed at any moment and
taken up a day later, and nothing is paid twice; what a batch brings is in the ledger before it is used. Law 5: a
request is the same as a live one, so that the same answers give the same version.

From the bottom up: `remote` (what a service says), `journal`, `file`, `errors`, `service` (HTTP); `traffic` and
`waiting` (who waits); `courier` (to the service and back), `harvest`, `invalid`; `sender`, `desk`.
"""

from .desk import BatchDesk
from .setting import BatchSetting
from .traffic import ProblemTraffic

__all__ = ["BatchDesk", "BatchSetting", "ProblemTraffic"]
