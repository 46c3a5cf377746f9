"""The gate: a version is let through for a gain that is sure and a loss that is not, or not spoken of at all."""

import pytest
from pydantic import ValidationError

from cotloom.builder.student.experiment.conditions import CONDITIONS
from cotloom.builder.student.statistics.gate import apply_gate
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import Gate
from cotloom.schemas.validation import Difference, DifferenceVerdict, EvalSetting

WIDTH = 0.02


def difference(value, *, against="answer_only", kind=SetKind.TARGET, verdict=None, **keys):
    """A difference with an interval of four points."""
    low, high = value - WIDTH, value + WIDTH
    called = (
        DifferenceVerdict.BETTER
        if low > 0
        else DifferenceVerdict.WORSE
        if high < 0
        else DifferenceVerdict.NOT_DISTINGUISHABLE
    )
    return Difference(**{
        "condition": "version", "against": against, "kind": kind,
        "setting": EvalSetting(set=kind.value, format="as_is"),
        "difference": value, "low": low, "high": high, "error": WIDTH / 2, "by_seed": (value,) * 3, "problems": 100,
        "groups": 100, "verdict": verdict or called, "smallest_effect": 0.03, **keys,
    })  # fmt: skip


def kept(value, **keys):
    return difference(value, kind=SetKind.GENERAL, **keys)


def test_a_sure_gain_without_a_loss_is_let_through():
    found = apply_gate(Gate(), [difference(0.10)], [kept(0.0)])
    assert found.passed is True
    assert "+10.0 points" in found.reasons[0]


@pytest.mark.parametrize("gain", [0.0, 0.01, -0.10])
def test_a_gain_that_is_not_sure_is_not_let_through(gain):
    found = apply_gate(Gate(), [difference(gain)], [kept(0.0)])
    assert found.passed is False
    assert "gain over answers without reasoning" in found.reasons[0]


@pytest.mark.parametrize(("asked_for", "passed"), [(0.05, True), (0.08, False), (0.09, False)])
def test_the_whole_interval_lies_above_the_gain_that_is_asked_for(asked_for, passed):
    assert apply_gate(Gate(gain=asked_for), [difference(0.10)], [kept(0.0)]).passed is passed


@pytest.mark.parametrize(("lost", "passed"), [(-0.05, True), (-0.069, True), (-0.08, False)])
def test_a_loss_is_too_large_where_its_whole_interval_is(lost, passed):
    found = apply_gate(Gate(loss=0.05), [difference(0.10)], [kept(lost)])
    assert found.passed is passed
    assert passed or "general" in found.reasons[0]


def test_every_reason_that_a_version_is_held_back_for_is_said():
    found = apply_gate(Gate(), [difference(0.0)], [kept(-0.2)])
    assert found.passed is False
    assert len(found.reasons) == 2


def test_a_parent_must_be_beaten_too():
    found = apply_gate(Gate(), [difference(0.10), difference(0.0, against="parent")], [])
    assert found.passed is False
    assert "parent" in found.reasons[0]


def test_other_arms_and_other_sets_take_no_part():
    others = [
        difference(-0.3, against="single_path"),
        difference(-0.3, condition="parent_as_version", against="answer_only"),
        difference(-0.3, kind=SetKind.OTHER),
    ]
    assert apply_gate(Gate(), [difference(0.10), *others], [kept(-0.3, against="untrained")]).passed is True


@pytest.mark.parametrize("verdict", [DifferenceVerdict.FLOOR, DifferenceVerdict.TOO_FEW_SEEDS])
def test_students_that_say_nothing_leave_the_gate_without_a_word(verdict):
    found = apply_gate(Gate(), [difference(0.10, verdict=verdict)], [kept(-0.3)])
    assert found.passed is None
    assert verdict.value in found.reasons[0]


def test_one_comparison_that_says_nothing_is_enough_to_be_undecided():
    against_parent = difference(0.10, against="parent", verdict=DifferenceVerdict.FLOOR)
    assert apply_gate(Gate(), [difference(0.10), against_parent], []).passed is None


def test_an_arm_that_was_not_trained_can_not_be_held_against():
    found = apply_gate(Gate(against="shuffled"), [difference(0.10)], [])
    assert found.passed is None
    assert "shuffled" in found.reasons[0]


def test_a_loss_that_was_not_measured_is_said_not_to_be():
    found = apply_gate(Gate(), [difference(0.10)], [])
    assert found.passed is True
    assert "not measured" in found.reasons[-1]


@pytest.mark.parametrize("against", [one for one in CONDITIONS if one != "version"])
def test_a_version_can_be_held_against_every_other_arm(against):
    assert Gate(against=against).against == against


def test_a_version_can_not_be_held_against_itself():
    with pytest.raises(ValidationError, match="against"):
        Gate(against="version")
