"""The client of backend `openai`: many requests at once to one server, through one gate, with bounded retries.

One request asks for all missing completions of a prompt. What counts is the number of choices that come back: some
servers return one whatever n says. Every response is handed on as bytes, so that nothing paid for is lost to what
stands in it. Each prompt stands alone: what fails for one never ends the others, unless it shows that the server, the
key or the recipe is at fault. A request that the server throttles waits at the gate with all others, and is sent again
as often as that takes.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from ....schemas.runtime import Runtime
from ...errors import CotloomError
from ...progress import warn
from ..chat_responses import explain_no_answer, read_body_error, read_server_error
from ..pacing import Breaker, RequestGate, RequestOutcome, TokenEstimate
from ..request import Answer, ReceivedResponse, Response, ResponseKind, UnreadableChoice
from ..responses import read_choices
from .openai_errors import (
    GENERAL_STATUSES,
    OPTIONAL_PARAMETERS,
    Server,
    StatusMeaning,
    explain_exhaustion,
    explain_failed_answer,
    explain_failing_server,
    explain_no_reply,
    explain_rejection,
    explain_unreadable,
    find_refused_parameter,
    read_status,
)
from .openai_transport import HttpReply, NoReplyError, ServerConnection, open_connection, send_request
from .protocol import CompletionRequest, FailedRequest, Results

LONGEST_WAIT_S = 60.0
"""The longest pause before a retry."""

NO_SUCH_MODEL = 404
"""The status of a server that does not know the model, or has nothing at this address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failure:
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
class _Try:
    """What one request brought."""

    outcome: RequestOutcome
    """What it says of the server."""
    received: ReceivedResponse | None = None
    """A response to record."""
    missing: Sequence[CompletionRequest] = ()
    """The completions that are still to be requested; of a failure, all."""
    failure: _Failure | None = None
    """Why it answers none."""
    tokens: tuple[int, int] | None = None
    """The tokens of the request, and of the answers together, as the server counted them."""


