"""Erasing the answers to a problem: nothing of the text is left in the store's own files but in withdrawn versions."""

import json

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import find_version
from cotloom.builder.store.withdrawal import list_withdrawn_problems
from cotloom.builder.teacher.backends.protocol import CompletionRequest, make_received
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger
from cotloom.builder.teacher.ledger.forget import forget_problem
from cotloom.builder.teacher.ledger.transfer import export_ledger, import_answers
from cotloom.builder.teacher.request import Answer, Request
from cotloom.schemas.example import Message, Role
from cotloom.schemas.frames import from_frame
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime

NAME = "Zyxomma Quetzalli"


@pytest.fixture
def recipe(tmp_path):
    """Two problems with recorded answers, one of them about a person."""
    rows = [{"q": "What is 2 + 2?", "a": "4"}, {"q": f"{NAME} has 2 pens and gets 3. How many?", "a": "5"}]
    answers = [{"q": row["q"], "text": f"For {row['q']} the answer is {row['a']}."} for row in rows for _ in range(2)]
    for name, content in {"rows": rows, "answers": answers}.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in content))
    source = {"name": "own", "kind": "file", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    recorded = {"path": "answers.jsonl", "problem": "q", "completions": [{"column": "text", "teacher": "t"}]}
    teacher = {"backend": "recorded", "answers": recorded}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "people", "version": "1.0.0", "sources": [source], "teacher": teacher}))
    return path


@pytest.fixture
def recorded(recipe, store):
    """A version of recorded answers alone."""
    return build(load_recipe(str(recipe)), Runtime(store=store)).version


@pytest.fixture
def built(recorded, store):
    """The version, and two answers to each of its problems in the ledger."""
    with open_ledger(store / "ledger.sqlite") as ledger:
        for problem in from_frame(recorded.read_table("problems"), Problem):
            message = Message(role=Role.USER, content=problem.question)
            request = Request(
                problem_id=problem.problem_id, messages=(message,), model="t", endpoint="here", sampling={}
            )
            asked = [CompletionRequest(problem, request, index) for index in range(2)]
            ledger.record(make_received([(item, Answer(text=f"{problem.question} I think so.")) for item in asked]))
    return recorded


def find_problem(version):
    problems = version.read_table("problems")
    return problems.filter(problems["question"].str.contains(NAME))[0, "problem_id"]


def forget(store, problem):
    with open_ledger(store / "ledger.sqlite") as ledger:
        return forget_problem(ledger, store, problem)


def test_nothing_of_the_text_is_left_outside_of_withdrawn_versions(built, store):
    assert NAME.encode() in (store / "ledger.sqlite").read_bytes()

    forgotten = forget(store, find_problem(built))

    assert (forgotten.answers, forgotten.versions) == (2, ("people@1.0.0",))
    files = [path for path in store.rglob("*") if path.is_file() and built.path not in path.parents]
    assert [path for path in files if NAME.encode() in path.read_bytes()] == []
    assert not (store / "stages").exists()
    assert check_ledger(store / "ledger.sqlite").is_intact


def test_the_versions_that_hold_it_are_marked_and_others_are_not(recipe, built, store):
    rows = recipe.parent / "rows.jsonl"
    rows.write_text(rows.read_text().splitlines()[0] + "\n")
    build(load_recipe(str(recipe), ["version=0.1.0"]), Runtime(store=store))
    problem = find_problem(built)

    forget(store, problem)

    assert list_withdrawn_problems(find_version(store, "people@1.0.0")) == [problem]
    assert list_withdrawn_problems(find_version(store, "people@0.1.0")) == []


def test_a_tombstone_keeps_it_from_being_requested_or_imported_again(recipe, built, store, tmp_path):
    export_ledger(store / "ledger.sqlite", tmp_path / "all.jsonl.gz")
    problem = find_problem(built)
    forget(store, problem)

    again = build(load_recipe(str(recipe), ["version=1.0.1"]), Runtime(store=store))
    with open_ledger(store / "ledger.sqlite") as ledger:
        imported = import_answers(ledger, tmp_path / "all.jsonl.gz")

    samples = again.version.read_table("samples")
    dropped = samples.filter(samples["problem_id"] == problem)
    assert (again.calls.new, again.calls.refused) == (0, 2)
    assert set(dropped["reason"]) == {"request_failed"}
    assert "erased" in dropped[0, "detail"]
    assert (imported.answers, imported.forgotten) == (0, 2)


