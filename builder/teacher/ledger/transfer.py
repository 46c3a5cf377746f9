"""Write a ledger as compressed JSON lines, and read such a file into a ledger.

One line is one response, with its request and the keys that it answers; nothing in it depends on another line.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....schemas.example import Message, Role
from ...errors import InputError
from ...progress import show_bar
from ...store.atomic import replace_file
from ..request import ReceivedResponse, Request, Response, ResponseKind
from .check import LedgerCheck, Row, scan_rows
from .ledger import Ledger, parse_response

SUFFIX = ".jsonl.gz"
"""The ending of an exported file."""
LONGEST_LINE = 2**29
"""A longer line, in bytes, is no response."""
_BATCH = 500


class LedgerRequest(BaseModel):
    """What a request says."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    messages: tuple[tuple[str, str], ...] = Field(strict=False)
    """Role and content of each message."""
    model: str
    """The model."""
    endpoint: str
    """The server's name."""
    sampling: dict[str, Any]
    """Sampling parameters."""


class LedgerLine(BaseModel):
    """One response in an exported ledger, or one problem whose answers were erased."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    digest: str | None = None
    """The digest of the request."""
    problem_id: str | None = None
    """The problem."""
    request: LedgerRequest | None = None
    """What was requested."""
    kind: ResponseKind | None = Field(None, strict=False)
    """How the response is read."""
    body: str = ""
    """The response as it came, each byte as one character (Latin-1)."""
    choices: dict[int, int] = Field(default_factory=dict, strict=False)
    """For each sample index that it answers, the number of the choice."""
    recorded_at: str = ""
    """When it was recorded, in UTC."""
    forgotten_at: str | None = None
    """When the answers to the problem were erased; then the line has nothing but the problem."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """The result of an import."""

    answers: int
    """Answers that are new in the ledger."""
    known: int
    """Answers that it had already."""
    forgotten: int
    """Answers to problems that were erased; they stay erased."""


def export_ledger(path: Path, target: Path) -> LedgerCheck:
    """Write every response that is intact to a file.

    Args:
        path: the ledger.
        target: the file, `*.jsonl.gz`; it must not exist.

    Returns:
        How many answers were written, and what is damaged and was not.

    Raises:
        InputError: there is no ledger, the file exists, or its name has another ending.
        Stopped: the disk is full.
    """
    _check_name(target)
    if target.exists():
        raise InputError(f"{target} exists", hint="choose another name, or remove it first")
    found = LedgerCheck()
    # without a name and a time: they would make two exports of one ledger differ
    with (
        replace_file(target) as side,
        side.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file,
    ):
        for line in _list_lines(path, found):
            file.write(orjson.dumps(line.model_dump(mode="json", exclude_defaults=True), option=_LINE))
    return found


_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS


def _check_name(path: Path) -> None:
    if not path.name.endswith(SUFFIX):
        raise InputError(f"{path} does not end in {SUFFIX}", hint=f"give a name such as answers{SUFFIX}")


def _list_lines(path: Path, found: LedgerCheck) -> Iterator[LedgerLine]:
    """List the responses, each with its request and the keys it answers: those come last when the tables are read."""
    requests: dict[str, Row] = {}
    choices: dict[int, dict[int, int]] = {}
    for table, row in scan_rows(path, found):
        if table == "requests":
            requests[row[0]] = row
        elif table == "answers":
            found.answers += 1
            choices.setdefault(row[2], {})[row[1]] = row[3]
        elif table == "forgotten":
            yield LedgerLine(problem_id=row[0], forgotten_at=row[1])
    for table, row in scan_rows(path, LedgerCheck()):
        response = parse_response(row[1:]) if table == "responses" else None
        if response is not None and row[1] in requests:
            yield _make_line(row, response, requests[row[1]], choices.get(row[0], {}))


def _make_line(row: Row, response: Response, request: Row, choices: Mapping[int, int]) -> LedgerLine:
    return LedgerLine(
        digest=row[1],
        problem_id=request[1],
        request=_read_request(request[2]),
        kind=response.kind,
        body=response.body.decode("latin-1"),
        choices=dict(choices),
        recorded_at=row[5],
    )


def _read_request(text: str) -> LedgerRequest:
    content = orjson.loads(text)
    messages = tuple((message["role"], message["content"]) for message in content["messages"])
    return LedgerRequest.model_validate({**content, "messages": messages})


def import_ledger(ledger: Ledger, source: Path) -> Imported:
    """Read an exported file into a ledger. An answer that the ledger has already stays.

    Args:
        ledger: the ledger.
        source: the file, `*.jsonl.gz`.

    Raises:
        InputError: the file is missing or damaged, or a line is no response. What stands before is imported.
        Stopped: the disk is full.
    """
    _check_name(source)
    if not source.is_file():
        raise InputError(f"{source}: no such file")
    total = Imported(answers=0, known=0, forgotten=0)
    size = source.stat().st_size
    with source.open("rb") as raw, gzip.open(raw) as file, show_bar("importing (bytes)", size) as advance:
        lines, done = _read_lines(source, file), 0
        while batch := list(islice(lines, _BATCH)):
            total = _add_imported(total, _import_batch(ledger, batch))
            done, before = raw.tell(), done
            advance(done - before)
    return total


def _add_imported(total: Imported, more: Imported) -> Imported:
    return Imported(
        answers=total.answers + more.answers, known=total.known + more.known, forgotten=total.forgotten + more.forgotten
    )


def _read_lines(source: Path, file: gzip.GzipFile) -> Iterator[LedgerLine]:
    number = 0
    try:
        while content := file.readline(LONGEST_LINE):
            number += 1
            yield _check_line(LedgerLine.model_validate_json(content))
    except ValidationError as error:
        raise _make_line_error(source, number, error.errors()[0]["msg"]) from error
    except ValueError as error:
        raise _make_line_error(source, number, str(error)) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _make_line_error(source, number + 1, str(error)) from error


def _make_line_error(source: Path, number: int, message: str) -> InputError:
    return InputError(
        f"{source}, line {number}: {message}",
        hint="the lines before it are imported; restore the file from a copy for the rest",
    )


def _check_line(line: LedgerLine) -> LedgerLine:
    """Check that a line is a response to the request it names, or a problem that was erased.

    Raises:
        ValueError: it is neither.
    """
    is_response = line.request is not None and line.kind is not None and _make_request(line).digest == line.digest
    if not is_response and (line.forgotten_at is None or line.problem_id is None):
        raise ValueError("it is no response to the request that it names")
    return line


def _make_request(line: LedgerLine) -> Request:
    request = line.request or LedgerRequest(messages=(), model="", endpoint="", sampling={})
    return Request(
        problem_id=line.problem_id or "",
        messages=tuple(Message(role=Role(role), content=content) for role, content in request.messages),
        model=request.model,
        endpoint=request.endpoint,
        sampling=request.sampling,
    )


def _import_batch(ledger: Ledger, lines: Sequence[LedgerLine]) -> Imported:
    forgotten = ledger.find_forgotten()
    answers = known = erased = 0
    received = []
    recorded = ledger.find_keys(line.digest for line in lines if line.digest is not None)
    for line in lines:
        if line.problem_id in forgotten or line.kind is None:
            erased += len(line.choices)
            continue
        choices = {index: choice for index, choice in line.choices.items() if (line.digest, index) not in recorded}
        answers, known = answers + len(choices), known + len(line.choices) - len(choices)
        if choices or not line.choices:
            response = Response(line.kind, line.body.encode("latin-1"))
            received.append(ReceivedResponse(_make_request(line), response, choices))
    ledger.record(received)
    return Imported(answers=answers, known=known, forgotten=erased)
