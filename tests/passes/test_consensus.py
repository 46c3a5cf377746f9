"""Builds of problems without a gold answer: what enough samples agree on is kept as agreed, never as correct."""

import polars as pl
import pytest

from cotloom.builder.audit import run_checks
from cotloom.builder.errors import InputError
from cotloom.builder.inspect.explanation import explain
from cotloom.builder.inspect.sql import query
from cotloom.builder.passes.judging.samples import PathRules
from cotloom.builder.passes.paths import select_paths
from cotloom.builder.passes.unchanged import BucketSize
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.select import count_distinct
from cotloom.builder.store import read_version
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.recipe import ConsensusRule, Select, Verify
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample
from tests.forged import rewrite
from tests.passes.builds import ask, run, write_recipe

WORDINGS = (
    "I add them: {n} + 5 = {t}. The answer is {t}.",
    "5 more than {n} is {t}, since 5 + {n} = {t}. The answer is ${t}.",
    "First {n} + 2 = {m}, then {m} + 3 = {t}. The answer is {t}.0.",
    "I counted wrongly, I fear. The answer is {w}.",
    "One can count them all, and then one knows.",
)


def say(number: int, wording: int) -> tuple[str, str, bool]:
    """An answer to a problem: the first three agree, the fourth gives another answer, the fifth none."""
    words = WORDINGS[wording].format(n=number, m=number + 2, t=number + 5, w=number + 70)
    return ask(number)[0], words, wording < 3


@pytest.fixture
def build(tmp_path):
    """Build answers to problems without a gold answer; the version."""

    def built(answers, *, golds=(), verify=None, fields=None, **keys):
        problems = [(ask(number)[0], golds[number] if number < len(golds) else "") for number in range(6)]
        recipe = write_recipe(
            tmp_path, {"a": problems}, answers, verify={"consensus": {}} if verify is None else verify, **keys
        )
        fields = fields or {"question": "question"}
        text = recipe.read_text().replace('{"question": "question", "answer": "answer"}', _dump(fields))
        recipe.write_text(text.replace('"kind": "file"', '"kind": "file", "answer_type": "number"'))
        version = run(recipe, tmp_path / "store").version
        assert run_checks(version).findings == ()
        return version

    return built


def _dump(fields) -> str:
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in fields.items()) + "}"


def test_what_most_samples_say_is_agreed_and_never_correct(build):
    version = build([say(number, wording) for number in range(6) for wording in range(5)])
    samples = version.read_table("samples")
    assert version.read_table("problems")["answer"].to_list() == [None] * 6
    assert dict(samples["verdict"].value_counts().iter_rows()) == {"agreed": 18, "disagreed": 6, "no_answer": 6}
    assert set(samples.filter(fate="kept")["verdict"]) == {"agreed"}
    assert set(samples.filter(verdict="disagreed")["reason"]) == {"disagreed"}
    assert version.manifest.counts["samples_agreed"] == samples.filter(fate="kept").height
    found = samples["consensus"].struct.unnest()
    assert set(found["agreeing"]) == {3}
    assert set(found["answered"]) == {4}
    assert set(found["share"]) == {0.75}
    assert sorted(set(found["answer"]), key=int) == [str(number + 5) for number in range(6)]


def test_rows_end_on_the_answer_that_samples_agree_on(build):
    version = build([say(number, wording) for number in range(6) for wording in range(3)])
    rows = version.read_table("examples").filter(fate="kept").filter(format="zero_shot_answer")
    said = sorted(messages[-1]["content"] for messages in rows["messages"])
    assert said == sorted(f"The answer is {number + 5}." for number in range(6))


def test_too_few_and_a_tie_are_no_consensus(build):
    few = [say(0, 0), say(0, 1), say(1, 0)]
    tie = [(ask(2)[0], f"Wording {n}: so many. The answer is {7 + n % 2}.", True) for n in range(6)]
    version = build([*few, *tie, *(say(3, wording) for wording in range(3))])
    samples = version.read_table("samples")
    assert dict(samples["verdict"].value_counts().iter_rows()) == {"no_consensus": 9, "agreed": 3}
    dropped = samples.filter(verdict="no_consensus")
    assert set(dropped["reason"]) == {"no_consensus"}
    assert set(dropped["consensus"].struct.field("agreeing")) == {1, 2, 3}


def test_a_wrong_step_drops_an_agreed_sample_and_still_counts(build):
    wrong = (ask(0)[0], "Now 3 + 4 = 8, and so on. The answer is 5.", True)
    version = build([wrong, say(0, 0), say(0, 1)])
    samples = version.read_table("samples")
    assert samples.filter(reason="wrong_step")["verdict"].to_list() == ["agreed"]
    assert samples["verdict"].to_list() == ["agreed"] * 3
    assert samples.filter(fate="kept").height == 1  # the other two take one path


def test_golds_stay_golds_where_only_some_are_missing(build):
    fields = {"question": "question", "answer": "answer"}
    answers = [say(number, wording) for number in range(2) for wording in range(4)]
    samples = build(answers, golds=["", "6"], fields=fields).read_table("samples")
    assert dict(samples["verdict"].value_counts().iter_rows()) == {
        "agreed": 3, "disagreed": 1, "correct": 3, "wrong": 1,
    }  # fmt: skip
    assert samples.filter(verdict="correct")["consensus"].to_list() == [None] * 3


