"""What one request to a chat server brought: answers, a refusal to record, or why nothing came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import CotloomError
from ...progress import warn
from ..chat_responses import explain_no_answer, read_body_error, read_server_error
from ..pacing import RequestOutcome
from ..request import Answer, ReceivedResponse, Response, ResponseKind, UnreadableChoice
from ..responses import read_choices
from .openai_errors import (
    GENERAL_STATUSES,
    OPTIONAL_PARAMETERS,
    Server,
    StatusMeaning,
    explain_failed_answer,
    explain_failing_server,
    explain_rejection,
    explain_unreadable,
    find_refused_parameter,
    read_status,
)
from .openai_transport import HttpReply
from .protocol import Charge, CompletionRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFailure:
    """Why a try brought no answer."""

    error: CotloomError
    """The error, should no further try bring one."""
    is_final: bool = False
    """Whether no further try is made."""
    is_fatal: bool = False
    """Whether it ends the sampling at once."""
    is_general: bool = False
    """Whether it befalls every prompt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestResult:
    """What one request brought."""

    outcome: RequestOutcome
    """What it says of the server."""
    received: ReceivedResponse | None = None
    """A response to record."""
    missing: Sequence[CompletionRequest] = ()
    """The completions that are still to be requested; of a failure, all."""
    failure: RequestFailure | None = None
    """Why it answers none."""
    words: str = ""
    """What the server says, where it throttles."""
    tokens: tuple[int, int] | None = None
    """The tokens of the request, and of the answers together, as the server counted them."""
    charge: Charge = Charge.UNKNOWN
    """Whether it costs something, where nothing is recorded: what is recorded says by itself."""


def read_reply(
    server: Server, missing: Sequence[CompletionRequest], reply: HttpReply, number: int, *, has_succeeded: bool
) -> RequestResult:
    """Read a response.

    Args:
        server: the server; parameters that it refuses are added to it.
        missing: what was requested.
        reply: what came.
        number: the number of the try, from 1.
        has_succeeded: whether the server has answered before: what it rejects then may pass another time.
    """
    if 200 <= reply.status < 300:
        return _read_completion(server, missing, reply, number, has_succeeded=has_succeeded)
    tried = _read_error(server, missing, reply, number, has_succeeded=has_succeeded)
    return replace(tried, charge=Charge.NOTHING) if reply.status < SERVER_ERRORS else tried


SERVER_ERRORS = 500
"""Statuses from here on are errors of the server, or of one before it: what came of the request is not known."""


def _read_completion(
    server: Server, missing: Sequence[CompletionRequest], reply: HttpReply, number: int, *, has_succeeded: bool
) -> RequestResult:
    """Read a completion. Some servers send errors with status 200."""
    response = Response(ResponseKind.CHAT, reply.body)
    choices = read_choices(response)
    answered = {
        request.sample_index: place
        for place, (request, choice) in enumerate(zip(missing, choices, strict=False))
        if isinstance(choice, Answer) and explain_no_answer(choice) is None
    }
    received = ReceivedResponse(missing[0].request, response, answered, choices)
    if answered:
        if len(choices) == 1 < len(missing):
            _leave_out(server, "n")
        rest = [request for request in missing if request.sample_index not in answered]
        return RequestResult(
            outcome=RequestOutcome.SUCCEEDED, received=received, missing=rest, tokens=count_tokens(choices)
        )
    error = read_body_error(reply.body)
    if error is not None:
        again = replace(reply, status=error.status or 500)
        return _read_error(server, missing, again, number, has_succeeded=has_succeeded)
    first = choices[0]
    explained = (
        explain_unreadable(server, first.reason, number)
        if isinstance(first, UnreadableChoice)
        else explain_failed_answer(server, explain_no_answer(first) or "", number)
    )
    return RequestResult(
        outcome=RequestOutcome.FAILED, received=received, missing=missing, failure=RequestFailure(error=explained)
    )


def _read_error(
    server: Server, missing: Sequence[CompletionRequest], reply: HttpReply, number: int, *, has_succeeded: bool
) -> RequestResult:
    """Read a response with an error status. A refusal that would come again is recorded as the answer."""
    error = read_server_error(reply.body)
    meaning = read_status(reply.status, error)
    if meaning is StatusMeaning.REFUSED:
        choices = {request.sample_index: 0 for request in missing}
        response = Response(ResponseKind.REFUSAL, reply.body)
        received = ReceivedResponse(missing[0].request, response, choices, read_choices(response))
        return RequestResult(outcome=RequestOutcome.SUCCEEDED, received=received)
    if meaning is StatusMeaning.THROTTLED:
        return RequestResult(outcome=RequestOutcome.THROTTLED, missing=missing, words=error.message)
    if meaning is StatusMeaning.REJECTED:
        return _read_rejection(server, missing, reply, has_succeeded=has_succeeded)
    failure = RequestFailure(
        error=explain_failing_server(server, meaning, reply.status, error, number),
        is_fatal=meaning is StatusMeaning.EXHAUSTED,
    )
    return RequestResult(outcome=RequestOutcome.FAILED, missing=missing, failure=failure)


def _read_rejection(
    server: Server, missing: Sequence[CompletionRequest], reply: HttpReply, *, has_succeeded: bool
) -> RequestResult:
    """Read a rejection: of a parameter that no recipe asks for, of the key or the model, or of this prompt."""
    error = read_server_error(reply.body)
    parameter = find_refused_parameter(reply.status, error, reply.sent)
    if parameter is not None and parameter in OPTIONAL_PARAMETERS:
        _leave_out(server, parameter)
        return RequestResult(outcome=RequestOutcome.SUCCEEDED, missing=missing)
    model, location = missing[0].request.model, server.redact_text(reply.headers.get("Location", ""))
    is_general = reply.status in GENERAL_STATUSES
    may_pass = is_general and has_succeeded  # it took the key and the model a moment ago
    failure = RequestFailure(
        error=explain_rejection(server, model, reply.status, error, parameter=parameter, location=location),
        is_final=not may_pass,
        is_fatal=is_general and not has_succeeded,
        is_general=is_general,
    )
    return RequestResult(outcome=RequestOutcome.SUCCEEDED, missing=missing, failure=failure)  # its pace was borne


def count_tokens(choices: Sequence[Answer | UnreadableChoice]) -> tuple[int, int] | None:
    """Count the tokens of a request, and of its answers together; None where the server did not say."""
    usages = [choice.usage for choice in choices if isinstance(choice, Answer)]
    if not usages or usages[0].prompt_tokens is None:
        return None
    completion = usages[0].completion_tokens if usages[0].joint_tokens is None else usages[0].joint_tokens
    return None if completion is None else (usages[0].prompt_tokens, completion)


def _leave_out(server: Server, parameter: str) -> None:
    """Leave a parameter out of all later requests to a server, and say so once."""
    if parameter not in server.refused:
        server.refused.add(parameter)
        warn(f"{server.url} does not take the parameter {parameter}: {OPTIONAL_PARAMETERS[parameter]}")
