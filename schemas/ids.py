"""Canonical text, digests and content ids: the same value has the same id in every process and release.

There are two hashes. Fingerprints, content digests and digests of files are sha256. Ids of rows (problems, samples,
examples, requests) are xxh3-128, which is several times faster; it need not resist deliberate collisions.
"""

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import orjson
import xxhash

SCHEME = 3
"""Number of the hashing scheme. It is increased when canonical text, an id or a recipe default changes its meaning."""

ID_HEX = 24
"""Hex digits of a row id (96 bits): among ten million rows, a collision has a probability of about 10^-15."""

RANKS = 2**64
"""`rank` returns integers from 0 up to this."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

_CONSTANTS = {None: "null", True: "true", False: "false"}


class NotCanonicalError(TypeError):
    """A value without a canonical text (a set, NaN, a function, half of a surrogate pair)."""


def format_canonical(value: object) -> str:
    """Format a value as its canonical JSON text.

    Args:
        value: None, bool, int, finite float, str, enum, dataclass, or a list, tuple or str-keyed mapping of them.

    Raises:
        NotCanonicalError: the value has another type, or is a float that is not finite.

    >>> format_canonical({"b": (1, 2.5), "a": None})
    '{"a":null,"b":[1,2.5]}'
    >>> format_canonical(float("nan"))
    Traceback (most recent call last):
    cotloom.schemas.ids.NotCanonicalError: a float that is not finite has no canonical text: nan
    """
    kind = type(value)
    if kind is str:
        return _quote(value)  # type: ignore[arg-type]
    if kind is tuple or kind is list:
        return f"[{','.join(map(format_canonical, value))}]"  # type: ignore[call-overload]
    if kind is dict:
        texts = {_check_key(key): format_canonical(item) for key, item in value.items()}  # type: ignore[attr-defined]
        return f"{{{','.join([f'{_quote(key)}:{texts[key]}' for key in sorted(texts)])}}}"
    if value is None or kind is bool:
        return _CONSTANTS[value]  # type: ignore[index]
    if kind is int:
        return str(value)
    if dataclasses.is_dataclass(kind):
        return format_canonical({name: getattr(value, name) for name in _list_fields(kind)})
    return _ENCODER.encode(_to_plain(value))


def _quote(text: str) -> str:
    """Quote a text as Python's `json` does, in a third of its time."""
    try:
        return orjson.dumps(text).decode()
    except TypeError:
        _check_text(text)
        raise


@cache
def _list_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _to_plain(value: object) -> Any:
    if isinstance(value, enum.Enum):
        return _to_plain(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _check_text(value)
    if isinstance(value, float):
        return _check_number(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_check_key(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_to_plain(item) for item in value]
    message = f"{type(value).__name__} has no canonical text"
    raise NotCanonicalError(message)


def _check_text(value: str) -> str:
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"text with half of a surrogate pair has no canonical text: {value!r}"
        raise NotCanonicalError(message) from error
    return value


def _check_number(value: float) -> float:
    if not math.isfinite(value):
        message = f"a float that is not finite has no canonical text: {value}"
        raise NotCanonicalError(message)
    return value + 0.0  # -0.0 becomes 0.0: the two are equal and must hash alike


def _check_key(key: object) -> str:
    if not isinstance(key, str):
        message = f"a mapping with a key of type {type(key).__name__} has no canonical text"
        raise NotCanonicalError(message)
    return _check_text(key)


def digest(value: object) -> str:
    """Compute the sha256 of a value's canonical text, as 64 hex digits."""
    return hashlib.sha256(format_canonical(value).encode()).hexdigest()


def make_content_id(kind: str, *parts: object) -> str:
    """Make the id of a row from its content: a letter for its kind, then 24 hex digits.

    >>> make_content_id("p", "What is 2 + 2?", [])
    'p_6dd7b23148eb9953671f7680'
    """
    return make_plain_id(kind, format_canonical(parts))


def make_plain_id(kind: str, canonical: str) -> str:
    """Make the id that `make_content_id` makes, from the canonical text of its parts.

    >>> make_plain_id("s", f"[{quote_plain('p_1')},{quote_plain(None)},0]") == make_content_id("s", "p_1", None, 0)
    True
    """
    return f"{kind}_{xxhash.xxh3_128_hexdigest(canonical.encode())[:ID_HEX]}"


def make_plain_ids(kind: str, canonical: Iterable[str]) -> list[str]:
    """Make many ids; see `make_plain_id`."""
    hash_text = xxhash.xxh3_128_hexdigest
    return [f"{kind}_{hash_text(text.encode())[:ID_HEX]}" for text in canonical]


def quote_plain(name: str | None) -> str:
    """Quote a name or an id, which needs no escapes, as canonical text: an id takes a third of the time then."""
    return "null" if name is None else f'"{name}"'


def rank(key: str, item: str) -> int:
    """Compute the fixed rank of an item in a keyed random order: from 0 up to 2^64.

    Splits and quotas take the lowest ranks, so that a new item moves no other item.
    """
    return xxhash.xxh3_64_intdigest(f"{key}\x1f{item}".encode())


def rank_all(key: str, items: Iterable[str]) -> list[int]:
    """Compute the ranks of many items; see `rank`."""
    hash_text, prefix = xxhash.xxh3_64_intdigest, f"{key}\x1f".encode()
    return [hash_text(prefix + item.encode()) for item in items]


# Random choices that are the same in every process: each is a keyed hash, not the next number of a stream

Item = TypeVar("Item")


def draw_share(key: str, purpose: str) -> float:
    """Draw a number in [0, 1) for a key and a purpose.

    >>> draw_share("a", "slip") == draw_share("a", "slip")
    True
    """
    return rank(key, purpose) / RANKS


def pick(items: Sequence[Item], key: str, purpose: str) -> Item:
    """Draw one of the items for a key and a purpose."""
    return items[rank(key, purpose) % len(items)]
