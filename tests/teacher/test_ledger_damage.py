"""A damaged ledger is an error that names what is damaged; what is intact is saved; nothing is silently different."""

import gzip
import os
import random
import shutil
import signal
import sqlite3
import stat
from contextlib import closing

import pytest

from cotloom.builder.errors import CotloomError, InputError, Stopped
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger, drop_damaged
from cotloom.builder.teacher.ledger.encoding import pack_digest
from cotloom.builder.teacher.ledger.layout import TRIGGERS
from cotloom.builder.teacher.ledger.transfer import export_ledger, import_answers
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Response, ResponseKind
from tests.teacher.received import record
from tests.teacher.test_ledger import recorded, recorder, request

FLIPS = 400
QUESTIONS = [f"What is {number} + 1?" for number in range(60)]


def make_chat(text: str) -> Response:
    return Response(ResponseKind.CHAT, b'{"choices": [{"message": {"content": "%s"}}]}' % text.encode())


@pytest.fixture
def path(store):
    return store / "ledger.sqlite"


@pytest.fixture
def filled(path):
    """A ledger with short and long answers, several to a prompt, and a response that can't be read."""
    with open_ledger(path) as ledger:
        for question in QUESTIONS:
            long = f"{question} " * random.Random(question).randint(1, 300)
            record(ledger, [(request(question), index, Answer(text=f"{long} {index}")) for index in range(3)])
        ledger.record(
            [
                ReceivedResponse(request("chat"), make_chat("hello"), {0: 0}),
                ReceivedResponse(request("odd"), Response(ResponseKind.CHAT, b"x")),
            ]
        )
    return path


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position // 8] ^= 1 << position % 8
    path.write_bytes(content)


def read_all(path):
    """Everything a build would read, in the way that a build reads it: keys, their check, answers."""
    requests = [*map(request, QUESTIONS), request("chat")]
    with open_ledger(path) as ledger:
        keys = ledger.find_keys([item.digest for item in requests])
        answers = recorded(ledger, *requests)
        ledger.check_keys()  # a build does so before it requests what it did not find
        return keys, answers


def test_no_flipped_bit_gives_another_answer_or_hides_one(filled, tmp_path):
    whole = read_all(filled)
    size = filled.stat().st_size
    chance = random.Random(5)
    outcomes = {"same": 0, "named": 0}
    copy = tmp_path / "copy" / "ledger.sqlite"
    copy.parent.mkdir()
    for _ in range(FLIPS):
        for suffix in ("", "-wal", "-shm"):
            copy.with_name(f"{copy.name}{suffix}").unlink(missing_ok=True)
        shutil.copy(filled, copy)
        flip(copy, chance.randrange(size * 8))
        try:
            assert read_all(copy) == whole
        except CotloomError:
            outcomes["named"] += 1
        else:
            outcomes["same"] += 1
    assert outcomes["named"] > FLIPS / 3
    assert outcomes["same"] > 0  # bits that no row uses


def test_no_flipped_bit_in_the_log_of_the_last_writes_hides_an_answer(path, tmp_path):
    with recorder(path, "a", 1_000_000) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        for _ in range(20):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    log = path.with_name("ledger.sqlite-wal")
    assert log.stat().st_size > 50_000
    chance = random.Random(6)
    for _ in range(60):
        folder = tmp_path / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in (path, log):
            shutil.copy(file, folder)
        flip(folder / log.name, chance.randrange(log.stat().st_size * 8))
        with pytest.raises(InputError, match="log of the last writes"), open_ledger(folder / path.name):
            pass
    with open_ledger(path) as ledger:
        assert len(ledger.find_keys([request("a").digest])) >= 20


