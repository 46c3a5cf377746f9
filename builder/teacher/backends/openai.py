"""Backend `openai`: any server that speaks OpenAI's chat completions protocol. `openai_client` sends the requests."""

import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from ....schemas.runtime import Runtime
from ....schemas.teacher import OpenAITeacher
from ...errors import InputError
from ...recipe import LoadedRecipe
from ..request import ReceivedResponse
from .prompted import open_prompted
from .protocol import CompletionRequest, FailedRequest, OpenedBackend

DEFAULT_URL = "https://api.openai.com/v1"
"""The address of a teacher without base_url."""


def open_backend(
    loaded: LoadedRecipe, teacher: OpenAITeacher, problems: pl.DataFrame, runtime: Runtime
) -> OpenedBackend:
    """Open a teacher behind a server. Nothing is sent yet.

    Raises:
        InputError: the address holds a secret, or the demonstrations can't be read.
    """
    return open_prompted(
        loaded,
        teacher,
        problems,
        model=teacher.model,
        endpoint=teacher.endpoint or resolve_base_url(teacher),
        sampling=make_sampling_parameters(teacher),
        send=lambda requests: request_completions(requests, teacher, runtime),
    )


def resolve_base_url(teacher: OpenAITeacher) -> str:
    """Resolve the address of the server: the recipe's base_url, else $OPENAI_BASE_URL, else OpenAI's own.

    Raises:
        InputError: the address holds a secret. It names the server in the ledger, which may hold no secret.
    """
    url = (teacher.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query:
        raise InputError(
            f"the address of {parts.hostname} holds a name, a password or a query",
            hint=f"give the address alone, and the key in ${teacher.api_key_env}",
            keys=("teacher.base_url",),
        )
    return url


def make_sampling_parameters(teacher: OpenAITeacher) -> dict[str, Any]:
    """Make the sampling parameters of a request, without n and seed."""
    sampling = teacher.sampling
    parameters = {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}
    logprobs = {"logprobs": True, "top_logprobs": sampling.top_logprobs} if sampling.top_logprobs else {}
    return {name: value for name, value in parameters.items() if value is not None} | logprobs


def request_completions(
    requests: Sequence[CompletionRequest], teacher: OpenAITeacher, runtime: Runtime
) -> Iterator[list[ReceivedResponse | FailedRequest]]:
    """Send requests to the server.

    Args:
        requests: the completions to request.
        teacher: the server and the model.
        runtime: concurrency, timeout and number of retries.

    Yields:
        Results as they arrive: answers, and requests that failed for good.

    Raises:
        InputError: the key, the model, a parameter or the address is wrong.
        Stopped: the server can't be reached or keeps failing. All answers were yielded before.
    """
    if not requests:
        return
    url = resolve_base_url(teacher)
    key = os.environ.get(teacher.api_key_env) or _make_placeholder_key(teacher, url)

    from . import openai_client  # noqa: PLC0415 - a second to import

    yield from openai_client.request_completions(requests, openai_client.Server(url, teacher.api_key_env, key), runtime)


def _make_placeholder_key(teacher: OpenAITeacher, url: str) -> str:
    """Stand in for a missing key: a local server needs none, OpenAI's own does."""
    if url.startswith(DEFAULT_URL):
        raise InputError(
            f"the teacher {teacher.model} needs a key, and ${teacher.api_key_env} is not set",
            hint=f"export {teacher.api_key_env}=..., or give teacher.base_url for another server",
            keys=("teacher.api_key_env",),
        )
    return "none"
