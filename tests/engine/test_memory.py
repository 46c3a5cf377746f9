"""How many workers fit into memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.engine import WORKER_BYTES, count_workers, memory
from cotloom.builder.engine.memory import bound_workers, compute_workers, measure_available, parse_meminfo
from cotloom.schemas.runtime import Runtime

MEMINFO = """MemTotal:       16000000 kB
MemFree:         1000000 kB
MemAvailable:    8000000 kB
Buffers:          100000 kB
Cached:          6000000 kB
HugePages_Total:       0
"""
AVAILABLE = 8_000_000 * 1024


def write_files(root, **texts):
    for name, text in {"proc/meminfo": MEMINFO, **texts}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(text))


def write_group(root, folder, limit, used, cache=0):
    files = {"memory.max": limit, "memory.current": used, "memory.stat": f"anon 5\ninactive_file {cache}\n"}
    write_files(root, **{f"sys/fs/cgroup/{folder}/{name}": text for name, text in files.items()})


def test_meminfo_says_what_is_available():
    assert parse_meminfo(MEMINFO) == AVAILABLE


def test_an_old_kernel_says_what_is_free_and_what_is_cached():
    old = "".join(line for line in MEMINFO.splitlines(keepends=True) if not line.startswith("MemAvailable"))

    assert parse_meminfo(old) == 7_000_000 * 1024


@given(st.integers(1, 256), st.integers(0, 10**12), st.integers(0, 10**10))
def test_workers_fit_into_the_budget_and_there_is_one_at_least(workers, budget, item_bytes):
    count = compute_workers(workers, budget, item_bytes)

    assert 1 <= count <= workers
    assert count == 1 or count * (WORKER_BYTES + item_bytes) <= budget
    assert count == workers or (count + 1) * (WORKER_BYTES + item_bytes) > budget


def test_a_budget_counts_in_billions_of_bytes():
    assert count_workers(Runtime(workers=8, memory_gb=2.2)) == 3
    assert count_workers(Runtime(workers=8, memory_gb=2.2), item_bytes=400_000_000) == 2
    assert count_workers(Runtime(workers=8, memory_gb=0.1)) == 1
    assert count_workers(Runtime(workers=2, memory_gb=64.0)) == 2


def test_without_a_budget_three_quarters_of_what_is_available_are_taken(monkeypatch):
    monkeypatch.setattr(memory, "measure_available", lambda: 4 * WORKER_BYTES)

    assert count_workers(Runtime(workers=8)) == 3


def test_without_a_control_group_the_machine_counts(tmp_path):
    write_files(tmp_path)

    assert measure_available(tmp_path) == AVAILABLE


@pytest.mark.parametrize(
    ("limit", "used", "cache", "available"),
    [("max", 10, 0, AVAILABLE), (5_000, 2_000, 500, 3_500), (5_000, 6_000, 0, 0), (10**15, 1, 0, AVAILABLE)],
)
def test_a_control_group_counts_what_it_has_left_and_what_it_can_drop(tmp_path, limit, used, cache, available):
    write_files(tmp_path, **{"proc/self/cgroup": "0::/user/job\n"})
    write_group(tmp_path, "user/job", limit, used, cache)

    assert measure_available(tmp_path) == available


def test_the_groups_above_count_too(tmp_path):
    write_files(tmp_path, **{"proc/self/cgroup": "0::/user/job\n"})
    write_group(tmp_path, "user/job", "max", 10)
    write_group(tmp_path, "user", 900, 100)

    assert measure_available(tmp_path) == 800


def test_a_container_sees_its_own_group_at_the_top(tmp_path):
    write_files(tmp_path, **{"proc/self/cgroup": "0::/../../a/path/of/the/host\n"})
    write_group(tmp_path, ".", 900, 100)

    assert measure_available(tmp_path) == 800


def test_control_groups_of_the_first_version_are_known(tmp_path):
    lines = "12:cpu,cpuacct:/a\n5:memory:/docker/0123\n1:name=systemd:/b\n0::/\n"
    folder = "sys/fs/cgroup/memory/docker/0123"
    write_files(
        tmp_path,
        **{
            "proc/self/cgroup": lines,
            f"{folder}/memory.limit_in_bytes": 1_000,
            f"{folder}/memory.usage_in_bytes": 400,
            f"{folder}/memory.stat": "inactive_file 7\ntotal_inactive_file 100\n",
        },
    )

    assert measure_available(tmp_path) == 700


def test_elsewhere_than_on_linux_all_memory_counts(tmp_path):
    assert measure_available(tmp_path) > 0


def test_fewer_workers_than_asked_for_are_said(capsys):
    assert bound_workers(8, Runtime(workers=8, memory_gb=1.5), 0, "judging") == 2
    assert capsys.readouterr().err == (
        "cotloom: judging: 2 instead of 8 worker processes,"
        " since each takes 0.7 GB and 1.5 GB may be taken (--memory)\n"
    )
    assert bound_workers(2, Runtime(workers=8, memory_gb=1.5), 0, "judging") == 2
    assert capsys.readouterr().err == ""
