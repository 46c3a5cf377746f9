"""What must not be published: keys and tokens, and paths of the machine that the version was made on.

A finding says where something stands and what kind of thing it is, never what it says.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from cotloom.builder.audit.finding import Tables
from cotloom.builder.store import Version

PATTERNS: Mapping[str, str] = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{20,}",
    "an API key": r"\bsk-(?:[A-Za-z]+-)*[A-Za-z0-9_]{20,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
}
"""How keys and tokens look."""

_KEY_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE)
"""Environment variables whose value is a secret, by their name."""
_SHORTEST = 12
"""A shorter text is no secret worth the name; `local` and `none` are common in place of a key."""
_SLICE = 5_000
"""So many rows are looked at together."""

_PATH = (
    r"(?:^|[\s\"'=(:,])(?:file://|~/|/(?:home|Users|root|tmp|var|mnt|opt|srv|private|Volumes)/[^\s/]|[A-Za-z]:\\\\?\w)"
)
"""How a path of a machine looks."""

_FILES = ("manifest.json", "build.json", "validation.json")
_PUBLISHED = ("manifest.json", "validation.json")
_NARROW: Mapping[str, Sequence[str]] = {
    "problems": ("source", "origin", "task", "category", "license"),
    "samples": ("teacher", "finish_reason", "rule", "labels"),
    "examples": ("source", "format"),
}
"""Columns that Cotloom writes itself, or takes from files about files; texts may well speak of paths."""


_INSTEAD: Mapping[str, str] = {
    "transformers": "; give the folder relative to where the command runs, or a name on the Hub"
    " (the ledger has its answers by whatever path)",
    "openai": "; have the server name the model otherwise (the ledger knows answers by that name)",
}
"""What to write for `teacher.model` in place of a path, by backend."""


def check_secrets(version: Version, tables: Tables) -> Iterator[str]:
    """No key and no token stands in a text, in the manifest, its recipe, or what lies beside it."""
    values = {f"the value of ${name}": value for name, value in secrets_of(os.environ)}
    for name, text in _documents(version, _FILES):
        found = [kind for kind, pattern in PATTERNS.items() if re.search(pattern, text)]
        found += [kind for kind, value in values.items() if value in text]
        yield from (f"{name} holds {kind}" for kind in found)
    for name, frame in tables.items():
        yield from _in_table(name, frame, values)


def secrets_of(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and value of the environment variables that hold secrets."""
    for name, value in environment.items():
        if _KEY_NAME.search(name) and len(value) >= _SHORTEST and not Path(value).exists():
            yield name, value


def _documents(version: Version, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The JSON files of a version, without escapes that would hide what they say."""
    for name in names:
        path = version.path / name
        if path.is_file():
            yield name, json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)


def _in_table(name: str, frame: pl.DataFrame, values: Mapping[str, str]) -> Iterator[str]:
    found: dict[tuple[str, str], int] = {}
    for part in frame.iter_slices(_SLICE):
        for column in part:
            for kind, count in _in_texts(_texts(column), values):
                key = (column.name, kind)
                found[key] = found.get(key, 0) + count
    yield from (f"{name}.{column} holds {kind}, in {count:,} texts" for (column, kind), count in found.items())


def _texts(column: pl.Series) -> pl.Series:
    """All texts of a column, those in lists and structs too, that are long enough to hold a secret."""
    kind = column.dtype
    if isinstance(kind, pl.List):
        return _texts(column.drop_nulls().explode(empty_as_null=False))
    if isinstance(kind, pl.Struct):
        return pl.concat([pl.Series(dtype=pl.String), *(_texts(column.struct.field(one.name)) for one in kind.fields)])
    texts = column if kind == pl.String else pl.Series(dtype=pl.String)
    return texts.filter(texts.str.len_bytes() >= _SHORTEST).rename("")


def _in_texts(texts: pl.Series, values: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for kind, pattern in PATTERNS.items():
        if count := int(texts.str.contains(pattern).sum()):
            yield kind, count
    for kind, value in values.items():
        if count := int(texts.str.contains(value, literal=True).sum()):
            yield kind, count


def check_paths(version: Version, tables: Tables) -> Iterator[str]:
    """No absolute path of a machine stands in what would be published."""
    own = [str(path) for path in (Path.home(), Path.cwd(), version.path.resolve()) if len(path.parts) > 2]
    for name in _PUBLISHED:
        for _, text in _documents(version, [name]):
            keys = sorted(_keys(json.loads(text), own))
            yield from (f"{name}: {key} is a path of one machine{_instead(version, key)}" for key in keys)
    for name, columns in _NARROW.items():
        for column in columns if name in tables else ():
            texts = tables[name][column].drop_nulls()
            holds = texts.str.contains(_PATH) | texts.str.contains_any(own) if own else texts.str.contains(_PATH)
            if count := int(holds.sum()):
                yield f"{name}.{column} holds a path of one machine, in {count:,} rows"


def _instead(version: Version, key: str) -> str:
    """What the recipe could say in place of a path; empty where nothing in particular."""
    teacher = version.manifest.recipe.get("teacher")
    if key != "recipe.teacher.model" or not isinstance(teacher, Mapping):
        return ""
    return _INSTEAD.get(str(teacher.get("backend")), "")


def _keys(value: Any, own: Sequence[str], prefix: str = "") -> Iterator[str]:
    """The keys of the texts that hold a path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _keys(item, own, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _keys(item, own, f"{prefix}.{place}")
    elif isinstance(value, str) and (_is_path(value) or any(path in value for path in own)):
        yield prefix


def _is_path(text: str) -> bool:
    """Whether a text looks like a path, or is one of this machine."""
    named = text.startswith("/") and len(Path(text).parts) > 2
    return re.search(_PATH, text) is not None or (named and Path(text).parent.is_dir())
