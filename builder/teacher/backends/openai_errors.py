"""What the errors of a chat server mean, and what to set in the recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import openai

from ...errors import CotloomError, InputError, Stopped
from .protocol import CompletionRequest

_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "context window")


@dataclass(frozen=True, slots=True)
class Server:
    """A chat server and the key for it."""

    url: str
    """Its address, up to `/v1`."""
    key_env: str
    """The environment variable of the key."""
    key: str = field(repr=False)
    """The key."""


class RefusedError(Exception):
    """The server refuses this one request; others may pass."""


def explain_refusal(server: Server, request: CompletionRequest, error: openai.APIStatusError) -> Exception:
    """Make the error for a response that no retry can mend."""
    text = _read_message(server, error)
    code = error.status_code
    if code in {401, 403}:
        hint = f"set ${server.key_env} to a key that the server knows (teacher.api_key_env names the variable)"
        return InputError(f"{server.url} refuses the key ({code}): {text}", hint=hint, keys=("teacher.api_key_env",))
    if code == 404:
        hint = "teacher.model is the exact name on the server; teacher.base_url is the address up to and with /v1"
        message = f"{server.url} knows no model {request.request.model} (404): {text}"
        return InputError(message, hint=hint, keys=("teacher.model", "teacher.base_url"))
    if any(word in text.lower() for word in _TOO_LONG):
        return RefusedError(f"the prompt is too long for the model ({code}): {text}")
    hint = "see teacher.sampling and teacher.prompt: the server does not accept a parameter or message of them"
    return InputError(f"{server.url} refuses the request ({code}): {text}", hint=hint, keys=("teacher.sampling",))


def explain_retries_exhausted(server: Server, failure: Exception, *, attempts: int) -> CotloomError:
    """Make the error for a server that can't be reached or keeps failing."""
    tries = f"after {attempts} tries"
    if isinstance(failure, openai.APIStatusError):
        message = f"{server.url} keeps failing {tries} ({failure.status_code}): {_read_message(server, failure)}"
    elif isinstance(failure, openai.APITimeoutError) and not _is_connection_refused(failure):
        message = f"{server.url} does not answer in time {tries}"
    else:
        message = f"no server answers at {server.url} {tries}"
    hint = "every answer so far is in the ledger; start the server or set teacher.base_url, then the same command"
    return Stopped(message, hint=hint, keys=("teacher.base_url",))


def make_protocol_error(server: Server, response: object) -> CotloomError:
    """Make the error for a response that is no chat completion."""
    return InputError(
        f"the server at {server.url} is no chat server; it answers {str(response)[:120]!r}",
        hint="teacher.base_url is the address up to and with /v1",
        keys=("teacher.base_url",),
    )


def _read_message(server: Server, error: openai.APIStatusError) -> str:
    """Read the server's message, shortened. A server may echo the key, so it is replaced."""
    body = error.body
    inner = body.get("message") or body.get("detail") if isinstance(body, Mapping) else None
    return str(inner or error.message).replace(server.key, f"${server.key_env}")[:300]


def _is_connection_refused(failure: Exception) -> bool:
    """Whether no connection was made: the client's aiohttp transport reports a refused one as a timeout too."""
    return type(failure.__cause__).__name__ in {"ConnectTimeout", "ConnectError"}
