"""What a response of a chat server means: a completion, a refusal, a failure that may pass, or a wrong recipe."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

from ....schemas.prompt import ServerSampling
from ...errors import CotloomError, InputError, Stopped
from ..chat_responses import ServerError


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A chat server and what it is sent with every request."""

    url: str
    """Its address, up to `/v1`."""
    key_env: str = ""
    """The environment variable of the key; empty where no key is sent."""
    key: str | None = field(default=None, repr=False)
    """The key; None where none is sent."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further headers."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What follows the address after `?`."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values that are secret, by environment variable."""
    refused: set[str] = field(default_factory=set)
    """Parameters that it refused; later requests leave them out. Grows while requests are sent."""

    def redact_secrets(self, content: bytes) -> bytes:
        """Replace secrets in what the server sent, which may echo them, by the names of their variables.

        JSON may write each character of a text as an escape, and a secret is one in whatever way it is written.
        """
        for variable, value in sorted(self.secrets.items(), key=lambda item: -len(item[1])):
            if len(value) >= SHORTEST_KEY:
                name = f"${variable}".encode()
                content = content.replace(value.encode(errors="replace"), name)
                if b"\\" in content:
                    content = _compile_escaped(value).sub(name, content)
        return content

    def redact_text(self, text: str) -> str:
        """Replace secrets in a text."""
        return self.redact_secrets(text.encode(errors="replace")).decode(errors="replace")


@lru_cache(maxsize=64)
def _compile_escaped(value: str) -> re.Pattern[bytes]:
    """Compile a pattern that finds a text in JSON, each character as it is or as an escape."""
    return re.compile(b"".join(map(_list_spellings, value.encode("utf-16-be", "replace").decode("utf-16-be"))))


def _list_spellings(character: str) -> bytes:
    """List the ways in which JSON may write a character."""
    units = character.encode("utf-16-be")
    codes = [units[place : place + 2].hex() for place in range(0, len(units), 2)]
    escape = b"".join(rb"\\u(?i:%s)" % code.encode() for code in codes)
    plain = re.escape(character.encode())
    return rb"(?:\\?%s|%s)" % (plain, escape)


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
    EXHAUSTED = "exhausted"
    """The account has no credit left: no request passes until the user has seen to it."""
    REJECTED = "rejected"
    """No retry mends it: the key, the model, a parameter or the address is wrong, or this one prompt."""


SAMPLING_PARAMETERS = frozenset(ServerSampling.model_fields) - {"extra_body"}
"""The parameters that a recipe names."""

GENERAL_STATUSES = frozenset({401, 403, 404})
"""Statuses by which a server rejects the key or the model, whatever the prompt."""

_RETRIED = frozenset({408, 409, 425})
_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "context window", "prompt_too_long")
_FILTERED = (
    "content_filter", "content filter", "content_policy", "content policy", "content management policy",
    "responsibleai", "moderation", "safety system", "flagged", "data_inspection",
)  # fmt: skip
"""Words by which servers say that a prompt is withheld."""
_NO_CREDIT = (
    "insufficient_quota", "insufficient quota", "exceeded your current quota", "billing", "credit balance",
    "insufficient credit", "insufficient balance", "payment required", "out of credit",
)  # fmt: skip
"""Words by which servers say that the account is used up, with the status of a throttled request."""
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
    if status == 402 or (status == 429 and _has_words(error, _NO_CREDIT)):
        return StatusMeaning.EXHAUSTED
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


OPTIONAL_PARAMETERS: Mapping[str, str] = {
    "n": "each answer is a request of its own",
    "seed": "the server draws answers by its own seed",
}
"""Parameters that no recipe asks for, and what happens where a server refuses one."""

_REFUSING = frozenset({400, 422})
"""Statuses by which servers refuse a parameter."""


def find_refused_parameter(status: int, error: ServerError, names: Iterable[str]) -> str | None:
    """Find the parameter that an error is about.

    Args:
        status: the HTTP status.
        error: the error message.
        names: the parameters that were sent. The model and the messages are in all requests, and words of many errors.

    Returns:
        One that the error names as its parameter, else one that its words name.
    """
    if status not in _REFUSING:
        return None
    known = sorted(set(names) - {"model", "messages"}, key=lambda name: (-len(name), name))  # max_tokens before n
    named = next((name for name in known if name in error.parameters), None)
    return named or next((name for name in known if _is_about(error.message, name)), None)


def _is_about(message: str, name: str) -> bool:
    """Whether a message names a parameter: in quotes, at its beginning, or as a word that nothing else would be.

    A single letter is a word of many texts; so it counts only where a comparison or the word parameter is beside it.
    """
    word = re.escape(name)
    if re.search(rf"""[`'"\u2018\u201c]{word}[`'"\u2019\u201d]""", message) or re.match(rf"{word}\s*:", message):
        return True
    beside = rf"\b{word}\s*(?:[=<>\u2264\u2265]|(?:must|is not|should|greater|cannot|can't|does not)\b)"
    before = rf"(?:parameters?|arguments?|fields?|value of|option|key)\s*:?\s*{word}\b"
    pattern = rf"{beside}|{before}" if len(name) == 1 else rf"\b{word}\b"
    return re.search(pattern, message, re.IGNORECASE) is not None


