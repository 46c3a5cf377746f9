"""Measured error rates of the verifier, for the card. `benchmarks/verifier.py` writes them to `error_rates.json`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

ERROR_RATES = Path(__file__).with_name("error_rates.json")
"""The rates by code version of the room `verify`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRate:
    """How often a check erred on a public dataset."""

    check: str
    """`answer`: the verdict differs from the label; `step`: an equation of a human solution is marked as wrong;
    `consensus`: the answer that solutions agree on is not the gold answer, which was hidden."""
    dataset: str
    """The dataset."""
    language: str
    """The language of its texts, as an ISO 639 code."""
    answer_type: str
    """The type of its answers."""
    n: int
    """Number of texts that were checked."""
    errors: int
    """Number of texts with an error."""
    low: float
    """Lower end of the 95 % interval of the rate (Clopper-Pearson)."""
    high: float
    """Upper end."""
    rule: str = ""
    """Of a consensus: how many had to agree."""


@lru_cache
def load_error_rates(code_version: int) -> tuple[ErrorRate, ...]:
    """Load the rates that were measured for a code version of the verifier; empty if it was not measured."""
    rates = json.loads(ERROR_RATES.read_text("utf-8"))
    return tuple(ErrorRate(**rate) for rate in rates.get(str(code_version), ()))


class Gap(StrEnum):
    """A kind of what the measured rates say nothing about."""

    ANSWER_TYPE = "answer_type"
    LANGUAGE = "language"
    NO_LANGUAGE = "no_language"
    SOURCES = "sources"
    SOUNDNESS = "soundness"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmeasured:
    """What the measured rates say nothing about."""

    gap: Gap
    """Its kind; the templates of cards have the words."""
    name: str = ""
    """The answer type, the language, or the sources."""


def list_unmeasured(
    rates: Sequence[ErrorRate],
    answer_types: Sequence[str],
    languages: Sequence[str],
    sources: Sequence[Mapping[str, Any]],
) -> Iterator[Unmeasured]:
    """List what of a version is other than what the rates were measured on.

    Args:
        rates: the measured rates.
        answer_types: the types of the version's answers.
        languages: the languages of its texts; empty where they are not stated.
        sources: its sources, as the recipe has them.
    """
    types, known = {rate.answer_type for rate in rates}, {rate.language for rate in rates}
    for kind in answer_types:
        if kind not in types:
            yield Unmeasured(gap=Gap.ANSWER_TYPE, name=kind)
    for language in languages:
        if language.partition("-")[0] not in known:
            yield Unmeasured(gap=Gap.LANGUAGE, name=language)
    if not languages:
        yield Unmeasured(gap=Gap.NO_LANGUAGE)
    others = [source["name"] for source in sources if not _is_measured(source, rates)]
    if others:
        yield Unmeasured(gap=Gap.SOURCES, name=", ".join(others))
    yield Unmeasured(gap=Gap.SOUNDNESS)


def _is_measured(source: Mapping[str, Any], rates: Sequence[ErrorRate]) -> bool:
    """Whether a source is a dataset that the rates were measured on, or is not judged."""
    if source.get("role") != "sample":
        return True
    name = str(source.get("path", "")).rpartition("/")[2].lower()
    return source.get("kind") == "hub" and name in {rate.dataset.lower() for rate in rates}
