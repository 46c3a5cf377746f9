"""Backend `openai`: any server that speaks OpenAI's chat protocol, asked by many requests at once.

One request asks for all answers that are missing under its key; what came back is what counts, not what was asked
for (some servers give one choice whatever n says). Retries are ours, bounded, and mind Retry-After; the client makes
none. When something is wrong that no retry can mend, what is under way is still awaited, because it is paid for.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai
from cotloom.builder.errors import CotloomError, InputError, Stopped
from cotloom.builder.teacher.backends.protocol import Answered, Failed, Wanted
from cotloom.builder.teacher.request import LEAST_LOGPROB, Answer
from cotloom.schemas.ids import rank
from cotloom.schemas.recipe import OpenAITeacher
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Alternative, TokenLogprob, Usage
from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice

DEFAULT_URL = "https://api.openai.com/v1"
"""Where a teacher without base_url is."""

LONGEST_WAIT_S = 60.0
"""The longest pause before a request is tried again."""

_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "context window")
_RETRIED = (408, 409, 425, 429)


def base_url_of(teacher: OpenAITeacher) -> str:
    """Where the server is: the recipe's base_url, else $OPENAI_BASE_URL, else OpenAI's own.

    Raises:
        InputError: the address holds a secret; it names the server in the ledger, where no secret may be.
    """
    url = (teacher.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query:
        raise InputError(
            f"the address of {parts.hostname} holds a name, a password or a query",
            hint=f"give the address alone, and the key in ${teacher.api_key_env}",
            keys=("teacher.base_url",),
        )
    return url


def sampling_of(teacher: OpenAITeacher) -> dict[str, Any]:
    """The sampling parameters as sent, without n and seed."""
    given = teacher.sampling
    asked = {"temperature": given.temperature, "top_p": given.top_p, "max_tokens": given.max_tokens}
    logprobs = {"logprobs": True, "top_logprobs": given.top_logprobs} if given.top_logprobs else {}
    return {name: value for name, value in asked.items() if value is not None} | logprobs


@dataclass(slots=True)
class _Call:
    """The requests of one build: what they share."""

    client: AsyncOpenAI
    url: str
    retries: int
    key_env: str
    key: str
    fatal: CotloomError | None = None
    """Why no further request is sent."""


def ask(wanted: Sequence[Wanted], teacher: OpenAITeacher, runtime: Runtime) -> Iterator[list[Answered | Failed]]:
    """Get answers from the server.

    Args:
        wanted: what to ask for.
        teacher: the server and the model.
        runtime: how many at once, how long to wait, how often to try again.

    Yields:
        Answers as they come, and what failed for good with the reason.

    Raises:
        InputError: the key, the model, a parameter or the address is wrong.
        Stopped: the server can't be reached or keeps failing. Everything that was answered was yielded before.
    """
    if not wanted:
        return
    url = base_url_of(teacher)
    key = os.environ.get(teacher.api_key_env) or _no_key(teacher, url)
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(_opened(url, key, runtime))
    call = _Call(client, url, runtime.retries, teacher.api_key_env, key)
    try:
        yield from _drive(loop, call, _grouped(wanted), runtime.concurrency)
    finally:
        loop.run_until_complete(_closed(loop, client))
        loop.close()
    if call.fatal:
        raise call.fatal


async def _opened(url: str, key: str, runtime: Runtime) -> AsyncOpenAI:
    """Open a client; within the loop, because its transport takes hold of it."""
    http = DefaultAioHttpClient(timeout=runtime.timeout_s)
    return AsyncOpenAI(api_key=key, base_url=url, max_retries=0, timeout=runtime.timeout_s, http_client=http)


async def _closed(loop: asyncio.AbstractEventLoop, client: AsyncOpenAI) -> None:
    """Give up what is still under way, and close the client."""
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


def _no_key(teacher: OpenAITeacher, url: str) -> str:
    """A local server needs no key; OpenAI's own does."""
    if url.startswith(DEFAULT_URL):
        raise InputError(
            f"the teacher {teacher.model} needs a key, and ${teacher.api_key_env} is not set",
            hint=f"export {teacher.api_key_env}=..., or give teacher.base_url for another server",
            keys=("teacher.api_key_env",),
        )
    return "none"


