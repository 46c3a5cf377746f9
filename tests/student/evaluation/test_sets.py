"""Evaluation sets: which problems are asked, and that they are put as training put them."""

import json

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.format import format_examples
from cotloom.builder.format.templates import FORMATS, make_solved_problem
from cotloom.builder.sources import generate_skills
from cotloom.builder.student.evaluation.prompts import format_gold_answer, format_prompt, format_prompts, list_formats
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.schemas.formats import FormatSpec
from cotloom.schemas.frames import from_frame
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import AnswerType, Problem, Split
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.student import Evaluation

ALL = ["zero_shot_cot", "zero_shot_answer", "in_context_cot", "in_context_answer"]
TARGET, OTHER, GENERAL = SetKind.TARGET, SetKind.OTHER, SetKind.GENERAL
MADE = {"name": "made", "kind": "arithmetic", "problems": 60}
FRUIT = ["apple", "pear", "plum"]


def write_rows(path, count, **more):
    made = [{"q": f"Which of {n} fruit is a pear?", "a": "B", "c": FRUIT, **more} for n in range(count)]
    path.write_text("\n".join(json.dumps(row) for row in made))
    fields = {"question": "q", "answer": "a", "choices": "c"}
    return {"kind": "file", "path": path.name, "role": "evaluate", "fields": fields, "answer_type": "choice"}


@pytest.fixture(scope="module")
def built(tmp_path_factory, write_recipe, build_recipe):
    """A version with held-out problems, two further sets and one of general skills, in all four formats."""
    folder = tmp_path_factory.mktemp("sets")
    sources = [
        MADE,
        {"name": "own-test", "kind": "arithmetic", "problems": 30, "role": "evaluate"},
        {"name": "fruit", **write_rows(folder / "fruit.jsonl", 9)},
        {"name": "short", "kind": "skills", "problems": 20, "role": "evaluate"},
    ]
    formats = [{"name": name, **({"shots": [1, 3]} if "in_context" in name else {})} for name in ALL]
    recipe = write_recipe(folder, sources=sources, split={"test": 0.3}, formats=formats)
    return build_recipe(recipe, folder / "store").version


@pytest.fixture
def build_with(tmp_path, write_recipe, build_recipe):
    def made(*sources, **keys):
        recipe = write_recipe(tmp_path, sources=list(sources), **keys)
        return build_recipe(recipe, tmp_path / "store").version

    return made


def list_kinds(sets):
    return {one.name: one.kind for one in sets}


def list_ids(one):
    return [problem.problem_id for problem in one.problems]


# Which problems


def test_held_out_problems_are_the_target_and_sources_for_evaluation_are_others(built):
    sets = make_eval_sets(built, Evaluation())
    assert list_kinds(sets) == {"held_out": TARGET, "own-test": OTHER, "fruit": OTHER, "short": GENERAL}
    assert [one.is_stand_in for one in sets] == [False] * 4
    assert all(one.simulated for one in sets)
    held_out = sets[0].problems
    assert {(problem.source, problem.split, problem.fate) for problem in held_out} == {("made", Split.TEST, Fate.KEPT)}
    test = built.read_table("problems").filter(split="test", fate="kept", source="made")
    assert sorted(list_ids(sets[0])) == sorted(test["problem_id"])
    assert {problem.source for one in sets[1:] for problem in one.problems} == {"own-test", "fruit", "short"}


def test_a_source_that_the_student_recipe_names_is_general(built):
    sets = make_eval_sets(built, Evaluation(general=("fruit",)))
    assert list_kinds(sets) == {"held_out": TARGET, "own-test": OTHER, "fruit": GENERAL, "short": GENERAL}


def test_further_general_problems_are_a_set_of_their_own(built):
    further = generate_skills(30, 5, name="further")
    *_, last = make_eval_sets(built, Evaluation(problems=7), further)
    assert (last.name, last.kind, len(last.problems)) == ("general", GENERAL, 7)
    assert set(list_ids(last)) < {problem.problem_id for problem in further}


def test_a_name_that_is_no_source_for_evaluation_is_told(built):
    for name in ("fruits", "made"):
        with pytest.raises(InputError, match=f"names {name}") as raised:
            make_eval_sets(built, Evaluation(general=(name,)))
        assert "fruit" in raised.value.hint
        assert raised.value.keys == ("evaluation.general",)


