"""The decisions of people who read rows, as files that a recipe names: one JSON object a line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ...schemas.review import Decision, ReviewAction
from ..errors import InputError
from ..files import make_missing_file_error
from ..plain_json import parse_object
from .loading import LoadedRecipe

_STRICTEST = (ReviewAction.DROP, ReviewAction.REJECT, ReviewAction.EDIT, ReviewAction.ACCEPT)
"""Where several people decided differently about a row, the first in this order counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettledDecision:
    """What is done about a row, once all who read it are heard. Plain values."""

    row: str
    """The sample."""
    problem: str
    """Its problem."""
    read: str
    """Digest of the text that was read."""
    action: str
    """What is done: `accept`, `reject` or `edit`."""
    by: str
    """Who decided so."""
    reason: str | None
    """Why."""
    text: str | None
    """The edited text."""
    reasoning: str | None
    """The edited reasoning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviews:
    """The decisions that a recipe names."""

    decisions: tuple[Decision, ...] = ()
    """All of them, in the order of the files."""
    golds: Mapping[str, str] = field(default_factory=dict)
    """Corrected gold answers, by problem."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Problems that are dropped, each with the reason."""
    settled: tuple[SettledDecision, ...] = ()
    """What is done about samples, by their ids."""


def read_reviews(loaded: LoadedRecipe) -> Reviews:
    """Read the decisions that a recipe names, and settle them.

    Of what one person decided about a row the last counts. Where several decided differently, dropping the problem
    comes before rejecting, that before editing, and that before accepting.

    Raises:
        InputError: a file is missing or a line is no decision, or two people gave different gold answers or edits.
    """
    paths = [path for key, path in loaded.list_files().items() if key.startswith("reviews.")]
    return settle_decisions([decision for path in paths for decision in read_decisions(path)])


def read_decisions(path: Path) -> list[Decision]:
    """Read a file of decisions.

    Raises:
        InputError: it is missing, or a line is no decision.
    """
    if not path.is_file():
        raise make_missing_file_error(path)
    return list(_parse_lines(path))


def _parse_lines(path: Path) -> Iterator[Decision]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield Decision.model_validate(parse_object(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise _make_line_error(path, number, f"{where}: {first['msg']}") from error
        except ValueError as error:
            raise _make_line_error(path, number, str(error)) from error


def _make_line_error(path: Path, number: int, fault: str) -> InputError:
    return InputError(
        f"{path}:{number} is no decision of a review: {fault}",
        hint="cotloom review writes such files; docs/review.md has their keys",
        keys=("reviews",),
    )


def settle_decisions(decisions: Sequence[Decision]) -> Reviews:
    """Settle what is done about each row and problem; see `read_reviews`."""
    last = {(decision.row, decision.by): decision for decision in decisions}
    by_row: dict[str, list[Decision]] = {}
    for decision in last.values():
        by_row.setdefault(decision.row, []).append(decision)
    golds = _settle_golds([each for each in last.values() if each.action is ReviewAction.GOLD])
    bad = [each for each in last.values() if each.action is ReviewAction.DROP]
    settled = [found for row in sorted(by_row) for found in _settle_row(by_row[row])]
    return Reviews(
        decisions=tuple(decisions),
        golds=golds,
        dropped={each.problem: _describe_reason(each) for each in sorted(bad, key=lambda each: each.by)},
        settled=tuple(settled),
    )


def _settle_golds(decisions: Sequence[Decision]) -> dict[str, str]:
    """Settle the corrected gold answers, which readers may give at several samples of a problem."""
    golds: dict[str, str] = {}
    for decision in sorted(decisions, key=lambda each: (each.problem, each.by, each.at)):
        before = golds.get(decision.problem)
        if before is not None and before != decision.answer and not _is_later(decision, decisions):
            raise InputError(
                f"the reviews give {decision.problem} two gold answers: {before} and {decision.answer}",
                hint="settle it between the reviewers, and leave one of the lines out",
                keys=("reviews",),
            )
        golds[decision.problem] = decision.answer or ""
    return golds


def _is_later(decision: Decision, decisions: Sequence[Decision]) -> bool:
    """Whether all decisions about a problem are of one person, who thought better of it."""
    return {each.by for each in decisions if each.problem == decision.problem} == {decision.by}


def _settle_row(decisions: Sequence[Decision]) -> Iterator[SettledDecision]:
    """Settle what is done about one sample; nothing where its gold answer or its problem is what is wrong."""
    action = next((action for action in _STRICTEST if any(each.action is action for each in decisions)), None)
    if action is None or action is ReviewAction.DROP:
        return
    agreeing = sorted((each for each in decisions if each.action is action), key=lambda each: each.by)
    first = agreeing[0]
    if any((each.text, each.reasoning) != (first.text, first.reasoning) for each in agreeing):
        raise InputError(
            f"the reviews edit {first.row} in different ways",
            hint="settle it between the reviewers, and leave one of the lines out",
            keys=("reviews",),
        )
    yield SettledDecision(
        row=first.row,
        problem=first.problem,
        read=first.read,
        action=str(action),
        by=", ".join(each.by for each in agreeing),
        reason="; ".join(dict.fromkeys(each.reason for each in agreeing if each.reason)) or None,
        text=first.text,
        reasoning=first.reasoning,
    )


def _describe_reason(decision: Decision) -> str:
    return f"{decision.reason or 'dropped'} ({decision.by})"
