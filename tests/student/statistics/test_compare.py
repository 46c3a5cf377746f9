import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from cotloom.builder.errors import InputError
from cotloom.builder.student.statistics.bootstrap import draw_resamples, estimate_contrast
from cotloom.builder.student.statistics.compare import (
    ComparisonTerms,
    Measure,
    compare_conditions,
    compute_chance,
    compute_score,
    list_settings,
)
from cotloom.schemas.frames import to_frame
from cotloom.schemas.outcome import Decoding, SetKind
from cotloom.schemas.problem import Problem
from cotloom.schemas.validation import Difference, DifferenceVerdict, EvalSetting
from tests.student.synthetic_outcomes import SETTING, make_outcome_table, make_outcomes, repeat_correct, sample_correct


def students(rng, *, gain: float, spread: float, problems: int = 200, seeds: int = 3) -> list[np.ndarray]:
    """Two arms on problems of different difficulty, each student with a luck of its own. Each (seeds, problems)."""
    hard = rng.normal(0, 1.5, problems)
    arms = []
    for more in (gain, 0.0):
        chance = 1 / (1 + np.exp(-hard - rng.normal(0, 0.6, problems)))
        room = 4 * chance * (1 - chance)
        luck = rng.normal(0, spread, (seeds, 1)) + more
        arms.append((rng.random((seeds, problems)) < np.clip(chance + luck * room / room.mean(), 0, 1)).astype(float))
    return arms


def called(*, gain: float, spread: float, trials: int, **size) -> tuple[float, float]:
    """Shares of simulated comparisons that are called better, and worse."""
    rng, calls = np.random.default_rng(7), []
    for _ in range(trials):
        one, other = students(rng, gain=gain, spread=spread, **size)
        draws = draw_resamples(np.arange(one.shape[1]), 400, 0)
        found = estimate_contrast({1: one, -1: other}, draws, seed_variance=True, is_share=True)
        calls.append((found.low > 0, found.high < 0))
    better, worse = np.mean(calls, axis=0)
    return float(better), float(worse)


@pytest.mark.parametrize("spread", [0.0, 0.03, 0.06])
def test_students_that_differ_by_luck_alone_are_seldom_called_different(spread):
    assert sum(called(gain=0.0, spread=spread, trials=400)) <= 0.07


def test_intervals_are_not_so_wide_that_nothing_is_ever_called():
    better, worse = called(gain=0.12, spread=0.03, trials=200)

    assert better >= 0.65
    assert worse == 0


def test_more_seeds_find_more():
    few, _ = called(gain=0.07, spread=0.03, trials=150)
    many, _ = called(gain=0.07, spread=0.03, trials=150, seeds=6)

    assert many > few + 0.15


def test_the_smallest_effect_is_called_in_about_four_of_five_cases():
    rng = np.random.default_rng(3)
    reach = []
    for _ in range(60):
        one, other = students(rng, gain=0.0, spread=0.03)
        draws = draw_resamples(np.arange(200), 400, 0)
        reach.append(estimate_contrast({1: one, -1: other}, draws, seed_variance=True, is_share=True).detectable_effect)
    better, _ = called(gain=float(np.mean(reach)), spread=0.03, trials=150)

    assert 0.65 <= better <= 0.92


def test_a_large_difference_is_called_better_and_the_other_way_round_worse():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.8)), make_outcomes("answer_only", sample_correct(0.3, seed=1))
    )
    better = compare_conditions(outcomes, "version", "answer_only", SETTING)
    worse = compare_conditions(outcomes, "answer_only", "version", SETTING)

    assert (better.verdict, worse.verdict) == (DifferenceVerdict.BETTER, DifferenceVerdict.WORSE)
    assert better.difference == pytest.approx(sample_correct(0.8).mean() - sample_correct(0.3, seed=1).mean())
    assert better.low > 0.35
    assert worse.difference == pytest.approx(-better.difference)
    assert len(better.by_seed) == 3
    assert np.mean(better.by_seed) == pytest.approx(better.difference)