def test_at_most_so_many_are_asked_and_those_stay_where_more_are(built):
    few, many = make_eval_sets(built, Evaluation(problems=5)), make_eval_sets(built, Evaluation(problems=8))
    for fewer, more in zip(few, many, strict=True):
        assert len(fewer.problems) == 5
        assert len(more.problems) == 8
        assert list_ids(more)[:5] == list_ids(fewer)
    assert list_ids(many[0]) != sorted(list_ids(many[0]))


def test_what_may_be_shown_is_kept_and_of_the_training_split(built):
    target, other, fruit, general = make_eval_sets(built, Evaluation())
    samples = built.read_table("samples").filter(fate="kept")
    problems = {problem.problem_id: problem for problem in from_frame(built.read_table("problems"), Problem)}
    training = samples.filter(
        samples["problem_id"].is_in([p for p, row in problems.items() if row.split == Split.TRAIN])
    )
    assert target.demonstrations["sample_id"].to_list() == sorted(training["sample_id"])
    assert 0 < target.demonstrations.height < samples.height
    assert target.demonstrations is other.demonstrations is fruit.demonstrations is general.demonstrations


def test_without_held_out_problems_the_first_source_for_evaluation_stands_in(build_with):
    general = {"name": "short", "kind": "skills", "problems": 9, "role": "evaluate"}
    first = {"name": "first", "kind": "arithmetic", "problems": 9, "role": "evaluate"}
    sets = make_eval_sets(build_with(MADE, general, first, {**first, "name": "second"}), Evaluation())
    assert list_kinds(sets) == {"first": TARGET, "second": OTHER, "short": GENERAL}
    assert [one.is_stand_in for one in sets] == [True, False, False]


@pytest.mark.parametrize("more", [[], [{"name": "short", "kind": "skills", "problems": 9, "role": "evaluate"}]])
def test_a_version_with_nothing_to_measure_with_is_told(build_with, more):
    with pytest.raises(InputError, match=r"tiny@1\.0\.0") as raised:
        make_eval_sets(build_with(MADE, *more), Evaluation())
    assert "split: {test: 0.1}" in raised.value.hint
    assert "role evaluate" in raised.value.hint


def test_a_source_with_the_name_of_a_set_is_told(build_with):
    version = build_with(MADE, {**MADE, "name": "general", "role": "evaluate"}, split={"test": 0.3})
    assert list_kinds(make_eval_sets(version, Evaluation())) == {"held_out": TARGET, "general": OTHER}
    with pytest.raises(InputError, match="name of an evaluation set: general"):
        make_eval_sets(version, Evaluation(), generate_skills(5, 0))


def test_problems_without_a_gold_answer_and_finished_responses_are_left_out(build_with, tmp_path):
    told = [{"q": f"Tell me about {n} pens.", "r": "They write."} for n in range(12)]
    (tmp_path / "chat.jsonl").write_text("\n".join(json.dumps(row) for row in told))
    fields = {"question": "q", "responses": ["r"]}
    chat = {"name": "chat", "kind": "file", "path": "chat.jsonl", "role": "reference", "fields": fields}
    version = build_with(MADE, chat, split={"test": 0.4})
    (target,) = make_eval_sets(version, Evaluation())
    assert {problem.source for problem in target.problems} == {"made"}
    given = version.read_table("samples").filter(verdict=Verdict.PROVIDED.value)
    assert given.height > 0
    assert set(target.demonstrations["sample_id"]).isdisjoint(given["sample_id"])
    nameless = Problem(problem_id="p", source="x", origin="x", question="Hello?", answer=None)
    assert list_kinds(make_eval_sets(version, Evaluation(), [nameless])) == {"held_out": TARGET}


# In which words


@pytest.mark.parametrize("name", ["zero_shot_cot", "zero_shot_answer", "fine_tune_cot", "cot_collection"])
def test_a_problem_is_put_as_the_version_puts_it(built, name):
    target = make_eval_sets(built, Evaluation())[0]
    written_in = format_examples(built.read_table("problems"), built.read_table("samples"), [FormatSpec(name=name)])
    examples = (built.read_table("examples") if name in ALL else written_in).filter(format=name, split="test")
    written = {row["problem_id"]: row["messages"][:-1] for row in examples.to_dicts()}
    put = dict(zip(list_ids(target), format_prompts(target, name, 2), strict=True))
    assert len(written) > 5
    assert {problem: put[problem] for problem in written} == written


