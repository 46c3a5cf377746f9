"""Measure `cotloom audit FILE` on 100,000 rows: `python benchmarks/audit.py [--data FOLDER] [--rows N] [--write]`.

FOLDER holds gsm8k/train.jsonl, test.jsonl and model_solutions.jsonl of OpenAI's grade-school-math release. Their rows
are repeated with variations, so that nothing is the same to the letter: the words of each copy of a question are turned
around another place, and its solution begins in another way. Writes docs/benchmark-audit.md with --write.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmark-audit.md"
WORKERS = 2

ALTERNATIVE = """
import sys
import datasets

def look(row):
    text = row["response"] if "response" in row else row["answer"]
    return {"key": hash((row["question"], text)), "tags": (text.count("<think>"), text.count("</think>"))}

rows = datasets.load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
seen = rows.map(look, num_proc=2, remove_columns=rows.column_names)
keys = seen["key"][:]
print(len(keys) - len(set(keys)), sum(begun != ended for begun, ended in seen["tags"]))
"""
"""What a short script of one's own does: duplicates and tags, and nothing else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a command took."""

    wall_s: float
    """Seconds."""
    cpu_s: float
    """CPU seconds of all its processes."""
    peak_mb: int
    """The memory of its largest process."""
    out: str
    """What it wrote."""


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    page = "\n".join(render_page(arguments.data / "gsm8k", arguments.rows)) + "\n"
    print(page)
    if arguments.write:
        PAGE.write_text(page, encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def vary(question: str, copy: int) -> str:
    """Vary a question: its words are turned around another place, so that no copy is the same to the letter."""
    if not copy:
        return question
    words = question.split(" ")
    place = copy % len(words)
    return " ".join([*words[place:], f"({copy} of {len(words)})", *words[:place]])


def make_solved(data: Path) -> Iterator[dict[str, Any]]:
    """Make questions with solutions that state their answer behind `####`, without end."""
    rows, copy = read_lines(data / "train.jsonl"), 0
    while True:
        for row in rows:
            yield {"question": vary(row["question"], copy), "answer": f"Attempt {copy + 1}: {row['answer']}"}
        copy += 1


def make_labelled(data: Path) -> Iterator[dict[str, Any]]:
    """Make questions with a model's solution, its label and the gold answer, without end."""
    rows, copy = read_lines(data / "model_solutions.jsonl"), 0
    models = [name for name in rows[0] if isinstance(rows[0][name], dict)]
    while True:
        for row in rows:
            gold = row["ground_truth"].rpartition("A: ")[2]
            for model in models:
                found = row[model]
                yield {
                    "question": vary(row["question"], copy),
                    "gold": gold,
                    "response": f"Attempt {copy + 1}: {found['solution']}",
                    "is_correct": found["is_correct"],
                }
        copy += 1


def make_thoughts(data: Path) -> Iterator[dict[str, Any]]:
    """Make questions with a response that thinks between tags: all four solutions, then one of them, without end."""
    rows, copy = read_lines(data / "model_solutions.jsonl"), 0
    models = [name for name in rows[0] if isinstance(rows[0][name], dict)]
    while True:
        for row in rows:
            solutions = [row[model]["solution"] for model in models]
            thought = "\n\nWait, let me think again.\n".join(solutions)
            gold = row["ground_truth"].rpartition("A: ")[2]
            yield {
                "question": vary(row["question"], copy),
                "gold": gold,
                "response": f"<think>\nAttempt {copy + 1}: {thought}\n</think>\n\n{row['ground_truth']}",
            }
        copy += 1


SHAPES: Mapping[str, tuple[str, Callable[[Path], Iterator[dict[str, Any]]]]] = {
    "solved": ("questions and solutions of GSM8K's training split", make_solved),
    "labelled": ("model solutions with labels and gold answers", make_labelled),
    "thoughts": ("a thought of four solutions between tags, then the answer", make_thoughts),
}


def measure(command: list[str]) -> Measured:
    """Run a command and measure it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall_s=wall, cpu_s=cpu, peak_mb=after.ru_maxrss // 1024, out=done.stdout)


def render_page(data: Path, rows: int) -> Iterator[str]:
    """Measure each shape and render the page."""
    yield "# Benchmark: checking up a dataset\n"
    yield "Made by `make bench-audit` (`benchmarks/audit.py`): `cotloom audit FILE --workers 2` in a process of its"
    yield f"own, on {rows:,} rows of GSM8K's published solutions, repeated with variations so that little is the same"
    yield "to the letter. CPU seconds are those of all processes; memory is that of the largest one so far.\n"
    yield f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n"
    yield "| rows | file | against | wall | CPU | rows per second | judged | memory | findings |"
    yield "|---|---:|---|---:|---:|---:|---:|---:|---|"
    with TemporaryDirectory() as folder:
        for name, (words, make) in SHAPES.items():
            path = Path(folder) / f"{name}.jsonl"
            path.write_text("".join(f"{json.dumps(row)}\n" for row in islice(make(data), rows)), encoding="utf-8")
            yield render_audit(words, path, [])
            if name == "solved":
                yield render_audit(words, path, ["--against", str(data / "test.jsonl")])
        yield ""
        yield "No other tool that we know looks for the same. A script of one's own with `datasets.map` and two"
        yield "processes, which counts repeated rows and unbalanced tags and looks for nothing else, took:\n"
        yield "| rows | wall | CPU | memory |"
        yield "|---|---:|---:|---:|"
        for name, (words, _) in SHAPES.items():
            if name != "labelled":
                path = Path(folder) / f"{name}.jsonl"
                took = measure([sys.executable, "-c", ALTERNATIVE, str(path), f"{folder}/cache"])
                yield f"| {words} | {took.wall_s:.1f} s | {took.cpu_s:.1f} s | {took.peak_mb:,} MB |"


def render_audit(words: str, path: Path, options: list[str]) -> str:
    """Audit a file and render what it took."""
    command = [sys.executable, "-m", "cotloom.cli", "audit", str(path), *options, "--json", "--workers", str(WORKERS)]
    took = measure(command)
    found = json.loads(took.out)
    counts = found["counts"]
    names = ", ".join(f"`{each['check']}` {each['count']:,}" for each in found["findings"]) or "none"
    against = "GSM8K test" if options else "nothing"
    size = path.stat().st_size / 1e6
    return (
        f"| {words} | {size:.0f} MB | {against} | {took.wall_s:.1f} s | {took.cpu_s:.1f} s |"
        f" {counts['rows'] / took.wall_s:,.0f} | {counts['judged']:,} of {counts['responses']:,} |"
        f" {took.peak_mb:,} MB | {names} |"
    )


if __name__ == "__main__":
    main()
