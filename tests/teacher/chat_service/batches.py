"""The batch half of the server: files, and batches that run by the clock and end as a script says.

Every row that is answered is counted by its body, which is what a real service bills.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

from .answers import write_error
from .settings import Batches

if TYPE_CHECKING:
    from .connection import Connection, HttpRequest

Reply = tuple[int, bytes]
Answer = Callable[[dict[str, Any]], bytes]

ERRORS = {
    "500": (500, write_error("The server had an error")),
    "429": (429, write_error("Rate limit reached", "rate_limit_exceeded")),
    "filter": (400, write_error("withheld by the content filter", "content_filter")),
    "400": (400, write_error("the prompt is not well", "invalid_prompt")),
    "404": (404, write_error("the model `m` does not exist", "model_not_found")),
    "n": (400, write_error("Unsupported parameter: 'n'", "unsupported_parameter", param="n")),
}
"""What a row may get in place of an answer."""


@dataclass
class Batch:
    """A batch at the service."""

    batch_id: str
    body: dict[str, Any]
    rows: list[dict[str, Any]]
    ending: str
    created_s: float
    status: str = "validating"
    done: int = 0
    failed: int = 0
    output: str | None = None
    errors: str | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.batch_id,
            "object": "batch",
            "endpoint": self.body["endpoint"],
            "status": self.status,
            "metadata": self.body.get("metadata"),
            "input_file_id": self.body["input_file_id"],
            "output_file_id": self.output,
            "error_file_id": self.errors,
            "created_at": int(self.created_s),
            "request_counts": {"total": len(self.rows), "completed": self.done, "failed": self.failed},
            "errors": {"object": "list", "data": self.faults} if self.faults else None,
        }


class BatchHalf:
    """Files and batches."""

    def __init__(self, settings: Batches, answer: Answer, loop: asyncio.AbstractEventLoop) -> None:
        self._settings, self._answer, self._loop = settings, answer, loop
        self._files: dict[str, tuple[str, bytes]] = {}
        self._batches: dict[str, Batch] = {}
        self._calls: Counter[str] = Counter()
        self._keys: set[str] = set()
        self.answered: Counter[str] = Counter()
        """How often each row was answered, by a digest of its body."""
        self.tokens: dict[str, int] = {}
        """The tokens of each row and its answers."""
        self.submitted: Counter[str] = Counter()
        """How often each row was in a batch."""

    def describe(self) -> dict[str, Any]:
        """Describe what was done, as values of JSON."""
        return {
            "batches": [batch.describe() for batch in self._batches.values()],
            "calls": dict(self._calls),
            "answered": dict(self.answered),
            "tokens": self.tokens,
            "submitted": dict(self.submitted),
            "bodies": [[row["body"] for row in batch.rows] for batch in self._batches.values()],
            "keys": sorted(self._keys),
            "files": {name: file[0] for name, file in self._files.items()},
        }

    def serve(self, request: "HttpRequest", connection: "Connection") -> None:
        """Serve a request."""
        kind, fault = self._draw_fault(request)
        self._keys.add(request.headers.get("authorization", ""))
        if not self._settings.enabled:
            self._loop.call_soon(connection.reply, 404, write_error(f"Invalid URL ({request.path})"))
        elif fault == "dropped":
            self._loop.call_soon(connection.reply_and_close, b"")
        elif fault == "lost":  # it is done, and nobody hears of it
            self._handle(kind, request)
            self._loop.call_soon(connection.reply_and_close, b"")
        elif fault:
            status = int(fault)
            self._loop.call_soon(connection.reply, status, write_error(f"the service had an error ({status})"))
        else:
            self._loop.call_soon(connection.reply, *self._handle(kind, request))

    def _draw_fault(self, request: "HttpRequest") -> tuple[str, str | None]:
        last = request.path.rstrip("/").rpartition("/")[2]
        names = {("POST", "files"): "upload", ("POST", "batches"): "create", ("GET", "batches"): "list"}
        kind = names.get((request.method, last))
        if kind is None and request.method == "POST" and last == "cancel":
            kind = "cancel"
        if kind is None:
            kind = "look" if "/batches/" in request.path else "download" if last == "content" else "file"
        self._calls[kind] += 1
        script = self._settings.call_faults
        return kind, script.get(f"{kind}:{self._calls[kind]}", script.get(f"{kind}:*"))

    def _handle(self, kind: str, request: "HttpRequest") -> Reply:
        name = request.path.split("/")[3] if request.path.count("/") > 2 else ""
        if kind == "upload":
            return self._upload(request)
        if kind == "create":
            return self._create(orjson.loads(request.body))
        if kind == "list":
            return self._list(request.query)
        if kind == "download" and name in self._files:
            return 200, self._files[name][1]
        if kind == "file" and request.method == "DELETE" and self._files.pop(name, None):
            return 200, orjson.dumps({"id": name, "deleted": True})
        if kind in {"look", "cancel"} and name in self._batches:
            if kind == "cancel":
                self._end(self._batches[name], "cancelled")
            return 200, orjson.dumps(self._batches[name].describe())
        return 404, write_error(f"there is no {request.path}")

    def _upload(self, request: "HttpRequest") -> Reply:
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        parts = request.body.split(b"--" + boundary)
        fields = {re.search(rb'name="(\w+)"', part)[1]: part for part in parts[1:-1]}  # type: ignore[index]
        purpose = fields[b"purpose"].partition(b"\r\n\r\n")[2].strip()
        head, _, content = fields[b"file"].partition(b"\r\n\r\n")
        if purpose != b"batch":
            return 400, write_error(f"wrong purpose: {purpose!r}")
        if self._settings.most_bytes is not None and len(content) > self._settings.most_bytes:
            return 413, write_error("the file is too large")
        name = self._add_file(re.search(rb'filename="([^"]+)"', head)[1].decode(), content[:-2])  # type: ignore[index]
        return 200, orjson.dumps({"id": name, "object": "file", "purpose": "batch"})

    def _add_file(self, filename: str, content: bytes) -> str:
        name = f"file-{len(self._files) + sum(self._calls.values())}"
        self._files[name] = filename, content
        return name

    def _create(self, body: dict[str, Any]) -> Reply:
        number = len(self._batches) + 1
        content = self._files[body["input_file_id"]][1]
        rows = [orjson.loads(line) for line in content.splitlines()]
        ending = self._settings.script.get(str(number), self._settings.script.get("*", "completed"))
        batch = Batch(f"batch_{number}", body, rows, ending, self._loop.time())
        self._batches[batch.batch_id] = batch
        for row in rows:
            self.submitted[_digest(row)] += 1
        self._loop.call_later(self._settings.validate_s, self._validate, batch)
        return 200, orjson.dumps(batch.describe())

    def _validate(self, batch: Batch) -> None:
        if batch.status != "validating":
            return
        waiting = sum(len(each.rows) for each in self._batches.values() if each.status == "in_progress")
        most = self._settings.most_waiting
        names = [row["custom_id"] for row in batch.rows]
        models = {row["body"]["model"] for row in batch.rows}
        if most is not None and waiting + len(batch.rows) > most:
            words = f"Enqueued token limit reached for m. Limit: {most} enqueued tokens."
            self._refuse(batch, {"code": "token_limit_exceeded", "message": words, "param": None, "line": None})
        elif len(batch.rows) > self._settings.most_rows or len(set(names)) < len(names) or len(models) > 1:
            self._refuse(batch, {"code": "invalid_file", "message": "too long, ids twice, or two models", "line": None})
        elif batch.ending == "invalid":
            self._refuse(batch, {"code": "invalid_request", "message": "the file is not well", "line": None})
        elif batch.ending == "invalid_lines":
            self._refuse(batch, {"code": "invalid_prompt", "message": "the line is not well", "param": "x", "line": 2})
        else:
            batch.status = "in_progress"
            self._loop.call_later(self._settings.run_s, self._end, batch, batch.ending)

    def _refuse(self, batch: Batch, fault: dict[str, Any]) -> None:
        batch.status, batch.faults = "failed", [fault]

    def _end(self, batch: Batch, ending: str) -> None:
        if batch.status not in {"validating", "in_progress"}:
            return
        chance = random.Random(batch.batch_id)
        rows = chance.sample(batch.rows, len(batch.rows))  # out of order
        part = rows if ending == "completed" else rows[: round(len(rows) * self._settings.share)]
        lines = [self._answer_row(row) for row in part]
        good = [line for line in lines if line["response"]["status_code"] == 200]
        bad = [line for line in lines if line["response"]["status_code"] != 200]
        if ending in {"expired", "cancelled"}:
            error = {"code": f"batch_{ending}", "message": f"This request was not run before the batch {ending}."}
            bad += [{"custom_id": row["custom_id"], "response": None, "error": error} for row in rows[len(part) :]]
        batch.done, batch.failed = len(good), len(bad)
        batch.output = self._add_file("output", _join(good)) if good else None
        batch.errors = self._add_file("errors", _join(bad)) if bad else None
        batch.status = "completed" if ending == "partial" else ending

    def _answer_row(self, row: dict[str, Any]) -> dict[str, Any]:
        digest = _digest(row)
        left = xxh3_64_intdigest(f"{digest}/{self.submitted[digest]}".encode()) / 2**64
        status, body = 200, b""
        for name, rate in self._settings.row_faults.items():
            left -= rate
            if left < 0:
                echo = f"{' '.join(self._keys)} is withheld"
                status, body = ERRORS[name] if name != "echo" else (400, write_error(echo, "content_filter"))
                break
        if "n" in row["body"] and "n" in self._settings.refused:
            status, body = ERRORS["n"]
        if status == 200:
            self.answered[digest] += 1
            body = self._answer(row["body"])
            self.tokens[digest] = orjson.loads(body)["usage"]["total_tokens"]
        response = {"status_code": status, "request_id": "r", "body": orjson.loads(body)}
        return {"id": f"line_{digest}", "custom_id": row["custom_id"], "response": response, "error": None}

    def _list(self, query: str) -> Reply:
        after = re.search(r"after=([^&]+)", query)
        names = [*reversed(self._batches)]
        names = names[names.index(after[1]) + 1 :] if after else names
        page = names[: self._settings.page]
        data = [self._batches[name].describe() for name in page]
        return 200, orjson.dumps({"object": "list", "data": data, "has_more": len(names) > len(page)})


def _digest(row: dict[str, Any]) -> str:
    return xxh3_64_hexdigest(orjson.dumps(row["body"]))


def _join(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
