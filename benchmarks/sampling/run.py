"""Sampling against a server on loopback, beside other clients: `make bench-sampling`.

It writes docs/benchmark-sampling.md.

    python benchmarks/sampling/run.py [--quick] [--only wire rounds] [--curator-python PYTHON]

Curator is measured where `--curator-python` names a Python that has `bespokelabs-curator`; nothing else of the project
needs it. With `--quick` or `--only` the tables are printed and no page is written.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from faults import measure_faults, measure_kills, measure_pair
from limits import measure_limits
from page import Section
from rounds import measure_rounds
from sizes import Size, make_quick
from wire import measure_memory, measure_wire

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmark-sampling.md"
PARTS: Mapping[str, Callable[[Size], Iterator[Section]]] = {
    "wire": measure_wire,
    "memory": measure_memory,
    "limits": measure_limits,
    "rounds": measure_rounds,
    "faults": measure_faults,
    "kills": measure_kills,
    "pair": measure_pair,
}


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less of everything: a few minutes")
    names = list(PARTS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PART", help=", ".join(names))
    parser.add_argument("--curator-python", metavar="PATH", help="a Python that has bespokelabs-curator")
    options = parser.parse_args()
    size = make_quick(options.curator_python) if options.quick else Size(curator_python=options.curator_python)
    begin = time.monotonic()
    sections = []
    for section in (section for name in options.only for section in PARTS[name](size)):
        sections.append(section.render())
        print(sections[-1], flush=True)
    head = (
        "# Benchmark: sampling a teacher\n\n"
        f"Made by `make bench-sampling` (`benchmarks/sampling/`) in {(time.monotonic() - begin) / 60:.0f} minutes,"
        f" Python {platform.python_version()},\n{os.cpu_count()} cores. The server is a process of its own on the same"
        " machine, so that both share its cores, and the\nmachine is not quiet: read the ratios and the CPU time.\n"
    )
    page = "\n".join([head, *sections])
    print(head)
    if not options.quick and options.only == list(PARTS):
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
