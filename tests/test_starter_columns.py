"""`cotloom init --from`: whole questions, columns that look alike, other languages, conversations, what is not used."""

import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.verify import IS_READABLE

SVAMP = [
    {
        "ID": f"chal-{n}",
        "Body": f"Ann has {n} pens and gives {n - 1} away",
        "Question": "How many pens does she have left?",
        "Equation": f"( {n}.0 - {n - 1}.0 )",
        "Answer": 1.0,
        "Type": "Subtraction",
    }
    for n in range(3, 9)
]
CHINESE = [
    {"编号": f"第{n}题", "题目": f"小明有{n}支铅笔，又买了2支。他现在有几支铅笔？", "答案": str(n + 2)}
    for n in range(3, 9)
]


@pytest.fixture
def init(tmp_path, run):
    """Run `init` on some rows, written as JSON lines."""

    def ran(rows: list[dict[str, Any]], *words: object, json_output: bool = True):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return run("init", tmp_path / "new", "--from", path, *words, *(["--json"] if json_output else []))

    return ran


def read_questions(path: str) -> list[str]:
    frame = load_problems(load_recipe(path), IS_READABLE).frame
    return frame.filter(frame["fate"] == "kept")["question"].to_list()


def list_values(ran) -> dict[str, Any]:
    return {key: found["value"] for key, found in ran.json["inferred"].items()}


def test_the_story_before_a_question_is_part_of_it(init):
    ran = init(SVAMP)

    assert ran.code == 0
    assert list_values(ran)["question"] == ["Body", "Question"]
    first = "Ann has 3 pens and gives 2 away\nHow many pens does she have left?"
    assert ran.json["problem"] == {"question": first, "answer": "1"}
    assert set(ran.json["unused"]) == {"ID", "Equation", "Type"}
    assert read_questions(ran.json["path"])[0] == first


def test_svamps_own_file_is_right_at_the_first_go(data, tmp_path, run):
    ran = run("init", tmp_path, "--from", data / "svamp" / "SVAMP.json")

    assert ran.code == 0
    assert "question: ['Body', 'Question']" in ran.out
    assert "Each pack of dvds costs 76 dollars" in ran.out
    assert "How much do you have to pay to buy each pack?" in ran.out
    for name in ("ID", "Equation", "Type"):
        assert f"\n  {name}: " in ran.out
    frame = load_problems(load_recipe(str(tmp_path / "recipe.yaml")), IS_READABLE).frame
    assert frame.height == 1_000
    assert set(frame["reason"].drop_nulls()) <= {"crosses_split"}
    planned = run("plan", tmp_path / "recipe.yaml", "--set", "teacher.model=some", "--show", "--store", tmp_path / "s")
    assert "One problem: SVAMP.json:1" in planned.out
    assert "If there is a discount of 25 dollars on each pack" in planned.out


PARTED: dict[str, tuple[dict[str, Any], Any]] = {
    "passage": ({"question": "does it rain {n} times", "passage": "It rained here for {n} days.", "answer": "yes"},
                ["passage", "question"]),
    "context": ({"Context": "Bob keeps {n} hens in a yard.", "Query": "How many hens are there?", "Gold": "{n}"},
                ["Context", "Query"]),
    "story with parts of names": (
        {"story_text": "Bob keeps {n} hens.", "question_text": "How many hens are there?", "final_answer": "{n}"},
        ["story_text", "question_text"],
    ),
    "input of an instruction": (
        {"instruction": "Count the letters of word {n}.", "input": "pear and plum {n}", "answer": "{n}"},
        ["instruction", "input"],
    ),
    "chinese": ({"背景": "小明有{n}支铅笔，送给小红一支。", "问题": "他还有几支？", "答案": "{n}"}, ["背景", "问题"]),
    "parts of one name": (
        {"Problem Body": "Tom has {n} cats here.", "Problem Question": "How many cats has he?", "Final Answer": "{n}"},
        ["Problem Body", "Problem Question"],
    ),
    "instruction for all rows": (
        {"instruction": "Answer this question, please.", "question": "What is {n} plus one?", "answer": "{n}"},
        "question",
    ),
    "kind of problem": (
        {"problem": "What is {n} plus one?", "problem_type": "Number Theory", "question_type": "MCQ", "answer": "1"},
        "problem",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), PARTED.values(), ids=PARTED)
