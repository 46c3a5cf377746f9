"""The shell, on a terminal of its own: it outlives mistakes and Ctrl-C, remembers, completes, pages and ends.

Each start of the program takes a second or two of a processor, so that few tests start it.
"""

import fcntl
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import termios
import time
from collections.abc import Callable

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.inspect.sql import connect
from cotloom.builder.inspect.sql.describe import read_catalog
from cotloom.builder.inspect.sql.history import KEPT, append_history, load_history
from cotloom.builder.inspect.sql.output import OutputStyle
from cotloom.builder.inspect.sql.shell import handle_text, handle_texts, is_whole

PATIENCE_S = 60
ENDLESS = "SELECT count(*) FROM range(30000000) a, range(300000) b WHERE (a.range * b.range) % 7 = 3"
READY = r"sql>[^\n]{0,4}$"


class Terminal:
    """A program on a terminal of 30 lines of 100 characters."""

    def __init__(self, words, **variables):
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
        self.process = subprocess.Popen(
            words, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread runs here
        )  # fmt: skip
        os.close(follower)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self.leader, text.encode())

    def expect(self, pattern: str) -> str:
        """Read until a pattern is shown; what was shown until then."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.read(), re.DOTALL):
            assert time.monotonic() < deadline, f"no {pattern!r} in {self.read()!r}"
            if select.select([self.leader], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.leader, 65536).decode(errors="replace")
                except OSError:  # its end
                    assert re.search(pattern, self.read(), re.DOTALL), self.read()
                    break
        shown, self.shown = self.read(), ""
        return shown

    def read(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x08", "", self.shown)

    def close(self) -> int:
        code = self.process.wait(PATIENCE_S)
        os.close(self.leader)
        return code


@pytest.fixture
def start(command, quickstart, tmp_path):
    """Start the shell; its history is the test's own."""
    pytest.importorskip("prompt_toolkit", reason="it is not installed here yet: make .venv/.dev")
    opened = []

    def started(*words: str, **variables: str) -> Terminal:
        place = [*command, "sql", str(quickstart.path), *words]
        opened.append(Terminal(place, XDG_STATE_HOME=str(tmp_path / "state"), **variables))
        return opened[-1]

    yield started
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


def test_a_session(start, quickstart, tmp_path):
    terminal = start("--with", f"old={quickstart.path}", PAGER="cat")
    assert "quickstart@1.0.0, quickstart@1.0.0 as old. End a query with ;" in terminal.expect(READY)

    terminal.type("SELECT 6 *\r7 AS n;\r")
    assert "42" in terminal.expect(r"42\s+" + READY).split()
    terminal.type("SELEC;\r")
    assert "the query failed" in terminal.expect("failed.*" + READY)
    terminal.type("COPY samples TO 'x.csv';\r")
    assert "nothing can be written" in terminal.expect("written.*" + READY)

    terminal.type(f"{ENDLESS};\r")
    time.sleep(1)
    terminal.type("\x03")
    terminal.expect("stopped.*" + READY)
    terminal.type("half a query")
    time.sleep(0.5)
    terminal.type("\x03")
    time.sleep(0.5)
    terminal.type("SELECT 6 * 7 AS n;\r")
    terminal.expect(r"42\s+" + READY)

    terminal.type("SELECT max(pass_r\t")
    terminal.expect("pass_rate")
    terminal.type(") AS best FROM old.pro\t")
    terminal.expect("old.problems")
    terminal.type(";\r")
    terminal.expect(r"best\s+1\.0\s+" + READY)

    terminal.type("\\d\r")
    assert "disputed_golds" in terminal.expect("old.disputed_golds.*" + READY)
    terminal.type("\\d samples\r")
    assert "The model that wrote it." in terminal.expect("Why it was dropped.*" + READY)
    terminal.type("help\r")
    terminal.expect("ends the shell.*" + READY)
    terminal.type("FROM samples LIMIT 1;\r")
    terminal.expect("token_logprobs.*" + READY)
    terminal.type("\x04")
    assert terminal.close() == 0

    history = tmp_path / "state" / "cotloom" / "sql_history.jsonl"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    terminal = start()
    terminal.expect(READY)
    terminal.type("SELECT 6 *")
    time.sleep(0.5)
    terminal.type("\x1b[A")  # the newest query that begins so
    terminal.expect("7 AS n;")
    terminal.type("\r")
    terminal.expect(r"42\s+" + READY)
    terminal.type("exit\r")
    assert terminal.close() == 0


