"""Running a command: printing, progress, and errors as messages with exit codes."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ..errors import CotloomError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def run_command(app: typer.Typer, arguments: list[str]) -> int:
    """Run a command and return its exit code.

    Raises:
        SystemExit: a fault of Cotloom, exit code 70, after its traceback was printed.
    """
    try:
        result = app(arguments or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except CotloomError as error:
        return _fail(error.exit_code, type(error).__name__, error.message, hint=error.hint, keys=error.keys)
    except typer.TyperException as error:
        return _fail(2, "UsageError", error.format_message(), hint="cotloom --help, or cotloom COMMAND --help")
    except (KeyboardInterrupt, typer.Abort):
        return _fail_interrupted()
    except (BrokenPipeError, SystemExit):  # the reader of our output has closed it; typer exits then
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a fault of ours has a traceback and an exit code of its own
        traceback.print_exc()
        code = _fail(70, type(error).__name__, f"a fault of Cotloom: {error}", hint="please report it")
        raise SystemExit(code) from error
    if result == INTERRUPTED:  # typer returns this after Ctrl-C
        return _fail_interrupted()
    return result if isinstance(result, int) else 0


def _fail_interrupted() -> int:
    hint = "what was done is kept, and every answer is in the ledger; run the same command again to go on"
    return _fail(INTERRUPTED, "Interrupted", "interrupted", hint=hint)


def _fail(code: int, kind: str, message: str, *, hint: str | None = None, keys: tuple[str, ...] = ()) -> int:
    """Report an error: as JSON on stdout with `--json`, else as text on stderr."""
    if "--json" in sys.argv:
        print_json({"error": {"kind": kind, "message": message, "hint": hint, "keys": list(keys)}})
    else:
        sys.stderr.write(f"cotloom: {message}\n" + (f"  -> {hint}\n" if hint else ""))
    return code


def print_json(value: object) -> None:
    """Print plain values as one JSON object."""
    from ..plain_json import format_json  # noqa: PLC0415 - `--help` needs no JSON

    sys.stdout.write(f"{format_json(value)}\n")


@contextmanager
def show_progress_on_stderr() -> Iterator[None]:
    """Show the progress of what is done inside; only on a terminal."""
    from rich.console import Console  # noqa: PLC0415 - `--help` draws no progress

    from ..progress import show_progress  # noqa: PLC0415

    with show_progress(Console(stderr=True)):
        yield
