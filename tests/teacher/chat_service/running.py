"""Start a server in a process of its own, and read what it wrote down."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from .record import Busy, RequestRecord
from .settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60


@dataclass(slots=True)
class Service:
    """A server that runs, or has run: what it wrote down can be read after its end too."""

    port: int
    process: subprocess.Popen[bytes]
    _last: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What `teacher.base_url` says."""
        return f"http://127.0.0.1:{self.port}/v1"

    def read_statistics(self) -> dict[str, Any]:
        """Read how many requests there were, what became of them, and how many were in flight."""
        return self._last.get("/statistics") or self._get("/statistics")

    def read_busy(self) -> Busy:
        """Read for how long how many requests were in flight."""
        return Busy({int(count): seconds for count, seconds in self.read_statistics()["busy"].items()})

    def read_requests(self) -> list[RequestRecord]:
        """Read all requests, in the order in which they came."""
        return [RequestRecord(**each) for each in self._last.get("/requests") or self._get("/requests")]

    def read_batches(self) -> dict[str, Any]:
        """Read what batches there were, and how often each row was submitted and answered."""
        return self._last.get("/batches") or self._get("/batches")

    def keep(self) -> None:
        """Keep what was written down, for the time after the end."""
        self._last = {path: self._get(path) for path in ("/statistics", "/requests", "/batches")}

    def _get(self, path: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def running(settings: Settings | None = None) -> Iterator[Service]:
    """Run a server until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.teacher.chat_service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps((settings or Settings()).to_plain()).encode() + b"\n")
            process.stdin.flush()
            service = Service(int(process.stdout.readline()), process)
            yield service
            service.keep()
        finally:
            process.kill()
