"""The fingerprint of a version, and what differs between two of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cotloom.builder.errors import VersionConflict
from cotloom.builder.store.versions import DEV, Version, next_free
from cotloom.schemas.ids import SCHEME, digest
from cotloom.schemas.manifest import Input, Manifest
from cotloom.schemas.recipe import Recipe, identity_of


def fingerprint(recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int]) -> str:
    """Digest what decides every row.

    Args:
        recipe: its identity keys count, defaults left out.
        inputs: sha256 of each file, commit of each dataset, by the key that names it.
        rooms: the code version of each room.
    """
    return digest(
        {
            "scheme": SCHEME,
            "recipe": identity_of(recipe),
            "inputs": dict(inputs),
            "rooms": dict(rooms),
        }
    )


def conflict(
    recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int], there: Version, taken: list[str]
) -> VersionConflict:
    """Make the error for a version that exists with another content, naming what changed."""
    changes = list(changed(there.manifest, recipe, inputs, rooms))
    free = next_free(recipe.version, taken)
    return VersionConflict(
        f"{there.ref} exists and was built from something else:\n" + "\n".join(f"  {text}" for _, text in changes),
        hint=f"a version is a promise and stays as it is; build this as the next one: --version {free}"
        + ("" if recipe.version == DEV else f", or try it out with --version {DEV}"),
        keys=tuple(key for key, _ in changes),
    )


def changed(
    old: Manifest, recipe: Recipe, inputs: Mapping[str, str], rooms: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """What differs from a version: each key, with old and new value in words."""
    if old.scheme != SCHEME:
        yield "scheme", f"hashing scheme: {old.scheme} -> {SCHEME} (another release of Cotloom)"
    before, after = _flat(old.recipe), _flat(identity_of(recipe, defaults=True))
    given = _flat(identity_of(recipe))
    for key in [*after, *(key for key in before if key not in after)]:
        is_new_default = key not in before and key not in given
        if before.get(key) != after.get(key) and not is_new_default:
            yield key, f"{key}: {before.get(key)} -> {after.get(key)}"
    known = {item.name: item for item in old.inputs}
    for name, state in inputs.items():
        if name not in known or known[name].sha256 != state:
            yield name, _moved(name, known.get(name), state)
    for name, gone in known.items():
        if name not in inputs:
            yield name, f"{name}: {gone.file} is not read any more"
    for room, number in rooms.items():
        if old.rooms.get(room) != number:
            yield f"rooms.{room}", f"the code of {room}: {old.rooms.get(room)} -> {number} (another release of Cotloom)"


def _moved(name: str, before: Input | None, state: str) -> str:
    """Say how an input differs: a file by its content, a dataset by its commit, a library by its release."""
    if before is not None and before.file.startswith("hf://"):
        return f"{name}: {before.file} -> commit {state}"
    if before is not None and before.file.startswith("reasoning-gym=="):
        return f"{name}: {before.file} -> another release"
    return f"{name}: the content of the file changed"


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones; items of lists by their name, or their place."""
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        named = [item.get("name") if isinstance(item, Mapping) else None for item in value]
        pairs = [(str(name or place), item) for place, (name, item) in enumerate(zip(named, value, strict=True))]
    else:
        return {prefix: value}
    return {
        key: item for name, inner in pairs for key, item in _flat(inner, f"{prefix}.{name}" if prefix else name).items()
    }
