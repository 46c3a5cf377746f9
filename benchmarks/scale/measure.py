"""Measure a command: wall time, CPU time of it and of its workers, and the memory of all its processes together.

Linux only: everything is read from /proc. Memory is sampled, so short peaks between two samples are missed; the
largest process is never missed, because the kernel keeps its peak.
"""

import os
import select
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
INTERVALS = ((2.0, 0.02), (10.0, 0.1), (float("inf"), 0.5))
"""How often memory is sampled, in seconds, up to so many seconds of run time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a command took."""

    exit_code: int
    wall_s: float
    cpu_s: float
    """User and system time of the command and of every process that it waited for."""
    workers_s: float
    """The part of `cpu_s` that was not in the first process."""
    threads_s: float
    """The part of `cpu_s` that was in other threads of the first process than its main one."""
    peak_mb: float
    """Memory of all processes together at its peak, shared pages counted once (PSS); at least the largest process."""
    private_mb: float
    """The same without the pages of mapped files, which the system takes back when memory is short."""
    processes: int
    """The most processes at a time."""


def measure(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command and measure it.

    Args:
        command: program and arguments.
        log: gets its standard error; its standard output goes beside it, with the suffix `.out`.
        environment: variables besides those of this process.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors, log.with_suffix(".out").open("wb") as output:
        start = time.monotonic()
        child = subprocess.Popen(  # a session of its own, so that orphans are found too
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        try:
            memory, processes = _watch(child.pid, start)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            child.wait()
            raise
        wall = time.monotonic() - start
    own, waited = _read_times(Path(f"/proc/{child.pid}/stat"))
    leader, _ = _read_times(Path(f"/proc/{child.pid}/task/{child.pid}/stat"))
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        exit_code=child.returncode,
        wall_s=round(wall, 3),
        cpu_s=round(usage.ru_utime + usage.ru_stime, 3),
        workers_s=round(waited, 3),
        threads_s=round(max(0.0, own - leader), 3),
        peak_mb=round(max(memory["Pss"], usage.ru_maxrss) / 1024, 1),
        private_mb=round(memory["Pss_Anon"] / 1024, 1),
        processes=processes,
    )


def _watch(pid: int, start: float) -> tuple[Counter[str], int]:
    """Sample until the process ends, and leave it unreaped: kilobytes at their peaks, and the most processes."""
    peaks, most = Counter[str](), 1
    handle = os.pidfd_open(pid)
    try:
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        while True:
            passed = time.monotonic() - start
            interval = next(pause for until, pause in INTERVALS if passed < until)
            if ended.poll(interval * 1000):
                return peaks, most
            members = list_tree(pid)
            peaks |= sum(map(_read_memory, members), Counter())
            most = max(most, len(members))
    finally:
        os.close(handle)


def list_tree(root: int) -> list[int]:
    """List a process, its descendants, and whatever is left of its session."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = _split_stat(folder / "stat")
                parents[int(folder.name)] = int(fields[1])
                if int(fields[3]) == root:
                    found.add(int(folder.name))
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found or pid == root} - found
        found |= more
        grown = bool(more)
    return sorted(found)


def _split_stat(path: Path) -> list[str]:
    """Split a stat file behind the name of the program: state, parent, group, session, ..."""
    return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _read_times(path: Path) -> tuple[float, float]:
    """Read CPU seconds: of the process or thread itself, and of the processes that it waited for."""
    user, system, waited_user, waited_system = map(int, _split_stat(path)[11:15])
    return (user + system) / TICKS, (waited_user + waited_system) / TICKS


def _read_memory(pid: int) -> Counter[str]:
    """Read the memory of a process in kilobytes, its shared pages divided by those who share them."""
    memory = Counter[str]()
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            name, kilobytes, _ = line.split()
            memory[name.removesuffix(":")] = int(kilobytes)
    return memory
