"""The HTTP of a batch service: files are uploaded and downloaded, batches created, looked at and listed.

OpenAI's protocol (API reference, Batch and Files). aiohttp sends what is sent, as for live requests: the headers are
ours alone, nothing follows a redirect, and a download goes to the disk, in little memory (docs/decisions/0072).
"""

import asyncio
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from yarl import URL

from ...errors import CotloomError
from ..backends.openai_errors import StatusMeaning, explain_failing_server, explain_no_reply, read_status
from ..backends.openai_transport import (
    HttpReply,
    NoReplyError,
    ServerConnection,
    describe_error,
    find_proxy,
    read_content,
)
from ..chat_responses import parse_body, read_server_error
from .errors import explain_rejected_call, explain_unknown_batch, explain_unreadable_reply
from .file import CHAT
from .remote import RemoteBatch, is_id, read_batch
from .transfer import format_parts, save_content, stream_file

METADATA = "cotloom"
"""The key of a batch's metadata under which its name in our journal stands."""

LONGEST_WAIT_S = 60.0
"""The longest pause before a call is repeated."""

PAGE = 100
"""Batches on a page of a list."""

MOST_PAGES = 50
"""Pages of a list that are looked through."""

SLACK_S = 86_400
"""Batches that are older than ours by more than this, by the service's clock, are not looked through."""

LEAST_BYTES_PER_S = 50_000
"""A transfer that is slower on the whole is given up."""

MOST_ROW_BYTES = 4 * 2**20
"""The most bytes of an output file, for each row of its batch."""

