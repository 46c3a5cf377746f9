"""The line editor of the shell: several lines, history, completion and colours, by prompt_toolkit."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import has_focus, is_searching
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import create_output
from pygments.lexers.sql import SqlLexer

from ...terminal import find_streams
from .completion import complete
from .describe import Catalog
from .history import append_history, load_history

if TYPE_CHECKING:
    from pygments.lexer import Lexer

PROMPT, CONTINUED = "sql> ", "...> "


class _SqlCompleter(Completer):  # type: ignore[misc, unused-ignore]  # it may be missing where types are checked
    """Completion for prompt_toolkit."""

    def __init__(self, catalog: Catalog, commands: Sequence[str]) -> None:
        """Complete views and columns of a catalog, and commands."""
        self._catalog = catalog
        self._commands = commands

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        """List what the word before the cursor may become."""
        for found in complete(document.text_before_cursor, document.text, self._catalog, self._commands):
            yield Completion(found.text, start_position=found.start, display_meta=found.meaning[:80])


def open_editor(
    catalog: Catalog, history: Path, commands: Sequence[str], is_whole: Callable[[str], bool]
) -> Callable[[], str]:
    """Open a line editor on the terminal.

    Args:
        catalog: the views and their columns, for completion.
        history: the file that keeps what was typed.
        commands: the commands of the shell.
        is_whole: whether Enter ends a text, or begins its next line.

    Returns:
        A function that reads one query or command. It raises EOFError after Ctrl-D, and KeyboardInterrupt after Ctrl-C.
    """
    session: PromptSession[str] = PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation=CONTINUED,
        key_bindings=_make_bindings(is_whole),
        completer=_SqlCompleter(catalog, commands),
        complete_while_typing=False,
        enable_history_search=True,
        history=InMemoryHistory(load_history(history)),
        lexer=PygmentsLexer(cast("type[Lexer]", SqlLexer)),
        output=create_output(stdout=cast("TextIO", find_streams().results)),
    )

    def read_text() -> str:
        text: str = session.prompt()
        if text.strip() not in {"", *commands}:
            append_history(history, text.strip())
        return text

    return read_text


def _make_bindings(is_whole: Callable[[str], bool]) -> KeyBindings:
    """Have Enter end a whole query, and begin a new line of any other."""

    def end_or_continue(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
        elif is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    bindings = KeyBindings()
    bindings.add("enter", filter=has_focus("DEFAULT_BUFFER") & ~is_searching)(end_or_continue)
    return bindings
