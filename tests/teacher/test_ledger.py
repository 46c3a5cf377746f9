import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.teacher.ledger import Ledger, open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger
from cotloom.builder.teacher.ledger.layout import FORMAT
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Request, Response, ResponseKind
from cotloom.schemas.example import Message, Role
from cotloom.schemas.sample import Alternative, TokenLogprob, Usage
from tests.teacher.received import received, record

ROOT = Path(__file__).resolve().parents[2]

RECORDER = """
import sys
from pathlib import Path
from threading import Barrier
from cotloom.builder.teacher.ledger import open_ledger
from tests.teacher.received import record
from tests.teacher.test_ledger import request
from cotloom.builder.teacher.request import Answer

path, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
with open_ledger(path) as ledger:
    for index in range(count):
        mine = (request(who), index, Answer(text=f"{who} {index}"))
        record(ledger, [mine, (request("both"), index, Answer(text=who))])
        print(index, flush=True)
"""


def request(question: str = "What is 2 + 2?", **changes) -> Request:
    given = {"model": "m", "endpoint": "e", "sampling": {"temperature": 0.7}, **changes}
    return Request(problem_id="p", messages=(Message(role=Role.USER, content=question),), **given)


def likely(text: str, logprob: float, *others: TokenLogprob) -> TokenLogprob:
    top = tuple(Alternative(token=other.token, logprob=other.logprob) for other in others)
    return TokenLogprob(token=text, logprob=logprob, top=top)


def recorded(ledger: Ledger, *requests: Request) -> dict:
    return dict(ledger.read_answers([item.digest for item in requests]))


def recorder(path: Path, who: str, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(path), who, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def path(store):
    return store / "ledger.sqlite"


@pytest.fixture
def ledger(path):
    with open_ledger(path) as opened:
        yield opened


def test_an_answer_comes_back_as_it_was_recorded(ledger):
    whole = Answer(
        text="It is \x00 4 \U0001f600.",
        reasoning="2 + 2",
        finish_reason="stop",
        usage=Usage(prompt_tokens=0, completion_tokens=7),
        token_logprobs=(likely(" 4", -0.1, likely(" 5", -2.5)),),
        labels='{"is_correct":true}',
        simulated=True,
    )

    record(ledger, [(request(), 0, whole)])

    assert recorded(ledger, request()) == {(request().digest, 0): whole}


def test_unknown_comes_back_as_unknown_and_not_as_zero(ledger):
    unknown, nothing = Answer(text=None), Answer(text="", token_logprobs=(), usage=Usage(prompt_tokens=0))

    record(ledger, [(request(), 0, unknown), (request(), 1, nothing)])

    assert recorded(ledger, request()) == {(request().digest, 0): unknown, (request().digest, 1): nothing}


numbers = st.none() | st.integers(0, 2**40)
prices = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
logprobs = st.builds(
    TokenLogprob,
    token=texts,
    logprob=prices,
    top=st.lists(st.builds(Alternative, token=texts, logprob=prices), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Answer,
        text=st.none() | texts,
        reasoning=st.none() | texts,
        finish_reason=st.none() | texts,
        usage=st.builds(Usage, prompt_tokens=numbers, completion_tokens=numbers),
        token_logprobs=st.none() | st.lists(logprobs, max_size=3).map(tuple),
        labels=st.none() | texts,
        simulated=st.booleans(),
    )
)
def test_every_answer_survives_the_ledger(tmp_path_factory, answer):
    with open_ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite") as ledger:
        record(ledger, [(request(), 3, answer)])

        assert recorded(ledger, request()) == {(request().digest, 3): answer}


def test_the_first_answer_under_a_key_stays(ledger):
    record(ledger, [(request(), 0, Answer(text="first"))])
    record(ledger, [(request(), 0, Answer(text="second")), (request(), 1, Answer(text="other"))])

    assert [answer.text for _, answer in sorted(recorded(ledger, request()).items())] == ["first", "other"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE responses SET body = 'other'",
        "DELETE FROM responses",
        "DELETE FROM answers",
        "UPDATE requests SET messages = x''",
        "DELETE FROM requests",
        "UPDATE texts SET content = x''",
        "DELETE FROM texts",
        "UPDATE answers SET choice = 0 WHERE sample_index = 0",
    ],
)
def test_no_statement_changes_or_removes_what_is_recorded(path, statement):
    with open_ledger(path) as ledger:
        record(ledger, [(request(), 0, Answer(text="first"))])

    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)

    with open_ledger(path) as ledger:
        assert recorded(ledger, request()) == {(request().digest, 0): Answer(text="first")}


def test_only_what_was_asked_for_is_given(ledger):
    record(ledger, [(request("a"), 0, Answer(text="a")), (request("b"), 2, Answer(text="b"))])

    assert ledger.find_keys([request("b").digest, request("c").digest]) == {(request("b").digest, 2)}
    assert ledger.find_keys([]) == set()


def test_many_thousand_requests_are_found_together(ledger):
    requests = [request(str(number)) for number in range(2_500)]
    record(ledger, [(item, 0, Answer(text="x")) for item in requests])

    assert len(ledger.find_keys([item.digest for item in requests])) == 2_500


