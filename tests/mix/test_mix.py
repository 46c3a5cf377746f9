from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.mix import MixtureRules, check_mixture
from cotloom.builder.mix.quotas import compute_quota
from cotloom.schemas.example import Example, make_example_id
from cotloom.schemas.formats import FormatSpec, Mixture, MixtureStage
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Fate, Reason, Stage
from tests.mix.mixing import mix

COT, BARE = "zero_shot_cot", "zero_shot_answer"
ONE_FORMAT = (FormatSpec(name=COT),)


def row(number, form=COT, source="own", split=Split.TRAIN, **fields):
    sample = f"s_{source}_{split}_{number}"
    name = make_example_id(form, sample, (), None)
    problem = f"p_{source}_{number}"
    return Example(
        example_id=name, sample_id=sample, problem_id=problem, source=source, format=form, split=split, **fields
    )


def rows(count, form=COT, source="own", split=Split.TRAIN):
    return [row(number, form, source, split) for number in range(count)]


def mixture(**stages):
    return Mixture(stages=tuple(MixtureStage(name=name, take=take) for name, take in stages.items()))


def mixed(examples, stages=None, *, formats=ONE_FORMAT, sources=("own", "other"), seed=0):
    return mix(examples, MixtureRules(formats=formats, mixture=stages, sources=sources, seed=seed))


def taken(examples, stage="train"):
    return {example.sample_id for example in examples if example.mixture_stage == stage}


# Quotas


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [
        ("all", 7, 7),
        ("all", 0, 0),
        ("1/2", 7, 3),
        ("1/256", 255, 0),
        ("1/256", 512, 2),
        ("0.5", 7, 3),
        ("1", 7, 7),
        ("0", 7, 0),
        ("1/3", 3, 1),
        (3, 7, 3),
        (9, 7, 9),
        ("3/2", 7, 10),
        ("2/1", 7, 14),
        (0, 7, 0),
    ],
)
def test_a_share_comes_to_so_many_rows(share, count, expected):
    assert compute_quota(share, count) == expected


@pytest.mark.parametrize("share", ["1001", "-1/2", "half", "", "1/0", "nan", "inf", "1" * 50, -1, True, 0.5, None])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(InputError, match="a mixture takes"):
        compute_quota(share, 7)