@pytest.mark.parametrize("name", ["in_context_cot", "in_context_answer"])
def test_behind_demonstrations_a_problem_is_put_as_the_version_puts_it(built, name):
    target = make_eval_sets(built, Evaluation())[0]
    rows = {row["sample_id"]: row for row in target.demonstrations.to_dicts()}
    problems = {problem.problem_id: problem for problem in from_frame(built.read_table("problems"), Problem)}
    examples = built.read_table("examples").filter(format=name, split="test", fate="kept").to_dicts()
    assert len(examples) > 5
    for example in examples:
        shown = [make_solved_problem(rows[sample]) for sample in example["other_sample_ids"]]
        assert format_prompt(FORMATS[name], problems[example["problem_id"]], shown) == example["messages"][:-1]


@pytest.mark.parametrize("name", ["in_context_cot", "in_context_answer"])
def test_demonstrations_are_training_rows_of_other_groups(built, name):
    target, other, *_ = make_eval_sets(built, Evaluation())
    form = FormatSpec(name=name.replace("in_context", "zero_shot"))
    examples = format_examples(built.read_table("problems"), built.read_table("samples"), [form])
    rows = examples.filter(split="train").to_dicts()
    groups = dict(
        built.read_table("problems").filter(fate="kept", split="train").select("problem_id", "group").iter_rows()
    )
    said = {(row["messages"][0]["content"], row["messages"][1]["content"]): groups[row["problem_id"]] for row in rows}
    for one in (target, other):
        for problem, chat in zip(one.problems, format_prompts(one, name, 3), strict=True):
            assert [turn["role"] for turn in chat] == ["user", "assistant"] * 3 + ["user"]
            pairs = [(chat[place]["content"], chat[place + 1]["content"]) for place in (0, 2, 4)]
            assert problem.group not in {said[pair] for pair in pairs}
            assert len(set(pairs)) == 3
    shown = [tuple(turn["content"] for turn in chat[:-1]) for chat in format_prompts(target, name, 3)]
    assert len(set(shown)) > len(shown) / 2
    assert format_prompts(target, name, 3) == format_prompts(target, name, 3)
    assert format_prompts(target, name, 3) != format_prompts(target, name, 3, seed=1)


def test_too_few_demonstrations_are_told(built):
    target, _, fruit, _ = make_eval_sets(built, Evaluation())
    for one, shots in ((target, 500), (fruit, 1)):  # none of another answer type is shown
        with pytest.raises(InputError, match=f"{one.name}: {shots} demonstrations are needed") as raised:
            format_prompts(one, "in_context_cot", shots)
        assert "evaluation.shots" in raised.value.hint


def test_general_problems_are_put_as_they_stand_and_others_in_the_formats_asked_for(built):
    target, other, fruit, general = make_eval_sets(built, Evaluation())
    assert list_formats(general, ["in_context_cot"]) == ("as_is",)
    assert list_formats(target, None) == list_formats(other, None) == ("zero_shot_cot", "zero_shot_answer")
    assert list_formats(fruit, ["in_context_cot"]) == ("in_context_cot",)
    for problem, chat in zip(general.problems, format_prompts(general, "as_is", 2), strict=True):
        assert chat == [{"role": "user", "content": problem.question}]
    assert format_prompts(fruit, "as_is", 2)[0][0]["content"].endswith("?\n(A) apple\n(B) pear\n(C) plum")


def test_the_gold_answer_is_said_as_the_format_says_it():
    number = Problem(problem_id="p", source="s", origin="o", question="How many?", answer="18")
    letter = Problem(problem_id="p", source="s", origin="o", answer="B", answer_type=AnswerType.CHOICE)
    assert (
        format_gold_answer(number, "zero_shot_answer")
        == format_gold_answer(number, "in_context_answer")
        == "The answer is 18."
    )
    assert format_gold_answer(letter, "zero_shot_answer") == "The answer is (B)."
    assert format_gold_answer(number, "as_is") == "18"
    assert format_gold_answer(number, "zero_shot_cot") is format_gold_answer(number, "in_context_cot") is None
