"""How hard a problem is: its pass rate, and what limits of it drop."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select import apply_pass_rates, follow_problems
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.recipe import PassRate
from cotloom.schemas.sample import Hint, Sample

QUICK = settings(max_examples=40, deadline=None)


def sample(number: int, verdict: Verdict | None, hint: Hint = Hint.NONE, problem: str = "p") -> Sample:
    return Sample(sample_id=f"s{number}", problem_id=problem, teacher="t", verdict=verdict, hint=hint)


def make_problems(*names: str, split: Split | None = Split.TRAIN) -> pl.DataFrame:
    return to_frame([Problem(problem_id=name, source="s", origin=name, split=split) for name in names], Problem)


def make_tries(problem: str, right: int, wrong: int) -> list[Sample]:
    verdicts = [Verdict.CORRECT] * right + [Verdict.WRONG] * wrong
    return [sample(number, verdict, problem=problem) for number, verdict in enumerate(verdicts)]


def test_the_pass_rate_counts_answers_without_a_hint_that_could_be_judged():
    found = [Verdict.CORRECT, Verdict.WRONG, Verdict.NO_ANSWER, Verdict.TRUNCATED, Verdict.UNVERIFIABLE, None]
    samples = [sample(number, verdict) for number, verdict in enumerate(found)]
    samples += [sample(7, Verdict.CORRECT, Hint.HINTED), sample(8, Verdict.CORRECT, Hint.HINTED, "hinted only")]
    samples += [sample(9, Verdict.PROVIDED, problem="given only")]

    rated = apply_pass_rates(make_problems("p", "hinted only", "given only"), to_frame(samples, Sample), PassRate())

    assert rated["pass_rate"].to_list() == [0.25, None, None]
    assert set(rated["fate"]) == {"kept"}


def test_limits_drop_what_is_too_easy_or_too_hard_and_nothing_that_is_unknown():
    samples = [
        *make_tries("easy", 10, 0),
        *make_tries("hard", 0, 10),
        *make_tries("fit", 5, 5),
        *make_tries("few", 0, 3),
    ]
    limits = PassRate(least=0.1, most=0.9)

    rated = apply_pass_rates(make_problems("easy", "hard", "fit", "few", "none"), to_frame(samples, Sample), limits)

    assert rated["reason"].to_list() == ["too_easy", "too_hard", None, None, None]
    assert rated["stage"].to_list() == ["select", "select", None, None, None]
    assert rated["detail"][0] == "10 of 10 unhinted answers are correct; select.pass_rate has most: 0.9"
    assert rated["detail"][1] == "0 of 10 unhinted answers are correct; select.pass_rate has least: 0.1"


def test_the_limits_themselves_are_within_and_the_test_split_stays():
    samples = to_frame([*make_tries("a", 9, 1), *make_tries("b", 1, 9), *make_tries("c", 0, 9)], Sample)
    limits = PassRate(least=0.1, most=0.9)

    assert apply_pass_rates(make_problems("a", "b"), samples, limits)["fate"].to_list() == ["kept", "kept"]
    assert apply_pass_rates(make_problems("c", split=Split.TEST), samples, limits)["fate"].to_list() == ["kept"]


def test_kept_samples_follow_their_problem_and_dropped_ones_keep_their_reason():
    samples = to_frame(make_tries("easy", 5, 0), Sample)
    is_first = pl.col("sample_id") == "s0"
    values = {"stage": "select", "fate": "dropped", "reason": "near_duplicate", "detail": "s1"}
    samples = samples.with_columns(pl.when(is_first).then(pl.lit(v)).otherwise(k).alias(k) for k, v in values.items())
    rated = apply_pass_rates(make_problems("easy"), samples, PassRate(most=0.9))

    followed = follow_problems(samples, rated)

    assert followed["reason"].to_list() == ["near_duplicate", *["too_easy"] * 4]
    assert set(followed["fate"]) == {"dropped"}


tries = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1)


@QUICK
@given(tries, tries, st.randoms(use_true_random=False))
def test_what_becomes_of_a_problem_depends_on_its_own_answers_alone(some, others, order):
    limits = PassRate(least=0.2, most=0.8, answers=3)
    more = {name.upper(): counts for name, counts in others.items()}

    def rate(counts):
        rows = [row for name, each in counts.items() for row in make_tries(name, *each)]
        order.shuffle(rows)
        rated = apply_pass_rates(make_problems(*counts), to_frame(rows, Sample), limits)
        return {row["problem_id"]: row for row in rated.iter_rows(named=True)}

    alone, together = rate(some), rate({**more, **some})

    assert {name: together[name] for name in alone} == alone
    for name, (right, wrong) in some.items():
        known = right + wrong
        is_dropped = known >= 3 and not 0.2 <= right / known <= 0.8
        assert (alone[name]["fate"] == Fate.DROPPED) == is_dropped
