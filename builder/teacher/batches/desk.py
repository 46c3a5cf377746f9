"""Opens the senders of a build: in batches where the runtime asks for them and the teacher's server may take them."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ...progress import warn
from ..backends.protocol import OpenedBackend, Sender
from .setting import BatchSetting

if TYPE_CHECKING:
    from .sender import BatchSender


class BatchDesk:
    """Opens the senders of a build. Teachers at one endpoint share one, since they share its journal."""

    def __init__(self, setting: BatchSetting, stack: AsyncExitStack) -> None:
        """Open senders until a stack is left."""
        self._setting, self._stack = setting, stack
        self._senders: dict[str, BatchSender] = {}

    async def open_sender(self, opened: OpenedBackend, key: str) -> Sender:
        """Open what sends the requests of a teacher.

        Args:
            opened: the teacher.
            key: the recipe key that it stands at.

        Raises:
            InputError: its key is missing, or may not go to this host.
        """
        if not self._setting.runtime.batch:
            return await self._stack.enter_async_context(opened.backend.open_sender())
        if opened.make_server is None or opened.turn is None:
            warn(f"{key} is asked without batches: only a server of backend openai may take them")
            return await self._stack.enter_async_context(opened.backend.open_sender())
        if opened.turn not in self._senders:
            self._senders[opened.turn] = await self._open_batches(opened, opened.turn)
        return self._senders[opened.turn]

    async def _open_batches(self, opened: OpenedBackend, endpoint: str) -> "BatchSender":
        from ..backends.openai_transport import open_connection  # noqa: PLC0415 - aiohttp takes a while to import
        from .sender import BatchSender  # noqa: PLC0415
        from .service import BatchService  # noqa: PLC0415

        assert opened.make_server is not None
        runtime = self._setting.runtime
        live = await self._stack.enter_async_context(opened.backend.open_sender())
        connection = await self._stack.enter_async_context(open_connection(opened.make_server(), runtime.timeout_s))
        sender = BatchSender(self._setting, BatchService(connection, runtime.retries), live, endpoint)
        self._stack.push_async_callback(sender.close)
        return sender
