"""The HTTP of the client: one exchange with a chat server, bounded in time and size, without redirects.

aiohttp sends the request and orjson writes it. The openai package could do both, at two to three times the processor
time of a request (docs/benchmark-sampling.md, docs/decisions/0036); it is used where a request costs nothing: for the
list of models that an error names (`openai_models`). The response is taken as bytes, so that it can be recorded before
it is read.
"""

import json
import os
import ssl
import urllib.request
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import truststore
from yarl import URL

from ....schemas.ids import rank
from .openai_errors import Server
from .openai_keys import DEFAULT_URL
from .protocol import CompletionRequest

MOST_BYTES = 64 * 2**20
"""The longest response that is read, in bytes: longer than any answer, and too short to exhaust the memory."""

IDLE_S = 60.0
"""Seconds that a connection stays open for the next request."""

_OPENAI_ONLY: Mapping[str, str] = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
"""The user's own variables for headers that only OpenAI's own server gets."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response of the server."""

    status: int
    """The HTTP status."""
    body: bytes
    """The body; a key that the server echoes is replaced."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers; their names are found in any case."""
    sent: frozenset[str] = frozenset()
    """The names of the request's parameters."""


class NoReplyError(Exception):
    """No response came, or none that is HTTP; the message says why."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        """Create the error; `connected` says whether the server took the request."""
        super().__init__(reason)
        self.connected = connected


@dataclass(frozen=True, slots=True)
class ServerConnection:
    """An open session with a server."""

    session: aiohttp.ClientSession
    """Sends requests."""
    server: Server
    """The server."""
    url: URL
    """Where chats are completed."""
    proxy: str | None
    """The proxy that the user's environment names for this server."""
    timeout_s: float
    """Seconds until a whole response must be there."""


@asynccontextmanager
async def open_connection(server: Server, timeout_s: float) -> AsyncIterator[ServerConnection]:
    """Open a session inside the event loop. The caller bounds how many requests are in flight."""
    url = URL(f"{server.url}/chat/completions").extend_query(dict(server.query))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S, ssl=_make_context()),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        headers=make_headers(server),
        cookie_jar=aiohttp.DummyCookieJar(),  # no server learns what it sent before
        auto_decompress=False,
        trust_env=False,  # it would also take a name and password from a netrc file
    ) as session:
        yield ServerConnection(session, server, url, find_proxy(url), timeout_s)


def _make_context() -> ssl.SSLContext:
    """Make a context that trusts the certificates of the system, or of $SSL_CERT_FILE."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def make_headers(server: Server) -> dict[str, str]:
    """Make the headers of every request: the server's own, and nothing else from the environment."""
    key = {} if server.key is None else {"Authorization": f"Bearer {server.key}"}
    return {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "cotloom",
        **_find_own_headers(server),
        **key,
        **server.headers,
    }


def _find_own_headers(server: Server) -> dict[str, str]:
    """Find the user's organization and project, for OpenAI's own server alone."""
    if server.url != DEFAULT_URL:
        return {}
    return {header: os.environ[name] for name, header in _OPENAI_ONLY.items() if os.environ.get(name)}


def find_proxy(url: URL) -> str | None:
    """Find the proxy for an address, as the user's environment or system names it."""
    host = url.host or ""
    return None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(url.scheme)


async def send_request(connection: ServerConnection, missing: Sequence[CompletionRequest]) -> HttpReply:
    """Send one HTTP request for some completions of the same prompt, and receive the whole response.

    Args:
        connection: the session.
        missing: the completions.

    Raises:
        NoReplyError: no response came in time, or none that is HTTP.
    """
    server = connection.server
    body = make_body(missing, server.refused)
    try:
        async with connection.session.post(
            connection.url, data=encode_body(body), allow_redirects=False, proxy=connection.proxy
        ) as response:
            content = await read_content(response)
    except TimeoutError as error:
        raise NoReplyError(f"the answer is not complete after {connection.timeout_s:g} s", connected=True) from error
    except aiohttp.ClientConnectorError as error:
        raise NoReplyError(server.redact_text(describe_error(error)), connected=False) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoReplyError(server.redact_text(describe_error(error)), connected=True) from None
    return HttpReply(response.status, server.redact_secrets(content), response.headers, frozenset(body))


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Encode a request. Half of a surrogate pair and very large numbers are what orjson does not write."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()


async def read_content(response: aiohttp.ClientResponse) -> bytes:
    """Read a response, up to `MOST_BYTES`. A compressed one is refused, because it could expand to any size.

    Raises:
        NoReplyError: it is compressed or too long.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoReplyError("the response is compressed, although the request forbids it", connected=True)
    if response.content_length is not None and response.content_length <= MOST_BYTES:
        return await response.read()
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            raise NoReplyError(f"the response is longer than {MOST_BYTES // 2**20} MB", connected=True)
        chunks.append(chunk)
    return b"".join(chunks)


def make_body(missing: Sequence[CompletionRequest], refused: Container[str]) -> dict[str, Any]:
    """Make the body of a request.

    Args:
        missing: completions of one prompt; the seed is made from the first.
        refused: optional parameters to leave out.
    """
    request, first = missing[0].request, missing[0].sample_index
    optional = {"n": len(missing), "seed": rank(request.digest, str(first)) % 2**31}
    return {
        "model": request.model,
        "messages": [{"role": message.role.value, "content": message.content} for message in request.messages],
        **{name: value for name, value in request.sampling.items() if name not in optional},
        **{name: value for name, value in optional.items() if name not in refused},
    }


def describe_error(error: BaseException) -> str:
    """Describe what went wrong with a request, in one short line."""
    text = " ".join(str(error).split())[:200]
    return text or type(error).__name__
