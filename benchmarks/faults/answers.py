"""Random malformed answers from a server: the good ones beside them are kept, and the build ends well later."""

import copy
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trials import Deadline, Outcome, Trial

from cotloom.builder.errors import CotloomError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher import open_ledger
from cotloom.builder.teacher.backends import openai_client
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import Reply, completion, serving

GOOD = 11
ODD = "What is 100 + 7?"


def send_odd_answers(folder: Path, chance: random.Random, deadline: Deadline) -> Iterator[Trial]:
    """Answer one prompt of twelve with something odd, and then build with a server that is well."""
    openai_client.LONGEST_WAIT_S = 0.01  # the pauses between tries are not what is tried here
    expected = _build(folder, folder / "undisturbed", answer_well)
    for number in deadline.share(1):
        kind = tuple(_SPOILERS)[number % len(_SPOILERS)]
        reply = _SPOILERS[kind](answer_well({"messages": [{"content": ODD}]}).body, chance)
        shutil.rmtree(folder / "odd", ignore_errors=True)
        yield Trial(f"answers: {kind}", _try_reply(folder, reply, expected))


def answer_well(body: Mapping[str, Any]) -> Reply:
    """Answer a sum correctly."""
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", body["messages"][-1]["content"]).groups())
    return completion(f"{one} + {other} = {one + other}. The answer is {one + other}.")


def _build(folder: Path, store: Path, script: Callable[[Mapping[str, Any]], Reply]) -> str:
    """Build a version; returns its content digest."""
    rows = [{"q": f"What is {number} + 1?", "a": str(number + 1)} for number in range(1, GOOD + 1)]
    rows.insert(4, {"q": ODD, "a": "107"})
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    source = {"name": "sums", "kind": "file", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    with serving(script) as server:
        teacher = {"backend": "openai", "model": "m", "base_url": server.url, "endpoint": "e", "paths": {"round": 1}}
        recipe = folder / "odd.yaml"
        recipe.write_text(json.dumps({"name": "odd", "version": "1.0.0", "sources": [source], "teacher": teacher}))
        runtime = Runtime(store=store, retries=1, timeout_s=2.0, concurrency=4)
        return build(load_recipe(str(recipe)), runtime).version.manifest.content_digest


def _try_reply(folder: Path, reply: Reply, expected: str) -> Outcome:
    store = folder / "odd"

    def script(body: Mapping[str, Any]) -> Reply:
        return reply if ODD in body["messages"][-1]["content"] else answer_well(body)

    try:
        digest = _build(folder, store, script)
    except CotloomError:
        with open_ledger(store / "ledger.sqlite") as ledger:
            (kept,) = ledger.connection.execute("SELECT count(*) FROM answers").fetchone()
        if kept != GOOD:
            return Outcome.LOST
        return Outcome.NOTICED if _build(folder, store, answer_well) == expected else Outcome.SILENT
    return Outcome.HARMLESS if digest else Outcome.SILENT


def _change_bytes(body: Any, chance: random.Random) -> Reply:
    content = bytearray(json.dumps(body).encode())
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return Reply(bytes(content))


def _cut_off(body: Any, chance: random.Random) -> Reply:
    content = json.dumps(body).encode()
    return Reply(content[: chance.randrange(len(content))])


def _close_early(body: Any, chance: random.Random) -> Reply:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    content = head + json.dumps(body).encode()
    return Reply(content[: chance.randrange(len(content))], raw=True)


_STRANGE: tuple[Any, ...] = (
    None, True, -1, 10**30, 1e308, "", "\ud83d", "\x00\x1b[31m", [], [None], {}, {"a": []}, "9" * 5000, [[[[]]]],
)  # fmt: skip


def _change_value(body: Any, chance: random.Random) -> Reply:
    """Put something strange in the place of one value, wherever it stands."""
    changed = copy.deepcopy(body)
    parent: Any = changed
    while True:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        key = chance.choice(keys)
        if not isinstance(parent[key], dict | list) or not parent[key] or chance.random() < 0.2:
            break
        parent = parent[key]
    parent[key] = chance.choice(_STRANGE)
    return Reply(changed)


def _change_status(body: Any, chance: random.Random) -> Reply:
    status = chance.choice([201, 204, 206, 301, 307, 400, 402, 405, 409, 418, 422, 451, 500, 502, 503, 599])
    return Reply(body, status=status, headers={"retry_after": chance.choice(["0", "-1", "nan", "soon"])})


_SPOILERS: Mapping[str, Callable[[Any, random.Random], Reply]] = {
    "changed bytes": _change_bytes,
    "cut off": _cut_off,
    "closed early": _close_early,
    "a strange value": _change_value,
    "another status": _change_status,
}
