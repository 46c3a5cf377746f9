"""The process of a server: settings come as a line of JSON, the port goes out, and it ends with its parent."""

import asyncio
import gc
import sys

import orjson

from .connection import Connection
from .service import ChatService
from .settings import Settings, read_settings


async def serve(settings: Settings) -> None:
    """Serve until the standard input ends, which it does when the parent dies, or the lifetime is over."""
    loop = asyncio.get_running_loop()
    service = ChatService(settings, loop)
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the parent reads it
    gc.freeze()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    loop.call_later(settings.lifetime_s, ended.set)
    await ended.wait()
    server.close()


def main() -> None:
    """Start."""
    settings = read_settings(orjson.loads(sys.stdin.buffer.readline()))
    try:
        from uvloop import run  # faster, where it is installed
    except ImportError:
        run = asyncio.run
    run(serve(settings))


if __name__ == "__main__":
    main()
