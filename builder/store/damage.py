"""The error for a version whose files are not those of its manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...schemas.manifest import Manifest
from ..errors import InputError


class OpenedVersion(Protocol):
    """A version, as far as reading its files goes."""

    @property
    def path(self) -> Path:
        """Its folder."""

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""

    @property
    def ref(self) -> str:
        """`name@version`."""


def make_damage_error(version: OpenedVersion, faults: Sequence[str]) -> InputError:
    """Make the error for a version whose files are not those of its manifest."""
    return InputError(
        f"{version.ref} is damaged: {'; '.join(faults[:8])}",
        hint=f"restore {version.path} from a copy, or remove that folder and build the version again: its answers are "
        f"in the ledger, so that costs no call (cotloom audit {version.path} lists everything that is wrong)",
    )
