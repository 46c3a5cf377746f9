"""Import the responses that another tool recorded: file by file, in little memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice, pairwise
from pathlib import Path

from ....schemas.teacher import OpenAITeacher
from ...errors import InputError
from ...progress import show_bar
from ..backends.openai_keys import resolve_base_url
from ..ledger import Ledger
from .files import ForeignRow, list_files, read_file
from .peers import Peer, advise_recorded
from .placing import PlacedResponse, Placing, place_response
from .recording import Content, record_responses
from .records import ForeignResponse, LeftOut, Match, RowContext, UnknownRowError
from .requests import RequestIndex
from .results import ForeignImport, ImportOptions

_BATCH = 500


def import_responses(
    ledger: Ledger, path: Path, peer: Peer, options: ImportOptions, index: RequestIndex | None = None
) -> ForeignImport:
    """Import the responses of a file, or of all files below a folder. No response is imported in part.

    Args:
        ledger: the ledger.
        path: the file or folder.
        peer: the tool that wrote them.
        options: what the user says of them.
        index: the requests of the user's recipe; needed unless whole requests must match.

    Raises:
        InputError: there is nothing of the tool, or the rows do not say what is needed and neither does the user.
        Stopped: the disk is full.
    """
    check_options(peer, options, has_recipe=index is not None)
    files, result = list_files(path, peer), ForeignImport()
    default = resolve_base_url(OpenAITeacher(backend="openai", model=""))
    placing = Placing(options, index, frozenset(ledger.find_forgotten()), default)
    with show_bar("importing (bytes)", sum(file.stat().st_size for file in files)) as advance:
        for file in files:
            name = str(file.relative_to(path)) if path.is_dir() else file.name
            context = RowContext(file=file.name, question=options.question, step=options.step)
            placed = _place_rows(read_file(file, name, advance), peer, context, placing, result)
            seen: Counter[Content] = Counter()
            while batch := list(islice(placed, _BATCH)):
                record_responses(ledger, batch, seen, result)
            result.files += 1
    if not result.responses:
        example = f", such as {result.damaged[0]}" if result.damaged else ""
        raise InputError(
            f"{path} holds no answers of {peer.title}{example}",
            hint="--from names the tool that wrote it: curator, distilabel or nemo-skills",
        )
    return result


def check_options(peer: Peer, options: ImportOptions, *, has_recipe: bool) -> None:
    """Check that what the user says is enough for a tool's answers.

    Raises:
        InputError: it is not.
    """
    if options.match is Match.REQUEST and not peer.has_sampling:
        raise InputError(
            f"{peer.title} does not record sampling parameters, so none of its answers is known to answer a request",
            hint="--recipe RECIPE --match messages takes those whose prompt is the recipe's, --match question those"
            f" whose question is. A recipe takes answers to another prompt as they are: {advise_recorded(peer)}",
        )
    if options.match is not Match.REQUEST and not has_recipe:
        raise InputError(
            f"--match {options.match} takes answers for those to the requests of a recipe",
            hint="name it: --recipe RECIPE",
        )


def _place_rows(
    rows: Iterator[ForeignRow], peer: Peer, context: RowContext, placing: Placing, result: ForeignImport
) -> Iterator[PlacedResponse]:
    """Place the responses in the rows of a file; what is damaged or left out is counted."""
    for row, has_sibling in _mark_siblings(rows, peer):
        for response in _read_row(row, peer, replace(context, has_sibling=has_sibling), result):
            result.responses += response is not LeftOut.NO_ANSWER
            placed = response if isinstance(response, LeftOut) else place_response(response, placing, result)
            if isinstance(placed, LeftOut):
                result.left_out[placed] += 1
            else:
                yield placed


def _read_row(
    row: ForeignRow, peer: Peer, context: RowContext, result: ForeignImport
) -> list[ForeignResponse | LeftOut]:
    if row.values is None:
        result.add_damage(row.origin, row.fault)
        return []
    try:
        return list(peer.read_row(row.values, context))
    except UnknownRowError as error:
        result.add_damage(row.origin, str(error))
        return []


def _mark_siblings(rows: Iterator[ForeignRow], peer: Peer) -> Iterator[tuple[ForeignRow, bool]]:
    """Say of each row whether the one before or after it may be from the same response."""
    alike = False
    for row, following in pairwise(chain(rows, [ForeignRow(origin="")])):
        before, alike = alike, _is_sibling(row, following, peer)
        yield row, before or alike


def _is_sibling(row: ForeignRow, other: ForeignRow, peer: Peer) -> bool:
    if peer.is_sibling is None or row.values is None or other.values is None:
        return False
    return peer.is_sibling(row.values, other.values)