def explain_rejection(  # noqa: PLR0913 - what the server said, and of what
    server: Server,
    model: str,
    status: int,
    error: ServerError,
    *,
    parameter: str | None = None,
    location: str = "",
    models: Sequence[str] = (),
) -> CotloomError:
    """Make the error for a response that no retry can mend.

    Args:
        server: the server.
        model: the model that was asked.
        status: the HTTP status.
        error: the error message.
        parameter: the parameter of the request that it is about, where it names one.
        location: where the server sends the request on to.
        models: the models that the server has, where it says so.
    """
    text = error.message
    if status in {401, 403}:
        names = ", ".join(f"${name}" for name in server.secrets) or f"${server.key_env or 'OPENAI_API_KEY'}"
        hint = f"set {names} to a key that the server knows (teacher.api_key_env and headers name the variables)"
        return InputError(f"{server.url} refuses the key ({status}): {text}", hint=hint, keys=("teacher.api_key_env",))
    if status == 404:
        hint = "teacher.model is the exact name on the server; teacher.base_url is the address up to and with /v1"
        hint = f"{hint}; it has: {', '.join(_list_nearest(model, models))}" if models else hint
        message = f"{server.url} knows no model {model} (404): {text}"
        return InputError(message, hint=hint, keys=("teacher.model", "teacher.base_url"))
    if 300 <= status < 400:
        return InputError(
            f"{server.url} sends requests on to another address ({status}): {location or 'it does not say where'}",
            hint="a key is never sent on; where the new address is right, give it as teacher.base_url",
            keys=("teacher.base_url",),
        )
    hint, key = _suggest_parameter(parameter, text)
    return InputError(f"{server.url} refuses the request ({status}): {text}", hint=hint, keys=(key,))


def _list_nearest(model: str, models: Sequence[str]) -> list[str]:
    """List the models whose names are nearest to one."""
    return sorted(models, key=lambda name: (-SequenceMatcher(None, model, name).ratio(), name))[:_SHOWN_MODELS]


_SHOWN_MODELS = 5


def _suggest_parameter(parameter: str | None, text: str) -> tuple[str, str]:
    """Suggest what to change of a request, and the recipe key of it."""
    if parameter in {"max_tokens", "max_completion_tokens"}:
        other = "max_completion_tokens" if parameter == "max_tokens" else "max_tokens"
        if other in text.replace(parameter, ""):
            return f"write teacher.sampling.{other} in place of {parameter}", f"teacher.sampling.{parameter}"
    parameter = "top_logprobs" if parameter == "logprobs" else parameter  # one is sent with the other
    if parameter is not None and parameter in SAMPLING_PARAMETERS:
        hint = f"leave teacher.sampling.{parameter} out, or give it a value that this model takes"
        return hint, f"teacher.sampling.{parameter}"
    hint = "see teacher.sampling and teacher.prompt: the server does not accept a parameter or message of them"
    return hint, "teacher.sampling"


_GO_ON = "every answer so far is in the ledger; "
_SERVER_HINTS: Mapping[StatusMeaning, str] = {
    StatusMeaning.RETRIED: f"{_GO_ON}run the same command again when the server is well",
    StatusMeaning.THROTTLED: f"{_GO_ON}run the same command again later",
    StatusMeaning.EXHAUSTED: f"{_GO_ON}add credit to the account of the key, then run the same command again",
}


def explain_failing_server(
    server: Server, meaning: StatusMeaning, status: int, error: ServerError, attempts: int
) -> CotloomError:
    """Make the error for a server whose error status did not pass."""
    verb = "takes no more requests" if meaning is StatusMeaning.EXHAUSTED else f"keeps failing after {attempts} tries"
    message = f"{server.url} {verb} ({status}): {error.message}"
    return Stopped(message, hint=_SERVER_HINTS[meaning], keys=("teacher.base_url",))


def explain_exhaustion(server: Server, reason: str, words: str) -> CotloomError:
    """Make the error for a server that throttles every request, and will for long."""
    hint = f"{_GO_ON}run the same command again later; --requests-per-minute and --tokens-per-minute keep below a limit"
    return Stopped(f"{server.url} is throttling: {reason}. It says: {words}", hint=hint, keys=("teacher.base_url",))


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


def explain_failed_answer(server: Server, reason: str, attempts: int) -> CotloomError:
    """Make the error for answers that came and are none: empty, or ended by an error."""
    return Stopped(
        f"{server.url} gives no answer to a prompt, after {attempts} tries: {reason}",
        hint="run the same command again later; --accept-failures builds a version without these answers",
        keys=("teacher.model",),
    )
