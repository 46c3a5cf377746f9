"""A validation from plan to gate, on synthetic outcomes: no student is trained."""

import polars as pl
import pytest

from cotloom.builder.student.evaluation.sets import GENERAL, HELD_OUT
from cotloom.builder.student.experiment import validate as validating
from cotloom.builder.student.experiment.plan import Controls, plan_validation
from cotloom.builder.student.experiment.run import StudentRun
from cotloom.builder.student.experiment.validate import validate
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import BaseTraining, Evaluation, Gate, StudentRecipe, TinyModel
from tests.student.synthetic_outcomes import make_outcome_table, make_outcomes, sample_correct

RECIPE = StudentRecipe(
    name="made",
    model=TinyModel(base=BaseTraining()),  # a base adds the general set
    evaluation=Evaluation(problems=40, formats=("zero_shot_cot",)),
    gate=Gate(against="answer_only", gain=0.0, loss=0.05),
)


@pytest.fixture
def plan(staged):
    return plan_validation(staged, None, RECIPE, Controls.DEFAULT)


@pytest.fixture
def validate_scores(plan, tmp_path, monkeypatch):
    """Validate with students whose accuracy on the target and on general tasks is given for each condition."""

    def run(scores):
        def make_run(job):
            target, general = (
                sample_correct(share, seeds=1, seed=job.seed + offset)
                for share, offset in zip(scores[job.condition], (0, 100), strict=True)
            )
            outcomes = make_outcome_table(
                *(
                    make_outcomes(job.condition_name, target, set=HELD_OUT, format=name)
                    for name in plan.recipe.evaluation.formats
                ),
                make_outcomes(job.condition_name, general, set=GENERAL, format="as_is", kind=SetKind.GENERAL),
            )
            return StudentRun(
                condition=job.condition_name,
                seed=job.seed,
                outcomes=outcomes.with_columns(seed=pl.lit(job.seed, pl.Int64)),
                curves=(),
                soft_share=None,
                rows=10,
                too_long=0,
                folder=tmp_path,
            )

        monkeypatch.setattr(validating, "run_jobs", lambda jobs, *_options: [make_run(job) for job in jobs])
        return validate(plan, tmp_path, 1)[0]

    return run


KEPT = {"version": (0.8, 0.9), "answer_only": (0.4, 0.9), "untrained": (0.1, 0.9)}
LOST = {**KEPT, "version": (0.8, 0.3)}


def test_the_plan_has_a_general_set(plan):
    assert {eval_set.name: eval_set.kind for eval_set in plan.sets} == {
        HELD_OUT: SetKind.TARGET, "general": SetKind.GENERAL,
    }  # fmt: skip


@pytest.mark.parametrize("scores", [KEPT, LOST], ids=["kept", "lost"])
def test_the_version_is_compared_with_every_other_condition_on_general_tasks(validate_scores, scores):
    validation = validate_scores(scores)
    assert [(loss.condition, loss.against, loss.setting.set) for loss in validation.retention] == [
        ("version", "answer_only", GENERAL),
        ("version", "untrained", GENERAL),
    ]
    assert {loss.kind for loss in validation.retention} == {SetKind.GENERAL}
    assert {gain.kind for gain in validation.differences} == {SetKind.TARGET}


def test_a_version_that_keeps_general_ability_passes(validate_scores):
    gate = validate_scores(KEPT).gate
    assert gate.passed is True
    assert any(reason.startswith("general against answers without reasoning") for reason in gate.reasons)


def test_a_version_that_loses_general_ability_does_not_pass(validate_scores):
    gate = validate_scores(LOST).gate
    assert gate.passed is False
    (reason,) = gate.reasons
    assert reason.startswith("general against answers without reasoning: -")
    assert "at most 5 points" in reason


def test_a_loss_within_what_the_gate_allows_passes(validate_scores):
    assert validate_scores({**KEPT, "version": (0.8, 0.88)}).gate.passed is True


def test_the_curve_is_that_of_the_shares_and_of_all_problems(validate_scores):
    assert [point.at for point in validate_scores(KEPT).data_curve] == [1 / 16, 1 / 4, 1.0]
