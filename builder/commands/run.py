"""Running a command: its output, its progress, and how it ends: errors and signals as messages with exit codes."""

import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand

from ..errors import CotloomError, Stopped
from ..terminal import clean_standard_streams, clean_streams, find_streams, print_error, print_json, protect_stdout

USAGE, STOPPED, FAULT, INTERRUPTED = 2, 3, 70, 130
"""Exit codes; the errors of Cotloom bring their own. A signal ends a command with 128 and its number."""

_KEPT = "what was done is kept, and every answer is in the ledger; run the same command again to go on"
_LESS_MEMORY = "try fewer --workers, a smaller input or a machine with more memory; what was done is kept"
_HELP = "cotloom --help, or cotloom COMMAND --help"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """How a command failed."""

    code: int
    """The exit code."""
    kind: str
    """The kind of error, for programs."""
    message: str
    """What happened."""
    hint: str | None = None
    """What to do next."""
    keys: tuple[str, ...] = ()
    """The recipe keys it is about."""
    traceback: str | None = None
    """Where it happened, for a fault of ours."""


class Command(TyperCommand):
    """A command whose standard output holds its result and nothing else."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; only its help and its usage are printed outside of this."""
        with protect_stdout():
            return super().invoke(ctx)


def run_command(app: typer.Typer, arguments: list[str]) -> int:
    """Run a command and return its exit code.

    Raises:
        SystemExit: a fault of Cotloom, exit code 70, after its traceback was printed.
    """
    for group in (app, *(registered.typer_instance for registered in app.registered_groups)):
        for command in group.registered_commands if group is not None else ():
            command.cls = Command
    with clean_streams(), catch_signals() as received:
        try:
            return _call_app(app, arguments)
        except BaseException as error:
            ignore_signals()  # a second Ctrl-C must not end the command before it has said how it ended
            failure = describe_failure(error, received)
            _report_failure(failure, as_json=is_json_requested(app, arguments))
            if failure.code == FAULT:
                raise SystemExit(FAULT) from error
            return failure.code


def _call_app(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command; what it returns is its exit code, or nothing."""
    code = app(arguments or ["--help"], standalone_mode=False)
    if code == INTERRUPTED:  # typer returns this after Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def describe_failure(error: BaseException, received: Sequence[signal.Signals] = ()) -> Failure:
    """Describe how a command failed.

    Args:
        error: what ended it. A library's panic or exit is a fault, whatever class and code it has.
        received: the signals that asked it to end.
    """
    if received or isinstance(error, KeyboardInterrupt):
        return _describe_interrupt(received[0] if received else signal.SIGINT)
    if isinstance(error, CotloomError):
        kind = type(error).__name__
        return Failure(code=error.exit_code, kind=kind, message=error.message, hint=error.hint, keys=error.keys)
    if isinstance(error, typer.TyperException):
        return Failure(code=USAGE, kind="UsageError", message=error.format_message(), hint=_HELP)
    if isinstance(error, MemoryError):
        return Failure(code=STOPPED, kind=Stopped.__name__, message="memory ran out", hint=_LESS_MEMORY)
    if isinstance(error, typer.Abort | SystemExit):  # typer's for EOFError and for a pipe of ours that has broken
        error = error.__cause__ or error.__context__ or error
    return Failure(
        code=FAULT,
        kind=type(error).__name__,
        message=f"a fault of Cotloom: {''.join(traceback.format_exception_only(error)).strip()}",
        hint="please report it",
        traceback="".join(traceback.format_exception(error)),
    )


def _describe_interrupt(number: signal.Signals) -> Failure:
    by = "" if number is signal.SIGINT else f" by {number.name}"
    return Failure(code=128 + number, kind="Interrupted", message=f"interrupted{by}", hint=_KEPT)


def _report_failure(failure: Failure, *, as_json: bool) -> None:
    """Report a failure: as JSON on stdout with `--json`, else, or where nobody can read that, as text on stderr.

    A traceback always goes to stderr.
    """
    if failure.traceback:
        print_error(failure.traceback.rstrip("\n"))
    fields = {"kind": failure.kind, "message": failure.message, "hint": failure.hint, "keys": list(failure.keys)}
    if as_json:
        with suppress(Stopped):
            print_json({"error": fields})
    if not as_json or not find_streams().results.has_reader:
        print_error(f"cotloom: {failure.message}" + (f"\n  -> {failure.hint}" if failure.hint else ""))


def is_json_requested(app: typer.Typer, arguments: Sequence[str]) -> bool:
    """Whether the option `--json` was given, not as the value of another option and not behind `--`."""
    command: Any = typer.main.get_group(app)
    for word in arguments:  # a command of a group stands behind the group's name
        command = getattr(command, "commands", {}).get(word, command)
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    with_value = {name for option in options if not getattr(option, "is_flag", False) for name in option.opts}
    words = iter(arguments)
    for word in words:
        if word == "--":
            return False
        if word.partition("=")[0] == "--json":
            return True
        if word in with_value:
            next(words, None)
    return False


@contextmanager
def catch_signals() -> Iterator[list[signal.Signals]]:
    """End what runs inside as Ctrl-C would when the system or the terminal asks for it; yields what was received.

    A signal that the parent process had ignored (`nohup`) stays ignored.
    """
    received: list[signal.Signals] = []

    def interrupt(number: int, _frame: object) -> None:
        received.append(signal.Signals(number))
        if not callable(signal.getsignal(signal.SIGINT)):  # ignored in a shell's background
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)  # so that a running event loop ends in order

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if handlers[number] is signal.SIG_DFL:
            signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Let the command report how it ended, whatever asks it to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def show_progress_on_stderr(kind: str = "auto") -> Iterator[None]:
    """Show the progress of what is done inside; bars only on a terminal, events as JSON lines where they are wanted."""
    from ..progress import ProgressKind, show_progress  # noqa: PLC0415 - `--help` draws no progress
    from ..report.console import make_progress_console  # noqa: PLC0415

    console = make_progress_console()
    with show_progress(console, ProgressKind(kind)), clean_standard_streams():  # rich interprets what is printed inside
        yield
