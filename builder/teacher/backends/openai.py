"""Backend `openai`: any server that speaks OpenAI's chat completions protocol. `openai_client` sends the requests."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from ....schemas.runtime import Runtime
from ....schemas.teacher import OpenAITeacher
from ...errors import InputError
from ...recipe import LoadedRecipe
from ..request import ReceivedResponse
from .openai_keys import DEFAULT_URL, find_key, resolve_base_url
from .prompted import open_prompted
from .protocol import CompletionRequest, FailedRequest, OpenedBackend


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
        InputError: the key, the model, a parameter or the address is wrong, or the key may not go to this host.
        Stopped: the server can't be reached or keeps failing. All answers were yielded before.
    """
    if not requests:
        return
    url = resolve_base_url(teacher)
    key = find_key(teacher, runtime) or _make_placeholder_key(teacher, url)

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
