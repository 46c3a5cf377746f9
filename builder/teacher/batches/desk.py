"""Opens the senders of a build: in batches where the runtime asks for them and the teacher's server may take them."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ...progress import warn
from ..backends.protocol import OpenedBackend, Sender
from .setting import BatchSetting

if TYPE_CHECKING:
    from ..backends.openai_errors import Server
    from .sender import BatchFileSender


class BatchDesk:
    """Opens the senders of a build. Teachers at one endpoint share one, since they share its journal."""

    def __init__(self, setting: BatchSetting, stack: AsyncExitStack) -> None:
        """Open senders until a stack is left."""
        self._setting, self._stack = setting, stack
        self._senders: dict[str, BatchFileSender] = {}

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
        if opened.make_server is None:
            warn(f"{key} is asked without batches: only a server of backend openai may take them")
            return await self._stack.enter_async_context(opened.backend.open_sender())
        endpoint = opened.turn or ""
        if endpoint not in self._senders:
            self._senders[endpoint] = await self._open_batches(opened, endpoint, opened.make_server())
        return self._senders[endpoint]

    async def _open_batches(self, opened: OpenedBackend, endpoint: str, server: "Server") -> "BatchFileSender":
        from ..backends.openai_transport import open_connection  # noqa: PLC0415 - aiohttp takes a while to import
        from .sender import BatchFileSender  # noqa: PLC0415
        from .service import BatchService  # noqa: PLC0415

        runtime = self._setting.runtime
        live = await self._stack.enter_async_context(opened.backend.open_sender())
        connection = await self._stack.enter_async_context(open_connection(server, runtime.timeout_s))
        sender = BatchFileSender(self._setting, BatchService(connection, runtime.retries), live, endpoint)
        self._stack.push_async_callback(sender.close)
        return sender
