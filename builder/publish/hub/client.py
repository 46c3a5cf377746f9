"""The Hub: thin calls of huggingface_hub, with what it raises told in words that can be acted on.

Large files go the way that the library chooses: Xet on the real Hub, LFS over HTTP elsewhere. Whatever is raised here
is free of the token, although servers may echo it.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cotloom.builder.errors import InputError
from cotloom.builder.publish.hub.errors import Remote, explained, permission, persistent
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    constants,
    get_session,
    get_token,
    hf_hub_url,
    snapshot_download,
)
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, but not listed as such
    build_hf_headers,
    disable_progress_bars,
    hf_raise_for_status,
)
from huggingface_hub.utils.logging import set_verbosity_error

REAL = "https://huggingface.co"
"""The Hub that Xet is used with."""

Told = TypeVar("Told")


class Moved(Exception):  # noqa: N818 - no error of anyone's
    """The branch moved after it was looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a dataset on the Hub is like."""

    head: str
    """The commit that its main branch leads to."""
    private: bool
    """Whether only its owners see it."""
    tags: Mapping[str, str]
    """The commit of each tag."""


def connect(repo: str, *, writes: bool) -> Remote:
    """Get ready to speak to the Hub, and find out whether the token will do.

    Raises:
        InputError: there is no token, or it may not write.
        Stopped: the Hub can't be reached.
    """
    set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings hold the signed addresses that files are sent to
    if not sys.stderr.isatty():
        disable_progress_bars()
    if constants.ENDPOINT.rstrip("/") != REAL and "HF_HUB_DISABLE_XET" not in os.environ:
        os.environ["HF_HUB_DISABLE_XET"] = "1"  # for processes that are started from here
        constants.HF_HUB_DISABLE_XET = True
    remote = Remote(repo=repo, writes=writes, token=get_token())
    if writes:
        _check_token(remote)
    return remote


def _check_token(remote: Remote) -> None:
    if remote.token is None:
        raise InputError(f"there is no token to write {remote.repo} with", hint=permission(remote))
    who = _asked(remote, "the Hub does not say whose token this is", remote.api.whoami)
    if who.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise InputError(f"this token of {who.get('name')} may only read", hint=permission(remote))


def look(remote: Remote) -> State | None:
    """Look at a dataset; None where there is none that this token may see.

    Raises:
        InputError: it has no main branch, or the token may not see it.
        Stopped: the Hub can't be reached.
    """

    def looked() -> State:
        info = remote.api.dataset_info(remote.repo)
        refs = remote.api.list_repo_refs(remote.repo, repo_type="dataset")
        heads = {branch.name: branch.target_commit for branch in refs.branches}
        if "main" not in heads:
            raise InputError(f"{remote.repo} has no branch main", hint="give a dataset of its own with --repo")
        tags = {tag.name: tag.target_commit for tag in refs.tags}
        return State(head=heads["main"], private=bool(info.private), tags=tags)

    with explained(remote, f"{remote.repo} can't be looked at"):
        try:
            return persistent(looked)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 404:
                return None
            raise


def create(remote: Remote, *, private: bool) -> None:
    """Make a dataset; nothing where it is there.

    Raises:
        InputError: the token may not.
        Stopped: the Hub can't be reached.
    """
    _asked(
        remote,
        f"{remote.repo} can't be made",
        lambda: remote.api.create_repo(remote.repo, repo_type="dataset", private=private, exist_ok=True),
    )


def read(remote: Remote, name: str, revision: str) -> bytes | None:
    """Read a small file; None where there is none.

    Raises:
        InputError: there is no such dataset or revision, or it is not for this token.
        Stopped: the Hub can't be reached.
    """
    url = hf_hub_url(remote.repo, name, repo_type="dataset", revision=revision)

    def asked() -> bytes:
        response = get_session().get(url, headers=build_hf_headers(token=remote.token or False), follow_redirects=True)
        hf_raise_for_status(response)
        return bytes(response.content)

    with explained(remote, f"{name} of {remote.repo} can't be read"), suppress(EntryNotFoundError):
        return persistent(asked)
    return None


def names(remote: Remote, revision: str) -> list[str]:
    """List the files at a revision."""
    return _asked(
        remote,
        f"the files of {remote.repo} can't be listed",
        lambda: remote.api.list_repo_files(remote.repo, revision=revision, repo_type="dataset"),
    )


def send(remote: Remote, files: Mapping[str, Path], gone: Sequence[str], parent: str, message: str) -> str:
    """Put files on the main branch as one commit, and take others away with it.

    Files that are there already are not sent again, and where nothing changes, no commit is made.

    Returns:
        The commit.

    Raises:
        Moved: the main branch leads to another commit than `parent` by now.
        InputError: the token may not, or the Hub refuses a file.
        Stopped: the Hub can't be reached.
    """
    additions = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(path)) for name, path in files.items()]
    removals = [CommitOperationDelete(path_in_repo=name, is_folder=False) for name in gone]

    def committed() -> str:
        made = remote.api.create_commit(
            remote.repo,
            [*additions, *removals],
            commit_message=message,
            repo_type="dataset",
            revision="main",
            parent_commit=parent,
        )
        return str(made.oid)

    with explained(remote, f"{remote.repo} can't be written"):
        remote.api.preupload_lfs_files(remote.repo, additions, repo_type="dataset", free_memory=False)
        try:
            return persistent(committed)
        except HfHubHTTPError as error:
            if error.response.status_code in {409, 412}:
                raise Moved from None
            raise


def tag(remote: Remote, name: str, commit: str, message: str) -> None:
    """Tag a commit.

    Raises:
        InputError: the tag is there and names another commit, or the token may not.
        Stopped: the Hub can't be reached.
    """

    def tagged() -> None:
        remote.api.create_tag(remote.repo, tag=name, tag_message=message, revision=commit, repo_type="dataset")

    with explained(remote, f"{remote.repo} can't be tagged"):
        try:
            persistent(tagged)
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
    there = look(remote)
    if there is None or there.tags.get(name) != commit:
        raise InputError(
            f"the tag {name} of {remote.repo} names another commit: somebody else made it in the meantime",
            hint="run the same command again to compare what it holds",
        )


def fetch(remote: Remote, revision: str, cache: Path, patterns: Sequence[str] | None = None) -> Path:
    """Fetch files at a revision into an empty cache.

    Returns:
        The folder that they lie in.

    Raises:
        InputError: there is no such dataset or revision, or it is not for this token.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    found = _asked(
        remote,
        f"{remote.repo} at {revision} can't be fetched",
        lambda: snapshot_download(
            remote.repo,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache,
            allow_patterns=list(patterns) if patterns else None,
            token=remote.token or False,
        ),
    )
    return Path(str(found))


def _asked(remote: Remote, trouble: str, ask: Callable[[], Told]) -> Told:
    with explained(remote, trouble):
        return persistent(ask)
