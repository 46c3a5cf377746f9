"""`cotloom audit FILE|FOLDER`: what a person sees, JSON, exit codes, and which columns are meant."""

import gzip
import json

import pytest

from .rows import make_chats, make_chinese, make_problem, make_solved, write_rows

PIRATE = "\x1b[31mred\x1b[0m\x07"


@pytest.fixture
def rows(tmp_path):
    return write_rows(tmp_path / "rows.jsonl", make_solved())


def test_a_clean_dataset_ends_with_0(rows, run):
    ran = run("audit", rows, "--workers", "1")

    assert ran.code == 0
    assert "60 rows, 60 distinct, 60 distinct questions" in ran.out
    assert ran.out.splitlines()[-1].startswith("nothing found; ")


def test_an_error_ends_with_1_and_is_shown_with_two_rows_and_the_next_step(tmp_path, run):
    path = write_rows(tmp_path / "rows.jsonl", make_solved() * 2)

    ran = run("audit", path, "--workers", "1")

    shown = ran.out[ran.out.index("\nerror") + 1 :].splitlines()
    assert ran.code == 1
    assert shown[0].startswith("error   repeated_rows  60 of 120 rows (50.0 %) repeat another one to the letter")
    assert [line.split()[0] for line in shown[1:3]] == ["rows.jsonl:61", "rows.jsonl:62"]
    assert shown[3].strip().startswith("next: keep each once")


def test_a_warning_ends_with_0(tmp_path, run):
    rows = make_solved()
    rows[2] = rows[2] | {"question": f"{rows[2]['question']} See the figure below."}

    ran = run("audit", write_rows(tmp_path / "rows.jsonl", rows), "--workers", "1")

    assert (ran.code, "warning links_in_questions" in ran.out) == (0, True)


def test_json_is_one_object_with_counts_columns_and_rows(tmp_path, run):
    path = write_rows(tmp_path / "rows.jsonl", make_chinese() + make_chinese(2))

    found = run("audit", path, "--json", "--workers", "1").json

    assert (found["dataset"], found["passed"]) == (str(path), False)
    assert found["counts"] == {
        "files": 1, "rows": 42, "distinct_rows": 40, "distinct_questions": 40,
        "templates": found["counts"]["templates"], "golds": 42, "responses": 120, "judged": 120,
    }  # fmt: skip
    assert found["fields"]["response"]["value"] == ["generations"]
    assert found["fields"]["label"] == {
        "value": ["is_correct"], "confidence": "likely", "why": "by its name, and its cells are true or false",
    }  # fmt: skip
    (finding,) = found["findings"]
    assert {key: finding[key] for key in ("check", "severity", "count", "total", "unit", "share")} == {
        "check": "repeated_rows", "severity": "error", "count": 2, "total": 42, "unit": "rows", "share": 2 / 42,
    }  # fmt: skip
    assert finding["rows"][0] == {"file": "rows.jsonl", "row": 41, "quote": "the same as row 1"}
    assert "card_rows" in found["checks"]["skipped"]


def test_columns_that_are_named_are_not_inferred(tmp_path, run):
    rows = [
        {"q_one": f"Part {number}.", "q_two": each["question"], "gold": each["answer"],
         "one": f"Rough work. The answer is {each['answer']}.",
         "two": f"So {each['steps']}. The answer is {each['answer']}.",
         "good": "yes"}
        for number, each in enumerate(map(make_problem, range(40)))
    ]  # fmt: skip
    path = write_rows(tmp_path / "rows.jsonl", rows)
    fields = "question=q_one,question=q_two,answer=gold,response=one,response=two"

    found = run("audit", path, "--fields", fields, "--fields", "type=number", "--json", "--workers", "1").json

    assert {name: each["value"] for name, each in found["fields"].items()} == {
        "question": ["q_one", "q_two"], "answer": "gold", "response": ["one", "two"], "type": "number",
    }  # fmt: skip
    assert {found["fields"][name]["confidence"] for name in ("question", "answer", "response", "type")} == {"chosen"}
    assert (found["counts"]["responses"], found["findings"]) == (80, [])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("prompt=q", "prompt=q names no column"),
        ("question=", "names no column"),
        ("question=other", "there is no column other"),
        ("label=other", "there is no column other"),
        ("answer=a,answer=b", "answer is given twice"),
        ("type=integer", "there is no answer type integer"),
        ("pattern=(", ""),
    ],
)
def test_columns_that_are_not_there_are_the_users_mistake(rows, run, fields, message):
    ran = run("audit", rows, "--fields", fields)

    assert (ran.code, message in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.jsonl", "", "no row can be read"),
        ("rows.jsonl", '{"a": 1}\n{"a": 2}\n', "no column looks like a question"),
        ("rows.json", "[1, ", "not JSON"),
        ("rows.parquet", "no parquet", "rows.parquet"),
        ("rows.jsonl.gz", "no gzip", "can't be unpacked"),
        ("rows.xml", "<rows/>", "no reader for .xml"),
    ],
)
def test_what_is_no_dataset_ends_with_2(tmp_path, run, name, content, message):
    (tmp_path / name).write_text(content)

    ran = run("audit", tmp_path / name, "--workers", "1")

    assert (ran.code, message in ran.err) == (2, True), ran.err