def damage_answer(path, question="What is 7 + 1?"):
    """Change one letter of a stored text, as a failing disk does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER responses_update")
        connection.execute(
            "UPDATE responses SET body = CAST(replace(body, '+', '-') AS BLOB) WHERE digest = ?",
            [pack_digest(request(question).digest)],
        )
        connection.execute(TRIGGERS["responses_update"])
        connection.commit()


@pytest.fixture
def damaged(path):
    with open_ledger(path) as ledger:
        for question in ("What is 6 + 1?", "What is 7 + 1?"):
            record(ledger, [(request(question), index, Answer(text=f"{question} {index}")) for index in range(2)])
    damage_answer(path)
    return path


def test_a_damaged_answer_is_named_with_what_asking_again_takes(damaged):
    digest = request("What is 7 + 1?").digest
    with open_ledger(damaged) as ledger, pytest.raises(InputError, match=f"answer 0 to request {digest}") as caught:
        recorded(ledger, request("What is 6 + 1?"), request("What is 7 + 1?"))

    assert "requests 2 answers to 1 prompts again" in caught.value.hint


def test_what_is_intact_is_read_although_another_answer_is_damaged(damaged):
    with open_ledger(damaged) as ledger:
        assert len(recorded(ledger, request("What is 6 + 1?"))) == 2


def test_check_finds_what_is_damaged_and_changes_nothing(damaged):
    before = damaged.read_bytes()

    found = check_ledger(damaged)

    assert found.damaged == [(request("What is 7 + 1?").digest, index) for index in (0, 1)]
    assert (found.answers, found.faults) == (2, [])
    assert damaged.read_bytes() == before


def test_drop_gives_up_what_is_damaged_and_keeps_the_file(damaged):
    kept = drop_damaged(damaged)

    assert kept.name == "ledger.damaged-1.sqlite"
    assert check_ledger(kept).damaged != []
    assert check_ledger(damaged).is_intact
    with open_ledger(damaged) as ledger:
        assert ledger.find_keys([request("What is 7 + 1?").digest]) == set()
        record(ledger, [(request("What is 7 + 1?"), 0, Answer(text="again"))])
        assert len(recorded(ledger, request("What is 6 + 1?"), request("What is 7 + 1?"))) == 3
    assert drop_damaged(damaged) is None


def test_drop_waits_for_nobody_who_uses_the_ledger(damaged):
    with open_ledger(damaged) as ledger:
        recorded(ledger, request("What is 6 + 1?"))
        with pytest.raises(Stopped, match="in use by another command"):
            drop_damaged(damaged)
    assert not list(damaged.parent.glob("*damaged-*.sqlite"))


def test_of_a_file_whose_structure_is_damaged_the_rest_is_saved(filled):
    size = filled.stat().st_size
    with filled.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)

    found = check_ledger(filled)
    assert found.faults != []
    assert found.answers > 60

    assert drop_damaged(filled) is not None
    assert check_ledger(filled).is_intact
    assert check_ledger(filled).answers == found.answers


def test_an_export_brings_everything_to_another_ledger(filled, tmp_path):
    file, other = tmp_path / "answers.jsonl.gz", tmp_path / "other" / "ledger.sqlite"
    exported = export_ledger(filled, file)

    with open_ledger(other) as ledger:
        first, second = import_answers(ledger, file), import_answers(ledger, file)

    assert (exported.answers, first.answers, first.known, second.answers, second.known) == (181, 181, 0, 0, 181)
    assert read_all(other) == read_all(filled)


def test_an_export_leaves_out_what_is_damaged_and_counts_it(damaged, tmp_path):
    found = export_ledger(damaged, tmp_path / "answers.jsonl.gz")
    assert (found.answers, len(found.damaged)) == (2, 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: gzip.compress(gzip.decompress(content) + b"{}\n"),
        lambda content: gzip.compress(gzip.decompress(content) + b"[" * 100_000 + b"\n"),
        lambda content: gzip.compress(gzip.decompress(content).replace(b'"What is 6', b'"What is 5', 1)),
        lambda content: gzip.compress(gzip.decompress(content).replace(b'"kind":"answers"', b'"kind":"other"', 1)),
        lambda content: content[:40] + b"\xff\xff\xff" + content[43:],
        lambda _content: b"no gzip at all",
        lambda _content: gzip.compress(b"\xff\xfe\n"),
    ],
)
def test_a_spoilt_export_is_the_users_mistake_and_names_the_line(filled, tmp_path, spoil):
    file = tmp_path / "answers.jsonl.gz"
    export_ledger(filled, file)
    file.write_bytes(spoil(file.read_bytes()))

    with open_ledger(tmp_path / "other.sqlite") as ledger, pytest.raises(InputError, match=r"line \d+"):
        import_answers(ledger, file)


def test_nothing_of_a_ledger_is_for_others_to_read(tmp_path):
    old = os.umask(0o000)
    try:
        with open_ledger(tmp_path / "store" / "ledger.sqlite") as ledger:
            record(ledger, [(request(), 0, Answer(text="x"))])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "store").iterdir()}
    finally:
        os.umask(old)
    assert modes == {"ledger.sqlite": 0o600, "ledger.sqlite-wal": 0o600, "ledger.sqlite-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
