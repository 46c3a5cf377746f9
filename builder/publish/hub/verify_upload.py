"""Verify an upload: download it into an empty cache, hash it, and load it in a separate process."""

import fnmatch
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from ...engine.exits import make_exit_error
from ...errors import Stopped
from ..files.layout import Layout
from ..files.read import FILE_LIST, find_damaged_files
from ..files.rebuild import read_rows
from .client import download_snapshot
from .errors import Remote, redact_token

_CACHES = {
    "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "HF_MODULES_CACHE", "HF_ASSETS_CACHE",
    "HF_XET_CACHE", "HF_TOKEN_PATH", "XDG_CACHE_HOME",
}  # fmt: skip
"""Variables that name another cache; the process must not see them."""

LoadRevision = Callable[[str], None]
"""Loads the dataset at a revision in a separate process, and checks its rows."""


def check_upload(remote: Remote, commit: str, layout: Layout, content_digest: str) -> None:
    """Download everything at a commit, and compare it with what was uploaded.

    Args:
        remote: the dataset.
        commit: the commit.
        layout: the uploaded files.
        content_digest: the expected digest of the rows.

    Raises:
        Stopped: the content differs, or the Hub can't be reached.
    """
    if mismatches := find_mismatches(remote, commit, layout, content_digest):
        raise Stopped(
            f"the content of {remote.repo} at the commit {commit} differs from the upload: {', '.join(mismatches[:8])}",
            hint="no tag was created; run the same command again",
        )


def find_mismatches(remote: Remote, commit: str, layout: Layout, content_digest: str) -> list[str]:
    """List what differs at a commit: paths of files, or the rows of the rebuilt tables.

    Raises:
        InputError: the commit does not exist, or the token may not read it.
        Stopped: the Hub can't be reached.
    """
    with TemporaryDirectory(prefix="cotloom-") as cache:
        folder = download_snapshot(remote, commit, Path(cache))
        if damaged := find_damaged_files(folder, layout.files):
            return damaged
        if (folder / FILE_LIST).read_bytes() != layout.file_list:
            return [FILE_LIST]
        with TemporaryDirectory(prefix="cotloom-") as work:
            computed = read_rows(folder, Path(work)).compute_digest()
        return [] if computed == content_digest else ["the rows of the tables"]


@contextmanager
def start_loader(remote: Remote, layout: Layout) -> Iterator[LoadRevision]:
    """Start a process with an empty cache that loads every config with `datasets.load_dataset`.

    The function that it yields loads one revision, and raises `Stopped` if a config can't be loaded or has another
    number of rows.
    """
    with TemporaryDirectory(prefix="cotloom-") as home, TemporaryFile() as log:
        command = [sys.executable, "-P", "-m", "cotloom.builder.publish.hub.load_worker"]
        with subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_make_environment(remote, home)
        ) as process:

            def load_revision(revision: str) -> None:
                request = {"repo": remote.repo, "configs": list(layout.configs), "revision": revision}
                response = _send_request(process, json.dumps(request))
                if response is None:
                    if process.wait() < 0:
                        raise make_exit_error("the process that loads the dataset", process.returncode)
                    log.seek(0)  # its last line says why it ended
                    lines = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
                    raise _make_load_error(remote, revision, redact_token(remote.token, lines[-1]))
                _check_rows(remote, revision, layout, json.loads(response))

            try:
                yield load_revision
            finally:
                process.kill()
                if process.stdin is not None:
                    with suppress(BrokenPipeError):  # half a request may wait for a process that is gone
                        process.stdin.close()


def _make_environment(remote: Remote, home: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in _CACHES},
        **({"HF_TOKEN": remote.token} if remote.token else {}),
        "HF_HOME": home,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }


def _send_request(process: subprocess.Popen[bytes], line: str) -> bytes | None:
    """Send a line and read the response; None if the process ended instead."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    try:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    return process.stdout.readline() or None


def _check_rows(remote: Remote, revision: str, layout: Layout, counts: Mapping[str, int]) -> None:
    for config, pattern in layout.configs.items():
        rows = sum(file.rows for path, file in layout.files.items() if _is_match(path, pattern))
        if counts[config] != rows:
            message = f"the config {config} has {counts[config]:,} rows instead of {rows:,}"
            raise _make_load_error(remote, revision, message)


def _is_match(path: str, pattern: str) -> bool:
    """Whether a path matches a pattern; a star matches no slash."""
    names, patterns = path.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatch.fnmatchcase, names, patterns))


def _make_load_error(remote: Remote, revision: str, cause: str) -> Stopped:
    return Stopped(
        f"load_dataset does not return the uploaded rows of {remote.repo} at {revision}: {cause}",
        hint="run the same command again: it resumes and uploads no file twice",
    )
