"""Recorded answers from the command line to a version: GSM8K with four models, SVAMP with answers of our own."""

import json
import shutil
from fractions import Fraction
from operator import add, mul, sub, truediv
from pathlib import Path
from typing import Any

import polars as pl
import pytest

OPERATIONS = {"+": add, "-": sub, "*": mul, "/": truediv}
QUESTION = "{{ Body }}{% if Body[-1:] not in '.?!' %}.{% endif %} {{ Question }}"

SVAMP = f"""\
name: svamp
version: 1.0.0
sources:
  - name: svamp
    kind: file
    path: SVAMP.json
    fields:
      question: "{QUESTION}"
      answer: Answer
      category: Type
      metadata: [ID]
teacher:
  backend: recorded
  answers:
    path: answers.jsonl
    problem: asked
    completions:
      - column: said
        teacher: equations
        labels:
          is_correct: right
"""


@pytest.fixture(scope="module")
def gsm8k(data, tmp_path_factory) -> tuple[Path, str]:
    """A folder with the recorded solutions, and a store for the version made of them."""
    folder = tmp_path_factory.mktemp("gsm8k")
    shutil.copy(data / "gsm8k" / "model_solutions.jsonl", folder)
    return folder, str(folder / "store")


@pytest.fixture
def gsm8k_store(gsm8k, run) -> str:
    """The store, with the version built by the command."""
    folder, store = gsm8k
    ran = run("build", "gsm8k_recorded", "--set", f"folder={folder}", "--workers", 2, "--store", store, "--json")
    assert (ran.code, ran.json["version"]) == (0, "1.0.0")
    return store


@pytest.fixture
def ask(gsm8k_store, run):
    """Put a query to the GSM8K version."""

    def asked(query: str) -> list[dict[str, Any]]:
        return run("sql", "gsm8k-recorded", query, "--store", gsm8k_store, "--json").json["rows"]

    return asked


def test_all_recorded_solutions_of_gsm8k_are_samples_with_one_fate_each(ask):
    rows = ask("SELECT fate, stage IS NULL AND reason IS NULL AS silent, count(*) AS n FROM samples GROUP BY ALL")

    assert sum(row["n"] for row in rows) == 2_640
    assert {(row["fate"], row["silent"]) for row in rows} == {("kept", True), ("dropped", False)}


def test_every_teacher_answered_every_problem_once(ask):
    rows = ask("SELECT teacher, count(DISTINCT problem_id) AS problems, count(*) AS n FROM samples GROUP BY ALL")

    assert {(row["problems"], row["n"]) for row in rows} == {(660, 660)}
    assert len(rows) == 4


def test_the_verdicts_agree_with_the_labels_of_the_recording(ask):
    rows = ask(
        "SELECT verdict, reason, labels->>'is_correct' AS label, count(*) AS n FROM samples GROUP BY ALL ORDER BY ALL"
    )

    assert {row["label"] for row in rows} == {"true", "false"}
    off = sum(row["n"] for row in rows if (row["verdict"] == "correct") != (row["label"] == "true"))
    assert off <= 5


def test_right_answers_over_a_wrong_step_are_dropped_and_explained_by_the_step(ask, gsm8k_store, run):
    rows = ask("SELECT sample_id, detail FROM samples WHERE verdict = 'correct' AND reason = 'wrong_step'")

    assert len(rows) == 10
    for row in rows:
        told = run("explain", "gsm8k-recorded", row["sample_id"], "--store", gsm8k_store, "--json").json["sample"]
        wrong = [step for step in told["steps"] if step["outcome"] == "wrong"]
        assert row["detail"].startswith(f"{wrong[0]['text']} (should be {wrong[0]['actual']})")
        assert told["text"][wrong[0]["start"] : wrong[0]["end"]] == wrong[0]["text"]
        shown = run("explain", "gsm8k-recorded", row["sample_id"], "--store", gsm8k_store).out
        assert f"wrong (should be {wrong[0]['actual']})" in " ".join(shown.split())


def test_the_gold_answers_of_gsm8k_are_read_out_of_their_solutions(ask):
    rows = ask("SELECT fate, count(*) AS n, count(reference_rationale) AS solved FROM problems GROUP BY ALL")

    assert rows == [{"fate": "kept", "n": 660, "solved": 660}]


def test_the_manifest_names_the_file_by_its_content_and_not_by_its_place(gsm8k, gsm8k_store, run):
    told = run("show", "gsm8k-recorded", "--store", gsm8k_store, "--json").json

    names = [(item["name"], item["file"], item["rows"], item["unmatched"]) for item in told["inputs"]]
    assert names == [
        ("sources.gsm8k", "model_solutions.jsonl", 660, 0),
        ("teacher.answers", "model_solutions.jsonl", 660, 0),
    ]
    assert str(gsm8k[0]) not in json.dumps({key: value for key, value in told.items() if key not in {"build", "path"}})


def joined(row: dict[str, Any]) -> str:
    body = row["Body"] if row["Body"].endswith((".", "?", "!")) else f"{row['Body']}."
    return f"{body} {row['Question']}".strip()


