"""Consoles of rich that clean every text, for tables on standard output and progress on standard error."""

from collections.abc import Iterable
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ..terminal import OutputStream, escape_terminal, find_streams

_WIDTH = 160
"""Characters of a line where the output is no terminal."""


class CleanConsole(Console):
    """A console on which a text is never markup, and has no effect on the terminal; styles come from code only."""

    def __init__(self, stream: OutputStream, **options: Any) -> None:
        """Write to a stream."""
        super().__init__(
            file=cast("IO[str]", stream), markup=False, emoji=False, highlight=False, soft_wrap=False, **options
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with every text cleaned before it is laid out; rich's own control codes stay."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else escape_terminal(text), style, control)


def make_console() -> Console:
    """Make a console on standard output; 160 characters wide where that is no terminal."""
    results = find_streams().results
    return CleanConsole(results, width=None if results.isatty() else _WIDTH)


def format_renderable(renderable: RenderableType) -> str:
    """Format something as it would be printed on standard output, with the styles that this can show."""
    console = make_console()
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def make_progress_console() -> Console:
    """Make a console on standard error."""
    return CleanConsole(find_streams().messages)
