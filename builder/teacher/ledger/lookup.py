"""Look requests up by their digests, without reading the rest of a ledger or changing it."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from ...errors import CotloomError
from ..request import Request
from .check import open_as_it_is
from .encoding import pack_digest
from .entries import RequestReader
from .layout import DATABASE_ERRORS

_REQUEST = """
    SELECT DISTINCT responses.request FROM answers JOIN responses USING (response)
    WHERE answers.digest = ? AND responses.digest = answers.digest
"""


def read_requests(path: Path, digests: Iterable[str]) -> dict[str, Request]:
    """Read requests by their digests.

    Args:
        path: the ledger; it is opened for reading only.
        digests: digests of requests.

    Returns:
        Those that are there and intact, by digest. A ledger that is missing or can't be read has none.
    """
    try:
        with open_as_it_is(path) as connection:
            reader = RequestReader(connection)
            found = {digest: _find_request(connection, reader, digest) for digest in dict.fromkeys(digests)}
    except (CotloomError, *DATABASE_ERRORS):
        return {}
    return {digest: request for digest, request in found.items() if request is not None}


def _find_request(connection: sqlite3.Connection, reader: RequestReader, digest: str) -> Request | None:
    packed = pack_digest(digest)
    for (number,) in connection.execute(_REQUEST, (packed,)):
        request = reader.read_request(number, packed)
        if request is not None and request.digest == digest:
            return request
    return None
