import os
import signal
import subprocess
import sys
import textwrap
from io import StringIO
from pathlib import Path
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress

from cotloom.builder.engine import UsageRecord, map_items
from cotloom.builder.errors import RecipeError, Stopped
from cotloom.builder.progress import show_progress
from cotloom.schemas.runtime import Runtime
from tests.conftest import ROOT
from tests.engine.functions import RISKY

FUNCTIONS = "tests.engine.functions"
MEMORY_GB = 64.0
"""So much that the number of workers is what a test asks for, wherever it runs."""


def items(count=10):
    return [{"number": number} for number in range(count)]


def mapped(name, given=None, workers=2, usage=None, **settings):
    runtime = Runtime(workers=workers, memory_gb=MEMORY_GB)
    given = items() if given is None else given
    return map_items(f"{FUNCTIONS}:{name}", given, settings, runtime=runtime, description="testing", usage=usage)


def is_running(process: int) -> bool:
    """Whether a process is there, and not only remembered by its parent."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_any_number_of_workers_gives_the_same(workers):
    assert mapped("double", workers=workers, times=2) == [{"twice": 2 * number} for number in range(10)]


def test_results_come_in_the_order_of_the_items_whichever_is_done_first():
    assert mapped("sleep_longer_first", workers=3, items=10) == list(range(10))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("count", [0, 1])
def test_few_items_run_in_this_process(count, workers):
    assert mapped("get_process", items(count), workers) == [os.getpid()] * count


def test_work_is_shared_by_other_processes():
    assert os.getpid() not in mapped("get_process")


def test_one_worker_works_in_this_process():
    assert set(mapped("get_process", workers=1)) == {os.getpid()}


def test_a_worker_computes_with_one_thread():
    assert set(mapped("get_threads")) == {"1"}


def test_many_items_are_done():
    many = items(5_000)

    assert mapped("double", many, times=3)[-1] == {"twice": 14_997}


def test_messages_may_be_longer_than_a_pipe_holds():
    wide = [{"number": number, "text": "ä\n" * 100_000} for number in range(5)]

    assert mapped("echo", wide, pattern="x" * 300_000) == [[item, {"pattern": "x" * 300_000}] for item in wide]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=3), values)
def test_values_come_through_as_they_are(item, value):
    assert mapped("echo", [item], value=value) == [[item, {"value": value}]]


def test_values_come_through_workers_as_through_this_process():
    odd = [
        {"path": os.fsdecode(b"/a\xff"), "count": 10**30, "pair": (1, 2), "text": "\u2028\x00\ud800"},
        {"none": None},
    ]

    there = mapped("echo", odd)

    assert there == mapped("echo", odd, workers=1)
    assert there[0][0] == {**odd[0], "pair": [1, 2]}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_function_that_changes_its_settings_changes_them_for_itself_alone(workers):
    assert mapped("spoil", items(4), workers, list=[]) == [[0], [1], [2], [3]]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_bar_counts_the_rows_of_items(workers, monkeypatch):
    counted = []
    monkeypatch.setattr(Progress, "advance", lambda _self, _task, done: counted.append(done))
    with show_progress(Console(file=StringIO())):
        mapped("double", [{"number": 1, "rows": 40}, {"number": 2}], workers, times=1)

    assert sorted(counted) == [1, 40]


def test_what_a_worker_prints_or_asks_does_not_harm_its_answers(capfd):
    assert mapped("speak") == list(range(10))
    assert "a stray word" in capfd.readouterr().err


def test_a_function_that_raises_in_a_worker_gives_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)in fail.*raise ValueError.*this item is too much for me"):
        mapped("fail")


def test_a_function_that_raises_here_raises_what_it_raised():
    with pytest.raises(ValueError, match="this item is too much for me"):
        mapped("fail", workers=1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_user_is_the_same_from_a_worker(workers):
    with pytest.raises(RecipeError, match="the recipe is wrong") as caught:
        mapped("refuse", workers=workers)

    assert (caught.value.hint, caught.value.keys) == ("correct it", ("verify.pattern",))


def test_memory_that_runs_out_in_a_worker_stops_the_command():
    with pytest.raises(Stopped, match="memory ran out in a worker process"):
        mapped("run_out_of_memory")


def test_the_panic_of_a_library_in_a_worker_is_a_fault_with_its_traceback():
    with pytest.raises(RuntimeError, match="PanicException: index out of bounds"):
        mapped("panic")


def test_a_function_that_is_not_there_is_told():
    with pytest.raises(RuntimeError, match="has no attribute 'nothing'"):
        mapped("nothing")


def test_a_result_that_is_no_plain_value_is_told():
    with pytest.raises(RuntimeError, match="set is not JSON serializable"):
        mapped("give_no_json")


def test_a_worker_that_ends_itself_is_a_fault():
    with pytest.raises(RuntimeError, match=r"a worker process ended early \(exit code 3\)"):
        mapped("leave")


def test_workers_are_gone_when_the_work_is_done():
    assert [process for process in set(mapped("get_process")) if Path(f"/proc/{process}").exists()] == []


def test_no_file_descriptor_is_left():
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    mapped("double", times=1)

    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def start_waiting(folder: Path) -> tuple[subprocess.Popen, list[Path]]:
    """Start a process with two workers that wait for ever."""
    code = f"""
        from cotloom.builder.engine import map_items
        from cotloom.schemas.runtime import Runtime
        runtime = Runtime(workers=2, memory_gb=64.0)
        address, settings = "{FUNCTIONS}:write_process_and_wait", {{"folder": {str(folder)!r}}}
        map_items(address, [{{}}, {{}}], settings, runtime=runtime, description="waiting")
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    parent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    while len(found := list(folder.glob("*.pid"))) < 2:
        sleep(0.01)
    return parent, found


