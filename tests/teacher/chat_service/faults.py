"""What goes wrong with a request: by rate, by script, and what the client then sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest

from .answers import write_error
from .settings import Faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A reply that is none."""

    status: int = 200
    """The HTTP status; 0 where the connection is closed without one."""
    body: bytes = b""
    headers: bytes = b""
    cut: bool = False
    """Whether the connection is closed in the midst of the body."""
    stalls: bool = False
    """Whether nothing comes."""
    raw: bytes = b""
    """What is sent in place of a response, before the connection is closed."""
    truncates: bool = False
    """Whether the answer is there, up to its middle, as if it were whole."""


def _escape(key: str) -> str:
    """Write a text with every character escaped: JSON all the same."""
    return "".join(f"\\u{ord(letter):04x}" for letter in key)


def _answer(text: str) -> bytes:
    """Write a completion around a text that is JSON already."""
    choice = f'{{"index": 0, "finish_reason": "stop", "message": {{"role": "assistant", "content": "{text}"}}}}'
    return f'{{"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{choice}]}}'.encode()


FAULTS: Mapping[str, Callable[[str], Fault]] = {
    "throttled": lambda _key: Fault(status=429, body=write_error("Rate limit reached", "rate_limit_exceeded")),
    "failed": lambda _key: Fault(status=500, body=write_error("The server had an error")),
    "dropped": lambda _key: Fault(status=0),
    "cut": lambda _key: Fault(cut=True),
    "truncated": lambda _key: Fault(truncates=True),
    "stalled": lambda _key: Fault(stalls=True),
    "unauthorized": lambda _key: Fault(status=401, body=write_error("Incorrect API key provided", "invalid_api_key")),
    "echo_json": lambda key: Fault(status=401, body=write_error(f"Incorrect API key provided: {key}.")),
    "echo_escaped": lambda key: Fault(
        status=400, body=f'{{"error": {{"message": "no such key: {_escape(key)}", "code": null}}}}'.encode()
    ),
    "echo_plain": lambda key: Fault(status=503, body=f"upstream refused Authorization: Bearer {key}".encode()),
    "echo_html": lambda key: Fault(
        status=502, body=f"<html><body><h1>Bad gateway</h1><pre>{key}</pre></body></html>".encode()
    ),
    "echo_detail": lambda key: Fault(
        status=422, body=f'{{"detail": [{{"loc": ["header", "authorization"], "msg": "bad token {key}"}}]}}'.encode()
    ),
    "echo_header": lambda key: Fault(
        status=500, body=write_error("see the header"), headers=f"Retry-After: {key}\r\nX-Key: {key}\r\n".encode()
    ),
    "echo_redirect": lambda key: Fault(
        status=307, headers=f"Location: http://127.0.0.1:9/v1/chat/completions?key={key}\r\n".encode()
    ),
    "echo_ok": lambda key: Fault(body=write_error(f"the key {key} has no credit left")),
    "echo_garbage": lambda key: Fault(raw=f"Bearer {key}\r\nis not known\r\n\r\n".encode()),
    "echo_answer": lambda key: Fault(body=_answer(f"You sent {key}. The answer is 3.")),
    "echo_escaped_answer": lambda key: Fault(body=_answer(f"You sent {_escape(key)}. The answer is 3.")),
    "echo_escaped_refusal": lambda key: Fault(
        status=400,
        body=f'{{"error": {{"message": "{_escape(key)} is withheld", "code": "content_filter"}}}}'.encode(),
    ),
    "echo_refusal": lambda key: Fault(
        status=400, body=write_error(f"{key}: withheld by the content filter", "content_filter")
    ),
}
"""The faults. Each is a function of the key that came with the request; those named `echo` write it back."""


class FaultPicker:
    """Decides which requests go wrong."""

    def __init__(self, faults: Faults) -> None:
        unknown = {*faults.rates, *faults.script.values()} - {*FAULTS, ""}
        if unknown:
            message = f"no such faults: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self._faults = faults

    def pick(self, number: int, digest: str, tries: int) -> str | None:
        """Pick the fault of a request.

        Args:
            number: its place among all requests, from 1.
            digest: the digest of its body.
            tries: how often the same body came before.
        """
        scripted = self._faults.script.get(str(number), self._faults.script.get("*"))
        if scripted is not None or not self._faults.rates:
            return scripted or None
        left = xxh3_64_intdigest(f"{self._faults.seed}/{digest}/{tries}".encode()) / 2**64
        for name, rate in self._faults.rates.items():
            left -= rate
            if left < 0:
                return name
        return None
