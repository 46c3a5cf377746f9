"""What must not be published: keys and tokens, and paths of the machine that the version was built on.

A finding names the place and the kind of a secret and never quotes it.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ..credentials import SHORTEST, find_secrets
from ..store import Version
from .finding import Tables
from .secret_patterns import ANY_PATTERN, PATTERNS
from .texts import read_documents, search_table

_PATH = (
    r"(?:^|[\s\"'=(:,])(?:file://|~/|/(?:home|Users|root|tmp|var|mnt|opt|srv|private|Volumes)/[^\s/]|[A-Za-z]:\\\\?\w)"
)
"""The regular expression of an absolute path."""

_FILES = ("manifest.json", "build.json", "validation.json")
_PUBLISHED = ("manifest.json", "validation.json")
_NARROW: Mapping[str, Sequence[str]] = {
    "problems": ("source", "origin", "task", "category", "license"),
    "samples": ("teacher", "finish_reason", "rule", "labels"),
    "examples": ("source", "format"),
}
"""Columns of names; the other texts may mention paths."""


_ALTERNATIVES: Mapping[str, str] = {
    "transformers": "; give the folder relative to where the command runs, or a name on the Hub"
    " (the ledger has its answers by whatever path)",
    "openai": "; have the server name the model otherwise (the ledger knows answers by that name)",
}
"""Advice on `teacher.model` in place of a path, by backend."""


def check_secrets(version: Version, tables: Tables) -> Iterator[str]:
    """No text, no manifest, no recipe and no file beside them contains a key or a token."""
    values = {f"the value of ${name}": value for name, value in find_secrets(os.environ)}
    for name, text in read_documents(version, _FILES):
        kinds = [kind for kind, pattern in PATTERNS.items() if re.search(pattern, text)]
        kinds += [kind for kind, value in values.items() if value in text]
        yield from (f"{name} contains {kind}" for kind in kinds)
    for name, frame in tables.items():
        yield from search_table(name, frame, partial(search_secrets, values=values), SHORTEST)


def search_secrets(texts: pl.Series, values: Mapping[str, str]) -> Mapping[str, pl.Series]:
    """Find the texts with keys and tokens.

    Args:
        texts: the texts.
        values: secrets by their kind, found as they are.

    Returns:
        For each kind that was found, a boolean for each text.
    """
    found = {}
    if texts.str.contains(_to_polars(ANY_PATTERN)).any():
        found = {kind: texts.str.contains(_to_polars(pattern)) for kind, pattern in PATTERNS.items()}
    found |= {kind: texts.str.contains(value, literal=True) for kind, value in values.items()}
    return {kind: matches for kind, matches in found.items() if matches.any()}


def _to_polars(pattern: str) -> str:
    """Write a pattern with boundaries of ASCII words, which keep the search fast in texts beyond ASCII."""
    return pattern.replace(r"\b", r"(?-u:\b)")


def check_paths(version: Version, tables: Tables) -> Iterator[str]:
    """No file and no column that would be published contains an absolute path of this machine."""
    own = [str(path) for path in (Path.home(), Path.cwd(), version.path.resolve()) if len(path.parts) > 2]
    for name in _PUBLISHED:
        for _, text in read_documents(version, [name]):
            keys = sorted(_find_path_keys(json.loads(text), own))
            yield from (f"{name}: {key} is a path of one machine{_suggest_alternative(version, key)}" for key in keys)
    for name, columns in _NARROW.items():
        for column in columns if name in tables else ():
            texts = tables[name][column].drop_nulls()
            matches = texts.str.contains(_PATH) | texts.str.contains_any(own) if own else texts.str.contains(_PATH)
            if count := int(matches.sum()):
                yield f"{name}.{column} contains a path of one machine, in {count:,} rows"


def _suggest_alternative(version: Version, key: str) -> str:
    """Advise what the recipe could name in place of a path; empty where there is no advice."""
    teacher = version.manifest.recipe.get("teacher")
    if key != "recipe.teacher.model" or not isinstance(teacher, Mapping):
        return ""
    return _ALTERNATIVES.get(str(teacher.get("backend")), "")


def _find_path_keys(value: Any, own: Sequence[str], prefix: str = "") -> Iterator[str]:
    """Find the keys whose value contains a path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_path_keys(item, own, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_path_keys(item, own, f"{prefix}.{index}")
    elif isinstance(value, str) and (_is_path(value) or any(path in value for path in own)):
        yield prefix


def _is_path(text: str) -> bool:
    """Whether a text looks like a path, or is one of this machine."""
    is_absolute = text.startswith("/") and len(Path(text).parts) > 2
    return re.search(_PATH, text) is not None or (is_absolute and Path(text).parent.is_dir())
