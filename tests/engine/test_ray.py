"""The same calls as Ray tasks, on a cluster of this machine. Skipped where Ray is not installed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cotloom.builder.engine import UsageRecord, map_items
from cotloom.builder.errors import InputError, RecipeError, Stopped
from cotloom.schemas.runtime import EngineKind, Runtime
from tests.conftest import ROOT
from tests.engine.functions import RISKY
from tests.engine.test_engine import FUNCTIONS, MEMORY_GB, items

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Ray and what comes with it warn in many ways


@pytest.fixture(scope="module", autouse=True)
def _started():
    """Start a cluster with the first call of this file, and end it."""
    ray = pytest.importorskip("ray")
    yield
    ray.shutdown()


def mapped(name, given=None, usage=None, address=None, **settings):
    runtime = Runtime(workers=2, engine=EngineKind.RAY, ray_address=address, memory_gb=MEMORY_GB)
    given = items() if given is None else given
    return map_items(f"{FUNCTIONS}:{name}", given, settings, runtime=runtime, description="testing", usage=usage)


def test_results_come_in_the_order_of_the_items():
    assert mapped("sleep_longer_first", items=10) == list(range(10))


def test_work_is_done_by_other_processes_with_one_thread_each():
    assert os.getpid() not in mapped("get_process")
    assert set(mapped("get_threads")) == {"1"}


def test_values_come_through_as_they_are():
    odd = [{"path": os.fsdecode(b"/a\xff"), "count": 10**30, "text": "\u2028\x00\ud800"}, {"none": None}]

    assert mapped("echo", odd, value=1) == [[item, {"value": 1}] for item in odd]


def test_many_items_are_done():
    assert mapped("double", items(1_000), times=3)[-1] == {"twice": 2_997}


def test_an_error_of_the_user_is_itself():
    with pytest.raises(RecipeError, match="the recipe is wrong") as caught:
        mapped("refuse")

    assert (caught.value.hint, caught.value.keys) == ("correct it", ("verify.pattern",))


def test_a_fault_gives_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)in fail.*raise ValueError.*this item is too much for me"):
        mapped("fail")


def test_memory_that_runs_out_stops_the_command():
    with pytest.raises(Stopped, match="memory ran out"):
        mapped("run_out_of_memory")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_an_item_whose_worker_was_killed_is_done_again(number, tmp_path):
    settings = {"died": str(tmp_path / "died"), "signal": int(number)}

    assert mapped("die_once", **settings) == list(range(10))
    assert (tmp_path / "died").exists()


def test_an_item_that_kills_its_worker_again_and_again_is_named():
    with pytest.raises(Stopped, match=f"item {RISKY + 1} of 10"):
        mapped("die_at_a_row", signal=int(signal.SIGKILL))


def test_after_an_error_the_cluster_can_be_used():
    with pytest.raises(RuntimeError):
        mapped("fail", items(100))

    assert len(mapped("double", times=1)) == 10


def test_what_workers_use_is_recorded():
    usage = UsageRecord()
    mapped("burn", items(2), usage=usage, bytes=200_000_000)

    assert usage.cpu_s > 0
    assert usage.peak_bytes > 200_000_000


def test_an_address_without_a_cluster_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"no Ray cluster answers at {address}"):
            mapped("double", address=address, times=1)


@pytest.fixture
def cluster():
    """A cluster that somebody else has started on this machine."""
    ray = [str(Path(sys.executable).with_name("ray"))]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = ["--head", f"--port={port}", "--num-cpus=2", "--node-ip-address=127.0.0.1", "--include-dashboard=false"]
    head = subprocess.Popen(
        [*ray, "start", *options, "--disable-usage-stats", "--block"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    waiting = [*ray, "health-check", "--address", address]
    while subprocess.run(waiting, check=False, capture_output=True).returncode:
        assert head.poll() is None
    yield address
    head.terminate()
    head.wait()


@pytest.mark.usefixtures("ends")
def test_a_cluster_that_somebody_else_has_started_is_used_and_goes_on(cluster):
    code = (
        "from cotloom.builder.engine import map_items\nfrom cotloom.schemas.runtime import Runtime\n"
        f"runtime = Runtime(workers=2, engine='ray', ray_address={cluster!r})\n"
        f"print(map_items('{FUNCTIONS}:double', [{{'number': 1}}, {{'number': 2}}], {{'times': 2}}, runtime=runtime,"
        " description='testing'))\n"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[{'twice': 2}, {'twice': 4}]"
