"""Means over tasks and sets: each task, or each set, has the same weight, whatever its number of problems."""

from dataclasses import replace

import numpy as np
import pytest

from cotloom.builder.student.statistics.compare import compare_conditions, compute_score, list_settings
from cotloom.builder.student.statistics.gate import apply_gate
from cotloom.schemas.outcome import Average, Decoding, SetKind
from cotloom.schemas.student import Gate
from cotloom.schemas.validation import EvalSetting
from tests.student.synthetic_outcomes import make_outcome_table, make_outcomes, sample_correct

FORMAT = "zero_shot_cot"


def make_tasks(condition, shares, *, name="bbh", kind=SetKind.OTHER, **keys):
    """Outcomes of a set whose tasks have 10, 20, 30, ... problems, and exactly these accuracies for every seed."""
    rows = []
    for number, share in enumerate(shares, 1):
        right = np.arange(10 * number) < round(share * 10 * number)
        made = make_outcomes(condition, np.tile(right, (3, 1)), set=name, kind=kind, task=f"task {number}", **keys)
        rows += [replace(row, problem_id=f"{number}:{row.problem_id}", group=f"{number}:{row.group}") for row in made]
    return rows


def test_tasks_count_alike_beside_the_plain_mean():
    table = make_outcome_table(make_tasks("version", (1.0, 0.5, 0.0)))
    plain, macro = list_settings(table)
    assert (plain.average, macro.average) == (Average.PROBLEMS, Average.TASKS)
    assert compute_score(table, "version", plain).mean == pytest.approx(20 / 60)
    score = compute_score(table, "version", macro)
    assert score.mean == pytest.approx(0.5)
    assert 0 <= score.low <= score.mean <= score.high <= 1
    assert score.by_seed == pytest.approx((0.5,) * 3)


def test_sets_count_alike_and_general_ones_apart():
    table = make_outcome_table(
        make_tasks("version", (0.5,), name="small"),
        make_outcomes("version", np.ones((3, 90), bool), set="large", kind=SetKind.OTHER),
        make_tasks("version", (0.1,), name="mmlu", kind=SetKind.GENERAL, format="as_is"),
        make_tasks("version", (0.2,), kind=SetKind.TARGET, name="held_out"),
    )
    settings = list_settings(table)
    (mean,) = [setting for setting in settings if setting.average is Average.SETS]
    assert (mean.set, mean.format) == ("other", FORMAT)
    assert compute_score(table, "version", mean).mean == pytest.approx(0.75)  # the same ids stand in both sets
    assert Average.TASKS not in {setting.average for setting in settings}


def test_conditions_are_compared_in_a_mean_over_tasks():
    table = make_outcome_table(make_tasks("version", (1.0, 1.0, 0.5)), make_tasks("answer_only", (0.0, 0.5, 0.5)))
    found = compare_conditions(
        table, "version", "answer_only", EvalSetting(set="bbh", format=FORMAT, average=Average.TASKS)
    )
    assert found.difference == pytest.approx((1.0 + 0.5 + 0.0) / 3)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"format": "as_is"}, "mmlu"),
        ({"format": "zero_shot_cot"}, r"mmlu (zero_shot_cot)"),
        ({"format": "as_is", "decoding": Decoding.MAJORITY}, "mmlu (as_is, majority vote)"),
    ],
)
def test_general_sets_count_in_the_gate_however_they_are_asked(asked, name):
    general = {"set": "mmlu", "kind": SetKind.GENERAL, **asked}
    table = make_outcome_table(
        make_outcomes("version", sample_correct(0.9)),
        make_outcomes("answer_only", sample_correct(0.3, seed=1)),
        make_outcomes("version", sample_correct(0.2, seed=2), **general),
        make_outcomes("answer_only", sample_correct(0.9, seed=3), **general),
    )
    gain = compare_conditions(table, "version", "answer_only", EvalSetting(set="held_out", format=FORMAT))
    loss = compare_conditions(table, "version", "answer_only", EvalSetting(set="mmlu", **asked))
    result = apply_gate(Gate(), [gain], [loss])
    assert result.passed is False
    assert result.reasons[0].startswith(f"{name} against answers without reasoning: -")