def test_arms_alike_are_not_distinguishable_and_the_smallest_effect_is_said():
    outcomes = make_outcome_table(
        make_outcomes("version", repeat_correct(0.5)), make_outcomes("answer_only", repeat_correct(0.5, seed=1))
    )
    found = compare_conditions(outcomes, "version", "answer_only", SETTING)

    assert found.verdict is DifferenceVerdict.NOT_DISTINGUISHABLE
    assert found.low < 0 < found.high
    assert (found.high - found.low) / 2 < found.smallest_effect < 0.25


def test_the_same_outcomes_give_the_same_interval_whatever_their_order():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.6)), make_outcomes("answer_only", sample_correct(0.5, seed=1))
    )

    assert compare_conditions(outcomes, "version", "answer_only", SETTING) == compare_conditions(
        outcomes.sample(fraction=1, shuffle=True, seed=3), "version", "answer_only", SETTING
    )


def test_problems_are_paired():
    easy = np.tile(np.arange(200) % 2 == 0, (3, 1))
    one, other = easy.copy(), easy.copy()
    one[:, 1:40:2] = True  # the same problems as the other arm's, and twenty more
    paired = compare_conditions(
        make_outcome_table(make_outcomes("version", one), make_outcomes("parent", other)), "version", "parent", SETTING
    )
    apart = compare_conditions(
        make_outcome_table(make_outcomes("version", one), make_outcomes("parent", np.roll(other, 1, axis=1))),
        "version",
        "parent",
        SETTING,
    )

    assert paired.difference == pytest.approx(0.1)
    assert paired.error < apart.error / 2


def test_problems_of_one_group_count_as_one():
    copies = np.repeat(repeat_correct(0.6, problems=40), 5, axis=1)
    other = np.repeat(repeat_correct(0.5, problems=40, seed=1), 5, axis=1)
    together = compare_conditions(
        make_outcome_table(
            make_outcomes("version", copies, group_size=5), make_outcomes("parent", other, group_size=5)
        ),
        "version", "parent", SETTING,
    )  # fmt: skip
    apart = compare_conditions(
        make_outcome_table(make_outcomes("version", copies), make_outcomes("parent", other)),
        "version",
        "parent",
        SETTING,
    )

    assert (together.groups, apart.groups) == (40, 200)
    assert together.error > 1.5 * apart.error


def test_students_that_differ_by_seed_widen_the_interval():
    wild = np.stack([sample_correct(share, seeds=1, seed=9)[0] for share in (0.3, 0.5, 0.7)])
    other = make_outcomes("parent", sample_correct(0.5, seed=1))
    one = compare_conditions(
        make_outcome_table(make_outcomes("version", repeat_correct(0.5)), other), "version", "parent", SETTING
    )
    two = compare_conditions(make_outcome_table(make_outcomes("version", wild), other), "version", "parent", SETTING)

    assert two.high - two.low > 2 * (one.high - one.low)


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_get_an_interval_and_no_verdict(seeds):
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.9, seeds=seeds)),
        make_outcomes("parent", sample_correct(0.1, seeds=seeds)),
    )
    found = compare_conditions(outcomes, "version", "parent", SETTING)
    one = compute_score(outcomes, "version", SETTING)

    assert found.verdict is DifferenceVerdict.TOO_FEW_SEEDS
    assert found.smallest_effect is None
    assert found.low > 0.5
    assert "seed" in found.notes[0]
    assert "over problems alone" in one.notes[0]


def test_the_untrained_student_needs_no_seeds():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.6)), make_outcomes("untrained", sample_correct(0.1, seeds=1))
    )
    found = compare_conditions(outcomes, "version", "untrained", SETTING)

    assert found.verdict is DifferenceVerdict.BETTER
    assert len(found.by_seed) == 3


