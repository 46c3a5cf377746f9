"""Publish a version on the Hugging Face Hub: one commit and one tag, and success only once it was read back.

gates -> lay out -> commit -> read back, hash, load -> tag -> load at the tag -> publications.json

The tag comes after the commit was read back: a dataset without it is one that the same command finishes. A tag that is
there stays as it is: it names the version, whatever else lies around the rows, or the command refuses.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.publish.card.metadata import Told
from cotloom.builder.publish.checks.gates import REGRESSION, SIMULATED, Check, gates
from cotloom.builder.publish.files.layout import FILES, MANIFEST, Layout, lay_out
from cotloom.builder.publish.hub.client import Moved, State, connect, create, look, names, read, send, tag
from cotloom.builder.publish.hub.errors import Remote
from cotloom.builder.publish.hub.tags import differences, tagged
from cotloom.builder.publish.hub.verify_upload import check_arrived, stranger, unlike
from cotloom.builder.publish.publications import Publication, is_recorded, record
from cotloom.builder.store import DEV, Version
from cotloom.schemas.manifest import File

TRIES = 4
"""So often a commit is tried on a branch that moves."""

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TAG = re.compile(r"[A-Za-z0-9][\w.+-]*")
_BLANK = frozenset({".gitattributes", "README.md", "LICENSE", ".gitignore"})
"""What a dataset may hold that nobody has put data into."""


class Status(StrEnum):
    """What came of it."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    DRY_RUN = "dry_run"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What was asked for."""

    version: Version
    """The version."""
    repo: str
    """USER/NAME."""
    public: bool = False
    """Whether everyone may see it."""
    dry_run: bool = False
    """Whether only to say what would be sent."""
    tag: str | None = None
    """The tag; null for `v` and the version."""
    allowed: frozenset[str] = frozenset()
    """Gates that are passed whatever they find: `simulated`, `validation`."""
    languages: tuple[str, ...] = ()
    """Languages of the texts, for the card; empty for those that the recipe names."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its answers, for the card; null for what the recipe says."""

    @property
    def tag_name(self) -> str:
        """The tag."""
        return self.tag or f"v{self.version.manifest.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What became of it."""

    status: Status
    """What came of it."""
    wanted: Wanted
    """What was asked for."""
    checks: tuple[Check, ...]
    """What the gates said."""
    files: Mapping[str, File]
    """What lies on the Hub, or would; empty where a gate refused."""
    differs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Where the tag holds the version already: files that would be others now, by what they are for."""
    card: str = ""
    """The card."""
    commit: str | None = None
    """The commit on the Hub; null where nothing was sent."""
    url: str | None = None
    """The dataset's page at the tag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sent:
    """What lies on the Hub now."""

    status: Status
    """Whether it was sent."""
    commit: str
    """Where."""
    url: str
    """The dataset's page at the tag."""
    laid: Layout
    """Its files."""


def publish(wanted: Wanted) -> Published:
    """Publish a version, and prove that what arrived is what was sent.

    Raises:
        InputError: the repository, the tag or the token won't do, or the tag names other content.
        Stopped: the Hub can't be reached, or something else arrived; the same command goes on.
    """
    _check(wanted)
    checks = tuple(gates(wanted.version, wanted.allowed))
    if not all(check.passed for check in checks):
        return Published(status=Status.REFUSED, wanted=wanted, checks=checks, files={})
    with TemporaryDirectory(prefix="cotloom-") as place:
        told = Told(repo=wanted.repo, tag=wanted.tag, languages=wanted.languages, teacher_terms=wanted.teacher_terms)
        laid = lay_out(wanted.version, Path(place) / "dataset", told)
        card = (laid.folder / "README.md").read_text("utf-8")
        if wanted.dry_run:
            return Published(status=Status.DRY_RUN, wanted=wanted, checks=checks, files=_all_files(laid), card=card)
        sent = _sent(wanted, laid)
        return Published(
            status=sent.status,
            wanted=wanted,
            checks=checks,
            files=_all_files(sent.laid),
            differs=differences(sent.laid.files, laid.files),
            card=card,
            commit=sent.commit,
            url=sent.url,
        )


def _all_files(laid: Layout) -> dict[str, File]:
    own = File(sha256=hashlib.sha256(laid.listed).hexdigest(), bytes=len(laid.listed), rows=0)
    return {**laid.files, FILES: own}


def _check(wanted: Wanted) -> None:
    if not _REPO.fullmatch(wanted.repo):
        raise InputError(f"{wanted.repo} is no name of a dataset on the Hub", hint="--repo takes USER/NAME")
    if not _TAG.fullmatch(wanted.tag_name):
        raise InputError(f"{wanted.tag_name} is no tag", hint="letters, digits, `.`, `-`, `_` and `+`")
    if wanted.version.manifest.version == DEV:
        raise InputError(
            f"{wanted.version.ref} may be overwritten, and a tag may not",
            hint="build it under a version of its own: cotloom build RECIPE --version 1.0.0",
        )


