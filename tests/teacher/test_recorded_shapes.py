"""Recorded answers in the shapes that people have them: conversations, hints, several teachers, parts of questions."""

import json
from types import SimpleNamespace

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store.pieces import read_bucket
from cotloom.builder.teacher import count_unmatched, match_answers, read_answers
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Problem, make_problem_id
from cotloom.schemas.runtime import Runtime

QUESTION = "Ann has 2 pens.\nHow many are 3 more?"
PROBLEM = Problem(problem_id=make_problem_id(QUESTION), source="own", origin="own:1", question=QUESTION, answer="5")


@pytest.fixture
def read(tmp_path, write_recipe):
    """Read rows with a completion; the samples, by text."""

    def made(rows, completion, **answers):
        (tmp_path / "answers.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        given = {"path": "answers.jsonl", "problem": "q", "completions": [completion], **answers}
        loaded = load_recipe(str(write_recipe(tmp_path, teacher={"backend": "recorded", "answers": given})))
        frame = read_bucket(read_answers(loaded, tmp_path, None, Runtime(store=tmp_path, workers=1)).pieces)
        problems = to_frame([PROBLEM], Problem)
        samples = match_answers(frame, problems, ()).sort("text", nulls_last=True)
        return SimpleNamespace(samples=samples, unmatched=count_unmatched(frame, problems))

    return made


def test_the_question_may_be_of_several_columns(read):
    rows = [{"body": "Ann has 2 pens.", "asked": "How many are 3 more?", "said": "5"}]
    found = read(rows, {"column": "said", "teacher": "t"}, problem=["body", "asked"])
    assert (found.samples["text"].to_list(), found.unmatched) == (["5"], 0)


@pytest.mark.parametrize("keys", [("role", "content", "user", "assistant"), ("from", "value", "human", "gpt")])
def test_of_a_conversation_the_last_turn_of_the_assistant_is_the_answer(read, keys):
    who, what, user, assistant = keys
    told = [
        {who: "system", what: "Be brief."},
        {who: user, what: QUESTION},
        {who: assistant, what: "<think>2 + 3</think>5"},
    ]
    found = read([{"talk": told}], {"column": "talk", "teacher": "t"}, problem="talk")
    assert found.samples.select("text", "reasoning").rows() == [("5", "2 + 3")]


def test_the_reasoning_of_a_turn_is_reasoning(read):
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "5", "reasoning_content": "2 + 3 = 5"}]
    found = read([{"q": QUESTION, "messages": said}], {"column": "messages", "teacher": "t"})
    assert found.samples.select("text", "reasoning").rows() == [("5", "2 + 3 = 5")]


def test_a_list_of_conversations_is_several_answers(read):
    talks = [[{"role": "assistant", "content": text}] for text in ("4", "5")]
    found = read(
        [{"q": QUESTION, "talks": talks, "ok": [False, True]}],
        {"column": "talks", "teacher": "t", "labels": {"ok": "ok"}},
    )
    assert found.samples.select("text", "labels").rows() == [("4", '{"ok":false}'), ("5", '{"ok":true}')]


def test_a_conversation_without_an_answer_is_malformed(read):
    found = read([{"q": QUESTION, "m": [{"role": "user", "content": "x"}]}], {"column": "m", "teacher": "t"})
    assert found.samples["reason"].to_list() == ["malformed"]
    assert "m has no turn of the assistant" in found.samples["detail"][0]


@pytest.mark.parametrize(
    ("flag", "hint"),
    [(True, "hinted"), (1, "hinted"), ("yes", "hinted"), ("the answer is 5", "hinted"), (False, "none"), (0, "none"),
     (None, "none"), ("", "none"), ("None", "none"), (" false ", "none")],
)  # fmt: skip
def test_a_column_says_which_samples_are_hinted(read, flag, hint):
    for where in ("answers", "completion"):
        completion = {"column": "said", "teacher": "t", **({"hint": "h"} if where == "completion" else {})}
        rows = [{"q": QUESTION, "said": "5", "h": flag}, {"q": "?", "said": "5", "h": True}]
        found = read(rows, completion, **({"hint": "h"} if where == "answers" else {}))
        assert found.samples["hint"].to_list() == [hint]


def test_a_list_of_hints_belongs_to_a_list_of_answers(read):
    rows = [{"q": QUESTION, "said": ["4", "5"], "h": [True, False]}]
    found = read(rows, {"column": "said", "teacher": "t", "hint": "h"})
    assert found.samples.select("text", "hint").rows() == [("4", "hinted"), ("5", "none")]


def test_the_ids_of_equal_answers_with_and_without_hint_do_not_depend_on_their_order(read):
    rows = [{"q": QUESTION, "said": "5", "h": True}, {"q": QUESTION, "said": "5", "h": False}]
    completion = {"column": "said", "teacher": "t", "hint": "h"}
    ids = [dict(read(order, completion).samples.select("hint", "sample_id").rows()) for order in (rows, rows[::-1])]
    assert ids[0] == ids[1]
    assert len(set(ids[0].values())) == 2


def test_a_column_names_the_teacher(read):
    rows = [{"q": QUESTION, "said": "4", "model": "small"}, {"q": QUESTION, "said": ["5", "6"], "model": ["big", None]}]
    found = read(rows, {"column": "said", "teacher_column": "model", "teacher": "unknown"})
    assert found.samples.select("text", "teacher").rows() == [("4", "small"), ("5", "big"), ("6", "unknown")]


def test_an_answer_of_an_unknown_teacher_is_malformed(read):
    found = read(
        [{"q": QUESTION, "said": "4", "model": "a"}, {"q": QUESTION, "said": "5", "model": ""}],
        {"column": "said", "teacher_column": "model"},
    )
    assert found.samples["reason"].to_list() == [None, "malformed"]
    assert "model is empty" in found.samples["detail"][1]


def test_a_completion_without_a_teacher_is_the_recipes_mistake(read):
    with pytest.raises(InputError, match="teacher: NAME, or teacher_column: COLUMN"):
        read([{"q": QUESTION, "said": "4"}], {"column": "said"})


@pytest.mark.parametrize("key", ["hint", "teacher_column", "reasoning"])
def test_a_column_beside_the_answer_that_no_row_has_is_the_recipes_mistake(read, key):
    with pytest.raises(InputError, match="no row has the column nowhere"):
        read([{"q": QUESTION, "said": "4"}], {"column": "said", "teacher": "t", key: "nowhere"})


def test_lists_of_generations_with_lists_of_labels(read):
    row = {
        "q": QUESTION,
        "generations": ["<think>2 + 3 = 5</think>\\boxed{5}", "<think>2 + 3"],
        "correct": [True, False],
    }
    completion = {"column": "generations", "teacher": "R1", "labels": {"math_verify": "correct"}}
    rows = read([row], completion).samples.sort("labels").select("text", "reasoning", "labels").rows()
    assert rows == [("", "2 + 3", '{"math_verify":false}'), ("\\boxed{5}", "2 + 3 = 5", '{"math_verify":true}')]
