"""What is on its way at a batch service: written before it is sent, and kept until its answers are in the ledger.

    STORE/batches/ENDPOINT/NAME/
      requests.jsonl     the file that is uploaded, one request a line
      rows.jsonl         what each line asks for: ledger keys, and where it begins in `requests.jsonl`
      state.json         how far it is: its file and its id at the service

A folder appears whole, by renaming; a build that is killed leaves either none or one with a state. Only one build at a
time asks an endpoint from a store (`sampling.turns`), so that no two change the same folder.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
import xxhash

from ....schemas.example import Message, Role
from ....schemas.sample import Hint
from ...errors import InputError
from ...store.atomic import Access, atomic_write, remove_folder, remove_leftovers
from ..chat_responses import parse_body
from ..request import Request

FOLDER = "batches"
"""The folder of a store."""

REQUESTS, ROWS, STATE = "requests.jsonl", "rows.jsonl", "state.json"
"""The files of a batch."""


class BatchStage(StrEnum):
    """How far a batch is on its way to the service."""

    PREPARED = "prepared"
    """Its file is written. The service has no batch of it."""
    CREATING = "creating"
    """The service was asked to create it; whether it did is not known."""
    CREATED = "created"
    """The service has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournaledBatch:
    """A batch as the journal knows it."""

    name: str
    """Its name here, and in its metadata at the service."""
    endpoint: str
    """The server's name in the ledger."""
    url: str
    """The server's address."""
    model: str
    """The model; a batch has one."""
    stage: BatchStage
    """How far it is."""
    rows: int
    """Lines of its file."""
    digest: str
    """Digest of `rows.jsonl`."""
    settings: tuple[Mapping[str, Any], ...]
    """Endpoint, model and sampling parameters of its requests; a row names its own by number."""
    prepared_at: int
    """When its file was written, in seconds since 1970."""
    input_file_id: str | None = None
    """The service's id of the uploaded file; null where it has none, or the build was killed before it knew."""
    batch_id: str | None = None
    """The service's id of the batch, likewise."""
    reservation: int | None = None
    """The number of what is reserved for all of it; null where there is no limit."""
    most_each: tuple[int, int] = (0, 0)
    """The most that one of its requests can spend: picodollars, and tokens."""


@dataclass(slots=True, eq=False)
class BatchRow:
    """A line of a batch: one prompt, and the completions that it asks for."""

    digest: str
    """The ledger's digest of its request."""
    indexes: tuple[int, ...]
    """The sample indexes that it asks for, in the order of the choices."""
    offset: int
    """Where its line begins in `requests.jsonl`, in bytes."""
    problem_id: str
    """The problem of its prompt."""
    hint: str
    """Whether the prompt shows the gold answer."""
    setting: int
    """The number of its setting."""
    tries: int = 1
    """How often this build knows it was sent, with this time."""

    @property
    def custom_id(self) -> str:
        """What tells it apart from the other lines of its file."""
        return f"{self.digest}-{self.indexes[0]}"


def locate_journal(store: Path, endpoint: str) -> Path:
    """Return the folder with the batches at an endpoint, whether it exists or not."""
    return store / FOLDER / hashlib.sha256(endpoint.encode()).hexdigest()[:24]


def list_folders(store: Path) -> list[Path]:
    """List the folders of all batches of a store, whatever endpoint they were sent to."""
    return sorted(path for path in (store / FOLDER).glob("*/[!.]*") if path.is_dir())


def list_batches(journal: Path) -> list[tuple[Path, JournaledBatch]]:
    """List the batches at an endpoint with their folders, the oldest first; what killed builds left is removed.

    Raises:
        InputError: the state of one is damaged.
    """
    remove_leftovers(journal)
    folders = (path for path in journal.glob("[!.]*") if path.is_dir())
    found = [(folder, read_state(folder)) for folder in folders]
    return sorted(found, key=lambda pair: (pair[1].prepared_at, pair[1].name))


def write_state(folder: Path, batch: JournaledBatch) -> None:
    """Write how far a batch is. Returns once it is on disk.

    Raises:
        Stopped: it can't be written.
    """
    content = json.dumps(asdict(batch)).encode()
    whole = b'{"checksum":"%b","batch":%b}' % (compute_digest(content).encode(), content)
    atomic_write(folder / STATE, whole, access=Access.PRIVATE)


def read_state(folder: Path) -> JournaledBatch:
    """Read how far a batch is.

    Raises:
        InputError: it is damaged.
    """
    try:
        whole = json.loads((folder / STATE).read_bytes())
        fields = whole["batch"]
        if whole["checksum"] != compute_digest(json.dumps(fields).encode()):
            raise make_damage_error(folder)
        read = {"stage": BatchStage(fields["stage"]), "settings": tuple(fields["settings"])}
        return JournaledBatch(**fields | read | {"most_each": tuple(fields["most_each"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise make_damage_error(folder) from error


def read_rows(folder: Path, batch: JournaledBatch) -> list[BatchRow]:
    """Read what the lines of a batch ask for.

    Raises:
        InputError: it is damaged.
    """
    try:
        content = (folder / ROWS).read_bytes()
    except OSError as error:
        raise make_damage_error(folder) from error
    if compute_digest(content) != batch.digest:
        raise make_damage_error(folder)
    lines = map(orjson.loads, content.splitlines())
    return [BatchRow(digest, tuple(indexes), *others) for digest, indexes, *others in lines]


def format_row(row: BatchRow) -> bytes:
    """Format a line of `rows.jsonl`."""
    return orjson.dumps([row.digest, row.indexes, row.offset, row.problem_id, row.hint, row.setting]) + b"\n"


def read_requests(folder: Path, batch: JournaledBatch, rows: Sequence[BatchRow]) -> Iterator[Request]:
    """Read the requests of some rows from the file that was uploaded, in their order.

    Raises:
        InputError: one is damaged: its digest is another.
    """
    try:
        with (folder / REQUESTS).open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                body = parse_body(file.readline())["body"]
                request = Request(
                    problem_id=row.problem_id,
                    messages=tuple(
                        Message(role=Role(message["role"]), content=message["content"]) for message in body["messages"]
                    ),
                    hint=Hint(row.hint),
                    **batch.settings[row.setting],
                )
                if request.digest != row.digest:
                    raise make_damage_error(folder)
                yield request
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise make_damage_error(folder) from error


def forget_batch(folder: Path) -> None:
    """Remove a batch from the journal: its answers are in the ledger, or are given up.

    Raises:
        Stopped: it can't be removed.
    """
    remove_folder(folder)


def measure_age(batch: JournaledBatch) -> float:
    """Measure how many hours ago the file of a batch was written."""
    return max(time.time() - batch.prepared_at, 0) / 3_600


def compute_digest(content: bytes) -> str:
    """Compute the digest of a file of the journal."""
    return xxhash.xxh3_128_hexdigest(content)


def make_damage_error(folder: Path) -> InputError:
    """Make the error for a damaged journal: without it, what is on its way would be paid again."""
    return InputError(
        f"the journal of the batch {folder.name} is damaged: {folder}",
        hint=f"restore it from a copy; or cotloom ledger batches --forget {folder.name} gives its answers up, and the"
        " next build requests and pays them again",
    )
