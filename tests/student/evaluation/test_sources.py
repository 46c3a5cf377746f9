"""Evaluation sets that a student recipe names: read as sources are, left out where trained on, and part of identity."""

import json

import polars as pl
import pytest

from cotloom.builder import verify
from cotloom.builder.errors import InputError, RecipeError
from cotloom.builder.recipe import find_ready_sets, list_tasks, load_ready_set, load_student
from cotloom.builder.sources import read_evaluation_rows
from cotloom.builder.student.evaluation.prepare import load_prepared, prepare_evaluation
from cotloom.builder.student.evaluation.prompts import format_prompts
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.evaluation.trained import collect_known
from cotloom.builder.student.experiment.plan import Controls, plan_validation
from cotloom.schemas.evaluation import Evaluation, TaskSet, VersionSource
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import AnswerType
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.source import FileSource, HubSource
from cotloom.schemas.student import StudentRecipe, TinyModel

ROWS = [{"q": f"A box has {n} pens and {n + 1} cups. How many things?", "a": str(2 * n + 1)} for n in range(6)]
FIELDS = {"question": "q", "answer": "a"}


def write_rows(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def make_source(path, name="boxes", **keys):
    return FileSource.model_validate({"kind": "file", "name": name, "path": str(path), "fields": FIELDS, **keys})


def prepare(evaluation, store):
    return prepare_evaluation(evaluation, Runtime(store=store))


# Ready sets

STAND_INS = {
    "svamp": ({"Body": "Ann has 3 pens.", "Question": "And 4 more?", "Answer": "7.0", "Type": "Addition"}, "7.0"),
    "multiarith": ({"question": " How many are 3 and 4? ", "final_ans": "7"}, "7"),
    "asdiv": ({"body": "Ann has 3.", "question": "And 4 more?", "answer": "7 (pens)", "solution_type": "Sum"}, "7"),
    "math": ({"problem": "Half?", "solution": "It is $\\boxed{\\frac{1}{2}}$.", "level": "Level 1"}, "\\frac{1}{2}"),
    "math500": ({"problem": "Half?", "answer": "\\frac{1}{2}", "subject": "Algebra", "level": 1}, "\\frac{1}{2}"),
    "mmlu": ({"question": "Which?", "choices": ["a", "b", "c", "d"], "answer": 2, "subject": "virology"}, "C"),
}  # fmt: skip
"""A row of the shape of each ready set, and the gold answer in it."""

BBH = {
    AnswerType.BOOLEAN: [("not True is", "False", "no"), ("Is it so?", "Yes", "yes"), ("Valid?", "invalid", "invalid")],
    AnswerType.CHOICE: [("Which?\nOptions:\n(A) x\n(B) y", "(B)", "B")],
    AnswerType.NUMBER: [("((1 + 2)) =", "-3", "-3")],
    AnswerType.TEXT: [("Sort: b a", "a b", "a b"), ("Close: [ (", ") ]", ") ]")],
}
"""Questions, targets and gold answers of the kinds of tasks in BBH."""


def as_file(source: HubSource, path) -> FileSource:
    """The same stanza with a local file in place of the dataset on the Hub."""
    keys = source.model_dump(exclude={"kind", "path", "config", "split", "revision"}, exclude_unset=True)
    return FileSource.model_validate({**keys, "kind": "file", "path": str(path)})


@pytest.mark.parametrize("name", sorted({*STAND_INS, "bbh"}))
def test_a_ready_set_is_a_stanza_of_the_hub(name):
    assert set(find_ready_sets()) == {*STAND_INS, "bbh"}
    tasks = list_tasks(load_ready_set(name))
    assert {source.kind for source in tasks} == {"hub"}
    assert len(tasks) == {"bbh": 27, "math": 7}.get(name, 1)


@pytest.mark.parametrize("name", STAND_INS)
def test_a_ready_set_reads_rows_of_its_shape(name, tmp_path):
    row, gold = STAND_INS[name]
    source = as_file(list_tasks(load_ready_set(name))[0], write_rows(tmp_path / "rows.jsonl", [row]))
    found = read_evaluation_rows(name, [source], verify.IS_READABLE, Runtime(store=tmp_path))
    assert found.problems["answer"].to_list() == [gold]
    assert found.problems["answer_type"].to_list() == [source.answer_type]
    assert (found.unreadable, found.repeated) == (0, 0)


def test_each_task_of_bbh_reads_targets_of_its_kind(tmp_path):
    stanza = load_ready_set("bbh")
    files = {
        kind: write_rows(tmp_path / f"{kind}.jsonl", [{"input": ask, "target": gold} for ask, gold, _ in rows])
        for kind, rows in BBH.items()
    }
    assert {task.answer_type for task in stanza.tasks} == set(BBH)
    for kind, rows in BBH.items():
        task = next(task for task in stanza.tasks if task.answer_type == kind)
        found = read_evaluation_rows("bbh", [as_file(task, files[kind])], verify.IS_READABLE, Runtime(store=tmp_path))
        assert dict(found.problems.select("question", "answer").iter_rows()) == {ask: gold for ask, _, gold in rows}


def test_an_answer_of_several_values_of_asdiv_is_left_out_and_counted(tmp_path):
    row, _ = STAND_INS["asdiv"]
    rows = [row, {**row, "question": "Which?", "answer": "7 (pens); 3 (cups)"}, row]
    source = as_file(load_ready_set("asdiv"), write_rows(tmp_path / "rows.jsonl", rows))
    found = read_evaluation_rows("asdiv", [source], verify.IS_READABLE, Runtime(store=tmp_path))
    assert (found.problems.height, found.unreadable, found.repeated) == (1, 1, 1)


# Identity


def test_a_changed_file_is_another_student_and_another_place_is_not(tmp_path, staged):
    def plan(path):
        evaluation = Evaluation(sources=(make_source(path),), formats=("zero_shot_cot",))
        recipe = StudentRecipe(name="s", model=TinyModel(base=None), evaluation=evaluation)
        return plan_validation(staged, None, recipe, Controls.DEFAULT, prepare(evaluation, tmp_path / "store"))

    first = plan(write_rows(tmp_path / "a.jsonl", ROWS))
    moved = plan(write_rows(tmp_path / "b.jsonl", ROWS[::-1]))
    changed = plan(write_rows(tmp_path / "a.jsonl", [*ROWS[:-1], {**ROWS[-1], "a": "12"}]))
    assert first.identity_digest == moved.identity_digest != changed.identity_digest
    assert [one.name for one in first.sets][:2] == ["held_out", "boxes"]


def test_a_path_is_relative_to_the_file_of_the_student_recipe(tmp_path, monkeypatch):
    write_rows(tmp_path / "rows.jsonl", ROWS)
    recipe = {"name": "s", "evaluation": {"sources": [make_source("rows.jsonl").model_dump(exclude_unset=True)],
                                          "demos": {"all": "arithmetic", "boxes": "own.yaml"}}}  # fmt: skip
    (tmp_path / "student.yaml").write_text(json.dumps(recipe))
    monkeypatch.chdir("/")
    evaluation = load_student(str(tmp_path / "student.yaml")).evaluation
    assert [source.path for source in evaluation.sources] == [str(tmp_path / "rows.jsonl")]
    assert evaluation.demos == {"all": "arithmetic", "boxes": str(tmp_path / "own.yaml")}


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        ({"sets": ["svmap"]}, "did you mean svamp"),
        ({"sources": [{"kind": "file", "name": "x", "path": "x", "fields": {"question": "q"}}]}, "needs gold answers"),
        ({"sets": ["svamp"], "sources": [{"kind": "version", "name": "svamp", "version": "x"}]}, "have the name svamp"),
        ({"sources": [{"kind": "file", "name": "x", "path": "x", "fields": FIELDS, "answer_pattern": "("}]}, "pattern"),
        ({"sources": [{"kind": "flie", "name": "x"}]}, "did you mean file"),
    ],
)  # fmt: skip
def test_a_faulty_set_is_told_before_anything_is_read(evaluation, message, tmp_path):
    (tmp_path / "student.yaml").write_text(json.dumps({"name": "s", "evaluation": evaluation}))
    with pytest.raises((InputError, RecipeError)) as raised:
        load_student(str(tmp_path / "student.yaml"))
    assert message in f"{raised.value.message} {raised.value.hint}"