def test_arms_near_chance_are_on_the_floor_even_where_they_differ():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.02, 1000)), make_outcomes("parent", np.zeros((3, 1000)))
    )

    assert compare_conditions(outcomes, "version", "parent", SETTING).verdict is DifferenceVerdict.FLOOR
    near_chance = make_outcome_table(
        make_outcomes("version", repeat_correct(0.3, 1000)), make_outcomes("parent", repeat_correct(0.28, 1000, seed=1))
    )
    low = compare_conditions(near_chance, "version", "parent", SETTING, terms=ComparisonTerms(chance=0.3))
    assert low.verdict is DifferenceVerdict.FLOOR
    assert "35.0%" in low.notes[0]


def test_one_arm_above_the_floor_is_enough_for_a_verdict():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.4)), make_outcomes("parent", np.zeros((3, 200)))
    )

    assert compare_conditions(outcomes, "version", "parent", SETTING).verdict is DifferenceVerdict.BETTER


def test_an_arm_that_still_learns_is_on_the_floor_unless_equal_steps_are_the_budget():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.8)), make_outcomes("parent", sample_correct(0.3, seed=1))
    )
    converged = {"version": True, "parent": False}
    found = compare_conditions(outcomes, "version", "parent", SETTING, terms=ComparisonTerms(converged=converged))
    equal = compare_conditions(
        outcomes, "version", "parent", SETTING, terms=ComparisonTerms(converged=converged, equal_steps=True)
    )

    assert (found.verdict, equal.verdict) == (DifferenceVerdict.FLOOR, DifferenceVerdict.BETTER)
    assert "parent" in found.notes[0]
    assert "equal steps" in equal.notes[0]


def test_two_arms_at_the_ceiling_have_nothing_left_to_gain():
    most = sample_correct(0.999, 1000)
    found = compare_conditions(
        make_outcome_table(make_outcomes("version", most), make_outcomes("parent", most)), "version", "parent", SETTING
    )

    assert found.verdict is DifferenceVerdict.NOT_DISTINGUISHABLE
    assert "nothing is left to gain" in found.notes[0]


def test_answers_all_alike_still_have_an_interval():
    outcomes = make_outcome_table(make_outcomes("version", np.ones((3, 50))), make_outcomes("parent", np.ones((3, 50))))
    one, found = compute_score(outcomes, "version", SETTING), compare_conditions(outcomes, "version", "parent", SETTING)

    assert (one.mean, one.high) == (1, 1)
    assert one.low == pytest.approx(0.025 ** (1 / 50))
    assert found.low < 0 < found.high
    assert found.smallest_effect > 0


def test_few_groups_are_told_of():
    outcomes = make_outcome_table(make_outcomes("version", sample_correct(0.5, problems=12)))

    assert "12 groups" in compute_score(outcomes, "version", SETTING).notes[0]


def test_a_standing_has_the_mean_of_every_seed():
    answers = sample_correct(0.4)
    found = compute_score(
        make_outcome_table(make_outcomes("version", answers)), "version", SETTING, terms=ComparisonTerms(chance=0.25)
    )

    assert found.by_seed == pytest.approx(answers.mean(axis=1))
    assert found.low < found.mean < found.high
    assert (found.problems, found.groups, found.chance) == (200, 200, 0.25)


def test_nats_are_compared_like_shares_and_problems_without_a_value_are_left_out():
    rng = np.random.default_rng(0)
    both = make_outcome_table(
        make_outcomes("version", sample_correct(0.5)), make_outcomes("parent", sample_correct(0.5))
    )
    nats = pl.Series(rng.normal(-3, 1, both.height) + (both["condition"] == "version") * 2.0)
    outcomes = both.with_columns(gold_logprob=nats).with_columns(
        pl.when(pl.col("problem_id") != "p_0007").then("gold_logprob")
    )
    found = compare_conditions(outcomes, "version", "parent", SETTING, measure="gold_logprob")

    assert found.verdict is DifferenceVerdict.BETTER
    assert found.difference == pytest.approx(2, abs=0.3)
    assert (found.problems, found.notes) == (199, ("1 problems without a value are left out",))
    with pytest.raises(InputError, match="gold_logprob was not measured"):
        compare_conditions(both, "version", "parent", SETTING, measure="gold_logprob")


