"""The source `hub`: real clients against a Hub on loopback, in a process with a cache of its own.

The process runs one build after the other, since the Hub's libraries take seconds to import.
"""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.conftest import Ran
from tests.publish.hub import Hub, serving
from tests.publish.program import Program

DATASET = "people/sums"
CARD = b"""---
configs:
- config_name: main
  data_files: [{split: train, path: main/train.jsonl}, {split: test, path: main/test.jsonl}]
- config_name: extra
  data_files: [{split: train, path: main/train.jsonl}]
---
"""


def rows(count: int) -> list[dict[str, Any]]:
    return [{"question": f"What is {n} + 2?", "answer": str(n + 2), "said": f"{n} + 2 = {n + 2}"} for n in range(count)]


def files(count: int) -> dict[str, bytes]:
    lines = "".join(json.dumps(row) + "\n" for row in rows(count)).encode()
    return {"README.md": CARD, "main/train.jsonl": lines, "main/test.jsonl": lines}


@pytest.fixture(scope="module")
def _hub():
    with serving(DATASET) as running:
        yield running


@pytest.fixture(scope="module")
def _program(_hub, tmp_path_factory):
    program = Program(_hub, tmp_path_factory.mktemp("program"))
    yield program
    program.close()


@pytest.fixture
def hub(_hub) -> Hub:
    """The Hub, with a dataset that is empty yet."""
    _hub.clear()
    _hub.make(DATASET)
    return _hub


@pytest.fixture
def write(tmp_path):
    """Write a recipe with a hub source. Returns the words that build it."""

    def written(
        answers: list[dict[str, Any]] | None = None, recorded: dict[str, Any] | None = None, **source: Any
    ) -> list[object]:
        (tmp_path / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers or rows(9)))
        given = {"name": "sums", "kind": "hub", "path": DATASET, "config": "main"}
        given["fields"] = {"question": "question", "answer": "answer"}
        said = {"path": "said.jsonl", "problem": "question", "completions": [{"column": "said", "teacher": "people"}]}
        said = recorded or said
        recipe = {"name": "t", "version": "1.0.0", "teacher": {"backend": "recorded", "answers": said}}
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps({**recipe, "sources": [{**given, **source}]}))
        return ["build", path, "--store", tmp_path / "store", "--workers", "1", "--json"]

    return written


@pytest.fixture
def ask(_program, write):
    """Build a recipe with a hub source."""

    def asked(**keys: Any) -> tuple[int, dict[str, Any]]:
        done = _program(*write(**keys), HF_TOKEN=None)
        return done.code, done.json

    return asked


@pytest.fixture
def ask_anew(tmp_path, command, write):
    """Build it in a process of its own, in the folder of the test."""

    def asked(url: str) -> tuple[int, dict[str, Any]]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        environment |= {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
        environment |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        words = [*command, *write()]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    return asked


def manifest(built: dict[str, Any]) -> dict[str, Any]:
    return json.loads((Path(built["path"]) / "manifest.json").read_text())


def test_a_dataset_is_read_at_the_commit_its_branch_led_to_and_a_moved_branch_is_a_conflict(hub: Hub, ask):
    sha = hub.commit(files(4))
    code, built = ask()

    assert (code, built["counts"]["problems_kept"]) == (0, 4)
    assert manifest(built)["inputs"][0] == {
        "name": "sources.sums",
        "file": f"hf://datasets/{DATASET}@{sha}",
        "sha256": sha,
        "bytes": 0,
        "rows": 4,
        "unmatched": 0,
    }
    origins = pl.read_parquet(Path(built["path"]) / "problems.parquet")["origin"].sort().to_list()
    assert origins == [f"{DATASET}:train:{number}" for number in (1, 2, 3, 4)]

    assert ask()[1]["status"] == "unchanged"

    moved = hub.commit(files(5))
    code, told = ask()
    assert (code, told["error"]["kind"], told["error"]["keys"]) == (2, "VersionConflict", ["sources.sums"])
    assert f"{DATASET}@{sha} -> commit {moved}" in told["error"]["message"]


def test_parquet_choices_come_as_lists_and_a_gold_index_becomes_a_letter(hub: Hub, ask):
    table = io.BytesIO()
    row = {"q": ["One of two?"], "options": [["pear", "7"]], "place": [1], "said": ["It is (B)."]}
    pl.DataFrame(row).write_parquet(table)
    hub.commit({"data/train-00000-of-00001.parquet": table.getvalue()})
    fields = {"question": "q", "choices": "options", "responses": ["said"], "answer": "place"}

    _, built = ask(config=None, role="reference", answer_type="choice", fields=fields)

    assert "path" in built, built
    (problem,) = pl.read_parquet(Path(built["path"]) / "problems.parquet").to_dicts()
    assert (problem["choices"], problem["answer"], problem["responses"]) == (["pear", "7"], "B", ["It is (B)."])


def test_a_commit_in_the_recipe_is_taken_at_its_word(hub: Hub, ask):
    sha = hub.commit(files(2))
    hub.commit(files(3))

    assert ask(revision=sha)[1]["counts"]["problems"] == 2


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ({"path": "people/none"}, "the Hub has no such dataset", "HF_TOKEN"),
        ({"revision": "v9"}, "has no revision v9", "available revisions: main"),
        ({"config": "small"}, "['main', 'extra']", "config small and split train"),
        ({"split": "dev"}, "['train', 'test']", "config main and split dev"),
        ({"fields": {"question": "prompt", "answer": "answer"}}, "no row has the column prompt", "question, answer"),
    ],
)
def test_what_is_not_there_is_the_users_mistake_and_what_is_there_is_listed(hub: Hub, ask, source, message, hint):
    hub.commit(files(1))

    code, told = ask(**source)

    assert code == 2
    assert message in told["error"]["message"]
    assert hint in told["error"]["hint"]


