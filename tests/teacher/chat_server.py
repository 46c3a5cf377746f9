"""A chat server on loopback whose answers and faults a test writes down. Real HTTP, real client, no model."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO

from tests.loopback import serve_in_thread


@dataclass
class Reply:
    """What the server says to one request."""

    body: object
    """JSON values, or a text or bytes as they are."""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bool = False
    """Whether the body is sent in place of a whole response, and the connection closed."""
    drip_s: float = 0.0
    """Seconds between the bytes of the body."""


Script = Callable[[dict], Reply]
"""From a request's body to the reply."""


@dataclass
class ChatServer:
    """A running server, and what it was asked."""

    url: str
    requests: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def completion(*texts: str | None, finish_reason: str = "stop", **message: object) -> Reply:
    """A chat completion with one choice for each text."""
    choices = [
        {
            "index": place,
            "finish_reason": finish_reason,
            "message": {"role": "assistant", "content": text, **message},
            "logprobs": None,
        }
        for place, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(texts), "total_tokens": 10 + 5 * len(texts)}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    return Reply(body)


def refusal(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's shape."""
    return Reply({"error": {"message": message, "type": "error", "code": code}}, status=status, headers=headers)


def encode(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def send(file: BinaryIO, content: bytes, drip_s: float) -> None:
    if not drip_s:
        file.write(content)
        return
    for byte in content:
        file.write(bytes([byte]))
        file.flush()
        time.sleep(drip_s)


@contextmanager
def serving(script: Script, on_get: Callable[[str], Reply] | None = None) -> Iterator[ChatServer]:
    """Serve a script on a port that the system picks, until the block ends; `on_get` replies to a path."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                server.requests.append(body)
                server.keys.append(self.headers.get("Authorization", ""))
                server.headers.append(dict(self.headers))
                server.paths.append(self.path)
            self.reply(script(body))

        def do_GET(self):
            with lock:
                server.headers.append(dict(self.headers))
                server.paths.append(self.path)
            self.reply(refusal(404, "nothing here") if on_get is None else on_get(self.path))

        def reply(self, reply: Reply):
            content = encode(reply.body)
            if reply.raw:
                self.wfile.write(content)
                self.close_connection = True
                return
            self.send_response(reply.status)
            headers = {"content_type": reply.content_type, "content_length": str(len(content)), **reply.headers}
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            with suppress(OSError):  # the client may have closed the connection
                send(self.wfile, content, reply.drip_s)

        def log_message(self, *_args):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = ChatServer(url=f"http://127.0.0.1:{http.server_port}/v1")
    with serve_in_thread(http):
        yield server
