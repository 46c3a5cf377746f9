"""The server: what each request gets, and when."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

from .answers import AnswerWriter, write_error
from .batches import BatchHalf
from .connection import Connection, HttpRequest, write_head
from .faults import FAULTS, Fault, FaultPicker
from .limits import Gate
from .record import Recorder, RequestRecord
from .settings import Settings

COMPLETIONS = "/v1/chat/completions"


@dataclass(slots=True)
class Exchange:
    """A request whose reply is not sent yet."""

    connection: Connection
    request: RequestRecord
    timer: asyncio.TimerHandle | None = None
    outcome: str = "left"
    """What is written down where the client goes away first."""


class ChatService:
    """A server that answers chats."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings, self._loop = settings, loop
        self._gate = Gate(settings.limits, settings.throttling)
        self._faults = FaultPicker(settings.faults)
        self._writer = AnswerWriter(settings.answers)
        self._recorder = Recorder()
        self._batches = BatchHalf(settings.batches, self._answer_plainly, loop)
        self._pages = {
            "/batches": self._batches.describe,
            "/requests": self._recorder.list_requests,
            "/statistics": self._recorder.describe,
        }

    def serve(self, request: HttpRequest, connection: Connection) -> Exchange | None:
        """Serve a request. Returns what is still to be replied; nothing where it was replied to at once."""
        if request.path == COMPLETIONS:
            return self._complete(request, connection)
        if request.path.startswith(("/v1/files", "/v1/batches")):
            self._batches.serve(request, connection)
            return None
        page = self._pages.get(request.path)
        if page is None:
            self._loop.call_soon(connection.reply, 404, write_error(f"no such page: {request.path}"))
        else:
            self._loop.call_soon(connection.reply, 200, orjson.dumps(page()))
        return None

    def abandon(self, exchange: Exchange) -> None:
        """Forget a request whose client went away."""
        if exchange.timer is not None:
            exchange.timer.cancel()
        self._recorder.close(exchange.request, exchange.outcome, self._loop.time())

    def _complete(self, request: HttpRequest, connection: Connection) -> Exchange:
        now, digest = self._loop.time(), xxh3_64_hexdigest(request.body)
        tries = self._recorder.tries[digest]
        record = self._recorder.open(digest, now)
        exchange = Exchange(connection, record)
        body = orjson.loads(request.body)
        delay = self._draw_latency(digest)
        if not body.get("messages"):
            return self._send_later(exchange, 0.0, "refused", 400, write_error("there are no messages"))
        if self._settings.answers.n == "refused" and "n" in body:
            reply = 400, write_error("Unsupported parameter: 'n'", "unsupported_parameter", param="n")
            return self._send_later(exchange, 0.0, "refused", *reply)
        texts, prompt_tokens, tokens = self._draw_answer(body)
        record.tokens = prompt_tokens + tokens
        wait = self._gate.admit(now, record.tokens)
        if wait > 0:
            delay = delay if self._settings.throttling.after_latency else 0.0
            words = f"Rate limit reached, please try again in {wait:.3f}s"
            reply = 429, write_error(words, "rate_limit_exceeded")
            return self._send_later(exchange, delay, "throttled", *reply, headers=self._gate.write_headers(now, wait))
        headers = self._gate.write_headers(now)
        name = self._faults.pick(len(self._recorder.requests), digest, tries)
        if name is None:
            answer = (body, texts, prompt_tokens, tokens)
            exchange.timer = self._loop.call_later(delay, self._answer, exchange, answer, headers)
            return exchange
        fault = FAULTS[name](request.headers.get("authorization", "").removeprefix("Bearer "))
        if name == "throttled" and self._settings.faults.retry_after_s is not None:
            headers += b"Retry-After: %g\r\n" % self._settings.faults.retry_after_s
        if fault.truncates or fault.cut:
            content = self._writer.write_completion(body, texts, prompt_tokens, tokens)
            return self._send_part(exchange, delay, name, fault, content)
        if fault.stalls or fault.raw or fault.status == 0:
            if fault.stalls:
                delay, exchange.outcome = self._settings.faults.stall_s, name
            exchange.timer = self._loop.call_later(delay, self._close, exchange, name, fault.raw)
            return exchange
        return self._send_later(exchange, delay, name, fault.status, fault.body, headers=headers + fault.headers)

    def _draw_latency(self, digest: str) -> float:
        latency = self._settings.latency
        is_slow = latency.slow_share and int(digest, 16) % 10_000 < 10_000 * latency.slow_share
        return latency.slow_s if is_slow else latency.fixed_s

    def _draw_answer(self, body: Any) -> tuple[list[str], int, int]:
        """Draw the texts of a reply, by prompt and seed. Returns them, and the tokens of prompt and reply."""
        messages = body["messages"]
        key = xxh3_64_intdigest(messages[-1]["content"].encode(), seed=body.get("seed") or 0)
        texts = self._writer.list_texts(body, key)
        prompt_tokens = sum(1 + message["content"].count(" ") for message in messages)
        return texts, prompt_tokens, sum(1 + text.count(" ") for text in texts)

    def _answer_plainly(self, body: Any) -> bytes:
        """Answer a row of a batch: as the same body would be answered live."""
        return self._writer.write_completion(body, *self._draw_answer(body))

    def _answer(self, exchange: Exchange, answer: tuple[Any, list[str], int, int], headers: bytes) -> None:
        content = self._writer.write_completion(*answer)
        self._recorder.close(exchange.request, "answered", self._loop.time())
        exchange.connection.reply(200, content, headers)

    def _send_later(
        self, exchange: Exchange, delay: float, outcome: str, status: int, body: bytes, *, headers: bytes = b""
    ) -> Exchange:
        def send() -> None:
            self._recorder.close(exchange.request, outcome, self._loop.time())
            exchange.connection.reply(status, body, headers)

        exchange.timer = self._loop.call_later(delay, send)
        return exchange

    def _send_part(self, exchange: Exchange, delay: float, outcome: str, fault: Fault, content: bytes) -> Exchange:
        half = content[: len(content) // 2]
        if fault.truncates:
            return self._send_later(exchange, delay, outcome, 200, half)
        exchange.timer = self._loop.call_later(
            delay, self._close, exchange, outcome, write_head(200, len(content)) + half
        )
        return exchange

    def _close(self, exchange: Exchange, outcome: str, content: bytes = b"") -> None:
        self._recorder.close(exchange.request, outcome, self._loop.time())
        exchange.connection.reply_and_close(content)
