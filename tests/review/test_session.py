"""A reader at work: keys from a terminal or lines from a file, and nothing decided is lost."""

import io
import json
import os
import pty
import select
import subprocess
import sys
import time

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.recipe import read_decisions
from cotloom.builder.review.reading import append_decision
from tests.passes.builds import answer, ask, write_recipe
from tests.passes.builds import run as build


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A version of six problems with two answers each."""
    folder = tmp_path_factory.mktemp("read")
    answers = [answer(number, wording) for number in range(6) for wording in (0, 2)]
    path = write_recipe(folder, {"a": [ask(number) for number in range(6)]}, answers, ("zero_shot_cot",))
    build(path, folder / "store")
    return folder / "store"


@pytest.fixture
def read(store, tmp_path, run, monkeypatch):
    """Give lines to the command; returns what it did and what was decided."""

    def reading(lines, *options, by="ada"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
        path = tmp_path / "decisions.jsonl"
        ran = run("review", "small", "--file", path, "--by", by, "--store", store, *options)
        return ran, read_decisions(path) if path.exists() else []

    return reading


def test_each_line_decides_about_a_row(read, tmp_path):
    (tmp_path / "better.md").write_text("It is 1 + 1 = 2. The answer is 2.\n")
    lines = ["a", "r it is a guess", "g 12", "d no such box", f"e {tmp_path / 'better.md'}", "u", "j"]
    ran, decisions = read(lines, "--random", "8")
    assert ran.code == 0
    assert [str(each.action) for each in decisions] == ["accept", "reject", "gold", "drop", "edit", "unsure"]
    assert [each.reason for each in decisions][:2] == [None, "it is a guess"]
    assert (decisions[2].answer, decisions[4].text) == ("12", "It is 1 + 1 = 2. The answer is 2.")
    assert {(each.by, str(each.draw), each.version) for each in decisions} == {("ada", "random", "small@1.0.0")}
    assert "error rate of kept rows: 66.7% [22.3%, 95.7%], 6 read, 1 of them unsure" in ran.out


def test_reading_goes_on_where_it_stopped_and_a_second_reader_begins_anew(read):
    read(["a", "a", "q"], "--random", "4")
    _, decisions = read(["r", "r"], "--random", "4")
    assert [str(each.action) for each in decisions] == ["accept", "accept", "reject", "reject"]
    assert len({each.row for each in decisions}) == 4
    ran, decisions = read(["a"] * 4, "--random", "4", by="bob")
    assert len(decisions) == 8
    assert "ada and bob agree on 2 of 4 rows" in ran.out


def test_going_back_changes_a_decision(read):
    _, decisions = read(["a", "k", "r"], "--random", "2")
    assert [(each.row == decisions[0].row, str(each.action)) for each in decisions] == [
        (True, "accept"), (True, "reject"),
    ]  # fmt: skip


def test_a_gold_without_an_answer_decides_nothing(read):
    _, decisions = read(["g", "a"], "--random", "1")
    assert [str(each.action) for each in decisions] == ["accept"]


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (["x"], (), "is no key"),
        (["e nowhere.md"], (), "nowhere.md"),
        (["a"], ("--random", "2", "--width", "0.1"), "exclude one another"),
        (["a"], ("--row", "s_00000000"), "has no sample"),
    ],
)
def test_what_can_not_be_done_is_told(read, lines, options, message):
    ran, _ = read(lines, *options)
    assert (ran.code, message in ran.err) == (2, True)


def test_after_a_line_that_was_cut_off_the_next_one_is_whole(read, tmp_path):
    _, decisions = read(["a"], "--random", "3")
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"decisions\.jsonl:1 is no decision"):
        read_decisions(path)
    append_decision(path, decisions[0])
    assert json.loads(path.read_text().splitlines()[1])["action"] == "accept"


def test_the_list_is_plain_json_for_other_tools(run, store):
    told = json.loads(run("review", "small", "--limit", "3", "--json", "--store", store).out)
    assert [set(row) >= {"sample_id", "question", "text", "doubt", "why"} for row in told["rows"]] == [True] * 3
    table = run("review", "small", "--limit", "3", "--list", "--store", store).out
    assert all(row["sample_id"] in table for row in told["rows"])


def test_the_report_joins_the_files_of_readers(read, run, store, tmp_path):
    read(["a", "r"], "--random", "2")
    path = tmp_path / "decisions.jsonl"
    (tmp_path / "other.jsonl").write_text(path.read_text().replace('"by":"ada"', '"by":"bob"'))
    files = ("--file", path, "--file", tmp_path / "other.jsonl")
    told = json.loads(run("review", "small", "--report", "--json", *files, "--store", store).out)
    assert (told["readers"], told["agreement"][0]["kappa"]) == (["ada", "bob"], 1.0)
    assert told["measured"][0]["errors"] == 1


def test_single_keys_at_a_terminal(store, tmp_path):
    path = tmp_path / "keys.jsonl"
    command = [sys.executable, "-P", "-m", "cotloom.cli", "review", "small", "--random", "4", "--by", "eve"]
    main, side = pty.openpty()
    program = subprocess.Popen(
        [*command, "--file", str(path), "--store", str(store)], stdin=side, stdout=side, stderr=side,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    )  # fmt: skip
    os.close(side)
    try:
        shown = wait_for(main, b"1 of 4")
        os.write(main, b"a")
        shown += wait_for(main, b"2 of 4")
        os.write(main, b"r")
        shown += wait_for(main, b"reason")
        os.write(main, b"too short\n")
        shown += wait_for(main, b"3 of 4")
        os.write(main, b"q")
        shown += wait_for(main, b"Next:")
        assert program.wait(20) == 0
    finally:
        program.kill()
        program.wait()
        os.close(main)
    assert [(str(each.action), each.reason) for each in read_decisions(path)] == [
        ("accept", None), ("reject", "too short"),
    ]  # fmt: skip
    assert b"a accept" in shown


def wait_for(handle, text, seconds=20.0):
    """Read what a program shows until a text is in it."""
    shown, end = b"", time.monotonic() + seconds
    while text not in shown:
        assert time.monotonic() < end, shown.decode(errors="replace")
        if select.select([handle], [], [], 0.2)[0]:
            shown += os.read(handle, 4096)
    return shown
