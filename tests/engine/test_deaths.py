"""Workers that are killed: their item is done again once, and then the row is named."""

import os
import signal
from pathlib import Path

import pytest

from cotloom.builder.engine import mark_row
from cotloom.builder.engine.current_row import make_mark, read_mark, use_mark
from cotloom.builder.errors import Stopped
from tests.engine.test_engine import items, mapped

KILLING = [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT]


@pytest.mark.parametrize("number", KILLING)
def test_an_item_whose_worker_was_killed_is_done_again(number, tmp_path, capsys):
    settings = {"died": str(tmp_path / "died"), "signal": int(number)}

    assert mapped("die_once", **settings) == list(range(10))
    assert (tmp_path / "died").exists()
    assert f"({number.name})" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "cause", "hint"),
    [
        (signal.SIGKILL, "most likely because memory ran out", "fewer --workers"),
        (signal.SIGABRT, "most likely because memory ran out", "fewer --workers"),
        (signal.SIGTERM, "ended from outside", "same command again"),
        (signal.SIGSEGV, "crashed", "--set-aside"),
    ],
)
def test_a_row_that_kills_its_worker_twice_is_named(number, cause, hint):
    with pytest.raises(Stopped, match=rf"{cause}.*\({number.name}\)|\({number.name}\).*{cause}|{cause}") as caught:
        mapped("die_at_a_row", signal=int(number))

    assert caught.value.message.endswith("for the second time while it worked on s_7_1")
    assert "`cotloom build ... --set-aside s_7_1` leaves this row out as check_failed" in caught.value.hint
    assert hint in caught.value.hint


@pytest.mark.parametrize("workers", [2, 10])
def test_where_no_row_is_marked_the_item_is_named_and_no_row_of_another(workers):
    with pytest.raises(Stopped, match="while it worked on item 8 of 10") as caught:
        mapped("die_after_rows", workers=workers, signal=int(signal.SIGKILL))

    assert "--set-aside" not in caught.value.hint


@pytest.mark.parametrize("number", KILLING)
@pytest.mark.usefixtures("ends")
def test_a_killed_worker_is_noticed_while_another_one_works(number, tmp_path):
    settings = {"waiting": str(tmp_path / "waiting"), "signal": int(number)}

    with pytest.raises(Stopped, match="item 2 of 2"):
        mapped("die_while_another_works", items(2), **settings)


@pytest.mark.usefixtures("ends")
def test_a_worker_that_dies_before_it_has_read_its_item_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if any('engine.worker' in word for word in sys.orig_argv):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    wide = [{"number": number, "text": "x" * 300_000} for number in range(3)]  # more than a pipe holds

    with pytest.raises(Stopped, match=r"killed \(SIGKILL\), most likely because memory ran out"):
        mapped("double", wide, times=2)


def test_marking_a_row_outside_of_workers_does_nothing():
    mark_row("s_1")


@pytest.mark.parametrize(
    ("row", "read"),
    [("s_1", "s_1"), ("", None), ("x" * 300, "x" * 255), ("ä" * 200, "ä" * 127 + "�"), ("\ud800", "\\ud800")],
)
def test_a_mark_is_read_as_it_was_written(row, read, monkeypatch):
    monkeypatch.setattr("cotloom.builder.engine.current_row._marks", [])
    with make_mark() as mark:
        assert read_mark(mark) is None
        use_mark(mark.fileno())
        mark_row("an id that is longer than the next one")
        mark_row(row)
        assert read_mark(mark) == read


def test_nothing_is_left_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(Stopped):
        mapped("die_at_a_row", signal=int(signal.SIGKILL))

    assert list(Path(tmp_path).iterdir()) == []
