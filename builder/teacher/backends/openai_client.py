"""The client of backend `openai`: many concurrent requests to one server, with bounded retries.

One request asks for all missing completions of a prompt. What counts is the number of choices that come back: some
servers return one whatever n says. We retry ourselves and respect Retry-After; the openai client makes no retries.
After an error that no retry can mend, requests in flight are still awaited, because they are paid for.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import openai
from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice

from ....schemas.ids import rank
from ....schemas.runtime import Runtime
from ....schemas.sample import Alternative, TokenLogprob, Usage
from ...errors import CotloomError
from ..request import LEAST_LOGPROB, Answer
from .openai_errors import (
    RefusedError,
    Server,
    explain_refusal,
    explain_retries_exhausted,
    make_protocol_error,
)
from .protocol import CompletedRequest, CompletionRequest, FailedRequest

__all__ = ["Server", "request_completions"]

LONGEST_WAIT_S = 60.0
"""The longest pause before a retry."""

_RETRIED = (408, 409, 425, 429)

_Results = list[CompletedRequest | FailedRequest]


@dataclass(slots=True)
class _Session:
    """What the requests of one build share."""

    client: AsyncOpenAI
    server: Server
    retries: int
    fatal: CotloomError | None = None
    """The error after which no further request is sent."""


def request_completions(
    requests: Sequence[CompletionRequest], server: Server, runtime: Runtime
) -> Iterator[list[CompletedRequest | FailedRequest]]:
    """Send requests to a server; see `openai.request_completions`."""
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(_open_client(server, runtime))
    session = _Session(client, server, runtime.retries)
    try:
        yield from _run_requests(loop, session, _group_by_prompt(requests), runtime.concurrency)
    finally:
        loop.run_until_complete(_close_client(loop, client))
        loop.close()
    if session.fatal:
        raise session.fatal


async def _open_client(server: Server, runtime: Runtime) -> AsyncOpenAI:
    """Open a client inside the event loop, because its transport binds to the loop."""
    http = DefaultAioHttpClient(timeout=runtime.timeout_s)
    return AsyncOpenAI(
        api_key=server.key, base_url=server.url, max_retries=0, timeout=runtime.timeout_s, http_client=http
    )


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
    loop: asyncio.AbstractEventLoop, session: _Session, groups: Sequence[list[CompletionRequest]], concurrency: int
) -> Iterator[_Results]:
    """Keep up to `concurrency` requests in flight, and yield results as they arrive."""
    waiting = iter(groups)
    running: set[asyncio.Task[_Results]] = set()
    while True:
        while len(running) < concurrency and session.fatal is None and (group := next(waiting, None)) is not None:
            running.add(loop.create_task(_complete_group(session, group)))
        if not running:
            return
        done, running = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
        yield [result for task in done for result in task.result()]


async def _complete_group(session: _Session, group: Sequence[CompletionRequest]) -> _Results:
    """Request all completions of one prompt; request again those that the server did not return."""
    results: _Results = []
    missing = list(group)
    while missing and session.fatal is None:
        try:
            completion = await _send_with_retries(session, missing)
        except CotloomError as error:
            session.fatal = session.fatal or error
            return results
        except RefusedError as error:
            return [*results, *(FailedRequest(request, str(error)) for request in missing)]
        answers = _read_answers(completion)[: len(missing)]
        results += [CompletedRequest(request, answer) for request, answer in zip(missing, answers, strict=False)]
        missing = missing[len(answers) :]
        if not answers:
            return [*results, *(FailedRequest(request, "the server gave no choice") for request in missing)]
    return results


async def _send_with_retries(session: _Session, missing: Sequence[CompletionRequest]) -> ChatCompletion:
    """Send one HTTP request, again after errors that may pass."""
    for attempt in range(session.retries + 1):
        try:
            return _check_completion(session, await _send(session, missing))
        except openai.APIStatusError as error:
            if error.status_code not in _RETRIED and error.status_code < 500:
                raise explain_refusal(session.server, missing[0], error) from error
            failure: Exception = error
        except openai.APIConnectionError as error:  # timeouts too
            failure = error
        if attempt < session.retries and session.fatal is None:
            await asyncio.sleep(_compute_pause(failure, attempt))
    raise explain_retries_exhausted(session.server, failure, attempts=session.retries + 1)


async def _send(session: _Session, missing: Sequence[CompletionRequest]) -> object:
    request, first = missing[0].request, missing[0].sample_index
    return await session.client.chat.completions.create(
        model=request.model,
        messages=[{"role": message.role.value, "content": message.content} for message in request.messages],  # type: ignore[misc]
        n=len(missing),
        seed=rank(request.digest, str(first)) % 2**31,
        **dict(request.sampling),
    )


def _check_completion(session: _Session, response: object) -> ChatCompletion:
    """Check that a response is a completion: a web page with status 200 is none."""
    if isinstance(response, ChatCompletion) and isinstance(response.choices, list):
        return response
    raise make_protocol_error(session.server, response)


def _compute_pause(failure: Exception, attempt: int) -> float:
    """Compute the seconds to wait: Retry-After, else exponential backoff with jitter."""
    response = getattr(failure, "response", None)
    retry_after = response.headers.get("retry-after", "") if response is not None else ""
    if retry_after.replace(".", "", 1).isdigit():
        return min(float(retry_after), LONGEST_WAIT_S)
    return min(0.5 * 2.0**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _read_answers(completion: ChatCompletion) -> list[Answer]:
    """Read the choices of a completion. The prompt's tokens count once, for the first."""
    usage = completion.usage
    choices = completion.choices
    completion_tokens = usage.completion_tokens if usage and len(choices) == 1 else None
    return [
        _read_answer(
            choice,
            Usage(
                prompt_tokens=usage.prompt_tokens if usage and index == 0 else None, completion_tokens=completion_tokens
            ),
        )
        for index, choice in enumerate(choices)
    ]


def _read_answer(choice: Choice, usage: Usage) -> Answer:
    extra = choice.message.model_extra or {}
    reasoning = extra.get("reasoning_content") or extra.get("reasoning")
    return Answer(
        text=choice.message.content,
        reasoning=reasoning if isinstance(reasoning, str) else None,
        finish_reason=choice.finish_reason,
        usage=usage,
        token_logprobs=_read_logprobs(choice),
    )


def _read_logprobs(choice: Choice) -> tuple[TokenLogprob, ...] | None:
    if choice.logprobs is None or choice.logprobs.content is None:
        return None
    return tuple(
        TokenLogprob(
            token=item.token,
            logprob=max(item.logprob, LEAST_LOGPROB),
            top=tuple(
                Alternative(token=top.token, logprob=max(top.logprob, LEAST_LOGPROB)) for top in item.top_logprobs
            ),
        )
        for item in choice.logprobs.content
    )
