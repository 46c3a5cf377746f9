"""What a test Hub holds: repositories with commits, branches and tags, who may do what, and what is to go wrong."""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

ALL_WELL = 200
"""The status of a fault that is none: only what `then` does happens."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    """Still quoted."""
    query: dict[str, list[str]]
    body: bytes
    token: str | None
    span: str | None
    """The header `Range`."""

    @property
    def line(self) -> str:
        return f"{self.method} {unquote(self.path)}"

    @property
    def form(self) -> dict[str, list[str]]:
        return {**self.query, **parse_qs(self.body.decode())}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """Something that goes wrong."""

    at: str
    """Regular expression over the request's line: `PUT /lfs/`."""
    status: int | None = None
    """What is answered; null: the connection is cut, in the middle of a body that is being sent."""
    times: int = 1
    """How often."""
    skip: int = 0
    """So many fitting requests go well first."""
    headers: dict[str, str] = field(default_factory=dict)
    says: str = "scripted"
    """The error; `{token}` becomes the token that was sent, as servers do that echo what they got."""
    after: bool = False
    """The work is done, and only the answer goes wrong."""
    then: Callable[[], None] | None = None
    """What happens just before."""


@dataclass
class Repo:
    """A dataset with its history."""

    name: str
    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Put files in the place of those of a branch, as one commit."""
        parent = self.branches.get(branch)
        content = repr((parent, sorted(files.items()))).encode()
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.commits[sha], self.parents[sha], self.branches[branch] = dict(files), parent, sha
        return sha

    def sha_of(self, revision: str) -> str | None:
        sha = {**self.branches, **self.tags}.get(revision, revision)
        return sha if sha in self.commits else None

    def files(self, revision: str = "main") -> dict[str, bytes]:
        return self.commits[self.sha_of(revision) or revision]

    def history(self, branch: str = "main") -> list[str]:
        """Commits of a branch, newest first."""
        found, sha = [], self.branches.get(branch)
        while sha is not None:
            found.append(sha)
            sha = self.parents[sha]
        return found


@dataclass
class Hub:
    """A running server."""

    dataset: str = ""
    """The dataset that is there from the start."""
    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """What was sent by LFS, by sha256."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The role of each token: write, read, or fineGrained. Where there is none, everyone may do everything."""
    faults: list[Fault] = field(default_factory=list)
    seen: list[Asked] = field(default_factory=list)
    """Every request, in order."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    announced: dict[str, int] = field(default_factory=dict)
    """Sizes that are listed in place of the true ones, by path."""
    stored: threading.Event = field(default_factory=threading.Event)
    """Set once a large file has arrived whole."""

    @property
    def repo(self) -> Repo:
        return self.repos[self.dataset]

    def clear(self) -> None:
        """Forget everything but the tokens."""
        for kept in (self.repos, self.objects, self.seen, self.faults, self.announced):
            kept.clear()
        self.stored.clear()

    def make(self, name: str, *, private: bool = False) -> Repo:
        """Make a dataset, empty yet."""
        self.repos[name] = Repo(name, private=private)
        return self.repos[name]

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Put files into the dataset that is there from the start."""
        return self.repo.commit(files, branch)

    def lines(self, pattern: str) -> list[str]:
        """The requests that fit a pattern, in order."""
        return [asked.line for asked in self.seen if re.search(pattern, asked.line)]

    def fault_for(self, asked: Asked) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if not re.search(fault.at, asked.line):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    return fault
        return None
