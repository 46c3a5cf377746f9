"""A ledger of the former layout is carried over when it is opened: every answer, or nothing is changed."""

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import product
from pathlib import Path

import orjson
import pytest

from cotloom.builder.errors import CotloomError, InputError
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger
from cotloom.builder.teacher.ledger.encoding import compute_checksum
from cotloom.builder.teacher.ledger.entries import Entry, Tombstone, list_entries
from cotloom.builder.teacher.ledger.layout import FORMAT
from cotloom.builder.teacher.ledger.migrate import FORMER, FORMER_TABLES
from cotloom.builder.teacher.ledger.transfer import import_answers
from cotloom.builder.teacher.request import Answer, Request
from cotloom.builder.teacher.responses import encode_answers
from cotloom.schemas.example import Message, Role
from cotloom.schemas.ids import format_canonical
from tests.teacher.received import record
from tests.teacher.test_ledger import recorded

ROOT = Path(__file__).resolve().parents[2]

FORMER_LAYOUT = """
PRAGMA journal_mode = WAL;
CREATE TABLE requests (digest TEXT PRIMARY KEY, problem_id TEXT, request TEXT NOT NULL, checksum BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE responses (response INTEGER PRIMARY KEY, digest TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
    size INTEGER, recorded_at TEXT NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE answers (digest TEXT NOT NULL, sample_index INTEGER NOT NULL, response INTEGER NOT NULL,
    choice INTEGER NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (digest, sample_index)) WITHOUT ROWID;
CREATE TABLE forgotten (problem_id TEXT PRIMARY KEY, forgotten_at TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 2;
"""
STAYS = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"

OPENER = """
import sys
from pathlib import Path
from cotloom.builder.teacher.ledger import open_ledger

print("ready", flush=True)
sys.stdin.readline()
with open_ledger(Path(sys.argv[1])) as ledger:
    ledger.check_keys()
    print(ledger.connection.execute("SELECT count(*) FROM answers").fetchone()[0], flush=True)
"""

DEMOS = tuple(Message(role=role, content=f"shown {role} " * 40) for role in (Role.USER, Role.ASSISTANT) * 4)


def ask(number: int) -> Request:
    messages = (*DEMOS, Message(role=Role.USER, content=f"What is {number} + 1? \u4e8c"))
    return Request(problem_id=f"p_{number}", messages=messages, model="m", endpoint="e", sampling={"temperature": 0.5})


def answer(number: int, index: int) -> Answer:
    return Answer(text=f"It is {number + 1}. " * (index * 40 + 1), finish_reason="stop")


