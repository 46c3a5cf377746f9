import csv
import io
import json
import os
import pty
import subprocess
import sys
from importlib.metadata import version as package_version
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from cotloom import cli
from cotloom.builder.store import Version

HEAVY = "polars duckdb datasets openai torch transformers pyarrow rapidfuzz jinja2 ruamel rich.progress".split()
GROUPS = {"ledger"}
"""Commands that have commands."""
STORELESS = {"compare", "verify-text"}
"""Commands that need no store."""
COMMANDS = {
    f"{name} {inner}".strip(): command
    for name, group in get_command(cli.app).commands.items()
    for inner, command in (group.commands if name in GROUPS else {"": group}).items()
}


@pytest.fixture
def tiny(write_recipe, tmp_path) -> Path:
    return write_recipe(tmp_path)


@pytest.fixture
def built(tiny, store, run) -> dict:
    """What a first build of the tiny recipe said."""
    ran = run("build", tiny, "--store", store, "--workers", 1, "--json")
    assert ran.code == 0
    return ran.json


@pytest.fixture
def place(quickstart) -> str:
    """The path of a version that several tests read."""
    return str(quickstart.path)


@pytest.mark.parametrize(
    ("words", "light"),
    [
        (["--help"], [*HEAVY, "pydantic"]),
        (["build", "--help"], HEAVY),  # typer itself reads a command's options with pydantic
        (["sql", "--help"], HEAVY),
    ],
)
def test_help_imports_nothing_heavy(words, light):
    call = f"import sys\nfrom cotloom import cli\ncli._run({words!r})"
    code = f"{call}\nprint(*sorted(set({light!r}) & set(sys.modules)), file=sys.stderr)"

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=Path(cli.__file__).parent
    )

    assert (done.returncode, done.stderr.split()) == (0, [])
    assert "Usage: " in done.stdout


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_list_imports_nothing_heavy(quickstart, form):
    words = ["list", "--store", str(quickstart.path.parents[2]), *form]
    call = f"import sys\nfrom cotloom import cli\nsys.argv[1:] = {words!r}\ncli._run({words!r})"
    code = f"{call}\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"

    done = subprocess.run([sys.executable, "-P", "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr.split()) == (0, [])
    assert "quickstart" in done.stdout


def test_the_version_of_cotloom_is_printed(run):
    assert run("--version").out == f"cotloom {package_version('cotloom')}\n"


def test_without_a_command_the_help_is_shown(run):
    ran = run()

    assert (ran.code, ran.err) == (0, "")
    assert "Commands:" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_option_and_argument_is_documented(name):
    command = COMMANDS[name]

    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", None)] == []
    assert ("store" in {parameter.name for parameter in command.params}) is (name not in STORELESS)


def test_a_build_says_what_it_did(tiny, store, run):
    ran = run("build", tiny, "--store", store, "--workers", 1)

    assert ran.code == 0
    assert ran.out.startswith("Built tiny@1.0.0: ")
    assert "Its rationales are simulated: a program wrote them, not a language model." in ran.out
    assert ran.err == ""


def test_a_build_as_json_is_one_object_with_what_the_contract_names(built, store):
    wanted = {"name", "version", "status", "path", "fingerprint", "content_digest", "funnel", "calls", "cost_usd"}

    assert wanted <= set(built)
    assert (built["name"], built["version"], built["status"]) == ("tiny", "1.0.0", "built")
    assert built["path"] == str(store / "versions/tiny/1.0.0")
    assert built["calls"] == {"new": built["calls"]["new"], "ledger": 0, "failed": 0, "refused": 0}
    assert built["calls"]["new"] >= 32
    assert set(built["funnel"][0]) == {"stage", "unit", "rows_in", "kept", "dropped", "reason"}


def test_a_second_build_has_nothing_to_do(built, tiny, store, run):
    ran = run("build", tiny, "--store", store, "--json")

    assert ran.code == 0
    assert (ran.json["status"], ran.json["content_digest"]) == ("unchanged", built["content_digest"])
    assert ran.json["calls"] == {"new": 0, "ledger": 0, "failed": 0, "refused": 0}
    assert "nothing to do" in run("build", tiny, "--store", store).out


def test_another_recipe_under_the_same_version_is_a_conflict_with_keys_and_a_way_out(built, tiny, store, run):
    ran = run("build", tiny, "--store", store, "--set", "select.keep=2", "--json")

    assert ran.code == 2
    error = ran.json["error"]
    assert (error["kind"], error["keys"]) == ("VersionConflict", ["select.keep"])
    assert "--version 1.0.1" in error["hint"]
    assert run("show", "tiny", "--store", store, "--json").json["content_digest"] == built["content_digest"]


def test_what_comes_after_sampling_costs_no_new_answer(built, tiny, store, run):
    ran = run("build", tiny, "--store", store, "--set", "select.keep=1", "--version", "1.0.1", "--json")

    assert ran.code == 0
    assert ran.json["calls"] == {"new": 0, "ledger": built["calls"]["new"], "failed": 0, "refused": 0}
    assert ran.json["content_digest"] != built["content_digest"]


@pytest.mark.usefixtures("built")
def test_a_limit_builds_dev_which_may_be_written_over(tiny, store, run):
    first = run("build", tiny, "--store", store, "--limit", 2, "--json")
    again = run("build", tiny, "--store", store, "--limit", 3, "--json")

    assert (first.code, again.code) == (0, 0)
    assert (first.json["version"], first.json["counts"]["problems_kept"]) == ("dev", 2)
    assert (again.json["version"], again.json["counts"]["problems_kept"]) == ("dev", 3)
    assert again.json["calls"]["new"] == 0
    refs = [version["version"] for version in run("list", "--store", store, "--json").json["versions"]]
    assert refs == ["dev", "1.0.0"]


def test_a_limit_with_a_version_builds_that_version(tiny, store, run):
    ran = run("build", tiny, "--store", store, "--limit", 2, "--version", "0.1.0", "--json")

    assert (ran.code, ran.json["version"]) == (0, "0.1.0")


@pytest.mark.usefixtures("built")
def test_a_fixed_version_can_not_rest_on_a_dev_one(tiny, store, run):
    ran = run("build", tiny, "--store", store, "--set", "parent=dev", "--version", "2.0.0", "--json")

    assert (ran.code, ran.json["error"]["keys"]) == (2, ["parent"])


@pytest.fixture
def tried(built, tiny, tmp_path, run):
    """Run a command on the store with one version."""
    places = {"RECIPE": tiny, "OUT": tmp_path / "out"}
    store = Path(built["path"]).parents[2]

    def ran(words: list[str]):
        at = ["--store", store] if words[0] in COMMANDS else []
        return run(*[places.get(word, word) for word in words], *at)

    return ran


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["build", "RECIPE", "--set", "select.kep=1"], "RecipeError", "did you mean keep?"),
        (["build", "RECIPE", "--version", "1.0"], "RecipeError", "version: "),
        (["build", "nothing"], "InputError", "no recipe file nothing"),
        (["build", "RECIPE", "--limit", "0"], "UsageError", "--limit"),
        (["build", "RECIPE", "--workers", "many"], "UsageError", "--workers"),
        (["build", "RECIPE", "--nothing"], "UsageError", "--nothing"),
        (["build"], "UsageError", "RECIPE"),
        (["bild"], "UsageError", "bild"),
        (["show", "tiny@9.9.9"], "InputError", "no version 9.9.9 of tiny"),
        (["show", "nothing"], "InputError", "no dataset nothing"),
        (["show", "./nothing"], "InputError", "is no version"),
        (["explain", "tiny", "s_zzz"], "InputError", "has the id s_zzz"),
        (["explain", "tiny", "zzz"], "InputError", "zzz is no id"),
        (["sql", "tiny", "SELEC 1"], "InputError", "the query failed"),
        (["sql", "tiny", "SELECT 1", "--format", "xml"], "UsageError", "--format"),
        (["export", "tiny", "--to", "OUT", "--format", "nothing"], "InputError", "no export format nothing"),
        (["export", "tiny", "--to", "RECIPE"], "InputError", "is a file"),
    ],
)
def test_a_mistake_exits_with_two_and_is_told_in_words_or_as_json(words, kind, said, tried):
    in_words, as_json = tried(words), tried([*words, "--json"])

    assert (in_words.code, in_words.out) == (2, "")
    assert in_words.err.startswith("cotloom: ")
    assert said in in_words.err
    assert as_json.code == 2
    assert set(as_json.json) == {"error"}
    assert set(as_json.json["error"]) == {"kind", "message", "hint", "keys"}
    assert as_json.json["error"]["kind"] == kind
    assert said in as_json.json["error"]["message"]