def test_the_question_has_all_its_parts_in_order(init, row, expected):
    rows = [{key: text.replace("{n}", str(n)) for key, text in row.items()} for n in range(2, 8)]

    ran = init(rows)

    assert (ran.code, list_values(ran)["question"]) == (0, expected)
    for text in read_questions(ran.json["path"]):
        assert all(word in text for word in ("rain", "rained")) or expected != ["passage", "question"]


@pytest.mark.parametrize(
    ("names", "flags"),
    [
        (("question", "problem"), ["--question question", "--question problem"]),
        (("question_en", "question_zh"), ["--question question_en", "--question question_zh"]),
        (("text", "body"), ["--question text", "--question body"]),
        (("alpha", "beta"), ["--question alpha", "--question beta"]),
    ],
)
def test_two_columns_that_look_like_the_question_are_not_guessed(init, tmp_path, names, flags):
    rows = [
        {names[0]: f"What is {n} plus one?", names[1]: f"How much is {n} and one?", "answer": str(n)} for n in range(5)
    ]

    ran = init(rows)

    assert ran.code == 2
    assert all(flag in ran.json["error"]["hint"] for flag in flags)
    assert "What is 0 plus one?" in ran.json["error"]["message"]
    assert not (tmp_path / "new").exists()
    chosen = init(rows, "--question", names[1])
    assert (chosen.code, list_values(chosen)["question"]) == (0, names[1])
    both = init(rows, "--question", names[1], "--question", names[0], "--force")
    assert list_values(both)["question"] == [names[1], names[0]]


def test_a_question_for_all_rows_is_no_instruction(init):
    rows = [{"题目": f"小明有{n}支笔，又买了两支。", "问题": "他一共有几支笔？", "答案": n + 2} for n in range(5)]
    assert "--question 题目 or --question 问题" in init(rows).json["error"]["hint"]


def test_an_id_is_no_answer_and_lists_of_texts_are_told_too(init):
    rows = [
        {"id": f"5{n}", "question": f"When was tower {n} built?", "answers": {"text": [f"in 1{n}00"]}} for n in range(5)
    ]

    ran = init(rows)

    assert (ran.code, "no column looks like an answer" in ran.json["error"]["message"]) == (2, True)
    assert set(init([{**row, "gold": "x"} for row in rows]).json["unused"]) == {"id", "answers.text"}
    templated = init(rows, "--answer", "{{ answers.text[0] }}", "--force")
    assert (templated.code, templated.json["problem"]["answer"]) == (0, "in 1000")
    assert read_questions(templated.json["path"])[0] == "When was tower 0 built?"


def test_two_columns_with_the_same_texts_are_one(init):
    rows = [{"question": f"What is {n} plus one?", "problem": f"What is {n} plus one?", "answer": n} for n in range(5)]
    assert list_values(init(rows))["question"] in {"question", "problem"}


def test_two_columns_that_look_like_the_answer_are_not_guessed(init):
    rows = [{"question": f"What is {n} plus one?", "answer": n + 1, "final_answer": n + 2} for n in range(5)]

    ran = init(rows)

    assert ran.code == 2
    assert "--answer answer or --answer final_answer" in ran.json["error"]["hint"]
    assert list_values(init(rows, "--answer", "final_answer"))["answer"] == "final_answer"


def test_answers_that_say_the_same_in_two_forms_are_one(init):
    rows = [
        {"question": f"What is {n} plus one?", "answer": f"{n} + 1 = {n + 1}\n#### {n + 1}", "final_answer": n + 1}
        for n in range(5)
    ]
    assert init(rows).code == 0


def test_a_column_that_is_chosen_and_missing_is_the_users_mistake(init):
    ran = init(SVAMP, "--question", "Text")
    assert (ran.code, "the columns are: ID, Body" in ran.json["error"]["hint"]) == (2, True)