@given(st.fractions(0, 1, max_denominator=1000), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_fraction_is_rounded_down_without_floats(share, count):
    assert compute_quota(str(share), count) == share.numerator * count // share.denominator


def test_a_mixture_that_takes_from_no_source_is_refused_with_the_names():
    with pytest.raises(InputError, match="which is no source") as caught:
        check_mixture(mixture(one={"owm": "all"}), ["own", "other"])
    assert caught.value.hint == "sources: own, other"
    assert caught.value.keys == ("mixture.stages.one.take.owm",)


def test_a_mixture_with_an_impossible_share_is_refused():
    with pytest.raises(InputError):
        check_mixture(mixture(one={"own": "-3/2"}), ["own"])


def test_a_mixture_of_known_sources_and_possible_shares_is_fine():
    assert check_mixture(mixture(one={"own": "1/2", "other": 3}), ["own", "other"]) is None
    assert check_mixture(None, []) is None


# Stages


def test_without_a_mixture_one_stage_takes_everything():
    examples = mixed([*rows(5), *rows(3, source="other")])
    assert len(taken(examples)) == len(examples) == 8
    assert {example.fate for example in examples} == {Fate.KEPT}


def test_what_no_stage_takes_is_dropped_and_does_not_vanish():
    examples = mixed([*rows(10), *rows(4, source="other")], mixture(one={"own": "1/2"}))
    assert len(taken(examples, "one")) == 5
    left = [example for example in examples if example.mixture_stage is None]
    assert {(example.fate, example.stage, example.reason) for example in left} == {
        (Fate.DROPPED, Stage.MIX, Reason.NOT_TAKEN)
    }
    assert len(left) == 9


def test_a_row_that_several_stages_take_is_there_once_for_each_under_an_id_of_its_own():
    examples = mixed(rows(4), mixture(one={"own": "all"}, two={"own": "all"}))
    assert Counter(example.mixture_stage for example in examples) == {"one": 4, "two": 4}
    assert len({example.example_id for example in examples}) == 8
    for example in examples:
        assert example.example_id == make_example_id(COT, example.sample_id, (), example.mixture_stage)


def test_two_stages_draw_apart_from_one_another():
    examples = mixed(rows(40), mixture(one={"own": 20}, two={"own": 20}))
    assert taken(examples, "one") != taken(examples, "two")


def test_another_seed_takes_other_rows():
    drawn = [taken(mixed(rows(40), mixture(one={"own": 20}), seed=seed), "one") for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_the_test_side_goes_through_as_it_is():
    held_out = rows(6, split=Split.TEST)
    examples = mixed([*rows(6), *held_out], mixture(one={"own": 1}))
    assert sorted((e for e in examples if e.split is Split.TEST), key=lambda e: e.example_id) == sorted(
        held_out, key=lambda e: e.example_id
    )
    assert len(taken(examples, "one")) == 1


def test_a_row_dropped_before_goes_through_as_it_is():
    gone = row(0, fate=Fate.DROPPED, stage=Stage.FORMAT, reason=Reason.EXACT_DUPLICATE, detail="why")
    assert mixed([gone]) == [gone]


def test_nothing_comes_of_nothing():
    assert mixed([], mixture(one={"own": "all"}), formats=[FormatSpec(name=COT, weight=1.0)]) == []


SHARES = st.sampled_from(["all", "1/2", "1/7", "0"])


@given(st.sets(st.integers(0, 500), min_size=1, max_size=40), SHARES)
@settings(max_examples=100, deadline=None)
def test_one_row_more_moves_at_most_one_other_row(numbers, share):
    first, *others = sorted(numbers, key=lambda number: number * 7919 % 503)
    stages = mixture(one={"own": share})
    before = taken(mixed([row(number) for number in others], stages), "one")
    after = taken(mixed([row(number) for number in [*others, first]], stages), "one")
    assert len((before ^ after) - {row(first).sample_id}) <= 1


@given(st.sets(st.integers(0, 500), max_size=30), st.integers(1, 30), SHARES)
@settings(max_examples=50, deadline=None)
def test_another_source_moves_no_row(numbers, others, share):
    own = [row(number) for number in numbers]
    stages = mixture(one={"own": share, "other": share})
    before = taken(mixed(own, stages), "one")
    after = taken(mixed([*own, *rows(others, source="other")], stages), "one")
    assert {sample for sample in after if "_own_" in sample} == before


@given(st.permutations(rows(12)), SHARES)
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_rows_takes_no_part(shuffled, share):
    stages = mixture(one={"own": share})
    assert taken(mixed(shuffled, stages), "one") == taken(mixed(rows(12), stages), "one")


# Weights

WEIGHTS = st.sampled_from([0.1, 0.2, 0.4, 0.5, 1.0, 2.0, 3.0, 7.0])


@given(st.integers(1, 60), st.integers(1, 60), WEIGHTS, WEIGHTS)
@settings(max_examples=150, deadline=None)
def test_formats_come_in_the_shares_of_their_weights_and_nothing_vanishes(reasoned, bare, one, other):
    formats = [FormatSpec(name=COT, weight=one), FormatSpec(name=BARE, weight=other)]
    examples = mixed([*rows(reasoned), *rows(bare, BARE)], formats=formats)
    kept = Counter(example.format for example in examples if example.fate is Fate.KEPT)
    dropped = [example for example in examples if example.fate is Fate.DROPPED]
    scale = min(Fraction(reasoned) / Fraction(one), Fraction(bare) / Fraction(other))
    for name, weight in ((COT, one), (BARE, other)):
        assert abs(kept[name] - scale * Fraction(weight)) < 1
    assert kept.total() + len(dropped) == reasoned + bare
    assert {(example.stage, example.reason) for example in dropped} <= {(Stage.MIX, Reason.NOT_TAKEN)}


def test_the_scarcest_format_is_taken_whole():
    formats = [FormatSpec(name=COT, weight=0.9), FormatSpec(name=BARE, weight=0.1)]
    examples = mixed([*rows(90), *rows(50, BARE)], formats=formats)
    kept = Counter(example.format for example in examples if example.fate is Fate.KEPT)
    assert kept == {COT: 90, BARE: 10}


def test_without_weights_all_rows_of_all_formats_stay():
    examples = mixed([*rows(9), *rows(5, BARE)], formats=[FormatSpec(name=COT), FormatSpec(name=BARE)])
    assert {example.fate for example in examples} == {Fate.KEPT}
    assert len(examples) == 14


def test_weights_leave_the_test_side_alone():
    formats = [FormatSpec(name=COT, weight=1.0), FormatSpec(name=BARE, weight=9.0)]
    examples = mixed([*rows(9), *rows(9, BARE), *rows(9, split=Split.TEST)], formats=formats)
    held_out = [example for example in examples if example.split is Split.TEST]
    assert [example.fate for example in held_out] == [Fate.KEPT] * 9


def test_a_weight_of_a_format_without_rows_is_refused_rather_than_dropping_everything():
    weighted = (FormatSpec(name=COT, weight=0.5), FormatSpec(name="in_context_cot", weight=0.5))
    with pytest.raises(InputError, match="in_context_cot has a weight but no rows"):
        mixed(rows(4), formats=weighted)
