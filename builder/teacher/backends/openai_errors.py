"""What a response of a chat server means: a completion, a refusal, a failure that may pass, or a wrong recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ...errors import CotloomError, InputError, Stopped
from ..chat_responses import ServerError


@dataclass(frozen=True, slots=True)
class Server:
    """A chat server and the key for it."""

    url: str
    """Its address, up to `/v1`."""
    key_env: str
    """The environment variable of the key."""
    key: str = field(repr=False)
    """The key."""

    def redact_key(self, content: bytes) -> bytes:
        """Replace the key in what the server sent, which may echo it, by the name of its variable."""
        key = self.key.encode(errors="replace")
        return content.replace(key, f"${self.key_env}".encode()) if len(key) >= SHORTEST_KEY else content


SHORTEST_KEY = 6
"""Shorter keys are stand-ins (`none`, `EMPTY`), which are words of ordinary texts too."""


class StatusMeaning(StrEnum):
    """What an HTTP status says about a request."""

    COMPLETED = "completed"
    """The body should be a completion."""
    REFUSED = "refused"
    """This prompt is refused, and would be again: it is recorded."""
    RETRIED = "retried"
    """It may pass when it is sent again."""
    THROTTLED = "throttled"
    """The server asks for fewer requests."""
    REJECTED = "rejected"
    """No retry mends it: the key, the model, a parameter or the address is wrong, or this one prompt."""


GENERAL_STATUSES = frozenset({401, 403, 404})
"""Statuses by which a server rejects the key or the model, whatever the prompt."""

_RETRIED = frozenset({408, 409, 425})
_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "context window", "prompt_too_long")
_FILTERED = (
    "content_filter", "content filter", "content_policy", "content policy", "content management policy",
    "responsibleai", "moderation", "safety system", "flagged", "data_inspection",
)  # fmt: skip
"""Words by which servers say that a prompt is withheld."""
_NOT_OF_THE_PROMPT = frozenset({401, 404})
"""Rejections that no words of a prompt bring about."""


def read_status(status: int, error: ServerError) -> StatusMeaning:
    """Read what a response says about its request.

    Args:
        status: the HTTP status; a body with status 200 may name another one.
        error: the error message in its body, for a status that is an error.
    """
    if 200 <= status < 300:
        return StatusMeaning.COMPLETED
    if status == 429:
        return StatusMeaning.THROTTLED
    if status in _RETRIED or status >= 500:
        return StatusMeaning.RETRIED
    if status not in _NOT_OF_THE_PROMPT and (is_too_long(status, error) or is_filtered(error)):
        return StatusMeaning.REFUSED
    return StatusMeaning.REJECTED


def is_too_long(status: int, error: ServerError) -> bool:
    """Whether the server says that the prompt is too long."""
    return status == 413 or _has_words(error, _TOO_LONG)


def is_filtered(error: ServerError) -> bool:
    """Whether the server says that a content filter withholds the prompt."""
    return _has_words(error, _FILTERED)


def _has_words(error: ServerError, words: tuple[str, ...]) -> bool:
    text = f"{error.code} {error.message}".lower()
    return any(word in text for word in words)


def explain_rejection(server: Server, model: str, status: int, error: ServerError, location: str = "") -> CotloomError:
    """Make the error for a response that no retry can mend."""
    text = error.message
    if status in {401, 403}:
        hint = f"set ${server.key_env} to a key that the server knows (teacher.api_key_env names the variable)"
        return InputError(f"{server.url} refuses the key ({status}): {text}", hint=hint, keys=("teacher.api_key_env",))
    if status == 404:
        hint = "teacher.model is the exact name on the server; teacher.base_url is the address up to and with /v1"
        message = f"{server.url} knows no model {model} (404): {text}"
        return InputError(message, hint=hint, keys=("teacher.model", "teacher.base_url"))
    if 300 <= status < 400:
        return InputError(
            f"{server.url} sends requests on to another address ({status}): {location or 'it does not say where'}",
            hint="a key is never sent on; where the new address is right, give it as teacher.base_url",
            keys=("teacher.base_url",),
        )
    hint = "see teacher.sampling and teacher.prompt: the server does not accept a parameter or message of them"
    return InputError(f"{server.url} refuses the request ({status}): {text}", hint=hint, keys=("teacher.sampling",))


_GO_ON = "every answer so far is in the ledger; "
_SERVER_HINTS: Mapping[StatusMeaning, str] = {
    StatusMeaning.RETRIED: f"{_GO_ON}run the same command again when the server is well",
    StatusMeaning.THROTTLED: f"{_GO_ON}run the same command again later, or with a lower --concurrency",
}


def explain_failing_server(
    server: Server, meaning: StatusMeaning, status: int, error: ServerError, attempts: int
) -> CotloomError:
    """Make the error for a server whose error status did not pass."""
    message = f"{server.url} keeps failing after {attempts} tries ({status}): {error.message}"
    return Stopped(message, hint=_SERVER_HINTS[meaning], keys=("teacher.base_url",))


def explain_no_reply(server: Server, reason: str, attempts: int, *, connected: bool) -> CotloomError:
    """Make the error for a server that can't be reached, or whose responses are no HTTP or don't come in time."""
    subject = f"{server.url} gives no whole response" if connected else f"no server answers at {server.url}"
    hint = f"{_GO_ON}start the server or set teacher.base_url, then the same command"
    return Stopped(f"{subject} after {attempts} tries: {reason}", hint=hint, keys=("teacher.base_url",))


def explain_unreadable(server: Server, reason: str, attempts: int) -> CotloomError:
    """Make the error for responses with status 200 that are no completion."""
    return InputError(
        f"{server.url} gives no answer that can be read, after {attempts} tries: {reason}",
        hint="teacher.base_url is the address of a chat server, up to and with /v1; what came is in the ledger",
        keys=("teacher.base_url",),
    )