def plain(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else f"{float(number):.6f}"


def worked(equation: str) -> tuple[list[str], Fraction]:
    """Work a bracketed equation out, step by step."""
    steps: list[str] = []

    def value(words: list[str]) -> Fraction:
        word = words.pop(0)
        if word != "(":
            return Fraction(word)
        left, sign, right = value(words), words.pop(0), value(words)
        words.pop(0)
        result = OPERATIONS[sign](left, right)
        steps.append(f"{plain(left)} {sign} {plain(right)} = {plain(result)}")
        return result

    return steps, value(equation.split())


def svamp_answers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A right answer to each problem, and to every other one a wrong answer too."""
    answers = []
    for place, row in enumerate(rows):
        steps, result = worked(row["Equation"])
        said = ["\n".join([*steps, f"The answer is {plain(result + off)}."]) for off in ([0, 1] if place % 2 else [0])]
        answers.append({"asked": joined(row), "said": said, "right": [True, False][: len(said)]})
    return answers


@pytest.fixture
def svamp(data, tmp_path):
    """Write SVAMP, answers to it, and a recipe for both."""

    def written(change=lambda answers: answers) -> Path:
        rows = json.loads((data / "svamp" / "SVAMP.json").read_text())
        (tmp_path / "SVAMP.json").write_text(json.dumps(rows))
        (tmp_path / "answers.jsonl").write_text(
            "".join(json.dumps(answer) + "\n" for answer in change(svamp_answers(rows)))
        )
        (tmp_path / "svamp.yaml").write_text(SVAMP)
        return tmp_path / "svamp.yaml"

    return written


def test_svamp_is_built_from_a_recipe_alone_and_the_one_gold_that_is_wrong_is_found(svamp, store, build_recipe):
    version = build_recipe(svamp(), store, workers=2).version

    problems, samples = version.read_table("problems"), version.read_table("samples")
    assert (problems.height, set(problems["fate"])) == (1_000, {"kept"})
    found = samples.select("problem_id", "verdict", label=pl.col("labels").str.json_path_match("$.is_correct"))
    assert set(found.group_by("label", "verdict").len().iter_rows()) == {
        ("true", "correct", 999),
        ("true", "wrong", 1),
        ("false", "wrong", 500),
    }
    off = found.filter((pl.col("label") == "true") & (pl.col("verdict") == "wrong")).join(problems, on="problem_id")
    assert off["metadata"].to_list() == ['{"ID":"chal-680"}']  # 4 - 2 + 3, and the gold answer says 1
    assert version.manifest.counts["problems_with_path"] == 999
    assert version.manifest.inputs[1].unmatched == 0


def test_problems_that_the_recipe_groups_stay_on_one_side(svamp, store, build_recipe):
    changes = ("split.test=0.5", "sources.svamp.fields.group=Type", "seed=1")
    problems = build_recipe(svamp(), store, *changes).version.read_table("problems")

    sides = dict(problems.group_by("category").agg(pl.col("split").n_unique()).iter_rows())
    assert (len(sides), set(sides.values())) == (5, {1})
    assert set(problems["split"]) == {"train", "test"}


def test_a_recording_that_fits_no_problem_is_the_users_mistake(svamp, store, run):
    path = svamp(lambda answers: [{**answer, "asked": f"{answer['asked']} Really?"} for answer in answers])

    ran = run("build", path, "--store", store, "--json")

    assert ran.code == 2
    assert "none of the 1500 recorded answers" in ran.json["error"]["message"]
    assert "exactly" in ran.json["error"]["hint"]


def test_recorded_answers_that_fit_no_problem_are_counted(svamp, store, run):
    def moved(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**answer, "asked": "Something else?"} if place < 10 else answer for place, answer in enumerate(answers)
        ]

    ran = run("build", svamp(moved), "--store", store, "--workers", 1, "--json")
    told = run("show", "svamp", "--store", store, "--json").json

    assert ran.code == 0
    assert told["inputs"][1]["unmatched"] == 15
    assert told["counts"]["samples"] == 1_485
    assert "15 recorded answers belong to no kept problem" in run("show", "svamp", "--store", store).out


def test_rows_of_a_recording_that_can_not_be_read_are_samples_with_their_reason(svamp, store, build_recipe):
    path = svamp(lambda answers: answers[:5])
    with (path.parent / "answers.jsonl").open("a") as file:
        file.write('{broken\n{"said": ["A: 1"], "right": [true]}\n')

    samples = build_recipe(path, store).version.read_table("samples").filter(pl.col("reason") == "malformed")

    assert sorted(detail.partition(": ")[0] for detail in samples["detail"]) == ["answers.jsonl:6", "answers.jsonl:7"]
    assert samples["problem_id"].to_list() == [None, None]


def test_a_changed_recording_under_the_same_version_is_a_conflict(svamp, store, run):
    run("build", svamp(lambda answers: answers[:50]), "--store", store, "--workers", 1)

    ran = run("build", svamp(lambda answers: answers[:51]), "--store", store, "--json")

    assert (ran.code, ran.json["error"]["keys"]) == (2, ["teacher.answers"])
    assert "the content of the file changed" in ran.json["error"]["message"]