class ChatSender:
    """Sends requests to one server."""

    def __init__(self, connection: ServerConnection, gate: RequestGate, runtime: Runtime) -> None:
        """Use an open connection."""
        self._connection = connection
        self._server = connection.server
        self._gate = gate
        self._runtime = runtime
        self._breaker = Breaker()
        self._estimate = TokenEstimate()
        self._retries = 0
        self._fatal: CotloomError | None = None
        self._has_succeeded = False
        self._is_throttled = False
        self._models: list[str] | None = None
        self._asking = asyncio.Lock()
        self._probing = asyncio.Lock()
        self._probes = 0

    @property
    def fatal(self) -> CotloomError | None:
        """The error that ends the sampling."""
        return self._fatal

    def describe(self) -> Mapping[str, int | float | str]:
        """Say how the sending goes: requests in flight, throttled ones, retries; what the server allows; a pause."""
        state = self._gate.describe()
        limit = {} if state.allowed_per_s is None else {"allowed_per_s": round(state.allowed_per_s, 2)}
        closed = {"closed_s": round(state.closed_s, 1)} if state.closed_s else {}
        counts = {"in_flight": state.in_flight, "throttled": state.throttled, "retries": self._retries}
        return {**counts, **limit, **closed}

    async def send(self, group: Sequence[CompletionRequest], priority: int = 0) -> Results:
        """Send the missing completions of one prompt: in one request, or each in its own where the server refuses n."""
        if len(group) > 1 and "n" in self._server.refused:
            parts = await asyncio.gather(*(self.send([request], priority) for request in group))
            return [result for part in parts for result in part]
        results: Results = []
        missing: Sequence[CompletionRequest] = group
        tries = 0
        while missing and self._fatal is None:
            tried = await self._send_or_probe(missing, tries + 1, priority)
            results += [] if tried.received is None else [tried.received]
            if tried.outcome is RequestOutcome.THROTTLED:
                continue
            if tried.failure is None:
                return [*results, *(await self.send(tried.missing, priority) if tried.missing else ())]
            tries += 1
            if tried.failure.is_final or tries > self._runtime.retries:
                if tried.failure.is_general and not self._runtime.accept_failures:
                    self._stop(tried.failure.error)
                return [*results, *(FailedRequest(request, tried.failure.error) for request in missing)]
            self._retries += 1
            await asyncio.sleep(_compute_backoff(tries))
        fatal = self._fatal
        return [*results, *(FailedRequest(request, fatal) for request in missing if fatal is not None)]

    async def _send_or_probe(self, missing: Sequence[CompletionRequest], number: int, priority: int) -> _Try:
        """Send one request; while the server seems broken, one at a time, with longer and longer pauses.

        So a server that starts late or restarts is waited for, as long as one request would be retried, and is sent
        no thousands of requests meanwhile.
        """
        if not self._breaker.is_open:
            return await self._try_request(missing, number, priority, is_probe=False)
        async with self._probing:
            if self._breaker.is_open and self._probes and self._fatal is None:
                await asyncio.sleep(_compute_backoff(self._probes))
            tried = await self._try_request(missing, number, priority, is_probe=True)
            self._probes = self._probes + 1 if tried.failure is not None else 0
            if tried.failure is not None and self._probes > self._runtime.retries and self._is_tripped(tried.failure):
                self._stop(tried.failure.error)
            return tried

    async def _try_request(
        self, missing: Sequence[CompletionRequest], number: int, priority: int, *, is_probe: bool
    ) -> _Try:
        """Send one request through the gate, and note what it says of the server."""
        characters = sum(len(message.content) for message in missing[0].request.messages)
        ticket = await self._gate.enter(self._estimate.estimate(characters, len(missing)), priority)
        reply: HttpReply | None = None
        tried = _Try(outcome=RequestOutcome.FAILED, missing=missing)
        try:
            if self._fatal is not None or (self._breaker.is_open and not is_probe):
                return _Try(outcome=RequestOutcome.THROTTLED, missing=missing)  # it was not sent
            reply = await send_request(self._connection, missing)
            tried = self._read_reply(missing, reply, number)
        except NoReplyError as error:
            explained = explain_no_reply(self._server, str(error), number, connected=error.connected)
            tried = replace(tried, failure=_Failure(error=explained, is_general=not error.connected))
        finally:
            used = None if tried.tokens is None else sum(tried.tokens)  # of one that was not sent, nothing is learned
            self._gate.leave(tried.outcome, used, None if reply is None else reply.headers, ticket)
        if tried.tokens is not None:
            self._estimate.learn(characters, *tried.tokens, len(missing))
        if reply is not None and reply.status == NO_SUCH_MODEL and tried.failure is not None:
            tried = replace(tried, failure=await self._name_models(tried.failure, missing[0].request.model, reply))
        self._note(tried)
        return tried

    async def _name_models(self, failure: _Failure, model: str, reply: HttpReply) -> _Failure:
        """Name the models that the server has, in the error that it does not know one. It is asked once."""
        from .openai_models import list_models  # noqa: PLC0415 - the openai package takes a second to import

        async with self._asking:
            if self._models is None:
                self._models = await list_models(self._server)
        error = explain_rejection(self._server, model, reply.status, read_server_error(reply.body), models=self._models)
        return replace(failure, error=error)

    def _note(self, tried: _Try) -> None:
        """Note what a try says of the server; too many failures of late end the sampling."""
        failure = tried.failure
        if tried.outcome is RequestOutcome.THROTTLED and not self._is_throttled:
            self._is_throttled = True
            warn(f"{self._server.url} is throttling (429): all requests wait as it says, and go on at what it allows")
        if tried.outcome is RequestOutcome.SUCCEEDED and failure is None:
            self._has_succeeded = True
        if failure is not None:
            self._breaker.count_failure(failure.error.message)
        elif tried.outcome is RequestOutcome.SUCCEEDED:
            self._breaker.count_success()
        if failure is not None and failure.is_fatal:
            self._stop(failure.error)
        elif tried.outcome is RequestOutcome.THROTTLED and (exhausted := self._gate.find_exhaustion()) is not None:
            self._stop(explain_exhaustion(self._server, exhausted.reason))

    def _is_tripped(self, failure: _Failure) -> bool:
        """Whether too much failed of late. Failures of single prompts are no reason where they are accepted."""
        return self._breaker.is_open and (failure.is_general or not self._runtime.accept_failures)

    def _stop(self, error: CotloomError) -> None:
        """Send nothing more. What is in flight still arrives, and is recorded."""
        self._fatal = self._fatal or error

    def _read_reply(self, missing: Sequence[CompletionRequest], reply: HttpReply, number: int) -> _Try:
        """Read a response."""
        if 200 <= reply.status < 300:
            return self._read_completion(missing, reply, number)
        return self._read_error(missing, reply, number)

    def _read_completion(self, missing: Sequence[CompletionRequest], reply: HttpReply, number: int) -> _Try:
        """Read a completion. Some servers send errors with status 200."""
        response = Response(ResponseKind.CHAT, reply.body)
        choices = read_choices(response)
        answered = {
            request.sample_index: place
            for place, (request, choice) in enumerate(zip(missing, choices, strict=False))
            if isinstance(choice, Answer) and explain_no_answer(choice) is None
        }
        received = ReceivedResponse(missing[0].request, response, answered, choices)
        if len(choices) == 1 < len(missing):
            _leave_out(self._server, "n")
        if answered:
            rest = [request for request in missing if request.sample_index not in answered]
            return _Try(outcome=RequestOutcome.SUCCEEDED, received=received, missing=rest, tokens=count_tokens(choices))
        error = read_body_error(reply.body)
        if error is not None:
            return self._read_error(missing, replace(reply, status=error.status or 500), number)
        first = choices[0]
        explained = (
            explain_unreadable(self._server, first.reason, number)
            if isinstance(first, UnreadableChoice)
            else explain_failed_answer(self._server, explain_no_answer(first) or "", number)
        )
        return _Try(
            outcome=RequestOutcome.FAILED, received=received, missing=missing, failure=_Failure(error=explained)
        )

    def _read_error(self, missing: Sequence[CompletionRequest], reply: HttpReply, number: int) -> _Try:
        """Read a response with an error status. A refusal that would come again is recorded as the answer."""
        server, error = self._server, read_server_error(reply.body)
        meaning = read_status(reply.status, error)
        if meaning is StatusMeaning.REFUSED:
            choices = {request.sample_index: 0 for request in missing}
            response = Response(ResponseKind.REFUSAL, reply.body)
            received = ReceivedResponse(missing[0].request, response, choices, read_choices(response))
            return _Try(outcome=RequestOutcome.SUCCEEDED, received=received)
        if meaning is StatusMeaning.THROTTLED:
            return _Try(outcome=RequestOutcome.THROTTLED, missing=missing)
        if meaning is StatusMeaning.REJECTED:
            return self._read_rejection(missing, reply)
        failure = _Failure(
            error=explain_failing_server(server, meaning, reply.status, error, number),
            is_fatal=meaning is StatusMeaning.EXHAUSTED,
        )
        return _Try(outcome=RequestOutcome.FAILED, missing=missing, failure=failure)

    def _read_rejection(self, missing: Sequence[CompletionRequest], reply: HttpReply) -> _Try:
        """Read a rejection: of a parameter that no recipe asks for, of the key or the model, or of this prompt."""
        server, error = self._server, read_server_error(reply.body)
        parameter = find_refused_parameter(reply.status, error, reply.sent)
        if parameter is not None and parameter in OPTIONAL_PARAMETERS:
            _leave_out(server, parameter)
            return _Try(outcome=RequestOutcome.SUCCEEDED, missing=missing)
        model, location = missing[0].request.model, server.redact_text(reply.headers.get("Location", ""))
        is_general = reply.status in GENERAL_STATUSES
        may_pass = is_general and self._has_succeeded  # it took the key and the model a moment ago
        failure = _Failure(
            error=explain_rejection(server, model, reply.status, error, parameter=parameter, location=location),
            is_final=not may_pass,
            is_fatal=is_general and not self._has_succeeded,
            is_general=is_general,
        )
        return _Try(outcome=RequestOutcome.FAILED, missing=missing, failure=failure)


@asynccontextmanager
async def open_sender(server: Server, runtime: Runtime) -> AsyncIterator[ChatSender]:
    """Open what sends requests to a server."""
    gate = RequestGate(
        concurrency=runtime.concurrency,
        requests_per_minute=runtime.requests_per_minute,
        tokens_per_minute=runtime.tokens_per_minute,
    )
    async with open_connection(server, runtime.timeout_s) as connection:
        yield ChatSender(connection, gate, runtime)


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


def _compute_backoff(tries: int) -> float:
    """Compute the seconds to wait after so many tries: exponential, with jitter."""
    return min(0.5 * 2.0 ** (tries - 1), LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
