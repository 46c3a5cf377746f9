"""Weights of problems: heavier ones are drawn more often, and one weight changes the rank of its own rows alone."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.mix import MixtureRules
from cotloom.builder.mix.quotas import rank_rows
from cotloom.schemas.formats import FormatSpec, Mixture, MixtureStage
from tests.mix.mixing import mix
from tests.mix.test_mix import COT, rows

QUICK = settings(max_examples=30, deadline=None)


def rank_all(weights, key="k"):
    names = [f"s{number}" for number in range(len(weights))]
    frame = pl.DataFrame({"format": [COT] * len(names), "sample_id": names, "problem_weight": weights})
    return rank_rows(frame.with_columns(pl.col("problem_weight").cast(pl.Float64)), key)


def take_some(examples, share, weights=None, buckets=1):
    stages = Mixture(stages=(MixtureStage(name="train", take={"own": share}),))
    rules = MixtureRules(formats=(FormatSpec(name=COT),), mixture=stages, sources=("own",), seed=0)
    mixed = mix(examples, rules, buckets, weights)
    return {example.problem_id for example in mixed if example.mixture_stage == "train"}


@QUICK
@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=12), st.integers(0, 11), st.floats(1e-6, 1e6))
def test_another_weight_changes_no_other_rank_and_a_larger_one_is_drawn_sooner(weights, place, other):
    place %= len(weights)
    changed = [other if number == place else weight for number, weight in enumerate(weights)]

    before, after = rank_all(weights), rank_all(changed)

    assert np.array_equal(np.delete(before, place), np.delete(after, place))
    assert (after[place] <= before[place]) if other >= weights[place] else (after[place] >= before[place])


def test_equal_weights_draw_as_none_do():
    examples = rows(60)
    plain = take_some(examples, 20)

    assert take_some(examples, 20, dict.fromkeys((example.problem_id for example in examples), 3.0)) == plain


@pytest.mark.parametrize("buckets", [1, 5])
def test_a_share_has_heavy_problems_in_proportion_to_their_weight(buckets):
    examples = rows(1500)
    weights = {example.problem_id: 4.0 for example in examples[:750]}

    taken = take_some(examples, 150, weights, buckets)

    heavy = len(taken & set(weights))
    assert len(taken) == 150
    # 4 of 5 draws at first; binomial, standard deviation 4.9, and a little less as the heavy ones run out
    assert 104 <= heavy <= 136


def test_a_stage_that_takes_all_takes_light_problems_too():
    examples = rows(20)

    assert len(take_some(examples, "all", {examples[0].problem_id: 1e-6})) == 20
