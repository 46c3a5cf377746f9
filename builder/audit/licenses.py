"""Licences: whether a dataset may be published under a licence, given the licences of its sources.

A table of terms for the usual dataset licences on the Hub. It is no legal advice: it refuses what clearly violates the
terms of a source, and what it does not know.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from ...schemas.manifest import Manifest


class LicenseTerms(StrEnum):
    """What a licence requires of derived works."""

    NONE = "requires nothing"
    ATTRIBUTION = "requires attribution"
    SHARE_ALIKE = "requires the same licence"
    NON_COMMERCIAL = "forbids commercial use"
    NON_COMMERCIAL_SHARE_ALIKE = "forbids commercial use and requires the same licence"
    NO_DERIVATIVES = "forbids derived works"


LICENSES: Mapping[str, LicenseTerms] = {
    **dict.fromkeys(("cc0-1.0", "pddl", "unlicense", "wtfpl", "0bsd"), LicenseTerms.NONE),
    **dict.fromkeys(
        (
            "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "odc-by", "cdla-permissive-1.0",
            "cdla-permissive-2.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "afl-3.0", "ms-pl",
        ),
        LicenseTerms.ATTRIBUTION,
    ),
    **dict.fromkeys(
        (
            "cc-by-sa-3.0", "cc-by-sa-4.0", "odbl", "cdla-sharing-1.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0",
            "agpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "mpl-2.0", "epl-2.0", "eupl-1.2", "osl-3.0",
        ),
        LicenseTerms.SHARE_ALIKE,
    ),
    **dict.fromkeys(("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"), LicenseTerms.NON_COMMERCIAL),
    **dict.fromkeys(("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"), LicenseTerms.NON_COMMERCIAL_SHARE_ALIKE),
    **dict.fromkeys(("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"), LicenseTerms.NO_DERIVATIVES),
}  # fmt: skip
"""The terms of licences, by their names on the Hub."""

COMPATIBLE: Mapping[LicenseTerms, frozenset[LicenseTerms]] = {
    LicenseTerms.NONE: frozenset(LicenseTerms),
    LicenseTerms.ATTRIBUTION: frozenset(LicenseTerms) - {LicenseTerms.NONE},
    LicenseTerms.SHARE_ALIKE: frozenset(),
    LicenseTerms.NON_COMMERCIAL: frozenset({LicenseTerms.NON_COMMERCIAL, LicenseTerms.NON_COMMERCIAL_SHARE_ALIKE}),
    LicenseTerms.NON_COMMERCIAL_SHARE_ALIKE: frozenset(),
    LicenseTerms.NO_DERIVATIVES: frozenset(),
}
"""For the terms of a source: the terms that the licence of the dataset may have. The same licence is always allowed,
except if it forbids derived works."""

LATER_VERSIONS: Mapping[str, frozenset[str]] = {
    "cc-by-sa-3.0": frozenset({"cc-by-sa-4.0"}),
    "cc-by-nc-sa-3.0": frozenset({"cc-by-nc-sa-4.0"}),
    "gpl-2.0": frozenset({"gpl-3.0"}),
}
"""Later versions of a licence that count as the same licence."""

_SUGGESTED = ("cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0")
"""Licences for data that are suggested, the freest first."""

GENERATED_KINDS = frozenset({"arithmetic", "procedures", "skills", "reasoning_gym"})
"""Kinds of sources whose problems programs generate: they contain no third-party content."""


def find_objections(manifest: Manifest, chosen: str | None = None) -> Iterator[str]:
    """Find conflicts between the licence of the dataset and the licences of its sources.

    If the dataset has a licence, sources without a known licence are accepted.

    Args:
        manifest: the manifest of the version.
        chosen: the licence that the publisher gives it; None for that of the recipe.
    """
    if chosen is None and manifest.recipe.get("license") is None:
        for source, name in list_source_licenses(manifest).items():
            if name is None:
                yield f"the licence of the source {source} is unknown, and the recipe has no licence"
    yield from find_conflicts(manifest, chosen)


def find_conflicts(manifest: Manifest, chosen: str | None = None) -> Iterator[str]:
    """Find licences that forbid each other: those of the sources and of the dataset, as far as they are known.

    Args:
        manifest: the manifest of the version.
        chosen: the licence that the publisher gives it; None for that of the recipe.
    """
    own = chosen or manifest.recipe.get("license")
    known = {source: name for source, name in list_source_licenses(manifest).items() if name is not None}
    if own is not None:
        who = f"the chosen licence is {own}" if chosen else f"the recipe has the licence {own}"
        for source, name in known.items():
            if conflict := _find_conflict(name, own):
                yield f"the source {source} has the licence {name}, which {conflict}; {who}"
    elif known and not any(all(_find_conflict(name, one) is None for name in known.values()) for one in known.values()):
        pairs = ", ".join(f"{source}: {name}" for source, name in known.items())
        yield f"no licence of a source is compatible with all of them ({pairs}), and the recipe has no licence"


def suggest_license(manifest: Manifest) -> str | None:
    """Suggest a licence that suits the known licences of all sources; None where there is none."""
    known = [name for name in list_source_licenses(manifest).values() if name is not None]
    usual = (*(name.strip().lower() for name in known), *_SUGGESTED)
    return next((own for own in usual if all(_find_conflict(name, own) is None for name in known)), None)


def list_source_licenses(manifest: Manifest) -> dict[str, str | None]:
    """List the licences of the sources with third-party content, by name of the source; None if unknown."""
    kinds = {source["name"]: source["kind"] for source in manifest.recipe["sources"]}
    return {source: name for source, name in manifest.licenses.items() if kinds.get(source) not in GENERATED_KINDS}


def _find_conflict(source_license: str, license_name: str) -> str | None:
    """Describe why content under one licence may not be published under another; None if it may."""
    source, target = source_license.strip().lower(), license_name.strip().lower()
    terms, target_terms = LICENSES.get(source), LICENSES.get(target)
    if terms is LicenseTerms.NO_DERIVATIVES:
        return str(terms)
    if source == target or target in LATER_VERSIONS.get(source, ()):
        return None
    if terms is None:
        return "is not in the table of licences"
    if target_terms is None:
        return f"{terms}, and {license_name} is not in the table of licences"
    return None if target_terms in COMPATIBLE[terms] else str(terms)
