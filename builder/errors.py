"""The errors of Cotloom. Each has a hint: what to do next.

    CotloomError            something the user can act on; printed without a traceback
    ├── InputError          the user's input is wrong                        exit 2
    │   ├── RecipeError     ... in the recipe: the key's path and the line
    │   └── VersionConflict ... the version exists with another content
    ├── EmptyVersion        the build kept no row                            exit 1
    └── Stopped             an unreachable server or a full disk; resumable  exit 3
        └── LimitReached    ... what the build may spend is spent

Memory that runs out ends a command as `Stopped` does; Ctrl-C and SIGTERM end it with 128 and the signal's number. Any
other exception, a library's panic or exit too, is a fault of Cotloom: printed with a traceback, exit code 70.
"""

from typing import ClassVar


class CotloomError(Exception):
    """Something the user can act on."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str | None = None, keys: tuple[str, ...] = ()) -> None:
        """Create an error.

        Args:
            message: what happened, to which file, key or row.
            hint: what to do next.
            keys: the recipe keys it is about.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.keys = keys


class InputError(CotloomError):
    """The user's input is wrong."""


class RecipeError(InputError):
    """The recipe is wrong: the message has one line for each fault, with the key's path and the line."""


class VersionConflict(InputError):  # noqa: N818 - the word of the house
    """The version exists already and another recipe, input or code would build it."""


class EmptyVersion(CotloomError):  # noqa: N818 - what would be frozen, not whose fault it is
    """A build kept no row, or none of a source or format: nothing is frozen."""

    exit_code: ClassVar[int] = 1


class Stopped(CotloomError):  # noqa: N818 - being stopped is no error of anyone's
    """A limit was reached or a server is gone. Answers are kept in the ledger; the same command resumes."""

    exit_code: ClassVar[int] = 3


class LimitReached(Stopped):
    """What a build may spend is spent: nothing more is asked."""
