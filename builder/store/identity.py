"""The fingerprint of a version, and what differs between two of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...schemas.ids import SCHEME, digest
from ...schemas.manifest import Input, Manifest
from ...schemas.recipe import Recipe, extract_identity
from ...schemas.teacher import VERSION_REF
from ..errors import VersionConflict
from .versions import DEV, Version, find_free_version


def compute_fingerprint(recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int]) -> str:
    """Digest what decides every row.

    Args:
        recipe: its identity keys count, defaults left out.
        inputs: sha256 of each file, commit of each dataset, by the key that names it.
        rooms: the code version of each room.
    """
    return digest(
        {
            "scheme": SCHEME,
            "recipe": extract_identity(recipe),
            "inputs": dict(inputs),
            "rooms": dict(rooms),
        }
    )


def make_conflict(
    recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int], existing: Version, taken: list[str]
) -> VersionConflict:
    """Make the error for a version that exists with another content, naming what changed."""
    changes = list(list_changes(existing.manifest, recipe, inputs, rooms))
    free = find_free_version(recipe.version, taken)
    return VersionConflict(
        f"{existing.ref} exists and was built from something else:\n" + "\n".join(f"  {text}" for _, text in changes),
        hint=f"a version is a promise and stays as it is; build this as the next one: --version {free}"
        + ("" if recipe.version == DEV else f", or try it out with --version {DEV}"),
        keys=tuple(key for key, _ in changes),
    )


def list_changes(
    old: Manifest, recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Yield what differs from a version: the key, and its old and new value as text."""
    if old.scheme != SCHEME:
        yield "scheme", f"hashing scheme: {old.scheme} -> {SCHEME} (another release of Cotloom)"
    before, after = _flatten(old.recipe), _flatten(extract_identity(recipe, defaults=True))
    explicit = _flatten(extract_identity(recipe))
    for key in [*after, *(key for key in before if key not in after)]:
        is_new_default = key not in before and key not in explicit
        if before.get(key) != after.get(key) and not is_new_default:
            yield key, f"{key}: {before.get(key)} -> {after.get(key)}"
    known = {item.name: item for item in old.inputs}
    for name, state in inputs.items():
        if name not in known or known[name].sha256 != state:
            yield name, _describe_input_change(name, known.get(name), state)
    for name, gone in known.items():
        if name not in inputs:
            yield name, f"{name}: {gone.file} is not read any more"
    for room, number in rooms.items():
        if old.rooms.get(room) != number:
            yield f"rooms.{room}", f"the code of {room}: {old.rooms.get(room)} -> {number} (another release of Cotloom)"


def list_manifest_changes(old: Manifest, new: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what differs between two versions: the key, and its old and new value as text.

    A key that only one of the manifests has is told too, such as one that a newer release of Cotloom brought.
    """
    if old.scheme != new.scheme:
        yield "scheme", f"hashing scheme: {old.scheme} -> {new.scheme} (another release of Cotloom)"
    before, after = _flatten(old.recipe), _flatten(new.recipe)
    for key in [*after, *(key for key in before if key not in after)]:
        if before.get(key) != after.get(key):
            yield key, f"{key}: {before.get(key)} -> {after.get(key)}"
    known, states = ({item.name: item for item in manifest.inputs} for manifest in (old, new))
    for name, item in states.items():
        if name not in known:
            yield name, f"{name}: {item.file} is read"
        elif known[name].sha256 != item.sha256:
            yield name, _describe_input_change(name, known[name], item.sha256)
    for name in sorted(known.keys() - states.keys()):
        yield name, f"{name}: {known[name].file} is not read any more"
    for room in sorted({*old.rooms, *new.rooms}):
        if old.rooms.get(room) != new.rooms.get(room):
            yield f"rooms.{room}", f"the code of {room}: {old.rooms.get(room)} -> {new.rooms.get(room)}"


def _describe_input_change(name: str, before: Input | None, state: str) -> str:
    """Describe how an input differs: a file by its content, a dataset by its commit, a library by its release."""
    if before is not None and re.fullmatch(VERSION_REF, before.file) and "@" in before.file:
        return f"{name}: {before.file} -> another version, or other content of it"
    if before is not None and before.file.startswith("hf://"):
        return f"{name}: {before.file} -> commit {state}"
    if before is not None and before.file.startswith("reasoning-gym=="):
        return f"{name}: {before.file} -> another release"
    if name == "verify.external":
        return f"{name}: another command, or another file of it"
    return f"{name}: the content of the file changed"


def _flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested keys to dotted ones; list items are named by their `name` or their index."""
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        named = [item.get("name") if isinstance(item, Mapping) else None for item in value]
        pairs = [(str(name or index), item) for index, (name, item) in enumerate(zip(named, value, strict=True))]
    else:
        return {prefix: value}
    return {
        key: item
        for name, inner in pairs
        for key, item in _flatten(inner, f"{prefix}.{name}" if prefix else name).items()
    }
