"""Stages of training: caps, replay, given rows, and what a new problem or source may move."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.format import AS_IS
from cotloom.builder.mix import MixtureRules
from cotloom.schemas.example import Example, make_example_id
from cotloom.schemas.formats import Caps, FormatSpec, Mixture, MixtureStage
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Fate, Reason, Stage
from tests.mix.mixing import mix

COT, BARE, SHOWN = "zero_shot_cot", "zero_shot_answer", "in_context_cot"
ONE_FORMAT = (FormatSpec(name=COT),)
SOURCES = ("math", "code", "general")


def row(problem, index, form=COT, source="math", others=()):
    sample = f"s_{source}_{problem}_{index}"
    return Example(
        example_id=make_example_id(form, sample, others, None),
        sample_id=sample,
        other_sample_ids=others,
        problem_id=f"p_{source}_{problem}",
        source=source,
        format=form,
        split=Split.TRAIN,
    )


def rows(problems, each=1, form=COT, source="math"):
    return [row(problem, index, form, source) for problem in range(problems) for index in range(each)]


def mixed(examples, *stages, formats=ONE_FORMAT, seed=0):
    mixture = Mixture(stages=stages) if stages else None
    return mix(examples, MixtureRules(formats=formats, mixture=mixture, sources=SOURCES, seed=seed))


def taken(examples, stage, source=None):
    return {
        (example.format, example.sample_id)
        for example in examples
        if example.mixture_stage == stage and source in {None, example.source}
    }


# Caps


def test_a_cap_takes_so_many_rows_of_each_problem_and_says_so_of_the_rest():
    examples = mixed(
        [*rows(5, 4), *rows(3, 1, source="code")], MixtureStage(name="one", take={"math": "all"}, cap=Caps(problem=3))
    )
    counts = Counter(example.problem_id for example in examples if example.mixture_stage == "one")
    assert counts == {f"p_math_{number}": 3 for number in range(5)}
    left = Counter((example.source, example.stage, example.reason) for example in examples if not example.mixture_stage)
    assert left == {("math", Stage.MIX, Reason.OVER_CAP): 5, ("code", Stage.MIX, Reason.NOT_TAKEN): 3}


def test_what_one_stage_has_too_many_of_another_may_take():
    whole, capped = (
        MixtureStage(name="a", take={"math": "all"}),
        MixtureStage(name="b", take={"math": "all"}, cap=Caps(problem=1)),
    )
    examples = mixed(rows(5, 4), whole, capped)
    assert Counter(example.mixture_stage for example in examples) == {"a": 20, "b": 5}
    assert {example.fate for example in examples} == {Fate.KEPT}


def test_a_cap_comes_before_the_share():
    examples = mixed(rows(10, 4), MixtureStage(name="one", take={"math": "1/2"}, cap=Caps(problem=2)))
    assert len(taken(examples, "one")) == 10
    left = Counter(example.reason for example in examples if example.mixture_stage is None)
    assert left == {Reason.OVER_CAP: 20, Reason.NOT_TAKEN: 10}


def test_the_rows_of_lowest_hash_stay_under_a_cap():
    cap = MixtureStage(name="one", take={"math": "all"}, cap=Caps(problem=2))
    before = taken(mixed(rows(6, 5), cap), "one")
    fewer = [example for example in rows(6, 5) if (COT, example.sample_id) in before]
    assert taken(mixed(fewer, cap), "one") == before
    assert taken(mixed(rows(6, 5), cap, seed=1), "one") != before


@given(st.lists(st.integers(0, 6), max_size=12), st.integers(1, 5), st.sampled_from(["all", "1/2", "1/3"]))
@settings(max_examples=100, deadline=None)
def test_no_problem_has_more_rows_than_the_cap_and_nothing_vanishes(sizes, cap, share):
    examples = [row(problem, index) for problem, size in enumerate(sizes) for index in range(size)]
    table = mixed(examples, MixtureStage(name="one", take={"math": share}, cap=Caps(problem=cap)))
    assert Counter(example.sample_id for example in table) == Counter(example.sample_id for example in examples)
    counts = Counter(example.problem_id for example in table if example.mixture_stage)
    assert max(counts.values(), default=0) <= cap
    for example in table:
        assert (example.fate is Fate.KEPT) == (example.mixture_stage is not None) == (example.reason is None)


# First all of the special, then all of the general with a little of the special (Dong et al. 2023)

DMT = (
    MixtureStage(name="specialise", take={"math": "all", "code": "all"}),
    MixtureStage(name="restore", take={"general": "all", "math": "1/256", "code": "1/256"}),
)


def general(count):
    return rows(count, form=AS_IS, source="general")


def test_the_second_stage_replays_a_share_of_the_first():
    examples = mixed([*rows(300, 2), *rows(256, source="code"), *general(40)], *DMT)
    assert Counter((example.mixture_stage, example.source) for example in examples) == {
        ("specialise", "math"): 600,
        ("specialise", "code"): 256,
        ("restore", "general"): 40,
        ("restore", "math"): 2,
        ("restore", "code"): 1,
    }
    assert taken(examples, "restore", "math") < taken(examples, "specialise", "math")


def test_given_rows_are_taken_by_their_source_and_no_weight_touches_them():
    formats = [FormatSpec(name=COT, weight=0.9), FormatSpec(name=BARE, weight=0.1)]
    examples = mixed([*rows(90), *rows(50, form=BARE), *general(7)], *DMT, formats=formats)
    kept = Counter(example.format for example in examples if example.mixture_stage == "specialise")
    assert kept == {COT: 90, BARE: 10}
    assert len(taken(examples, "restore", "general")) == 7


# What moves what

SHARES = st.sampled_from(["all", "1/2", "1/7", "1/256", "0"])
CAPS = st.none() | st.integers(1, 4)
WEIGHTS = st.sampled_from([None, 0.1, 0.5, 1.0, 3.0])
SIZES = st.dictionaries(st.integers(0, 60), st.integers(1, 4), min_size=1, max_size=25)


def of(sizes, form=COT, source="math"):
    return [row(problem, index, form, source) for problem, size in sizes.items() for index in range(size)]


@given(SIZES, st.integers(1, 5), SHARES, CAPS, WEIGHTS, WEIGHTS)
@settings(max_examples=150, deadline=None)
def test_a_new_problem_displaces_at_most_its_own_quota(sizes, size, share, cap, one, other):
    formats = [FormatSpec(name=COT, weight=one), FormatSpec(name=BARE, weight=other)]
    stage = MixtureStage(name="one", take={"math": share}, cap=Caps(problem=cap))
    new = {99: size}
    old = [*of(sizes), *of(dict.fromkeys(sizes, 1), BARE)]
    more = [*of(new), *of(dict.fromkeys(new, 1), BARE)]
    before = taken(mixed(old, stage, formats=formats), "one")
    after = taken(mixed([*old, *more], stage, formats=formats), "one")
    own = {(example.format, example.sample_id) for example in more}
    if one is None or other is None:
        assert len(before - after) <= len(after & own)
    else:  # the new problem may take places in the shares of the formats that no stage gives it
        assert len(before - after) <= len(own)


@given(SIZES, SIZES, SHARES, SHARES, CAPS)
@settings(max_examples=100, deadline=None)
def test_a_new_source_moves_only_the_quotas_that_take_from_it(sizes, others, share, replay, cap):
    stages = (
        MixtureStage(name="one", take={"math": share}, cap=Caps(problem=cap)),
        MixtureStage(name="two", take={"general": replay, "math": share}),
    )
    before = mixed(of(sizes), *stages)
    after = mixed([*of(sizes), *of(others, source="code"), *of(others, AS_IS, "general")], *stages)
    for stage in ("one", "two"):
        assert taken(after, stage, "math") == taken(before, stage, "math")
    assert taken(after, "one", "general") == taken(after, "two", "code") == set()


@given(SIZES, st.sampled_from(["1/2", "1/7", "1/3"]), CAPS)
@settings(max_examples=50, deadline=None)
def test_what_a_row_shows_before_does_not_move_it(sizes, share, cap):
    stage = MixtureStage(name="one", take={"math": share}, cap=Caps(problem=cap))
    plain = of(sizes, SHOWN)
    shown = [row(problem, index, SHOWN, others=("s_x",)) for problem, size in sizes.items() for index in range(size)]
    formats = (FormatSpec(name=SHOWN),)
    assert taken(mixed(plain, stage, formats=formats), "one") == taken(mixed(shown, stage, formats=formats), "one")


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_the_rows_takes_no_part(seed):
    examples = [*rows(9, 3), *general(5)]
    stage = MixtureStage(name="one", take={"math": "1/2", "general": 2}, cap=Caps(problem=2))
    assert taken(mixed(examples, stage, seed=seed), "one") == taken(mixed(examples[::-1], stage, seed=seed), "one")


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(2, 5), st.sampled_from([None, 1, 2]), st.integers(0, 3))
def test_the_mixture_does_not_depend_on_the_buckets(problems, each, buckets, cap, seed):
    examples = [
        *rows(problems, each),
        *rows(problems, each, form=BARE),
        *rows(problems, each, source="code"),
    ]
    formats = (FormatSpec(name=COT, weight=0.6), FormatSpec(name=BARE, weight=0.4))
    stages = (
        MixtureStage(name="one", take={"math": "1/2", "code": 1}, cap=Caps(problem=cap)),
        MixtureStage(name="two", take={"math": "all"}),
    )
    rules = MixtureRules(formats=formats, mixture=Mixture(stages=stages), sources=SOURCES, seed=seed)
    assert set(mix(examples, rules, buckets)) == set(mix(examples, rules))
