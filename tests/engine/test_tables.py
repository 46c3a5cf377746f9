import os
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder.engine import PARTITION_ROWS, cut_partitions, map_rows
from cotloom.builder.errors import RecipeError, Stopped
from tests.conftest import ROOT

HERE = "tests.engine.test_tables"


def doubled(frame: pl.DataFrame, settings: dict) -> pl.DataFrame:
    return frame.select("key", value=pl.col("value") * settings["times"])


def counted(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    return frame.group_by("key", maintain_order=True).len()


def talkative(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    print("a stray word" * 1_000)  # noqa: T201 - what the test is about
    return frame


def raising(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    if "k0700" in frame["key"]:
        message = "this row is too much for me"
        raise ValueError(message)
    return frame


def dying(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    if "k0700" in frame["key"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return frame


def dying_while_another_works(frame: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """One worker waits for ever, until it is ended; then another is killed."""
    waiting = Path(settings["waiting"])
    if "k0000" in frame["key"]:
        waiting.touch()
        signal.pause()
    while not waiting.exists():
        sleep(0.01)
    os.kill(os.getpid(), settings["number"])
    signal.pause()
    return frame


def refusing(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    if "k0700" in frame["key"]:
        message = "the recipe is wrong"
        raise RecipeError(message, hint="correct it", keys=("verify.pattern",))
    return frame


def hungry(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    if "k0700" in frame["key"]:
        raise MemoryError
    return frame


def panicking(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    class PanicException(BaseException):
        pass

    if "k0700" in frame["key"]:
        message = "index out of bounds"
        raise PanicException(message)
    return frame


def write_process_and_wait(frame: pl.DataFrame, folder: str) -> pl.DataFrame:
    (Path(folder) / f"{os.getpid()}.pid").touch()
    signal.pause()
    return frame


def is_running(process: int) -> bool:
    """Whether a process is there, and not only remembered by its parent."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def where(frame: pl.DataFrame, _settings: None) -> pl.DataFrame:
    return frame.head(1).select("key", process=pl.lit(os.getpid()))


def table(rows: int = 3 * PARTITION_ROWS) -> pl.DataFrame:
    return pl.DataFrame({"key": [f"k{number:04}" for number in range(rows)], "value": range(rows)})


def mapped(name: str, frame: pl.DataFrame, workers: int, settings: object = None) -> pl.DataFrame:
    return map_rows(f"{HERE}:{name}", frame, settings, key="key", workers=workers, description="testing")


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_any_number_of_workers_gives_the_same(workers):
    shuffled = table().sample(fraction=1.0, shuffle=True, seed=7)

    assert_frame_equal(
        mapped("doubled", shuffled, workers, {"times": 2}), table().with_columns(value=pl.col("value") * 2)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_of_one_key_come_to_the_function_together(workers):
    frame = pl.DataFrame({"key": [f"k{number % 7}" for number in range(5_000)], "value": range(5_000)})

    counts = mapped("counted", frame, workers)

    assert counts["key"].to_list() == [f"k{number}" for number in range(7)]
    assert counts["len"].sum() == 5_000


def test_work_is_shared_by_other_processes():
    processes = mapped("where", table(), 2)["process"]

    assert len(processes) == 3
    assert os.getpid() not in processes


def test_one_worker_works_in_this_process():
    assert set(mapped("where", table(), 1)["process"]) == {os.getpid()}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_empty_table_gives_an_empty_table(workers):
    empty = table(0)

    assert_frame_equal(mapped("doubled", empty, workers, {"times": 2}), empty)


def test_what_a_worker_prints_does_not_harm_its_tables(capfd):
    assert_frame_equal(mapped("talkative", table(), 2), table())
    assert "a stray word" in capfd.readouterr().err


def test_a_function_that_raises_in_a_worker_gives_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)in raising.*raise ValueError.*this row is too much for me"):
        mapped("raising", table(), 2)


def test_a_function_that_raises_here_raises_what_it_raised():
    with pytest.raises(ValueError, match="this row is too much for me"):
        mapped("raising", table(), 1)


def test_a_worker_that_is_killed_stops_the_command_with_the_likely_cause():
    with pytest.raises(Stopped, match=r"killed \(SIGKILL\), most likely because memory ran out") as caught:
        mapped("dying", table(), 2)

    assert "fewer --workers" in caught.value.hint


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (signal.SIGKILL, Stopped, "memory ran out"),
        (signal.SIGABRT, Stopped, "memory ran out"),
        (signal.SIGTERM, Stopped, "ended from outside"),
        (signal.SIGSEGV, RuntimeError, "crashed"),
    ],
)
@pytest.mark.usefixtures("ends")
def test_a_killed_worker_is_noticed_while_another_one_works(number, kind, message, tmp_path):
    settings = {"waiting": str(tmp_path / "waiting"), "number": int(number)}

    with pytest.raises(kind, match=message):
        mapped("dying_while_another_works", table(2 * PARTITION_ROWS), 2, settings)


@pytest.mark.usefixtures("ends")
def test_a_worker_that_dies_before_it_has_read_its_table_is_noticed():
    wide = table().with_columns(text=pl.lit("x" * 4_000))  # more than a pipe holds

    with pytest.raises(RuntimeError, match="a worker process ended early"):
        mapped("nothing", wide, 2)


def test_an_error_of_the_user_is_the_same_from_a_worker():
    with pytest.raises(RecipeError, match="the recipe is wrong") as caught:
        mapped("refusing", table(), 2)

    assert (caught.value.hint, caught.value.keys) == ("correct it", ("verify.pattern",))


def test_memory_that_runs_out_in_a_worker_stops_the_command():
    with pytest.raises(Stopped, match="memory ran out in a worker process"):
        mapped("hungry", table(), 2)


def test_the_panic_of_a_library_in_a_worker_is_a_fault_with_its_traceback():
    with pytest.raises(RuntimeError, match="PanicException: index out of bounds"):
        mapped("panicking", table(), 2)


@pytest.mark.usefixtures("ends")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    code = (
        "import polars as pl\nfrom cotloom.builder.engine.tables import run_in_processes\n"
        "part = pl.DataFrame({'x': [1]})\n"
        f"run_in_processes('{HERE}:write_process_and_wait', [part, part], '\"{tmp_path}\"', 2, print)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    while len(found := list(tmp_path.glob("*.pid"))) < 2:
        sleep(0.01)
    parent.kill()
    parent.wait()

    while any(is_running(int(path.stem)) for path in found):
        sleep(0.05)


def test_a_function_that_is_not_there_is_told():
    with pytest.raises(RuntimeError, match="a worker process ended early"):
        mapped("nothing", table(), 2)


def test_workers_are_gone_when_the_work_is_done():
    running = {int(process) for process in mapped("where", table(), 2)["process"]}

    assert [process for process in running if Path(f"/proc/{process}").exists()] == []


keys = st.lists(st.integers(0, 30), max_size=200)


@given(keys, st.integers(1, 50))
def test_partitions_are_the_table_cut_between_keys(values, rows):
    frame = pl.DataFrame({"key": sorted(values)}, schema={"key": pl.Int64})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cotloom.builder.engine.tables.PARTITION_ROWS", rows)
        parts = list(cut_partitions(frame, "key"))

    assert_frame_equal(pl.concat(parts), frame)
    seen = [key for part in parts for key in part["key"].unique()]
    assert len(seen) == len(set(seen))
    assert all(part.height >= rows for part in parts[:-1])


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_of_one_key_keep_their_order(workers):
    rows = 40 * PARTITION_ROWS
    frame = pl.DataFrame({"key": [f"k{row % 7}" for row in range(rows)], "value": list(range(rows))})
    values = mapped("doubled", frame, workers, {"times": 2}).group_by("key", maintain_order=True).agg("value")["value"]
    assert all(group.is_sorted() for group in values)
