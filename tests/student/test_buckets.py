"""What is trained and asked does not depend on the buckets of a version."""

import pytest
from polars.testing import assert_frame_equal

from cotloom.builder.store import Version
from cotloom.builder.student.evaluation.prompts import format_prompts
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.experiment.conditions import CONDITIONS, count_training_rows, make_condition
from cotloom.builder.student.report import advice
from cotloom.schemas.student import Evaluation
from tests.buckets import build_both


@pytest.fixture(scope="module")
def both(tmp_path_factory, write_recipe, build_recipe) -> list[Version]:
    return build_both(tmp_path_factory.mktemp("both"), write_recipe, build_recipe)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_has_the_same_rows_and_samples(name, both):
    one, several = (make_condition(name, version) for version in both)

    assert_frame_equal(several.rows.sort("example_id", "mixture_stage"), one.rows.sort("example_id", "mixture_stage"))
    assert_frame_equal(several.samples.sort("sample_id"), one.samples.sort("sample_id"))
    assert several.stages == one.stages


@pytest.mark.parametrize("name", [name for name in CONDITIONS if name != "shuffled"])
def test_the_rows_of_a_condition_come_in_the_same_order(name, both):
    one, several = (make_condition(name, version).rows for version in both)

    assert_frame_equal(several, one)


def test_samples_are_read_where_they_are_needed_only(both):
    for version in both:
        condition = make_condition("version", version, with_samples=False)
        assert condition.samples.is_empty()
        assert condition.samples.schema == make_condition("version", version).samples.schema
        assert count_training_rows(version) == condition.rows.height == version.manifest.counts["training_examples"]


def test_the_same_problems_are_asked_behind_the_same_demonstrations(both):
    one, several = (make_eval_sets(version, Evaluation(problems=9)) for version in both)

    assert [eval_set.name for eval_set in one] == [eval_set.name for eval_set in several] == ["held_out"]
    assert one[0].problems == several[0].problems
    assert_frame_equal(one[0].demonstrations, several[0].demonstrations)
    for name in ("zero_shot_cot", "in_context_cot"):
        assert format_prompts(one[0], name, 3, seed=4) == format_prompts(several[0], name, 3, seed=4)


def test_what_advice_is_given_of_is_the_same(both):
    one, several = ((advice._measure_teacher(version), advice._list_formats(version)) for version in both)

    assert one == several
