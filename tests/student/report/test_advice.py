from dataclasses import replace

import numpy as np
import pytest

from cotloom.builder.student.report.advice import AdviceFacts, advise, collect_facts
from cotloom.builder.student.statistics.compare import compare_conditions
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.student import Gate
from cotloom.schemas.validation import CurvePoint, EvalSetting, TrainingRun
from tests.student.synthetic_outcomes import make_outcome_table, make_outcomes, repeat_correct, sample_correct


def curve(*means: float) -> tuple[CurvePoint, ...]:
    shares = (1 / 16, 1 / 4, 1)
    return tuple(
        CurvePoint(at=at, rows=int(1600 * at), mean=mean, low=mean - 0.03, high=mean + 0.03)
        for at, mean in zip(shares, means, strict=True)
    )


GOOD = AdviceFacts(
    pass_rate=0.95, unsolved=0.01, samples_per_problem=4.0, paths_per_problem=2.5, formats=frozenset({"zero_shot_cot"}),
    unreadable=0.01, truncated=0.0, wrong_steps=0.01, right=0.8, unasked=0.1, general_loss=0.01, converged=True,
    data_curve=curve(0.6, 0.79, 0.8), path_curve=curve(0.78, 0.8, 0.8),
)  # fmt: skip
RULES = {
    "train more steps": {"converged": False},
    "add problems": {"data_curve": curve(0.3, 0.5, 0.7)},
    "sample more answers": {"path_curve": curve(0.6, 0.7, 0.75)},
    "better teacher": {"pass_rate": 0.3, "unsolved": 0.4},
    "shorter rationales": {"truncated": 0.2},
    "clear final answer": {"unreadable": 0.12},
    "drop rationales with wrong steps": {"wrong_steps": 0.3},
    "check more than the equations": {"wrong_steps": 0.3, "steps_checked": True},
    "mix more general": {"general_loss": 0.09},
    "add a format without reasoning": {"unasked": 0.8},
    "give formats without reasoning more weight": {"unasked": 0.8, "formats": frozenset({"zero_shot_answer"})},
}


def test_nothing_is_advised_where_nothing_is_amiss_or_nothing_is_known():
    assert advise(GOOD) == []
    assert advise(AdviceFacts()) == []


@pytest.mark.parametrize(("what", "facts"), RULES.items(), ids=RULES)
def test_each_fault_has_its_advice(what, facts):
    (advice,) = advise(replace(GOOD, **facts))

    assert what in advice.what


def test_advice_holds_the_figures_it_rests_on():
    (advice,) = advise(replace(GOOD, data_curve=curve(0.3, 0.5, 0.712)))

    assert advice.why == "accuracy still rises with data: 30.0% on 100 rows, 50.0% on 400 rows, 71.2% on 1,600 rows"


def test_advice_on_a_loss_names_the_condition_and_whether_the_gate_counts_it():
    exemption = "This comparison is not part of the gate."
    lost = replace(GOOD, general_loss=0.677, general_against="untrained")

    (advice,) = advise(lost)
    (exempt,) = advise(replace(lost, gate_exemption=exemption))

    assert advice.why == "general ability fell by 67.7 points against the untrained student; the gate allows 5.0"
    assert exempt.why == f"general ability fell by 67.7 points against the untrained student. {exemption}"


def test_what_promises_most_comes_first_and_what_nobody_measured_last():
    facts = replace(
        GOOD, unasked=0.9, paths_per_problem=1.2, pass_rate=0.6, path_curve=(), unreadable=0.3,
        data_curve=curve(0.5, 0.6, 0.7),
    )  # fmt: skip

    assert [advice.what.split(" (")[0] for advice in advise(facts)] == [
        "keep only rationales that end in a clear final answer",
        "add problems",
        "sample more answers for each problem",
        "add a format without reasoning",
    ]
    assert advise(replace(facts, converged=False))[0].what == "train more steps"


def test_a_measured_curve_of_paths_overrules_a_guess():
    flat = replace(GOOD, paths_per_problem=1.2, pass_rate=0.6, path_curve=curve(0.7, 0.8, 0.805))

    assert advise(flat) == []


def test_facts_are_read_off_a_version_and_its_outcomes(quickstart):
    answers = sample_correct(0.5, problems=20)
    told = make_outcome_table(
        make_outcomes("version", answers, reasoned=True, wrong_steps=1),
        make_outcomes("version", answers, format="zero_shot_answer", reasoned=True, wrong_steps=1),
        make_outcomes("answer_only", np.zeros_like(answers), format="zero_shot_answer"),
    )
    general = {"set": "general", "kind": SetKind.GENERAL, "format": "as_is"}
    kept = make_outcome_table(
        make_outcomes("version", repeat_correct(0.3), **general),
        make_outcomes("untrained", repeat_correct(0.6, seed=1), **general),
    )
    lost = compare_conditions(kept, "version", "untrained", EvalSetting(set="general", format="as_is"))
    arms = [TrainingRun(condition="version", rows=9, steps=5, seeds=(0, 1, 2), final_loss=1.0, converged=False)]
    facts = collect_facts(
        quickstart, told, arms, retention=[lost], gate=Gate(loss=0.1), curves={"data": curve(0.1, 0.2, 0.3)}
    )
    samples = quickstart.read_table("samples")
    unhinted = samples.filter(hint="none")

    assert facts.pass_rate == pytest.approx((unhinted["verdict"] == Verdict.CORRECT).mean())
    assert facts.samples_per_problem == pytest.approx(samples.height / samples["problem_id"].n_unique())
    assert facts.paths_per_problem >= 1
    assert "zero_shot_cot" in facts.formats
    assert facts.steps_checked
    assert (facts.wrong_steps, facts.unasked, facts.unreadable) == (1.0, 1.0, 0.0)
    assert facts.right == pytest.approx(answers.mean())
    assert facts.general_loss == pytest.approx(-lost.difference)
    assert facts.general_against == "untrained"
    assert "not part of the gate" in facts.gate_exemption
    assert (facts.allowed_loss, facts.converged) == (0.1, False)
    assert advise(facts)[0].what == "train more steps"
