"""The log that SQLite writes ahead (`ledger.sqlite-wal`): whether records in it that were written whole are damaged.

A killed process leaves its last writes in the log, and SQLite reads it when the ledger is opened next: up to the first
record that does not fit, and nothing after it. That is right for a record that a kill cut off. But a damaged record in
the middle would hide every answer after it without a word. The format is described at sqlite.org/walformat.html.
"""

import struct
import time
from pathlib import Path

_HEADER = struct.Struct(">8I")
"""Magic number, format, page size, number of the checkpoint, two salts, two checksums."""
_FRAME = struct.Struct(">6I")
"""Page number, pages of the database after a commit (else 0), two salts, two checksums."""
_MAGIC = 0x377F0682
"""The last bit says that checksums read the words in big-endian order."""
_MASK = 0xFFFFFFFF
_LOOKS = 3
"""Another process may be writing: what looks damaged is read again, so many times in all."""
_PAUSE_S = 0.05


def is_log_damaged(path: Path) -> bool:
    """Whether a log has a record with a commit behind a place where SQLite stops reading."""
    for look in range(_LOOKS):
        if not path.is_file() or not _has_hidden_commit(path.read_bytes()):
            return False
        if look + 1 < _LOOKS:
            time.sleep(_PAUSE_S)
    return True


def _has_hidden_commit(log: bytes) -> bool:
    if len(log) < _HEADER.size:
        return False
    magic, _, page_size, _, *salts, first, second = _HEADER.unpack_from(log)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _add_checksum((0, 0), log[: _HEADER.size - 8], order) != (first, second):
        return len(log) > _HEADER.size
    checksum, is_intact = (first, second), True
    for start in range(_HEADER.size, len(log) - _FRAME.size - page_size + 1, _FRAME.size + page_size):
        page, commit, *own_salts, first, second = _FRAME.unpack_from(log, start)
        is_own = own_salts == salts
        if is_intact:
            checksum = _add_checksum(checksum, log[start : start + 8], order)
            checksum = _add_checksum(checksum, log[start + _FRAME.size : start + _FRAME.size + page_size], order)
            is_intact = is_own and page > 0 and checksum == (first, second)
        if not is_intact and is_own and commit:
            return True
    return False


def _add_checksum(checksum: tuple[int, int], content: bytes, order: str) -> tuple[int, int]:
    """Add content to the running checksum of SQLite's log (section 4.2 of the description)."""
    first, second = checksum
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for left, right in zip(words[::2], words[1::2], strict=True):
        first = (first + left + second) & _MASK
        second = (second + right + first) & _MASK
    return first, second