def _grouped(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    """The answers wanted of each request."""
    groups: dict[str, list[Wanted]] = defaultdict(list)
    for item in wanted:
        groups[item.request.digest].append(item)
    return list(groups.values())


def _drive(
    loop: asyncio.AbstractEventLoop, call: _Call, groups: Sequence[list[Wanted]], concurrency: int
) -> Iterator[list[Answered | Failed]]:
    """Keep so many requests under way, and hand out what came."""
    waiting = iter(groups)
    running: set[asyncio.Task[list[Answered | Failed]]] = set()
    while True:
        while len(running) < concurrency and call.fatal is None and (group := next(waiting, None)) is not None:
            running.add(loop.create_task(_fill(call, group)))
        if not running:
            return
        done, running = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
        yield [item for task in done for item in task.result()]


async def _fill(call: _Call, group: Sequence[Wanted]) -> list[Answered | Failed]:
    """Ask for all answers of one request; ask again for those that did not come."""
    found: list[Answered | Failed] = []
    missing = list(group)
    while missing and call.fatal is None:
        try:
            completion = await _tried(call, missing)
        except CotloomError as error:
            call.fatal = call.fatal or error
            return found
        except _RefusedError as error:
            return [*found, *(Failed(item, str(error)) for item in missing)]
        answers = _answers(completion)[: len(missing)]
        found += [Answered(item, answer) for item, answer in zip(missing, answers, strict=False)]
        missing = missing[len(answers) :]
        if not answers:
            return [*found, *(Failed(item, "the server gave no choice") for item in missing)]
    return found


class _RefusedError(Exception):
    """This request, and no other, can't be answered."""


async def _tried(call: _Call, missing: Sequence[Wanted]) -> ChatCompletion:
    """Send one request, again after failures that may pass."""
    for attempt in range(call.retries + 1):
        try:
            return _checked(call, await _sent(call, missing))
        except openai.APIStatusError as error:
            if error.status_code not in _RETRIED and error.status_code < 500:
                raise _meaning(call, missing[0], error) from error
            failure: Exception = error
        except openai.APIConnectionError as error:  # timeouts too
            failure = error
        if attempt < call.retries and call.fatal is None:
            await asyncio.sleep(_pause(failure, attempt))
    raise _given_up(call, failure)


async def _sent(call: _Call, missing: Sequence[Wanted]) -> object:
    request, first = missing[0].request, missing[0].sample_index
    return await call.client.chat.completions.create(
        model=request.model,
        messages=[{"role": message.role.value, "content": message.content} for message in request.messages],  # type: ignore[misc]
        n=len(missing),
        seed=rank(request.digest, str(first)) % 2**31,
        **dict(request.sampling),
    )


def _checked(call: _Call, answer: object) -> ChatCompletion:
    """Hold an answer against the protocol: a web page with status 200 is no completion."""
    if isinstance(answer, ChatCompletion) and isinstance(answer.choices, list):
        return answer
    raise InputError(
        f"what answers at {call.url} is no chat server: {str(answer)[:120]!r}",
        hint="teacher.base_url is the address up to and with /v1",
        keys=("teacher.base_url",),
    )


def _pause(failure: Exception, attempt: int) -> float:
    """Seconds to wait: what the server says, else doubling with chance, so that requests do not come back together."""
    response = getattr(failure, "response", None)
    told = response.headers.get("retry-after", "") if response is not None else ""
    if told.replace(".", "", 1).isdigit():
        return min(float(told), LONGEST_WAIT_S)
    return min(0.5 * 2.0**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _meaning(call: _Call, wanted: Wanted, error: openai.APIStatusError) -> Exception:
    """Say what a refusal means, and what to set."""
    told = _told(call, error)
    code = error.status_code
    if code in {401, 403}:
        hint = f"set ${call.key_env} to a key that the server knows (teacher.api_key_env names the variable)"
        return InputError(f"{call.url} refuses the key ({code}): {told}", hint=hint, keys=("teacher.api_key_env",))
    if code == 404:
        hint = "teacher.model is the exact name on the server; teacher.base_url is the address up to and with /v1"
        message = f"{call.url} knows no model {wanted.request.model} (404): {told}"
        return InputError(message, hint=hint, keys=("teacher.model", "teacher.base_url"))
    if any(word in told.lower() for word in _TOO_LONG):
        return _RefusedError(f"the prompt is too long for the model ({code}): {told}")
    hint = "see teacher.sampling and teacher.prompt: the server does not take what they ask for"
    return InputError(f"{call.url} refuses the request ({code}): {told}", hint=hint, keys=("teacher.sampling",))


def _told(call: _Call, error: openai.APIStatusError) -> str:
    """The server's own words, shortened; where it says the key back, without it."""
    body = error.body
    inner = body.get("message") or body.get("detail") if isinstance(body, Mapping) else None
    return str(inner or error.message).replace(call.key, f"${call.key_env}")[:300]


def _given_up(call: _Call, failure: Exception) -> CotloomError:
    tries = f"after {call.retries + 1} tries"
    if isinstance(failure, openai.APIStatusError):
        message = f"{call.url} keeps failing {tries} ({failure.status_code}): {_told(call, failure)}"
    elif isinstance(failure, openai.APITimeoutError) and not _unconnected(failure):
        message = f"{call.url} does not answer in time {tries}"
    else:
        message = f"no server answers at {call.url} {tries}"
    hint = "every answer so far is in the ledger; start the server or set teacher.base_url, then the same command"
    return Stopped(message, hint=hint, keys=("teacher.base_url",))


def _unconnected(failure: Exception) -> bool:
    """Whether no connection came about: the client's aiohttp transport calls a refused one a timeout too."""
    return type(failure.__cause__).__name__ in {"ConnectTimeout", "ConnectError"}


def _answers(completion: ChatCompletion) -> list[Answer]:
    """The choices of a completion; the prompt's tokens count once, for the first."""
    usage = completion.usage
    choices = completion.choices
    whole = usage.completion_tokens if usage and len(choices) == 1 else None
    return [
        _answer(
            choice, Usage(prompt_tokens=usage.prompt_tokens if usage and not place else None, completion_tokens=whole)
        )
        for place, choice in enumerate(choices)
    ]


def _answer(choice: Choice, usage: Usage) -> Answer:
    extra = choice.message.model_extra or {}
    reasoning = extra.get("reasoning_content") or extra.get("reasoning")
    return Answer(
        text=choice.message.content,
        reasoning=reasoning if isinstance(reasoning, str) else None,
        finish_reason=choice.finish_reason,
        usage=usage,
        token_logprobs=_logprobs(choice),
    )


def _logprobs(choice: Choice) -> tuple[TokenLogprob, ...] | None:
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