@pytest.mark.usefixtures("ends")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    parent, found = start_waiting(tmp_path)
    parent.kill()
    parent.communicate()

    while any(is_running(int(path.stem)) for path in found):
        sleep(0.05)


@pytest.mark.usefixtures("ends")
def test_ctrl_c_reaches_all_processes_and_only_the_parent_answers(tmp_path):
    parent, found = start_waiting(tmp_path)
    os.killpg(parent.pid, signal.SIGINT)  # what a terminal does
    _, message = parent.communicate()

    assert message.count(b"KeyboardInterrupt") == 1
    assert not any(is_running(int(path.stem)) for path in found)


def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from cotloom.builder.engine import map_items\nfrom cotloom.schemas.runtime import Runtime\n"
        "print('once')\nruntime = Runtime(workers=2, memory_gb=64.0)\n"
        f"print(map_items('{FUNCTIONS}:double', [{{'number': 1}}, {{'number': 2}}], {{'times': 2}}, runtime=runtime,"
        " description='testing'))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "once\n[{'twice': 2}, {'twice': 4}]\n"


def test_a_module_in_the_working_folder_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)

    assert len(mapped("double", times=2)) == 10


def test_what_workers_use_is_recorded():
    usage, held = UsageRecord(), 200_000_000
    mapped("burn", items(2), usage=usage, bytes=held)

    assert usage.cpu_s > 0
    assert usage.peak_bytes > held
    before = usage.cpu_s
    mapped("burn", items(2), usage=usage, bytes=1)
    assert usage.cpu_s > before
    assert usage.peak_bytes > held


def test_the_memory_of_the_parent_is_not_a_workers():
    held = bytearray(b"x") * 400_000_000
    usage = UsageRecord()
    mapped("double", items(2), usage=usage, times=1)

    assert usage.peak_bytes < len(held)


def test_work_in_this_process_is_not_recorded():
    usage = UsageRecord()
    mapped("burn", items(2), workers=1, usage=usage, bytes=1)

    assert usage == UsageRecord()


def test_the_number_of_the_risky_item_is_one_of_the_items():
    assert RISKY in [item["number"] for item in items()]
