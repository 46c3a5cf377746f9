"""The HTTP below the client: one exchange with a chat server, bounded in time and size, without redirects.

The openai package sends the request. Its response is taken as bytes, so that it can be recorded before it is read.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx2
import openai
from openai import AsyncOpenAI, DefaultAioHttpClient

from ....schemas.ids import rank
from ....schemas.runtime import Runtime
from .openai_errors import Server
from .openai_keys import DEFAULT_URL
from .protocol import CompletionRequest

MOST_BYTES = 64 * 2**20
"""The longest response that is read, in bytes: longer than any answer, and too short to exhaust the memory."""


_HEADERS = ("retry-after", "date", "location")
"""The headers that are read."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response of the server."""

    status: int
    """The HTTP status."""
    body: bytes
    """The body; a key that the server echoes is replaced."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that are read, by name in lower case."""
    sent: frozenset[str] = frozenset()
    """The names of the request's parameters."""


class NoReplyError(Exception):
    """No response came, or none that is HTTP; the message says why."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        """Create the error; `connected` says whether the server took the request."""
        super().__init__(reason)
        self.connected = connected


class _TooLongError(httpx2.ReadError):
    """The response is longer than `MOST_BYTES`."""


class _BoundedStream(httpx2.AsyncByteStream):
    """A response's content, up to `MOST_BYTES`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MOST_BYTES:
                raise _TooLongError(f"the response is longer than {MOST_BYTES // 2**20} MB")
            yield chunk

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()


async def _limit_response(response: httpx2.Response) -> None:
    """Bound what is read of a response. A compressed one is refused, because it could expand to any size."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.DecodingError("the response is compressed, although the request forbids it")
    response.stream = _BoundedStream(response.stream)


_SENT = frozenset({
    "accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding",
    "user-agent",
})  # fmt: skip
"""The client's own headers that are sent. All others would come from the environment, for whatever server."""

_OPENAI_ONLY = frozenset({"openai-organization", "openai-project"})
"""Headers that the client takes from the environment and that only OpenAI's own server gets."""


def _make_header_hook(server: Server) -> Callable[[httpx2.Request], Awaitable[None]]:
    """Make the function that decides the headers of each request: the server's own, whatever the environment says."""
    sent = _SENT | _OPENAI_ONLY if server.url == DEFAULT_URL else _SENT
    key = {} if server.key is None else {"Authorization": f"Bearer {server.key}"}

    async def write_headers(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in sent]:
            del request.headers[name]
        request.headers.update({**key, **server.headers})

    return write_headers


async def open_client(server: Server, runtime: Runtime) -> AsyncOpenAI:
    """Open a client inside the event loop, because its transport binds to the loop."""
    http = DefaultAioHttpClient(
        follow_redirects=False,  # a server must not send key and prompts on to another
        limits=httpx2.Limits(max_connections=runtime.concurrency),
        event_hooks={"request": [_make_header_hook(server)], "response": [_limit_response]},
    )
    return AsyncOpenAI(
        api_key="none",  # the headers are written by the hook
        base_url=server.url,
        max_retries=0,
        timeout=runtime.timeout_s,
        http_client=http,
        default_headers={"Accept-Encoding": "identity"},
        default_query=dict(server.query),
    )


async def send_request(
    client: AsyncOpenAI, server: Server, missing: Sequence[CompletionRequest], timeout_s: float
) -> HttpReply:
    """Send one HTTP request for some completions of the same prompt, and receive the whole response.

    Args:
        client: the client.
        server: the server; its secrets are removed from what comes back.
        missing: the completions.
        timeout_s: seconds until the whole response must be there.

    Raises:
        NoReplyError: no response came in time, or none that is HTTP.
    """
    body = make_body(missing, server.refused)
    try:
        async with asyncio.timeout(timeout_s):
            response = await _send_body(client, body)
    except TimeoutError as error:
        raise NoReplyError(f"the answer is not complete after {timeout_s:g} s", connected=True) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__ or error
        raise NoReplyError(_describe(cause), connected=not _is_unconnected(cause)) from error
    except (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError, ValueError) as error:
        raise NoReplyError(_describe(error), connected=True) from error
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    return HttpReply(response.status_code, server.redact_secrets(response.content), headers, frozenset(body))


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


async def _send_body(client: AsyncOpenAI, body: Mapping[str, Any]) -> httpx2.Response:
    """Post a request; an error status is a response too."""
    try:
        return await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        return error.response


def _is_unconnected(error: BaseException) -> bool:
    """Whether no connection was made: the aiohttp transport reports a refused one as a timeout too."""
    refused = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError)
    lost = isinstance(error.__cause__, aiohttp.ServerDisconnectedError)
    return refused and not lost


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text or type(error).__name__
