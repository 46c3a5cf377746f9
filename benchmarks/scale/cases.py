"""One size and shape: its input, a build in a fresh store, small changes to it, and commands that read it."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generate import Shape, add_change, find_shape, write_input
from measure import Measured, measure
from results import Results

ROOT = Path(__file__).resolve().parents[2]
COTLOOM = (sys.executable, "-m", "cotloom.cli")
SMALL = 2_000
"""Answers of the build that is done with one and with two workers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A size and a shape."""

    answers: int
    each: float
    """Answers a problem, on average; 40 stands for 1.88 million over 47,000."""
    workers: int
    work: Path
    """The folder of inputs and stores."""

    @property
    def problems(self) -> int:
        """How many problems."""
        return max(1, round(self.answers / self.each))

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.answers}-{self.each:g}"

    @property
    def input(self) -> Path:
        """Folder of its input."""
        return self.work / "input" / self.name

    @property
    def store(self) -> Path:
        """Its store."""
        return self.work / "store" / self.name

    @property
    def touched(self) -> Path:
        """The file that lists the steps that were begun since the build: their caches may be warm."""
        return self.work / "store" / f"{self.name}.steps"


def run_cotloom(case: Case, step: str, arguments: Sequence[str]) -> tuple[Measured, str]:
    """Run a command of Cotloom on the store of a case; its measurement and its standard output."""
    log = case.work / "logs" / f"{case.name}-{step}.log"
    command = [*COTLOOM, *arguments, "--store", str(case.store)]
    measured = measure(command, log=log, environment={"PYTHONPATH": str(ROOT)})
    if measured.exit_code:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        print(f"  exit code {measured.exit_code}: {' '.join(command)}\n{tail}", file=sys.stderr)
    return measured, log.with_suffix(".out").read_text(encoding="utf-8", errors="replace")


def write_case(case: Case, change: str = "") -> Path:
    """Write the input of a case, or a variation of it; one of this shape that is whole stays.

    Returns:
        Its folder.
    """
    folder = case.input.with_name(f"{case.name}-{change.partition(':')[0]}") if change else case.input
    shape = Shape(answers=case.answers, problems=case.problems)
    shape = add_change(shape, change) if change else shape
    if find_shape(folder) != shape:
        print(f"  writing {folder.name}", file=sys.stderr)
        write_input(shape, folder)
    return folder


# Builds


def measure_build(case: Case, step: str, folder: Path, version: str, changes: Iterable[str] = ()) -> dict[str, Any]:
    """Build a version and describe what it took and what came out."""
    arguments = ["build", str(folder / "recipe.yaml"), "--workers", str(case.workers), "--json"]
    for change in (*changes, f"version={version}"):
        arguments += ["--set", change]
    measured, output = run_cotloom(case, step, arguments)
    values: dict[str, Any] = {"workers": case.workers, **asdict(measured)}
    if measured.exit_code == 0:
        built = json.loads(output)
        values |= {key: built[key] for key in ("status", "content_digest", "counts", "path")}
        run = json.loads((Path(built["path"]) / "build.json").read_text(encoding="utf-8"))
        values["stages"] = {
            stage["stage"]: {"wall_s": stage["seconds"], "cpu_s": stage["cpu_seconds"]} for stage in run["stages"]
        }
        values["store_mb"] = round(measure_folder(case.store) / 1e6, 1)
    return values


def measure_folder(folder: Path) -> int:
    """Add up the bytes of all files below a folder; a file with several names counts once."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in stats}.values())


def run_build(case: Case) -> dict[str, Any]:
    """Build a case in a fresh store."""
    shutil.rmtree(case.store, ignore_errors=True)
    case.touched.unlink(missing_ok=True)
    values = measure_build(case, "build", write_case(case), "1.0.0")
    if values["exit_code"] == 0:
        case.touched.touch()
    return values


def _remix(case: Case) -> dict[str, Any]:
    kinds = [path.stem.removeprefix("problems-") for path in sorted(case.input.glob("problems-*"))]
    stages = [
        {"name": "specialise", "take": dict.fromkeys(kinds, "all"), "cap": {"problem": 8}},
        {"name": "restore", "take": dict.fromkeys(kinds, "1/64")},
    ]
    return measure_build(case, "remix", case.input, "1.0.1", [f"mixture.stages={json.dumps(stages)}"])


def _change_input(case: Case, what: str, version: str) -> dict[str, Any]:
    folder = write_case(case, f"{what}:0.01")
    values = measure_build(case, what, folder, version)
    shutil.rmtree(folder)  # as large as the input itself
    return values


