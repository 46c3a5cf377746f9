"""One way to write safely: a reader sees all of it or what was there before, and a full disk is `Stopped`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cotloom.builder.errors import Stopped
from cotloom.builder.store.atomic import (
    MAKE_ROOM,
    atomic_folder,
    atomic_write,
    remove_leftovers,
    replace_file,
    stop_if_unwritable,
)

FULL = OSError(28, "No space left on device")


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill_disk(*_arguments: object) -> None:
    raise FULL


def test_a_file_is_written_with_its_folders_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "a/b/notes.json"

    atomic_write(path, b"first")
    atomic_write(path, "second \N{SNOWMAN}\n")

    assert path.read_bytes() == "second \N{SNOWMAN}\n".encode()
    assert list_names(path.parent) == ["notes.json"]


@pytest.mark.parametrize("step", ["os.fsync", "Path.replace"])
def test_a_file_that_can_not_be_put_in_place_leaves_the_earlier_one_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "notes.json"
    path.write_bytes(b"earlier")
    monkeypatch.setattr(f"cotloom.builder.store.atomic.{step}", fill_disk)

    with pytest.raises(Stopped, match=r"notes\.json can't be written: .*No space left") as caught:
        atomic_write(path, b"later")

    assert caught.value.hint == MAKE_ROOM == "make room and run the same command again; what was finished is kept"
    assert path.read_bytes() == b"earlier"
    assert list_names(tmp_path) == ["notes.json"]


def test_the_message_names_what_was_to_be_written(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match=r"^the speed can't be written: "):
        atomic_write(tmp_path / "file" / "below", b"", name="the speed")
    with (
        pytest.raises(Stopped, match=r"^the run can't be written: "),
        atomic_folder(tmp_path / "file/f", name="the run"),
    ):
        pytest.fail("there is no folder to write to")


def test_a_file_that_another_library_writes_is_put_in_place_when_it_is_whole(tmp_path):
    path = tmp_path / "x.parquet"

    with replace_file(path) as side:
        side.write_bytes(b"half")
        assert not path.exists()
        side.write_bytes(b"whole")

    assert path.read_bytes() == b"whole"
    assert list_names(tmp_path) == ["x.parquet"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_what_breaks_halfway_leaves_nothing_behind_and_is_not_hidden(tmp_path, fault):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/earlier").touch()

    def write_half_file() -> None:
        with replace_file(tmp_path / "file") as side:
            side.write_bytes(b"half")
            raise fault

    def write_half_folder() -> None:
        with atomic_folder(tmp_path / "folder") as folder:
            (folder / "half").touch()
            raise fault

    for write in (write_half_file, write_half_folder):
        with pytest.raises(fault):
            write()

    assert list_names(tmp_path) == ["folder"]
    assert list_names(tmp_path / "folder") == ["earlier"]


def test_a_folder_takes_the_place_of_the_earlier_one(tmp_path):
    for name in ("first", "second"):
        with atomic_folder(tmp_path / "a/folder") as folder:
            (folder / name).touch()

    assert list_names(tmp_path / "a/folder") == ["second"]
    assert list_names(tmp_path / "a") == ["folder"]


def test_a_folder_that_must_not_be_replaced_stays(tmp_path):
    def write(name: str) -> None:
        with atomic_folder(tmp_path / "folder", replace=False) as folder:
            (folder / name).touch()

    write("first")
    with pytest.raises(FileExistsError) as caught:
        write("second")

    assert caught.value.args == (tmp_path / "folder",)
    assert list_names(tmp_path / "folder") == ["first"]
    assert list_names(tmp_path) == ["folder"]


def test_a_folder_that_another_process_wrote_meanwhile_is_not_replaced(tmp_path):
    def write_too_late() -> None:
        with atomic_folder(tmp_path / "folder", replace=False):
            (tmp_path / "folder").mkdir()
            (tmp_path / "folder/faster").touch()

    with pytest.raises(FileExistsError):
        write_too_late()

    assert list_names(tmp_path / "folder") == ["faster"]
    assert list_names(tmp_path) == ["folder"]


def test_where_a_folder_can_not_be_put_in_place_the_earlier_one_is_put_back(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/earlier").touch()
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if (path / "later").exists():
            raise FULL
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Stopped, match="No space left"), atomic_folder(tmp_path / "folder") as folder:
        (folder / "later").touch()

    assert list_names(tmp_path / "folder") == ["earlier"]
    assert list_names(tmp_path) == ["folder"]


def test_a_folder_that_a_killed_process_left_unfinished_is_written_anew(tmp_path):
    left = tmp_path / f".folder.{os.getpid()}"
    left.mkdir()
    (left / "half").touch()

    with atomic_folder(tmp_path / "folder") as folder:
        assert list_names(folder) == []

    assert list_names(tmp_path) == ["folder"]


WRITER = """
import sys
from pathlib import Path
from cotloom.builder.store.atomic import atomic_folder, atomic_write

for turn in range(40):
    with atomic_folder(Path(sys.argv[1]) / "folder") as folder:
        (folder / "a").write_text(str(turn))
        (folder / "b").write_text(str(turn))
    atomic_write(Path(sys.argv[1]) / "file", str(turn) * 1000)
"""


def test_processes_that_write_the_same_place_at_once_all_succeed(tmp_path):
    processes = [subprocess.Popen([sys.executable, "-P", "-c", WRITER, str(tmp_path)]) for _ in range(3)]

    assert [process.wait() for process in processes] == [0, 0, 0]
    assert list_names(tmp_path) == ["file", "folder"]
    assert [(tmp_path / "folder" / name).read_text() for name in "ab"] == ["39", "39"]
    assert (tmp_path / "file").read_text() == "39" * 1000


def test_only_leftovers_of_processes_that_ended_are_removed(tmp_path):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = [f".1.0.0.{done.pid}", f".dev.old.{done.pid}"]
    stay = [f".1.0.0.{os.getpid()}", ".keep", f"1.0.0.{done.pid}", ".x.lock"]
    for name in [*left, *stay]:
        (tmp_path / name).mkdir()
    (tmp_path / f".notes.json.{done.pid}").touch()

    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "none")

    assert list_names(tmp_path) == sorted(stay)


def test_errors_of_the_disk_stop_the_command_and_others_pass(tmp_path):
    with pytest.raises(Stopped, match="the card can't be written: ") as caught, stop_if_unwritable("the card"):
        (tmp_path / "none/card").write_text("")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    with pytest.raises(Stopped), stop_if_unwritable("the ledger", KeyError):
        raise KeyError
    with pytest.raises(OSError, match="28"), stop_if_unwritable("the ledger", KeyError):
        raise FULL


def test_safe_writing_and_reading_manifests_import_neither_polars_nor_pyarrow():
    code = (
        "import sys\n"
        "from cotloom.builder.store import atomic, list_versions, locks\n"
        "print([name for name in ('polars', 'pyarrow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
