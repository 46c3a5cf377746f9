"""Arms: what a student is trained on beside the version, and what each arm keeps of it."""

from itertools import pairwise

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.format import AS_IS
from cotloom.builder.student.experiment.conditions import (
    CONDITIONS,
    Condition,
    choose_format,
    cut_to_size,
    list_mixture_stages,
    make_condition,
    select_training_rows,
    thin_problems,
)
from cotloom.schemas.formats import FORMATS_WITH_ANSWER_LINE


def said(rows):
    """The last answer of each row."""
    return [chat[-1]["content"] for chat in rows["messages"]]


def asked(rows):
    return [chat[-2]["content"] for chat in rows["messages"]]


def halves(text):
    """The reasoning and the line with the answer."""
    reasoning, _, sentence = text.rpartition("\n")
    return reasoning, sentence


def given(rows):
    return rows.filter(pl.col("format") == AS_IS)


@pytest.fixture(scope="module")
def version(staged):
    return staged


@pytest.fixture(scope="module")
def rows(staged):
    return select_training_rows(staged)


def test_the_rows_are_those_of_the_mixture_and_of_the_training_split(version, rows):
    examples = version.read_table("examples").filter(fate="kept", split="train").drop_nulls("mixture_stage")
    assert rows["example_id"].to_list() == sorted(examples["example_id"])
    test = version.read_table("problems").filter(split="test")["problem_id"]
    assert not rows["problem_id"].is_in(test.implode()).any()


def test_the_version_and_the_parent_are_all_rows(version, rows):
    assert make_condition("version", version).rows.equals(rows)
    assert make_condition("parent", version).rows.equals(rows)


def test_the_untrained_student_has_none(version, rows):
    assert make_condition("untrained", version).rows.is_empty()
    assert make_condition("untrained", version).rows.columns == rows.columns


@pytest.mark.parametrize("name", sorted(set(CONDITIONS) - {"untrained", "unchecked"}))
def test_finished_responses_stay_as_they_are_in_every_arm(version, rows, name):
    kept = given(make_condition(name, version).rows)
    assert not kept.is_empty()
    assert kept.sort("example_id").equals(given(rows))


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_an_arm_is_the_same_in_every_process(version, name):
    assert make_condition(name, version).rows.equals(make_condition(name, version).rows)


def test_the_stages_are_in_the_order_of_the_mixture(version, quickstart):
    assert make_condition("version", version).stages == list_mixture_stages(version) == ("specialise", "restore")
    assert set(select_training_rows(quickstart)["mixture_stage"]) == set(list_mixture_stages(quickstart))


def test_an_arm_has_the_samples_that_its_rows_were_made_from(version, rows):
    samples = make_condition("version", version).samples
    assert set(rows["sample_id"].drop_nulls()) <= set(samples["sample_id"])
    assert samples.columns == ["sample_id", "text", "token_logprobs"]


# Answers alone


def test_answers_alone_are_one_row_for_each_problem_and_stage(version, rows):
    answers = make_condition("answer_only", version).rows.filter(pl.col("format") != AS_IS)
    keys = ["problem_id", "mixture_stage"]
    assert answers.height == answers.unique(keys).height
    assert sorted(answers.select(keys).rows()) == sorted(
        rows.filter(pl.col("format") != AS_IS).select(keys).unique().rows()
    )


def test_answers_alone_say_the_gold_answer_and_no_reasoning(version):
    answers = make_condition("answer_only", version).rows.filter(pl.col("format") != AS_IS)
    problems = version.read_table("problems")
    gold = dict(zip(problems["problem_id"], problems["answer"], strict=True))
    assert said(answers) == [f"The answer is {gold[problem]}." for problem in answers["problem_id"]]
    assert set(answers["format"]) == {"zero_shot_answer"}
    assert all(len(chat) == 2 for chat in answers["messages"])


def test_answers_alone_are_asked_for_as_the_answer_only_format_asks(version, rows):
    own = rows.filter(format="zero_shot_answer")
    by_problem = dict(zip(own["problem_id"], asked(own), strict=True))
    answers = make_condition("answer_only", version).rows.filter(
        pl.col("problem_id").is_in(own["problem_id"].implode())
    )
    assert asked(answers) == [by_problem[problem] for problem in answers["problem_id"]]


# One path


def test_a_single_path_is_one_row_for_each_problem_format_and_stage(version, rows):
    single = make_condition("single_path", version).rows.filter(pl.col("format") != AS_IS)
    keys = ["problem_id", "format", "mixture_stage"]
    assert single.height == single.unique(keys).height
    assert sorted(single.select(keys).rows()) == sorted(
        rows.filter(pl.col("format") != AS_IS).select(keys).unique().rows()
    )
    assert set(single["example_id"]) <= set(rows["example_id"])
    assert single.height < rows.height


def test_a_single_path_is_the_same_path_in_every_format_that_has_it(version, rows):
    single = make_condition("single_path", version).rows
    there = rows.group_by("sample_id", "mixture_stage").agg(pl.col("format").unique())
    whole = there.filter(
        pl.col("format").list.contains("zero_shot_cot") & pl.col("format").list.contains("in_context_cot")
    )
    chosen = single.join(whole.select("sample_id", "mixture_stage"), on=["sample_id", "mixture_stage"])
    paths = chosen.filter(pl.col("format").is_in(["zero_shot_cot", "in_context_cot"]))
    counted = paths.group_by("problem_id", "mixture_stage").agg(pl.col("sample_id").n_unique())
    assert set(counted["sample_id"]) == {1}


