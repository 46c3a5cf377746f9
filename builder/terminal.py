r"""Standard output and standard error: the one place that writes to them, so that nothing reaches them uncleaned.

Law 7: a name, an id, an answer or a server's message can hold what moves the cursor, paints over a line, or turns the
direction of text. `print_text` and `print_error` show such characters by their escapes, `print_json` writes them as
`\uXXXX`, and `print_data` writes data exactly, but escapes it on a terminal. Inside `clean_streams`, what libraries
print is cleaned as well; inside `protect_stdout`, it goes to standard error (docs/decisions/0022).
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from io import TextIOBase
from typing import TextIO

from .errors import Stopped
from .plain_json import format_json

UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline, of one byte and of two
    "\u2028\u2029"  # separators of lines and paragraphs
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that change the direction of text
    "\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a"  # characters without a shape
    "\U000e0000-\U000e007f"  # tags: a hidden alphabet
    "\ud800-\udfff"  # halves of surrogate pairs, such as undecodable bytes of a file name
    "]"
)
"""What a person must see by its escape. Joiners (Persian, emoji) and soft hyphens belong to texts and stay."""

_BEYOND_ASCII = re.compile("[^\t\n\x20-\x7e]")
_STDOUT, _STDERR = 1, 2
_READER_GONE = (BrokenPipeError, ConnectionResetError)


def escape_terminal(value: object) -> str:
    r"""Replace what can't be seen, or does something to a terminal, by Python escapes; tab and newline stay.

    >>> escape_terminal("\x1b[31mred\u202e")
    '\\x1b[31mred\\u202e'
    """
    return UNSAFE.sub(lambda match: _format_code_point(match[0]), str(value))


def _format_code_point(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_json(text: str, *, only_ascii: bool = False) -> str:
    r"""Write the same characters of a JSON text by JSON's own escapes: it decodes to exactly the same value.

    >>> escape_json('"\x9b\u202e"')
    '"\\u009b\\u202e"'
    """
    pattern = _BEYOND_ASCII if only_ascii else UNSAFE
    return pattern.sub(lambda match: _format_json_escape(match[0]), text)


def _format_json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


class OutputStream(TextIOBase):
    """Standard output or standard error. What is written after its reader has gone is dropped."""

    def __init__(self, raw: TextIO, *, dropped: type[OSError] | tuple[type[OSError], ...] = _READER_GONE) -> None:
        """Write to a stream; characters that its encoding lacks are written by escapes.

        Args:
            raw: the stream.
            dropped: after which errors the rest is dropped.
        """
        self.raw = raw
        self.has_reader = True
        self._dropped = dropped
        if hasattr(raw, "reconfigure"):
            raw.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write a text as it is.

        Raises:
            Stopped: the disk is full.
        """
        if self.has_reader:
            with self._guard_reader():
                self.raw.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is still held back.

        Raises:
            Stopped: the disk is full.
        """
        if self.has_reader:
            with self._guard_reader():
                self.raw.flush()

    @contextmanager
    def _guard_reader(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.has_reader = False
            with suppress(OSError):  # else Python tries once more to write what is held back, when it ends
                _open_null(self.raw.fileno())
            if not isinstance(error, self._dropped):
                raise Stopped(f"the output can't be written: {error}", hint="choose another place for it") from error

    def fileno(self) -> int:
        """Its file descriptor."""
        return self.raw.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.raw.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Its encoding."""
        return self.raw.encoding or "utf-8"


