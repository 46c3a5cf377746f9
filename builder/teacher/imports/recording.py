"""Record responses from elsewhere, each once, under the sample indexes that are free.

What is in the ledger says what is new: a response is known where the ledger has the same bytes for the same request as
often as the file has had them so far, and at once where the server's id is among them. So an import can be repeated,
and two files with the same rows count once.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import count, islice

from ...costs import Payment, ResponseTokens, Terms
from ...costs.amounts import parse_usd
from ..ledger import Ledger
from ..ledger.encoding import pack_digest, unpack_digest
from ..ledger.layout import explain_database_errors
from ..ledger.ledger import parse_response
from ..ledger.texts import select_where
from ..request import ReceivedResponse, Response
from .placing import PlacedResponse
from .results import ForeignImport

Content = tuple[str, bytes]
"""Digest of a request, and a hash of a response to it."""


def record_responses(
    ledger: Ledger, placed: Sequence[PlacedResponse], seen: Counter[Content], result: ForeignImport
) -> None:
    """Record the responses that are new, all or none.

    Args:
        ledger: the ledger.
        placed: some responses of a file, in its order.
        seen: how often the file has had each response so far; grows.
        result: what became of them; grows.

    Raises:
        InputError: the ledger is damaged.
        Stopped: the disk is full.
    """
    digests = {item.request.digest for item in placed}
    stored, used = _count_stored(ledger, digests), {digest: set[int]() for digest in digests}
    for digest, index in ledger.find_keys(digests):
        used[digest].add(index)
    received = []
    for item in placed:
        digest, size = item.request.digest, len(item.places)
        content = (digest, _hash_response(item.response))
        seen[content] += 1
        result.written_by[item.request.model, item.request.endpoint] += size
        if stored[content] >= (1 if item.has_id else seen[content]):
            result.known += size
            continue
        stored[content] += 1
        free = list(islice((index for index in count() if index not in used[digest]), size))
        used[digest].update(free)
        choices = dict(zip(free, item.places, strict=True))
        received.append(ReceivedResponse(item.request, item.response, choices, payment=_make_payment(item)))
        result.answers += size
        result.vouched += size * item.is_vouched
        result.add_cost(item.cost_usd)
    taken = sum(len(keys) for keys in ledger.record(received))  # by a build at the same time; another import adds them
    result.answers -= taken


def _make_payment(item: PlacedResponse) -> Payment | None:
    """Make what was paid for a response, where the tool wrote it down; by which terms is not known."""
    if item.cost_usd is None:
        return None
    terms = Terms(version="", model=item.request.model, endpoint=item.request.endpoint)
    return Payment(terms=terms, tokens=ResponseTokens(), picodollars=parse_usd(item.cost_usd))


def _count_stored(ledger: Ledger, digests: set[str]) -> Counter[Content]:
    """Count the responses that the ledger has for some requests; those that answer nothing are none."""
    packed = [pack_digest(digest) for digest in sorted(digests)]
    stored: Counter[Content] = Counter()
    with explain_database_errors(ledger.path):
        keys = select_where(ledger.connection, "SELECT DISTINCT response FROM answers WHERE digest", packed)
        numbers = [number for (number,) in keys]
        for row in select_where(ledger.connection, "SELECT * FROM responses WHERE response", numbers):
            response = parse_response(row)
            if response is not None:
                stored[unpack_digest(row[1]), _hash_response(response)] += 1
    return stored


def _hash_response(response: Response) -> bytes:
    return blake2b(response.body, digest_size=16, person=response.kind.encode()).digest()
