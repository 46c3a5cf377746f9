"""A command of the user's judges answers: a real process on this machine, allowed by who builds."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from cotloom.builder.audit import run_checks
from cotloom.builder.errors import InputError, RecipeError
from cotloom.builder.passes.judging import external
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.verify.external import ask_command
from cotloom.schemas.runtime import Runtime

JUDGE = r"""
import json, subprocess, sys, time, os
log, times = open(os.path.join(os.path.dirname(__file__), "asked.log"), "a"), 0
for line in sys.stdin:
    asked, times = json.loads(line), times + 1
    log.write(asked["response"] + "\n"); log.flush()
    word, answer = asked["response"].split()[0], {"id": asked["id"], "verdict": "wrong"}
    if word == "hang":
        time.sleep(600)
    elif word == "crash":
        os._exit(3)
    elif word == "garbage":
        print("I think it is correct", flush=True); continue
    elif word == "list":
        print(json.dumps([answer]), flush=True); continue
    elif word == "huge":
        for _ in range(1 << 10):
            sys.stdout.write("x" * (1 << 20))
    elif word == "memory":
        answer["detail"] = str(len(bytes(1 << 31)))
    elif word == "child":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], start_new_session=True)
        os._exit(0)
    elif word == "other":
        answer = {"id": "another", "verdict": "correct"}
    elif word == "twice":
        print(json.dumps(answer) + "\n" + json.dumps(answer), flush=True); continue
    elif word == "repeated":
        print('{"id": "%s", "verdict": "wrong", "verdict": "correct"}' % asked["id"], flush=True); continue
    elif word == "yes":
        answer["verdict"] = "yes"
    elif word == "secret":
        answer["detail"] = str(os.environ.get("HOUSE_API_KEY"))
    elif word == "deep":
        print("[" * 100000, flush=True); continue
    elif asked["answer"] in asked["response"]:
        answer.update(verdict="correct", detail="the words are there")
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def judge(tmp_path) -> Path:
    path = tmp_path / "judge.py"
    path.write_text(JUDGE)
    return path


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "asked.log"


@pytest.fixture
def build_with(tmp_path, judge):
    """Build recorded answers with the command as verifier; returns the samples by the first word of their text."""

    def run(*texts, changes=(), seconds=20.0, externals=None, workers=1, memory=4.0, **verify):
        rows = [{"question": f"Do {text.split()[0]}?", "tests": "assert", "text": text} for text in texts]
        for name in ("problems", "answers"):
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        whole = {
            "name": "code", "version": "1.0.0",
            "sources": [{
                "name": "tasks", "kind": "file", "path": "problems.jsonl", "answer_type": "external",
                "fields": {"question": "question", "answer": "tests"},
            }],
            "teacher": {"backend": "recorded", "answers": {
                "path": "answers.jsonl", "problem": "question",
                "completions": [{"column": "text", "teacher": "somebody"}],
            }},
            "verify": {"external": {"name": "tests"}, **verify},
        }  # fmt: skip
        (tmp_path / "recipe.yaml").write_text(json.dumps(whole))
        given = (f"tests={sys.executable} -S {judge}",) if externals is None else externals
        runtime = Runtime(
            store=tmp_path / "store", allow_empty=True, workers=workers, externals=given, external_seconds=seconds,
            external_memory_gb=memory,
        )  # fmt: skip
        return build(load_recipe(str(tmp_path / "recipe.yaml"), changes), runtime)

    return run


def find_verdicts(built):
    samples = built.version.read_table("samples").with_columns(word=pl.col("text").str.split(" ").list.first())
    return dict(samples.select("word", "verdict").iter_rows())


def read_log(log):
    return log.read_text().splitlines() if log.exists() else []


def test_its_verdicts_are_the_verdicts_and_it_is_named(build_with, log):
    built = build_with("right assert", "left")
    rows = {row["text"]: row for row in built.version.read_table("samples").iter_rows(named=True)}
    assert rows["right assert"]["verdict"] == "correct"
    assert rows["right assert"]["fate"] == "kept"
    assert rows["right assert"]["external"]["verifier"] == "tests"
    assert rows["right assert"]["external"]["detail"] == "the words are there"
    assert rows["left"]["reason"] == "wrong"
    assert sorted(read_log(log)) == ["left", "right assert"]


BAD = {
    "crash": "ended without an answer", "garbage": "no JSON object", "list": "no JSON object",
    "other": "another id", "repeated": "no JSON object", "yes": "the verdict yes", "deep": "no JSON object",
}  # fmt: skip


def test_whatever_is_no_answer_is_a_failed_check_and_the_next_sample_is_judged(build_with):
    texts = [text for word in BAD for text in (f"{word} assert", f"next-{word} assert")]
    samples = build_with(*texts).version.read_table("samples")
    for row in samples.iter_rows(named=True):
        word = row["text"].split()[0]
        assert row["verdict"] == ("check_failed" if word in BAD else "correct"), row
        assert BAD.get(word, "the words") in row["external"]["detail"], row


def test_two_lines_are_never_a_pass(build_with):
    verdicts = find_verdicts(build_with("twice assert", "next assert"))
    assert verdicts["twice"] in {"check_failed", "wrong"}
    assert verdicts["next"] == "correct"


def test_silence_is_ended(build_with):
    assert find_verdicts(build_with("hang assert", seconds=1.0)) == {"hang": "check_failed"}


def test_a_child_that_keeps_the_pipe_holds_nothing_up(build_with):
    assert find_verdicts(build_with("child assert", seconds=1.0)) == {"child": "check_failed"}


