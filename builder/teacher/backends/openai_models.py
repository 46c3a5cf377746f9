"""The models that a server has, asked with the openai package: for an error that names what there is instead."""

import openai
from openai import AsyncOpenAI

from .openai_errors import Server
from .openai_transport import make_headers

PATIENCE_S = 10.0
"""Seconds to wait for the list."""

MOST_MODELS = 1_000
"""Names of a longer list are left out."""


async def list_models(server: Server) -> list[str]:
    """List the models of a server; empty where it does not say."""
    async with AsyncOpenAI(
        api_key="none",  # the header below is the right one
        base_url=server.url,
        max_retries=0,
        timeout=PATIENCE_S,
        default_query=dict(server.query),
    ) as client:
        try:
            page = await client.with_options(default_headers=make_headers(server)).models.list()
        except openai.OpenAIError:
            return []
    return [model.id for model in page.data[:MOST_MODELS] if isinstance(model.id, str)]
