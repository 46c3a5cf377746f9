"""The gate: whether a version passes, by what its student gained on the target and lost on general tasks."""

from collections.abc import Iterator, Sequence

from ....schemas.outcome import Average, Decoding, SetKind
from ....schemas.student import Gate
from ....schemas.validation import Difference, DifferenceVerdict, EvalSetting, GateResult
from ...format.templates import AS_IS
from ...report.sentences import describe_condition

UNDECIDED = frozenset({DifferenceVerdict.FLOOR, DifferenceVerdict.TOO_FEW_SEEDS})
"""Verdicts that say nothing about the version."""


def apply_gate(gate: Gate, differences: Sequence[Difference], retention: Sequence[Difference]) -> GateResult:
    """Compare a version's gain and loss with what the student recipe allows.

    Args:
        gate: the thresholds.
        differences: comparisons on the target and other sets.
        retention: comparisons on the general sets, in every format and decoding that they were asked in. Means over
            tasks and sets only repeat them, and do not count.

    Returns:
        Passed if the whole interval of every gain lies above `gate.gain`, and no interval of a loss of general ability
        lies wholly beyond `gate.loss`. Null if a gain has no verdict: at the floor, or with too few seeds.
    """
    against = list_gate_conditions(gate)
    gains = [gain for gain in differences if _is_against(gain, against) and gain.kind is SetKind.TARGET]
    losses = [loss for loss in retention if _is_against(loss, against)]
    undecided = [gain for gain in gains if gain.verdict in UNDECIDED]
    if undecided or not gains:
        reasons = [f"no verdict against {describe_condition(gain.against)}: {gain.verdict.value}" for gain in undecided]
        return GateResult(
            passed=None,
            reasons=tuple(
                reasons or [f"the condition {gate.against} was not trained, so that there is nothing to compare with"]
            ),
        )
    failures = [*_list_small_gains(gate, gains), *_list_large_losses(gate, losses)]
    return GateResult(passed=not failures, reasons=tuple(failures or _list_results(gate, gains, losses)))


def list_gate_conditions(gate: Gate) -> tuple[str, ...]:
    """List the conditions that the gate compares the version with; `parent` counts where the version has one."""
    return tuple(dict.fromkeys((str(gate.against), "parent")))


def _is_against(difference: Difference, against: Sequence[str]) -> bool:
    is_plain = difference.setting.average is Average.PROBLEMS
    return is_plain and difference.condition == "version" and difference.against in against


def _list_small_gains(gate: Gate, gains: Sequence[Difference]) -> Iterator[str]:
    for gain in gains:
        if gain.low <= gate.gain:
            yield f"{_format_gain(gain)}, but more than {100 * gate.gain:g} points are required with the whole interval"


def _list_large_losses(gate: Gate, losses: Sequence[Difference]) -> Iterator[str]:
    for loss in losses:
        if loss.high < -gate.loss:
            yield f"{_format_loss(loss)}, but a loss of at most {100 * gate.loss:g} points is allowed"


def _list_results(gate: Gate, gains: Sequence[Difference], losses: Sequence[Difference]) -> Iterator[str]:
    yield from map(_format_gain, gains)
    yield from map(_format_loss, losses)
    if not losses:
        yield f"the loss of general ability was not measured against {describe_condition(gate.against)}"


def _format_gain(gain: Difference) -> str:
    return f"gain over {describe_condition(gain.against)}: {_format_points(gain)}"


def _format_loss(loss: Difference) -> str:
    return f"{name_general(loss.setting)} against {describe_condition(loss.against)}: {_format_points(loss)}"


def name_general(setting: EvalSetting) -> str:
    """Name a setting of general ability: the set, and how it was asked where that is not the plain question."""
    vote = "" if setting.decoding is Decoding.GREEDY else f", {setting.decoding} vote"
    return setting.set if (setting.format, vote) == (AS_IS, "") else f"{setting.set} ({setting.format}{vote})"


def _format_points(difference: Difference) -> str:
    low, high = 100 * difference.low, 100 * difference.high
    return f"{100 * difference.difference:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"