def test_a_long_result_goes_through_the_pager(start):
    terminal = start("SELECT i FROM range(45) t(i)", "--rows", "45", PAGER="sh -c 'sed s/^/paged:/'")

    assert terminal.expect("paged:44").count("paged:") == 46
    assert terminal.close() == 0


def test_a_signal_to_end_ends_the_shell(start):
    terminal = start()
    terminal.expect(READY)
    terminal.process.send_signal(signal.SIGTERM)

    assert terminal.close() == 143


# Without a terminal


def script(*texts: str | type[BaseException]) -> Callable[[], str]:
    """What is typed, one text or key after the other."""
    rest = iter(texts)

    def read() -> str:
        item = next(rest, EOFError)
        if isinstance(item, str):
            return item
        raise item

    return read


def test_nothing_ends_the_shell_but_its_end(capsys):
    answered = []

    def answer_text(text: str) -> None:
        answered.append(text)
        if text == "wrong":
            raise InputError("it is wrong", hint="do better")
        if text == "long":
            raise KeyboardInterrupt

    handle_texts(script("a", KeyboardInterrupt, "wrong", "long", "b"), answer_text, lambda: False)

    assert answered == ["a", "wrong", "long", "b"]
    assert capsys.readouterr().err == "it is wrong\n  -> do better\nstopped\n"


@pytest.mark.parametrize("word", ["exit", "QUIT", r"\q", "exit;", " quit ; "])
def test_a_word_ends_the_shell(word):
    answered = []

    handle_texts(script("a", word, "b"), answered.append, lambda: False)

    assert answered == ["a"]


@pytest.mark.parametrize("texts", [[KeyboardInterrupt], ["long"]])
def test_a_signal_that_looks_like_ctrl_c_ends_the_shell(texts):
    def stop(_text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        handle_texts(script(*texts, "b"), stop, lambda: True)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", True),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT 1;  \n", True),
        ("SELECT ';", False),
        ("SELECT ';';", True),
        ("SELECT 1 -- a note;", False),
        ("SELECT 'é→';", True),
        ("SELECT $$ a; ", False),
        ("/* ; */", False),
        ("help", True),
        ("exit", True),
        (r"\d samples", True),
        (r"\d", True),
        ("help me", False),
    ],
)
def test_enter_ends_what_is_whole(text, whole):
    assert is_whole(text) is whole


def test_commands_are_answered_and_unknown_views_are_an_error(quickstart, capsys):
    with connect(quickstart) as connection:
        catalog = read_catalog(connection)
        for text in ("help;", "HELP", r"\d samples;", r"\d", "", "SELECT 6 * 7 AS n;"):
            handle_text(connection, catalog, OutputStyle(), text)
        with pytest.raises(InputError, match="no view nothing"):
            handle_text(connection, catalog, OutputStyle(), r"\d nothing")

    out = capsys.readouterr().out
    assert out.count("Ctrl-C") == 2
    assert "The model that wrote it." in out
    assert "42" in out.split()


def test_the_history_survives_damage_and_has_a_bound(tmp_path):
    path = tmp_path / "a" / "history"
    assert load_history(path) == []
    for number in range(KEPT + 5):
        append_history(path, f"SELECT\n{number};")
    with path.open("a") as file:
        file.write('"half\n7\n')
    append_history(path, "é\u2028;")

    found = load_history(path)

    assert found[-2:] == [f"SELECT\n{KEPT + 4};", "é\u2028;"]
    assert len(found) == KEPT - 2
    append_history(tmp_path, "a folder can't be written to")
