"""A lock on a folder: one process at a time, and none waits for a process that is gone."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from cotloom.builder.errors import Stopped
from cotloom.builder.store.locks import lock_folder

HOLDER = """
import sys, time
from pathlib import Path
from cotloom.builder.store.locks import lock_folder

with lock_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""

COUNTER = """
import sys
from pathlib import Path
from cotloom.builder.store.locks import lock_folder

path = Path(sys.argv[1])
for _ in range(20):
    with lock_folder(path.parent / "run"):
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_processes_that_want_the_same_folder_wait_for_each_other(tmp_path):
    (tmp_path / "count").write_text("0")
    words = [sys.executable, "-P", "-c", COUNTER, str(tmp_path / "count")]
    processes = [subprocess.Popen(words) for _ in range(3)]

    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "60"


@pytest.mark.usefixtures("ends")
def test_the_lock_is_released_when_its_process_is_killed(tmp_path):
    holder = subprocess.Popen([sys.executable, "-P", "-c", HOLDER, str(tmp_path / "run")], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"locked\n"
    entered = Event()

    def wait() -> None:
        with lock_folder(tmp_path / "run"):
            entered.set()

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    assert not entered.wait(0.3)
    holder.kill()
    holder.communicate()

    assert entered.wait(60)
    waiting.join()


def test_threads_of_one_process_wait_for_each_other_too(tmp_path):
    entered = Event()

    def wait() -> None:
        with lock_folder(tmp_path / "run"):
            entered.set()

    with lock_folder(tmp_path / "run"):
        waiting = Thread(target=wait, daemon=True)
        waiting.start()
        assert not entered.wait(0.3)
    assert entered.wait(60)
    waiting.join()


def test_a_fault_inside_releases_the_lock(tmp_path):
    with pytest.raises(ValueError, match="broken"), lock_folder(tmp_path / "run"):
        raise ValueError("broken")
    with lock_folder(tmp_path / "run"):
        pass


def test_the_folder_may_be_replaced_while_it_is_locked(tmp_path):
    with lock_folder(tmp_path / "runs/run"):
        assert not (tmp_path / "runs/run").exists()
        (tmp_path / "runs/run").mkdir()

    assert {path.name for path in (tmp_path / "runs").iterdir()} <= {"run", ".run.lock"}


def test_a_lock_that_can_not_be_written_stops_the_command(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match="can't be written"), lock_folder(Path(tmp_path / "file/run")):
        pytest.fail("nothing is locked")


def test_folders_above_the_lock_are_made(tmp_path):
    with lock_folder(tmp_path / "one" / "two" / "three"):
        assert (tmp_path / "one" / "two").is_dir()
