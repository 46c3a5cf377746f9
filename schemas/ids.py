"""Canonical text, digests and content ids: the same value gives the same id in every process, for ever.

Two hashes, on purpose. Promises (fingerprints, content digests, files) are sha256. Names of rows (problems,
samples, examples, requests) are xxh3-128, which is several times faster and only has to keep honest rows apart.
"""

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

SCHEME = 1
"""Number of the hashing scheme. It rises when canonical text, an id or a recipe default changes its meaning."""

ID_HEX = 24
"""Hex digits of a row id (96 bits): a clash among ten million rows has odds of about one in 10^15."""

RANKS = 2**64
"""`rank` gives whole numbers from 0 up to this."""


class NotCanonicalError(TypeError):
    """A value that can't be written the same way twice (a set, NaN, a function, half of a surrogate pair)."""


def canonical(value: object) -> str:
    """Write a value as the one JSON text that stands for it.

    Args:
        value: None, bool, int, finite float, str, enum, dataclass, or a list, tuple or str-keyed mapping of them.

    Raises:
        NotCanonicalError: for anything else, rather than guessing.

    >>> canonical({"b": (1, 2.5), "a": None})
    '{"a":null,"b":[1,2.5]}'
    >>> canonical(float("nan"))
    Traceback (most recent call last):
    cotloom.schemas.ids.NotCanonicalError: a float that is not finite has no canonical text: nan
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: object) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item) for item in value]
    message = f"{type(value).__name__} has no canonical text"
    raise NotCanonicalError(message)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"text with half of a surrogate pair has no canonical text: {value!r}"
        raise NotCanonicalError(message) from error
    return value


def _number(value: float) -> float:
    if not math.isfinite(value):
        message = f"a float that is not finite has no canonical text: {value}"
        raise NotCanonicalError(message)
    return value + 0.0  # -0.0 becomes 0.0: the two are equal and must hash alike


def _key(key: object) -> str:
    if not isinstance(key, str):
        message = f"a mapping with a key of type {type(key).__name__} has no canonical text"
        raise NotCanonicalError(message)
    return _text(key)


def digest(value: object) -> str:
    """Sha256 of a value's canonical text, as 64 hex digits: for promises."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def content_id(kind: str, *parts: object) -> str:
    """Name a row by its content: a letter for its kind, then 24 hex digits.

    >>> content_id("p", "What is 2 + 2?", [])
    'p_6dd7b23148eb9953671f7680'
    """
    return f"{kind}_{xxhash.xxh3_128_hexdigest(canonical(parts).encode())[:ID_HEX]}"


def rank(key: str, item: str) -> int:
    """Give an item its fixed place in a keyed random order: from 0 up to 2^64.

    Splits and quotas take the lowest ranks, so that a new item moves no other one.
    """
    return xxhash.xxh3_64_intdigest(f"{key}\x1f{item}".encode())
