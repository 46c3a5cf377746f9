"""What decisions come to: what a build followed, the measured error rate, and the agreement of readers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from ...schemas.manifest import MeasuredErrors, ReaderAgreement, ReviewSummary
from ...schemas.review import Decision, Draw, ReviewAction
from ..recipe import Reviews
from .rates import compute_kappa, estimate_rate

_ERRORS = frozenset({ReviewAction.REJECT, ReviewAction.EDIT, ReviewAction.GOLD, ReviewAction.DROP})
"""What says that a row is wrong."""


def summarize_reviews(reviews: Reviews, applied: Mapping[str, int]) -> ReviewSummary | None:
    """Summarize what reviews did to a version; None where the recipe names none.

    Args:
        reviews: the decisions.
        applied: those that the version follows, by action.
    """
    if not reviews.decisions:
        return None
    wanted = len(reviews.settled) + len(reviews.golds) + len(reviews.dropped)
    followed = {name: applied[name] for name in sorted(applied) if applied[name]}
    return ReviewSummary(
        readers=tuple(sorted({decision.by for decision in reviews.decisions})),
        decisions=len(reviews.decisions),
        applied=followed,
        unmatched=max(0, wanted - sum(followed.values())),
        measured=tuple(measure_errors(reviews.decisions)),
        agreement=tuple(measure_agreement(reviews.decisions)),
    )


def measure_errors(decisions: Sequence[Decision]) -> Iterator[MeasuredErrors]:
    """Measure the error rate of each version of which rows were drawn at random.

    A row that several people read is an error where any of them says so.
    """
    by_version: dict[tuple[str, str | None], dict[str, list[Decision]]] = {}
    for decision in _keep_last(decisions):
        if decision.draw is Draw.RANDOM:
            key = (decision.version or "", decision.content)
            by_version.setdefault(key, {}).setdefault(decision.row, []).append(decision)
    for (version, content), rows in sorted(by_version.items(), key=lambda pair: (pair[0][0], pair[0][1] or "")):
        errors = sum(any(each.action in _ERRORS for each in read) for read in rows.values())
        unsure = sum({each.action for each in read} == {ReviewAction.UNSURE} for read in rows.values())
        low, high = estimate_rate(errors, len(rows))
        yield MeasuredErrors(
            version=version, content_digest=content, read=len(rows), errors=errors, unsure=unsure, low=low, high=high
        )


def measure_agreement(decisions: Sequence[Decision]) -> Iterator[ReaderAgreement]:
    """Measure how far each two readers agree about the rows that both read."""
    found: dict[str, dict[str, bool]] = {}
    for decision in _keep_last(decisions):
        if decision.action is not ReviewAction.UNSURE:
            found.setdefault(decision.by, {})[decision.row] = decision.action in _ERRORS
    for one, two in combinations(sorted(found), 2):
        pairs = [(found[one][row], found[two][row]) for row in sorted(found[one].keys() & found[two].keys())]
        if pairs:
            same = sum(first == second for first, second in pairs)
            yield ReaderAgreement(readers=(one, two), rows=len(pairs), same=same, kappa=compute_kappa(pairs))


def _keep_last(decisions: Sequence[Decision]) -> list[Decision]:
    """Keep what each reader decided last about each row."""
    return list({(decision.row, decision.by): decision for decision in decisions}.values())