def test_endless_output_and_hunger_end_the_command_alone(build_with):
    verdicts = find_verdicts(build_with("huge assert", "memory assert", "next assert", memory=0.5))
    assert verdicts["huge"] == "check_failed"
    assert verdicts["next"] == "correct"
    if sys.platform == "linux":
        assert verdicts["memory"] == "check_failed"


def test_it_is_told_no_secret(build_with, monkeypatch):
    monkeypatch.setenv("HOUSE_API_KEY", "hush")
    (row,) = build_with("secret assert").version.read_table("samples").iter_rows(named=True)
    assert row["external"]["detail"] == "None"


def test_nothing_is_asked_twice_and_a_changed_response_alone_is_asked(build_with, log):
    build_with("one assert", "two assert", "three")
    assert len(read_log(log)) == 3
    build_with("one assert", "two assert", "three")
    build_with("one assert", "two assert", "three", changes=["version=1.0.1", "select.keep=1"])
    build_with("one assert", "two assert", "three", changes=["version=1.0.2", "verify.steps=tag"])
    assert len(read_log(log)) == 3
    build_with("one assert", "two assert", "three assert", changes=["version=1.0.3"])
    assert read_log(log)[3:] == ["three assert"]


def test_another_command_is_asked_anew_unless_its_version_is_declared(build_with, judge, log):
    declared = {"external": {"name": "tests", "version": "7"}}
    build_with("one assert")
    judge.write_text(JUDGE + "\n# another\n")
    build_with("one assert", changes=["version=1.0.1"])
    assert len(read_log(log)) == 2
    build_with("one assert", changes=["version=1.0.2"], **declared)
    judge.write_text(JUDGE + "\n# a third\n")
    build_with("one assert", changes=["version=1.0.3"], **declared)
    assert len(read_log(log)) == 3


def test_what_failed_is_asked_again_with_more_time_and_what_passed_is_not(build_with, log):
    build_with("crash assert", "one assert")
    build_with("crash assert", "one assert", seconds=25.0, changes=["version=1.0.1"])
    assert sorted(read_log(log)) == ["crash assert", "crash assert", "one assert"]


def test_a_build_that_was_interrupted_has_lost_no_verdict(build_with, log, monkeypatch):
    asked: list[str] = []

    def interrupt(command, request):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(request.response)
        return ask_command(command, request)

    monkeypatch.setattr(external, "ask_command", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_with("one assert", "two assert", "three assert")
    monkeypatch.undo()
    build_with("one assert", "two assert", "three assert")
    assert sorted(read_log(log)) == ["one assert", "three assert", "two assert"]


def test_a_torn_or_changed_line_of_what_is_remembered_is_not_believed(build_with, log, tmp_path):
    build_with("one assert", "two")
    (path,) = (tmp_path / "store" / "stages" / "external").rglob("*.jsonl")
    lines = path.read_text().splitlines()
    changed = [line.replace('"wrong"', '"correct"') for line in lines]
    path.write_text(changed[0] + "\n" + changed[1][: len(changed[1]) // 2] if '"wrong"' in lines[0] else
                    changed[0][: len(changed[0]) // 2] + "\n" + changed[1] + "\n")  # fmt: skip
    built = build_with("one assert", "two", changes=["version=1.0.1", "verify.steps=tag"])
    assert find_verdicts(built) == {"one": "correct", "two": "wrong"}
    assert len(read_log(log)) == 4
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_a_recipe_alone_starts_nothing(build_with, log):
    with pytest.raises(InputError, match="external verifier tests") as caught:
        build_with("one assert", externals=())
    assert "--external" in caught.value.hint
    with pytest.raises(InputError, match="others was given"):
        build_with("one assert", externals=(f"others={sys.executable}",))
    with pytest.raises(InputError, match="no program"):
        build_with("one assert", externals=("tests=no-such-program-anywhere",))
    with pytest.raises(InputError, match="NAME=COMMAND"):
        build_with("one assert", externals=("tests",))
    with pytest.raises(RecipeError, match="names none"):
        build_with("one assert", external=None)
    assert read_log(log) == []


def test_plan_says_what_a_build_needs(build_with, run, tmp_path):
    with pytest.raises(InputError):
        build_with("one assert", externals=())
    assert "build with --external tests=COMMAND" in run("plan", tmp_path / "recipe.yaml", "--store", tmp_path / "s").out


def test_two_workers_ask_as_one_does(build_with, log):
    texts = [f"t{number} assert" if number % 3 else f"t{number}" for number in range(12)]
    one = find_verdicts(build_with(*texts))
    two = find_verdicts(build_with(*texts, changes=["version=1.0.1"], workers=2))
    assert one == two
    assert len(read_log(log)) == 12


def test_an_audit_takes_its_verdicts_as_stored_and_says_so(build_with, run):
    version = build_with("one assert", "two").version
    report = run_checks(version)
    assert report.findings == ()
    assert list(report.skipped) == ["judgements of tests (external, answer)"]
    (item,) = version.manifest.judges
    assert (item.kind, item.judge, item.samples, item.kept) == ("external", "tests", 2, 1)
    (command,) = (each for each in version.manifest.inputs if each.name == "verify.external")
    assert command.file == "tests"
    assert "judge.py" not in (version.path / "manifest.json").read_text()
    sample = version.read_table("samples").filter(pl.col("verdict") == "correct")["sample_id"][0]
    assert "says correct: the words are there" in run("explain", version.path, sample).out