BUILDS: Mapping[str, Callable[[Case], dict[str, Any]]] = {
    "unchanged": lambda case: measure_build(case, "unchanged", case.input, "1.0.0"),
    "remix": _remix,
    "keep": lambda case: measure_build(case, "keep", case.input, "1.0.2", ["select.keep=3"]),
    "problems": lambda case: _change_input(case, "problems", "1.1.0"),
    "answers": lambda case: _change_input(case, "answers", "1.2.0"),
}
"""Builds in the warm store: nothing changed, only the mixture, `select.keep`, 1 % new problems, 1 % new answers."""


# Reading

REF = "scale@1.0.0"
IDS = "SELECT problem_id, sample_id, example_id FROM examples WHERE fate = 'kept' ORDER BY example_id LIMIT 1"
READS: Mapping[str, Sequence[str]] = {
    "list": ["list"],
    "show": ["show", REF],
    "sql": ["sql", REF, IDS, "--json"],
    "explain problem": ["explain", REF, "problem_id"],
    "explain sample": ["explain", REF, "sample_id"],
    "explain example": ["explain", REF, "example_id"],
    "audit": ["audit", REF],
    "export": ["export", REF, "--format", "trl", "--to"],
}
"""Commands that read a version; ids are put in for the names of their columns."""


def _read(case: Case, step: str, ids: Mapping[str, str]) -> dict[str, Any]:
    arguments = [ids.get(argument, argument) for argument in READS[step]]
    folder = case.work / "export" / case.name
    shutil.rmtree(folder, ignore_errors=True)
    if step == "export":
        folder.parent.mkdir(parents=True, exist_ok=True)
        arguments.append(str(folder))
    measured, _ = run_cotloom(case, step.replace(" ", "-"), arguments)
    values = asdict(measured)
    if folder.exists():
        values["export_mb"] = round(measure_folder(folder) / 1e6, 1)
        shutil.rmtree(folder)
    return values


def _find_ids(case: Case) -> dict[str, str]:
    """Find a problem, a sample and an example of the version."""
    _, output = run_cotloom(case, "ids", READS["sql"])
    rows: list[dict[str, str]] = json.loads(output)["rows"]
    return rows[0]


# All of a case


def measure_case(case: Case, results: Results, only: Sequence[str] | None = None) -> None:
    """Measure the steps of a case that are missing."""
    steps = [step for step in ("build", *BUILDS, *READS) if only is None or step in only]
    missing = [step for step in steps if results.needs(case.answers, case.each, step)]
    if not missing:
        return
    print(f"{case.answers:,} answers, {case.problems:,} problems", file=sys.stderr)
    write_case(case)
    if _needs_build(case, missing):
        if not _add(case, results, "build", run_build(case)):
            return
        missing = [step for step in missing if step != "build"]
    for step in (step for step in missing if step in BUILDS):
        with case.touched.open("a", encoding="utf-8") as file:
            file.write(f"{step}\n")
        _add(case, results, step, BUILDS[step](case))
    reads = [step for step in missing if step in READS]
    ids = _find_ids(case) if any("explain" in step for step in reads) else {}
    for step in reads:
        _add(case, results, step, _read(case, step, ids))


def _needs_build(case: Case, missing: Sequence[str]) -> bool:
    """Whether the store has to be made anew: it isn't there, or a step to be measured was begun in it before."""
    if "build" in missing or not case.touched.exists():
        return True
    begun = set(case.touched.read_text(encoding="utf-8").split())
    return bool(begun & set(missing) & set(BUILDS))


def _add(case: Case, results: Results, step: str, values: Mapping[str, Any]) -> bool:
    row = results.add(case.answers, case.each, step, {"problems": case.problems, **values})
    times = f"{row['wall_s']:.1f} s, CPU {row['cpu_s']:.1f} s, {row['peak_mb']:,.0f} MB"
    print(f"  {step}: {times}", file=sys.stderr)
    return row["exit_code"] == 0


def measure_workers(work: Path, results: Results) -> None:
    """Build a small input with one and with two workers, and note whether the content digests are equal."""
    if not results.needs(SMALL, 40.0, "workers"):
        return
    digests, values = [], {}
    for workers in (1, 2):
        case = Case(answers=SMALL, each=40.0, workers=workers, work=work / f"workers-{workers}")
        values = run_build(case)
        digests.append(values.get("content_digest"))
    equal = len(set(digests)) == 1 and None not in digests
    print(f"content digests with 1 and 2 workers: {'equal' if equal else 'DIFFERENT'}", file=sys.stderr)
    results.add(SMALL, 40.0, "workers", {**values, "problems": 50, "equal": equal})