@pytest.mark.parametrize(
    "other",
    [
        {"question": "What is 2 + 3?"},
        {"model": "n"},
        {"endpoint": "f"},
        {"sampling": {"temperature": 0.8}},
        {"sampling": {}},
        {"sampling": {"temperature": 0.7, "top_p": 1.0}},
    ],
)
def test_whatever_can_change_an_answer_is_part_of_its_key(other):
    assert request(**other).digest != request().digest


def test_what_is_recorded_is_there_after_reopening(path):
    with open_ledger(path) as ledger:
        record(ledger, [(request(), 0, Answer(text="first"))])
    with open_ledger(path) as ledger:
        assert recorded(ledger, request()) == {(request().digest, 0): Answer(text="first")}


def test_a_group_is_recorded_all_or_none(ledger):
    unstorable = Response(ResponseKind.CHAT, "no bytes" * 100)
    with pytest.raises(TypeError):
        ledger.record([received(request("a"), 0, Answer(text="a")), ReceivedResponse(request("b"), unstorable, {0: 0})])

    assert ledger.find_keys([request("a").digest, request("b").digest]) == set()


def test_a_ledger_of_a_later_layout_is_refused(path):
    with open_ledger(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")

    with pytest.raises(InputError, match="was written by a later Cotloom") as caught, open_ledger(path):
        pass

    assert caught.value.hint == "upgrade Cotloom"


@pytest.mark.parametrize("content", [b"this is a letter, and no database at all", b"\x00" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path, content):
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(InputError, match="is no ledger"), open_ledger(path):
        pass

    assert path.read_bytes() == content


def test_a_folder_that_can_not_be_made_stops_the_build(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match="can't be opened"), open_ledger(tmp_path / "file" / "ledger.sqlite"):
        pass


def test_a_folder_in_its_place_stops_the_build(path):
    path.mkdir(parents=True)

    with pytest.raises(Stopped, match="can't be opened"), open_ledger(path):
        pass


def test_a_full_disk_stops_and_what_was_recorded_stays(ledger):
    record(ledger, [(request(), 0, Answer(text="first"))])
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(Stopped, match="can't be written: database or disk is full") as caught:
        record(ledger, [(request(), 1, Answer(text=secrets.token_hex(50_000)))])

    assert "what was finished is kept" in caught.value.hint
    assert recorded(ledger, request()) == {(request().digest, 0): Answer(text="first")}


def test_what_a_full_disk_kept_from_being_written_is_not_referred_to_later(ledger, path):
    (pages,) = ledger._connection.execute("PRAGMA page_count").fetchone()
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Stopped):
        record(ledger, [(request("a new question"), 0, Answer(text=secrets.token_hex(50_000)))])

    ledger._connection.execute("PRAGMA max_page_count = 100000")
    record(ledger, [(request("a new question"), 0, Answer(text="short"))])

    assert check_ledger(path).is_intact
    assert recorded(ledger, request("a new question")) == {(request("a new question").digest, 0): Answer(text="short")}


def test_processes_that_open_and_record_at_once_lose_nothing(path):
    processes = {who: recorder(path, who, 40) for who in ("a", "b", "c")}
    for process in processes.values():
        process.stdin.write("go\n")
        process.stdin.flush()

    codes = [process.communicate()[0] and process.returncode for process in processes.values()]

    assert codes == [0, 0, 0]
    with open_ledger(path) as ledger:
        for who in processes:
            texts = [answer.text for _, answer in sorted(recorded(ledger, request(who)).items())]
            assert texts == [f"{who} {index}" for index in range(40)]
        assert len(recorded(ledger, request("both"))) == 40


def test_a_kill_in_the_middle_loses_nothing_that_was_recorded(path):
    with recorder(path, "a", 1_000_000) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()

    assert process.returncode == -signal.SIGKILL
    told += [int(line) for line in rest]
    with open_ledger(path) as ledger:
        there = {index for _, index in ledger.find_keys([request("a").digest])}
        assert set(told) <= there <= {*told, len(told)}
        record(ledger, [(request("a"), 10**6, Answer(text="later"))])
        assert ledger._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_many_that_make_the_ledger_at_the_same_moment_all_succeed(tmp_path):
    def opened(path: Path, together: Barrier) -> int:
        together.wait()
        with open_ledger(path) as ledger:
            return ledger._connection.execute("PRAGMA user_version").fetchone()[0]

    for turn in range(15):
        path, together = tmp_path / str(turn) / "ledger.sqlite", Barrier(6)
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(opened, [path] * 6, [together] * 6)) == [FORMAT] * 6


def test_a_second_connection_of_a_process_keeps_what_the_first_has_locked(tmp_path):
    path = tmp_path / "ledger.sqlite"
    look = (
        "import sys; from pathlib import Path; from cotloom.builder.teacher import open_ledger\n"
        "with open_ledger(Path(sys.argv[1])) as ledger:\n"
        "    print(ledger.connection.execute('SELECT count(*) FROM answers').fetchone()[0])\n"
    )

    def count() -> int:
        """Count the answers in another process, whose last connection ends with it."""
        command = [sys.executable, "-c", look, str(path)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, cwd=ROOT).stdout)

    with open_ledger(path) as first:
        with open_ledger(path):
            assert count() == 0
        record(first, [(request(), 0, Answer(text="four"))])
        assert count() == 1