class CleanStream(OutputStream):
    """Standard output or standard error, with every text cleaned. A progress bar may begin its line again."""

    def write(self, text: str) -> int:
        """Write a text with escapes in place of what a person can't see."""
        begin = "\r" if text.startswith("\r") else ""
        super().write(begin + escape_terminal(text[len(begin) :]))
        return len(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Streams:
    """Where a command writes, whatever stands in `sys.stdout` and `sys.stderr`."""

    results: OutputStream
    """For what was asked for."""
    messages: OutputStream
    """For errors and progress."""


_STREAMS: ContextVar[_Streams | None] = ContextVar("streams", default=None)


def find_streams() -> _Streams:
    """Find where results and messages are written: where the command said so, else Python's own streams."""
    return _STREAMS.get() or _Streams(
        results=OutputStream(_replace_missing(sys.stdout)),
        messages=OutputStream(_replace_missing(sys.stderr), dropped=OSError),
    )


def _replace_missing(raw: TextIO | None) -> TextIO:
    """Python has no stream where the file descriptor was closed."""
    return raw if raw is not None else open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - until Python ends


def print_text(text: object = "") -> None:
    """Print a text for a person on standard output, cleaned."""
    results = find_streams().results
    results.write(f"{escape_terminal(text)}\n")
    results.flush()


def print_error(text: object) -> None:
    """Print a message for a person on standard error, cleaned. Where nobody can read it, it is dropped."""
    messages = find_streams().messages
    messages.write(f"{escape_terminal(text)}\n")
    messages.flush()


def print_json(value: object) -> None:
    """Print plain values as one JSON object; see `encode_json`."""
    results = find_streams().results
    results.write(f"{encode_json(value)}\n")
    results.flush()


def encode_json(value: object, indent: int | None = 1) -> str:
    """Encode plain values as JSON for standard output. Unsafe characters are escaped; it decodes to the same text."""
    is_utf8 = find_streams().results.encoding.lower().replace("-", "") == "utf8"
    return escape_json(format_json(value, indent), only_ascii=not is_utf8)


def print_data(lines: Iterable[str]) -> None:
    """Print lines of data: exactly for a file or a program, cleaned on a terminal. Ends early without a reader.

    Args:
        lines: the lines, each with its end.
    """
    results = find_streams().results
    is_terminal = results.isatty()
    for line in lines:
        results.write(escape_terminal(line.rstrip("\r\n")) + "\n" if is_terminal else line)
        if not results.has_reader:
            return
    results.flush()


@contextmanager
def clean_streams() -> Iterator[None]:
    """Clean whatever is printed inside, by libraries too, and open what the parent process has closed."""
    for descriptor in (0, _STDOUT, _STDERR):
        if not _is_open(descriptor):  # else the next file, such as the ledger, would get its number
            _open_null(descriptor)
    streams = find_streams()
    token = _STREAMS.set(streams)
    try:
        with clean_standard_streams():
            yield
    finally:
        _STREAMS.reset(token)


@contextmanager
def clean_standard_streams() -> Iterator[None]:
    """Clean what is printed inside, on top of what stands in `sys.stdout` and `sys.stderr`."""
    own = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (CleanStream(_replace_missing(raw), dropped=OSError) for raw in own)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = own


@contextmanager
def protect_stdout() -> Iterator[None]:
    """Keep standard output for results: what anything else prints inside goes to standard error, from C code too."""
    streams, own = find_streams(), sys.stdout
    if not _is_stdout(streams.results):  # a notebook or a test has put something else in its place
        sys.stdout = sys.stderr
        try:
            yield
        finally:
            sys.stdout = own
        return
    streams.results.flush()
    saved = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    results = open(saved, "w", encoding=streams.results.encoding, closefd=False)  # noqa: SIM115 - closed below
    inner = OutputStream(results)
    token = _STREAMS.set(replace(streams, results=inner))
    try:
        yield
    finally:
        _STREAMS.reset(token)
        streams.results.has_reader = inner.has_reader
        sys.stdout.flush()
        os.dup2(saved, _STDOUT)
        results.close()
        os.close(saved)


def _is_stdout(stream: OutputStream) -> bool:
    with suppress(OSError, ValueError):
        return stream.fileno() == _STDOUT
    return False


def _is_open(descriptor: int) -> bool:
    with suppress(OSError):
        os.fstat(descriptor)
        return True
    return False


def _open_null(descriptor: int) -> None:
    """Lead a file descriptor to the null device."""
    null = os.open(os.devnull, os.O_RDWR)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
