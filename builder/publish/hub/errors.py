"""Errors of the Hub: retry transient ones, and translate the others into messages that never contain the token."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from httpx2 import HTTPError
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ...errors import CotloomError, InputError, Stopped
from ...store.atomic import MAKE_ROOM

TOKEN_SETTINGS = "https://huggingface.co/settings/tokens"  # noqa: S105 - an address
"""Where users create tokens."""

WAITS_S = (1.0, 4.0)
"""Seconds before each retry of a request that failed with a transient error."""

MAX_RETRY_AFTER_S = 60.0
"""If the server asks for a longer wait, the command stops."""

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses of errors that may be gone at the next attempt."""

Response = TypeVar("Response")


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """A dataset on the Hub, and the token to access it."""

    repo: str
    """USER/NAME."""
    writes: bool
    """Whether the command writes to it."""
    token: str | None = field(repr=False)
    """The token; None for anonymous access."""

    @property
    def api(self) -> HfApi:
        """The client."""
        return HfApi(token=self.token or False)

    @property
    def endpoint(self) -> str:
        """The URL of the Hub."""
        return constants.ENDPOINT

    @property
    def url(self) -> str:
        """The URL of the dataset's page."""
        return f"{self.endpoint}/datasets/{self.repo}"


def retry(send_request: Callable[[], Response]) -> Response:
    """Send a request, and send it again after transient errors."""
    for wait in WAITS_S:
        try:
            return send_request()
        except (HTTPError, LocalEntryNotFoundError) as error:
            cause = next((cause for cause in _iterate_causes(error) if isinstance(cause, HTTPError)), None)
            retry_after = _read_retry_after(cause)
            if not _is_transient(cause) or (retry_after or 0) > MAX_RETRY_AFTER_S:
                raise
            time.sleep(wait if retry_after is None else retry_after)
    return send_request()


def _is_transient(error: HTTPError | None) -> bool:
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _TRANSIENT
    return error is not None


def _read_retry_after(error: HTTPError | None) -> float | None:
    """Read how many seconds the server asks to wait."""
    value = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return float(value) if re.fullmatch(r"\d{1,6}", value) else None


@contextmanager
def translate_errors(remote: Remote, message: str) -> Iterator[None]:
    """Translate errors of huggingface_hub into errors with a hint and without the token.

    Args:
        remote: the dataset.
        message: what failed; the beginning of the message.

    Raises:
        InputError: the Hub refuses the request.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    try:
        yield
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        translated = _translate(remote, message, error)
        if translated is None:
            raise
        raise translated from None  # the message of the library may contain what a server echoed


def _translate(remote: Remote, message: str, error: BaseException) -> CotloomError | None:
    for cause in _iterate_causes(error):
        if isinstance(cause, HfHubHTTPError):
            return _translate_response(remote, message, cause)
        if isinstance(cause, HTTPError | ConnectionError | TimeoutError | json.JSONDecodeError):
            return _make_stopped(message, redact_token(remote.token, cause))
    if isinstance(error, OSError):
        return Stopped(f"{message}: {redact_token(remote.token, error)}", hint=MAKE_ROOM)
    if isinstance(error, ValueError):
        return InputError(f"{message}: {redact_token(remote.token, error)}", hint="huggingface_hub refuses this value")
    return None


def _iterate_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _translate_response(remote: Remote, message: str, error: HfHubHTTPError) -> CotloomError:
    status = error.response.status_code
    answer = redact_token(remote.token, error.server_message or error.response.reason_phrase)
    message_with_status = f"{message}: the Hub answered {status}, {answer}"
    if status in _TRANSIENT:
        retry_after = _read_retry_after(error)
        return _make_stopped(
            message, f"{status}, {answer}" + (f"; it asks to wait {retry_after:.0f} s" if retry_after else "")
        )
    if isinstance(error, GatedRepoError):
        return InputError(message_with_status, hint=f"request access at {remote.url}, and put a token into HF_TOKEN")
    if isinstance(error, RevisionNotFoundError):
        return InputError(message_with_status, hint=_list_revisions(remote))
    if status in {401, 403} or isinstance(error, RepositoryNotFoundError):
        return InputError(message_with_status, hint=describe_permission(remote))
    return InputError(message_with_status, hint="the Hub refuses the request; its answer is above")


def _make_stopped(message: str, cause: str) -> Stopped:
    return Stopped(f"{message}: {cause}", hint="run the same command again: it resumes and uploads no file twice")


def describe_permission(remote: Remote) -> str:
    """Describe which permission the token needs, and where to put it."""
    user = remote.repo.partition("/")[0]
    access = f"write access to the datasets of {user}" if remote.writes else f"read access to {remote.repo}"
    return f"put a token with {access} into HF_TOKEN, or run `hf auth login`; create tokens at {TOKEN_SETTINGS}"


def _list_revisions(remote: Remote) -> str | None:
    with suppress(HTTPError, OSError):  # the hint is optional
        refs = remote.api.list_repo_refs(remote.repo, repo_type="dataset")
        return f"the dataset has: {', '.join(ref.name for ref in [*refs.tags, *refs.branches][:20])}"
    return None


def redact_token(token: str | None, text: object) -> str:
    """Shorten a text to one line of at most 500 characters, and replace the token by `***`."""
    line = " ".join(str(text).split()) or type(text).__name__
    return (line.replace(token, "***") if token else line)[:500]
