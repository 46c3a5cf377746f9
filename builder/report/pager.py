"""A pager for what is longer than the terminal."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import RenderableType

from ..terminal import find_streams
from .console import format_renderable, make_console

_LESS = "FRX"
"""Options of less, where the user sets none: end where all fits, show styles, leave the text on the screen."""


def print_paged(renderable: RenderableType) -> None:
    """Print something, through the user's pager where standard output is a terminal that is too small for it."""
    results, text = find_streams().results, format_renderable(renderable)
    is_long = results.isatty() and text.count("\n") >= make_console().height
    command = _find_pager() if is_long else []
    if command:
        _show_paged(command, text)
    else:
        results.write(text)
        results.flush()


def _find_pager() -> list[str]:
    """Find the program in $PAGER, else less; empty where there is none, or the terminal can't be paged."""
    try:
        words = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # a quotation without an end
        return []
    return words if words and os.environ.get("TERM", "dumb") != "dumb" and shutil.which(words[0]) else []


def _show_paged(command: list[str], text: str) -> None:
    results = find_streams().results
    results.flush()
    with (
        subprocess.Popen(  # noqa: S603 - the user's own pager; what it shows was cleaned
            command, stdin=subprocess.PIPE, stdout=results.fileno(), env={"LESS": _LESS, **os.environ}
        ) as process,
        _leave_interrupts(),
    ):
        process.communicate(text.encode(results.encoding, "backslashreplace"))


@contextmanager
def _leave_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the pager, which goes on after it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
