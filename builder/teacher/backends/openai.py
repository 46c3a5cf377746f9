"""Backend `openai`: any server that speaks OpenAI's chat completions protocol. `openai_client` sends the requests."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from ....schemas.runtime import Runtime
from ....schemas.teacher import OpenAITeacher
from ...errors import InputError
from ...recipe import LoadedRecipe
from ..request import ReceivedResponse
from .openai_errors import Server
from .openai_keys import DEFAULT_URL, find_secrets, resolve_base_url
from .prompted import open_prompted
from .protocol import CompletionRequest, FailedRequest, OpenedBackend


def open_backend(
    loaded: LoadedRecipe, key: str, teacher: OpenAITeacher, problems: pl.DataFrame, runtime: Runtime
) -> OpenedBackend:
    """Open a teacher behind a server. Nothing is sent yet.

    Raises:
        InputError: the address holds a secret, or the demonstrations can't be read.
    """
    refused: set[str] = set()
    return open_prompted(
        loaded,
        key,
        teacher,
        problems,
        model=teacher.model,
        endpoint=teacher.endpoint or resolve_base_url(teacher),
        sampling=make_sampling_parameters(teacher),
        send=lambda requests: request_completions(requests, teacher, runtime, refused),
    )


def make_sampling_parameters(teacher: OpenAITeacher) -> dict[str, Any]:
    """Make the sampling parameters of a request, without n; the seed is the recipe's, not yet that of a request."""
    sampling = teacher.sampling
    parameters = sampling.model_dump(mode="json", exclude_none=True, exclude={"top_logprobs", "extra_body"})
    if not sampling.stop:
        del parameters["stop"]
    logprobs = {"logprobs": True, "top_logprobs": sampling.top_logprobs} if sampling.top_logprobs else {}
    return parameters | logprobs | sampling.extra_body


def request_completions(
    requests: Sequence[CompletionRequest], teacher: OpenAITeacher, runtime: Runtime, refused: set[str]
) -> Iterator[list[ReceivedResponse | FailedRequest]]:
    """Send requests to the server.

    Args:
        requests: the completions to request.
        teacher: the server and the model.
        runtime: concurrency, timeout and number of retries.
        refused: parameters that this server refused before; grows.

    Yields:
        Results as they arrive: answers, and requests that failed for good.

    Raises:
        InputError: the key, the model, a parameter or the address is wrong, or the key may not go to this host.
        Stopped: the server can't be reached or keeps failing. All answers were yielded before.
    """
    if not requests:
        return
    server = make_server(teacher, runtime, refused)

    from . import openai_client  # noqa: PLC0415 - a second to import

    yield from openai_client.request_completions(requests, server, runtime)


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
