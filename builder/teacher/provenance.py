"""Origin: what a saved student says of itself, in a file beside its weights.

A student writes what it read. One that was trained on the words of the simulated teacher hands them on, so its own
answers say so too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from cotloom.builder.errors import InputError

FILE = "cotloom.json"
"""The file's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a student comes from."""

    version: str
    """`name@version` of what it was trained on."""
    content_digest: str
    """The content of that version."""
    student_digest: str
    """Digest of the student recipe."""
    simulated: bool
    """Whether the simulated teacher wrote any of what it, or the checkpoint it began with, was trained on."""


def write_origin(origin: Origin, folder: Path) -> None:
    """Write the origin of a student into its folder."""
    (folder / FILE).write_bytes(orjson.dumps(asdict(origin), option=orjson.OPT_INDENT_2))


def read_origin(model: str) -> Origin | None:
    """Read the origin of a checkpoint.

    Args:
        model: the folder of the checkpoint, or its name on the Hub.

    Returns:
        Null where it is no local folder, or has no such file.

    Raises:
        InputError: the file is there and can't be read.
    """
    path = Path(model) / FILE
    if not path.is_file():
        return None
    try:
        return _origin(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} does not say where the student comes from: {error}",
            hint="save the student again with `cotloom validate REF --save DIR`",
            keys=("teacher.model",),
        ) from error


def _origin(plain: Mapping[str, Any]) -> Origin:
    origin = Origin(**plain)
    if not isinstance(origin.simulated, bool):
        message = "`simulated` is neither true nor false"
        raise TypeError(message)
    return origin
