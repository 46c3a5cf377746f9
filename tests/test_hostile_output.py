"""Law 7 at the terminal: whatever a version, a recipe, a file or a server holds, no command sends it on unescaped."""

import json
import os
import re
from pathlib import Path

import pytest

from cotloom.builder.store import Version, read_version
from tests.hostile import HOSTILE, find_escapes, run_on_terminal, spoil_value, write_spoiled
from tests.publish.hub import Fault
from tests.publish.hub import serving as serving_hub
from tests.publish.program import validation
from tests.teacher.chat_server import refusal, serving

DECIDING = frozenset({"fate", "verdict", "reason", "hint", "mixture_stage", "role", "answer_type", "stage"})
"""Columns whose words decide what is shown."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory, build_recipe, write_recipe) -> Version:
    version = build_recipe(write_recipe(tmp_path_factory.mktemp("clean")), tmp_path_factory.mktemp("store")).version
    beside = version.path / "validation.json"
    beside.write_text(validation(version.manifest.content_digest, passed=False))
    return version


def spoil_manifest(version: Version) -> dict:
    """The manifest with a hostile text in every field that takes one; names of files stay, so that they are found."""
    manifest = json.loads((version.path / "manifest.json").read_text())
    kept = {key: manifest[key] for key in ("funnel", "files", "name", "version", "parent")}
    named = {key: {name + HOSTILE: 1 for name in manifest[key]} for key in ("splits", "rooms")}
    return {**spoil_value(manifest), **named, "licenses": {HOSTILE: HOSTILE}, **kept}


@pytest.fixture(scope="module")
def spoiled(clean, tmp_path_factory) -> dict[str, Version]:
    """A version with hostile words in every text, and one where those that decide stay."""
    folder = tmp_path_factory.mktemp("spoiled") / "store" / "versions" / "tiny"
    return {
        "words": write_spoiled(clean, folder / "1.0.0", spoil_manifest(clean), DECIDING),
        "everything": write_spoiled(clean, folder / "1.0.1", spoil_manifest(clean), frozenset()),
    }


READING = (
    ["show", "REF"],
    ["show", "REF", "--json"],
    ["explain", "REF", "PROBLEM"],
    ["explain", "REF", "SAMPLE"],
    ["explain", "REF", "EXAMPLE"],
    ["explain", "REF", "EXAMPLE", "--json"],
    ["audit", "REF"],
    ["audit", "REF", "--json"],
    ["export", "REF", "--to", "OUT"],
    ["publish", "REF", "--repo", "people/sums", "--dry-run", "--allow-simulated"],
    *(["sql", "REF", f"FROM {table}", "--format", form] for table in ("problems", "samples", "examples")
      for form in ("table", "csv", "json", "jsonl")),
    ["sql", "REF", f"SELECT 1 AS \"{HOSTILE.replace(chr(0), '')}\""],
    ["sql", "REF", f"SELECT {HOSTILE.replace(chr(0), '')}"],
    ["list"],
    ["list", "--json"],
)  # fmt: skip


@pytest.mark.parametrize("which", ["words", "everything"])
def test_no_field_of_a_version_reaches_the_terminal_unescaped(which, spoiled, run, monkeypatch, tmp_path):
    version = spoiled[which]
    monkeypatch.setenv("FORCE_COLOR", "1")
    named = {"REF": str(version.path), "OUT": str(tmp_path / "out")}
    for table in ("problem", "sample", "example"):
        named[table.upper()] = version.read_table(f"{table}s")[0, f"{table}_id"]
    seen = []
    for words in READING:
        ran = run(*[named.get(word, word) for word in words], "--store", version.path.parents[2])
        assert ran.code in {0, 1, 2}, (words, ran.err)
        if words[-1] != "csv":  # data is exact where it goes to no terminal
            assert find_escapes((ran.out + ran.err).encode()) == [], words
        seen += [words[0]] if "\\x1b[38;5;201m" in ran.out or "\\u001b[38;5;201m" in ran.out else []
    assert {"show", "explain", "sql"} <= set(seen) or which == "everything"


@pytest.mark.parametrize(
    "words",
    [["show", "REF"], ["sql", "REF", "FROM samples", "--format", "csv"], ["sql", "REF", "SELECT text FROM samples"]],
    ids=" ".join,
)
def test_on_a_real_terminal_styles_come_from_us_only(words, spoiled, command):
    version = spoiled["words"]
    named = [str(version.path) if word == "REF" else word for word in words]

    code, output = run_on_terminal([*command, *named, "--store", str(version.path.parents[2])], PAGER="cat")

    assert (code, find_escapes(output)) == (0, [])
    assert b"\\x1b[38;5;201m" in output


def test_csv_for_a_program_is_exact(spoiled, run):
    version = spoiled["words"]

    out = run("sql", version.path, "SELECT question FROM problems ORDER BY 1 LIMIT 1", "--format", "csv").out

    assert HOSTILE in out.replace('""', '"')


@pytest.mark.parametrize("form", [["--json"], ["--format", "json"], ["--format", "jsonl"]])
def test_json_is_safe_and_decodes_to_the_exact_text(form, spoiled, run):
    query = "SELECT question FROM problems ORDER BY 1 LIMIT 1"
    version = spoiled["words"]

    out = run("sql", version.path, query, *form).out

    found = json.loads(out)
    rows = found["rows"] if form == ["--json"] else found if isinstance(found, list) else [found]
    assert rows[0]["question"] == min(version.read_table("problems")["question"])
    assert find_escapes(out.encode()) == []


def list_paths(value: object, path: tuple = ()) -> list[tuple]:
    """The path of every text in plain values."""
    if isinstance(value, dict):
        return [inner for key, item in value.items() for inner in list_paths(item, (*path, key))]
    if isinstance(value, list):
        return [inner for index, item in enumerate(value) for inner in list_paths(item, (*path, index))]
    return [path] if isinstance(value, str) or value is None else []


@pytest.mark.parametrize("name", ["manifest.json", "build.json", "validation.json"])
def test_each_field_alone_is_escaped(name, clean, tmp_path, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    content = json.loads((clean.path / name).read_text())
    folder = tmp_path / "store/versions/tiny/1.0.0"
    folder.mkdir(parents=True)
    for file in clean.path.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    for path in list_paths(content)[:200]:
        spoiled = json.loads(json.dumps(content))
        inner = spoiled
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = (inner[path[-1]] or "") + HOSTILE
        (folder / name).write_text(json.dumps(spoiled))
        for words in (["list"], ["show", folder]):
            ran = run(*words, "--store", tmp_path / "store")
            assert ran.code in {0, 1, 2}, (path, ran.err)
            assert find_escapes((ran.out + ran.err).encode()) == [], path


def make_recipes(folder: Path) -> dict[str, str]:
    """Recipes that can't be built, each for another reason, with hostile words where they are wrong."""
    good = {
        "name": "tiny",
        "version": "1.0.0",
        "sources": [{"name": "made", "kind": "arithmetic", "problems": 4}],
        "teacher": {"backend": "simulated"},
    }
    rows = [{"name": "made", "kind": "file", "path": f"x{HOSTILE[:40]}.jsonl".replace("/", "").replace("\0", "")}]
    wrong = {
        "name": {**good, "name": HOSTILE},
        "key": {**good, HOSTILE: 1},
        "value": {**good, "split": {"test": HOSTILE}},
        "kind": {**good, "sources": [{"name": "made", "kind": HOSTILE}]},
        "twice": {**good, "sources": [{**good["sources"][0], "name": HOSTILE}] * 2},
        "missing": {**good, "sources": rows},
        "pattern": {**good, "verify": {"pattern": f"({HOSTILE}"}},
        "format": {**good, "formats": [{"name": HOSTILE}]},
        "backend": {**good, "teacher": {"backend": HOSTILE}},
    }
    for name, recipe in wrong.items():
        (folder / f"{name}.yaml").write_text(json.dumps(recipe))
    return {name: str(folder / f"{name}.yaml") for name in wrong}


