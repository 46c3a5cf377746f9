"""A Hub on loopback that a test fills: one dataset with commits. What its real clients ask for when they read."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Hub:
    """A running server."""

    dataset: str
    url: str = ""
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Put files under a branch, as one commit."""
        sha = hashlib.sha1(repr(sorted(files.items())).encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = files
        self.refs[branch] = sha
        return sha

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to a request."""
        api, files = f"/api/datasets/{self.dataset}", f"/datasets/{self.dataset}/resolve/"
        if path == f"{api}/refs":
            heads = self.refs.items()
            branches = [{"name": name, "ref": f"refs/heads/{name}", "targetCommit": sha} for name, sha in heads]
            return _json({"branches": branches, "tags": [], "converts": []})
        if path.startswith(files):
            return self._file(*path.removeprefix(files).split("/", 1))
        if path == api:
            path = f"{api}/revision/main"
        kind, _, rest = path.removeprefix(f"{api}/").partition("/")
        if not path.startswith(f"{api}/") or kind not in {"revision", "tree", "paths-info"}:
            return _missing("RepoNotFound")
        revision, _, folder = rest.partition("/")
        sha = self.refs.get(revision, revision)
        if sha not in self.commits:
            return _missing("RevisionNotFound")
        there = [_entry(name, content) for name, content in sorted(self.commits[sha].items())]
        if kind == "revision":
            siblings = [{"rfilename": entry["path"]} for entry in there]
            told = {"_id": "1", "id": self.dataset, "sha": sha, "private": False, "tags": []}
            return _json({**told, "siblings": siblings})
        if kind == "tree":
            inside = _inside(there, f"{folder}/" if folder else "", recursive=form.get("recursive") == ["True"])
            return _json(inside) if inside else _missing("EntryNotFound")
        return _json([entry for entry in there if entry["path"] in form.get("paths", [])])

    def _file(self, revision: str, name: str) -> tuple[int, dict[str, str], bytes]:
        sha = self.refs.get(revision, revision)
        if sha not in self.commits:
            return _missing("RevisionNotFound")
        if name not in self.commits[sha]:
            return _missing("EntryNotFound")
        content = self.commits[sha][name]
        return 200, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}, content


def _oid(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _entry(name: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "oid": _oid(content), "size": len(content), "path": name}


def _inside(there: list[dict[str, object]], prefix: str, *, recursive: bool) -> list[dict[str, object]]:
    """The entries under a folder; without its subfolders' content unless recursive."""
    within = [entry for entry in there if str(entry["path"]).startswith(prefix)]
    deeper = [str(entry["path"]).removeprefix(prefix).split("/") for entry in within]
    folders = sorted({prefix + parts[0] for parts in deeper if len(parts) > 1})
    direct = [entry for entry, parts in zip(within, deeper, strict=True) if recursive or len(parts) == 1]
    return [*({"type": "directory", "oid": _oid(name.encode()), "size": 0, "path": name} for name in folders), *direct]


def _json(value: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _missing(code: str) -> tuple[int, dict[str, str], bytes]:
    return 404, {"X-Error-Code": code, "Content-Type": "application/json"}, json.dumps({"error": code}).encode()


@contextmanager
def serving(dataset: str) -> Iterator[Hub]:
    """Serve a dataset on a port that the system picks, until the block ends."""
    hub = Hub(dataset)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = urlsplit(self.path)
            form = {**parse_qs(asked.query), **parse_qs(body.decode())}
            status, headers, content = hub.answer(unquote(asked.path), form)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = _reply  # noqa: N815 - names of the base class

        def log_message(self, *_args):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    hub.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)
