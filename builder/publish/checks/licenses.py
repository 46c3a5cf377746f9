"""Licences: whether what was made from some sources may be given on under another licence.

A table of terms, for the licences that datasets carry on the Hub. It is no legal advice: it stops what is plainly
against a source's terms, and asks where it does not know.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from cotloom.schemas.manifest import Manifest


class Terms(StrEnum):
    """What a licence asks of whoever gives on what was made from the content."""

    NONE = "asks for nothing"
    NAMED = "asks for its authors to be named"
    ALIKE = "asks for the same licence"
    NO_TRADE = "forbids commercial use"
    NO_TRADE_ALIKE = "forbids commercial use and asks for the same licence"
    AS_IS = "forbids giving on what was made from it"


LICENSES: Mapping[str, Terms] = {
    **dict.fromkeys(("cc0-1.0", "pddl", "unlicense", "wtfpl", "0bsd"), Terms.NONE),
    **dict.fromkeys(
        (
            "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "odc-by", "cdla-permissive-1.0",
            "cdla-permissive-2.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "afl-3.0", "ms-pl",
        ),
        Terms.NAMED,
    ),
    **dict.fromkeys(
        (
            "cc-by-sa-3.0", "cc-by-sa-4.0", "odbl", "cdla-sharing-1.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0",
            "agpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "mpl-2.0", "epl-2.0", "eupl-1.2", "osl-3.0",
        ),
        Terms.ALIKE,
    ),
    **dict.fromkeys(("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"), Terms.NO_TRADE),
    **dict.fromkeys(("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"), Terms.NO_TRADE_ALIKE),
    **dict.fromkeys(("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"), Terms.AS_IS),
}  # fmt: skip
"""What the licences ask for, by their names on the Hub."""

MAY_BECOME: Mapping[Terms, frozenset[Terms]] = {
    Terms.NONE: frozenset(Terms),
    Terms.NAMED: frozenset(Terms) - {Terms.NONE},
    Terms.ALIKE: frozenset(),
    Terms.NO_TRADE: frozenset({Terms.NO_TRADE, Terms.NO_TRADE_ALIKE}),
    Terms.NO_TRADE_ALIKE: frozenset(),
    Terms.AS_IS: frozenset(),
}
"""The terms of licences under which content of other terms may be given on. The same licence always will do, but for
content that may only be given on as it is."""

LATER: Mapping[str, frozenset[str]] = {
    "cc-by-sa-3.0": frozenset({"cc-by-sa-4.0"}),
    "cc-by-nc-sa-3.0": frozenset({"cc-by-nc-sa-4.0"}),
    "gpl-2.0": frozenset({"gpl-3.0"}),
}
"""Later licences that count as the same."""

OWN = frozenset({"arithmetic", "skills", "reasoning_gym"})
"""Kinds of sources whose problems programs make: nobody's content is in them."""


def objections(manifest: Manifest) -> Iterator[str]:
    """Say what speaks against giving a version on under its recipe's licence; nothing where it may be.

    A source whose licence is not known is taken at the word of a recipe that names one for the whole.
    """
    own, there = manifest.recipe.get("license"), foreign(manifest)
    known = {name: text for name, text in there.items() if text is not None}
    if own is not None:
        for name, text in known.items():
            if why := _refused(text, own):
                yield f"the source {name} is under {text}, which {why}; the recipe gives it on under {own}"
        return
    for name in (name for name, text in there.items() if text is None):
        yield f"the licence of the source {name} is not known, and the recipe names none"
    if known and not any(all(_refused(text, one) is None for text in known.values()) for one in known.values()):
        told = ", ".join(f"{name}: {text}" for name, text in known.items())
        yield f"no licence of a source will do for all of them ({told}), and the recipe names none"


def foreign(manifest: Manifest) -> dict[str, str | None]:
    """The licences of the sources that hold content of others, by their names."""
    kinds = {source["name"]: source["kind"] for source in manifest.recipe["sources"]}
    return {name: text for name, text in manifest.licenses.items() if kinds.get(name) not in OWN}


def _refused(given: str, own: str) -> str | None:
    """Why content under one licence may not be given on under another; None where it may."""
    there, wanted = given.strip().lower(), own.strip().lower()
    terms, asked = LICENSES.get(there), LICENSES.get(wanted)
    if terms is Terms.AS_IS:
        return str(terms)
    if there == wanted or wanted in LATER.get(there, ()):
        return None
    if terms is None:
        return "is not in the table of licences"
    if asked is None:
        return f"{terms}, and {own} is not in the table of licences"
    return None if asked in MAY_BECOME[terms] else str(terms)
