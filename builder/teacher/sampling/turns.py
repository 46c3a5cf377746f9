"""One build at a time asks a server from the same store; another waits, and then finds the answers in the ledger."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from ...store.locks import wait_turn
from ..ledger import Ledger


class Turns:
    """The right to ask the servers of a build, taken with the first request and kept until it ends."""

    def __init__(self, ledger: Ledger, names: Sequence[str]) -> None:
        """Wait for servers by name; none for teachers that any number of builds may ask."""
        self._ledger = ledger
        self._names = names
        self._stack = ExitStack()
        self._lock = asyncio.Lock()
        self._is_taken = False
        self._is_closed = False

    async def take(self) -> bool:
        """Wait until no other build asks these servers from this store.

        All are taken at once, in one order: two builds that each hold one and wait for the other would wait for ever.

        Returns:
            Whether it had to be taken: another build may have asked until now.

        Raises:
            InputError: the keys of the ledger are damaged, so that answers would be paid again.
        """
        if self._is_taken:
            return False
        async with self._lock:
            if not self._is_taken:
                if self._names:
                    await asyncio.to_thread(self._wait)
                self._ledger.check_keys()
                self._is_taken = True
        return True

    def _wait(self) -> None:
        turn = wait_turn(self._ledger.path.parent, self._names, _describe_wait, lambda: self._is_closed)
        self._stack.enter_context(turn)

    def close(self) -> None:
        """Let the next build ask, and wait no longer."""
        self._is_closed = True
        self._stack.close()


def _describe_wait(name: str) -> str:
    return f"another build asks {name} from this store; this one waits for it to end, and then finds its answers"
