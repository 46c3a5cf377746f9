"""Progress: rooms report it, the command line shows it on stderr, as bars for a person or as events for a machine.

with show_progress(console):             # the command line
    for row in track(rows, "judging"):   # anywhere below
        ...

A warning is a line on stderr, above the bars, on a terminal or not.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from .terminal import print_error

Item = TypeVar("Item")

Fact = int | float | str

EVERY_S = 1.0
"""Seconds between two events of one bar."""

_FACTS: Mapping[str, str] = {
    "new": "{:,} answers",
    "tokens": "{:,} tokens",
    "right": "{:.0%} right",
    "queued": "{:,} requests wait for the next batch",
    "batch": "{}",
    "allowed_per_s": "{:.1f}/s allowed",
    "closed_s": "waits {:.0f} s for the server",
    "throttled": "{:,} throttled (429)",
    "retries": "{:,} retries",
    "failed": "{:,} failed",
}
"""How facts are shown beside a bar. What is zero, or not listed, is left out."""


class ProgressKind(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    """Bars, where stderr is a terminal."""
    JSON = "json"
    """Events: one JSON object in each line of stderr."""
    NONE = "none"
    """Not at all; warnings are shown."""


class ProgressBar(Protocol):
    """Progress of one thing. Calling it advances it."""

    def __call__(self, done: int) -> None:
        """Advance by a number of items."""

    def report(self, facts: Mapping[str, Fact]) -> None:
        """Say more than how many items are done."""


class _HiddenBar:
    """Progress that nobody sees."""

    def __call__(self, done: int) -> None:
        """Nothing is shown."""

    def report(self, facts: Mapping[str, Fact]) -> None:
        """Nothing is shown."""


class _DrawnBar:
    """A bar on a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._facts = ""

    def __call__(self, done: int) -> None:
        """Advance by a number of items."""
        self._progress.advance(self._task, done)
        self._draw()

    def report(self, facts: Mapping[str, Fact]) -> None:
        """Show facts behind the bar."""
        shown = [_FACTS[name].format(value) for name, value in facts.items() if name in _FACTS and value]
        self._facts = ", ".join(shown)
        self._draw()

    def _draw(self) -> None:
        speed = self._progress.tasks[self._progress.task_ids.index(self._task)].speed
        rate = f"{speed:,.0f}/s" if speed else ""
        self._progress.update(self._task, rate="  ".join(part for part in (rate, self._facts) if part))


class _EventBar:
    """Events about one thing: at most one a second, and one at the end."""

    def __init__(self, stage: str, total: int) -> None:
        self._event: dict[str, Any] = {"event": "progress", "stage": stage, "done": 0, "total": total}
        self._began = self._last = time.monotonic()

    def __call__(self, done: int) -> None:
        """Count items; write an event where it is time."""
        self._event["done"] += done
        if time.monotonic() - self._last >= EVERY_S:
            self.write()

    def report(self, facts: Mapping[str, Fact]) -> None:
        """Add facts to the events."""
        self._event |= facts
        if time.monotonic() - self._last >= EVERY_S:
            self.write()

    def write(self) -> None:
        """Write an event."""
        self._last = time.monotonic()
        seconds, done = self._last - self._began, self._event["done"]
        left = round(seconds / done * (self._event["total"] - done), 1) if done else None
        print_error(json.dumps({**self._event, "seconds": round(seconds, 1), "left_s": left}))


_shown: ContextVar[Progress | ProgressKind] = ContextVar("progress", default=ProgressKind.NONE)


@contextmanager
def show_progress(console: Console, kind: ProgressKind = ProgressKind.AUTO) -> Iterator[None]:
    """Show the progress of everything that is tracked inside; bars only where the console is a terminal."""
    if kind is not ProgressKind.AUTO:
        token = _shown.set(kind)
        try:
            yield
        finally:
            _shown.reset(token)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        token = _shown.set(progress)
        try:
            yield
        finally:
            _shown.reset(token)


def warn(message: str) -> None:
    """Warn the user of something that is put right without them, in one line on stderr."""
    _say("warning", " ".join(message.split()), "cotloom: ")


def note(message: str) -> None:
    """Tell the user something that is as it should be, in one line on stderr."""
    _say("note", message, "")


def _say(event: str, text: str, prefix: str) -> None:
    shown = _shown.get()
    if isinstance(shown, Progress):
        shown.console.print(f"{prefix}{text}", markup=False, highlight=False, soft_wrap=True)
    elif shown is ProgressKind.JSON:
        print_error(json.dumps({"event": event, "message": text}))
    else:
        print_error(f"{prefix}{text}")


def warn_all(messages: Iterable[str]) -> None:
    """Warn of each of some things."""
    for message in messages:
        warn(message)


@contextmanager
def show_bar(description: str, total: int) -> Iterator[ProgressBar]:
    """Show the progress of a number of items; nothing without a description, which is a part of something shown."""
    shown = _shown.get()
    if total == 0 or not description or shown is ProgressKind.NONE:
        yield _HiddenBar()
    elif isinstance(shown, Progress):
        task = shown.add_task(description, total=total, rate="")
        try:
            yield _DrawnBar(shown, task)
        finally:
            shown.remove_task(task)
    else:
        bar = _EventBar(description, total)
        try:
            yield bar
        finally:
            bar.write()


def track(items: Sequence[Item], description: str, every: int = 50) -> Iterable[Item]:
    """Yield items and report how many were processed."""
    with show_bar(description, len(items)) as advance:
        for index, item in enumerate(items, 1):
            yield item
            if index % every == 0:
                advance(every)
        advance(len(items) % every)