def test_more_answers_that_cannot_be_read_are_worse():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.5)), make_outcomes("parent", sample_correct(0.5))
    )
    lost = outcomes.with_columns(
        verdict=pl.when(condition="version").then(pl.lit("no_answer")).otherwise("verdict"), correct=pl.lit(value=False)
    )

    assert (
        compare_conditions(lost, "version", "parent", SETTING, measure="unreadable").verdict is DifferenceVerdict.WORSE
    )


def test_anything_that_polars_can_work_out_can_be_compared():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.5), tokens=30),
        make_outcomes("parent", sample_correct(0.5), tokens=20),
    )
    long = Measure(name="long", value=pl.col("tokens") > 25)

    assert compare_conditions(outcomes, "version", "parent", SETTING, measure=long).difference == 1
    with pytest.raises(InputError, match="no measure 'speed'") as caught:
        compare_conditions(outcomes, "version", "parent", SETTING, measure="speed")
    assert "gold_logprob" in caught.value.hint


def test_a_missing_arm_is_an_error_that_says_what_is_there():
    outcomes = make_outcome_table(make_outcomes("version", sample_correct(0.5)))

    with pytest.raises(InputError, match="no outcomes of parent") as caught:
        compare_conditions(outcomes, "version", "parent", SETTING)
    assert caught.value.hint == "available: version"
    with pytest.raises(InputError, match="majority") as caught:
        compute_score(
            outcomes, "version", EvalSetting(set="held_out", format="zero_shot_cot", decoding=Decoding.MAJORITY)
        )
    assert "no outcomes at all" in caught.value.hint


def test_students_asked_other_problems_are_not_compared():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.5)), make_outcomes("parent", sample_correct(0.5, problems=190))
    )
    twice = make_outcome_table(
        make_outcomes("version", sample_correct(0.5)),
        make_outcomes("version", sample_correct(0.5)),
        make_outcomes("parent", sample_correct(0.5)),
    )

    with pytest.raises(InputError, match="10 problems"):
        compare_conditions(outcomes, "version", "parent", SETTING)
    with pytest.raises(InputError, match="200 problems"):
        compare_conditions(twice, "version", "parent", SETTING)


def test_the_ways_of_asking_are_listed_and_what_is_taught_comes_first():
    answers = sample_correct(0.5, 5)
    outcomes = make_outcome_table(
        make_outcomes("version", answers),
        make_outcomes("version", answers, format="zero_shot_answer"),
        make_outcomes("version", answers, set="a", kind=SetKind.GENERAL, format="as_is"),
    )

    assert [asked.format for asked in list_settings(outcomes)] == ["zero_shot_answer", "zero_shot_cot", "as_is"]


def test_chance_is_the_most_frequent_answer_or_a_guess_among_the_choices():
    def problems(*answers: str, choices: tuple[str, ...] = ()):
        return to_frame(
            [Problem(problem_id=f"p{n}", source="s", origin="o", answer=gold, choices=choices)
             for n, gold in enumerate(answers)], Problem)  # fmt: skip

    assert compute_chance(problems("yes", "Yes ", "no", "no", "no")) == pytest.approx(0.6)
    assert compute_chance(problems("a", "b", "c", "d", choices=("1", "2"))) == pytest.approx(0.5)
    assert compute_chance(problems(*map(str, range(100)))) == pytest.approx(0.01)
    assert compute_chance(problems()) == 0


def test_no_verdict_comes_without_its_interval():
    outcomes = make_outcome_table(
        make_outcomes("version", sample_correct(0.8)), make_outcomes("parent", sample_correct(0.3, seed=1))
    )
    fields = compare_conditions(outcomes, "version", "parent", SETTING).model_dump()

    with pytest.raises(ValidationError, match="contains zero"):
        Difference(**{**fields, "low": -0.1})
    with pytest.raises(ValidationError, match="low"):
        Difference(**{key: value for key, value in fields.items() if key != "low"})
    with pytest.raises(ValidationError, match="finite"):
        Difference(**{**fields, "high": float("inf")})
