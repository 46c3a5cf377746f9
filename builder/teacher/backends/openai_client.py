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
from dataclasses import replace

from ....schemas.runtime import Runtime
from ...errors import CotloomError, LimitReached
from ...progress import warn
from ..chat_responses import read_server_error
from ..pacing import Breaker, RequestGate, RequestOutcome, TokenEstimate
from .openai_errors import Server, explain_exhaustion, explain_no_reply, explain_rejection
from .openai_results import RequestFailure, RequestResult, read_reply
from .openai_transport import HttpReply, NoReplyError, ServerConnection, open_connection, send_request
from .protocol import Books, Charge, CompletionRequest, FailedRequest, Results

LONGEST_WAIT_S = 60.0
"""The longest pause before a retry."""

REFUSED_PAUSE_S = (0.02, 0.1)
"""The least and the longest pause before a request that was throttled comes to the gate again."""

NO_SUCH_MODEL = 404
"""The status of a server that does not know the model, or has nothing at this address."""


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
        self._places = asyncio.Semaphore(runtime.concurrency)
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

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Send the missing completions of one prompt: in one request, or each in its own where the server refuses n."""
        if len(group) > 1 and "n" in self._server.refused:
            parts = await asyncio.gather(*(self.send([request], books) for request in group))
            return [result for part in parts for result in part]
        results: Results = []
        missing: Sequence[CompletionRequest] = group
        tries = 0
        while missing and self._fatal is None:
            tried = await self._send_or_probe(missing, tries + 1, books)
            results += [] if tried.received is None else [tried.received]
            if tried.outcome is RequestOutcome.THROTTLED:
                await asyncio.sleep(random.uniform(*REFUSED_PAUSE_S))  # noqa: S311 - no secret
                continue
            if tried.failure is None:
                return [*results, *(await self.send(tried.missing, books) if tried.missing else ())]
            tries += 1
            if tried.failure.is_final or tries > self._runtime.retries:
                if tried.failure.is_general and not self._runtime.accept_failures:
                    self._stop(tried.failure.error)
                return [*results, *(FailedRequest(request, tried.failure.error) for request in missing)]
            self._retries += 1
            await asyncio.sleep(_compute_backoff(tries))
        fatal = self._fatal
        return [*results, *(FailedRequest(request, fatal) for request in missing if fatal is not None)]

    async def _send_or_probe(self, missing: Sequence[CompletionRequest], number: int, books: Books) -> RequestResult:
        """Send one request; while the server seems broken, one at a time, with longer and longer pauses.

        So a server that starts late or restarts is waited for, as long as one request would be retried, and is sent
        no thousands of requests meanwhile.
        """
        if not self._breaker.is_open:
            return await self._try_and_record(missing, number, books, is_probe=False)
        async with self._probing:
            if self._breaker.is_open and self._probes and self._fatal is None:
                await asyncio.sleep(_compute_backoff(self._probes))
            tried = await self._try_and_record(missing, number, books, is_probe=True)
            self._probes = self._probes + 1 if tried.failure is not None else 0
            if tried.failure is not None and self._probes > self._runtime.retries and self._is_tripped(tried.failure):
                self._stop(tried.failure.error)
            return tried

    async def _try_and_record(
        self, missing: Sequence[CompletionRequest], number: int, books: Books, *, is_probe: bool
    ) -> RequestResult:
        """Send one request, and record what comes. Until that is on disk it keeps its place among those in flight.

        So a build that is killed loses no more answers than are requested at once. What a request can spend is reserved
        before, and stays so where nobody knows what came of it.
        """
        async with self._places:
            try:
                reservation = await books.reserve(missing)
            except LimitReached as error:
                self._stop(error)
                failure = RequestFailure(error=error, is_final=True)
                self._note(RequestResult(outcome=RequestOutcome.SUCCEEDED, failure=failure))
                return RequestResult(outcome=RequestOutcome.SUCCEEDED, missing=missing, failure=failure)
            tried = await self._try_request(missing, number, is_probe=is_probe)
            if tried.received is not None:
                await books.record(tried.received, reservation)
            else:
                await books.release(reservation, tried.charge)
            return tried

    async def _try_request(self, missing: Sequence[CompletionRequest], number: int, *, is_probe: bool) -> RequestResult:
        """Send one request through the gate, and note what it says of the server."""
        characters = sum(len(message.content) for message in missing[0].request.messages)
        ticket = await self._gate.enter(self._estimate.estimate(characters, len(missing)))
        reply: HttpReply | None = None
        tried = RequestResult(outcome=RequestOutcome.FAILED, missing=missing)
        try:
            if self._fatal is not None or (self._breaker.is_open and not is_probe):
                return RequestResult(outcome=RequestOutcome.THROTTLED, missing=missing, charge=Charge.UNSENT)
            reply = await send_request(self._connection, missing)
            tried = read_reply(self._server, missing, reply, number, has_succeeded=self._has_succeeded)
        except NoReplyError as error:
            explained = explain_no_reply(self._server, str(error), number, connected=error.connected)
            failure = RequestFailure(error=explained, is_general=not error.connected)
            tried = replace(tried, failure=failure, charge=Charge.UNKNOWN if error.connected else Charge.UNSENT)
        finally:
            used = None if tried.tokens is None else sum(tried.tokens)  # of one that was not sent, nothing is learned
            self._gate.leave(tried.outcome, used, None if reply is None else reply.headers, ticket)
        if tried.tokens is not None:
            self._estimate.learn(characters, *tried.tokens, len(missing))
        if reply is not None and reply.status == NO_SUCH_MODEL and tried.failure is not None:
            tried = replace(tried, failure=await self._name_models(tried.failure, missing[0].request.model, reply))
        self._note(tried)
        return tried

    async def _name_models(self, failure: RequestFailure, model: str, reply: HttpReply) -> RequestFailure:
        """Name the models that the server has, in the error that it does not know one. It is asked once."""
        from .openai_models import list_models  # noqa: PLC0415 - the openai package takes a second to import

        async with self._asking:
            if self._models is None:
                self._models = await list_models(self._server)
        error = explain_rejection(self._server, model, reply.status, read_server_error(reply.body), models=self._models)
        return replace(failure, error=error)

    def _note(self, tried: RequestResult) -> None:
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
            self._stop(explain_exhaustion(self._server, exhausted.reason, tried.words))

    def _is_tripped(self, failure: RequestFailure) -> bool:
        """Whether too much failed of late. Failures of single prompts are no reason where they are accepted."""
        return self._breaker.is_open and (failure.is_general or not self._runtime.accept_failures)

    def _stop(self, error: CotloomError) -> None:
        """Send nothing more. What is in flight still arrives, and is recorded."""
        self._fatal = self._fatal or error
        self._gate.end()


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


def _compute_backoff(tries: int) -> float:
    """Compute the seconds to wait after so many tries: exponential, with jitter."""
    return min(0.5 * 2.0 ** (tries - 1), LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
