"""`cotloom compare` and `cotloom verify-text`, as a person runs them."""

import json

import pytest

THOUGHT = "<think>3 + 4 = 7, so 7.</think>We have 3 + 4 = 8 pens, that is 7 pens. The answer is 7."


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "answer.txt"
    file.write_text(THOUGHT, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("words", "outcome", "code"),
    [
        (("18", "$18.00"), "equal", 0),
        (("18", "19"), "different", 1),
        (("yes", "No."), "different", 1),
        (("--type", "text", "18", "eighteen or so"), "different", 1),
        (("B", "the pear", "--choice", "apple", "--choice", "pear", "--type", "choice"), "equal", 0),
    ],
)
def test_two_answers_are_compared(run, words, outcome, code):
    ran = run("compare", *words, "--json")
    assert (ran.json["outcome"], ran.code) == (outcome, code)
    assert outcome in run("compare", *words).out


def test_pairs_of_a_file_get_their_outcomes(run, tmp_path):
    rows = [
        {"answer_type": "number", "gold": 18, "answer": "18.0", "note": "kept"},
        {"answer_type": "auto", "gold": "yes", "answer": "no"},
        {"answer_type": "choice", "gold": "B", "answer": "pear", "choices": ["apple", "pear"]},
    ]
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    ran = run("compare", "--jsonl", file)
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["outcome"] for row in found] == ["equal", "different", "equal"]
    assert (found[0]["note"], ran.code) == ("kept", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "18"), "two answers are compared"),
        (("compare", "--type", "nmber", "1", "2"), "there are: number"),
        (("verify-text", "nowhere.txt", "--gold", "1"), "can't be read"),
        (("compare", "--jsonl", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_what_can_not_be_done_is_said_with_what_can(run, words, said):
    ran = run(*words)
    assert (ran.code, said in ran.err) == (2, True)


def test_a_row_without_a_gold_is_named(run, tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"answer_type": "number", "gold": "1", "answer": "1"}\n{"answer_type": "number", "answer": "1"}\n')
    ran = run("compare", "--jsonl", file)
    assert (ran.code, "pairs.jsonl:2" in ran.err, "no gold" in ran.err) == (2, True, True)


def test_a_text_is_judged_with_each_step(run, text):
    ran = run("verify-text", text, "--gold", "7", "--json")
    found = ran.json
    assert (found["verdict"], found["reason"], ran.code) == ("correct", "wrong_step", 1)
    assert (found["predicted"], found["rule"], found["answer_part"]) == ("7", "answer_is", "text")
    assert [(step["part"], step["outcome"]) for step in found["steps"]] == [("reasoning", "right"), ("text", "wrong")]
    shown = run("verify-text", text, "--gold", "7").out
    assert "3 + 4 = 8  wrong (should be 7)" in shown
    assert "by the rule answer_is" in shown


def test_without_a_gold_there_is_no_verdict(run, text):
    ran = run("verify-text", text, "--type", "number", "--json")
    assert ("verdict" in ran.json, ran.json["predicted"], ran.code) == (False, "7", 0)
    assert run("verify-text", text).code == 2  # auto needs a gold answer


def test_a_parroted_hint_is_found(run, tmp_path):
    file = tmp_path / "answer.txt"
    file.write_text("According to the hint, the answer is 7.")
    assert run("verify-text", file, "--gold", "7", "--hinted", "--json").json["reason"] == "hint_parroted"
    assert run("verify-text", file, "--gold", "7", "--json").json["reason"] is None


def test_what_moves_a_cursor_is_shown_by_its_escape(run, tmp_path):
    file = tmp_path / "answer.txt"
    file.write_text("\x1b[2J The answer is 7.")
    assert "\x1b[2J" not in run("verify-text", file, "--gold", "7").out


@pytest.mark.parametrize(("amount", "code"), [("1%", 0), ("0.01", 0), ("0.001", 1), ("0.1%", 1)])
def test_a_tolerance_is_a_number_or_a_share(run, amount, code):
    assert run("compare", "--type", "number", "--tolerance", amount, "0.67", "2/3").code == code


@pytest.mark.parametrize("amount", ["x", "", "%", "-1", "nan", "inf", "100%"])
def test_what_is_no_amount_is_refused(run, amount):
    found = run("compare", "--type", "number", f"--tolerance={amount}", "0.67", "2/3")
    assert found.code == 2
    assert "is no amount" in found.err
