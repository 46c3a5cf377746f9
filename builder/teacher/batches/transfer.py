"""Files on their way to a service and back, in little memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from ...store.atomic import Access, replace_file
from ..backends.openai_transport import NoReplyError, describe_error

CHUNK = 2**20
"""Bytes of an upload that are in memory."""


def format_parts(boundary: str, name: str) -> tuple[bytes, bytes]:
    """Format what stands before and after a file that is uploaded as a form."""
    before = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    return before.encode(), f"\r\n--{boundary}--\r\n".encode()


async def stream_file(before: bytes, path: Path, after: bytes) -> AsyncIterator[bytes]:
    """Read a form around a file, part by part."""
    yield before
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
    yield after


async def save_content(response: aiohttp.ClientResponse, target: Path, most: int) -> None:
    """Write a response to a file.

    Raises:
        NoReplyError: it is compressed, or too long.
        Stopped: it can't be written.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoReplyError("the file is compressed, although the request forbids it", connected=True)
    size = 0
    with replace_file(target, access=Access.PRIVATE) as side, side.open("wb") as file:
        while chunk := await _read_chunk(response):
            size += len(chunk)
            if size > most:
                raise NoReplyError(f"the file is longer than {most // 10**6} MB", connected=True)
            file.write(chunk)


async def _read_chunk(response: aiohttp.ClientResponse) -> bytes:
    """Read on. An error of the network is not one of the disk, although both may be an `OSError`."""
    try:
        return await response.content.readany()
    except (aiohttp.ClientError, OSError) as error:
        raise NoReplyError(describe_error(error), connected=True) from None
