"""The gate: whether a version may go on, by what its student gained on the target and lost elsewhere."""

from collections.abc import Iterator, Sequence

from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import Gate
from cotloom.schemas.validation import Difference, Finding, Passed

UNDECIDED = frozenset({Finding.FLOOR, Finding.TOO_FEW_SEEDS})
"""Findings that say nothing about the version."""


def gate_of(gate: Gate, differences: Sequence[Difference], retention: Sequence[Difference]) -> Passed:
    """Hold a version's gain and loss against what the student recipe allows.

    Args:
        gate: what it allows.
        differences: comparisons on what the version teaches.
        retention: comparisons on what should be kept.

    Returns:
        Passed where the whole interval of every gain lies above `gate.gain`, and no loss of general ability is beyond
        `gate.loss` with its whole interval. Null where students can't say: at the floor, or for want of seeds.
    """
    against = {str(gate.against), "parent"}
    gains = [one for one in differences if _of(one, against) and one.kind is SetKind.TARGET]
    losses = [one for one in retention if _of(one, against)]
    undecided = [one for one in gains if one.verdict in UNDECIDED]
    if undecided or not gains:
        told = [f"no verdict against {one.against}: {one.verdict.value}" for one in undecided]
        return Passed(passed=None, reasons=tuple(told or [f"there is no arm {gate.against} to hold it against"]))
    failed = [*_gains(gate, gains), *_losses(gate, losses)]
    return Passed(passed=not failed, reasons=tuple(failed or _fine(gate, gains, losses)))


def _of(difference: Difference, against: set[str]) -> bool:
    return difference.arm == "version" and difference.against in against


def _gains(gate: Gate, gains: Sequence[Difference]) -> Iterator[str]:
    for one in gains:
        if one.low <= gate.gain:
            yield f"gain over {one.against} {_points(one)}, above {100 * gate.gain:g} points is asked for"


def _losses(gate: Gate, losses: Sequence[Difference]) -> Iterator[str]:
    for one in losses:
        if one.high < -gate.loss:
            yield f"{one.asked.set} against {one.against} {_points(one)}, {100 * gate.loss:g} points may be lost"


def _fine(gate: Gate, gains: Sequence[Difference], losses: Sequence[Difference]) -> Iterator[str]:
    yield from (f"gain over {one.against} {_points(one)}" for one in gains)
    yield from (f"{one.asked.set} against {one.against} {_points(one)}" for one in losses)
    if not losses:
        yield f"what is lost elsewhere was not measured against {gate.against}"


def _points(one: Difference) -> str:
    return f"{100 * one.difference:+.1f} points [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"
