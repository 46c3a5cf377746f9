"""Defects that public datasets had, rebuilt small: each is caught, with count, severity, rows, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cotloom.builder.audit.dataset import CHECKS, Severity

from .rows import Rows, make_chats, make_chinese, make_problem, make_solved, think, write_rows

Planted = tuple[Rows, str, int, list[int]]
"""The rows, and of the finding: its check, its count, and the first rows that it cites."""


def make_thoughts(count: int = 60) -> Rows:
    """Rows with a response that thinks between tags, and a gold answer."""
    return [
        {
            "question": each["question"],
            "response": think(f"The {each['what']} are counted: {each['steps']}.", each["answer"]),
            "answer": each["answer"],
        }
        for each in map(make_problem, range(count))
    ]


def change(rows: Rows, numbers: range, update: Callable[[dict[str, Any]], dict[str, Any]]) -> Rows:
    """Change some rows, numbered from 1 as their lines are."""
    return [row | update(row) if number in numbers else row for number, row in enumerate(rows, 1)]


def plant_every_row_a_hundred_times() -> Planted:
    rows = make_solved(30)
    return rows * 100, "repeated_rows", 2970, [31, 32]


def plant_four_layouts() -> Planted:
    tags = (
        ("<think>", "</think>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<thinking>", "</thinking>"),
        ("<reasoning>", "</reasoning>"),
    )
    rows = [
        row | {"response": think(f"First {make_problem(number)['steps']}.", row["answer"], tags[number % 4])}
        for number, row in enumerate(make_thoughts())
    ]
    return rows, "several_layouts", 45, []


def plant_empty_tags() -> Planted:
    thoughts = ["", "...", "N/A", "\n"]
    rows = change(make_thoughts(), range(1, 49), lambda row: {"response": think("", row["answer"])})
    rows = [
        row | {"response": think(thoughts[number % 4], row["answer"])} if number < 48 else row
        for number, row in enumerate(rows)
    ]
    return rows, "empty_traces", 48, [1, 2]


def plant_empty_actions() -> Planted:
    def act(row: dict[str, Any], thought: str) -> dict[str, Any]:
        return {"response": f"Thought: {thought}\nAction: finish\nFinal Answer: the answer is {row['answer']}."}

    rows = change(make_thoughts(), range(1, 61), lambda row: act(row, f"I count {row['answer']} of them."))
    return change(rows, range(1, 49), lambda row: act(row, "")), "empty_traces", 48, [1, 2]


def plant_empty_column() -> Planted:
    rows = [
        {"question": each["question"], "thinking": each["steps"] if number % 5 == 0 else "",
         "response": f"The answer is {each['answer']}.", "answer": each["answer"]}
        for number, each in enumerate(map(make_problem, range(60)))
    ]  # fmt: skip
    return rows, "empty_traces", 48, [2, 3]


def plant_answers_in_questions() -> Planted:
    def leak(row: dict[str, Any]) -> dict[str, Any]:
        return {"question": f"{row['question']} Answer: \\boxed{{{row['answer']}}}"}

    return change(make_thoughts(30), range(4, 7), leak), "answer_in_question", 3, [4, 5]


def plant_solutions_in_questions() -> Planted:
    def leak(row: dict[str, Any]) -> dict[str, Any]:
        return {"question": f"{row['question']}\n\n{row['response']}", "response": row["response"]}

    return change(make_thoughts(), range(7, 9), leak), "answer_in_question", 2, [7, 8]


def plant_noisy_labels() -> Planted:
    rows = [
        {"question": each["question"], "answer": each["answer"], "is_correct": False,
         "response": f"So {each['steps']}. The answer is {each['answer'] + (number % 6 > 0)}."}
        for number, each in enumerate(map(make_problem, range(60)))
    ]  # fmt: skip
    return rows, "contradicted_labels", 10, [1, 7]


def plant_false_praise() -> Planted:
    rows = [row | {"is_correct": [True, True, number == 2]} for number, row in enumerate(make_chinese(), 1)]
    return rows, "contradicted_labels", 1, [2]


def plant_truncated_responses() -> Planted:
    def cut(row: dict[str, Any]) -> dict[str, Any]:
        return {"response": f"{row['response']} To check this, they were counted a second time, and again the"}

    return change(make_thoughts(), range(11, 14), cut), "cut_ends", 3, [11, 12]


def plant_finish_reasons() -> Planted:
    rows = [row | {"finish_reason": "stop"} for row in make_thoughts()]
    return change(rows, range(5, 7), lambda _row: {"finish_reason": "length"}), "cut_off", 2, [5, 6]


def plant_links() -> Planted:
    def link(row: dict[str, Any]) -> dict[str, Any]:
        return {"question": f"{row['question']} ![](https://cdn.example.com/figure-12.png)"}

    return change(make_solved(), range(3, 4), link), "links_in_questions", 1, [3]


def plant_contradicting_golds() -> Planted:
    rows = make_thoughts()
    return [*rows, rows[4] | {"answer": 9999, "response": think("A guess.", 9999)}], "contradicting_golds", 1, [61]


def plant_a_wrong_gold() -> Planted:
    rows = [
        row | {"generations": row["generations"][:1] * 2 + [f"我又算了一遍，{row['generations'][0]}"]}
        for row in make_chinese()
    ]
    rows = [row | {"generations": [f"解法{n}：{text}" for n, text in enumerate(row["generations"])]} for row in rows]
    rows = [{key: value for key, value in row.items() if key != "is_correct"} for row in rows]
    return change(rows, range(8, 9), lambda _row: {"answer": "7777"}), "suspect_golds", 1, [8]


def plant_a_vote() -> Planted:
    rows = [{"question": row["question"], "majority_answer": row["answer"]} for row in make_thoughts()]
    return rows, "voted_golds", 60, [1, 2]


def plant_wrong_steps() -> Planted:
    rows = make_thoughts()
    response = f"We add: 12 + 5 = 18, then take the right number. The answer is {rows[8]['answer']}."
    tagged = think("I add them.", rows[8]["answer"]).replace("The answer", "So 12 + 5 = 18. The answer")
    assert response != tagged
    return change(rows, range(9, 10), lambda _row: {"response": tagged}), "wrong_steps", 1, [9]


def plant_wrong_answers() -> Planted:
    rows = make_thoughts()
    return change(rows, range(2, 4), lambda _row: {"response": think("A guess.", 7777)}), "wrong_responses", 2, [2, 3]


def plant_an_unclosed_tag() -> Planted:
    rows = make_thoughts()
    return (
        change(rows, range(6, 8), lambda row: {"response": row["response"].replace("</think>", "")}),
        "unclosed_tags", 2, [6, 7],
    )  # fmt: skip


def plant_an_unopened_tag() -> Planted:
    rows = make_thoughts()
    return (
        change(rows, range(6, 8), lambda row: {"response": row["response"].replace("<think>\n", "")}),
        "unopened_tags", 2, [6, 7],
    )  # fmt: skip


def plant_a_nested_tag() -> Planted:
    rows = make_thoughts()
    return (
        change(rows, range(6, 7), lambda row: {"response": f"<think>\nWell.\n{row['response']}\n</think>\nDone."}),
        "nested_tags", 1, [6],
    )  # fmt: skip


def plant_garbled_text() -> Planted:
    garbled = "Zoë’s".encode().decode("cp1252")
    rows = make_solved()
    return (
        change(rows, range(5, 6), lambda row: {"question": f"In {garbled} shop: {row['question']}"}),
        "garbled_text",
        1,
        [5],
    )


def plant_other_writings() -> Planted:
    rows = make_thoughts()
    again = rows[3] | {"question": rows[3]["question"].upper(), "response": f"Again. {rows[3]['response']}"}
    return [*rows, again], "rewritten_questions", 1, [61]


def plant_a_variation() -> Planted:
    rows = make_thoughts()
    long = (
        "A lighthouse keeper climbs the tower twice a day, once in the morning to clean the lamp and once in the"
        " evening to light it, and each climb takes him the same number of steps; he has counted {steps} of them."
        " How many steps does he climb on a day, if he never forgets anything upstairs and never has to go back?"
    )
    made = [
        {
            "question": long.format(steps=steps),
            "answer": 2 * steps,
            "response": think(f"2 * {steps} = {2 * steps}.", 2 * steps),
        }
        for steps in (210, 340)
    ]
    return [*rows, *made], "near_duplicates", 1, [62]


def plant_shifted_rows() -> Planted:
    def tell(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "messages": [row["messages"][0], {"role": "assistant", "content": f"Let us see. {'It goes on. '}" + long}]
        }

    long = "This one takes patience, and I would first draw all of it on paper before I count anything at all."
    return change(make_chats(), range(10, 12), tell), "shared_responses", 1, [11]


def plant_repeated_responses() -> Planted:
    rows = make_chinese()
    for row in rows:
        row["generations"], row["is_correct"] = [row["generations"][0]] * 2, [True, True]
    return rows, "repeated_responses", 40, [1, 2]


def plant_empty_responses() -> Planted:
    return change(make_thoughts(), range(1, 4), lambda _row: {"response": ""}), "empty_responses", 3, [1, 2]


def plant_missing_golds() -> Planted:
    return change(make_thoughts(), range(2, 4), lambda _row: {"answer": None}), "missing_golds", 2, [2, 3]


def plant_unreadable_golds() -> Planted:
    return change(make_thoughts(), range(2, 3), lambda _row: {"answer": "see the picture"}), "unreadable_golds", 1, [2]


def plant_a_refusal() -> Planted:
    rows = [{"question": row["question"], "response": row["response"]} for row in make_thoughts()]
    refusal = "I'm sorry, but I can't help with that request."
    return (
        change(rows, range(3, 4), lambda _row: {"response": think("Hm, no.", 1).replace("The answer is 1.", refusal)}),
        "refusals",
        1,
        [3],
    )


def plant_a_loop() -> Planted:
    loop = "Let me check that once more. " * 40
    rows = make_thoughts()
    return change(rows, range(3, 4), lambda row: {"response": think(loop, row["answer"])}), "loops", 1, [3]


def plant_no_answers() -> Planted:
    rows = make_thoughts()
    text = "<think>\nI add them.\n</think>\n\nI would rather think about it for a while longer."
    return change(rows, range(3, 5), lambda _row: {"response": text + " " * _row["answer"]}), "no_answer", 2, [3, 4]


def plant_foreign_questions() -> Planted:
    rows = make_thoughts()
    french = (
        "Marie a douze pommes dans son panier et elle en donne trois à son frère. Combien de pommes lui reste-t-il ?"
    )
    answer = {"question": french, "answer": 9, "response": think("12 - 3 = 9.", 9)}
    return change(rows, range(7, 8), lambda _row: answer), "other_languages", 1, [7]


PLANTED = {name.removeprefix("plant_"): make for name, make in list(globals().items()) if name.startswith("plant_")}

ERRORS = frozenset({
    "repeated_rows", "empty_traces", "answer_in_question", "contradicted_labels", "contradicting_golds",
    "unclosed_tags", "repeated_responses", "empty_responses", "crosses_splits", "unreadable_rows", "card_rows",
    "card_size", "evaluation_overlap", "evaluation_overlap_masked",
})  # fmt: skip
"""The findings that end with exit code 1 here."""

BESIDES = {
    "an_unclosed_tag": {"no_answer"},
    "an_unopened_tag": set(),
    "contradicting_golds": set(),
    "a_wrong_gold": {"wrong_responses"},
    "solutions_in_questions": set(),
    "empty_responses": set(),
    "foreign_questions": {"foreign_responses"},
    "four_layouts": set(),
}
"""What else is true of a planted defect."""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_caught(name, tmp_path, check_up):
    rows, check, count, places = PLANTED[name]()
    path = write_rows(tmp_path / "rows.jsonl", rows)

    report = check_up(path)

    found = {finding.check: finding for finding in report.findings}
    assert found.keys() - BESIDES.get(name, set()) == {check}, [finding.message for finding in report.findings]
    assert found[check].count == count
    assert [place.row for place in found[check].places][: len(places)] == places
    assert all(place.file == "rows.jsonl" and place.quote for place in found[check].places)
    assert found[check].severity is (Severity.ERROR if check in ERRORS else Severity.WARNING)


def test_a_row_that_is_none_is_an_error_with_its_line(tmp_path, check_up):
    path = write_rows(tmp_path / "rows.jsonl", make_solved(9))
    path.write_text(path.read_text() + '{"question": "How ma\n{"question": "", "answer": "#### 3"}\n')

    (finding,) = check_up(path).findings

    assert (finding.check, finding.count, [place.row for place in finding.places]) == ("unreadable_rows", 2, [10, 11])
    assert "not JSON" in finding.places[0].quote


def write_card(folder, metadata: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text(f"---\n{metadata}---\n# A dataset\n")
    write_rows(folder / "train.jsonl", make_solved(30))


@pytest.mark.parametrize(
    ("metadata", "check", "says"),
    [
        (
            "license: mit\ndataset_info: {splits: [{name: train, num_examples: 60}]}\n",
            "card_rows",
            "says 60 rows, there are 30",
        ),
        (
            "license: mit\ndataset_info:\n- {config_name: a, splits: [{name: all, num_examples: 31}]}\n",
            "card_rows",
            "31 rows",
        ),
        ("license: mit\nsize_categories:\n- 1K<n<10K\n", "card_size", "the card says 1K<n<10K, there are 30 rows"),
        ("size_categories: [n<1K]\n", "card_license", "1 of 1 cards name no licence"),
        ("license: [mit\n", "card_unreadable", "can't be read"),
    ],
)
def test_a_card_that_says_what_is_not_so_is_caught(tmp_path, check_up, metadata, check, says):
    write_card(tmp_path / "set", metadata)

    (finding,) = check_up(tmp_path / "set").findings

    assert (finding.check, says in finding.message) == (check, True), finding.message


def test_a_question_to_test_on_in_the_training_split_is_caught(tmp_path, check_up):
    rows = make_solved(40)
    write_rows(tmp_path / "train.jsonl", rows[:32])
    write_rows(tmp_path / "test.jsonl", [{"question": rows[2]["question"].lower(), "answer": "#### 9"}, *rows[32:]])

    report = check_up(tmp_path, fields=["answer=answer", "response=answer"])

    found = {finding.check: finding for finding in report.findings}
    assert (found["crosses_splits"].count, found["crosses_splits"].total) == (1, 9)
    assert [(place.file, place.row) for place in found["crosses_splits"].places] == [("test.jsonl", 1)]


@pytest.fixture
def contest(tmp_path):
    """An evaluation set."""
    pond = (
        "Every morning Aya jogs around a pond of 9 kilometers and rests in a cafe; at s kilometers per hour, the jog"
        " takes her 4 hours with t minutes in the cafe. Find how many minutes it takes at s + 2 kilometers per hour."
    )
    atlas = (
        "A printer binds 48 volumes of an atlas in green leather and 96 in red cloth. Of these, 12 have gilt edges and"
        " 350 maps. How many maps do the gilt volumes hold, if 7 of them are lost in the flood?"
    )
    questions = [pond, atlas]
    return write_rows(tmp_path / "contest.jsonl", [{"question": each, "answer": "1"} for each in questions]), questions


@pytest.mark.parametrize(
    ("numbers", "check"),
    [
        ({}, "evaluation_overlap"),
        ({"48": "36", "96": "85", "12": "15", "350": "275", "7": "4"}, "evaluation_overlap_masked"),
    ],
)
def test_items_of_an_evaluation_set_are_caught_with_other_numbers_too(tmp_path, check_up, contest, numbers, check):
    path, questions = contest
    question = questions[1]
    for one, other in numbers.items():
        question = question.replace(one, other)
    rows = make_solved(30)
    rows[7] = rows[7] | {"question": question}

    report = check_up(write_rows(tmp_path / "rows" / "rows.jsonl", rows), against=[path])

    found = {finding.check: finding for finding in report.findings}
    assert check in found, report.findings
    assert [place.row for place in found[check].places] == [8]
    assert "contest.jsonl" in found[check].message
    assert not report.is_clean


def test_every_check_has_a_planted_defect():
    planted = {make()[1] for make in PLANTED.values()}
    elsewhere = {
        "unreadable_rows", "card_rows", "card_size", "card_license", "card_unreadable", "crosses_splits",
        "evaluation_overlap", "evaluation_overlap_masked", "foreign_responses",
    }  # fmt: skip
    assert {check.name for check in CHECKS} == planted | elsewhere


def test_the_same_is_found_whatever_the_number_of_workers(tmp_path, check_up, monkeypatch):
    monkeypatch.setattr("cotloom.builder.audit.dataset.run._LEAST_BYTES", 4_000)
    path = write_rows(tmp_path / "rows.jsonl", [*make_thoughts(), *make_thoughts(20)])

    one, two = (check_up(path, workers=workers) for workers in (1, 2))

    assert one == two
    assert json.dumps([finding.message for finding in one.findings])
