"""A Hub on loopback that a test fills and scripts, for the real clients to read from and write to.

Large files go the way of LFS over HTTP (there is no Xet here). Faults are a list: the first that fits a request is
met, and used up.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.loopback import serve_in_thread
from tests.publish.hub_answers import answer, scripted
from tests.publish.hub_state import ALL_WELL, Asked, Fault, Hub, Repo

__all__ = ["ALL_WELL", "Fault", "Hub", "Repo", "serving"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    hub: Hub

    def _reply(self):
        fault = self.hub.fault_for(self._asked(b""))
        length = int(self.headers.get("Content-Length") or 0)
        early = fault is not None and fault.status is None and not fault.after
        asked = self._asked(self.rfile.read(length // 2 if early else length))
        self.hub.seen.append(asked)
        if fault and fault.then:
            fault.then()
        if fault is None or fault.status == ALL_WELL:
            self._send(*answer(self.hub, asked))
            return
        if fault.after:
            answer(self.hub, asked)
        if fault.status is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send(*scripted(fault, asked))

    def _asked(self, body: bytes) -> Asked:
        parts = urlsplit(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        return Asked(self.command, parts.path, parse_qs(parts.query), body, token, self.headers.get("Range"))

    def _send(self, status: int, headers: dict[str, str], content: bytes):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = _reply  # noqa: N815 - names of the base class

    def log_message(self, *_args):
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request, _client):
        """Say nothing of clients that went away: some are killed on purpose."""


@contextmanager
def serving(dataset: str = "", tokens: Mapping[str, str] | None = None) -> Iterator[Hub]:
    """Serve on a port that the system picks, until the block ends.

    Args:
        dataset: a dataset to begin with, empty and for everyone; none where empty.
        tokens: the role of each token.
    """
    hub = Hub(dataset, repos={dataset: Repo(dataset)} if dataset else {}, tokens=dict(tokens or {}))
    http = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    with serve_in_thread(http) as hub.url:
        yield hub
