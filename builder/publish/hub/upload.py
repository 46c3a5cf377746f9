"""Upload a layout as one commit on the main branch of a dataset that is empty or has versions of the same name."""

from ...errors import InputError, Stopped
from ...plain_json import parse_object
from ..files.layout import Layout
from ..files.read import FILE_LIST, MANIFEST
from .client import (
    BranchMoved,
    DatasetState,
    commit_files,
    create_dataset,
    get_state,
    list_files,
    read_file,
)
from .errors import Remote

MAX_COMMIT_ATTEMPTS = 4
"""Attempts to commit while the branch moves."""

_IGNORED = frozenset({".gitattributes", "README.md", "LICENSE", ".gitignore"})
"""Files that a dataset without data may have."""


def check_secret(remote: Remote, layout: Layout) -> None:
    """Check that no text file contains the token.

    Raises:
        InputError: a file contains it.
    """
    token = (remote.token or "").encode()
    for path in layout.files:
        if token and not path.endswith(".parquet") and token in (layout.folder / path).read_bytes():
            raise InputError(f"{path} contains the token for the upload", hint="remove it from the recipe")


def prepare_dataset(remote: Remote, *, public: bool) -> DatasetState:
    """Get the state of the dataset; create it if it does not exist.

    Raises:
        InputError: its visibility is not the requested one, or the token may not see it.
        Stopped: the Hub can't be reached.
    """
    state = get_state(remote)
    if state is None:
        create_dataset(remote, private=not public)
        state = get_state(remote)
    if state is None:
        raise InputError(
            f"{remote.repo} exists, and this token may not read it", hint="ask its owner, or give another --repo"
        )
    if public and state.private:
        raise InputError(
            f"{remote.repo} is private, and --public was given",
            hint=f"change its visibility at {remote.url}/settings, or leave out --public",
        )
    if not public and not state.private:
        raise InputError(f"{remote.repo} is public", hint="confirm with --public, or give another --repo")
    return state


def commit_layout(remote: Remote, state: DatasetState, layout: Layout, name: str, message: str) -> str:
    """Commit the files to the main branch, and delete those that only an earlier version has.

    If the branch moves meanwhile, its head is read again and the commit is retried.

    Args:
        remote: the dataset.
        state: its state.
        layout: the files.
        name: the name of the version; the dataset may have no versions of another name.
        message: the commit message.

    Returns:
        The commit.

    Raises:
        InputError: the dataset has other content, or the Hub refuses the commit.
        Stopped: the branch keeps moving, or the Hub can't be reached.
    """
    files = {path: layout.folder / path for path in (*layout.files, FILE_LIST)}
    head = state.head
    for _ in range(MAX_COMMIT_ATTEMPTS):
        deleted = sorted(_list_earlier_files(remote, head, name) - files.keys())
        try:
            return commit_files(remote, files, deleted, head, message)
        except BranchMoved:
            moved = get_state(remote)
            head = moved.head if moved is not None else head
    raise Stopped(
        f"the main branch of {remote.repo} moved {MAX_COMMIT_ATTEMPTS} times during the commit",
        hint="somebody else writes to it; run the same command again",
    )


def _list_earlier_files(remote: Remote, head: str, name: str) -> set[str]:
    """List the files of the version on the branch; empty for a dataset without data.

    Raises:
        InputError: the dataset has other content.
    """
    hint = "give another dataset with --repo"
    file_list = read_file(remote, FILE_LIST, head)
    if file_list is None:
        others = [path for path in list_files(remote, head) if path not in _IGNORED]
        if others:
            raise InputError(f"{remote.repo} has other content: {', '.join(others[:6])}", hint=hint)
        return set()
    published = _parse_object(read_file(remote, MANIFEST, head)).get("name")
    if published != name:
        raise InputError(f"{remote.repo} has versions of {published}, not of {name}", hint=hint)
    return set(list_files(remote, head)) & _parse_object(file_list).keys()


def _parse_object(content: bytes | None) -> dict[str, object]:
    try:
        return parse_object(content or b"{}")
    except ValueError:
        return {}
