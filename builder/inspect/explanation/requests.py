"""What the teacher was asked: the messages and the sampling of requests, out of the ledger beside a version."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...teacher.ledger.lookup import read_requests


def describe_requests(ledger: Path | None, digests: Sequence[str]) -> list[dict[str, Any]]:
    """Describe requests by their digests.

    Args:
        ledger: the ledger; None for none.
        digests: the digests, in order.

    Returns:
        For each `digest`, `model`, `endpoint`, `sampling` and `messages` (role, content). These are null where the
        ledger lacks the request: it is another store's, was erased, or is damaged there; recorded answers have none.
    """
    found = read_requests(ledger, digests) if ledger is not None else {}
    described = []
    for digest in digests:
        request = found.get(digest)
        described.append(
            {
                "digest": digest,
                "model": request and request.model,
                "endpoint": request and request.endpoint,
                "sampling": request and dict(request.sampling),
                "messages": request
                and [{"role": message.role.value, "content": message.content} for message in request.messages],
            }
        )
    return described
