"""The decisions of people are an input of the next build: it applies them, and moves no other row."""

import json

import pytest

from cotloom.builder.audit import audit
from cotloom.builder.diff import compare_versions
from cotloom.builder.errors import InputError
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import find_version
from tests.passes.builds import answer, ask, run, write_recipe
from tests.review.decide import decide, find_sample, write_decisions

PROBLEMS = [*[ask(number) for number in range(9)], (ask(9)[0], "99")]
ANSWERS = [
    *[answer(number, wording) for number in range(10) for wording in range(3)],
    (ask(4)[0], "First I look into the box, then into the tray, and I see all of them.", True),
]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A version of ten problems with three answers each; the gold answer of the last is wrong."""
    folder = tmp_path_factory.mktemp("first")
    write_recipe(folder, {"a": PROBLEMS}, ANSWERS, ("zero_shot_cot",), select={"keep": 3})
    run(folder / "recipe.yaml", folder / "store")
    return folder


def build_next(folder, *decisions, number="1.0.1", files=1):
    for part in range(files):
        write_decisions(folder / f"reviews-{part}.jsonl", *decisions[part::files])
    named = json.dumps([f"reviews-{part}.jsonl" for part in range(files)])
    run(folder / "recipe.yaml", folder / "store", f"version={number}", f"reviews={named}", "parent=1.0.0")
    return find_version(folder / "store", f"small@{number}")


def texts(version, problem):
    rows = version.read_table("samples").filter(fate="kept").to_dicts()
    return {row["text"] for row in rows if row["problem_id"] == problem}


def test_each_decision_does_what_it_says_and_no_other_row_moves(first):
    version = find_version(first / "store", "small@1.0.0")
    good, bad, edited, golden, silly = (find_sample(version, answer(number)[1]) for number in (0, 1, 2, 9, 3))
    vague = find_sample(version, ANSWERS[-1][1])
    assert (vague["fate"], golden["verdict"]) == ("dropped", "wrong")
    better = "Count both: 2 + 5 = 7. The answer is 7."
    after = build_next(
        first,
        decide(good, "accept"),
        decide(bad, "reject", reason="it skips a step"),
        decide(edited, "edit", text=better),
        decide(golden, "gold", answer="14"),
        decide(silly, "drop", reason="nobody would ask this"),
        decide(vague, "accept"),
    )
    rows = {row["sample_id"]: row for row in after.read_table("samples").to_dicts()}
    reject = rows[bad["sample_id"]]
    assert (reject["reason"], reject["stage"]) == ("rejected_in_review", "verify")
    assert reject["detail"] == "reject by ada: it skips a step"
    assert rows[edited["sample_id"]]["reason"] == "rejected_in_review"
    new = find_sample(after, better)
    assert (new["fate"], new["verdict"], new["review"]["edited"]) == ("kept", "correct", edited["sample_id"])
    assert rows[golden["sample_id"]]["verdict"] == "correct"
    problem = next(row for row in after.read_table("problems").to_dicts() if row["problem_id"] == golden["problem_id"])
    assert (problem["answer"], problem["stated_answer"]) == ("14", "99")
    assert not texts(after, silly["problem_id"])
    raised = rows[vague["sample_id"]]
    assert (raised["fate"], raised["verdict"]) == ("kept", "accepted")
    assert raised["review"]["verdict"] == vague["verdict"]
    touched = {row["problem_id"] for row in (bad, edited, golden, silly, vague)}
    same = version.read_table("samples").drop("review"), after.read_table("samples").drop("review")
    before, now = (table.filter(~table["problem_id"].is_in(list(touched))) for table in same)
    assert before.equals(now)
    assert audit(after) == []
    assert after.manifest.review.applied == {"accept": 2, "drop": 1, "edit": 1, "gold": 1, "reject": 1}


def test_diff_names_the_review_as_the_cause(first):
    version = find_version(first / "store", "small@1.0.0")
    bad = find_sample(version, answer(1, 1)[1])
    after = build_next(first, decide(bad, "reject"), number="1.0.2")
    diff = compare_versions(version, after)
    (group,) = [group for group in diff.groups if group.now == "rejected_in_review"]
    assert group.causes == ("reviews.0: reviews-0.jsonl is read",)
    assert group.rows == 1


def test_an_edit_that_is_wrong_is_dropped_like_any_sample(first):
    version = find_version(first / "store", "small@1.0.0")
    sample = find_sample(version, answer(5)[1])
    text = "5 + 5 = 11. The answer is 11."
    after = build_next(first, decide(sample, "edit", text=text), number="1.0.3")
    assert find_sample(after, text)["reason"] == "wrong"


def test_a_decision_about_another_text_does_nothing(first):
    version = find_version(first / "store", "small@1.0.0")
    sample = find_sample(version, answer(6)[1])
    after = build_next(first, {**decide(sample, "reject"), "read": "0" * 16}, number="1.0.4")
    assert find_sample(after, answer(6)[1])["fate"] == sample["fate"]
    assert after.manifest.review.unmatched == 1


def test_of_two_readers_the_stricter_counts_and_of_one_the_last(first):
    version = find_version(first / "store", "small@1.0.0")
    one, two = (find_sample(version, answer(7, wording)[1]) for wording in (0, 2))
    decisions = [
        decide(one, "accept"), decide(one, "reject", by="bob"), decide(two, "reject"), decide(two, "accept"),
    ]  # fmt: skip
    after = build_next(first, *decisions, number="1.0.5", files=1)
    assert find_sample(after, one["text"])["reason"] == "rejected_in_review"
    assert find_sample(after, two["text"])["reason"] == two["reason"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "reviews-0.jsonl:1"),
        ('{"row": "s_12345678"}', "problem"),
        ({"action": "edit"}, "needs the key text"),
        ({"action": "gold"}, "needs the key answer"),
        ({"action": "burn"}, "action"),
        ({"by": ""}, "by"),
    ],
)
def test_a_line_that_is_no_decision_is_named(first, line, fault):
    sample = find_sample(find_version(first / "store", "small@1.0.0"), answer(8)[1])
    text = line if isinstance(line, str) else json.dumps({**decide(sample, "reject"), **line})
    (first / "reviews-0.jsonl").write_text(text + "\n")
    with pytest.raises(InputError, match="is no decision") as caught:
        run(first / "recipe.yaml", first / "store", "version=2.0.0", 'reviews=["reviews-0.jsonl"]')
    assert fault in str(caught.value)


def test_two_gold_answers_must_be_settled(first):
    sample = find_sample(find_version(first / "store", "small@1.0.0"), answer(8)[1])
    write_decisions(
        first / "reviews-0.jsonl", decide(sample, "gold", answer="1"), decide(sample, "gold", answer="2", by="bob")
    )
    with pytest.raises(InputError, match="two gold answers: 1 and 2"):
        run(first / "recipe.yaml", first / "store", "version=2.0.0", 'reviews=["reviews-0.jsonl"]')


def test_a_recipe_names_files_of_decisions_that_are_there(first):
    loaded = load_recipe(str(first / "recipe.yaml"), ['reviews=["none.jsonl"]', "version=3.0.0"])
    assert loaded.list_files()["reviews.0"].name == "none.jsonl"
    with pytest.raises(InputError, match=r"none\.jsonl"):
        run(first / "recipe.yaml", first / "store", "version=3.0.0", 'reviews=["none.jsonl"]')
