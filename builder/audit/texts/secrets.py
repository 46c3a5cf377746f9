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

from ....schemas.manifest import list_teachers
from ...credentials import SHORTEST, find_secrets
from ...store import Version
from ..bucket import AuditBucket
from ..finding import Fault
from .secret_patterns import ANY_PATTERN, PATTERNS
from .values import read_documents, search_bucket

_PATH = (
    r"(?:^|[\s\"'=(:,])(?:file://|~/|/(?:home|Users|root|tmp|var|mnt|opt|srv|private|Volumes)/[^\s/]|[A-Za-z]:\\\\?\w)"
)
"""The regular expression of an absolute path."""

_FILES = ("manifest.json", "build.json", "validation.json")
_PUBLISHED = ("manifest.json", "validation.json")
_NARROW: Mapping[str, Sequence[str]] = {
    "problems": ("source", "origin", "task", "category", "license"),
    "samples": ("teacher", "served_model", "fingerprint", "response_id", "finish_reason", "rule", "labels"),
    "examples": ("source", "format"),
}
"""Columns of names; the other texts may mention paths."""


_ALTERNATIVES: Mapping[str, str] = {
    "transformers": "; give the folder relative to where the command runs, or a name on the Hub"
    " (the ledger has its answers by whatever path)",
    "openai": "; have the server name the model otherwise (the ledger knows answers by that name)",
}
"""Advice on `teacher.model` in place of a path, by backend."""


def _list_values() -> dict[str, str]:
    return {f"the value of ${name}": value for name, value in find_secrets(os.environ)}


def check_secrets(bucket: AuditBucket) -> Iterator[Fault]:
    """No text contains a key or a token."""
    yield from search_bucket(bucket, partial(search_secrets, values=_list_values()), SHORTEST)


def check_secret_documents(version: Version) -> Iterator[str]:
    """No manifest, no recipe and no file beside them contains a key or a token."""
    values = _list_values()
    for name, text in read_documents(version, _FILES):
        kinds = [kind for kind, pattern in PATTERNS.items() if re.search(pattern, text)]
        kinds += [kind for kind, value in values.items() if value in text]
        yield from (f"{name} contains {kind}" for kind in kinds)


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


def _list_own_paths(version: Version) -> list[str]:
    return [str(path) for path in (Path.home(), Path.cwd(), version.path.resolve()) if len(path.parts) > 2]


def check_path_documents(version: Version) -> Iterator[str]:
    """No file that would be published contains an absolute path of this machine."""
    own = _list_own_paths(version)
    for name in _PUBLISHED:
        for _, text in read_documents(version, [name]):
            keys = sorted(_find_path_keys(json.loads(text), own))
            yield from (f"{name}: {key} is a path of one machine{_suggest_alternative(version, key)}" for key in keys)


def check_paths(bucket: AuditBucket) -> Iterator[Fault]:
    """No column that would be published contains an absolute path of this machine."""
    own = _list_own_paths(bucket.version)
    for name, columns in _NARROW.items():
        for column in columns if name in bucket.files else ():
            texts = bucket.files[name][column].drop_nulls().value_counts(name="rows")
            found = pl.col(column).str.contains(_PATH)
            is_path = found | pl.col(column).str.contains_any(own) if own else found
            if count := int(texts.filter(is_path)["rows"].sum()):
                message = f"{name}.{column} contains a path of one machine, in {{0}} rows"
                yield Fault(message=message, counts=(count,))


def _suggest_alternative(version: Version, key: str) -> str:
    """Advise what the recipe could name in place of a path; empty where there is no advice."""
    if key != "recipe.teacher.model":
        return ""
    found = (_ALTERNATIVES.get(str(teacher.get("backend"))) for teacher in list_teachers(version.manifest))
    return next(filter(None, found), "")


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
