"""The requests that wait for a batch, and what each of them gets."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ....schemas.problem import Problem
from ...errors import CotloomError
from ..backends.protocol import Books, CompletionRequest, FailedRequest, Results
from ..request import ReceivedResponse, Request
from .journal import BatchRow
from .traffic import ProblemTraffic


@dataclass(slots=True, eq=False)
class WaitingGroup:
    """Completions of one prompt that a problem waits for; several lines of several batches may answer them."""

    problem: Problem
    """The problem."""
    request: Request
    """The prompt."""
    books: Books
    """Records what answers them."""
    left: set[int]
    """The sample indexes that nothing has come for yet."""
    future: asyncio.Future[Results]
    """Done when something has come for each."""
    results: Results = field(default_factory=list)
    """What has come."""
    live: int = 0
    """Requests of it that are sent live at the moment."""

    def add(self, results: Results) -> None:
        """Add what came; what is not its own is left out."""
        for result in results:
            own = _list_indexes(result) & self.left
            if own or (isinstance(result, ReceivedResponse) and not result.choices):
                self.results.append(result)
                self.left -= own

    def fail(self, error: CotloomError) -> None:
        """Let everything that is left fail with an error."""
        self.add([FailedRequest(each, error) for each in self.list_requests(sorted(self.left))])

    def list_requests(self, indexes: Iterable[int]) -> list[CompletionRequest]:
        """List the completions at some sample indexes."""
        return [CompletionRequest(self.problem, self.request, index) for index in indexes]


def _list_indexes(result: ReceivedResponse | FailedRequest) -> set[int]:
    return {result.request.sample_index} if isinstance(result, FailedRequest) else set(result.choices)


class WaitingRoom:
    """All groups that wait, by the line of a batch that is to answer them."""

    def __init__(self, traffic: ProblemTraffic) -> None:
        """Begin empty, and say in `traffic` which problems wait."""
        self._traffic = traffic
        self._rows: dict[BatchRow, list[WaitingGroup]] = {}
        self._groups: set[WaitingGroup] = set()

    def enter(self, group: WaitingGroup) -> None:
        """Let a group wait."""
        self._groups.add(group)
        self._traffic.add_waiting(group.problem.problem_id)

    def attach(self, row: BatchRow, groups: Iterable[WaitingGroup]) -> None:
        """Let groups wait for a line."""
        waiting = self._rows.setdefault(row, [])
        waiting += [group for group in groups if group not in waiting]

    def find(self, row: BatchRow) -> list[WaitingGroup]:
        """Find those that wait for a line."""
        return self._rows.get(row, [])

    def detach(self, row: BatchRow) -> list[WaitingGroup]:
        """Take away those that wait for a line; nobody waits for it then."""
        return self._rows.pop(row, [])

    def start_live(self, groups: Sequence[WaitingGroup]) -> None:
        """Note that requests of groups are sent live: their problems do not wait for a batch meanwhile."""
        for group in groups:
            if not group.live:
                self._traffic.remove_waiting(group.problem.problem_id)
            group.live += 1

    def end_live(self, groups: Sequence[WaitingGroup], results: Results) -> None:
        """Give groups what was answered live."""
        for group in groups:
            group.live -= 1
            if not group.live and group in self._groups:
                self._traffic.add_waiting(group.problem.problem_id)
        self.give(groups, results)

    def give(self, groups: Iterable[WaitingGroup], results: Results) -> None:
        """Give groups what came; those that have everything wait no longer."""
        for group in groups:
            group.add(results)
            if not group.left:
                self._leave(group)

    def fail_all(self, error: CotloomError) -> None:
        """Let everything that waits fail with an error."""
        self._rows.clear()
        for group in list(self._groups):
            group.fail(error)
            self._leave(group)

    def raise_all(self, fault: BaseException) -> None:
        """Raise a fault of ours wherever somebody waits."""
        self._rows.clear()
        for group in list(self._groups):
            if not group.future.done():
                group.future.set_exception(fault)
            self._groups.discard(group)

    def _leave(self, group: WaitingGroup) -> None:
        if group not in self._groups:
            return
        self._groups.discard(group)
        if not group.live:
            self._traffic.remove_waiting(group.problem.problem_id)
        if not group.future.done():  # its task may have been cancelled
            group.future.set_result(group.results)
