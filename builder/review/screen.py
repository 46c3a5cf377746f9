"""What a reader sees, and how keys are read: at a terminal single keys, else lines such as `r it skips a step`."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Group, RenderableType
from rich.control import Control
from rich.text import Text

from ...schemas.review import ReviewAction
from ...schemas.sample import Part
from ..errors import InputError
from ..report.rationales import mark_part, render_fault, render_step
from ..report.tables import indent, make_line
from .queue import QueuedSample
from .reading import KEYS, Key

ShowText = Callable[[RenderableType], None]
"""Shows something to a person."""

EditText = Callable[[str], str | None]
"""Lets a person edit a text; None where it stays as it is."""

_BREAK = "----- response -----"
"""Stands between the reasoning and the response of a sample that is edited."""


class TerminalReader:
    """A person at a terminal: one key for each row."""

    def __init__(self, show: ShowText, edit_text: EditText) -> None:
        """Read at a terminal.

        Args:
            show: shows something there.
            edit_text: starts the person's editor.
        """
        self._show = show
        self._edit_text = edit_text

    def show(self, row: QueuedSample, place: int, total: int, decided: ReviewAction | None) -> None:
        """Show a row on a clear screen."""
        self._show(Control.clear())
        self._show(Control.home())
        self._show(render_row(row, place, total, decided))
        self._show(make_line("  ".join(map(_name_key, KEYS)), style="dim"))

    def read_key(self) -> Key:
        """Read one key; others than those of `KEYS` are passed over."""
        while True:
            pressed = sys.stdin.read(1)
            if pressed in {"", "\x03", "\x04"}:
                return Key.QUIT
            if pressed in set(Key):
                return Key(pressed)

    def ask(self, question: str) -> str:
        """Ask for a line."""
        self._show(make_line(question))
        with _take_lines():
            return sys.stdin.readline().rstrip("\n")

    def edit(self, row: QueuedSample) -> tuple[str, str | None] | None:
        """Edit text and reasoning in the person's editor."""
        with _take_lines():
            return _part(self._edit_text(_join(row)), row)

    def show_keys(self) -> None:
        """Show the keys until one is pressed."""
        self._show(render_keys())
        sys.stdin.read(1)


class LineReader:
    """Lines of the standard input: a key, and after a space what it asks for; `e` takes the path of a text."""

    def __init__(self, show: ShowText, lines: Iterator[str]) -> None:
        """Read lines, and show each row."""
        self._show = show
        self._lines = lines
        self._rest = ""

    def show(self, row: QueuedSample, place: int, total: int, decided: ReviewAction | None) -> None:
        """Show a row."""
        self._show(render_row(row, place, total, decided))

    def read_key(self) -> Key:
        """Read the key of the next line.

        Raises:
            InputError: it begins with no key.
        """
        line = next((line for line in self._lines if line.strip()), None)
        if line is None:
            return Key.QUIT
        key, _, self._rest = line.strip().partition(" ")
        if key not in set(Key):
            raise InputError(f"{key!r} is no key of a review", hint=f"a line begins with one of {', '.join(Key)}")
        return Key(key)

    def ask(self, question: str) -> str:  # noqa: ARG002 - a file answers before it is asked
        """Take the rest of the line."""
        return self._rest

    def edit(self, row: QueuedSample) -> tuple[str, str | None] | None:
        """Read the edited text from the file that the line names.

        Raises:
            InputError: it can't be read.
        """
        try:
            return _part(Path(self._rest).read_text("utf-8"), row)
        except (OSError, ValueError) as error:
            raise InputError(
                f"e {self._rest}: {error}", hint="e is followed by the path of a file with the edited text"
            ) from error

    def show_keys(self) -> None:
        """Show the keys."""
        self._show(render_keys())


def render_row(row: QueuedSample, place: int, total: int, decided: ReviewAction | None) -> RenderableType:
    """Render a row: what is doubtful about it, the question, the gold answer, and the rationale."""
    sample, problem = row.sample, row.problem
    origin = f"  {sample['sample_id']}  {problem['source']}, {sample['teacher']}, hint {sample['hint']}"
    others = f"{problem['correct']} of {problem['samples']} samples of the problem are correct"
    lines: list[RenderableType] = [make_line((f"{place + 1} of {total}", "bold"), origin)]
    lines.append(make_line(others, style="dim"))
    if row.why:
        lines.append(make_line(f"doubts     {'; '.join(row.why)}", style="yellow"))
    if decided is not None:
        lines.append(make_line(f"decided    {decided}", style="cyan"))
    lines += [Text(), indent(problem["question"] or "", "italic")]
    lines += [indent(f"{chr(65 + number)}) {choice}") for number, choice in enumerate(problem["choices"] or ())]
    lines += [Text(), make_line(f"gold       {problem['answer']}")]
    lines.append(make_line(f"read       {sample['predicted']} ({sample['verdict']})"))
    if sample["fate"] != "kept":
        lines.append(make_line(f"dropped    {sample['reason']}: {sample['detail'] or ''}", style="red"))
    lines += [render_step(step) for step in sample["steps"] or () if step["outcome"] == "wrong"]
    lines += [make_line(render_fault(fault), style="red") for fault in sample["faults"] or ()]
    if sample["reasoning"]:
        lines += [Text(), make_line("reasoning:", style="bold"), indent(mark_part(sample, Part.REASONING))]
    lines += [Text(), indent(mark_part(sample, Part.TEXT)), Text()]
    return Group(*lines)


def _name_key(key: Key) -> str:
    """Name what a key does in a word or two."""
    return f"{key} {re.split('[,:]', KEYS[key])[0]}"


def render_keys() -> RenderableType:
    """Render what each key does."""
    return Group(*(make_line((f"  {key}  ", "bold"), text) for key, text in KEYS.items()))


def _join(row: QueuedSample) -> str:
    """Write what is edited: the text, or the reasoning and the response below it."""
    text, reasoning = row.sample["text"] or "", row.sample["reasoning"]
    return text if reasoning is None else f"{reasoning}\n{_BREAK}\n{text}"


def _part(edited: str | None, row: QueuedSample) -> tuple[str, str | None] | None:
    """Part an edited text into the response and the reasoning; None where nothing of it changed."""
    before = _join(row)
    if edited is None or not edited.strip() or edited.rstrip() == before.rstrip():
        return None
    if row.sample["reasoning"] is None:
        return edited.rstrip("\n"), None
    reasoning, mark, text = edited.partition(f"\n{_BREAK}\n")
    return (text.rstrip("\n"), reasoning) if mark else (edited.rstrip("\n"), row.sample["reasoning"])


@contextmanager
def take_single_keys() -> Iterator[None]:
    """Read keys as they are pressed, and show none of them, until the end. Keys pressed early are not lost."""
    yield from _set_mode(lines=False)


@contextmanager
def _take_lines() -> Iterator[None]:
    """Read whole lines, and show what is typed, until the end."""
    yield from _set_mode(lines=True)


def _set_mode(*, lines: bool) -> Iterator[None]:
    import termios  # noqa: PLC0415 - only where there is a terminal, and not on every system

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    flags = termios.ICANON | termios.ECHO
    mode = [*before]
    mode[3] = before[3] | flags if lines else before[3] & ~flags
    try:
        termios.tcsetattr(handle, termios.TCSANOW, mode)
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSANOW, before)
