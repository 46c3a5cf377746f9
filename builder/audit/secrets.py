"""What must not be published: keys and tokens, and paths of the machine that the version was built on.

A finding names the place and the kind of a secret and never quotes it.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ..credentials import SHORTEST, find_secrets
from ..store import Version
from .finding import Tables

PATTERNS: Mapping[str, str] = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{20,}",
    "an API key": r"\bsk-(?:[A-Za-z]+-)*[A-Za-z0-9_]{20,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
}
"""Regular expressions of keys and tokens, by kind."""

_SLICE = 5_000
"""Rows that are searched at once."""

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
    for name, text in _read_documents(version, _FILES):
        kinds = [kind for kind, pattern in PATTERNS.items() if re.search(pattern, text)]
        kinds += [kind for kind, value in values.items() if value in text]
        yield from (f"{name} contains {kind}" for kind in kinds)
    for name, frame in tables.items():
        yield from _search_table(name, frame, values)


def _read_documents(version: Version, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Read JSON files of a version; escapes, which would hide a secret, are resolved."""
    for name in names:
        path = version.path / name
        if path.is_file():
            yield name, json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)


def _search_table(name: str, frame: pl.DataFrame, values: Mapping[str, str]) -> Iterator[str]:
    counts: dict[tuple[str, str], int] = {}
    for part in frame.iter_slices(_SLICE):
        for column in part:
            for kind, count in _search_texts(_extract_texts(column), values):
                key = (column.name, kind)
                counts[key] = counts.get(key, 0) + count
    yield from (f"{name}.{column} contains {kind}, in {count:,} texts" for (column, kind), count in counts.items())


def _extract_texts(column: pl.Series) -> pl.Series:
    """Extract all texts of a column, in lists and structs too, that are long enough for a secret."""
    dtype = column.dtype
    if isinstance(dtype, pl.List):
        return _extract_texts(column.drop_nulls().explode(empty_as_null=False))
    if isinstance(dtype, pl.Struct):
        fields = [_extract_texts(column.struct.field(field.name)) for field in dtype.fields]
        return pl.concat([pl.Series(dtype=pl.String), *fields])
    texts = column if dtype == pl.String else pl.Series(dtype=pl.String)
    return texts.filter(texts.str.len_bytes() >= SHORTEST).rename("")


def _search_texts(texts: pl.Series, values: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for kind, pattern in PATTERNS.items():
        if count := int(texts.str.contains(pattern).sum()):
            yield kind, count
    for kind, value in values.items():
        if count := int(texts.str.contains(value, literal=True).sum()):
            yield kind, count


def check_paths(version: Version, tables: Tables) -> Iterator[str]:
    """No file and no column that would be published contains an absolute path of this machine."""
    own = [str(path) for path in (Path.home(), Path.cwd(), version.path.resolve()) if len(path.parts) > 2]
    for name in _PUBLISHED:
        for _, text in _read_documents(version, [name]):
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