@pytest.mark.usefixtures("built")
def test_a_problem_that_nobody_knows_is_the_users_mistake(store):
    with pytest.raises(InputError, match="is about a problem p_0"):
        forget(store, "p_0")


def test_recorded_answers_are_forgotten_where_there_is_no_ledger(run, recipe, recorded, store):
    problem = find_problem(recorded)
    done = run("ledger", "forget", "--problem", problem, "--store", store, "--json")
    assert (done.code, done.json["versions"]) == (0, ["people@1.0.0"])

    again = build(load_recipe(str(recipe), ["version=1.0.1"]), Runtime(store=store))
    samples = again.version.read_table("samples")
    assert set(samples.filter(samples["problem_id"] == problem)["reason"]) == {"request_failed"}
    assert NAME not in str(samples["text"].to_list())


def test_erasing_twice_is_no_error(built, store):
    problem = find_problem(built)
    forget(store, problem)
    assert forget(store, problem).answers == 0


@pytest.mark.parametrize("command", [["stats"], ["check"], ["export", "FILE"], ["forget", "--problem", "p_1"]])
def test_without_a_ledger_the_commands_say_so(run, store, tmp_path, command):
    arguments = [str(tmp_path / "x.jsonl.gz") if word == "FILE" else word for word in command]
    ran = run("ledger", *arguments, "--store", store, "--json")
    assert (ran.code, ran.json["error"]["kind"]) == (2, "InputError")
    assert "no ledger" in ran.json["error"]["message"]
    assert not store.exists()


def test_the_commands_on_a_small_store(run, built, store, tmp_path):
    problem, file = find_problem(built), tmp_path / "all.jsonl.gz"

    def call(*arguments):
        ran = run("ledger", *arguments, "--store", store, "--json")
        assert ran.code == 0
        return ran.json

    assert call("stats")["models"] == [{"model": "t", "endpoint": "here", "prompts": 2, "answers": 4}]
    assert call("check") == {"answers": 4, "damaged": [], "faults": [], "dropped": False, "kept_as": None}
    assert call("export", file)["answers"] == 4
    assert call("forget", "--problem", problem)["versions"] == ["people@1.0.0"]
    assert call("import", file) == {"answers": 0, "known": 2, "forgotten": 2}
    assert "4 answers" not in run("ledger", "stats", "--store", store).out
    assert "nothing is damaged" in run("ledger", "check", "--store", store).out
    assert run("ledger", "export", file, "--store", store).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["export", "people@1.0.0", "--to", "OUT"],
        ["publish", "people@1.0.0", "--repo", "a/b", "--dry-run"],
        ["validate", "people@1.0.0"],
        ["build", "RECIPE"],
        ["build", "RECIPE", "--version", "1.0.1", "--set", "parent=1.0.0"],
    ],
)
def test_nothing_more_is_made_of_a_withdrawn_version(run, recipe, built, store, tmp_path, words):
    forget(store, find_problem(built))
    places = {"OUT": tmp_path / "out", "RECIPE": recipe}

    ran = run(*(places.get(word, word) for word in words), "--store", store, "--json")

    assert (ran.code, "is withdrawn" in ran.json["error"]["message"]) == (2, True)


def test_a_withdrawn_version_can_be_looked_at_and_says_so(run, built, store):
    forget(store, find_problem(built))

    assert "people@1.0.0 (withdrawn)" in run("list", "--store", store).out
    assert "Withdrawn: it holds text that was erased" in run("show", "people@1.0.0", "--store", store).out
    assert run("sql", "people@1.0.0", "SELECT count(*) FROM samples", "--store", store).code == 0
