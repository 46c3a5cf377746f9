"""HTTP servers of tests: each serves in a thread of this process, and ends as soon as it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer

_LOOK_S = 0.01
"""So often a server looks whether it is to end; by default it is half a second, and a test waits for that."""


@contextmanager
def serve_in_thread(http: HTTPServer) -> Iterator[str]:
    """Serve until the block ends; gives the server's address."""
    thread = threading.Thread(target=http.serve_forever, args=(_LOOK_S,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)