# What is asked


def test_problems_that_a_condition_trained_on_are_left_out_and_counted(tmp_path, staged):
    trained = staged.read_table("problems").filter(split="train", fate="kept", source="made")
    same, other = trained["question"][0], trained["question"][1]
    rows = [*ROWS, {"q": same, "a": "1"}, {"q": other.upper().replace(" ", "  "), "a": "1"}]
    evaluation = Evaluation(sources=(make_source(write_rows(tmp_path / "rows.jsonl", rows)),))
    prepared = prepare(evaluation, tmp_path)
    frames = load_prepared(prepared.path, prepared.key)
    *_, boxes = make_eval_sets(staged, evaluation, prepared=frames, trained=[staged])
    assert (len(boxes.problems), boxes.trained_on, boxes.kind) == (len(ROWS), 2, SetKind.OTHER)
    all_trained = {"boxes": frames["boxes"].filter(~frames["boxes"]["question"].is_in([row["q"] for row in ROWS]))}
    with pytest.raises(InputError, match="every problem of the evaluation set boxes"):
        make_eval_sets(staged, evaluation, prepared=all_trained, trained=[staged])


def test_a_question_with_other_numbers_or_options_is_another_question():
    def make_frame(*rows):
        return pl.DataFrame(
            [{"problem_id": str(row), "question": row[0], "choices": list(row[1:])} for row in rows],
            schema={"problem_id": pl.String, "question": pl.String, "choices": pl.List(pl.String)},
        )

    known = collect_known([make_frame(("Which is it?", "pen", "cup"), ("What is 1.5 + 2?",), ("Is 3 < 4.",))])
    others = [
        ("Which is it?", "cup", "hat"),
        ("What is 15 + 2?",),
        ("What is 1.5 - 2?",),
        ("Is 3 > 4?",),
        ("Is -3 < 4?",),
    ]
    same = [("which is it", "Pen", "cup"), ("Which is it?",), ("what is  1.5 + 2",), ("What is 1.5 + 2?", "3", "3.5")]
    assert known.mark(make_frame(*others, *same)).to_list() == [False] * len(others) + [True] * len(same)
    assert not collect_known([]).mark(make_frame(*others)).any()