def write_former(path: Path, count: int) -> Path:
    """Write a ledger as the release before this one did: two answers to a prompt, one of them of two choices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(FORMER_LAYOUT)
        for table, event in product(FORMER_TABLES, ("DELETE", "UPDATE")):
            connection.execute(f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} {STAYS}")
        connection.execute("BEGIN")
        for number in range(count):
            request = ask(number)
            fields = {"messages": request.messages, "model": "m", "endpoint": "e", "sampling": {"temperature": 0.5}}
            insert(connection, "requests", request.digest, request.problem_id, format_canonical(fields))
            body = encode_answers([answer(number, 0), answer(number, 1)]).body
            insert_response(connection, 2 * number + 1, request.digest, "answers", body)
            insert_response(connection, 2 * number + 2, request.digest, "chat", b"can't be read")
            for index in range(2):
                insert(connection, "answers", request.digest, index, 2 * number + 1, index)
        insert(connection, "forgotten", "p_gone", "2026-01-02T00:00:00+00:00")
        connection.execute("COMMIT")
    path.chmod(0o600)
    return path


def insert(connection, table, *values):
    places = ", ".join("?" * (len(values) + 1))
    statement = f"INSERT INTO {table} VALUES ({places})"  # noqa: S608 - our own
    connection.execute(statement, (*values, compute_checksum(values)))


def insert_response(connection, number, digest, kind, body):
    values = (digest, kind, body, None, "2026-01-01T00:00:01+00:00")
    connection.execute(
        "INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *values, compute_checksum(values))
    )


def spoil(path: Path, table: str, change: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE name = ?"
        (statement,) = connection.execute(query, [f"{table}_update"]).fetchone()
        connection.execute(f"DROP TRIGGER {table}_update")
        connection.execute(f"UPDATE {table} SET {change}")  # noqa: S608 - our own
        connection.execute(statement)
        connection.commit()


@pytest.fixture
def path(store):
    return store / "ledger.sqlite"


def test_every_answer_is_carried_over_and_nothing_more_is_damaged(path):
    write_former(path, 30)

    with open_ledger(path) as ledger:
        found = recorded(ledger, *map(ask, range(30)))
        assert ledger.find_forgotten() == {"p_gone"}
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)

    assert found == {(ask(number).digest, index): answer(number, index) for number in range(30) for index in range(2)}
    assert check_ledger(path).is_intact
    assert path.stat().st_mode & 0o777 == 0o600


def test_requests_and_times_are_carried_over_and_what_can_not_be_read(path):
    write_former(path, 3)
    with open_ledger(path):
        pass

    entries = list(list_entries(path, check_ledger(path)))

    received = [entry.received for entry in entries if isinstance(entry, Entry)]
    assert [item.request for item in received] == [ask(number) for number in range(3) for _ in range(2)]
    assert [item.response.body for item in received[1::2]] == [b"can't be read"] * 3
    assert {entry.recorded_at for entry in entries if isinstance(entry, Entry)} == {1767225601}
    assert [entry for entry in entries if isinstance(entry, Tombstone)] == [
        Tombstone("p_gone", "2026-01-02T00:00:00+00:00")
    ]


def test_what_requests_share_is_stored_once_from_then_on(path):
    write_former(path, 50)
    with open_ledger(path) as ledger:
        record(ledger, [(ask(number), 2, Answer(text="later")) for number in range(100)])
        (texts,) = ledger.connection.execute("SELECT count(*) FROM texts").fetchone()

    assert texts == 2 + 100 + 1  # two demonstrations, four times each; the questions; the settings


@pytest.mark.parametrize(
    ("table", "change", "damaged"),
    [
        ("responses", "body = x'00' WHERE response = 1", [0, 1]),
        ("responses", "recorded_at = 'never' WHERE response = 1", [0, 1]),
        ("answers", "choice = 0 WHERE sample_index = 1 AND response = 1", [1]),
        ("answers", "checksum = x'00' WHERE sample_index = 0 AND response = 1", [0]),
    ],
)
def test_what_was_damaged_before_stays_damaged_and_is_named(path, table, change, damaged):
    write_former(path, 2)
    spoil(path, table, change)

    with open_ledger(path) as ledger:
        assert len(recorded(ledger, ask(1))) == 2
        with pytest.raises(InputError, match="is damaged: answer"):
            recorded(ledger, ask(0))

    assert check_ledger(path).damaged == [(ask(0).digest, index) for index in damaged]


def test_a_request_that_was_damaged_before_costs_no_answer(path):
    write_former(path, 2)
    spoil(path, "requests", f"request = '{{}}' WHERE digest = '{ask(0).digest}'")

    with open_ledger(path) as ledger:
        assert len(recorded(ledger, ask(0), ask(1))) == 4

    found = check_ledger(path)
    assert (found.answers, found.damaged, len(found.faults)) == (4, [], 1)


def test_a_ledger_that_can_not_be_carried_over_stays_as_it_is(path, monkeypatch):
    write_former(path, 20)
    monkeypatch.setattr("cotloom.builder.teacher.ledger.migrate._convert_answer", lambda row: row[:2])

    with pytest.raises(InputError), open_ledger(path):
        pass
    monkeypatch.undo()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMER,)
        assert orjson.loads(connection.execute("SELECT request FROM requests").fetchone()[0])["model"] == "m"
    with open_ledger(path) as ledger:
        assert len(recorded(ledger, *map(ask, range(20)))) == 40


def test_a_ledger_whose_structure_is_damaged_says_how_the_rest_is_saved(path):
    write_former(path, 200)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'answers'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    before = path.read_bytes()

    with pytest.raises(InputError, match="is damaged") as caught, open_ledger(path):
        pass

    assert "of the release that wrote it" in caught.value.hint
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMER,)
    assert path.read_bytes()[100:] == before[100:]


def test_no_flipped_bit_is_carried_over_without_a_word(path, tmp_path):
    write_former(path, 8)
    whole = {(ask(number).digest, index): answer(number, index) for number in range(8) for index in range(2)}
    chance, outcomes = random.Random(3), {"same": 0, "named": 0}
    for turn in range(150):
        copy = tmp_path / str(turn) / path.name
        copy.parent.mkdir()
        content = bytearray(path.read_bytes())
        position = chance.randrange(len(content) * 8)
        content[position // 8] ^= 1 << position % 8
        copy.write_bytes(content)
        try:
            with open_ledger(copy) as ledger:
                found = recorded(ledger, *map(ask, range(8)))
                ledger.check_keys()
            assert found == whole
        except CotloomError:
            outcomes["named"] += 1
        else:
            outcomes["same"] += 1
    assert min(outcomes.values()) > 10


def test_another_store_of_the_former_layout_names_the_command_that_carries_it_over(path, tmp_path):
    other = write_former(tmp_path / "other" / "ledger.sqlite", 1)
    with open_ledger(path) as ledger, pytest.raises(InputError, match="layout 2") as caught:
        import_answers(ledger, other)
    assert f"cotloom ledger stats --store {other.parent}" in caught.value.hint


def test_a_ledger_from_before_the_first_release_is_refused(path):
    write_former(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")

    with pytest.raises(InputError, match="before the first release"), open_ledger(path):
        pass


def test_processes_that_carry_it_over_at_once_all_find_everything(path):
    write_former(path, 300)
    words = [sys.executable, "-c", OPENER, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [process.communicate()[0] for process in processes] == ["600\n"] * 3
    assert check_ledger(path).is_intact