def test_a_fault_of_ours_exits_with_seventy_and_a_traceback(tiny, store, run, monkeypatch):
    monkeypatch.setattr("cotloom.builder.pipeline.ROOMS", None)

    with pytest.raises(SystemExit) as caught:
        run("build", tiny, "--store", store, "--workers", 1)

    assert caught.value.code == 70


def test_a_fault_of_ours_is_told_apart_in_a_process_of_its_own(command, tmp_path):
    (tmp_path / "store/versions/x/1.0.0").mkdir(parents=True)
    (tmp_path / "store/versions/x/1.0.0/manifest.json").mkdir()  # nobody but us could have made it so
    (tmp_path / "sitecustomize.py").write_text("import pathlib; pathlib.Path.iterdir = None")

    done = subprocess.run(
        [*command, "list", "--store", tmp_path / "store", "--json"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert done.returncode == 70
    assert done.stderr.startswith("Traceback")
    assert json.loads(done.stdout)["error"]["kind"] == "TypeError"


READING = [
    ["list"],
    ["show", "REF"],
    ["sql", "REF", "FROM funnel"],
    ["explain", "REF", "PROBLEM"],
    ["explain", "REF", "SAMPLE"],
    ["explain", "REF", "EXAMPLE"],
    ["export", "REF", "--to", "OUT"],
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_with_json_every_command_prints_one_object_and_nothing_else(words, quickstart, place, tmp_path, run):
    named = {
        "REF": place,
        "OUT": tmp_path / "out",
        "PROBLEM": quickstart.read_table("problems")[0, "problem_id"],
        "SAMPLE": quickstart.read_table("samples")[0, "sample_id"],
        "EXAMPLE": quickstart.read_table("examples")[0, "example_id"],
    }
    words = [named.get(word, word) for word in words]

    ran = run(*words, "--store", quickstart.path.parents[2], "--json")

    assert (ran.code, ran.err) == (0, "")
    assert isinstance(ran.json, dict)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_without_json_every_command_prints_text(words, quickstart, place, tmp_path, run):
    named = {
        "REF": place,
        "OUT": tmp_path / "out",
        "PROBLEM": quickstart.read_table("problems")[0, "problem_id"],
        "SAMPLE": quickstart.read_table("samples")[0, "sample_id"],
        "EXAMPLE": quickstart.read_table("examples")[0, "example_id"],
    }

    ran = run(*[named.get(word, word) for word in words], "--store", quickstart.path.parents[2])

    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) > 1


def test_a_list_of_nothing_says_how_to_begin(store, run):
    assert run("list", "--store", store).out == f"No versions in {store} yet. Build one: cotloom build quickstart\n"
    assert run("list", "--store", store, "--json").json == {"versions": []}


def test_a_list_shows_date_teacher_and_kept_rows_of_each_version(quickstart, run):
    store = quickstart.path.parents[2]
    counts, built_at = quickstart.manifest.counts, quickstart.read_beside("build.json")["started_at"]

    (row,) = [line for line in run("list", "--store", store).out.splitlines() if line.startswith(quickstart.ref)]
    (listed,) = run("list", "--store", store, "--json").json["versions"]

    kept = [f"{counts[f'{table}_kept']:,}" for table in ("problems", "samples", "examples")]
    assert row.split()[1:6] == [built_at[:10], "simulated", *kept]
    assert (listed["built_at"], listed["teachers"], listed["counts"]) == (built_at, ["simulated"], counts)
    assert listed["path"] == str(quickstart.path)


def test_show_as_json_holds_manifest_and_circumstances(quickstart, place, run):
    told = run("show", place, "--json").json

    manifest = quickstart.manifest.model_dump(mode="json")
    assert {key: told[key] for key in manifest} == manifest
    assert told["build"]["calls"]["failed"] == 0
    assert sum(told["paths_per_problem"].values()) == 40


QUERY = "SELECT problem_id, choices, NULL AS nothing, 'a,\"b\"' AS words FROM problems ORDER BY 1 LIMIT 2"


def test_sql_prints_csv_json_and_json_lines(quickstart, place, run):
    ids = quickstart.read_table("problems")["problem_id"].sort().head(2).to_list()
    wanted = [{"problem_id": item, "choices": [], "nothing": None, "words": 'a,"b"'} for item in ids]

    as_csv = list(csv.reader(io.StringIO(run("sql", place, QUERY, "--format", "csv").out)))
    lines = run("sql", place, QUERY, "--format", "jsonl").out.splitlines()

    assert run("sql", place, QUERY, "--format", "json").out.startswith("[")
    assert json.loads(run("sql", place, QUERY, "--format", "json").out) == wanted
    assert [json.loads(line) for line in lines] == wanted
    assert run("sql", place, QUERY, "--json").json == {"columns": list(wanted[0]), "rows": wanted}
    assert as_csv == [list(wanted[0]), *[[item, "[]", "", 'a,"b"'] for item in ids]]


@pytest.mark.parametrize("value", ["'nan'::DOUBLE", "'infinity'::DOUBLE"])
def test_sql_prints_json_that_every_reader_takes(place, run, value):
    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    for form in (["--json"], ["--format", "json"], ["--format", "jsonl"]):
        ran = run("sql", place, f"SELECT {value} AS x", *form)
        json.loads(ran.out, parse_constant=refuse)


def test_sql_reads_its_query_from_stdin(place, run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 6 * 7 AS n"))

    assert run("sql", place, "--json").json == {"columns": ["n"], "rows": [{"n": 42}]}


def test_sql_writes_a_database(place, tmp_path, quickstart, run):
    ran = run("sql", place, "--database", tmp_path / "x.duckdb", "--json")

    assert ran.json == {"database": str(tmp_path / "x.duckdb")}
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (quickstart.manifest.counts["samples"],)


def test_without_a_terminal_to_print_on_the_query_is_read_to_its_end(command, place):
    leader, follower = pty.openpty()
    process = subprocess.Popen([*command, "sql", place], stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(follower)
    os.write(leader, b"SELECT 6 *\n7 AS n\n\x04")
    out, err = process.communicate()
    os.close(leader)

    assert (process.returncode, err) == (0, b"")
    assert out.decode().split() == ["n", "42"]


def test_a_reader_that_has_seen_enough_is_no_error(command, place):
    process = subprocess.Popen(
        [*command, "sql", place, "SELECT * FROM range(300000)", "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.read(100)
    process.stdout.close()

    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()


def test_the_store_comes_from_the_environment(built, store, run, monkeypatch):
    monkeypatch.setenv("COTLOOM_STORE", str(store))

    assert run("show", "tiny", "--json").json["content_digest"] == built["content_digest"]


def test_a_full_disk_stops_a_build_which_goes_on_with_room(command, tiny, store):
    words = [*command, "build", str(tiny), "--store", str(store), "--workers", "1", "--json"]
    limited = (
        "import resource, signal, os, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); os.execv(sys.argv[1], sys.argv[1:])"
    )

    stopped = subprocess.run([sys.executable, "-c", limited, *words], check=False, capture_output=True, text=True)
    after = subprocess.run(words, check=False, capture_output=True, text=True)

    assert (stopped.returncode, json.loads(stopped.stdout)["error"]["kind"]) == (3, "Stopped")
    assert (after.returncode, json.loads(after.stdout)["status"]) == (0, "built")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5))
def test_no_words_whatsoever_make_a_fault_of_ours(words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cotloom", *words])
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", io.StringIO())
        assert cli._run(words) in {0, 2}


def test_a_version_has_one_manifest_whichever_way_it_is_named(quickstart: Version, run):
    by_name = run("show", "quickstart", "--store", quickstart.path.parents[2], "--json").json
    by_path = run("show", str(quickstart.path), "--json").json

    assert by_name == by_path
