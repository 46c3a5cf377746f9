"""Takes batches to the service, and looks at them until they are over. Every step is in the journal before it is taken.

What a killed build left is taken up by its stage:

| stage | what may be at the service | what is done |
|---|---|---|
| prepared | a file, which costs nothing | given up: its requests are queued again |
| creating | a batch, or none | looked for by metadata and file; where there is one, it is taken up |
| created | the batch | taken up |
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...costs import Spent
from ...errors import CotloomError, InputError
from ..backends.openai_errors import explain_no_reply
from ..backends.openai_transport import NoReplyError
from .budget import ReservedFile, SettleReservation
from .errors import explain_silence, explain_unlisted
from .file import BatchFile
from .journal import (
    REQUESTS,
    BatchRow,
    BatchStage,
    JournaledBatch,
    forget_batch,
    list_batches,
    read_rows,
    write_state,
)
from .remote import BatchOutcome, RemoteBatch
from .service import BatchService, compute_pause, is_passing

FIRST_LOOK_S = 1.0
"""Seconds until the first look at a batch; each pause after it is half as long again, up to `batch_poll_s`."""

LOOKS = (0.0, 1.0, 5.0)
"""Pauses before the looks for a batch that may have been created: a list may show it a moment later."""


@dataclass(slots=True, eq=False)
class OpenBatch:
    """A batch whose answers are not all in the ledger."""

    folder: Path
    """Its folder in the journal."""
    batch: JournaledBatch
    """How far it is."""
    rows: dict[str, BatchRow] = field(default_factory=dict)
    """Its lines, by custom id, in the order of its file; those that were seen to are taken away."""
    remote: RemoteBatch | None = None
    """What the service said of it last."""
    unknown: int = 0
    """Its rows that were answered, and nobody knows with how many tokens."""

    def note_file(self, file_id: str) -> None:
        """Note in the journal that its file is uploaded, and that the service is asked to create it now."""
        self._write(replace(self.batch, stage=BatchStage.CREATING, input_file_id=file_id))

    def note_batch(self, remote: RemoteBatch) -> None:
        """Note in the journal that the service has it."""
        self.remote = remote
        self._write(replace(self.batch, stage=BatchStage.CREATED, batch_id=remote.batch_id))

    def _write(self, batch: JournaledBatch) -> None:
        self.batch = batch
        write_state(self.folder, self.batch)


Collect = Callable[[OpenBatch, RemoteBatch], Awaitable[None]]
"""Sees to everything that a batch which is over has brought."""


class Courier:
    """Takes batches to one service, one after the other."""

    def __init__(self, service: BatchService, journal: Path, poll_s: float, settle: SettleReservation) -> None:
        """Use an open connection, the journal of its endpoint, and what settles what was reserved."""
        self.batches: dict[str, OpenBatch] = {}
        """Those that are not over, by name."""
        self._service, self._journal, self._poll_s, self._settle = service, journal, poll_s, settle
        self._uploading = asyncio.Lock()
        self._is_flying = asyncio.Event()
        self._looks = self._failures = 0

    @property
    def url(self) -> str:
        """The server's address."""
        return self._service.url

    async def recover(self) -> None:
        """Take up what an earlier build left.

        Raises:
            InputError: the journal is damaged.
            CotloomError: the service does not say whether it has a batch.
        """
        for folder, batch in await asyncio.to_thread(list_batches, self._journal):
            found = OpenBatch(folder, batch)
            if batch.stage is BatchStage.CREATING:
                await self._resolve(found)
            if found.batch.stage is not BatchStage.CREATED:
                if batch.input_file_id is not None:
                    await self._service.delete_file(batch.input_file_id)
                await self._forget(found)
                continue
            rows = await asyncio.to_thread(read_rows, folder, batch)
            found.rows = {row.custom_id: row for row in rows}
            self._open(found)

    async def _resolve(self, found: OpenBatch) -> None:
        """Find out whether a batch was created."""
        remote = await self._find(found.batch)
        if remote is not None:
            found.note_batch(remote)

    def _open(self, batch: OpenBatch) -> None:
        self.batches[batch.batch.name] = batch
        self._looks = 0
        self._is_flying.set()

    async def _forget(self, batch: OpenBatch) -> None:
        """Settle what is reserved for a batch that is over or never was, and remove it from the journal.

        What its rows cost is recorded; of those whose tokens nobody knows, what they can have cost stays.
        """
        if batch.batch.reservation is not None:
            cost, tokens = batch.batch.most_each
            unknown = Spent(picodollars=batch.unknown * cost, requests=0, tokens=batch.unknown * tokens)
            await self._settle(batch.batch.reservation, unknown)
        forget_batch(batch.folder)

    async def submit(self, file: BatchFile, reserved: ReservedFile | None) -> None:
        """Upload a file, and create the batch of it.

        Raises:
            CotloomError: the service takes none, or can't be reached.
            Stopped: the journal can't be written.
        """
        async with self._uploading:
            journaled = await asyncio.to_thread(file.seal, self.url, reserved)
            batch = OpenBatch(file.folder, journaled, {row.custom_id: row for row in file.rows})
            try:
                name = f"cotloom-{journaled.name}"
                file_id = await self._service.upload_file(file.folder / REQUESTS, file.size, name)
                batch.note_file(file_id)
                remote = await self._create(batch.batch)
            except InputError:  # it was refused: there is no batch
                await self._forget(batch)
                raise
            batch.note_batch(remote)
            self._open(batch)

    async def _create(self, batch: JournaledBatch) -> RemoteBatch:
        """Create a batch. Where no reply says whether it was, it is looked for before it is tried again."""
        tries = 0
        while True:
            tries += 1
            reply = await self._service.create_batch(batch.input_file_id or "", batch.name)
            if reply is not None and (not is_passing(reply) or tries > self._service.retries):
                return self._service.read_batch(reply)
            if reply is None and (found := await self._find(batch)) is not None:
                return found
            if tries > self._service.retries:
                raise explain_no_reply(self._service.connection.server, "no batch was created", tries, connected=True)
            await asyncio.sleep(compute_pause(tries))

    async def _find(self, batch: JournaledBatch) -> RemoteBatch | None:
        for pause in LOOKS:
            await asyncio.sleep(min(pause, self._poll_s))
            try:
                found = await self._service.find_batch(batch.name, batch.input_file_id, batch.prepared_at)
            except InputError as error:
                raise explain_unlisted(self.url, batch.name, error) from error
            if found is not None:
                return found
        return None

    async def run(self, collect: Collect) -> None:
        """Look at the batches until cancelled, and collect those that are over.

        Raises:
            CotloomError: the service does not say how they go, or what they brought can't be got.
        """
        while True:
            await self._is_flying.wait()
            await asyncio.sleep(min(FIRST_LOOK_S * 1.5**self._looks, self._poll_s))
            self._looks = min(self._looks + 1, 60)
            over = [batch for batch in list(self.batches.values()) if await self._look(batch)]
            for batch in over:
                if batch.remote is not None:
                    await collect(batch, batch.remote)
                del self.batches[batch.batch.name]
                await self._forget(batch)
            if not self.batches:
                self._is_flying.clear()

    async def _look(self, batch: OpenBatch) -> bool:
        """Look at a batch. Returns whether it is over."""
        try:
            batch.remote = await self._service.get_batch(batch.batch.batch_id or "", batch.batch.name)
        except NoReplyError as error:
            self._note_failure(explain_silence(self.url, str(error)))
            return False
        except CotloomError as error:
            self._note_failure(error)
            return False
        self._failures = 0
        return batch.remote.outcome is not BatchOutcome.RUNNING

    def _note_failure(self, error: CotloomError) -> None:
        """Note a look that failed: a service that is away for some minutes loses no batch.

        Raises:
            CotloomError: too many failed in a row.
        """
        self._failures += 1
        most = 2 if isinstance(error, InputError) else 2 + 3 * self._service.retries
        if self._failures > most:
            raise error

    def describe(self) -> str:
        """Describe how the batches go, for a progress bar."""
        remotes = [batch.remote for batch in self.batches.values()]
        if not remotes:
            return ""
        states = sorted({"in transit" if remote is None else remote.status for remote in remotes})
        total = sum(batch.batch.rows for batch in self.batches.values())
        done = sum(remote.done for remote in remotes if remote is not None)
        number = f"{len(remotes)} batches" if len(remotes) > 1 else "batch"
        return f"{number} {', '.join(states)} {done:,}/{total:,}"
