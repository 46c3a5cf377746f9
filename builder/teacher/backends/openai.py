"""Backend `openai`: any server that speaks OpenAI's chat completions protocol. `openai_client` sends the requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from ....schemas.runtime import Runtime
from ....schemas.teacher import OpenAITeacher
from ...errors import InputError
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..request import find_longest
from .openai_errors import Server
from .openai_keys import DEFAULT_URL, find_secrets, resolve_base_url
from .prompted import open_prompted
from .protocol import OpenedBackend, Sender


def open_backend(
    loaded: LoadedRecipe, key: str, teacher: OpenAITeacher, problems: AskedProblems, runtime: Runtime
) -> OpenedBackend:
    """Open a teacher behind a server. Nothing is sent yet.

    Raises:
        InputError: the address holds a secret, or the demonstrations can't be read.
    """
    refused: set[str] = set()
    sampling = make_sampling_parameters(teacher)
    opened = open_prompted(
        loaded,
        key,
        teacher,
        problems,
        model=teacher.model,
        endpoint=teacher.endpoint or resolve_base_url(teacher),
        sampling=sampling,
        open_sender=lambda: open_sender(teacher, runtime, refused),
        url=resolve_base_url(teacher),
        longest=find_longest(sampling),
    )
    return replace(opened, make_server=lambda: make_server(teacher, runtime, refused))


def make_sampling_parameters(teacher: OpenAITeacher) -> dict[str, Any]:
    """Make the sampling parameters of a request, without n; the seed is the recipe's, not yet that of a request."""
    sampling = teacher.sampling
    parameters = sampling.model_dump(mode="json", exclude_none=True, exclude={"top_logprobs", "extra_body"})
    if not sampling.stop:
        del parameters["stop"]
    logprobs = {"logprobs": True, "top_logprobs": sampling.top_logprobs} if sampling.top_logprobs else {}
    return parameters | logprobs | sampling.extra_body


@asynccontextmanager
async def open_sender(teacher: OpenAITeacher, runtime: Runtime, refused: set[str]) -> AsyncIterator[Sender]:
    """Open what sends requests to the server.

    Args:
        teacher: the server and the model.
        runtime: concurrency, limits, timeout and number of retries.
        refused: parameters that this server refused before; grows.

    Raises:
        InputError: the key is missing, or may not go to this host.
    """
    from . import openai_client  # noqa: PLC0415 - aiohttp takes a while to import

    async with openai_client.open_sender(make_server(teacher, runtime, refused), runtime) as sender:
        yield sender


def make_server(teacher: OpenAITeacher, runtime: Runtime, refused: set[str]) -> Server:
    """Describe the server of a teacher, with its secrets.

    Raises:
        InputError: a key is missing, or may not go to this host.
    """
    url = resolve_base_url(teacher)
    secrets = find_secrets(teacher, runtime)
    key = secrets.get(teacher.api_key_env or "")
    if teacher.api_key_env is not None and key is None and not teacher.headers:
        key = _make_placeholder_key(teacher, url)
    return Server(
        url=url,
        key_env=teacher.api_key_env or "",
        key=key,
        headers={name: secrets[variable] for name, variable in teacher.headers.items()},
        query=teacher.query,
        secrets=secrets,
        refused=refused,
    )


def _make_placeholder_key(teacher: OpenAITeacher, url: str) -> str:
    """Stand in for a missing key: a local server needs none, OpenAI's own does."""
    if url.startswith(DEFAULT_URL):
        raise InputError(
            f"the teacher {teacher.model} needs a key, and ${teacher.api_key_env} is not set",
            hint=f"export {teacher.api_key_env}=..., or give teacher.base_url for another server",
            keys=("teacher.api_key_env",),
        )
    return "none"
