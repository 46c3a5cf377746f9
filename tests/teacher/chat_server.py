"""A chat server on loopback whose answers and faults a test writes down. Real HTTP, real client, no model."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """What the server says to one request."""

    body: object
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[dict], Reply]
"""From a request's body to the reply."""


@dataclass
class ChatServer:
    """A running server, and what it was asked."""

    url: str
    requests: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


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


@contextmanager
def serving(script: Script) -> Iterator[ChatServer]:
    """Serve a script on a port that the system picks, until the block ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                server.requests.append(body)
                server.keys.append(self.headers.get("Authorization", ""))
            reply = script(body)
            content = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = ChatServer(url=f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)
