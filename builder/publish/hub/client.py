"""Requests to the Hub through huggingface_hub, with retries and translated errors.

The library chooses how to transfer large files: Xet on huggingface.co, LFS over HTTP elsewhere. No error raised here
contains the token, although servers may echo it.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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

from ...errors import InputError
from .errors import Remote, Response, describe_permission, retry, translate_errors

HUGGING_FACE = "https://huggingface.co"
"""The Hub that supports Xet."""


class BranchMoved(Exception):  # noqa: N818 - the caller tries again
    """The branch moved after its head was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetState:
    """The state of a dataset on the Hub."""

    head: str
    """The commit of its main branch."""
    private: bool
    """Whether it is private."""
    tags: Mapping[str, str]
    """The commit of each tag."""


def connect(repo: str, *, writes: bool) -> Remote:
    """Prepare the client for a dataset, and check the token.

    Raises:
        InputError: there is no token, or it has no write permission.
        Stopped: the Hub can't be reached.
    """
    set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings contain signed upload addresses
    if not sys.stderr.isatty():
        disable_progress_bars()
    if constants.ENDPOINT.rstrip("/") != HUGGING_FACE and "HF_HUB_DISABLE_XET" not in os.environ:
        os.environ["HF_HUB_DISABLE_XET"] = "1"  # for child processes
        constants.HF_HUB_DISABLE_XET = True
    remote = Remote(repo=repo, writes=writes, token=get_token())
    if writes:
        _check_token(remote)
    return remote


def _check_token(remote: Remote) -> None:
    if remote.token is None:
        raise InputError(f"there is no token to write to {remote.repo}", hint=describe_permission(remote))
    user = call_hub(remote, "the token can't be checked", remote.api.whoami)
    if user.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise InputError(f"this token of {user.get('name')} is read-only", hint=describe_permission(remote))


def get_state(remote: Remote) -> DatasetState | None:
    """Get the state of a dataset; None if there is none that this token can see.

    Raises:
        InputError: it has no main branch, or the token may not read it.
        Stopped: the Hub can't be reached.
    """

    def request_state() -> DatasetState:
        info = remote.api.dataset_info(remote.repo)
        refs = remote.api.list_repo_refs(remote.repo, repo_type="dataset")
        heads = {branch.name: branch.target_commit for branch in refs.branches}
        if "main" not in heads:
            raise InputError(f"{remote.repo} has no branch main", hint="give another dataset with --repo")
        tags = {tag.name: tag.target_commit for tag in refs.tags}
        return DatasetState(head=heads["main"], private=bool(info.private), tags=tags)

    with translate_errors(remote, f"{remote.repo} can't be read"):
        try:
            return retry(request_state)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 404:
                return None
            raise


def create_dataset(remote: Remote, *, private: bool) -> None:
    """Create a dataset, unless it exists.

    Raises:
        InputError: the token may not create it.
        Stopped: the Hub can't be reached.
    """
    call_hub(
        remote,
        f"{remote.repo} can't be created",
        lambda: remote.api.create_repo(remote.repo, repo_type="dataset", private=private, exist_ok=True),
    )


def read_file(remote: Remote, path: str, revision: str) -> bytes | None:
    """Read a small file; None if it does not exist.

    Raises:
        InputError: the dataset or the revision does not exist, or the token may not read it.
        Stopped: the Hub can't be reached.
    """
    url = hf_hub_url(remote.repo, path, repo_type="dataset", revision=revision)

    def request_file() -> bytes:
        response = get_session().get(url, headers=build_hf_headers(token=remote.token or False), follow_redirects=True)
        hf_raise_for_status(response)
        return bytes(response.content)

    with translate_errors(remote, f"{path} of {remote.repo} can't be read"), suppress(EntryNotFoundError):
        return retry(request_file)
    return None


def list_files(remote: Remote, revision: str) -> list[str]:
    """List the files at a revision.

    Raises:
        InputError: the dataset or the revision does not exist, or the token may not read it.
        Stopped: the Hub can't be reached.
    """
    return call_hub(
        remote,
        f"the files of {remote.repo} can't be listed",
        lambda: remote.api.list_repo_files(remote.repo, revision=revision, repo_type="dataset"),
    )


def commit_files(remote: Remote, files: Mapping[str, Path], deleted: Sequence[str], parent: str, message: str) -> str:
    """Add and delete files on the main branch in one commit.

    Files that the Hub has are not uploaded again. If nothing changes, there is no commit.

    Args:
        remote: the dataset.
        files: the local file of each path that is added.
        deleted: the paths that are deleted.
        parent: the commit that must be the head of the main branch.
        message: the commit message.

    Returns:
        The commit.

    Raises:
        BranchMoved: the head of the main branch is not `parent`.
        InputError: the token may not write, or the Hub refuses a file.
        Stopped: the Hub can't be reached.
    """
    additions = [CommitOperationAdd(path_in_repo=path, path_or_fileobj=str(file)) for path, file in files.items()]
    deletions = [CommitOperationDelete(path_in_repo=path, is_folder=False) for path in deleted]

    def request_commit() -> str:
        commit = remote.api.create_commit(
            remote.repo,
            [*additions, *deletions],
            commit_message=message,
            repo_type="dataset",
            revision="main",
            parent_commit=parent,
        )
        return str(commit.oid)

    with translate_errors(remote, f"{remote.repo} can't be written"):
        remote.api.preupload_lfs_files(remote.repo, additions, repo_type="dataset", free_memory=False)
        try:
            return retry(request_commit)
        except HfHubHTTPError as error:
            if error.response.status_code in {409, 412}:
                raise BranchMoved from None
            raise


def create_tag(remote: Remote, tag: str, commit: str, message: str) -> None:
    """Create a tag at a commit.

    Raises:
        InputError: the tag exists at another commit, or the token may not create it.
        Stopped: the Hub can't be reached.
    """

    def request_tag() -> None:
        remote.api.create_tag(remote.repo, tag=tag, tag_message=message, revision=commit, repo_type="dataset")

    with translate_errors(remote, f"{remote.repo} can't be tagged"):
        try:
            retry(request_tag)
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
    state = get_state(remote)
    if state is None or state.tags.get(tag) != commit:
        raise InputError(
            f"the tag {tag} of {remote.repo} is at another commit: somebody else created it meanwhile",
            hint="run the same command again to compare its content",
        )


def download_snapshot(remote: Remote, revision: str, cache: Path, patterns: Sequence[str] | None = None) -> Path:
    """Download the files at a revision into an empty cache.

    Args:
        remote: the dataset.
        revision: a tag, a branch or a commit.
        cache: the folder of the cache.
        patterns: patterns of the files to download; None for all.

    Returns:
        The folder with the files; its name is the commit.

    Raises:
        InputError: the dataset or the revision does not exist, or the token may not read it.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    folder = call_hub(
        remote,
        f"{remote.repo} at {revision} can't be downloaded",
        lambda: snapshot_download(
            remote.repo,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache,
            allow_patterns=list(patterns) if patterns else None,
            token=remote.token or False,
        ),
    )
    return Path(str(folder))


def call_hub(remote: Remote, message: str, send_request: Callable[[], Response]) -> Response:
    """Send a request, again after transient errors; its errors begin with the message and never contain the token.

    Raises:
        InputError: the Hub refuses the request.
        Stopped: the Hub can't be reached.
    """
    with translate_errors(remote, message):
        return retry(send_request)
