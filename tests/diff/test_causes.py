"""The cause of a difference: a key, a stage's code, new answers, a source's new file, another parent."""

import json
from dataclasses import replace

import pytest

from cotloom.builder import pipeline
from cotloom.builder.diff import compare_versions
from cotloom.builder.format.templates import FORMATS
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.passes.builds import answer, ask, run, write_recipe
from tests.teacher.chat_server import Reply, completion, serving

NUMBERS = range(12)
ANSWERS = [answer(number, wording) for number in NUMBERS for wording in range(3)]
BARE = ("zero_shot_cot",)


def write(folder, numbers=NUMBERS, answers=ANSWERS, **keys):
    return write_recipe(folder, {"a": [ask(number) for number in numbers]}, answers, BARE, **keys)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The recipe of a version, its store, and the version."""
    folder = tmp_path_factory.mktemp("base")
    path = write(folder, select={"signature": "none", "near_duplicate": None})
    return path, folder / "store", run(path, folder / "store").version


def explain(before, after):
    """The causes of each kind of difference."""
    diff = compare_versions(before, after)
    told = {}
    for group in diff.groups:
        told.setdefault((str(group.unit), str(group.difference)), set()).update(group.causes)
    return told


def test_two_versions_of_the_same_rows_do_not_differ(base):
    path, store, version = base
    again = run(path, store, "version=1.0.1", 'description="a word more"').version
    assert compare_versions(version, again).is_empty
    assert compare_versions(version, version).is_empty


def test_a_key_is_the_cause_of_what_its_reason_says(base):
    path, store, version = base
    changes = ["version=1.1.0", "select.keep=1", "select.exact=keep"]
    other = run(path, store, *changes).version
    keep = "select.keep: 4 -> 1"
    told = explain(version, other)
    assert told["sample", "dropped"] == {keep}
    assert told["example", "removed"] >= {keep}
    dropped = [group for group in compare_versions(version, other).groups if group.difference == "dropped"]
    assert [(group.was, group.now, group.rows) for group in dropped] == [("kept", "beyond_keep", 24)]
    assert explain(other, version)["sample", "kept"] == {"select.keep: 1 -> 4"}


def test_a_key_of_an_early_stage_explains_what_follows_from_it(base):
    path, store, version = base
    told = explain(version, run(path, store, "version=1.2.0", "verify.pattern='no such (mark)'").version)
    assert {cause for causes in told.values() for cause in causes} == {"verify.pattern: None -> no such (mark)"}
    assert set(told) >= {("sample", "dropped"), ("example", "removed")}


def test_the_code_of_a_stage_is_a_cause(base, tmp_path, monkeypatch):
    path, _, version = base
    old = FORMATS["zero_shot_cot"]

    def format_loud(problem):
        return f"{old.format_target(problem)}!"

    monkeypatch.setitem(FORMATS, "zero_shot_cot", replace(old, format_target=format_loud))
    monkeypatch.setitem(pipeline.ROOMS, "format", 99)
    other = run(path, tmp_path / "store", "version=1.3.0").version
    told = explain(version, other)
    assert set(told) == {("example", "rewritten")}
    assert [cause.split(":")[0] for cause in told["example", "rewritten"]] == ["the code of format"]


def test_code_that_writes_other_texts_of_the_same_length_is_found_out(base, tmp_path, monkeypatch):
    path, _, version = base
    old = FORMATS["zero_shot_cot"]

    def format_other(problem):
        return old.format_target(problem).replace("The answer", "Thy answer")

    monkeypatch.setitem(FORMATS, "zero_shot_cot", replace(old, format_target=format_other))
    monkeypatch.setitem(pipeline.ROOMS, "format", 99)
    other = run(path, tmp_path / "store", "version=1.3.0").version
    rewritten = [group for group in compare_versions(version, other).groups if group.difference == "rewritten"]
    assert sum(group.rows for group in rewritten) == version.manifest.counts["examples_kept"]


def test_a_new_file_of_a_source_is_the_cause_of_its_problems(base, tmp_path):
    _, _, version = base
    path = write(tmp_path, range(2, 14), ANSWERS, select={"signature": "none", "near_duplicate": None})
    other = run(path, tmp_path / "store").version
    told = explain(version, other)
    cause = {"sources.a: the content of the file changed"}
    assert told["problem", "added"] == told["problem", "removed"] == cause
    assert told["sample", "removed"] == cause
    counts = {
        group.difference: group.rows for group in compare_versions(version, other).groups if group.unit == "problem"
    }
    assert counts == {"added": 2, "removed": 2}


def test_a_corrected_gold_answer_is_told_with_the_verdicts_that_it_turns(base, tmp_path):
    _, _, version = base
    problems = [(question, "7" if place == 3 else gold) for place, (question, gold) in enumerate(map(ask, NUMBERS))]
    keys = {"select": {"signature": "none", "near_duplicate": None}}
    other = run(write_recipe(tmp_path, {"a": problems}, ANSWERS, BARE, **keys), tmp_path / "store").version
    told = explain(version, other)
    assert ("problem", "gold") in told
    assert told["sample", "dropped"] == {"sources.a: the content of the file changed"}


def test_recorded_answers_that_come_are_caused_by_their_file(base, tmp_path):
    _, _, version = base
    more = [*ANSWERS, (ask(3)[0], "In other words, 3 and 5 are 8. The answer is 8.", True)]
    path = write(tmp_path, answers=more, select={"signature": "none", "near_duplicate": None})
    told = explain(version, run(path, tmp_path / "store").version)
    assert told["sample", "added"] == {"teacher.answers: the content of the file changed"}


def test_answers_that_failed_before_are_new_answers(tmp_path, write_recipe):
    is_broken = [True]

    def script(body):
        question = body["messages"][-1]["content"]
        return Reply("") if is_broken[0] and "boxd " in question else completion("3 + 5 = 8. The answer is 8.")

    rows = [{"q": question, "a": gold} for question, gold in map(ask, range(6))]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    source = {"name": "a", "kind": "file", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    with serving(script) as server:
        teacher = {"backend": "openai", "model": "m", "base_url": server.url, "paths": {"round": 1, "max": 1}}
        path = write_recipe(tmp_path, sources=[source], teacher=teacher, split={"test": 0.0})
        runtime = Runtime(store=tmp_path / "store", workers=1, accept_failures=True, allow_empty=True)
        before = build(load_recipe(str(path), []), runtime).version
        is_broken[0] = False
        after = build(load_recipe(str(path), ["version=1.0.1"]), runtime).version
    assert explain(before, after)["sample", "kept"] == {"new answers"}


def test_another_parent_is_the_cause_of_other_sides(base):
    path, store, version = base
    second = run(path, store, "version=2.0.0", "seed=5", "parent=null").version
    half = ["split.test=0.5", "seed=9"]
    first = run(path, store, "version=3.0.0", "parent=1.0.0", *half).version
    other = run(path, store, "version=3.0.1", "parent=2.0.0", *half).version
    sides = [
        set(own.read_table("problems").filter(split="test")["problem_id"]) for own in (version, second, first, other)
    ]
    assert (sides[2], sides[3]) == (sides[0], sides[1])
    assert sides[0] != sides[1]
    told = explain(first, other)
    assert ("problem", "moved") in told
    assert {cause.split(":")[0] for cause in told["problem", "moved"]} == {"parent"}


def test_a_row_that_lost_its_place_to_another_follows_from_other_rows(tmp_path):
    stages = [{"name": "s", "take": {"a": 7}}]
    keys = {"split": {"test": 0.0}, "mixture": {"stages": stages}}
    first = run(write(tmp_path / "first", range(8), **keys), tmp_path / "store").version
    more = write(tmp_path / "more", range(16), [*ANSWERS, *(answer(number) for number in range(12, 16))], **keys)
    other = run(more, tmp_path / "store", "version=1.1.0").version
    gone = [
        group
        for group in compare_versions(first, other).groups
        if (group.unit, group.difference) == ("example", "removed")
    ]
    assert {group.now for group in gone if group.origin == "mix"} == {"not_taken"}
    for group in gone:
        if group.origin == "mix":
            assert all(cause.startswith("follows from other rows (") for cause in group.causes)