def test_without_the_section_a_missing_gold_drops_the_problem(build):
    fields = {"question": "question", "answer": "answer"}
    problems = build([say(1, 0)], golds=["", "6", "7", "8", "9"], fields=fields, verify={}).read_table("problems")
    assert sorted(problems.filter(reason="malformed")["detail"]) == [
        "a.jsonl:1: answer is empty", "a.jsonl:6: answer is empty",
    ]  # fmt: skip


def test_another_rule_judges_no_sample_again(build, tmp_path):
    build([say(number, wording) for number in range(6) for wording in range(4)])
    again = run(tmp_path / "recipe.yaml", tmp_path / "store", "version=1.0.1", "verify.consensus.least=4")
    assert set(again.version.read_table("samples")["verdict"]) == {"no_consensus"}
    (paths,) = (cost for cost in again.costs if cost["stage"] == "paths")
    assert (paths["new"], paths["known"]) == (0, 24)


def test_sql_and_explain_show_the_agreement(build):
    version = build([say(number, wording) for number in range(6) for wording in range(4)])
    found = query(version, "SELECT DISTINCT consensus.answer, consensus.share FROM samples")
    assert set(found.rows()) == {(str(number + 5), 0.75) for number in range(6)}
    sample = version.read_table("samples").filter(verdict="disagreed")["sample_id"][0]
    assert explain(version, sample)["sample"]["consensus"]["agreeing"] == 3


def test_a_plan_shows_where_the_agreed_answer_will_stand(tmp_path):
    recipe = write_recipe(tmp_path, {"a": [(ask(0)[0], "")]}, [say(0, 0)], verify={"consensus": {}})
    recipe.write_text(recipe.read_text().replace('"kind": "file"', '"kind": "file", "answer_type": "number"'))
    plan = plan_build(load_recipe(str(recipe)), Runtime(store=tmp_path / "store", workers=1))
    shown = {example.format: example.messages[-1].content for example in plan.examples}
    assert shown["zero_shot_answer"] == "The answer is (the answer that samples agree on)."


def test_the_type_of_the_answers_must_be_said(tmp_path):
    recipe = write_recipe(tmp_path, {"a": [ask(0)]}, [say(0, 0)], verify={"consensus": {}})
    recipe.write_text(recipe.read_text().replace(', "answer": "answer"', ""))
    with pytest.raises(InputError, match="it must be said") as error:
        run(recipe, tmp_path / "store")
    assert "answer_type" in error.value.hint


@pytest.mark.parametrize("with_gold", [True, False], ids=["golds", "no_golds"])
def test_hints_need_a_gold_answer(tmp_path, with_gold):
    teacher = {"backend": "openai", "model": "m", "hint": {"mode": "fallback"}}
    recipe = write_recipe(tmp_path, {"a": [ask(0)]}, [say(0, 0)], verify={"consensus": {}}, teacher=teacher)
    text = recipe.read_text().replace('"kind": "file"', '"kind": "file", "answer_type": "number"')
    recipe.write_text(text if with_gold else text.replace(', "answer": "answer"', ""))
    with pytest.raises(InputError, match="shows gold answers"):
        run(recipe, tmp_path / "store")


def test_a_problem_is_not_solved_by_one_sample():
    """What rounds of sampling count: nothing before enough samples agree."""
    problem = Problem(problem_id="p_0", source="s", origin="o", question=ask(0)[0], split=Split.TRAIN)
    texts = [say(0, wording)[1] for wording in range(3)]
    samples = [Sample(sample_id=f"s_{n}", problem_id="p_0", teacher="t", text=text) for n, text in enumerate(texts)]
    rules = PathRules(verify=Verify(consensus=ConsensusRule()), select=Select())
    found = []
    for count in (1, 2, 3):
        bucket = BucketSize(number=0, bits=0, problems=1, answers=count)
        rows = select_paths(None, rules, to_frame([problem], Problem), to_frame(samples[:count], Sample), bucket)[0]
        found.append([correct for _, correct, *_ in count_distinct(rows).iter_rows()])
    assert found == [[], [], [3]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "correct"}, "compared with a gold answer that there is not"),
        ({"consensus": None}, "too few samples say so"),
        ({"predicted": "999"}, "judged again"),
    ],
    ids=["correct", "alone", "other"],
)
def test_the_audit_finds_what_was_changed(build, tmp_path, change, message):
    version = build([say(number, wording) for number in range(6) for wording in range(4)])
    samples = version.read_table("samples")
    first = pl.col("sample_id") == samples.filter(verdict="agreed")["sample_id"][0]
    changed = samples.with_columns(
        pl.when(first).then(pl.lit(value, dtype=samples.schema[name])).otherwise(name).alias(name)
        for name, value in change.items()
    )
    rewrite(version, tmp_path / "forged", samples=changed)
    assert any(message in finding.message for finding in run_checks(read_version(tmp_path / "forged")).findings)
