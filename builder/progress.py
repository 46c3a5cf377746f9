"""Progress bars: rooms report progress, the command line draws it on stderr.

with show_progress():                      # the command line, on a terminal
    for row in track(rows, "judging"):   # anywhere below
        ...

A warning is a line on stderr, above the bars, on a terminal or not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from .terminal import print_error

Item = TypeVar("Item")

_shown: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def show_progress(console: Console) -> Iterator[None]:
    """Draw a bar for everything that is tracked inside; only where the console is a terminal."""
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
    line = f"cotloom: {' '.join(message.split())}"
    progress = _shown.get()
    if progress is None:
        print_error(line)
    else:
        progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def warn_all(messages: Iterable[str]) -> None:
    """Warn of each of some things."""
    for message in messages:
        warn(message)


class Bar:
    """A bar on its way: `advance` counts items, `report` says more. Calling it advances it."""

    def __init__(self, progress: Progress | None = None, task: TaskID | None = None) -> None:
        """Draw on a display; without one, nowhere."""
        self._progress = progress
        self._task = task

    def __call__(self, done: int) -> None:
        """Advance by a number of items."""
        self.advance(done)

    def advance(self, done: int) -> None:
        """Advance by a number of items."""
        if self._progress is None or self._task is None:
            return
        self._progress.advance(self._task, done)
        speed = self._progress.tasks[self._progress.task_ids.index(self._task)].speed
        self._progress.update(self._task, rate=f"{speed:,.0f}/s" if speed else "")

    def report(self, facts: Mapping[str, int | float | str]) -> None:
        """Say more than how many items are done."""


@contextmanager
def show_bar(description: str, total: int) -> Iterator[Bar]:
    """Show a bar for a number of items."""
    progress = _shown.get()
    if progress is None or total == 0:
        yield Bar()
        return
    task = progress.add_task(description, total=total, rate="")
    try:
        yield Bar(progress, task)
    finally:
        progress.remove_task(task)


def track(items: Sequence[Item], description: str, every: int = 50) -> Iterable[Item]:
    """Yield items and report how many were processed."""
    with show_bar(description, len(items)) as advance:
        for index, item in enumerate(items, 1):
            yield item
            if index % every == 0:
                advance(every)
        advance(len(items) % every)
