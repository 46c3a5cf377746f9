"""How a process of ours ended: what a person can do about it, or a fault."""

import signal

from ..errors import Stopped

LESS_MEMORY = "try fewer --workers, a smaller input or a machine with more memory; what was finished is kept"
"""What to do where memory ran out."""

_MEMORY = frozenset({signal.SIGKILL, signal.SIGABRT})
"""What the system sends, and what libraries raise, where memory runs out."""
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS, signal.SIGTRAP})
"""What a mistake in compiled code raises."""


AGAIN = "run the same command again to go on"
"""What to do where something outside ended the work."""


def make_exit_error(name: str, code: int) -> Stopped | RuntimeError:
    """Make the error for a process that ended before its work was done.

    Args:
        name: what the process was.
        code: its exit code; a signal's number below zero.

    Returns:
        `Stopped` where something outside ended it; else a fault.
    """
    if code >= 0:
        return RuntimeError(f"{name} ended early (exit code {code})")
    number = signal.Signals(-code)
    if number in _CRASHES:
        return RuntimeError(f"{name} crashed ({number.name})")
    if number in _MEMORY:
        return Stopped(f"{name} was killed ({number.name}), most likely because memory ran out", hint=LESS_MEMORY)
    return Stopped(f"{name} was ended from outside ({number.name})", hint=AGAIN)


def make_death_error(name: str, code: int, *, row: str | None, item: str) -> Stopped:
    """Make the error for work that has ended its process twice.

    Args:
        name: what the process was.
        code: how the second one ended: a signal's number below zero.
        row: id of the row that it was at, where that is known.
        item: what else it was at.
    """
    error = make_exit_error(name, code)
    hint = error.hint if isinstance(error, Stopped) else None
    if row is not None:
        leave_out = f"`cotloom build ... --set-aside {row}` leaves this row out as check_failed"
        hint = leave_out if hint is None else f"{hint}; {leave_out}"
    return Stopped(f"{error}, for the second time while it worked on {row or item}", hint=hint)