def test_an_unreachable_hub_stops_the_build(ask_anew):
    with serving(DATASET) as gone:
        url = gone.url

    code, told = ask_anew(url)

    assert (code, told["error"]["kind"]) == (3, "Stopped")
    assert "the Hub can't be reached" in told["error"]["message"]
    assert "again" in told["error"]["hint"]


def test_a_folder_of_the_same_name_is_never_read(hub: Hub, ask_anew, tmp_path, monkeypatch):
    folder = tmp_path / "here" / DATASET
    (folder / "main").mkdir(parents=True)
    (folder / "main" / "train.jsonl").write_text(json.dumps({"question": "local?", "answer": "1"}) + "\n")
    (folder / "sums.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path / "here")
    hub.commit(files(2))

    code, built = ask_anew(hub.url)

    assert (code, built["counts"]["problems"]) == (0, 2)


def test_a_revision_that_looks_like_a_commit_is_confirmed_by_the_hub(hub: Hub, ask):
    hub.commit(files(2))

    code, refused = ask(revision="0" * 40)

    assert code == 2
    assert f"has no revision {'0' * 40}" in refused["error"]["message"]


@pytest.mark.usefixtures("hub")
def test_a_single_name_that_the_hub_does_not_know_is_the_users_mistake(ask):
    code, refused = ask(path="sums")

    assert (code, refused["error"]["kind"]) == (2, "InputError")
    assert "the Hub has no such dataset" in refused["error"]["message"]


PAGE = "---\nconfigs:\n- config_name: main\n  data_files: [{split: train, path: '%s'}]\n---\n"


@pytest.mark.parametrize(
    "elsewhere",
    ["%s/secret.txt", "file://%s/secret.txt", "zip://x::%s/secret.txt", "../../../secret.txt", "~/.bashrc",
     "hf://datasets/people/other/x.txt", "http://127.0.0.1:9/x.txt", "main/../main/train.jsonl"],
)  # fmt: skip
def test_a_dataset_takes_rows_from_its_own_files_only(hub: Hub, ask, tmp_path, elsewhere):
    (tmp_path / "secret.txt").write_text('{"question": "secret?", "answer": "1"}\n')
    path = elsewhere.replace("%s", str(tmp_path))
    hub.commit({**files(2), "README.md": (PAGE % path).encode()})

    code, refused = ask()

    assert code == 2
    assert f"takes rows from {path}, which is not one of its files" in refused["error"]["message"]


def test_a_dataset_with_a_script_is_refused_and_the_script_does_not_run(hub: Hub, ask, tmp_path):
    script = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
    hub.commit({**files(2), "sums.py": script})

    code, refused = ask()

    assert (code, (tmp_path / "ran").exists()) == (2, False)
    assert "scripts are no longer supported, but found sums.py" in refused["error"]["message"]


def test_a_commit_that_can_not_be_read_is_never_replaced_by_another_from_the_cache(hub: Hub, ask, tmp_path):
    hub.commit(files(2))
    assert ask()[0] == 0
    shutil.rmtree(tmp_path / "store")
    hub.commit({**files(3), "README.md": (PAGE % "gone/*.jsonl").encode()})

    code, refused = ask()

    assert code == 2
    assert "data files found" in refused["error"]["message"]


TRACES = {
    "kind": "hub",
    "path": DATASET,
    "config": "main",
    "problem": "question",
    "completions": [{"column": "said", "teacher": "people"}],
}


def test_recorded_answers_are_read_from_a_dataset_at_its_commit(hub: Hub, ask):
    sha = hub.commit(files(4))

    code, built = ask(recorded=TRACES)

    assert (code, built["counts"]["samples"], built["counts"]["samples_kept"]) == (0, 4, 4)
    assert manifest(built)["inputs"][1] == {
        "name": "teacher.answers",
        "file": f"hf://datasets/{DATASET}@{sha}",
        "sha256": sha,
        "bytes": 0,
        "rows": 4,
        "unmatched": 0,
    }
    assert ask(recorded=TRACES)[1]["status"] == "unchanged"
    moved = hub.commit(files(5))
    code, told = ask(recorded={**TRACES, "revision": "main"}, revision=sha)
    assert (code, "teacher.answers" in told["error"]["keys"]) == (2, True)
    assert f"-> commit {moved}" in told["error"]["message"]


@pytest.mark.parametrize(
    ("recorded", "message", "hint"),
    [
        ({"path": "people/none"}, "teacher.answers: people/none: the Hub has no such dataset", "HF_TOKEN"),
        ({"split": "dev"}, "['train', 'test']", "config main and split dev"),
        ({"problem": ["question", "text"]}, "no row has the column text", "question, answer"),
    ],
)
def test_recorded_answers_that_are_not_there_are_the_users_mistake(hub: Hub, ask, recorded, message, hint):
    hub.commit(files(2))

    code, told = ask(recorded={**TRACES, **recorded})

    assert code == 2
    assert message in told["error"]["message"]
    assert hint in told["error"]["hint"]


@pytest.fixture
def audit(_program, tmp_path):
    """Hold a version against a set."""

    def audited(path: str, named: str) -> Ran:
        words = ("audit", path, "--against", named, "--workers", "2", "--json", "--store", tmp_path)
        return _program(*words, HF_TOKEN=None)

    return audited


def test_a_version_is_held_against_a_dataset(hub: Hub, ask, audit):
    """`cotloom audit --against hf://…`: the split is `test` where none is named, and workers share the buckets."""
    hub.commit(files(3))
    path = ask()[1]["path"]

    found = audit(path, f"hf://datasets/{DATASET}@main?config=main&column=question")
    against = found.json["against"][0]
    assert (found.code, against["set"], against["problems"]) == (1, f"{DATASET}:test", 3)
    assert {row["measure"] for row in found.json["overlaps"] if row["part"] == "question"} == {"same"}
    assert audit(path, f"hf://datasets/{DATASET}?config=main").json["overlaps"] == found.json["overlaps"]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (f"hf://datasets/{DATASET}?config=main&split=dev", "['train', 'test']"),
        (f"hf://datasets/{DATASET}?color=red", "color is no option of a dataset"),
        ("hf://models/people/sums", "this is no dataset on the Hub"),
    ],
)
def test_a_dataset_that_is_not_there_is_the_users_mistake(hub: Hub, ask, audit, named, message):
    hub.commit(files(1))

    told = audit(ask()[1]["path"], named)

    assert (told.code, message in told.json["error"]["message"]) == (2, True)