# Shuffled reasoning


def test_shuffled_rows_keep_question_and_answer(version, rows):
    shuffled = make_condition("shuffled", version).rows.sort("example_id")
    assert shuffled["example_id"].to_list() == rows["example_id"].to_list()
    assert asked(shuffled) == asked(rows)
    assert [halves(text)[1] for text in said(shuffled)] == [halves(text)[1] for text in said(rows)]


def test_no_shuffled_row_has_a_reasoning_of_its_own_problem(version, rows):
    of_problem = {}
    for problem, text in zip(rows["problem_id"], said(rows), strict=True):
        of_problem.setdefault(problem, set()).add(halves(text)[0])
    shuffled = make_condition("shuffled", version).rows.filter(pl.col("format").is_in(list(FORMATS_WITH_ANSWER_LINE)))
    pairs = list(zip(shuffled["problem_id"], said(shuffled), strict=True))
    assert pairs
    assert [text for problem, text in pairs if halves(text)[0] in of_problem[problem]] == []


@pytest.mark.parametrize("form", ["zero_shot_cot", "in_context_cot"])
def test_shuffled_reasonings_are_those_of_the_version_each_once(version, rows, form):
    shuffled = make_condition("shuffled", version).rows
    new, old = (sorted(halves(text)[0] for text in said(table.filter(format=form))) for table in (shuffled, rows))
    assert new == old


def test_rows_without_reasoning_are_not_shuffled(version, rows):
    plain = ~pl.col("format").is_in(list(FORMATS_WITH_ANSWER_LINE))
    assert make_condition("shuffled", version).rows.filter(plain).sort("example_id").equals(rows.filter(plain))


# What the teacher said, unchecked


def test_unchecked_answers_are_one_for_each_problem_and_end_as_the_teacher_ended(version):
    unchecked = make_condition("unchecked", version).rows
    assert unchecked["problem_id"].is_unique().all()
    samples = version.read_table("samples")
    predicted = dict(zip(samples["sample_id"], samples["predicted"], strict=True))
    ends = [f"The answer is {predicted[sample]}." for sample in unchecked["sample_id"]]
    assert [halves(text)[1] for text in said(unchecked)] == ends


def test_some_unchecked_answers_are_wrong_and_all_are_to_problems_of_the_training_split(version):
    unchecked = make_condition("unchecked", version).rows
    samples = version.read_table("samples").filter(pl.col("sample_id").is_in(unchecked["sample_id"].implode()))
    assert set(samples["verdict"]) == {"correct", "wrong"}
    training = version.read_table("problems").filter(split="train")["problem_id"]
    assert set(unchecked["problem_id"]) <= set(training)


# Parts


@pytest.fixture(scope="module")
def arm(version):
    return make_condition("version", version)


def test_an_arm_cut_to_another_has_as_many_rows_and_says_so(arm, version):
    small = make_condition("single_path", version)
    same = cut_to_size(arm, small)
    assert same.name == "version_as_single_path"
    assert same.rows.height == small.rows.height
    assert set(same.rows["example_id"]) < set(arm.rows["example_id"])
    assert same.rows.equals(cut_to_size(arm, small).rows)


def test_a_smaller_cut_lies_within_a_larger_one(arm):
    cuts = [
        cut_to_size(arm, Condition(name="n", rows=arm.rows.head(count), stages=(), samples=arm.samples))
        for count in (5, 20, 40)
    ]
    kept = [set(one.rows["example_id"]) for one in cuts]
    assert kept[0] < kept[1] < kept[2]


def test_a_cut_to_more_rows_than_there_are_is_the_whole(arm, version):
    assert cut_to_size(make_condition("single_path", version), arm).rows.equals(
        make_condition("single_path", version).rows.sort("example_id")
    )


def test_an_arm_is_thinned_by_whole_problems_and_the_smaller_lies_within_the_larger(arm):
    parts = {share: thin_problems(arm, share).rows for share in (1 / 16, 1 / 4, 1 / 2, 1.0)}
    problems = arm.rows["problem_id"].n_unique()
    for share, part in parts.items():
        kept = set(part["problem_id"])
        assert len(kept) == max(1, round(share * problems))
        assert part.equals(arm.rows.filter(pl.col("problem_id").is_in(list(kept))))
    nested = [set(part["problem_id"]) for part in parts.values()]
    assert all(one <= other for one, other in pairwise(nested))


# Which format is a version's own


@pytest.mark.parametrize(
    ("formats", "own"),
    [
        (["zero_shot_answer", "in_context_cot", "zero_shot_cot"], "zero_shot_cot"),
        (["in_context_answer", "zero_shot_answer"], "zero_shot_answer"),
        (["in_context_answer"], "in_context_answer"),
        ([AS_IS], "zero_shot_answer"),
    ],
)
def test_a_versions_own_format_is_the_first_that_reasons(formats, own):
    assert choose_format(pl.DataFrame({"format": formats})) == own


def test_a_version_without_rows_says_where_to_look(tmp_path, write_recipe, build_recipe):
    version = build_recipe(write_recipe(tmp_path, split={"test": 0.999}), tmp_path / "store").version
    with pytest.raises(InputError, match="no rows to train on") as error:
        select_training_rows(version)
    assert "cotloom show" in error.value.hint
