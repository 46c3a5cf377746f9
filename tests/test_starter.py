"""`cotloom init`: a recipe that builds as it stands, and one inferred from a file."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.infer import infer_columns
from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.verify import IS_READABLE
from tests.conftest import ROOT
from tests.teacher.chat_server import completion, serving

SOLVED = [
    {"question": f"Ann has {n} pens and finds 2. How many?", "answer": f"{n} + 2 = {n + 2}\n#### {n + 2}"}
    for n in range(3)
]
LETTERED = [{"stem": "Which is a number?", "options": ["pear", "7", "sky"], "key": "B"}] * 3
TOLD = [{"passage": f"Rain {n}.", "question": f"does it rain {n} times", "answer": n % 2 == 0} for n in range(4)]
NESTED = [
    {
        "id": n,
        "question": {"stem": f"Which is it, {n}?", "choices": {"label": ["A", "B"], "text": ["pear", "7"]}},
        "answerKey": "AB"[n],
    }
    for n in range(2)
]
FINISHED = [
    {"instruction": f"Write {n} lines about rain.", "output": "Rain falls softly on the roof all night long. " * 2}
    for n in range(3)
]
MADE = "Which is {n}?,pear,7,sky,{letter}\n"

CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "solutions with a marked answer": (
        "jsonl",
        SOLVED,
        {"question": "question", "answer": "answer", "answer_type": "number", "answer_pattern": r"####\s*(.+)"},
    ),
    "multiple choice with a list": (
        "json",
        LETTERED,
        {"question": "stem", "answer": "key", "choices": "options", "answer_type": "choice"},
    ),
    "multiple choice with a column for each option": (
        "csv",
        "Question,A,B,C,Answer\n" + MADE.format(n=1, letter="A") + MADE.format(n=2, letter="B"),
        {
            "question": "Question",
            "answer": "Answer",
            "choices": "[{{ A|tojson }}, {{ B|tojson }}, {{ C|tojson }}]",
            "answer_type": "choice",
        },
    ),
    "options as JSON in a cell": (
        "csv",
        'problem,options,gold\n"Which, then?","[""pear"", ""7""]",7\n',
        {"question": "problem", "answer": "gold", "choices": "options", "answer_type": "choice"},
    ),
    "yes and no": ("jsonl", TOLD, {"question": "question", "answer": "answer", "answer_type": "boolean"}),
    "nested columns": (
        "jsonl",
        NESTED,
        {
            "question": "question.stem",
            "answer": "answerKey",
            "choices": "question.choices.text",
            "answer_type": "choice",
        },
    ),
    "names of another language": (
        "csv",
        "Nr,Frage,Lösung\n1,Wie viel sind 2 und 2?,4\n2,Wie viel sind 2 und 3?,5\n",
        {"question": "Frage", "answer": "Lösung", "answer_type": "number"},
    ),
    "answers in words": (
        "jsonl",
        [{"prompt": f"Name the {n}th colour.", "target": name} for n, name in enumerate(["red", "sea green"])],
        {"question": "prompt", "answer": "target", "answer_type": "text"},
    ),
    **{
        f"answers that are {kind}": (
            "jsonl",
            [{"prompt": f"What is number {n} of them?", "target": target} for n, target in enumerate(targets)],
            {"question": "prompt", "answer": "target", "answer_type": kind},
        )
        for kind, targets in {
            "boolean": ["valid", "invalid", "Valid"],
            "date": ["12/25/1937", "01/02/2020", "May 3, 2021"],
            "time": ["3:30 PM", "14:05", "9 am"],
            "ratio": ["2:3", "10:1", "1:2:3"],
            "set": ["{1, 2}", "{3}", "\\{4, 5\\}"],
            "list": ["1, 2, 3", "[4, 5]", "6;7"],
            "expression": ["x^2 + 1", "\\frac{\\sqrt{3}}{2}", "5", "[0, 1)"],
            "number": ["1/2", "\\frac{1}{2}", "1,200", "5 km"],
        }.items()
    },
    "finished responses": ("jsonl", FINISHED, {"question": "instruction", "responses": ["output"]}),
}


def put(folder: Path, form: str, rows: Any) -> Path:
    path = folder / f"My problems.{form}"
    if isinstance(rows, str):
        path.write_text(rows, encoding="utf-8")
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path.write_text(json.dumps(rows))
    return path


@pytest.mark.parametrize(("form", "rows", "expected"), CASES.values(), ids=CASES)
def test_what_a_file_holds_is_inferred_and_the_recipe_reads_it(tmp_path, run, form, rows, expected):
    ran = run("init", tmp_path / "new", "--from", put(tmp_path, form, rows), "--json")

    assert ran.code == 0
    inferred = {key: found["value"] for key, found in ran.json["inferred"].items()}
    assert {key: value for key, value in inferred.items() if key != "role"} == expected
    loaded = load_recipe(ran.json["path"])
    (source,) = loaded.recipe.sources
    assert (source.role, source.path) == (inferred["role"], f"../My problems.{form}")
    frame = load_problems(loaded, IS_READABLE).frame
    assert "kept" in set(frame["fate"])
    assert set(frame["reason"].drop_nulls()) <= {"duplicate_problem"}


def test_a_parquet_file_is_read_too(tmp_path, run):
    pl.DataFrame(SOLVED).write_parquet(tmp_path / "x.parquet")

    assert run("init", tmp_path, "--from", tmp_path / "x.parquet").code == 0
    assert load_recipe(str(tmp_path / "recipe.yaml")).recipe.sources[0].path == "x.parquet"


def test_every_inference_is_told_and_stands_in_the_recipe_as_a_comment(tmp_path, run):
    ran = run("init", tmp_path, "--from", put(tmp_path, "jsonl", SOLVED))

    text = (tmp_path / "recipe.yaml").read_text()
    for reason in ("by its name", "the answers are numbers", "`####` stands before the final answer"):
        assert reason in ran.out
        assert reason in text
    assert "model: YOUR-MODEL" in text
    assert f"cotloom plan {tmp_path / 'recipe.yaml'}" in ran.out


def test_the_starter_builds_as_it_stands(tmp_path, run, build_recipe):
    ran = run("init", tmp_path / "my Set")

    path = tmp_path / "my Set" / "recipe.yaml"
    assert (ran.code, ran.out) == (0, f"Wrote {path}.\ncotloom build {path}\n")
    version = build_recipe(path, tmp_path / "store", "sources.arithmetic.problems=8").version
    assert version.ref == "my-set@0.1.0"
    assert version.manifest.counts["examples_kept"] > 0


def test_a_recipe_that_is_there_is_overwritten_by_force_only(tmp_path, run):
    path = tmp_path / "recipe.yaml"
    path.write_text("mine")

    ran = run("init", tmp_path)
    assert (ran.code, path.read_text()) == (2, "mine")
    assert "--force" in ran.err

    assert run("init", tmp_path, "--force").code == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.jsonl", "{broken\n", "no row can be read"),
        ("x.csv", "", "no row can be read"),
        ("x.txt", "hello", "no reader for .txt"),
        ("x.parquet", "PAR1", "x.parquet: "),
        ("x.jsonl", '{"a": 1, "b": {"c": [2]}}\n', "no column looks like a question"),
        ("x.jsonl", '{"question": "How many pens?", "id": 0}\n', "no column looks like an answer"),
    ],
)
def test_a_file_that_tells_nothing_is_the_users_mistake(tmp_path, run, name, text, message):
    (tmp_path / name).write_text(text)

    ran = run("init", tmp_path / "new", "--from", tmp_path / name)

    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "new").exists()


WORDY = [
    {"nr": str(n), "datum": f"2024-0{n + 1}-11", "art": "two words", "aufgabe": f"Add {n} and two.", "wert": str(n + 2)}
    for n in range(4)
]
"""One column of words, none of which is named or worded like a question; the others are numbers, dates and labels."""


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_only_column_with_texts_of_several_words_is_the_question(tmp_path, form):
    lines = [",".join(WORDY[0]), *(",".join(row.values()) for row in WORDY)]

    inferred = infer_columns(put(tmp_path, form, WORDY if form == "jsonl" else "\n".join(lines)))

    assert (inferred.question, inferred.why["question"]) == ("aufgabe", "the only column with texts of several words")
    assert (inferred.answer, inferred.answer_type) == ("wert", "number")


def test_of_several_wordy_columns_none_is_taken_for_the_question(tmp_path):
    rows = [{**row, "notiz": "Nothing to note here."} for row in WORDY]

    with pytest.raises(InputError, match="no column looks like a question"):
        infer_columns(put(tmp_path, "jsonl", rows))


def test_a_missing_question_lists_the_columns(tmp_path, run):
    (tmp_path / "x.jsonl").write_text('{"a": 1, "b": {"c": [2]}}\n')

    assert "the columns are: a, b.c" in run("init", tmp_path, "--from", tmp_path / "x.jsonl").err


SAID = {
    "loose": "Place: it is loose, so this rule applies and decides.\nThe answer is (A).",
    "flame": "Place: shut in.\nFlame: blue or endless, so this rule applies and decides.\nThe answer is (A).",
    "wings": "Place: shut in.\nFlame: yellow.\nWings: one hangs, so this rule decides.\nThe answer is (B).",
    "today": "Place: shut in.\nWings: folded.\nFlame: yellow.\nSince when: today.\nThe answer is (C).",
    "log": "Place: shut in.\nFlame: yellow.\nWings: folded.\nSince when: long ago.\nThe answer is (D).",
    "place": "I would rather not say.",
}


def test_the_tutorials_recipe_builds_with_its_demonstrations_in_their_order(tmp_path, build_recipe):
    folder = ROOT / "recipes" / "examples" / "triage"
    rule_of = {
        row["transcript"]: row["rule"] for row in map(json.loads, (folder / "problems.jsonl").read_text().splitlines())
    }

    def script(body: dict[str, Any]):
        asked = body["messages"][-1]["content"]
        rule = next(rule for transcript, rule in rule_of.items() if transcript in asked)
        return completion(*[SAID[rule]] * body.get("n", 1))

    with serving(script) as server:
        changes = [f"teacher.base_url={server.url}", "split.test=0"]
        version = build_recipe(folder / "recipe.yaml", tmp_path / "store", *changes).version

    system, *turns = server.requests[0]["messages"]
    assert system["content"].startswith("You take calls for dragon keepers.")
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * 4 + ["user"]
    assert turns[1]["content"].endswith("The wing is not looked at any more.\nThe answer is (A).")
    problems = version.read_table("problems").select("problem_id", "category")
    verdicts = version.read_table("samples").join(problems, on="problem_id").select("category", "verdict").unique()
    assert dict(verdicts.iter_rows()) == {rule: "no_answer" if rule == "place" else "correct" for rule in SAID}
    dropped = version.read_table("samples").filter(pl.col("reason") == "out_of_order").join(problems, on="problem_id")
    assert set(dropped["category"]) == {"today"}
    assert set(dropped["detail"]) == {"wings (character 16) comes before flame (character 31)"}


def test_the_tutorial_shows_the_recipe_and_the_demonstrations_as_they_are():
    folder, page = ROOT / "recipes" / "examples" / "triage", (ROOT / "docs" / "tutorial.md").read_text()

    (fields,) = [line for line in (folder / "recipe.yaml").read_text().splitlines() if "fields:" in line]
    assert fields in page
    first = (folder / "demos.yaml").read_text().partition("    rationale: |-\n")[2].partition("    answer: A\n")[0]
    assert first in page
