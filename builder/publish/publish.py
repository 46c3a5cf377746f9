"""Publish a version on the Hugging Face Hub as one commit and one tag, and verify what was uploaded.

gates -> layout -> commit -> download, hash, load -> tag -> load at the tag -> publications.json

The tag is created after the commit was verified: a dataset without the tag is unfinished, and the same command resumes.
An existing tag is never moved: either it contains this version, or the command refuses.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from ...schemas.manifest import File
from ..errors import InputError
from ..store import DEV, Version
from ..store.withdrawal import refuse_withdrawn
from .card.metadata import CardOptions
from .checks.gates import PERSONAL_DATA, REGRESSION, SIMULATED, PublishCheck, run_gates
from .files.layout import Layout, write_layout
from .files.read import FILE_LIST
from .hub.client import connect, create_tag
from .hub.errors import Remote
from .hub.tags import group_differences, read_tagged_layout
from .hub.upload import check_secret, commit_layout, prepare_dataset
from .hub.verify_upload import check_upload, find_mismatches, start_loader
from .publications import Publication, is_recorded, record_publication

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TAG = re.compile(r"[A-Za-z0-9][\w.+-]*")


class PublishStatus(StrEnum):
    """The outcome of `publish`."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    DRY_RUN = "dry_run"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishRequest:
    """The options of `publish`."""

    version: Version
    """The version."""
    repo: str
    """USER/NAME."""
    public: bool = False
    """Whether the dataset is public."""
    dry_run: bool = False
    """Whether to upload nothing."""
    tag: str | None = None
    """The tag; None for `v` and the version."""
    allowed_gates: frozenset[str] = frozenset()
    """Gates whose objections are ignored: `simulated`, `validation`, `personal_data`."""
    languages: tuple[str, ...] = ()
    """Languages of the texts, for the card; empty for those of the recipe."""
    teacher_terms: str | None = None
    """What the teacher's terms say about training on its responses, for the card; None for the text of the recipe."""
    license: str | None = None
    """The licence of the dataset, for the gates and the card; None for that of the recipe."""
    command: str = "cotloom publish REF --repo USER/NAME"
    """The command that asks for this, without a licence: a hint repeats it."""

    @property
    def tag_name(self) -> str:
        """The tag, with its default."""
        return self.tag or f"v{self.version.manifest.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishResult:
    """The result of `publish`."""

    status: PublishStatus
    """The outcome."""
    request: PublishRequest
    """The options."""
    checks: tuple[PublishCheck, ...]
    """The results of the gates."""
    files: Mapping[str, File]
    """The files on the Hub, or those that would be uploaded; empty if a gate refused."""
    differs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """If the tag has this version already: the files that would now differ, by kind."""
    card: str = ""
    """The dataset card."""
    commit: str | None = None
    """The commit on the Hub; None if nothing was uploaded."""
    url: str | None = None
    """The page of the dataset at the tag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Upload:
    """The content of the tag on the Hub."""

    status: PublishStatus
    """Whether it was uploaded now."""
    commit: str
    """Its commit."""
    url: str
    """The page of the dataset at the tag."""
    layout: Layout
    """Its files."""


def publish(request: PublishRequest) -> PublishResult:
    """Publish a version, and verify that the Hub has what was uploaded.

    Raises:
        InputError: the repository, the tag or the token is not valid, or the tag has other content.
        Stopped: the Hub can't be reached, or has other content than was uploaded; the same command resumes.
    """
    _check_request(request)
    checks = tuple(
        run_gates(request.version, request.allowed_gates, license_name=request.license, command=request.command)
    )
    if not all(check.passed for check in checks):
        return PublishResult(status=PublishStatus.REFUSED, request=request, checks=checks, files={})
    options = CardOptions(
        repo=request.repo,
        tag=request.tag,
        languages=request.languages,
        teacher_terms=request.teacher_terms,
        license=request.license,
    )
    with TemporaryDirectory(prefix="cotloom-") as folder:
        layout = write_layout(request.version, Path(folder) / "dataset", options)
        card = (layout.folder / "README.md").read_text("utf-8")
        if request.dry_run:
            files = _list_all_files(layout)
            return PublishResult(status=PublishStatus.DRY_RUN, request=request, checks=checks, files=files, card=card)
        upload = _upload(request, layout)
        return PublishResult(
            status=upload.status,
            request=request,
            checks=checks,
            files=_list_all_files(upload.layout),
            differs=group_differences(upload.layout.files, layout.files),
            card=card,
            commit=upload.commit,
            url=upload.url,
        )


def _check_request(request: PublishRequest) -> None:
    refuse_withdrawn(request.version)
    if not _REPO.fullmatch(request.repo):
        raise InputError(f"{request.repo} is no valid name of a dataset on the Hub", hint="--repo takes USER/NAME")
    if not _TAG.fullmatch(request.tag_name):
        raise InputError(f"{request.tag_name} is no valid tag", hint="a tag has letters, digits, `.`, `-`, `_` and `+`")
    if request.license is not None and not re.search(r"\w", request.license):
        raise InputError("--license names no licence", hint="give its name on the Hub, such as apache-2.0 or cc-by-4.0")
    if request.version.manifest.version == DEV:
        raise InputError(
            f"{request.version.ref} is a dev version, which can be overwritten, so it can't have a tag",
            hint="build it with a version number: cotloom build RECIPE --version 1.0.0",
        )


def _list_all_files(layout: Layout) -> dict[str, File]:
    digest = hashlib.sha256(layout.file_list).hexdigest()
    return {**layout.files, FILE_LIST: File(sha256=digest, bytes=len(layout.file_list), rows=0)}


def _upload(request: PublishRequest, layout: Layout) -> _Upload:
    """Commit, verify, tag, and verify the tag; steps that are done already are skipped."""
    version, tag = request.version, request.tag_name
    remote = connect(request.repo, writes=True)
    check_secret(remote, layout)
    state = prepare_dataset(remote, public=request.public)
    if tag in state.tags:
        return _keep_tag(request, remote, layout, state.tags[tag])
    commit = commit_layout(remote, state, layout, version.manifest.name, version.ref)
    check_upload(remote, commit, layout, version.manifest.content_digest)
    with start_loader(remote, layout) as load_revision:
        load_revision(commit)
        create_tag(remote, tag, commit, version.ref)
        load_revision(tag)
    record_publication(version, _make_publication(request, remote, layout, commit))
    return _Upload(status=PublishStatus.PUBLISHED, commit=commit, url=f"{remote.url}/tree/{tag}", layout=layout)


def _keep_tag(request: PublishRequest, remote: Remote, layout: Layout, commit: str) -> _Upload:
    """Check that an existing tag contains the version, and verify it unless that is on record."""
    version, tag = request.version, request.tag_name
    tagged = read_tagged_layout(remote, tag, commit, layout, version.manifest)
    publication = _make_publication(request, remote, tagged, commit)
    if not is_recorded(version, publication):
        if mismatches := find_mismatches(remote, commit, tagged, version.manifest.content_digest):
            raise InputError(
                f"the tag {tag} of {remote.repo} is damaged: {', '.join(mismatches[:8])}",
                hint="a tag never moves: publish the version under another tag with --tag",
            )
        with start_loader(remote, tagged) as load_revision:
            load_revision(tag)
        record_publication(version, publication)
    return _Upload(status=PublishStatus.UNCHANGED, commit=commit, url=f"{remote.url}/tree/{tag}", layout=tagged)


def _make_publication(request: PublishRequest, remote: Remote, layout: Layout, commit: str) -> Publication:
    return Publication(
        repo=request.repo,
        endpoint=remote.endpoint,
        tag=request.tag_name,
        commit=commit,
        content_digest=request.version.manifest.content_digest,
        files_digest=hashlib.sha256(layout.file_list).hexdigest(),
    )


def select_allowed_gates(*, simulated: bool, regression: bool, personal_data: bool) -> frozenset[str]:
    """Select the gates whose objections are ignored.

    Args:
        simulated: whether simulated data may be published.
        regression: whether a version whose validation failed may be published.
        personal_data: whether a version with e-mail addresses or phone numbers may be published.
    """
    allowed = {SIMULATED: simulated, REGRESSION: regression, PERSONAL_DATA: personal_data}
    return frozenset(gate for gate, is_allowed in allowed.items() if is_allowed)
