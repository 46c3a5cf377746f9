"""A process that is asked line by line: what hangs or crashes there is killed, and the next one answers."""

import json
import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from cotloom.builder.line_process import LineProcess

ECHO = """
import json, os, subprocess, sys, time
for line in sys.stdin:
    word = json.loads(line)
    if word == "hang":
        time.sleep(600)
    elif word == "crash":
        os._exit(3)
    elif word == "long":
        sys.stdout.write("x" * 300_000)
    elif word == "two":
        os.write(1, b"1\\n2\\n")
    elif word == "late":
        os.write(1, b"1\\n")
        os.write(1, b"2\\n")
    elif word == "child":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        os._exit(0)
    else:
        print(json.dumps([word, os.getpid(), os.environ.get("HOUSE_SECRET"), os.environ.get("OWN")]))
    sys.stdout.flush()
"""


@pytest.fixture
def echo():
    process = LineProcess([sys.executable, "-S", "-c", ECHO], {"OWN": "ours"}, longest=200_000)
    yield process
    process.close()


def ask(process, word, patience_s=30.0):
    line = process.ask(json.dumps(word).encode() + b"\n", patience_s)
    return None if line is None else json.loads(line)


def test_one_process_answers_every_line(echo):
    first, second = ask(echo, "a"), ask(echo, "b" * 150_000)
    assert (first[0], len(second[0])) == ("a", 150_000)
    assert first[1] == second[1] == echo.pid


def test_it_knows_no_secret_of_the_environment(echo, monkeypatch):
    monkeypatch.setenv("HOUSE_SECRET", "hush")
    assert ask(echo, "a")[2:] == [None, "ours"]


@pytest.mark.parametrize("word", ["hang", "crash", "long", "two", "child"])
def test_what_gives_no_line_is_killed_and_the_next_question_answered(echo, word):
    before = ask(echo, "a")[1]
    patience_s = 0.3 if word == "hang" else 30.0
    assert ask(echo, word, patience_s) is None
    assert echo.pid is None
    assert not is_alive(before)
    assert ask(echo, "a")[0] == "a"
    assert echo.pid != before


def test_a_line_that_nobody_asked_for_is_not_the_next_answer(echo):
    before = ask(echo, "a")[1]
    if ask(echo, "late") is not None:  # both lines may come at once
        select.select([echo._process.stdout], [], [], 30.0)
    assert ask(echo, "b")[0] == "b"
    assert echo.pid != before


def test_a_process_that_was_killed_by_others_is_replaced(echo):
    before = ask(echo, "a")[1]
    os.kill(before, signal.SIGKILL)
    select.select([echo._process.stdout], [], [], 30.0)
    assert ask(echo, "a")[1] != before


def test_a_process_that_never_reads_does_not_hold_up_who_asks():
    process = LineProcess([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    assert process.ask(b"x" * 1_000_000 + b"\n", 0.3) is None


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        LineProcess(["no-such-program"]).ask(b"\n", 1.0)


def test_it_is_ended_with_what_it_started(tmp_path):
    note = tmp_path / "pid"
    code = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); \
open({str(note)!r}, 'w').write(str(c.pid)); print(input(), flush=True); input()"
    process = LineProcess([sys.executable, "-S", "-c", code])
    assert process.ask(b"a\n", 30.0) == b"a\n"
    child = int(note.read_text())
    assert is_alive(child)
    process.close()
    wait_for_end(child)


def test_a_fork_asks_a_process_of_its_own_and_leaves_that_of_its_parent(echo):
    before = ask(echo, "a")[1]
    child = os.fork()
    if not child:
        is_own = ask(echo, "a")[1] != before
        echo.close()
        os._exit(0 if is_own else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(echo, "a")[1] == before


def wait_for_end(pid):
    until = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