@pytest.fixture
def check_up(_program, tmp_path):
    """Check up a dataset."""

    def checked(named: str, *words: str) -> Ran:
        return _program("audit", named, *words, "--workers", "1", "--json", "--store", tmp_path, HF_TOKEN=None)

    return checked


def test_a_dataset_on_the_hub_is_checked_up_with_its_card(hub: Hub, check_up):
    card = CARD.replace(
        b"configs:", b"dataset_info: {config_name: main, splits: [{name: train, num_examples: 60}]}\nconfigs:"
    )
    hub.commit({**files(30), "README.md": card})

    found = check_up(f"hf://datasets/{DATASET}?config=main", "--fields", "response=said").json

    messages = {finding["check"]: finding["message"] for finding in found["findings"]}
    assert found["dataset"].startswith(f"hf://datasets/{DATASET}@")
    assert (found["passed"], found["counts"]["rows"], found["counts"]["responses"]) == (False, 30, 30)
    assert "train: the card says 60 rows, there are 30" in messages["card_rows"]
    assert "card_license" in messages


def test_a_split_that_is_not_there_is_told_with_those_that_are(hub: Hub, check_up):
    hub.commit(files(3))

    told = check_up(f"hf://datasets/{DATASET}?config=main&split=dev")

    assert (told.code, "['train', 'test']" in told.json["error"]["message"]) == (2, True)
