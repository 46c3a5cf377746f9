"""What to call the newer version, and what to write about it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...schemas.manifest import Manifest
from ...schemas.reasons import Unit
from .compare import VersionDiff
from .rows import RowDifference


class Bump(StrEnum):
    """Which number of a version rises."""

    NONE = "none"
    """Every row is the same."""
    PATCH = "patch"
    """What is trained on is the same: other rows, or what is known of them, changed."""
    MINOR = "minor"
    """Rows that are trained on came, went or changed."""
    MAJOR = "major"
    """Results can't be compared with those of the older version: the test split, the formats or the teachers are other
    ones, or a gold answer is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionAdvice:
    """The next version number, and an entry for a changelog."""

    bump: Bump
    """Which number rises."""
    why: str
    """The reason."""
    version: str
    """The number that follows the older version's."""
    entry: tuple[str, ...]
    """The lines of the entry, in Markdown."""


def make_advice(diff: VersionDiff) -> VersionAdvice:
    """Advise on the number of the newer version: by what its users can't compare any more, or must train again."""
    bump, why = next(_list_reasons(diff))
    old = diff.before.manifest.version
    return VersionAdvice(bump=bump, why=why, version=raise_version(old, bump), entry=tuple(_write_entry(diff, bump)))


def raise_version(version: str, bump: Bump) -> str:
    """Raise a version number.

    >>> raise_version("1.4.2", Bump.MINOR), raise_version("1.4.2", Bump.NONE), raise_version("dev", Bump.MAJOR)
    ('1.5.0', '1.4.2', '1.0.0')
    """
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        return "1.0.0"
    if bump is Bump.NONE:
        return version
    major, minor, patch = map(int, found.groups())
    raised = {Bump.MAJOR: (major + 1, 0, 0), Bump.MINOR: (major, minor + 1, 0), Bump.PATCH: (major, minor, patch + 1)}
    return ".".join(map(str, raised[bump]))


def _list_reasons(diff: VersionDiff) -> Iterator[tuple[Bump, str]]:
    """List what asks for a number to rise, the highest first."""
    if diff.is_empty:
        yield Bump.NONE, "every row is the same"
    problems = [group for group in diff.groups if group.unit is Unit.PROBLEM]
    if any(group.difference is RowDifference.MOVED for group in problems):
        yield Bump.MAJOR, "problems moved between the splits"
    if any(group.difference is RowDifference.GOLD for group in problems):
        yield Bump.MAJOR, "gold answers changed"
    for what, names in (("formats", _list_formats), ("teachers", _list_teachers)):
        gone = names(diff.before.manifest) - names(diff.after.manifest)
        if gone:
            yield Bump.MAJOR, f"{what} are gone: {', '.join(sorted(gone))}"
    if any(group.unit is Unit.EXAMPLE and "trained on" in (group.was, group.now) for group in diff.groups):
        yield Bump.MINOR, "rows that are trained on came, went or changed"
    yield Bump.PATCH, "no row that is trained on came, went or has another text"


def _list_formats(manifest: Manifest) -> set[str]:
    return {str(spec.get("name")) for spec in manifest.recipe.get("formats", ())}


def _list_teachers(manifest: Manifest) -> set[str]:
    return set(manifest.teachers)


_SAID: dict[RowDifference, str] = {
    RowDifference.ADDED: "came",
    RowDifference.REMOVED: "went",
    RowDifference.KEPT: "are kept now",
    RowDifference.DROPPED: "are dropped now",
    RowDifference.MOVED: "are in another split",
    RowDifference.GOLD: "have another gold answer",
    RowDifference.VERDICT: "have another verdict",
    RowDifference.REWRITTEN: "are written otherwise",
    RowDifference.OTHER_PATH: "are counted to another path",
    RowDifference.OTHER_REASON: "are dropped for another reason",
}


def describe_difference(difference: RowDifference) -> str:
    """Describe a difference as a verb: `came`, `are dropped now`."""
    return _SAID[difference]


def _write_entry(diff: VersionDiff, bump: Bump) -> Iterator[str]:
    """Write the entry: what came, went or changed, with its causes."""
    if bump is Bump.NONE:
        return
    yield f"Changes since {diff.before.ref}:"
    yield ""
    found: Counter[tuple[Unit, RowDifference, tuple[str, ...]]] = Counter()
    for group in diff.groups:
        if group.difference not in {RowDifference.OTHER_PATH, RowDifference.OTHER_REASON}:
            found[group.unit, group.difference, group.causes] += group.rows
    for (unit, difference, causes), rows in found.items():
        name = unit if rows == 1 else f"{unit}s"
        yield f"- {rows:,} {name} {describe_difference(difference)}: {'; '.join(causes)}"
