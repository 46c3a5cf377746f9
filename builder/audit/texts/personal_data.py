"""Personal data: e-mail addresses and phone numbers in what would be published.

Candidates are found by column expressions; what is no address or no number of any country is left out one by one.
Mathematics is full of numbers, so a number counts only where it is written as one and where phonenumbers says that its
country has such numbers. A finding never quotes what was found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import polars as pl

from ...store import Version
from ..bucket import AuditBucket
from ..finding import Fault
from .values import read_documents, search_bucket

EMAIL, PHONE = "an e-mail address", "a phone number"

_EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
"""An address, with a domain of two parts or more."""
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local)$")
"""Domains that belong to nobody."""
_NO_PERSON = frozenset({"git", "hg", "svn", "noreply", "no-reply", "donotreply"})
"""Names of programs."""
_GENERIC = frozenset(
    "academy agency app art biz blog business cat club cloud com community company coop dev edu education email expert "
    "family foundation fun global gmbh gov group health help house info ink institute int international jobs law legal "
    "life link live ltd media mil mobi museum name net network news ngo online org page partners pro press pub science "
    "school services shop site social software solutions space store studio support swiss systems team tech technology "
    "today tools top travel university ventures wiki work works world xyz zone".split()
)
"""Ends of domains beyond the two letters of a country: what else follows an @ is mostly code."""

_BEFORE, _AFTER = r"(?:^|[^0-9A-Za-z+.,=/*^_$-])", r"(?:[^0-9A-Za-z]|$)"
_PHONES = (
    r"(?:\+|00[ ]?)[1-9][0-9]?[0-9]?[ ()./-]{0,3}[0-9](?:[ ()./-]{0,2}[0-9]){5,12}" + _AFTER,
    r"(?:1[ .-])?\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[.-][0-9]{4}(?:[^0-9.,]|[.,][^0-9]|[.,]?$)",
    r"\(?0[1-9][0-9]{0,4}\)?[ /-]{1,3}[0-9](?:[ /-]?[0-9]){4,10}" + _AFTER,
)
"""What may be a number: of any country with its code; as in North America; with the 0 of most other countries."""
_ANY_PHONE = f"{_BEFORE}(?:{'|'.join(_PHONES)})"
_NO_PERSONS_TYPES = frozenset({3, 4, 5})
"""Types of phonenumbers for numbers that are nobody's own: toll-free, premium rate and shared cost."""
_DATE = re.compile(r"[0-3]?[0-9][ ./-][0-3]?[0-9][ ./-](?:[0-9]{2}|[12][0-9]{3})")
_MOST_CANDIDATES = 1_000
"""How many candidates of one text are looked at."""

REGIONS: Mapping[str, Sequence[str]] = {
    "ar": ("EG", "SA"), "cs": ("CZ",), "da": ("DK",), "de": ("DE", "AT", "CH"), "el": ("GR",), "en": ("US", "GB"),
    "es": ("ES", "MX"), "fi": ("FI",), "fr": ("FR", "BE", "CH"), "he": ("IL",), "hi": ("IN",), "hu": ("HU",),
    "id": ("ID",), "it": ("IT",), "ja": ("JP",), "ko": ("KR",), "nl": ("NL", "BE"), "no": ("NO",), "pl": ("PL",),
    "pt": ("PT", "BR"), "ro": ("RO",), "ru": ("RU",), "sv": ("SE",), "th": ("TH",), "tr": ("TR",), "uk": ("UA",),
    "vi": ("VN",), "zh": ("CN", "TW"),
}  # fmt: skip
"""Countries whose own form of numbers is looked for, by language."""
_ALWAYS = ("US", "GB", "FR")
"""Countries that are looked for whatever the language is."""

_SHORTEST = 6
_DOCUMENTS = ("manifest.json", "validation.json")
"""The files that are published beside the tables."""


def check_personal_data(bucket: AuditBucket) -> Iterator[Fault]:
    """No text that would be published contains an e-mail address or a phone number."""
    search = partial(search_personal_data, regions=list_regions(bucket.manifest.languages))
    yield from search_bucket(bucket, search, _SHORTEST)


def check_personal_documents(version: Version) -> Iterator[str]:
    """No document that would be published contains an e-mail address or a phone number."""
    search = partial(search_personal_data, regions=list_regions(version.manifest.languages))
    for name, text in read_documents(version, _DOCUMENTS):
        yield from (f"{name} contains {kind}" for kind, found in search(pl.Series([text])).items() if found.any())


def list_regions(languages: Sequence[str]) -> tuple[str, ...]:
    """List the countries whose own form of numbers is looked for, by the languages of a recipe."""
    spoken = [region for language in languages for region in REGIONS.get(language.split("-")[0], ())]
    return tuple(dict.fromkeys([*spoken, *_ALWAYS]))


def search_personal_data(texts: pl.Series, regions: Sequence[str]) -> Mapping[str, pl.Series]:
    """Find the texts with an e-mail address or a phone number.

    Args:
        texts: the texts.
        regions: countries whose own form of numbers is looked for.

    Returns:
        For each kind a boolean for each text.
    """
    return {
        EMAIL: _check_candidates(texts, texts.str.contains("@", literal=True), _EMAIL, is_email),
        PHONE: _check_candidates(
            texts, texts.str.contains(_ANY_PHONE), _ANY_PHONE, partial(is_phone, regions=tuple(regions))
        ),
    }


def _check_candidates(texts: pl.Series, candidates: pl.Series, pattern: str, is_found: Any) -> pl.Series:
    """Look at the candidates in some texts one by one."""
    places = candidates.fill_null(value=False).arg_true()
    if places.is_empty():
        return pl.repeat(False, texts.len(), eager=True)  # noqa: FBT003 - the value that is repeated
    matches = texts.gather(places).str.extract_all(pattern).list.unique(maintain_order=True).list.head(_MOST_CANDIDATES)
    found = [place for place, own in zip(places, matches, strict=True) if any(map(is_found, own))]
    return pl.int_range(texts.len(), eager=True).is_in(found)


def is_email(text: str) -> bool:
    """Whether a candidate is an address of somebody.

    >>> [is_email(text) for text in ("ann@mail.org", "ann@example.com", "git@github.com", "X@W.sum", "logo@2x.png")]
    [True, False, False, False, False]
    """
    local, _, domain = text.lower().rpartition("@")
    end = domain.rpartition(".")[2]
    return (len(end) == 2 or end in _GENERIC) and local not in _NO_PERSON and _RESERVED.search(domain) is None


@lru_cache(maxsize=10_000)
def is_phone(text: str, regions: Sequence[str]) -> bool:
    """Whether a candidate is a number that a country has: any country where its code is written, else one of `regions`.

    >>> [is_phone(text, ("US",)) for text in ("+44 20 7946 0958", "(212) 555-0123", "300-200-1000", "01/02/2020")]
    [True, True, False, False]
    """
    import phonenumbers  # noqa: PLC0415 - its tables take time to load

    number = re.sub(r"^[^0-9+(]+|[^0-9]+$", "", text)
    if _DATE.fullmatch(number):
        return False
    if number.startswith("00"):
        number = "+" + number[2:].lstrip()
    for region in _list_candidate_regions(number, regions):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in _NO_PERSONS_TYPES:
            return True
    return False


def _list_candidate_regions(number: str, regions: Sequence[str]) -> Sequence[str | None]:
    """List the countries that a number may belong to by its beginning: +, 0, or as in North America."""
    if number.startswith("+"):
        return (None,)
    return regions if number.lstrip("(").startswith("0") else ("US",)
