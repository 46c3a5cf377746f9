"""What a recipe reaches for: `plan` and `build` name files, environment variables, the host and the key's variable."""

import json

import pytest

from cotloom.builder.errors import RecipeError
from cotloom.builder.recipe import load_recipe
from tests.teacher.chat_server import completion, serving

SECRET = "hush-4c1e-never-leaves"  # noqa: S105 - of this test only
ROW = json.dumps({"question": "What is 2 + 3?", "answer": "5"}) + "\n"
FIELDS = {"question": "question", "answer": "answer"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOUSE_SECRET", SECRET)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.fixture
def recipe(tmp_path, write_recipe):
    """Write a recipe over a file in a folder that a variable names; returns a function of the teacher's keys."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "p.jsonl").write_text(ROW)

    def write(path="${SOME_DATA}/p.jsonl", **teacher):
        keys = {"backend": "openai", "model": "m", "paths": {"round": 1}, "api_key_env": "HOUSE_SECRET", **teacher}
        source = {"name": "mine", "kind": "file", "path": path, "fields": FIELDS}
        return write_recipe(tmp_path, sources=[source], teacher=keys)

    return write


def test_plan_names_the_host_the_variable_and_what_is_missing(recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))

    planned = run("plan", recipe(base_url="https://evil.example/v1"), "--store", store)

    assert planned.code == 0
    assert "teacher    sends requests to evil.example with the key in $HOUSE_SECRET" in planned.out
    assert "without --allow-key HOUSE_SECRET@evil.example" in planned.out
    assert "reads      ${SOME_DATA}/p.jsonl (sources.mine)" in planned.out
    assert "$SOME_DATA (sources.mine)" in planned.out
    assert "$HOUSE_SECRET (teacher.api_key_env)" in planned.out
    assert SECRET not in planned.out + planned.err


def test_plan_gives_the_same_as_json(recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))

    access = run("plan", recipe(), "--store", store, "--json").json["access"]

    assert access["files"] == [{"key": "sources.mine", "path": "${SOME_DATA}/p.jsonl"}]
    assert {(read["name"], read["key"], read["is_set"]) for read in access["variables"]} == {
        ("SOME_DATA", "sources.mine", True),
        ("HOUSE_SECRET", "teacher.api_key_env", True),
        ("OPENAI_BASE_URL", "teacher.base_url", False),
    }
    (destination,) = access["destinations"]
    (secret,) = destination["secrets"]
    assert (destination["host"], secret["variable"]) == ("api.openai.com", "HOUSE_SECRET")
    assert (secret["is_set"], secret["is_allowed"]) == (True, False)
    assert SECRET not in json.dumps(access)


def test_plan_names_packaged_demonstrations_and_each_host_once(write_recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path))
    teacher = {"backend": "openai", "prompt": {"template": "cot_few_shot", "demos": "arithmetic"}}
    both = [teacher | {"model": f"m{port}", "base_url": f"http://127.0.0.1:{port}/v1"} for port in (8000, 8001)]
    path = write_recipe(tmp_path, teacher=both)

    planned = run("plan", path, "--set", "folder=${SOME_DATA}", "--store", store)

    assert "arithmetic, packaged (teacher.0.prompt.demos)" in planned.out
    assert "${SOME_DATA}/arithmetic" not in planned.out
    assert planned.out.count("sends requests to 127.0.0.1") == 1


def test_plan_with_a_permission_names_none_that_is_missing(recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))
    path = recipe(base_url="http://gateway.corp/v1")

    planned = run("plan", path, "--store", store, "--allow-key", "HOUSE_SECRET@gateway.corp")

    assert "to gateway.corp with the key in $HOUSE_SECRET, over http" in planned.out
    assert "--allow-key" not in planned.out
    assert "without --allow-key" in run("plan", path, "--store", store).out


def test_build_names_the_host_first_and_exits_2_before_anything_is_sent(recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))

    built = run("build", recipe(base_url="https://evil.example/v1"), "--store", store, "--json")

    assert built.code == 2
    assert built.err.startswith("teacher    sends requests to evil.example with the key in $HOUSE_SECRET\n")
    assert built.json["error"]["keys"] == ["teacher.base_url", "teacher.api_key_env"]
    assert SECRET not in built.out + built.err


def test_a_build_on_this_machine_needs_no_permission_and_writes_no_value(recipe, run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))
    with serving(lambda _body: completion("2 + 3 = 5. The answer is 5.")) as server:
        built = run("build", recipe(base_url=server.url), "--store", store)

    assert (built.code, server.keys) == (0, [f"Bearer {SECRET}"])
    assert "sends requests to 127.0.0.1 with the key in $HOUSE_SECRET" in built.err
    files = [path for path in store.rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []
    assert json.loads((next(store.rglob("build.json"))).read_text())["files"] == {
        "sources.mine": "${SOME_DATA}/p.jsonl"
    }


def test_a_simulated_teacher_sends_nothing(run, store, tmp_path, write_recipe):
    built = run("build", write_recipe(tmp_path), "--store", store)
    planned = run("plan", write_recipe(tmp_path), "--store", store, "--json")

    assert "sends requests" not in built.err + planned.out
    assert planned.json["access"] == {"files": [], "variables": [], "destinations": [], "external": None}


def test_a_dataset_on_the_hub_and_a_checkpoint_there_take_the_hubs_token(write_recipe, tmp_path):
    from cotloom.builder.access import find_access
    from cotloom.schemas.runtime import Runtime

    source = {"name": "far", "kind": "hub", "path": "user/name", "fields": FIELDS}
    for keys, key in (
        ({"sources": [source]}, "sources.far"),
        ({"teacher": {"backend": "transformers", "model": "user/model"}}, "teacher.model"),
    ):
        access = find_access(load_recipe(str(write_recipe(tmp_path, **keys))), Runtime())
        assert [(read.name, read.key) for read in access.variables] == [("HF_TOKEN", key)]


def test_every_file_of_a_recipe_is_listed(write_recipe, tmp_path, run, store):
    (tmp_path / "a.jsonl").write_text(ROW)
    (tmp_path / "b.jsonl").write_text(json.dumps({"q": "What is 2 + 3?", "t": "2 + 3 = 5. The answer is 5."}) + "\n")
    source = {"name": "mine", "kind": "file", "path": "a.jsonl", "fields": FIELDS}
    completions = [{"column": "t", "teacher": "x"}]
    answers = {"path": "b.jsonl", "problem": "q", "completions": completions}
    path = write_recipe(tmp_path, sources=[source], teacher={"backend": "recorded", "answers": answers})

    planned = run("plan", path, "--store", store).out

    assert f"{tmp_path / 'a.jsonl'} (sources.mine)" in planned.replace("\n", "")
    assert f"{tmp_path / 'b.jsonl'} (teacher.answers)" in planned.replace("\n", "")


# Variables in paths


@pytest.mark.parametrize("key", ["path", "folder"])
@pytest.mark.parametrize("name", ["HOUSE_SECRET", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "db_password"])
def test_a_variable_that_is_named_like_a_secret_is_refused_in_a_path(
    write_recipe, tmp_path, run, monkeypatch, name, key
):
    monkeypatch.setenv(name, SECRET)
    source = {"name": "mine", "kind": "file", "path": "p.jsonl", "fields": FIELDS}
    path = write_recipe(tmp_path, sources=[source])
    change = {"path": f"sources.mine.path=${{{name}}}/p.jsonl", "folder": f"folder=x/${{{name}}}"}[key]

    for command in ("plan", "build"):
        done = run(command, path, "--set", change, "--store", tmp_path / "store")
        assert (done.code, f"variable {name}, whose name is that of a secret" in done.err) == (2, True)
        assert SECRET not in done.out + done.err


def test_a_file_is_never_named_by_a_variable(recipe, monkeypatch):
    monkeypatch.setenv("SOME_FILE", "customer-7.jsonl")

    with pytest.raises(RecipeError, match="name of the file from an environment variable"):
        load_recipe(str(recipe(path="data/${SOME_FILE}"))).list_files()


def test_a_user_without_a_home_is_an_error_of_the_recipe(recipe):
    with pytest.raises(RecipeError, match="without a home folder"):
        load_recipe(str(recipe(path="~nobody-of-this-name/p.jsonl"))).list_files()
