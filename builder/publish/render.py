"""Render the results of `publish` and `pull` as text and as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from .publish import PublishResult, PublishStatus
from .pull import PullResult, PullStatus

_STATUS_TEXT: Mapping[PublishStatus, str] = {
    PublishStatus.PUBLISHED: "Published {ref} at {url}: downloaded, hashed and loaded at the commit and at the tag.",
    PublishStatus.UNCHANGED: "{ref} is already published at {url} with the same content: nothing to do.",
    PublishStatus.DRY_RUN: "Files of one commit to {repo}, with the tag {tag}. Dry run: nothing was uploaded.",
    PublishStatus.REFUSED: "{ref} was not published: nothing was uploaded.",
}

_DIFFERENCE_TEXT: Mapping[str, str] = {
    "card": "the card has other text",
    "layout": "the same rows have another order, or are distributed over other files",
    "manifest": "the manifest has another parent, language, terms or store files",
    "validation": "the validation differs, or exists only locally or only on the Hub",
}
"""Meaning of the differences from a tag with the same content, by kind of file."""


def render_result(result: PublishResult) -> str:
    """Render the result of `publish` as text; after a dry run with the card."""
    request = result.request
    status = _STATUS_TEXT[result.status].format(
        ref=request.version.ref, url=result.url, repo=request.repo, tag=request.tag_name
    )
    lines = [*_render_card(result), *_render_checks(result), *_render_files(result), status]
    if result.commit:
        visibility = "public" if request.public else "private; --public makes a new dataset public"
        lines.append(f"Commit {result.commit} ({visibility}).")
    lines += _render_differences(result)
    return "\n".join(lines)


def _render_card(result: PublishResult) -> Iterator[str]:
    if result.status is PublishStatus.DRY_RUN:
        yield from (result.card, "")


def _render_checks(result: PublishResult) -> Iterator[str]:
    for check in result.checks:
        yield f"{'pass' if check.passed else 'FAIL'}  {check.check:<10}  {check.message}"
        if check.hint:
            yield f"      -> {check.hint}"
    yield ""


def _render_files(result: PublishResult) -> Iterator[str]:
    if result.status is not PublishStatus.DRY_RUN:
        return
    for path, file in result.files.items():
        rows = f"{file.rows:>10,} rows" if file.rows else ""
        yield f"{file.bytes:>12,} bytes  {path:<60}{rows}".rstrip()
    yield f"{sum(file.bytes for file in result.files.values()):>12,} bytes in {len(result.files)} files"
    yield ""


def _render_differences(result: PublishResult) -> Iterator[str]:
    if not result.differs:
        return
    yield "The tag was not changed. These files would differ now:"
    yield from (f"  {_DIFFERENCE_TEXT[kind]}: {', '.join(paths)}" for kind, paths in result.differs.items())
    yield "To publish them, give another tag with --tag, or publish the next version."


def build_result_json(result: PublishResult) -> dict[str, Any]:
    """Build the JSON output of `publish`."""
    request = result.request
    return {
        "version": request.version.ref,
        "content_digest": request.version.manifest.content_digest,
        "status": result.status.value,
        "repo": request.repo,
        "tag": request.tag_name,
        "commit": result.commit,
        "url": result.url,
        "private": not request.public,
        "checks": [
            {"check": check.check, "passed": check.passed, "message": check.message, "hint": check.hint}
            for check in result.checks
        ],
        "differs": {kind: list(paths) for kind, paths in result.differs.items()},
        "files": {path: file.model_dump() for path, file in result.files.items()},
        **({"card": result.card} if result.status is PublishStatus.DRY_RUN else {}),
    }


def render_pull(result: PullResult) -> str:
    """Render the result of `pull` as text."""
    ref = result.version.ref
    if result.status is PullStatus.UNCHANGED:
        return f"{ref} is already in the store with the same content: nothing to do."
    return f"Pulled {ref} from the commit {result.commit}.\ncotloom show {ref}"


def build_pull_json(result: PullResult) -> dict[str, Any]:
    """Build the JSON output of `pull`."""
    manifest = result.version.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "status": result.status.value,
        "path": str(result.version.path),
        "commit": result.commit,
        "fingerprint": manifest.fingerprint,
        "content_digest": manifest.content_digest,
    }
