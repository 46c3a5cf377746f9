"""A batch as the service describes it, and the lines of its output, read whatever a service writes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from ..chat_responses import parse_body

_ID = re.compile(r"(?!\.*$)[\w.:=-]{1,200}", re.ASCII)


def is_id(value: object) -> bool:
    """Whether a value may be an id of the service: it stands in addresses, and must not mean another one.

    >>> is_id("batch_68a1"), is_id("../files"), is_id(".."), is_id(None)
    (True, False, False, False)
    """
    return isinstance(value, str) and _ID.fullmatch(value) is not None


class BatchOutcome(StrEnum):
    """What became of a batch."""

    RUNNING = "running"
    """It is not over."""
    OVER = "over"
    """It is over: completed, expired or cancelled. What it has answered is in its files."""
    INVALID = "invalid"
    """The service refused its file. Nothing of it was answered."""


OUTCOMES: Mapping[str, BatchOutcome] = {
    "completed": BatchOutcome.OVER,
    "expired": BatchOutcome.OVER,
    "cancelled": BatchOutcome.OVER,
    "canceled": BatchOutcome.OVER,
    "failed": BatchOutcome.INVALID,
}
"""From a batch's status to what became of it; any other status says that it is not over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchFault:
    """A fault that a service found in a batch's file."""

    message: str
    """Its words."""
    code: str = ""
    """Its code; empty where it has none."""
    parameter: str | None = None
    """The parameter that it is about."""
    line: int | None = None
    """The line of the file, from 1; null where it is about the whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteBatch:
    """A batch as the service describes it."""

    batch_id: str
    """Its id."""
    status: str
    """Its status, in the service's word."""
    name: str | None = None
    """Its name in our journal, from its metadata."""
    input_file_id: str | None = None
    """The file that it was created from."""
    output_file_id: str | None = None
    """The file with its answers."""
    error_file_id: str | None = None
    """The file with the errors of its rows."""
    created_at: int | None = None
    """When it was created, in seconds since 1970."""
    done: int = 0
    """Requests that were answered, with an answer or an error."""
    completed: int = 0
    """Requests that were answered with an answer."""
    total: int = 0
    """All requests; 0 as long as the service does not know."""
    faults: tuple[BatchFault, ...] = ()
    """Faults of its file."""

    @property
    def outcome(self) -> BatchOutcome:
        """What became of it."""
        return OUTCOMES.get(self.status, BatchOutcome.RUNNING)


def read_batch(value: Any) -> RemoteBatch | None:
    """Read the description of a batch; None where it is none."""
    if not isinstance(value, dict) or not is_id(value.get("id")) or not isinstance(value.get("status"), str):
        return None
    metadata, counts = _get_object(value, "metadata"), _get_object(value, "request_counts")
    faults = _get_object(value, "errors").get("data")
    completed = _get_count(counts, "completed")
    return RemoteBatch(
        batch_id=value["id"],
        status=value["status"].lower()[:40],
        name=_get_text(metadata, "cotloom"),
        input_file_id=_get_id(value, "input_file_id"),
        output_file_id=_get_id(value, "output_file_id"),
        error_file_id=_get_id(value, "error_file_id"),
        created_at=_get_count(value, "created_at") or None,
        done=completed + _get_count(counts, "failed"),
        completed=completed,
        total=_get_count(counts, "total"),
        faults=tuple(_read_fault(each) for each in faults if isinstance(each, dict))
        if isinstance(faults, list)
        else (),
    )


def _read_fault(value: Mapping[str, Any]) -> BatchFault:
    line = value.get("line")
    return BatchFault(
        message=str(value.get("message") or "")[:300],
        code=str(value.get("code") or "")[:80],
        parameter=_get_text(value, "param"),
        line=line if isinstance(line, int) and line > 0 else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLine:
    """A line of a batch's output: what a live request would have been replied, or why there was no request."""

    custom_id: str
    """The row."""
    status: int | None = None
    """The HTTP status; null where the request was never sent."""
    body: bytes = b""
    """The body, as JSON."""


def read_line(content: bytes) -> OutputLine | None:
    """Read a line of an output or error file; None where it says nothing of any row."""
    try:
        value = parse_body(content)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return None
    response, error = value.get("response"), value.get("error")
    if isinstance(response, dict):
        status = response.get("status_code")
        is_status = isinstance(status, int) and not isinstance(status, bool)
        return OutputLine(
            custom_id=value["custom_id"],
            status=status if is_status else 500,
            body=_encode(response.get("body")),
        )
    return OutputLine(custom_id=value["custom_id"], body=_encode({"error": error}))


def _encode(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def _get_object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _get_text(value: Mapping[str, Any], key: str) -> str | None:
    found = value.get(key)
    return found if isinstance(found, str) and found else None


def _get_id(value: Mapping[str, Any], key: str) -> str | None:
    return value[key] if is_id(value.get(key)) else None


def _get_count(value: Mapping[str, Any], key: str) -> int:
    found = value.get(key)
    return int(found) if isinstance(found, int | float) and 0 <= found < 2**53 else 0
