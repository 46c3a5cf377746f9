"""The least that a client can do: one aiohttp session, orjson both ways, so many workers on one iterator."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from usage import measuring, read_job, report

RETRIES = 10


async def ask(job: dict[str, Any], rows: Iterator[tuple[int, dict[str, Any]]]) -> int:
    """Ask all questions, and throw the answers away. Returns how many came."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, keepalive_timeout=60)
    timeout = aiohttp.ClientTimeout(total=job["timeout_s"])
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def work() -> int:
            return sum([await ask_one(session, job, number, row["q"]) for number, row in rows])

        return sum(await asyncio.gather(*(work() for _ in range(job["at_once"]))))


async def ask_one(session: aiohttp.ClientSession, job: dict[str, Any], number: int, question: str) -> int:
    """Ask one question, again after a failure. Returns how many answers came."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"{question}\n\nThink."}], "seed": number}
    body |= {"n": job["n"]} | ({"logprobs": True, "top_logprobs": job["top"]} if job["top"] else {})
    for tries in range(RETRIES):
        try:
            headers = {"Content-Type": "application/json"}
            async with session.post(f"{job['url']}/chat/completions", data=orjson.dumps(body), headers=headers) as got:
                content = await got.read()
                if got.status == 200:
                    return sum(choice["message"]["content"] != "" for choice in orjson.loads(content)["choices"])
        except (aiohttp.ClientError, TimeoutError, ValueError):
            pass
        await asyncio.sleep(0.1 * 2**tries)
    return 0


def main() -> None:
    """Ask and measure."""
    job = read_job()
    told: dict[str, Any] = {}
    with Path(job["questions"]).open("rb") as lines, measuring(told):
        told["answers"] = asyncio.run(ask(job, enumerate(map(orjson.loads, lines))))
    report(told)


if __name__ == "__main__":
    main()
