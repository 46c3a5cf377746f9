"""How the ledger's rows are written: texts and bodies compressed, digests as bytes, and a checksum over each row."""

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import pyarrow as pa
import xxhash

from ....schemas.example import Message, Role
from ..request import Request, format_setting

SHORT = 256
"""Bytes that are fewer are kept as they are: compressing them gains little."""
_MIDDLE = 2_048
"""Up to so many bytes zlib is faster and smaller than Zstandard, beyond it is slower and larger."""
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""The first bytes of what Zstandard compressed; what zlib compressed never begins so."""

DAMAGED = b""
"""The checksum of a row that is known to be damaged: it fits no row."""


def pack_digest(digest: str) -> bytes:
    """Pack the digest of a request, `r_` and 24 hex digits, as the twelve bytes that are stored.

    What is no digest becomes something that is never stored, so that it is never found.
    """
    try:
        return bytes.fromhex(digest[2:])
    except ValueError:
        return digest.encode("utf-8", "surrogateescape")


def unpack_digest(stored: object) -> str:
    """Return the digest that was packed; of a damaged value, something that names it."""
    return f"r_{stored.hex()}" if isinstance(stored, bytes) else str(stored)


def encode_setting(request: Request) -> bytes:
    """Encode what requests have in common besides messages, as canonical JSON."""
    endpoint, model, sampling = format_setting(request)
    return f'{{"endpoint":{endpoint},"model":{model},"sampling":{sampling}}}'.encode()


def encode_message(role: str, content: str) -> bytes:
    """Encode a message: its role, a line break, its content."""
    return f"{role}\n{content}".encode()


def decode_message(content: bytes) -> Message:
    """Decode a message. The row's checksum must have been verified.

    Raises:
        ValueError: it is none.
    """
    role, _, text = content.decode().partition("\n")
    return Message(role=Role(role), content=text)


def decode_setting(content: bytes) -> dict[str, Any]:
    """Decode what requests have in common: model, endpoint and sampling. The row's checksum must have been verified.

    Raises:
        ValueError: it is none.
    """
    setting: dict[str, Any] = orjson.loads(content)
    return setting


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """Pack the numbers of a request's messages, four bytes each."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def unpack_numbers(packed: bytes) -> tuple[int, ...]:
    """Unpack the numbers of a request's messages. The row's checksum must have been verified."""
    return struct.unpack(f"<{len(packed) // 4}I", packed)


def compress_content(content: bytes) -> tuple[bytes, int | None]:
    """Compress bytes, where that gains something.

    Returns:
        What is stored, and the size of the content; the size is None where it is stored as it is.
    """
    size = len(content)
    if size < SHORT:
        return content, None
    small = zlib.compress(content, 1) if size <= _MIDDLE else pa.compress(content, codec="zstd", asbytes=True)
    return (small, size) if len(small) < size else (content, None)


def decompress_content(stored: bytes, size: int | None) -> bytes:
    """Decompress bytes. The row's checksum must have been verified.

    Raises:
        ValueError: they are damaged.
    """
    if size is None:
        return stored
    try:
        if not stored.startswith(_ZSTANDARD):
            return zlib.decompress(stored, bufsize=size)
        content: bytes = pa.decompress(stored, decompressed_size=size, codec="zstd", asbytes=True)
    except (OSError, zlib.error, pa.ArrowException) as error:
        raise ValueError(f"it can't be decompressed: {error}") from error
    return content


def compute_hash(content: bytes) -> int:
    """Compute the number by which a text is looked up: xxh3-64, signed. Whoever looks compares the text itself, too."""
    number = xxhash.xxh3_64_intdigest(content)
    return number - 2**64 if number >= 2**63 else number


def compute_checksum(values: Iterable[object]) -> bytes:
    """Compute the checksum of a row: xxh3-64 over its values and their types. It detects damage, not intent."""
    return xxhash.xxh3_64_digest(b"\x1f".join([_TO_BYTES[type(value)](value) for value in values]))


_TO_BYTES: dict[type, Callable[[Any], bytes]] = {
    bytes: lambda value: b"bytes" + value,
    int: lambda value: b"int%d" % value,
    str: lambda value: b"str" + value.encode("utf-8", "surrogateescape"),
    type(None): lambda _: b"NoneTypeNone",
    float: lambda value: f"float{value}".encode(),
}
"""How each type that SQLite returns is written. A flipped bit may change the type of a value: the type counts."""

_pack_key = struct.Struct("<12sqqq").pack
_compute_digest = xxhash.xxh3_64_digest


def compute_key_checksum(digest: bytes, sample_index: int, response: int, choice: int) -> bytes:
    """Compute the checksum of a row of `answers`. It takes half a microsecond: a ledger has millions of them."""
    return _compute_digest(_pack_key(digest, sample_index, response, choice))


def is_damaged(row: Sequence[Any]) -> bool:
    """Whether the last column of a row is not the checksum of the others."""
    *values, checksum = row
    return bool(checksum != compute_checksum(values))


def is_key_damaged(row: Sequence[Any]) -> bool:
    """Whether a row of `answers` is damaged."""
    digest, sample_index, response, choice, checksum = row
    try:
        intact = compute_key_checksum(digest, sample_index, response, choice)
    except struct.error:  # another type
        return True
    return checksum != intact or len(digest) != 12
