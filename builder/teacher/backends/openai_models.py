"""The models that a server has, asked with the openai package: for an error that names what there is instead."""

from collections.abc import Awaitable, Callable

import httpx2
import openai
from openai import AsyncOpenAI, DefaultAioHttpClient

from .openai_errors import Server
from .openai_transport import make_headers

PATIENCE_S = 10.0
"""Seconds to wait for the list."""

MOST_MODELS = 1_000
"""Names of a longer list are left out."""

_LEFT = frozenset({"host", "connection", "content-length", "transfer-encoding"})
"""The client's own headers that stay. All others would come from the environment, for whatever server."""


async def list_models(server: Server) -> list[str]:
    """List the models of a server, without a secret that it echoes; empty where it does not say."""
    http = DefaultAioHttpClient(follow_redirects=False, event_hooks={"request": [_make_header_hook(server)]})
    async with AsyncOpenAI(
        api_key="none",  # the headers are written by the hook
        base_url=server.url,
        max_retries=0,
        timeout=PATIENCE_S,
        http_client=http,
        default_query=dict(server.query),
    ) as client:
        try:
            page = await client.models.list()
        except openai.OpenAIError:
            return []
    names = [model.id for model in page.data[:MOST_MODELS] if isinstance(model.id, str)]
    return [server.redact_secrets(name.encode(errors="replace")).decode() for name in names]


def _make_header_hook(server: Server) -> Callable[[httpx2.Request], Awaitable[None]]:
    """Make the function that decides the headers of each request: the server's own, whatever the environment says."""

    async def write_headers(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _LEFT]:
            del request.headers[name]
        request.headers.update(make_headers(server))

    return write_headers
