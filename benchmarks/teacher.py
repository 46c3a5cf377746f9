"""Asking a live teacher, against the openai package alone, over loopback in one run: `make bench`.

A server in a second process waits 200 ms and answers. Ours records every answer in the ledger, synced, before it goes
on; the package alone keeps them in memory. Writes docs/benchmark-teacher.md.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from openai import AsyncOpenAI, DefaultAioHttpClient

from cotloom.builder.teacher.backends import openai as backend
from cotloom.builder.teacher.backends.protocol import CompletionRequest
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.request import ReceivedResponse, Request
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.teacher import OpenAITeacher

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmark-teacher.md"
REQUESTS, AT_ONCE, LATENCY_S = 2_000, 256, 0.2
SERVER = f"""
import asyncio
from aiohttp import web

async def answer(request):
    await request.read()
    await asyncio.sleep({LATENCY_S})
    message = {{"role": "assistant", "content": "1 + 1 = 2. The answer is 2."}}
    choice = {{"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}}
    usage = {{"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}
    whole = {{"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}}
    return web.json_response(whole)

async def main():
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""


def ours(url: str) -> int:
    """Our backend, with the ledger."""
    problem = Problem(problem_id="p", source="s", origin="o")
    requests = [CompletionRequest(problem, _request(number), 0) for number in range(REQUESTS)]
    teacher = OpenAITeacher(backend="openai", model="m", base_url=url)
    count = 0
    with tempfile.TemporaryDirectory() as folder, open_ledger(Path(folder) / "ledger.sqlite") as ledger:
        for group in backend.request_completions(requests, teacher, Runtime(concurrency=AT_ONCE)):
            received = [item for item in group if isinstance(item, ReceivedResponse)]
            ledger.record(received)
            count += sum(len(item.choices) for item in received)
    return count


def _request(number: int) -> Request:
    message = Message(role=Role.USER, content=f"question {number}")
    return Request(problem_id="p", messages=(message,), model="m", endpoint="e", sampling={})


def package(url: str, *, aiohttp: bool) -> int:
    """The openai package alone."""

    async def run() -> int:
        http = DefaultAioHttpClient() if aiohttp else None
        gate = asyncio.Semaphore(AT_ONCE)
        async with AsyncOpenAI(api_key="none", base_url=url, max_retries=0, http_client=http) as client:

            async def one(number: int) -> None:
                async with gate:
                    content = f"question {number}"
                    await client.chat.completions.create(model="m", messages=[{"role": "user", "content": content}])

            await asyncio.gather(*map(one, range(REQUESTS)))
        return REQUESTS

    return asyncio.run(run())


def main() -> None:
    """Measure, and write the page."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise RuntimeError("the server has no pipe")
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        sides: dict[str, Callable[[], int]] = {
            "ours, every answer in the ledger": lambda: ours(url),
            "openai package, aiohttp transport, nothing kept": lambda: package(url, aiohttp=True),
            "openai package, default transport, nothing kept": lambda: package(url, aiohttp=False),
        }
        rows = [_row(name, side) for name, side in sides.items()]
        server.kill()
    best = AT_ONCE / LATENCY_S
    PAGE.write_text(
        "# Benchmark: asking a live teacher\n\n"
        f"Made by `make bench` (`benchmarks/teacher.py`): {REQUESTS:,} requests over loopback, {AT_ONCE} at once,\n"
        f"each answered after {LATENCY_S * 1000:.0f} ms, so that {best:,.0f} a second would be ideal. One run,\n"
        "one after the other, on a machine that is not quiet: read the ratios.\n\n"
        "| | requests/s | CPU ms/request |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    print(PAGE.read_text())


def _row(name: str, side: Callable[[], int]) -> str:
    start, used = time.perf_counter(), time.process_time()
    count = side()
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    return f"| {name} | {count / seconds:,.0f} | {1000 * cpu / count:.2f} |"


if __name__ == "__main__":
    main()
