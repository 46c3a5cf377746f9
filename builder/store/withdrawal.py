"""Withdrawn versions: they hold text that a person asked to have erased (`cotloom ledger forget`).

A version is never changed, so the text stays in its files until somebody removes them. A mark beside the manifest says
so: such a version can be looked at, and is neither exported nor published, trained on or built upon.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from ..errors import InputError
from .versions import WITHDRAWN, Version


def mark_withdrawn(version: Version, problem_id: str) -> None:
    """Mark a version as withdrawn because it holds a problem whose answers were erased.

    Raises:
        Stopped: the disk is full.
    """
    problems = dict(version.read_beside(WITHDRAWN).get("problems", {}))
    problems.setdefault(problem_id, datetime.now(UTC).isoformat(timespec="seconds"))
    content = {"content_digest": version.manifest.content_digest, "problems": problems}
    version.write_beside(WITHDRAWN, (json.dumps(content, indent=1) + "\n").encode())


def list_withdrawn_problems(version: Version) -> Sequence[str]:
    """List the problems for which a version was withdrawn; none where it was not."""
    problems = version.read_beside(WITHDRAWN).get("problems", {})
    return sorted(problems) if isinstance(problems, dict) else ["unknown"]


def refuse_withdrawn(version: Version) -> None:
    """Refuse to use a withdrawn version.

    Raises:
        InputError: it was withdrawn.
    """
    problems = list_withdrawn_problems(version)
    if version.is_withdrawn:
        raise InputError(
            f"{version.ref} is withdrawn: it holds text that was erased from the ledger ({', '.join(problems[:3])})",
            hint="build another version, whose recipe leaves the problem out, and remove the folder of this one:"
            f" {version.path}",
        )
