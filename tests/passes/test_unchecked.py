"""Builds whose answers are not compared, or found anywhere: what is kept, written and said of it."""

import pytest

from cotloom.builder.audit import run_checks
from tests.passes.builds import ask, run, write_recipe

PROBLEMS = [ask(number) for number in range(8)]
ANSWERS = [
    (ask(number)[0], f"I counted them {number + 9} times. The answer is {number + 6}.", True) for number in range(8)
]
BARE = [
    (ask(number)[0], f"Both trays together have {number + 5} pens in them, as one sees. That is all.", True)
    for number in range(8)
]
EMPTY = [(ask(number)[0], "One can count them all, and then one knows.", True) for number in range(8)]


@pytest.fixture
def build(tmp_path):
    """Build answers with a value of `verify.answer`; the kept samples, and the last messages of the rows."""

    def built(answers, place, *formats, **keys):
        recipe = write_recipe(
            tmp_path, {"a": PROBLEMS}, answers, formats=formats or ("zero_shot_cot",), verify={"answer": place}, **keys
        )
        version = run(recipe, tmp_path / "store").version
        assert run_checks(version).findings == ()
        kept = version.read_table("samples").filter(fate="kept")
        rows = version.read_table("examples").filter(fate="kept")["messages"]
        return kept, sorted(messages[-1]["content"] for messages in rows)

    return built


def test_a_stated_answer_that_nobody_compared_stays_as_it_is(build):
    kept, targets = build(ANSWERS, "unchecked")
    assert (kept.height, set(kept["verdict"]), set(kept["rule"])) == (8, {"unchecked"}, {"answer_is"})
    assert targets == sorted(text for _, text, _ in ANSWERS)


def test_a_rationale_without_an_answer_ends_on_the_gold_answer(build):
    kept, targets = build(EMPTY, "unchecked", select={"near_duplicate": None})
    assert set(kept["verdict"]) == {"unchecked"}
    assert targets == sorted(f"{EMPTY[0][1]}\nThe answer is {number + 5}." for number in range(8))


def test_the_gold_answer_anywhere_is_enough(build):
    kept, targets = build([*BARE, *EMPTY], "anywhere")
    assert (kept.height, set(kept["verdict"]), set(kept["rule"])) == (8, {"correct"}, {"anywhere"})
    assert targets == sorted(f"{text}\nThe answer is {number + 5}." for number, (_, text, _) in enumerate(BARE))


def test_without_the_key_the_same_rationales_have_no_answer(build):
    kept, targets = build([*BARE, *EMPTY], "in_response")
    assert (kept.height, targets) == (0, [])


def test_a_wrong_step_drops_what_is_not_compared_too(build):
    kept, _ = build([(question, f"{text} 3 + 4 = 8.", True) for question, text, _ in ANSWERS], "unchecked")
    assert kept.height == 0
