"""Trouble with the Hub: asked again where it may pass, else told in words that can be acted on, without the token."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from cotloom.builder.errors import CotloomError, InputError, Stopped
from httpx2 import HTTPError
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

SETTINGS = "https://huggingface.co/settings/tokens"
"""Where tokens are made."""

WAITS_S = (1.0, 4.0)
"""Seconds to wait before a request that failed in passing is sent again."""

LONGEST_WAIT_S = 60.0
"""A server that asks for a longer rest stops the command."""

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be gone the next time."""

Told = TypeVar("Told")


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """A dataset on the Hub, and who asks."""

    repo: str
    """USER/NAME."""
    writes: bool
    """Whether it is to be written."""
    token: str | None = field(repr=False)
    """Who asks; null for everyone."""

    @property
    def api(self) -> HfApi:
        """The client."""
        return HfApi(token=self.token or False)

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return constants.ENDPOINT

    @property
    def url(self) -> str:
        """The dataset's page."""
        return f"{self.endpoint}/datasets/{self.repo}"


def persistent(ask: Callable[[], Told]) -> Told:
    """Ask, and ask again a few times where the trouble may be passing."""
    for wait in WAITS_S:
        try:
            return ask()
        except (HTTPError, LocalEntryNotFoundError) as error:
            cause = next((one for one in _causes(error) if isinstance(one, HTTPError)), None)
            rest = _rest(cause)
            if not _is_passing(cause) or (rest or 0) > LONGEST_WAIT_S:
                raise
            time.sleep(wait if rest is None else rest)
    return ask()


def _is_passing(error: HTTPError | None) -> bool:
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _PASSING
    return error is not None


def _rest(error: HTTPError | None) -> float | None:
    """The seconds that the server asks to be left alone."""
    told = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return float(told) if re.fullmatch(r"\d{1,6}", told) else None


@contextmanager
def explained(remote: Remote, trouble: str) -> Iterator[None]:
    """Turn what the Hub's library raises into what the user can do about it, without a word of the token."""
    try:
        yield
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        told = _told(remote, trouble, error)
        if told is None:
            raise
        raise told from None  # the library's own words may hold what a server echoed


def _told(remote: Remote, trouble: str, error: BaseException) -> CotloomError | None:
    for one in _causes(error):
        if isinstance(one, HfHubHTTPError):
            return _answered(remote, trouble, one)
        if isinstance(one, HTTPError | ConnectionError | TimeoutError | json.JSONDecodeError):
            return _unreachable(trouble, without(remote.token, one))
    if isinstance(error, OSError):
        return Stopped(f"{trouble}: {without(remote.token, error)}", hint="make room and run the same command again")
    if isinstance(error, ValueError):
        return InputError(f"{trouble}: {without(remote.token, error)}", hint="the Hub's library refuses it")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _answered(remote: Remote, trouble: str, error: HfHubHTTPError) -> CotloomError:
    status = error.response.status_code
    said = without(remote.token, error.server_message or error.response.reason_phrase)
    message = f"{trouble}: the Hub says {status}, {said}"
    if status in _PASSING:
        rest = _rest(error)
        return _unreachable(trouble, f"{status}, {said}" + (f"; it asks to wait {rest:.0f} s" if rest else ""))
    if isinstance(error, GatedRepoError):
        return InputError(message, hint=f"ask for access at {remote.url}, and put a token into HF_TOKEN")
    if isinstance(error, RevisionNotFoundError):
        return InputError(message, hint=_tags(remote))
    if status in {401, 403} or isinstance(error, RepositoryNotFoundError):
        return InputError(message, hint=permission(remote))
    return InputError(message, hint="the Hub refuses this; its words are above")


def _unreachable(trouble: str, why: str) -> Stopped:
    return Stopped(f"{trouble}: {why}", hint="run the same command again: it goes on, and sends nothing twice")


def permission(remote: Remote) -> str:
    """Say which permission a token needs, and where it goes."""
    user = remote.repo.partition("/")[0]
    need = f"write access to the datasets of {user}" if remote.writes else f"read access to {remote.repo}"
    return f"put a token with {need} into HF_TOKEN, or run `hf auth login`; tokens are made at {SETTINGS}"


def _tags(remote: Remote) -> str | None:
    with suppress(HTTPError, OSError):  # only a help to the message
        refs = remote.api.list_repo_refs(remote.repo, repo_type="dataset")
        return f"there is: {', '.join(ref.name for ref in [*refs.tags, *refs.branches][:20])}"
    return None


def without(token: str | None, text: object) -> str:
    """The beginning of a text, in one line, without the token."""
    words = " ".join(str(text).split()) or type(text).__name__
    return (words.replace(token, "***") if token else words)[:500]
