"""Whether what arrived on the Hub is what was sent: fetched into an empty cache, hashed, and loaded by a stranger."""

import fnmatch
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import polars as pl
from cotloom.builder.errors import Stopped
from cotloom.builder.files import file_digest
from cotloom.builder.publish.files.layout import FILES, Layout, read_back
from cotloom.builder.publish.hub.client import fetch
from cotloom.builder.publish.hub.errors import Remote, without
from cotloom.builder.store import rows_digest
from cotloom.builder.store.funnel import TABLES
from cotloom.schemas.manifest import File

_CACHES = {
    "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "HF_MODULES_CACHE", "HF_ASSETS_CACHE",
    "HF_XET_CACHE", "HF_TOKEN_PATH", "XDG_CACHE_HOME",
}  # fmt: skip
"""Variables that would lead to a cache that is not empty."""

Load = Callable[[str], None]
"""Have a stranger load the dataset at a revision."""


def check_arrived(remote: Remote, commit: str, laid: Layout, content_digest: str) -> None:
    """Read everything back at a commit, and hold it against what was sent.

    Args:
        remote: the dataset.
        commit: the commit.
        laid: what was sent.
        content_digest: what the rows must come to.

    Raises:
        Stopped: something else arrived, or the Hub can't be reached.
    """
    if wrong := unlike(remote, commit, laid, content_digest):
        raise Stopped(
            f"what arrived at {remote.repo} is not what was sent: {', '.join(wrong[:8])} at the commit {commit}",
            hint="no tag was made; run the same command again",
        )


def unlike(remote: Remote, commit: str, laid: Layout, content_digest: str) -> list[str]:
    """Name what at a commit is not as it should be: files, or the rows that come of them.

    Raises:
        InputError: there is no such commit, or it is not for this token.
        Stopped: the Hub can't be reached.
    """
    with TemporaryDirectory(prefix="cotloom-") as cache:
        folder = fetch(remote, commit, Path(cache))
        if wrong := damaged(folder, laid.files):
            return wrong
        if (folder / FILES).read_bytes() != laid.listed:
            return [FILES]
        return [] if digest_of(read_back(folder)[1]) == content_digest else ["the rows of the tables"]


def damaged(folder: Path, files: Mapping[str, File]) -> list[str]:
    """The files of a folder that are missing or have other bytes than they should."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return [name for name, file in files.items() if name not in there or file_digest(there[name])[0] != file.sha256]


def digest_of(tables: Mapping[str, pl.DataFrame]) -> str:
    """The content digest of a version's tables."""
    return rows_digest([(name, tables[name]) for name in TABLES.values()])


@contextmanager
def stranger(remote: Remote, laid: Layout) -> Iterator[Load]:
    """Start a process with an empty cache that loads every config with `datasets.load_dataset` when it is asked to.

    Raises (where it is asked):
        Stopped: a config can't be loaded, or has other rows.
    """
    with TemporaryDirectory(prefix="cotloom-") as home, TemporaryFile() as words:
        command = [sys.executable, "-m", "cotloom.builder.publish.hub.load_worker"]
        with subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, env=_environment(remote, home)
        ) as process:

            def load(revision: str) -> None:
                asked = {"repo": remote.repo, "configs": list(laid.configs), "revision": revision}
                answer = _answer(process, json.dumps(asked))
                if answer is None:
                    process.wait()  # it says why on its way out
                    words.seek(0)
                    lines = words.read().decode(errors="replace").strip().splitlines()
                    raise _misread(remote, revision, without(remote.token, lines[-1] if lines else "no word"))
                _check_rows(remote, revision, laid, json.loads(answer))

            try:
                yield load
            finally:
                process.kill()


def _environment(remote: Remote, home: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in _CACHES},
        **({"HF_TOKEN": remote.token} if remote.token else {}),
        "HF_HOME": home,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }


def _answer(process: subprocess.Popen[bytes], line: str) -> bytes | None:
    """Ask; None where the process ended instead of answering."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    try:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    return process.stdout.readline() or None


def _check_rows(remote: Remote, revision: str, laid: Layout, found: Mapping[str, int]) -> None:
    for config, pattern in laid.configs.items():
        sent = sum(file.rows for name, file in laid.files.items() if _fits(name, pattern))
        if found[config] != sent:
            raise _misread(remote, revision, f"the config {config} has {found[config]:,} rows instead of {sent:,}")


def _fits(name: str, pattern: str) -> bool:
    """Whether a path fits a pattern whose stars stand for names without a slash."""
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _misread(remote: Remote, revision: str, why: str) -> Stopped:
    return Stopped(
        f"load_dataset does not read {remote.repo} at {revision} as it was sent: {why}",
        hint="run the same command again: it goes on, and sends nothing twice",
    )
