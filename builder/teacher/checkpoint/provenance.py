"""Provenance of a saved student: what it was trained on, in a file beside its weights.

A student that was trained on text of the simulated teacher reproduces it, so its own answers count as simulated too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from ...errors import InputError

FILE = "cotloom.json"
"""Name of the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """What a student was trained on."""

    version: str
    """`name@version` of the training data."""
    content_digest: str
    """Content digest of that version."""
    student_digest: str
    """Digest of the student recipe."""
    simulated: bool
    """Whether the simulated teacher wrote any training data of the student or of the checkpoint it started from."""


def write_provenance(provenance: Provenance, folder: Path) -> None:
    """Write the provenance of a student into its folder."""
    (folder / FILE).write_bytes(orjson.dumps(asdict(provenance), option=orjson.OPT_INDENT_2))


def read_provenance(model: str) -> Provenance | None:
    """Read the provenance of a checkpoint.

    Args:
        model: the folder of the checkpoint, or its name on the Hub.

    Returns:
        Null where it is no local folder, or has no such file.

    Raises:
        InputError: the file exists and can't be read.
    """
    path = Path(model) / FILE
    if not path.is_file():
        return None
    try:
        return _parse_provenance(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} does not say where the student comes from: {error}",
            hint="save the student again with `cotloom validate REF --save DIR`",
            keys=("teacher.model",),
        ) from error


def _parse_provenance(data: Mapping[str, Any]) -> Provenance:
    provenance = Provenance(**data)
    if not isinstance(provenance.simulated, bool):
        message = "`simulated` is neither true nor false"
        raise TypeError(message)
    return provenance
