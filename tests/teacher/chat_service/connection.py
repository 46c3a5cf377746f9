"""HTTP/1.1 as far as chat clients speak it: one request at a time on a connection that stays open.

Written by hand, because the server shares its cores with the client that is measured: a web framework costs as much
per request as the client does (docs/decisions/0038).
"""

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service import ChatService, Exchange

REASONS = {
    200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    413: "Too Large", 422: "Unprocessable", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable",
}  # fmt: skip
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    query: str = ""


class Connection(asyncio.Protocol):
    """A connection with a client."""

    transport: asyncio.Transport

    def __init__(self, service: "ChatService") -> None:
        self._service = service
        self._received = bytearray()
        self._exchange: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        self._received += data
        self._serve_next()

    def connection_lost(self, _error: Exception | None) -> None:
        """Give up what was asked last, if its reply is not sent yet."""
        if self._exchange is not None:
            self._service.abandon(self._exchange)

    def _serve_next(self) -> None:
        if self._exchange is None and (request := self._take_request()) is not None:
            self._exchange = self._service.serve(request, self)

    def _take_request(self) -> HttpRequest | None:
        end = self._received.find(HEAD_END)
        if end < 0:
            return None
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = end + len(HEAD_END) + int(headers.get("content-length", 0))
        if len(self._received) < size:
            return None
        body = bytes(self._received[end + len(HEAD_END) : size])
        del self._received[:size]
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        return HttpRequest(path, headers, body, method, query)

    def reply(self, status: int, body: bytes, headers: bytes = b"") -> None:
        """Send a reply, and go on with the next request."""
        self.transport.write(write_head(status, len(body), headers) + body)
        self._exchange = None
        self._serve_next()

    def reply_and_close(self, content: bytes) -> None:
        """Send some bytes, and close the connection."""
        self._exchange = None
        if content:
            self.transport.write(content)
            self.transport.close()
        else:
            self.transport.abort()


def write_head(status: int, size: int, headers: bytes = b"") -> bytes:
    """Write the head of a reply."""
    date = b"" if b"Date: " in headers else b"Date: %b\r\n" % formatdate(usegmt=True).encode() if headers else b""
    return b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b%b\r\n" % (
        status, REASONS.get(status, "Odd").encode(), size, date, headers,
    )  # fmt: skip
