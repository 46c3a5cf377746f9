"""The two versions that `cotloom diff` compares."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from ..publish.files.lineage import find_parent
from ..publish.pull import open_ref
from ..store import Version, find_version


@contextmanager
def open_versions(first: str, second: str | None, store: Path) -> Iterator[tuple[Version, Version]]:
    """Open the older and the newer version.

    Args:
        first: the older one; without a second one the newer, and its parent is the older.
        second: the newer one, or None.
        store: the store.

    Raises:
        InputError: there is no such version, it is damaged, or it has no parent.
    """
    if second is not None:
        with open_ref(first, store) as before, open_ref(second, store) as after:
            yield before, after
        return
    after = find_version(store, first)
    parent = find_parent(after)
    if parent is None:
        raise InputError(
            f"{after.ref} has no parent in the store {store}, and is the first version of its name",
            hint=f"cotloom diff OTHER {after.ref} compares it with any version; cotloom list has them",
        )
    yield parent, after