_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class BatchService:
    """A server's batch service, behind an open connection."""

    connection: ServerConnection
    """The session."""
    retries: int
    """How often a call that failed is repeated."""

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.server.url

    async def upload_file(self, path: Path, size: int, name: str) -> str:
        """Upload a batch's file of so many bytes. Returns its id. A file costs nothing: only a batch does.

        Raises:
            CotloomError: the service does not take it.
        """
        boundary = secrets.token_hex(16)
        before, after = format_parts(boundary, f"{name}.jsonl")
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(before) + size + len(after)),
        }
        reply = await self._repeat("POST", "files", headers=headers, file=(before, path, after), size=size)
        return self._read_id(reply)

    async def delete_file(self, file_id: str) -> None:
        """Delete a file that no batch uses. Where the service does not, it stays."""
        try:
            await self._call("DELETE", f"files/{file_id}")
        except (NoReplyError, CotloomError):
            return

    async def create_batch(self, file_id: str, name: str) -> HttpReply | None:
        """Ask once for a batch of an uploaded file. None where it is not known whether there is one."""
        body = {
            "input_file_id": file_id,
            "endpoint": CHAT,
            "completion_window": "24h",
            "metadata": {METADATA: name},
        }
        try:
            reply = await self._call("POST", "batches", body=orjson.dumps(body))
        except NoReplyError:
            return None
        return None if reply.status >= 500 or reply.status == 408 else reply

    async def get_batch(self, batch_id: str, name: str) -> RemoteBatch:
        """Look at a batch, once.

        Raises:
            NoReplyError: no reply came.
            CotloomError: the service does not say, or knows no such batch.
        """
        reply = await self._call("GET", f"batches/{batch_id}")
        if reply.status in _GONE:
            raise explain_unknown_batch(self.url, name, batch_id)
        return self.read_batch(reply)

    async def find_batch(self, name: str, file_id: str | None, prepared_at: int) -> RemoteBatch | None:
        """Find a batch of ours by its metadata or its file; None where the service has none.

        Args:
            name: its name in the journal.
            file_id: the service's id of its file.
            prepared_at: when its file was written, in seconds since 1970.

        Raises:
            CotloomError: the service does not list its batches.
        """
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            reply = await self._repeat("GET", "batches", query={"limit": str(PAGE), **after})
            page = self._read_object(reply)
            items = page.get("data")
            batches = [read_batch(item) for item in items] if isinstance(items, list) else []
            for batch in filter(None, batches):
                if batch.name == name or (file_id is not None and batch.input_file_id == file_id):
                    return batch
            last = batches[-1] if batches else None
            if not page.get("has_more") or last is None or (last.created_at or prepared_at) < prepared_at - SLACK_S:
                return None
            after = {"after": last.batch_id}
        return None

    async def download_file(self, file_id: str, path: Path, rows: int) -> None:
        """Download a file with the results of so many rows; it appears whole.

        Raises:
            CotloomError: the service does not give it, or it is far too long.
            Stopped: it can't be written.
        """
        most = (rows + 16) * MOST_ROW_BYTES
        await self._repeat("GET", f"files/{file_id}/content", target=path, size=most)

    def read_batch(self, reply: HttpReply) -> RemoteBatch:
        """Read the description of a batch.

        Raises:
            CotloomError: it is an error, or none that can be read.
        """
        self._check(reply, 1)
        batch = read_batch(self._read_object(reply))
        if batch is None:
            raise explain_unreadable_reply(self.url, reply)
        return batch

    def _read_id(self, reply: HttpReply) -> str:
        file_id = self._read_object(reply).get("id")
        if not is_id(file_id):
            raise explain_unreadable_reply(self.url, reply)
        return str(file_id)

    def _read_object(self, reply: HttpReply) -> Mapping[str, Any]:
        try:
            value = parse_body(reply.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise explain_unreadable_reply(self.url, reply)
        return value

    async def _repeat(self, method: str, path: str, **options: Any) -> HttpReply:
        """Call the service; what may pass is repeated, with longer and longer pauses.

        Raises:
            CotloomError: it did not pass, or can't.
        """
        tries = 0
        while True:
            tries += 1
            try:
                reply = await self._call(method, path, **options)
            except NoReplyError as error:
                if tries > self.retries:
                    server = self.connection.server
                    raise explain_no_reply(server, str(error), tries, connected=error.connected) from None
                await asyncio.sleep(compute_pause(tries))
                continue
            if not is_passing(reply) or tries > self.retries:
                self._check(reply, tries)
                return reply
            await asyncio.sleep(compute_pause(tries))

    def _check(self, reply: HttpReply, tries: int) -> None:
        """Raise what a reply says that is an error.

        Raises:
            CotloomError: it is one.
        """
        if 200 <= reply.status < 300:
            return
        error = read_server_error(reply.body)
        meaning = read_status(reply.status, error)
        if meaning in {StatusMeaning.RETRIED, StatusMeaning.THROTTLED, StatusMeaning.EXHAUSTED}:
            raise explain_failing_server(self.connection.server, meaning, reply.status, error, tries)
        raise explain_rejected_call(self.connection.server, reply, error)

    async def _call(  # noqa: PLR0913 - what the calls differ in
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        file: tuple[bytes, Path, bytes] | None = None,
        target: Path | None = None,
        size: int = 0,
    ) -> HttpReply:
        """Send one HTTP request, and receive the whole response; a download that succeeds goes to `target`.

        Raises:
            NoReplyError: no response came in time, or none that is HTTP.
        """
        connection, server = self.connection, self.connection.server
        url = URL(f"{server.url}/{path}", encoded=True).extend_query({**server.query, **(query or {})})
        patience = aiohttp.ClientTimeout(
            total=connection.timeout_s + size / LEAST_BYTES_PER_S, sock_read=connection.timeout_s
        )
        data = body if file is None else stream_file(*file)
        try:
            async with connection.session.request(
                method, url, data=data, headers=headers, allow_redirects=False, proxy=find_proxy(url), timeout=patience
            ) as response:
                if target is not None and response.status == 200:
                    await save_content(response, target, size)
                    return HttpReply(response.status, b"", response.headers)
                content = await read_content(response)
        except TimeoutError as error:
            raise NoReplyError("the response is not complete in time", connected=True) from error
        except aiohttp.ClientConnectorError as error:
            raise NoReplyError(server.redact_text(describe_error(error)), connected=False) from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            raise NoReplyError(server.redact_text(describe_error(error)), connected=True) from None
        return HttpReply(response.status, server.redact_secrets(content), response.headers)


def is_passing(reply: HttpReply) -> bool:
    """Whether a reply is an error that may pass by itself."""
    if reply.status < 400:
        return False
    meaning = read_status(reply.status, read_server_error(reply.body))
    return meaning in {StatusMeaning.RETRIED, StatusMeaning.THROTTLED} and reply.status != 501


def compute_pause(tries: int) -> float:
    """Compute the seconds to wait after so many tries: exponential, with jitter."""
    return min(0.5 * 2.0 ** (tries - 1), LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
