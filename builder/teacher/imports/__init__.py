"""Answers that were paid for elsewhere: caches and outputs of other tools, read into the ledger.

An answer answers a request of ours where messages, model, endpoint and sampling are the same; then it is recorded as if
the server had just sent it. Where the other tool did not write down all of that, the user may vouch for the rest
(`Match`): such an answer says so in its labels, and so does every row made from it. From the bottom up: `records`,
the readers (`curator`, `distilabel`, `nemo_skills`), `peers`, `files`; `sampling`, `requests`, `results`, `placing`,
`recording`, `importer`.
"""

from .importer import check_options, import_responses
from .peers import PEERS, Peer, advise_recorded
from .records import LEFT_OUT, LeftOut, Match
from .requests import RequestAgreement, RequestIndex, index_requests
from .results import ForeignImport, ImportOptions

__all__ = [
    "LEFT_OUT",
    "PEERS",
    "ForeignImport",
    "ImportOptions",
    "LeftOut",
    "Match",
    "Peer",
    "RequestAgreement",
    "RequestIndex",
    "advise_recorded",
    "check_options",
    "import_responses",
    "index_requests",
]
