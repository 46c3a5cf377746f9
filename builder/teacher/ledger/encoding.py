"""How the ledger's rows are written: requests as JSON, bodies compressed, and a checksum over each row."""

from collections.abc import Iterable

import pyarrow as pa
import xxhash

from ....schemas.ids import format_canonical
from ..request import Request

SHORT = 512
"""Bodies of fewer bytes are kept as they are: compressing them gains nothing."""


def encode_request(request: Request) -> str:
    """Encode what a request says as canonical JSON."""
    return format_canonical(
        {
            "messages": request.messages,
            "model": request.model,
            "endpoint": request.endpoint,
            "sampling": dict(request.sampling),
        }
    )


def compress_body(body: bytes) -> tuple[bytes, int | None]:
    """Compress a body with Zstandard.

    Returns:
        What is stored, and the size of the body; the size is None where it is stored as it is.
    """
    if len(body) < SHORT:
        return body, None
    return pa.compress(body, codec="zstd", asbytes=True), len(body)


def decompress_body(stored: bytes, size: int | None) -> bytes:
    """Decompress a body. The row's checksum must have been verified.

    Raises:
        ValueError: it is damaged.
    """
    if size is None:
        return stored
    try:
        body: bytes = pa.decompress(stored, decompressed_size=size, codec="zstd", asbytes=True)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"it can't be decompressed: {error}") from error
    return body


def compute_checksum(values: Iterable[object]) -> bytes:
    """Compute the checksum of a row: xxh3-64 over its values and their types. It detects damage, not intent."""
    return xxhash.xxh3_64_digest(b"\x1f".join(map(_to_bytes, values)))


def _to_bytes(value: object) -> bytes:
    """A flipped bit may also change the type of a stored value, so that the type counts."""
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    return type(value).__name__.encode() + content