def _sent(wanted: Wanted, laid: Layout) -> _Sent:
    """Send, prove, tag, prove again; what is done already is not done twice."""
    name, digest = wanted.tag_name, wanted.version.manifest.content_digest
    remote = connect(wanted.repo, writes=True)
    _check_secret(remote, laid)
    state = _ready(remote, public=wanted.public)
    if name in state.tags:
        return _kept(wanted, remote, laid, state.tags[name])
    commit = _committed(remote, state, laid, wanted.version.manifest.name, wanted.version.ref)
    check_arrived(remote, commit, laid, digest)
    with stranger(remote, laid) as load:
        load(commit)
        tag(remote, name, commit, wanted.version.ref)
        load(name)
    record(wanted.version, _publication(wanted, remote, laid, commit))
    return _Sent(status=Status.PUBLISHED, commit=commit, url=f"{remote.url}/tree/{name}", laid=laid)


def _kept(wanted: Wanted, remote: Remote, laid: Layout, commit: str) -> _Sent:
    """Leave a tag as it is, where it names the version; prove that, unless it was proven before."""
    name, digest = wanted.tag_name, wanted.version.manifest.content_digest
    there = tagged(remote, name, commit, laid, wanted.version.manifest)
    publication = _publication(wanted, remote, there, commit)
    if not is_recorded(wanted.version, publication):
        if wrong := unlike(remote, commit, there, digest):
            raise InputError(
                f"the tag {name} of {remote.repo} is damaged: {', '.join(wrong[:8])}",
                hint="a tag stays as it is: publish the version under another tag with --tag",
            )
        with stranger(remote, there) as load:
            load(name)
        record(wanted.version, publication)
    return _Sent(status=Status.UNCHANGED, commit=commit, url=f"{remote.url}/tree/{name}", laid=there)


def _publication(wanted: Wanted, remote: Remote, laid: Layout, commit: str) -> Publication:
    return Publication(
        repo=wanted.repo,
        endpoint=remote.endpoint,
        tag=wanted.tag_name,
        commit=commit,
        content_digest=wanted.version.manifest.content_digest,
        files_digest=hashlib.sha256(laid.listed).hexdigest(),
    )


def _check_secret(remote: Remote, laid: Layout) -> None:
    """Refuse to send the token itself."""
    secret = (remote.token or "").encode()
    for name in laid.files:
        if secret and not name.endswith(".parquet") and secret in (laid.folder / name).read_bytes():
            raise InputError(f"{name} holds the token that it was to be sent with", hint="take it out of the recipe")


def _ready(remote: Remote, *, public: bool) -> State:
    """Look at the dataset, and make it where there is none."""
    state = look(remote)
    if state is None:
        create(remote, private=not public)
        state = look(remote)
    if state is None:
        raise InputError(
            f"{remote.repo} is there, and this token may not see it", hint="ask its owner, or take another"
        )
    if public and state.private:
        raise InputError(
            f"{remote.repo} is private, and --public was asked for",
            hint=f"change that on {remote.url}/settings, or leave --public out",
        )
    if not public and not state.private:
        raise InputError(f"{remote.repo} is public", hint="say so with --public, or give another --repo")
    return state


def _listed(content: bytes | None) -> dict[str, object]:
    try:
        return dict(json.loads(content or b"{}"))
    except ValueError:
        return {}


def _committed(remote: Remote, state: State, laid: Layout, dataset: str, message: str) -> str:
    """Put the files on the main branch; where it moves meanwhile, look again."""
    files = {name: laid.folder / name for name in (*laid.files, FILES)}
    head = state.head
    for _ in range(TRIES):
        before = _earlier(remote, head, dataset)
        gone = sorted(name for name in before if name not in files)
        try:
            return send(remote, files, gone, head, message)
        except Moved:
            found = look(remote)
            head = found.head if found is not None else head
    raise Stopped(
        f"the main branch of {remote.repo} moved {TRIES} times while the commit was made",
        hint="somebody else writes to it; run the same command again",
    )


def _earlier(remote: Remote, head: str, dataset: str) -> dict[str, object]:
    """The files of the version that lies on the branch; nothing where the dataset is new.

    Raises:
        InputError: it holds something else.
    """
    hint = "give a dataset of its own with --repo"
    listed = read(remote, FILES, head)
    if listed is None:
        others = [name for name in names(remote, head) if name not in _BLANK]
        if others:
            raise InputError(f"{remote.repo} holds something else: {', '.join(others[:6])}", hint=hint)
        return {}
    name = _listed(read(remote, MANIFEST, head)).get("name")
    if name != dataset:
        raise InputError(f"{remote.repo} holds versions of {name}, not of {dataset}", hint=hint)
    there = set(names(remote, head))
    return {path: file for path, file in _listed(listed).items() if path in there}


def allowed(*, simulated: bool, regression: bool) -> frozenset[str]:
    """The gates that are passed whatever they find."""
    return frozenset(name for name, on in {SIMULATED: simulated, REGRESSION: regression}.items() if on)