def test_a_version_and_a_set_of_tasks_are_sets(tmp_path, staged):
    tasks = TaskSet(kind="tasks", name="both", tasks=(
        make_source(write_rows(tmp_path / "a.jsonl", ROWS[:2]), "first"),
        make_source(write_rows(tmp_path / "b.jsonl", ROWS[1:]), "second"),
    ))  # fmt: skip
    other = VersionSource(kind="version", name="again", version=f"{staged.path}", split="test")
    evaluation = Evaluation(sources=(tasks, other), general=("both",))
    prepared = prepare(evaluation, tmp_path / "store")
    assert prepared.sets["both"].repeated == 1
    frames = load_prepared(prepared.path, prepared.key)
    held_out, again, both = make_eval_sets(staged, evaluation, prepared=frames, trained=[staged])
    assert {problem.problem_id for problem in again.problems} == {problem.problem_id for problem in held_out.problems}
    assert (both.kind, {problem.task for problem in both.problems}) == (SetKind.GENERAL, {"first", "second"})
    with pytest.raises(InputError, match="has no source nothing"):
        prepare(Evaluation(sources=(other.model_copy(update={"source": "nothing"}),)), tmp_path)


# Fixed demonstrations


@pytest.fixture
def shown(tmp_path):
    """A file of two demonstrations, of which one is a problem of the set."""
    demos = [{"question": row["q"], "rationale": "Add both.", "answer": row["a"]} for row in ROWS[:2]]
    (tmp_path / "own.yaml").write_text(json.dumps({"demos": demos}))
    return str(tmp_path / "own.yaml")


def test_fixed_demonstrations_are_the_same_in_every_prompt_and_never_asked(tmp_path, staged, shown):
    source = make_source(write_rows(tmp_path / "rows.jsonl", ROWS))
    evaluation = Evaluation(
        sources=(source,), formats=("in_context_cot", "in_context_answer"), shots=2, demos={"boxes": shown}
    )
    prepared = prepare(evaluation, tmp_path)
    frames = load_prepared(prepared.path, prepared.key)
    held_out, boxes = make_eval_sets(staged, evaluation, prepared=frames)
    assert (len(boxes.problems), boxes.demonstrated, held_out.exemplars) == (4, 2, ())
    for name, ending in (("in_context_cot", "Add both.\nThe answer is 1."), ("in_context_answer", "The answer is 1.")):
        chats = format_prompts(boxes, name, 2)
        assert len({json.dumps(chat[:-1]) for chat in chats}) == 1
        assert chats[0][1]["content"] == ending
    assert [len(chat) for chat in format_prompts(boxes, "in_context_cot", 1)] == [3] * 4
    assert "evaluation.demos.boxes" in prepared.digests


def test_fixed_demonstrations_must_fit_their_set(tmp_path, staged, shown):
    source = make_source(write_rows(tmp_path / "rows.jsonl", ROWS))
    asked = {"sources": (source,), "formats": ("in_context_cot",)}
    prepared = prepare(Evaluation(sources=(source,)), tmp_path)
    frames = load_prepared(prepared.path, prepared.key)
    odd = make_eval_sets(staged, Evaluation(demos={"boxes": "boolean"}, **asked), prepared=frames)[1]
    with pytest.raises(InputError, match="has the answer type number"):
        format_prompts(odd, "in_context_cot", 2)
    with pytest.raises(InputError, match="names box, which is no evaluation set"):
        make_eval_sets(staged, Evaluation(demos={"box": shown}, **asked), prepared=frames)
    with pytest.raises(InputError, match=r"shots is 3, but own\.yaml has 2"):
        make_eval_sets(staged, Evaluation(demos={"all": shown}, shots=3, **asked), prepared=frames)
