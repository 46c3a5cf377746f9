"""The client of backend `openai`: many concurrent requests to one server, with bounded retries.

One request asks for all missing completions of a prompt. What counts is the number of choices that come back: some
servers return one whatever n says. Every response is handed on as bytes before it is read, so that nothing paid for is
lost to what stands in it. Each prompt stands alone: what fails for one never ends the others, unless it shows that the
server, the key or the recipe is at fault.
"""

import asyncio
import math
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from openai import AsyncOpenAI

from ....schemas.runtime import Runtime
from ...errors import CotloomError
from ...progress import warn
from ..chat_responses import UnreadableChoice, explain_no_answer, read_body_error, read_server_error
from ..request import Answer, ReceivedResponse, Response, ResponseKind
from ..responses import read_choices
from .openai_errors import (
    GENERAL_STATUSES,
    OPTIONAL_PARAMETERS,
    Server,
    StatusMeaning,
    explain_failed_answer,
    explain_failing_server,
    explain_no_reply,
    explain_rejection,
    explain_unreadable,
    find_refused_parameter,
    read_status,
)
from .openai_transport import HttpReply, NoReplyError, open_client, send_request
from .protocol import CompletionRequest, FailedRequest

__all__ = ["Server", "request_completions"]

LONGEST_WAIT_S = 60.0
"""The longest pause before a retry."""

FAILURES_IN_A_ROW = 16
"""So many prompts that fail one after the other, without any answer between, are taken for a fault of the server."""

_MOST_FAILURES: Mapping[tuple[bool, bool], float] = {
    (True, False): 1,
    (True, True): FAILURES_IN_A_ROW,
    (False, False): FAILURES_IN_A_ROW,
    (False, True): math.inf,
}
"""How many failures in a row end the sampling, by whether they befall every prompt, and whether they are accepted."""

_Results = list[ReceivedResponse | FailedRequest]