def test_what_looks_like_two_questions_is_told_with_the_option_that_chooses(tmp_path, run):
    rows = [row | {"problem": f"Other: {row['question']}"} for row in make_solved()]

    ran = run("audit", write_rows(tmp_path / "rows.jsonl", rows), "--workers", "1")

    assert (ran.code, "--fields question=question or --fields question=problem" in ran.err) == (2, True), ran.err


def test_a_missing_file_and_an_empty_folder_are_told(tmp_path, run):
    missing, empty = run("audit", tmp_path / "rows.jsonl"), run("audit", tmp_path)

    assert (missing.code, "no such file" in missing.err) == (2, True)
    assert (empty.code, "is no version, and there is no table in this folder" in empty.err) == (2, True)


def test_a_folder_is_read_with_packed_tables_and_without_what_is_hidden(tmp_path, run):
    rows = make_solved()
    folder = tmp_path / "set"
    write_rows(folder / "one.jsonl", rows[:20])
    (folder / "two.jsonl.gz").write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows[20:]).encode()))
    write_rows(folder / ".cache" / "hidden.jsonl", make_chats())
    (folder / "dataset_info.json").write_text("{}")

    found = run("audit", folder, "--json", "--workers", "1").json

    assert (found["counts"]["files"], found["counts"]["rows"], found["findings"]) == (2, 60, [])


def test_a_link_out_of_a_folder_is_not_followed(tmp_path, run):
    outside = write_rows(tmp_path / "outside.jsonl", make_solved())
    write_rows(tmp_path / "set" / "rows.jsonl", make_solved(20))
    (tmp_path / "set" / "linked.jsonl").symlink_to(outside)

    assert run("audit", tmp_path / "set", "--json", "--workers", "1").json["counts"]["files"] == 1


def test_a_folder_with_a_manifest_is_a_version(quickstart, run):
    ran = run("audit", quickstart.path)

    assert (ran.code, "quickstart@1.0.0: no findings" in ran.out) == (0, True)


def test_what_a_stranger_wrote_has_no_effect_on_the_terminal(tmp_path, run):
    rows = make_solved()
    rows[4] = rows[4] | {"question": f"{PIRATE} {rows[4]['question']} https://{PIRATE}example.com/figure"}

    ran = run("audit", write_rows(tmp_path / "rows\x1b[2J.jsonl", rows), "--workers", "1")

    assert "links_in_questions" in ran.out
    assert not {"\x1b", "\x07"} & set(ran.out)


def test_a_sample_that_is_judged_is_said(tmp_path, run):
    path = write_rows(tmp_path / "rows.jsonl", make_chinese())

    found = run("audit", path, "--judge", "0.5", "--json", "--workers", "1").json
    again = run("audit", path, "--judge", "0.5", "--json", "--workers", "1").json

    judged = found["counts"]["judged"]
    assert 0 < judged < 120
    assert found == again
    assert any(f"were checked in {judged} of 120 distinct responses" in note for note in found["notes"])


def test_a_dataset_is_held_against_sets_that_are_named(tmp_path, run):
    rows = make_solved()
    held = write_rows(tmp_path / "held.jsonl", [{"question": rows[3]["question"], "answer": "1"}])

    ran = run("audit", write_rows(tmp_path / "rows.jsonl", rows), "--against", held, "--json", "--workers", "1")

    (finding,) = ran.json["findings"]
    assert (ran.code, finding["check"], finding["count"]) == (1, "evaluation_overlap", 1)
    assert finding["rows"][0] == {"file": "rows.jsonl", "row": 4, "quote": "against held.jsonl:1 by same (1.0)"}
