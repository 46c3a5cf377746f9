"""Which change explains a difference.

A difference is explained by what acts at its origin, the first stage at which anything of its problem differs. Where
nothing does, it follows from other rows: one more problem may take a place that another had.
"""

from collections.abc import Iterator, Mapping, Sequence

from ...schemas.reasons import Reason, Stage
from .changes import KEYS_BY_REASON, Change
from .rows import STAGE_RANK, RowDifference

NEW_ANSWERS = "new answers"
ANSWERS: Mapping[RowDifference, str] = {
    RowDifference.REMOVED: "answers that are not there any more",
    RowDifference.REWRITTEN: "other answers to the same requests",
}
"""What explains samples where no key of the teacher changed."""

FOLLOWS = "follows from other rows"
"""What explains rows whose own problem did not change before the stage that decided them."""

UNKNOWN = "nothing in the manifests tells: another ledger, or another build of the same code"
"""What is said where the manifests are the same."""


def find_causes(
    difference: RowDifference, reasons: Sequence[str | None], stages: tuple[Stage, Stage], changes: Sequence[Change]
) -> tuple[str, ...]:
    """Find what explains a group of differences.

    Args:
        difference: how its rows differ.
        reasons: what they were and are: `kept`, or why they are dropped.
        stages: the first stage at which anything of their problems differs, and the stage that decided them.
        changes: what differs between the manifests.

    Returns:
        The texts of the changes, the most telling ones only; never empty.
    """
    origin, stage = stages
    acting = [change for change in changes if origin in change.stages]
    if acting and origin == stage:
        acting = list(_choose_keys(acting, reasons)) or acting
    if acting:
        return tuple(change.text for change in acting)
    if origin is Stage.TEACHER:
        return (NEW_ANSWERS if Reason.REQUEST_FAILED in reasons else ANSWERS.get(difference, NEW_ANSWERS),)
    earlier = [change for change in changes if any(STAGE_RANK[own] <= STAGE_RANK[stage] for own in change.stages)]
    return tuple(f"{FOLLOWS} ({change.text})" for change in earlier) or (FOLLOWS if changes else UNKNOWN,)


def _choose_keys(changes: Sequence[Change], reasons: Sequence[str | None]) -> Iterator[Change]:
    """Prefer the changes of the keys that the reasons speak of; new code may act on any of them."""
    keys = [KEYS_BY_REASON[Reason(reason)] for reason in reasons if reason in set(KEYS_BY_REASON)]
    for change in changes:
        if any(change.key == key or change.key.startswith(f"{key}.") for key in keys):
            yield change
