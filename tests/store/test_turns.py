"""Waiting turns: what one process of a store uses, another waits for, and says so."""

import asyncio
import stat
import subprocess
import sys
from threading import Event, Thread

import pytest

from cotloom.builder.errors import Stopped
from cotloom.builder.store.locks import TURNS, wait_turn

USER = """
import sys
from pathlib import Path
from cotloom.builder.store.locks import wait_turn

folder, *names = sys.argv[1:]
with wait_turn(Path(folder), names, lambda name: f"another build asks {name}"):
    print("entered", flush=True)
    sys.stdin.readline()
"""

COUNTER = """
import sys
from pathlib import Path
from cotloom.builder.store.locks import wait_turn

path, *names = sys.argv[1:]
path = Path(path)
for _ in range(10):
    with wait_turn(path.parent, names, lambda name: "waiting"):
        path.write_text(str(int(path.read_text()) + 1))
"""


def use(folder, *names):
    words = [sys.executable, "-P", "-c", USER, str(folder), *names]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def describe(name):
    return f"another build asks {name}"


@pytest.fixture
def used(tmp_path):
    """A store of which a process uses `a` and `b`."""
    process = use(tmp_path, "b", "a")
    assert process.stdout.readline() == "entered\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("ends")
def test_another_process_waits_says_so_once_and_then_enters(used, tmp_path):
    other = use(tmp_path, "b", "a", "c")
    assert "another build asks a" in other.stderr.readline()
    used.stdin.write("\n")
    used.stdin.flush()

    assert other.stdout.readline() == "entered\n"
    assert other.communicate("\n") == ("", "")
    assert other.returncode == 0


@pytest.mark.usefixtures("ends", "used")
def test_what_nobody_uses_is_entered_at_once_without_a_word(tmp_path, capsys):
    with wait_turn(tmp_path, ["c", "d"], describe), wait_turn(tmp_path, [], describe):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("ends")
def test_the_turn_of_a_killed_process_is_over(used, tmp_path):
    other = use(tmp_path, "a")
    assert "another build asks a" in other.stderr.readline()
    used.kill()

    assert other.stdout.readline() == "entered\n"
    other.communicate("\n")


@pytest.mark.usefixtures("ends")
def test_names_in_any_order_never_make_two_processes_wait_for_each_other(tmp_path):
    (tmp_path / "count").write_text("0")
    orders = [["a", "b", "c"], ["c", "b", "a"], ["b", "c"]]
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", COUNTER, str(tmp_path / "count"), *names], stderr=subprocess.DEVNULL
        )
        for names in orders
    ]

    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "30"


@pytest.mark.usefixtures("ends")
def test_an_event_loop_waits_in_a_thread_and_leaves_in_another(used, tmp_path):
    async def wait() -> bool:
        turn = wait_turn(tmp_path, ["a"], describe)
        entering = asyncio.create_task(asyncio.to_thread(turn.__enter__))
        done, _ = await asyncio.wait([entering], timeout=0.3)
        used.stdin.write("\n")
        used.stdin.flush()
        await entering
        await asyncio.to_thread(turn.__exit__, None, None, None)
        return not done

    assert asyncio.run(wait())
    with wait_turn(tmp_path, ["a"], describe):
        pass


@pytest.mark.usefixtures("ends", "used")
def test_a_wait_can_be_cancelled_and_gives_back_what_it_had(tmp_path):
    cancelled, stopped = Event(), []

    def wait() -> None:
        try:
            with wait_turn(tmp_path, ["0", "a"], describe, cancelled.is_set):
                pytest.fail("it is used")
        except Stopped as error:
            stopped.append(error)

    waiting = Thread(target=wait)
    waiting.start()
    cancelled.set()
    waiting.join()

    assert len(stopped) == 1
    with wait_turn(tmp_path, ["0"], describe):
        pass


def test_only_its_owner_may_look_and_names_are_no_paths(tmp_path):
    names = ["https://host/v1?key=1", "../../up", "x" * 5_000, "", "\u4e8c"]
    with wait_turn(tmp_path / "store", names, describe):
        files = list((tmp_path / "store" / TURNS).iterdir())
        modes = {stat.S_IMODE(path.stat().st_mode) for path in files}
    assert (len(files), modes) == (5, {0o600})
    assert stat.S_IMODE((tmp_path / "store" / TURNS).stat().st_mode) == 0o700


def test_a_store_that_can_not_be_written_stops_the_command(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Stopped, match="can't be written"), wait_turn(tmp_path / "file", ["a"], describe):
        pytest.fail("nothing is locked")
