"""A long or hostile text costs time in proportion to its length, and only itself."""

import json

import pytest
from rich.console import Console

from cotloom.builder.format.templates import SolvedProblem, format_rationale
from cotloom.builder.report.tables import MAX_SHOWN, indent, make_table
from cotloom.builder.select import ReasoningPath, choose_paths
from cotloom.builder.text.equations import find_equations
from cotloom.builder.verify import compare, judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Select, Verify

PROBLEM = Problem(problem_id="p", source="s", origin="", question="?", answer="18")
SENTENCE = "She sold 48/2 = 24 clips in May, and then 24 + 48 = 72 clips in total. "


def test_an_answer_beyond_the_cap_is_too_long_and_one_at_the_cap_is_read():
    text = "The answer is 18."
    policy = Verify(max_characters=len(text))
    assert judge(PROBLEM, text, policy=policy).verdict == "correct"
    judgement = judge(PROBLEM, text + " ", policy=policy)
    assert (judgement.verdict, judgement.reason, judgement.predicted) == ("unverifiable", "too_long", None)
    assert judgement.detail == "18 characters; verify.max_characters is 17"


def test_a_long_answer_that_was_cut_off_is_truncated():
    judgement = judge(PROBLEM, "18" * 99, finish_reason="length", policy=Verify(max_characters=9))
    assert (judgement.verdict, judgement.reason) == ("truncated", "truncated")
    assert "also too_long" in judgement.detail


@pytest.mark.parametrize("answer_type", list(AnswerType))
def test_an_answer_of_a_hundred_megabytes_gets_a_verdict(ends, answer_type):  # noqa: ARG001 - it fails a test that does not end
    problem = Problem(problem_id="p", source="s", origin="", question="?", answer="18", answer_type=answer_type)
    assert judge(problem, "1+1=3 " * 17_000_000).reason == "too_long"


HOSTILE = [
    ("", "1+1=<<1+1=3>>3 ", ""), ("^", " ", "!"), ("1 a", " ", "!"), ("The answer is 1 a", " ", "?"),
    ("", "hundred ", ""), ("", "a ", "b"), ("", "(", ""), ("", "\\boxed{", ""), ("", "####", ""),
    ("", "answer is ", ""), ("", "=", ""), ("", "1,", ""), ("", "-->", ""), ("", "**", ""), ("", "\n", ""),
    ("The answer is ", "½", ""), ("a:", " ", "1"), ("\\frac{", "1", ""), ("", "not no yes ", ""),
    ("", "(A) or (B) ", ""), ("", "1", ""), ("1", " ", "2"),
]  # fmt: skip
"""What patterns go back and forth in: head, repeated part, tail."""


@pytest.mark.parametrize("answer_type", list(AnswerType))
@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_hostile_texts_are_judged_compared_and_formatted_to_their_end(ends, answer_type, hostile):  # noqa: ARG001 - as above
    head, part, tail = hostile
    text = head + part * (60_000 // len(part)) + tail
    problem = Problem(problem_id="p", source="s", origin="", question="?", answer="18", answer_type=answer_type)
    assert judge(problem, text).verdict != "correct"
    assert compare("18", text, answer_type).outcome is not None
    assert compare("a " * 20_000 + "c", text, answer_type).outcome is not None
    made = SolvedProblem(question="", answer="1", text=text, answer_start=len(text) - 1, answer_type=answer_type)
    assert format_rationale(made) or not text.strip()  # what a model or a command judges gets no answer sentence


def test_calculator_marks_are_matched_with_the_equation_around_each_of_them():
    text = "1 + 1 = <<1+1=2>>2. 2 + 2 = <<2+2=4>>5. so <<3+3=7>>7. "
    once = [(item.start, item.outcome.value) for item in find_equations(text)]
    twice = [(item.start, item.outcome.value) for item in find_equations(text * 2)]
    assert twice == [*once, *((start + len(text), outcome) for start, outcome in once)]


def test_paths_are_compared_by_their_first_characters_and_duplicates_by_all(ends):  # noqa: ARG001 - as above
    long = "she sold many clips to her friends in the town " * 30_000
    paths = [ReasoningPath(sample_id=name, text=text) for name, text in (("a", long), ("b", long + "yes"), ("c", long))]
    choices = choose_paths(paths, Select())
    assert [choices[name].reason for name in "abc"] == [None, "near_duplicate", "exact_duplicate"]


def test_a_recorded_answer_of_ten_megabytes_and_a_long_response_are_dropped_and_the_rest_is_built(
    tmp_path, store, build_recipe
):
    rows = [
        {"q": f"What is {n} + 2?", "a": str(n + 2), "said": [f"{n} + 2 = {n + 2}. The answer is {n + 2}."]}
        for n in range(3)
    ]
    rows[0]["said"].append(SENTENCE * 150_000 + "The answer is 2.")
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "r.jsonl").write_text(json.dumps({"q": "Tell a story.", "r": ["Once.", "Once upon " * 200_000]}) + "\n")
    recorded = {"path": "x.jsonl", "problem": "q", "completions": [{"column": "said", "teacher": "t"}]}
    recipe = {
        "name": "t",
        "version": "1.0.0",
        "sources": [
            {"name": "x", "kind": "file", "path": "x.jsonl", "fields": {"question": "q", "answer": "a"}},
            {
                "name": "r", "kind": "file", "role": "reference", "path": "r.jsonl",
                "fields": {"question": "q", "responses": ["r"]},
            },
        ],
        "teacher": {"backend": "recorded", "answers": recorded},
    }  # fmt: skip
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))

    version = build_recipe(tmp_path / "recipe.yaml", store).version

    samples = version.read_table("samples")
    long = samples.filter(samples["reason"] == "too_long").select("verdict", "stage", "fate").rows()
    assert sorted(long) == [("provided", "verify", "dropped"), ("unverifiable", "verify", "dropped")]
    assert samples.filter(samples["fate"] == "kept").height == 4


def test_a_cell_of_ten_megabytes_is_shown_up_to_a_limit_and_the_rest_is_counted():
    console = Console(width=200)
    text = "x" * 10_000_000
    for shown in (make_table(["a"], [[text]]), indent(text)):
        with console.capture() as captured:
            console.print(shown)
        out = captured.get()
        assert f"{10_000_000 - MAX_SHOWN:,} more characters" in out
        assert len(out) < 2 * MAX_SHOWN
