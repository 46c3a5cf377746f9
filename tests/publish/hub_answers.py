"""What a test Hub answers to what the real clients ask for, when they read and when they write."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.publish.hub_state import Asked, Fault, Hub, Repo

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


def answer(hub: Hub, asked: Asked) -> Answer:
    """Answer a request."""
    for methods, pattern, answered in ROUTES:
        found = re.fullmatch(pattern, asked.path)
        if found and asked.method in methods:
            words = [unquote(word) if word else "" for word in found.groups()]
            with hub.lock:
                return answered(hub, asked, *words)
    return _error(404, f"no such address: {asked.line}")


def scripted(fault: Fault, asked: Asked) -> Answer:
    """What a fault has the server answer."""
    status, headers, body = _error(fault.status or 500, fault.says.replace("{token}", str(asked.token)))
    return status, {**headers, **fault.headers}, body


def _lacks(hub: Hub, asked: Asked, *, write: bool = False) -> Answer | None:
    """Why a request with this token is refused."""
    role = hub.tokens.get(asked.token or "")
    if not hub.tokens or role == "write" or (role and not write):
        return None
    if role is None:
        return _error(401, "Invalid username or password.")
    return _error(403, "you don't have the right to do this with this token")


def _with_repo(answered: Callable[..., Answer], *, write: bool = False) -> Callable[..., Answer]:
    """Look the repository up, and who may see it."""

    def looked_up(hub: Hub, asked: Asked, name: str, *words: str) -> Answer:
        repo = hub.repos.get(name)
        hidden = repo is not None and repo.private and _lacks(hub, asked)
        if repo is None or hidden:
            return _error(401 if hub.tokens and not asked.token else 404, "Repository not found", "RepoNotFound")
        refused = _lacks(hub, asked, write=True) if write else None
        return refused or answered(hub, asked, repo, *words)

    return looked_up


def _with_files(answered: Callable[..., Answer]) -> Callable[..., Answer]:
    """Look a revision up, and the files at it."""

    def looked_up(hub: Hub, asked: Asked, repo: Repo, revision: str = "main", *words: str) -> Answer:
        sha = repo.sha_of(revision or "main")
        if sha is None:
            return _error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return answered(hub, asked, repo, sha, *words)

    return _with_repo(looked_up)


def _whoami(hub: Hub, asked: Asked) -> Answer:
    role = hub.tokens.get(asked.token or "")
    if role is None:
        return _error(401, "Invalid username or password.")
    return _json({"type": "user", "name": "people", "auth": {"accessToken": {"displayName": "t", "role": role}}})


def _create(hub: Hub, asked: Asked) -> Answer:
    refused = _lacks(hub, asked, write=True)
    if refused:
        return refused
    told = asked.json
    name = f"{told.get('organization') or 'people'}/{told['name']}"
    url = f"{hub.url}/datasets/{name}"
    if name in hub.repos:
        return _json({"error": "You already created this dataset repo", "url": url}, 409)
    hub.repos[name] = Repo(name, private=told.get("visibility") == "private")
    hub.repos[name].commit({".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"})
    return _json({"url": url, "id": name, "name": name})


def _info(_hub: Hub, _asked: Asked, repo: Repo, sha: str) -> Answer:
    siblings = [{"rfilename": name} for name in sorted(repo.commits[sha])]
    return _json(
        {"_id": "1", "id": repo.name, "sha": sha, "private": repo.private, "tags": [], "siblings": siblings},
    )


def _refs(_hub: Hub, _asked: Asked, repo: Repo) -> Answer:
    def told(kind: str, refs: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha} for name, sha in refs.items()]

    return _json({"branches": told("heads", repo.branches), "tags": told("tags", repo.tags), "converts": []})


def _tree(hub: Hub, asked: Asked, repo: Repo, sha: str, folder: str = "") -> Answer:
    prefix = f"{folder}/" if folder else ""
    recursive = asked.query.get("recursive", ["False"])[0].lower() == "true"
    within = [name for name in sorted(repo.commits[sha]) if name.startswith(prefix)]
    deeper = {name: name.removeprefix(prefix).split("/") for name in within}
    folders = sorted({prefix + parts[0] for parts in deeper.values() if len(parts) > 1})
    shown = [_entry(hub, name, repo.commits[sha][name]) for name in within if recursive or len(deeper[name]) == 1]
    told = [{"type": "directory", "oid": git_oid(name.encode()), "size": 0, "path": name} for name in folders]
    return _json([*told, *shown]) if within else _error(404, "no such folder", "EntryNotFound")


def _paths(hub: Hub, asked: Asked, repo: Repo, sha: str) -> Answer:
    files = repo.commits[sha]
    return _json([_entry(hub, name, files[name]) for name in asked.form.get("paths", []) if name in files])


def _preupload(_hub: Hub, asked: Asked, repo: Repo, branch: str) -> Answer:
    there = repo.files(branch)

    def told(path: str) -> dict[str, Any]:
        lfs = path.endswith(".parquet")
        oid = {"oid": sha256(there[path]) if lfs else git_oid(there[path])} if path in there else {}
        return {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False, **oid}

    return _json({"files": [told(item["path"]) for item in asked.json["files"]]})


def _batch(hub: Hub, asked: Asked, _repo: Repo) -> Answer:
    def told(item: Mapping[str, Any]) -> dict[str, Any]:
        oid, known = item["oid"], {"oid": item["oid"], "size": item["size"]}
        actions = {"upload": {"href": f"{hub.url}/lfs/{oid}"}, "verify": {"href": f"{hub.url}/verify/{oid}"}}
        return known if oid in hub.objects else {**known, "actions": actions}

    return _json({"transfer": "basic", "objects": [told(item) for item in asked.json["objects"]]})


def _put(hub: Hub, asked: Asked, oid: str) -> Answer:
    if sha256(asked.body) != oid:
        return _error(422, "these bytes have another digest")
    hub.objects[oid] = asked.body
    hub.stored.set()
    return 200, {"ETag": f'"{oid}"'}, b""


def _verify(hub: Hub, asked: Asked, oid: str) -> Answer:
    whole = len(hub.objects.get(oid, b"")) == asked.json["size"]
    return _json({}) if whole else _error(422, "this object is not whole")


def _commit(hub: Hub, asked: Asked, repo: Repo, branch: str) -> Answer:
    lines = [json.loads(line) for line in asked.body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    head = repo.branches.get(branch)
    if header.get("parentCommit", head) != head:
        return _error(412, "A commit has happened since. Please refresh and try again.")
    files = dict(repo.files(branch))
    for line in lines:
        value = line["value"]
        if line["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif line["key"] == "lfsFile":
            if value["oid"] not in hub.objects:
                return _error(400, f"{value['path']} points to an LFS object that was never sent")
            files[value["path"]] = hub.objects[value["oid"]]
        elif line["key"] == "deletedFile":
            files.pop(value["path"])
    sha = repo.commit(files, branch)
    return _json({"commitUrl": f"{hub.url}/datasets/{repo.name}/commit/{sha}", "commitOid": sha, "hookOutput": ""})


def _tag(_hub: Hub, asked: Asked, repo: Repo, revision: str) -> Answer:
    name, sha = asked.json["tag"], repo.sha_of(revision)
    if name in repo.tags:
        return _error(409, f"Tag {name} already exists")
    if sha is None:
        return _error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    repo.tags[name] = sha
    return _json({})


def _file(hub: Hub, asked: Asked, repo: Repo, sha: str, name: str) -> Answer:
    content = repo.commits[sha].get(name)
    if content is None:
        return _error(404, "Entry not found", "EntryNotFound")
    linked = {"X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
    etag = {"ETag": f'"{git_oid(content)}"', **(linked if sha256(content) in hub.objects else {})}
    headers = {**etag, "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.span or "")
    if not found:
        return 200, headers, content
    first, last = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
    told = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return 206, {**headers, **told}, content[first : last + 1]


_NAME = r"([^/]+/[^/]+?)"
_API = rf"/api/datasets/{_NAME}"
ROUTES: tuple[tuple[set[str], str, Callable[..., Answer]], ...] = (
    ({"GET"}, r"/api/whoami-v2", _whoami),
    ({"POST"}, r"/api/validate-yaml", lambda _hub, _asked: _json({"errors": [], "warnings": []})),
    ({"POST"}, r"/api/repos/create", _create),
    ({"GET"}, rf"{_API}", _with_files(_info)),
    ({"GET"}, rf"{_API}/revision/([^/]+)", _with_files(_info)),
    ({"GET"}, rf"{_API}/refs", _with_repo(_refs)),
    ({"GET"}, rf"{_API}/tree/([^/]+)(?:/(.+))?", _with_files(_tree)),
    ({"POST"}, rf"{_API}/paths-info/([^/]+)", _with_files(_paths)),
    ({"POST"}, rf"{_API}/preupload/([^/]+)", _with_repo(_preupload, write=True)),
    ({"POST"}, rf"{_API}/commit/([^/]+)", _with_repo(_commit, write=True)),
    ({"POST"}, rf"{_API}/tag/([^/]+)", _with_repo(_tag, write=True)),
    ({"POST"}, rf"/datasets/{_NAME}\.git/info/lfs/objects/batch", _with_repo(_batch, write=True)),
    ({"PUT"}, r"/lfs/(\w+)", _put),
    ({"POST"}, r"/verify/(\w+)", _verify),
    ({"GET", "HEAD"}, rf"/datasets/{_NAME}/resolve/([^/]+)/(.+)", _with_files(_file)),
)
"""Which function answers what."""


def git_oid(content: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _entry(hub: Hub, name: str, content: bytes) -> dict[str, Any]:
    lfs = {"oid": sha256(content), "size": len(content), "pointerSize": 130}
    linked = {"lfs": lfs} if sha256(content) in hub.objects else {}
    return {
        "type": "file",
        "oid": git_oid(content),
        "size": hub.announced.get(name, len(content)),
        "path": name,
        **linked,
    }


def _json(value: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _error(status: int, says: str, code: str | None = None) -> Answer:
    named = {"X-Error-Code": code} if code else {}
    return status, {"Content-Type": "application/json", **named}, json.dumps({"error": says}).encode()
