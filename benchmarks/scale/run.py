"""Measure builds of full size, small changes and reading: `make bench-scale`.

    python benchmarks/scale/run.py [SIZE ...] [--shapes 40 1] [--quick] [--workers 2] [--work DIR] [--keep DIR]

A SIZE is a number of recorded answers (`60k`, `1.88M`); a shape is how many answers a problem has on average (`40` is
1.88 million over 47,000, `4.7` over 400,000, `1` over as many problems). For each, `cotloom` runs as a child process in
a fresh store: a build, the same again, only the mixture changed, another `select.keep`, one percent of the problems
and of the answers new, then `list`, `show`, `explain`, `audit` and `export`. With `--keep` results are kept, and a
later run measures only what is missing (`--again` measures all). Writes docs/performance.md, `--quick` only prints it.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cases import Case, measure_case, measure_workers
from page import write_page
from results import Results
from rooms import measure_rooms

ROOT = Path(__file__).resolve().parents[2]
SIZES = ("0.2M", "0.6M", "1.88M")
QUICK_SIZE = "20k"


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Where and when something was measured; part of every result."""

    at: str
    commit: str
    processor: str
    cores: int
    memory_gb: float
    python: str


def main() -> int:
    """Measure, and write the page."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended too
    options = _read_options()
    machine = describe_machine()
    results = Results(options.keep, machine, again=options.again)
    if options.work is None:
        with tempfile.TemporaryDirectory(prefix="cotloom-scale-") as folder:
            _measure(options, Path(folder), results)
    else:
        options.work.mkdir(parents=True, exist_ok=True)
        _measure(options, options.work.resolve(), results)
    page = write_page(results.list_rows())
    print(page)
    if options.page is not None:
        options.page.write_text(page, encoding="utf-8")
    return 1 if any(row["exit_code"] for row in results.list_rows()) else 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", help=f"numbers of answers; default {' '.join(SIZES)}")
    parser.add_argument("--shapes", nargs="+", type=float, default=[40.0, 1.0], help="answers a problem")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SIZE} answers, 40 a problem, about a minute")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", nargs="+", help="only these steps, such as build remix show")
    parser.add_argument("--rooms", type=int, default=100_000, help="rows beside datasets.map and polars; 0 for none")
    parser.add_argument("--work", type=Path, help="folder for inputs and stores; kept, so that a later run goes on")
    parser.add_argument("--keep", type=Path, help="folder for results; what is there is not measured again")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.add_argument("--page", type=Path, help="the page to write; default docs/performance.md, none with --quick")
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.shapes = options.sizes or [QUICK_SIZE], options.shapes[:1]
        options.rooms = min(options.rooms, 5_000)
    elif options.page is None:
        options.page = ROOT / "docs" / "performance.md"
    return options


def _measure(options: argparse.Namespace, work: Path, results: Results) -> None:
    measure_workers(work, results)
    for size in options.sizes or SIZES:
        for each in options.shapes:
            case = Case(answers=read_size(size), each=each, workers=options.workers, work=work)
            measure_case(case, results, options.steps)
    if options.rooms:
        measure_rooms(work, options.rooms, options.workers, results)


def read_size(text: str) -> int:
    """Read a number of answers.

    >>> read_size("1.88M"), read_size("60k"), read_size("200,000")
    (1880000, 60000, 200000)
    """
    factors = {"k": 1_000, "M": 1_000_000}
    number, factor = (text[:-1], factors[text[-1]]) if text[-1] in factors else (text, 1)
    return round(float(number.replace(",", "").replace("_", "")) * factor)


def describe_machine() -> Machine:
    """Describe this machine and the code that is measured."""
    names = [line.split(":", 1)[1].strip() for line in _read_lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next(int(line.split()[1]) for line in _read_lines("/proc/meminfo") if line.startswith("MemTotal:"))
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="minutes"),
        commit=_run_git("rev-parse", "--short", "HEAD") + ("+" if _run_git("status", "--porcelain", "-uno") else ""),
        processor=names[0] if names else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(memory / 2**20, 1),
        python=platform.python_version(),
    )


def _read_lines(path: str) -> Sequence[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _run_git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("" if arguments[0] == "status" else "unknown")


if __name__ == "__main__":
    sys.exit(main())
