"""What the commands that remove something say first, and what they ask."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..errors import InputError
from ..store import Garbage, Version, list_children, list_tags
from ..terminal import print_error


def ask_consent(word: str, command: str) -> bool:
    """Ask on standard error for a word that has to be typed before something is removed.

    Args:
        word: what to type.
        command: the command, for the message.

    Raises:
        InputError: nobody can be asked, since the input is no terminal.
    """
    if not sys.stdin.isatty():
        raise InputError(f"cotloom {command} asks before it removes anything", hint="--yes removes without asking")
    print_error(f"Type {word} to remove: ")
    return sys.stdin.readline().strip() == word


def describe_version_use(version: Version) -> str:
    """Describe what is lost with a version, and what rests on it."""
    return "\n".join(_list_uses(version))


def _list_uses(version: Version) -> Iterator[str]:
    size = sum(path.stat().st_size for path in version.path.iterdir() if path.is_file())
    yield f"{version.ref}: {version.manifest.counts.get('examples_kept', 0):,} examples, {size / 1e6:,.1f} MB"
    tags = list_tags(version)
    if tags:
        yield f"its tags go with it: {', '.join(tags)}"
    if (version.path / "validation.json").exists():
        yield "its validation goes with it"
    if (version.path / "publications.json").exists():
        yield "it is published; what is on the Hub stays there"
    children = [child.ref for child in list_children(version)]
    if children:
        yield f"these name it as their parent: {', '.join(children)}; their sides can't be checked against it any more"


def render_garbage(garbage: Garbage) -> str:
    """Render what would be removed, by stage."""
    lines = [f"  {stage:<14}{results:>8,} results" for stage, results in sorted(garbage.stages.items())]
    total = f"{garbage.results:,} results, {garbage.bytes / 1e9:.2f} GB, would be removed"
    return "\n".join([*lines, f"{total}; {garbage.kept_bytes / 1e9:.2f} GB stay. The ledger and all versions stay."])


def describe_garbage(garbage: Garbage, is_removed: bool) -> dict[str, Any]:
    """Describe what was removed, or would be, as plain values."""
    return {**asdict(garbage), "removed": is_removed}
