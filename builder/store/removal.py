"""Remove a version. The same recipe builds it again from the ledger, and pays nothing."""

from .atomic import remove_folder
from .locks import lock_folder
from .opening import list_versions
from .versions import Version


def remove_version(version: Version) -> None:
    """Remove a version with all that lies beside it. The ledger and the results of stages stay.

    Raises:
        Stopped: it can't be removed; it is still there.
    """
    with lock_folder(version.path):
        remove_folder(version.path)


def list_children(version: Version) -> list[Version]:
    """List the versions of the same store that name a version as their parent."""
    store = version.path.absolute().parent.parent.parent
    name, number = version.manifest.name, version.manifest.version
    return [
        other
        for other in list_versions(store)
        if (other.manifest.name, other.manifest.parent) == (name, number) and other.manifest.version != number
    ]