def test_no_recipe_reaches_the_terminal_unescaped(tmp_path, run, store):
    for name, path in make_recipes(tmp_path).items():
        for verb in ("plan", "build"):
            for form in ([], ["--json"]):
                ran = run(verb, path, "--store", store, *form)
                assert ran.code == 2, (name, ran.err)
                assert find_escapes((ran.out + ran.err).encode()) == [], name


def test_a_plan_with_hostile_words_is_escaped(tmp_path, run, store, write_recipe):
    row = {"q": f"What is 1 + 1? {HOSTILE}", "a": "2"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    source = {"name": f"s{HOSTILE}", "kind": "file", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    path = write_recipe(tmp_path, sources=[source])

    for form in (["--show"], ["--json"]):
        ran = run("plan", path, "--store", store, *form)
        assert ran.code in {0, 2}
        assert find_escapes((ran.out + ran.err).encode()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["build", HOSTILE],
        ["show", HOSTILE],
        ["show", f"./{HOSTILE}"],
        ["list", "--store", f"nowhere/{HOSTILE}"],
        ["explain", "PLACE", HOSTILE],
        ["build", "quickstart", "--set", HOSTILE],
        ["build", "quickstart", "--set", f"{HOSTILE}={HOSTILE}"],
        ["build", "quickstart", "--limit", HOSTILE],
        ["build", "quickstart", f"--{HOSTILE}"],
        ["export", "PLACE", "--to", "/nowhere", "--format", HOSTILE],
        ["sql", "PLACE", "SELECT 1", "--format", HOSTILE],
        ["init", "--from", HOSTILE],
        ["validate", "PLACE", "--student", HOSTILE],
        ["pull", HOSTILE],
        ["publish", "PLACE", "--repo", HOSTILE],
        [HOSTILE],
        ["--", "\udc9b\udc80"],
        ["show", "\udc9b\udcff"],
    ],
    ids=lambda words: words[0][:8],
)
def test_no_argument_comes_back_unescaped(words, run, quickstart):
    words = [word.replace("\0", "").replace("PLACE", str(quickstart.path)) for word in words]

    for form in ([], ["--json"]):
        ran = run(*words, *form)
        assert ran.code in {0, 2}, ran.err
        assert find_escapes((ran.out + ran.err).encode()) == []


@pytest.mark.parametrize("status", [401, 429, 500])
def test_what_a_server_says_is_escaped(status, command, tmp_path, write_recipe):
    with serving(lambda _body: refusal(status, HOSTILE, code=HOSTILE, retry_after="7200")) as server:
        teacher = {"backend": "openai", "model": "m", "base_url": server.url, "endpoint": "e"}
        path = write_recipe(tmp_path, teacher=teacher, sources=[{"name": "made", "kind": "arithmetic", "problems": 1}])
        words = ["build", str(path), "--store", str(tmp_path / "store"), "--retries", "0"]
        code, output = run_on_terminal([*command, *words], OPENAI_API_KEY="x")

    assert code in {0, 2, 3}, output
    assert find_escapes(output) == []


def test_what_the_hub_says_is_escaped(command, spoiled, tmp_path):
    words = ["publish", str(spoiled["words"].path), "--repo", "people/sums", "--allow-simulated", "--allow-regression"]
    words_only = re.sub(r"[^\x20-\x7e]", "", HOSTILE)  # what a header can carry
    with serving_hub(tokens={"write": "write"}) as hub:
        hub.faults.append(Fault("whoami", status=400, says=HOSTILE, headers={"X-Error-Message": words_only}))
        code, output = run_on_terminal(
            [*command, *words],
            HF_ENDPOINT=hub.url,
            HF_TOKEN="write",  # noqa: S106 - of a test's Hub
            HF_HOME=str(tmp_path),
        )

    assert code in {1, 2, 3, 70}, output
    assert find_escapes(output) == []


def test_a_fault_of_ours_shows_its_traceback_escaped(command, tmp_path):
    code, output = run_on_terminal([*command, "list"], PYTHONPATH=_patch(tmp_path, "raise OSError(97, HOSTILE)"))

    assert code == 70
    assert (b"Traceback" in output, find_escapes(output)) == (True, [])


def test_what_libraries_print_is_escaped_and_goes_to_stderr(command, tmp_path):
    prints = "import warnings; print(HOSTILE); warnings.warn(HOSTILE); sys.stderr.write(HOSTILE); os.system('echo low')"
    code, output = run_on_terminal([*command, "list"], PYTHONPATH=_patch(tmp_path, prints))

    assert code == 0
    assert (output.count(b"\\x1b[38;5;201m") >= 3, find_escapes(output)) == (True, [])


def _patch(folder: Path, code: str) -> str:
    """Make Python run some code when a command lists the versions. Returns the path to import from."""
    (folder / "sitecustomize.py").write_text(
        f"import os, pathlib, sys\nHOSTILE = {HOSTILE!r}\nown = pathlib.Path.is_dir\n"
        f"def is_dir(path):\n    if path.name == 'versions':\n        {code}\n    return own(path)\n"
        "pathlib.Path.is_dir = is_dir\n"
    )
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])


def test_a_version_that_was_spoiled_is_still_one(spoiled):
    assert all(read_version(version.path).manifest for version in spoiled.values())
