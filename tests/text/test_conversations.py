"""Conversations in cells of tables: which cells are one, what is asked, and what is answered."""

import json

import pytest

from cotloom.builder.text.conversations import find_question, find_reply, read_conversation
from cotloom.builder.text.questions import read_question

TURNS = [("system", "Be brief."), ("user", "What is 2 + 3?"), ("assistant", "5")]
FORMS = {
    "messages": [{"role": who, "content": what} for who, what in TURNS],
    "sharegpt": [{"from": {"user": "human", "assistant": "gpt"}.get(who, who), "value": what} for who, what in TURNS],
    "parts": [{"role": who, "content": [{"type": "text", "text": what}]} for who, what in TURNS],
    "capitals": [{"role": who.upper(), "content": what, "weight": None} for who, what in TURNS],
    "lists": {"role": [who for who, _ in TURNS], "content": [what for _, what in TURNS]},
    "json": json.dumps([{"role": who, "content": what} for who, what in TURNS]),
}


@pytest.mark.parametrize("cell", FORMS.values(), ids=FORMS)
def test_every_form_asks_and_answers_the_same(cell):
    turns = read_conversation(cell)
    assert find_question(turns) == "What is 2 + 3?"
    assert (find_reply(turns).text, find_reply(turns).reasoning) == ("5", None)


@pytest.mark.parametrize(
    "cell",
    [None, 5, "", "[1, 2]", '["role"]', [], ["a", "b"], [{"text": "a"}], [{"role": "user"}], {"role": "user"},
     [{"role": "poet", "content": "x"}], [{"role": "user", "content": {"image": 1}}], "role: user", '[{"role": '],
)  # fmt: skip
def test_other_cells_are_no_conversations(cell):
    assert read_conversation(cell) is None


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_beside_the_content_is_kept_apart(key):
    turns = read_conversation(
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": "5", key: "2 + 3 = 5"}]
    )
    assert (find_reply(turns).text, find_reply(turns).reasoning) == ("5", "2 + 3 = 5")


def test_several_turns_are_one_question_with_all_of_them():
    told = [("user", "I have 2 pens."), ("assistant", "Yes?"), ("user", "And 3 more?"), ("assistant", "5")]
    turns = read_conversation([{"role": who, "content": what} for who, what in told])
    assert find_question(turns) == "User: I have 2 pens.\n\nAssistant: Yes?\n\nUser: And 3 more?"
    assert find_reply(turns).text == "5"
    assert find_question(turns[:3]) == find_question(turns)
    assert find_question(turns[:3], before_reply=True) == "I have 2 pens."


def test_a_question_of_several_columns_leaves_empty_ones_out():
    row = {"a": "One.", "b": "  ", "c": None, "d": 2.0, "m": FORMS["messages"]}
    assert read_question(row, ["a", "b", "c", "d", "m"]) == "One.\n2\nWhat is 2 + 3?"
    assert read_question(row, ["b", "c"]) is None
    assert read_question(row, "a") == "One."
    with pytest.raises(KeyError):
        read_question(row, ["a", "e"])
