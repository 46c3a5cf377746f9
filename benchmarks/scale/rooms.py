"""The stages beside the nearest alternative on the same rows: `datasets.map` with the same functions, plain polars.

`datasets.map` calls `judge` and `choose_paths` for each row with two processes (`rooms_map.py`); polars formats and
mixes the kept samples of the version (`rooms_polars.py`). Ours is a build with two workers of the same rows, which
also reads, samples, freezes and digests; where a build says what each stage took, its stages stand beside them.
"""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cases import ROOT, Case, measure_build, write_case
from measure import measure
from results import Results

EACH = 40.0
"""Answers a problem of the rows."""

SIDES = ("rooms build", "rooms map", "rooms polars")
"""Steps of the results: ours, and both alternatives."""


def measure_rooms(work: Path, rows: int, workers: int, results: Results) -> None:
    """Measure both sides on the same rows, one after the other; where one is missing, both are measured."""
    if not any(results.needs(rows, EACH, side) for side in SIDES):
        return
    print(f"the stages on {rows:,} rows, beside datasets.map and polars", file=sys.stderr)
    case = Case(answers=rows, each=EACH, workers=workers, work=work / "rooms")
    folder = write_case(case)
    built = build_rows(case, folder)
    _add(results, case, "rooms build", built)
    _add(results, case, "rooms map", _run(case, "rooms_map", folder))
    if built["exit_code"] == 0:
        _add(results, case, "rooms polars", _run(case, "rooms_polars", Path(built["path"])))


def build_rows(case: Case, folder: Path) -> dict[str, Any]:
    """Build the rows with Cotloom in a fresh store."""
    shutil.rmtree(case.store, ignore_errors=True)
    return measure_build(case, "build", folder, "1.0.0")


def _run(case: Case, module: str, folder: Path) -> dict[str, Any]:
    """Run one of the alternatives; it prints what each of its phases took."""
    target = case.work / module
    shutil.rmtree(target, ignore_errors=True)  # `datasets` would find its results of an earlier run there
    command = [sys.executable, "-c", f"import {module}; {module}.main()", str(folder), str(target)]
    log = case.work / "logs" / f"{module}.log"
    paths = f"{ROOT}:{Path(__file__).resolve().parent}"
    measured = measure(command, log=log, environment={"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"})
    values = asdict(measured)
    if measured.exit_code == 0:
        values["phases"] = json.loads(log.with_suffix(".out").read_text(encoding="utf-8"))
    else:
        print(log.read_text(encoding="utf-8", errors="replace")[-2_000:], file=sys.stderr)
    return values


def _add(results: Results, case: Case, side: str, values: dict[str, Any]) -> None:
    row = results.add(case.answers, case.each, side, {"problems": case.problems, **values})
    print(f"  {side}: {row['wall_s']:.1f} s, CPU {row['cpu_s']:.1f} s, {row['peak_mb']:,.0f} MB", file=sys.stderr)
