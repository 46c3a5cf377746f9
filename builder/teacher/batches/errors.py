"""The errors of batches that a user can act on."""

from collections.abc import Sequence

from ...errors import CotloomError, InputError, Stopped
from ..backends.openai_errors import Server, explain_rejection
from ..backends.openai_transport import HttpReply
from ..chat_responses import ServerError
from .remote import BatchFault

_NONE = frozenset({404, 405, 501})
"""Statuses of a server that has nothing at an address."""

LIVE = "build without --batch: it is asked live then"
"""What to do about a server without batches."""


def explain_rejected_call(server: Server, reply: HttpReply, error: ServerError) -> CotloomError:
    """Make the error for a call of the service that no retry can mend."""
    if reply.status in {401, 403} or 300 <= reply.status < 400:
        location = server.redact_text(reply.headers.get("Location", ""))
        return explain_rejection(server, "", reply.status, error, location=location)
    if reply.status in _NONE:
        message = f"{server.url} has no batch service ({reply.status}): {error.message}"
        return InputError(message, hint=LIVE, keys=("teacher.base_url",))
    message = f"{server.url} refuses the batch ({reply.status}): {error.message}"
    what = "make smaller files with --batch-requests" if reply.status == 413 else "change what it names"
    return InputError(message, hint=f"{what}, or {LIVE}", keys=("teacher.sampling",))


def explain_unreadable_reply(url: str, reply: HttpReply) -> CotloomError:
    """Make the error for a reply that is not what a batch service says."""
    begin = " ".join(reply.body[:200].decode(errors="replace").split())
    message = f"{url} gives no reply that a batch service would give: {begin}"
    return InputError(message, hint=LIVE, keys=("teacher.base_url",))


def explain_unknown_batch(url: str, name: str, batch_id: str) -> CotloomError:
    """Make the error for a batch that the service does not know any more, or not with this key."""
    return InputError(
        f"{url} knows no batch {batch_id}, which this store has sent to it",
        hint="use the key of the project that it was sent with; or cotloom ledger batches"
        f" --forget {name} gives its answers up, and the next build requests and pays them again",
        keys=("teacher.api_key_env",),
    )


def explain_unlisted(url: str, name: str, error: CotloomError) -> CotloomError:
    """Make the error for a service that does not say whether it has a batch."""
    return Stopped(
        f"{url} may have a batch {name} of this store, and does not say: {error.message}",
        hint=f"{error.hint or 'run the same command again later'}; or, where the service has no batch with this name in"
        f" its metadata, cotloom ledger batches --forget {name}",
        keys=error.keys,
    )


def explain_lost_output(url: str, name: str, file_id: str, error: CotloomError) -> CotloomError:
    """Make the error for a result that the service does not give."""
    return Stopped(
        f"{url} does not give the file {file_id} with the answers of a batch: {error.message}",
        hint="run the same command again later; or cotloom ledger batches"
        f" --forget {name} gives its answers up, and the next build requests and pays them again",
    )


def explain_invalid_batch(url: str, faults: Sequence[BatchFault]) -> CotloomError:
    """Make the error for a file that the service refuses as a whole."""
    return InputError(
        f"{url} refuses the file of a batch: {describe_faults(faults)}",
        hint=f"change the model or the parameter that it names, or {LIVE}",
        keys=("teacher.model", "teacher.sampling"),
    )


def describe_faults(faults: Sequence[BatchFault]) -> str:
    """Describe the first of the faults that a service found."""
    return "; ".join(dict.fromkeys(fault.message or fault.code for fault in faults[:3])) or "it does not say why"


def explain_unanswered(url: str, attempts: int, words: str = "") -> CotloomError:
    """Make the error for a row that no batch answered."""
    number = "a batch" if attempts == 1 else f"{attempts} batches"
    return Stopped(
        f"{url} left a request unanswered in {number}{f': {words}' if words else ''}",
        hint="run the same command again: every answer so far is in the ledger; --finish-live sends such rows live",
    )


def explain_silence(url: str, reason: str) -> CotloomError:
    """Make the error for a service that does not say how batches go, for long."""
    return Stopped(
        f"{url} does not say how its batches go: {reason}",
        hint="they go on at the service; run the same command again later, and it takes them up",
    )