def test_chosen_columns_need_a_file(run, tmp_path):
    ran = run("init", tmp_path, "--question", "a")
    assert (ran.code, "--from FILE" in ran.err) == (2, True)


def test_chinese_columns_are_known_by_their_names(init):
    ran = init(CHINESE)

    assert ran.code == 0
    inferred = list_values(ran)
    assert (inferred["question"], inferred["answer"], inferred["answer_type"]) == ("题目", "答案", "number")
    assert ran.json["inferred"]["question"]["why"] == "by its name"
    assert ran.json["problem"]["question"].startswith("小明有3支铅笔")
    assert len(read_questions(ran.json["path"])) == len(CHINESE)


@pytest.mark.parametrize(
    ("question", "answer"),
    [("问题", "标准答案"), ("题干", "正确答案"), ("问题", "解答"), ("題目", "答案"), ("問題", "正解")],
)
def test_other_names_of_the_same_are_known_too(init, question, answer):
    rows = [{question: f"小红有{n}个苹果，吃了1个，还剩几个？", answer: f"{n - 1}"} for n in range(3, 8)]
    inferred = list_values(init(rows))
    assert (inferred["question"], inferred["answer"]) == (question, answer)


def test_a_worked_solution_in_chinese_is_read_by_its_mark(init):
    rows = [
        {"问题": f"小红有{n}个苹果，吃了1个，还剩几个？", "解答": f"{n} - 1 = {n - 1}。答案是{n - 1}。"}
        for n in range(3, 8)
    ]

    ran = init(rows)

    assert "答案" in list_values(ran)["answer_pattern"]
    assert ran.json["problem"]["answer"] == "2"


def test_a_conversation_with_a_prompt_alone_is_the_question(init):
    rows = [
        {"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"What is {n} + 1?"}],
         "reward_model": {"ground_truth": str(n + 1), "style": "rule"}}
        for n in range(5)
    ]  # fmt: skip

    ran = init(rows)

    assert list_values(ran)["question"] == "prompt"
    assert list_values(ran)["answer"] == "reward_model.ground_truth"
    assert ran.json["problem"] == {"question": "What is 0 + 1?", "answer": "1"}


@pytest.mark.parametrize("name", ["messages", "conversations"])
def test_a_finished_conversation_is_a_question_with_its_response(init, name):
    keys = ("role", "content") if name == "messages" else ("from", "value")
    rows = [
        {
            name: [
                dict(zip(keys, turn, strict=True))
                for turn in (("user", f"What is {n} + 1?"), ("assistant", f"{n + 1}."))
            ]
        }
        for n in range(5)
    ]

    inferred = list_values(init(rows))

    assert (inferred["question"], inferred["responses"], inferred["role"]) == (name, [name], "reference")


def test_lists_of_generations_are_no_options(init):
    rows = [
        {"problem": f"What is {n} + 1?", "answer": str(n + 1), "generations": [f"It is {n + 1}.", f"{n} + 1 = {n + 1}"],
         "correctness_math_verify": [True, False], "is_reasoning_complete": [True, True]}
        for n in range(5)
    ]  # fmt: skip
    inferred = list_values(init(rows))
    assert inferred == {"question": "problem", "answer": "answer", "answer_type": "number", "role": "sample"}


@pytest.mark.parametrize("source", [True, False])
def test_the_licence_is_a_line_to_fill_in(init, tmp_path, run, source):
    ran = init(SVAMP) if source else run("init", tmp_path / "new", "--json")

    text = (tmp_path / "new" / "recipe.yaml").read_text()
    values = YAML(typ="safe").load(text)
    assert "license" in values
    assert values["license"] is None
    assert "license" in values["sources"][0] or not source
    assert load_recipe(ran.json["path"]).recipe.license is None


def test_a_hostile_name_of_a_column_stays_in_its_comment(init):
    rows = [{**row, "x\nname: evil #": "some text here"} for row in SVAMP]
    ran = init(rows)
    assert ran.code == 0
    assert load_recipe(ran.json["path"]).recipe.name == "rows"