@dataclass(slots=True)
class _Session:
    """What the requests of one build share."""

    client: AsyncOpenAI
    server: Server
    runtime: Runtime
    fatal: CotloomError | None = None
    """The error after which no further request is sent."""
    has_succeeded: bool = False
    """Whether any answer has come."""
    failures: int = 0
    """Prompts that failed since the last answer."""
    arrived: _Results = field(default_factory=list)
    """What has arrived and was not handed on yet."""

    def take_arrived(self) -> _Results:
        """Take what has arrived."""
        arrived, self.arrived = self.arrived, []
        return arrived


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a try brought no answer."""

    error: CotloomError
    """The error, should no further try bring one."""
    is_final: bool = False
    """Whether no further try is made."""
    is_general: bool = False
    """Whether it would befall every prompt."""
    pause_s: float | None = None
    """Seconds to wait before the next try, where the server names them."""


def request_completions(
    requests: Sequence[CompletionRequest], server: Server, runtime: Runtime
) -> Iterator[list[ReceivedResponse | FailedRequest]]:
    """Send requests to a server; see `openai.request_completions`."""
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(open_client(server, runtime))
    session = _Session(client, server, runtime)
    try:
        yield from _run_requests(loop, session, _group_by_prompt(requests))
    except (Exception, KeyboardInterrupt):
        yield session.take_arrived()  # it is recorded, whatever ends the build
        raise
    finally:
        loop.run_until_complete(_close_client(loop, client))
        loop.close()
    if session.fatal:
        raise session.fatal


async def _close_client(loop: asyncio.AbstractEventLoop, client: AsyncOpenAI) -> None:
    """Cancel the requests in flight, and close the client."""
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


def _group_by_prompt(requests: Sequence[CompletionRequest]) -> list[list[CompletionRequest]]:
    """Group completions of the same prompt, which one HTTP request asks for."""
    groups: dict[str, list[CompletionRequest]] = defaultdict(list)
    for request in requests:
        groups[request.request.digest].append(request)
    return list(groups.values())


def _run_requests(
    loop: asyncio.AbstractEventLoop, session: _Session, groups: Sequence[list[CompletionRequest]]
) -> Iterator[_Results]:
    """Keep up to `concurrency` requests in flight, and yield results as they arrive."""
    waiting = deque(groups)
    running: set[asyncio.Task[list[CompletionRequest]]] = set()
    while True:
        while waiting and len(running) < session.runtime.concurrency and session.fatal is None:
            group = waiting.popleft()
            if "n" in session.server.refused:
                waiting.extendleft([request] for request in reversed(group[1:]))
                group = group[:1]
            running.add(loop.create_task(_complete_group(session, group)))
        if not running:
            return
        done, running = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
        waiting.extendleft(rest for task in done if (rest := task.result()))
        yield session.take_arrived()


async def _complete_group(session: _Session, missing: list[CompletionRequest]) -> list[CompletionRequest]:
    """Send one request for completions of a prompt, again after failures that may pass. Returns what did not come."""
    number = 0
    while True:
        number += 1
        result = await _try_request(session, missing, number)
        if not isinstance(result, _Failure):
            if len(result) < len(missing):
                session.has_succeeded, session.failures = True, 0
            return result
        if result.is_final or number > session.runtime.retries or session.fatal is not None:
            _add_failure(session, missing, result)
            return []
        await asyncio.sleep(_compute_backoff(number) if result.pause_s is None else result.pause_s)


def _add_failure(session: _Session, missing: Sequence[CompletionRequest], failure: _Failure) -> None:
    """Let these requests fail. What is the server's fault, not the prompt's, ends the sampling."""
    session.failures += 1
    session.arrived += [FailedRequest(request, failure.error) for request in missing]
    if session.failures >= _MOST_FAILURES[failure.is_general, session.runtime.accept_failures]:
        session.fatal = session.fatal or failure.error


async def _try_request(
    session: _Session, missing: Sequence[CompletionRequest], tries: int
) -> list[CompletionRequest] | _Failure:
    """Send one request. Returns the completions that did not come, or why none did."""
    server = session.server
    try:
        reply = await send_request(session.client, server, missing, session.runtime.timeout_s)
    except NoReplyError as error:
        explained = explain_no_reply(server, str(error), tries, connected=error.connected)
        return _Failure(explained, is_general=not error.connected)
    if 200 <= reply.status < 300:
        return _read_completion(session, missing, reply, tries)
    return _read_error_status(session, missing, reply, tries)


def _read_completion(
    session: _Session, missing: Sequence[CompletionRequest], reply: HttpReply, tries: int
) -> list[CompletionRequest] | _Failure:
    """Keep a completion, and then read it. Some servers send errors with status 200."""
    received = ReceivedResponse(missing[0].request, Response(ResponseKind.CHAT, reply.body))
    session.arrived.append(received)  # it is recorded, whatever happens while it is read
    choices = read_choices(received.response)
    answered = {
        request.sample_index: number
        for number, (request, choice) in enumerate(zip(missing, choices, strict=False))
        if isinstance(choice, Answer) and explain_no_answer(choice) is None
    }
    session.arrived[-1] = replace(received, choices=answered)
    if answered:
        return [request for request in missing if request.sample_index not in answered]
    error = read_body_error(reply.body)
    if error is not None:
        session.arrived.pop()
        return _read_error_status(session, missing, replace(reply, status=error.status or 500), tries)
    choice = choices[0]
    if isinstance(choice, UnreadableChoice):
        return _Failure(explain_unreadable(session.server, choice.reason, tries))
    return _Failure(explain_failed_answer(session.server, explain_no_answer(choice) or "", tries))


def _read_error_status(
    session: _Session, missing: Sequence[CompletionRequest], reply: HttpReply, tries: int
) -> list[CompletionRequest] | _Failure:
    """Read a response with an error status. A refusal that would come again is recorded as the answer."""
    server, error = session.server, read_server_error(reply.body)
    meaning = read_status(reply.status, error)
    if meaning is StatusMeaning.REFUSED:
        choices = {request.sample_index: 0 for request in missing}
        response = Response(ResponseKind.REFUSAL, reply.body)
        session.arrived.append(ReceivedResponse(missing[0].request, response, choices))
        return []
    if meaning is StatusMeaning.REJECTED:
        parameter = find_refused_parameter(reply.status, error, reply.sent)
        if parameter is not None and parameter in OPTIONAL_PARAMETERS:
            _leave_out(server, parameter)
            return list(missing)
        explained = explain_rejection(
            server, missing[0].request.model, reply.status, error, parameter, reply.headers.get("location", "")
        )
        is_general = reply.status in GENERAL_STATUSES and not session.has_succeeded
        return _Failure(explained, is_final=True, is_general=is_general)
    return _Failure(
        explain_failing_server(server, meaning, reply.status, error, tries),
        is_general=meaning is StatusMeaning.THROTTLED,
        pause_s=_read_retry_after(reply.headers.get("retry-after", ""), reply.headers.get("date", "")),
    )


def _leave_out(server: Server, parameter: str) -> None:
    """Leave a parameter out of all later requests to a server, and say so once."""
    if parameter not in server.refused:
        server.refused.add(parameter)
        warn(f"{server.url} does not take the parameter {parameter}: {OPTIONAL_PARAMETERS[parameter]}")


def _read_retry_after(value: str, date: str) -> float | None:
    """Read the seconds of a Retry-After header, a number or a date; None where it can't be read.

    A date is read by the server's clock, from its header Date: the clock of this machine may be wrong.
    """
    try:
        seconds = float(value) if value.isascii() else math.nan
    except ValueError:
        until = _read_date(value)
        if until is None:
            return None
        now = _read_date(date)
        seconds = until - (time.time() if now is None else now)
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT_S)


def _read_date(value: str) -> float | None:
    """Read a date of HTTP, in seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _compute_backoff(tries: int) -> float:
    """Compute the seconds to wait after so many tries: exponential, with jitter."""
    return min(0.5 * 2.0 ** (tries - 1), LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
