"""What became of a version that was to be published or pulled, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from cotloom.builder.inspect.render import clean
from cotloom.builder.publish.publish import Published, Status
from cotloom.builder.publish.pull import Pulled

_WORDS: Mapping[Status, str] = {
    Status.PUBLISHED: "Published {ref} at {url}: read back at the commit, hashed and loaded at the tag.",
    Status.UNCHANGED: "{ref} is there already at {url}, with the same content: nothing to do.",
    Status.DRY_RUN: "This is what would be sent to {repo}, as one commit with the tag {tag}. Nothing was sent.",
    Status.REFUSED: "{ref} was not published: nothing was sent.",
}


_APART: Mapping[str, str] = {
    "card": "the card says something else",
    "layout": "the same rows are parted among files, or ordered, otherwise",
    "manifest": "the manifest names another parent, language or terms, or other files of a store",
    "validation": "the validation is another, or only on one side",
}
"""What it means that files differ at a tag that holds the same content, by what they are for."""


def tell(published: Published) -> str:
    """What became of a version, for people; after a dry run with its card."""
    wanted = published.wanted
    words = {"ref": wanted.version.ref, "url": published.url, "repo": wanted.repo, "tag": wanted.tag_name}
    lines = [*_card(published), *_checks(published), *_files(published), _WORDS[published.status].format(**words)]
    if published.commit:
        seen = "everyone may see it" if wanted.public else "private; --public shows a new dataset to everyone"
        lines.append(f"Commit {published.commit} ({seen}).")
    lines += _apart(published)
    return "\n".join(map(clean, lines))


def _card(published: Published) -> Iterator[str]:
    if published.status is Status.DRY_RUN:
        yield from (published.card, "")


def _checks(published: Published) -> Iterator[str]:
    for check in published.checks:
        yield f"{'pass' if check.passed else 'FAIL'}  {check.check:<10}  {check.message}"
        if check.hint:
            yield f"      -> {check.hint}"
    yield ""


def _files(published: Published) -> Iterator[str]:
    if published.status is not Status.DRY_RUN:
        return
    for name, file in published.files.items():
        rows = f"{file.rows:>10,} rows" if file.rows else ""
        yield f"{file.bytes:>12,} bytes  {name:<60}{rows}".rstrip()
    yield f"{sum(file.bytes for file in published.files.values()):>12,} bytes in {len(published.files)} files"
    yield ""


def _apart(published: Published) -> Iterator[str]:
    if not published.differs:
        return
    yield "A tag stays as it is. These files would be others now:"
    yield from (f"  {_APART[kind]}: {', '.join(paths)}" for kind, paths in published.differs.items())
    yield "Give them to the Hub under a tag of their own with --tag, or with the next version."


def as_json(published: Published) -> dict[str, Any]:
    """What became of a version, for programs."""
    wanted = published.wanted
    return {
        "version": wanted.version.ref,
        "content_digest": wanted.version.manifest.content_digest,
        "status": published.status.value,
        "repo": wanted.repo,
        "tag": wanted.tag_name,
        "commit": published.commit,
        "url": published.url,
        "private": not wanted.public,
        "checks": [
            {"check": one.check, "passed": one.passed, "message": one.message, "hint": one.hint}
            for one in published.checks
        ],
        "differs": {kind: list(paths) for kind, paths in published.differs.items()},
        "files": {name: file.model_dump() for name, file in published.files.items()},
        **({"card": published.card} if published.status is Status.DRY_RUN else {}),
    }


def tell_pulled(pulled: Pulled) -> str:
    """What was pulled, for people."""
    if pulled.status == "unchanged":
        return f"{pulled.version.ref} is in the store already, with the same content: nothing to do."
    return f"Pulled {pulled.version.ref} from the commit {pulled.commit}.\ncotloom show {pulled.version.ref}"


def pulled_json(pulled: Pulled) -> dict[str, Any]:
    """What was pulled, for programs."""
    manifest = pulled.version.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "status": pulled.status.value,
        "path": str(pulled.version.path),
        "commit": pulled.commit,
        "fingerprint": manifest.fingerprint,
        "content_digest": manifest.content_digest,
    }
