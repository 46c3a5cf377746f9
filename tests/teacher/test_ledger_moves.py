"""Compacting a ledger and merging another into it: nothing that was paid for is lost, and what was first stays."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import LedgerCheck, check_ledger, drop_damaged
from cotloom.builder.teacher.ledger.compact import compact_ledger
from cotloom.builder.teacher.ledger.entries import list_entries
from cotloom.builder.teacher.ledger.forget import forget_problem
from cotloom.builder.teacher.ledger.layout import TRIGGERS
from cotloom.builder.teacher.ledger.statistics import count_ledger
from cotloom.builder.teacher.ledger.transfer import export_ledger, import_answers
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Request, Response, ResponseKind
from cotloom.schemas.example import Message, Role
from tests.teacher.received import record
from tests.teacher.test_ledger import ROOT, recorded, request
from tests.teacher.test_ledger_layouts import ask, write_former

COMPACT = """
import sys
from pathlib import Path
from cotloom.builder.teacher.ledger.compact import compact_ledger

print("ready", flush=True)
for _ in range(1_000):
    compact_ledger(Path(sys.argv[1]))
"""

NAME = "Zyxomma Quetzalli"


def fill(path, numbers, text="first", index=0):
    with open_ledger(path) as ledger:
        record(ledger, [(ask(number), index, Answer(text=f"{text} {number}")) for number in numbers])


def read(path, numbers=range(100)):
    with open_ledger(path) as ledger:
        return {key: answer.text for key, answer in recorded(ledger, *map(ask, numbers)).items()}


def count(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own


def damage(path, number):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER responses_update")
        connection.execute("UPDATE responses SET body = x'00' WHERE response = ?", [number])
        connection.execute(TRIGGERS["responses_update"])
        connection.commit()


@pytest.fixture
def path(store):
    return store / "ledger.sqlite"


@pytest.fixture
def other(tmp_path):
    return tmp_path / "other" / "ledger.sqlite"


def test_compacting_keeps_every_answer_and_takes_less(path):
    write_former(path, 200)
    with open_ledger(path):
        pass
    before = read(path, range(200))

    compacted = compact_ledger(path)

    assert compacted.answers == 400 == len(before)
    assert compacted.bytes_after == path.stat().st_size < compacted.bytes_before / 3
    assert read(path, range(200)) == before
    assert check_ledger(path).is_intact
    assert path.stat().st_mode & 0o777 == 0o600
    fill(path, [1], "later", index=7)
    assert len(read(path, [1])) == 3


def test_compacting_again_gains_nothing_and_leaves_no_file(path):
    fill(path, range(50))
    compact_ledger(path)

    again = compact_ledger(path)

    assert again.bytes_before == again.bytes_after
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_ledger_of_the_former_layout_is_compacted_at_once(path):
    write_former(path, 20)
    assert compact_ledger(path).answers == 40
    assert len(read(path)) == 40


def test_compacting_waits_for_nobody_who_uses_the_ledger(path):
    fill(path, range(3))
    with open_ledger(path) as ledger:
        recorded(ledger, ask(0))
        with pytest.raises(Stopped, match="in use by another command"):
            compact_ledger(path)
    assert len(read(path)) == 3


def test_a_damaged_ledger_is_not_compacted(path):
    fill(path, range(9))
    damage(path, 5)
    before = path.read_bytes()

    with pytest.raises(InputError, match="is damaged") as caught:
        compact_ledger(path)

    assert "cotloom ledger check" in caught.value.hint
    assert path.read_bytes() == before
    drop_damaged(path)
    assert compact_ledger(path).answers == 8


@pytest.mark.usefixtures("ends")
def test_a_kill_while_it_compacts_loses_nothing(path):
    fill(path, range(100))
    before = read(path)
    for turn in range(5):
        words = [sys.executable, "-c", COMPACT, str(path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:
            process.stdout.readline()
            time.sleep(random.Random(turn).uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        assert read(path) == before
        assert check_ledger(path).is_intact
    compact_ledger(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("source", ["ledger", "store", "file"])
def test_merging_adds_what_is_missing_and_the_first_answer_stays(path, other, tmp_path, source):
    fill(path, range(10))
    fill(other, range(5, 20), "theirs")
    with open_ledger(other) as theirs:
        theirs.record([ReceivedResponse(ask(50), Response(ResponseKind.CHAT, b"can't be read"))])
    places = {"ledger": other, "store": other.parent, "file": tmp_path / "all.jsonl.gz"}
    export_ledger(other, places["file"])
    theirs_before = other.read_bytes()

    with open_ledger(path) as ledger:
        first, again = import_answers(ledger, places[source]), import_answers(ledger, places[source])

    assert (first.answers, first.known, again.answers, again.known) == (10, 5, 0, 15)
    texts = [text.split()[0] for _, text in sorted(read(path).items(), key=lambda item: int(item[1].split()[1]))]
    assert texts == ["first"] * 10 + ["theirs"] * 10
    assert count(path, "responses") == 21  # what can't be read is there too, once
    assert count(path, "texts") == 2 + 1 + 21  # demonstrations, the setting, questions
    assert check_ledger(path).is_intact
    assert other.read_bytes() == theirs_before


def test_merging_both_ways_gives_the_same_keys(path, other):
    fill(path, range(10))
    fill(other, range(5, 20), "theirs")
    with open_ledger(path) as ledger, open_ledger(other) as theirs:
        import_answers(ledger, other)
        import_answers(theirs, path)
    assert read(path).keys() == read(other).keys()


def test_a_problem_that_was_erased_here_is_not_brought_back(path, other):
    fill(path, range(3))
    fill(other, range(3), "theirs", index=1)
    with open_ledger(path) as ledger:
        forget_problem(ledger, path.parent, "p_1")
        imported = import_answers(ledger, other)

    assert (imported.answers, imported.forgotten) == (2, 1)
    assert {digest for digest, _ in read(path)} == {ask(0).digest, ask(2).digest}


def test_a_problem_that_was_erased_there_stays_erased_here_unless_it_was_answered_here(path, other, capsys):
    fill(path, [1])
    fill(other, [1, 2])
    with open_ledger(other) as theirs:
        for problem in ("p_1", "p_2"):
            forget_problem(theirs, other.parent, problem)

    with open_ledger(path) as ledger:
        import_answers(ledger, other)
        assert ledger.find_forgotten() == {"p_2"}

    assert "cotloom ledger forget --problem p_1" in " ".join(capsys.readouterr().err.split())


def test_of_a_damaged_ledger_the_rest_is_merged_and_the_user_is_warned(path, other, capsys):
    fill(other, range(9))
    damage(other, 5)

    with open_ledger(path) as ledger:
        assert import_answers(ledger, other).answers == 8

    assert "1 answers were left out" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_what_is_no_source_is_the_users_mistake(path, tmp_path, make):
    source = tmp_path / "nothing"
    make(source)
    with open_ledger(path) as ledger, pytest.raises(InputError):
        import_answers(ledger, source)


def test_a_ledger_is_not_merged_into_itself(path):
    fill(path, range(3))
    with open_ledger(path) as ledger:
        for source in (path, path.parent):
            with pytest.raises(InputError, match="imported into"):
                import_answers(ledger, source)


def test_a_text_that_other_requests_share_stays_when_a_problem_is_erased_and_its_own_goes(path):
    shared = Message(role=Role.USER, content="What all were shown. " * 30)

    def own(problem, text, *more):
        messages = (shared, *more, Message(role=Role.USER, content=f"{text} " * 30))
        return Request(problem_id=problem, messages=messages, model="m", endpoint="e", sampling={})

    hers, others = own("p_1", f"{NAME} has two pens."), own("p_2", "Somebody has two pens.")
    shown = own("p_3", "Three.", Message(role=Role.ASSISTANT, content=f"the demonstration of {NAME}"))
    with open_ledger(path) as ledger:
        record(ledger, [(item, 0, Answer(text="It is 2.")) for item in (hers, others)])
        forget_problem(ledger, path.parent, "p_1")
        assert count(path, "texts") == 3  # the setting, what all were shown, the other question
        record(ledger, [(item, 0, Answer(text="It is 2.")) for item in (others, shown)])
        forget_problem(ledger, path.parent, "p_3")

    assert check_ledger(path).is_intact
    with open_ledger(path) as ledger:
        assert len(recorded(ledger, others)) == 1
        assert len(recorded(ledger, hers, shown)) == 0
    assert all(NAME.encode() not in file.read_bytes() for file in path.parent.iterdir())


def test_texts_with_the_same_hash_are_never_mistaken_for_each_other(path, monkeypatch):
    monkeypatch.setattr("cotloom.builder.teacher.ledger.texts.compute_hash", lambda _text: 7)
    for numbers in (range(5), range(3, 9)):  # the second time they are looked up in the file
        fill(path, numbers)

    entries = [entry.received.request for entry in list_entries(path, LedgerCheck())]
    assert entries == [*map(ask, range(5)), *map(ask, range(3, 5)), *map(ask, range(5, 9))]
    assert count(path, "texts") == 2 + 1 + 9


def test_a_lost_text_costs_its_requests_and_no_answer(path, tmp_path):
    fill(path, range(4))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER texts_update")
        connection.execute("UPDATE texts SET content = x'00' WHERE text = (SELECT max(text) FROM texts)")
        connection.execute(TRIGGERS["texts_update"])
        connection.commit()

    found = check_ledger(path)
    assert (found.answers, found.damaged, len(found.faults)) == (4, [], 3)
    exported = export_ledger(path, tmp_path / "all.jsonl.gz")
    assert (exported.answers, exported.is_intact) == (3, False)

    assert drop_damaged(path) is not None
    assert check_ledger(path).is_intact
    assert len(read(path)) == 4
    fill(path, [3], "again", index=1)
    assert export_ledger(path, tmp_path / "again.jsonl.gz").answers == 4


def test_statistics_say_what_sharing_saves(path):
    fill(path, range(100))
    with open_ledger(path) as ledger:
        record(ledger, [(request("hello", model="n"), index, Answer(text="x")) for index in range(3)])
        counts = count_ledger(ledger)

    assert [(model.model, model.prompts, model.answers) for model in counts.models] == [("m", 100, 100), ("n", 1, 3)]
    assert counts.requests == 101
    assert counts.stored_request_bytes < counts.request_bytes / 20


def test_the_commands_compact_and_import(run, path, other, store):
    fill(path, range(10))
    fill(other, range(5, 20), "theirs")

    merged = run("ledger", "import", other.parent, "--store", store, "--json")
    compacted = run("ledger", "compact", "--store", store, "--json")

    assert (merged.code, merged.json) == (0, {"answers": 10, "known": 5, "forgotten": 0})
    assert (compacted.code, set(compacted.json)) == (0, {"answers", "bytes_before", "bytes_after"})
    assert compacted.json["answers"] == 20
    assert "20 answers as before" in run("ledger", "compact", "--store", store).out
    assert "stored as" in run("ledger", "stats", "--store", store).out
    shutil.rmtree(store)
    assert run("ledger", "compact", "--store", store).code == 2
