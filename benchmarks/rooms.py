"""What the rooms cost, each against a named alternative, in one run on one machine: `make bench`.

    python benchmarks/rooms.py [--data FOLDER]

FOLDER holds gsm8k/model_solutions.jsonl (OpenAI's grade-school-math release). CPU seconds of this process are
counted, and the two sides take turns, so that a busy machine slows both. Writes docs/benchmarks.md.
"""

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from math_verify import parse, verify
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from cotloom.builder.select import ReasoningPath, choose_paths
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Request
from cotloom.builder.teacher.responses import encode_answers
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.verify import ComparisonOutcome, compare, judge, read_answer
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Select, Verify

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    theirs: str
    rows: int
    ours_s: float
    theirs_s: float
    note: str


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    solutions = _solutions(parser.parse_args().data / "gsm8k" / "model_solutions.jsonl")
    rows = [_answers(solutions), _judging(solutions), _choosing(solutions), _recording(solutions)]
    page = ROOT / "docs" / "benchmarks.md"
    page.write_text(_page(rows))
    print(page.read_text())


def _solutions(path: Path) -> list[tuple[Problem, str, bool]]:
    """Problem, solution, and whether it is labelled right."""
    found = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        gold = row["ground_truth"].rsplit("A: ", 1)[-1].strip()
        problem = Problem(problem_id="p", source="gsm8k", origin="", question=row["question"], answer=gold)
        found += [(problem, item["solution"], item["is_correct"]) for item in row.values() if isinstance(item, dict)]
    return found


def _equal(problem: Problem, answer: str) -> bool:
    return compare(problem.answer or "", answer, AnswerType.NUMBER).outcome is ComparisonOutcome.EQUAL


def _timed(*sides: Callable[[], object]) -> list[float]:
    """CPU seconds of each side: the median of several turns, taken in turn."""
    seconds: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for place, side in enumerate(sides):
            start = time.process_time()
            side()
            seconds[place].append(time.process_time() - start)
    return [median(turns) for turns in seconds]


def _answers(solutions: Sequence[tuple[Problem, str, bool]]) -> Row:
    """Reading and comparing final answers, against math-verify on the same texts."""
    some = solutions[:600]

    def ours() -> list[bool]:
        readings = [(problem, read_answer(text, AnswerType.NUMBER)) for problem, text, _ in some]
        return [reading is not None and _equal(problem, reading.answer) for problem, reading in readings]

    def theirs() -> list[bool]:
        return [
            bool(
                verify(
                    parse(problem.answer, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None
                )
            )
            for problem, text, _ in some
        ]

    ours_s, theirs_s = _timed(ours, theirs)
    labels = [label for _, _, label in some]
    off = [sum(found != label for found, label in zip(side(), labels, strict=True)) for side in (ours, theirs)]
    note = f"verdicts that disagree with the label: {off[0]} against {off[1]} of {len(some)}"
    return Row(
        "final answers",
        "read_answer, compare",
        f"math-verify {version('math-verify')}",
        len(some),
        ours_s,
        theirs_s,
        note,
    )


def _judging(solutions: Sequence[tuple[Problem, str, bool]]) -> Row:
    """All of judging, steps too, against math-verify's final answers alone."""
    some = solutions[:600]
    ours_s, theirs_s = _timed(
        lambda: [judge(problem, text, policy=Verify()) for problem, text, _ in some],
        lambda: [
            verify(parse(problem.answer, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None)
            for problem, text, _ in some
        ],
    )
    note = "ours also checks each written equation"
    return Row(
        "judging", "judge", f"math-verify {version('math-verify')}, answers only", len(some), ours_s, theirs_s, note
    )


def _choosing(solutions: Sequence[tuple[Problem, str, bool]]) -> Row:
    """Choosing 4 of 40 texts, against the full matrix of similarities and the same greedy choice on it."""
    groups = [[text for _, text, _ in solutions[start : start + 40]] for start in range(0, 1200, 40)]
    paths = [[ReasoningPath(sample_id=f"s_{n}", text=text) for n, text in enumerate(group)] for group in groups]
    policy = Select(signature="none", keep=4)

    def theirs() -> None:
        for group in groups:
            words = [normalize(text) for text in group]
            matrix = 1 - cdist(words, words, scorer=ratio) / 100
            picked = [int(matrix.sum(axis=0).argmin())]
            while len(picked) < policy.keep:
                picked.append(int(np.argmax(matrix[:, picked].min(axis=1))))

    ours_s, theirs_s = _timed(lambda: [choose_paths(group, policy) for group in paths], theirs)
    note = "by wording alone; ours also drops duplicates and says why"
    return Row("choosing 4 of 40", "choose", "rapidfuzz cdist, full matrix", 1200, ours_s, theirs_s, note)


def _recording(solutions: Sequence[tuple[Problem, str, bool]]) -> Row:
    """Recording answers in groups of 256, against JSON lines synced in the same groups."""
    requests = [
        Request(
            problem_id="p",
            messages=(Message(role=Role.USER, content=f"{n} {problem.question}"),),
            model="m",
            endpoint="e",
            sampling={},
        )
        for n, (problem, _, _) in enumerate(solutions)
    ]
    entries = [(request, 0, Answer(text=text)) for request, (_, text, _) in zip(requests, solutions, strict=True)]
    received = [ReceivedResponse(request, encode_answers([answer]), {index: 0}) for request, index, answer in entries]
    cuts = [*range(0, len(entries), 256), len(entries)]

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder, open_ledger(Path(folder) / "ledger.sqlite") as ledger:
            for begin, end in pairwise(cuts):
                ledger.record(received[begin:end])

    def theirs() -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            for begin, end in pairwise(cuts):
                for request, index, answer in entries[begin:end]:
                    file.write(json.dumps([request.digest, index, answer.text]) + "\n")
                file.flush()

    ours_s, theirs_s = _timed(ours, theirs)
    note = "ours compresses, checksums and refuses a second answer under a key, and survives a power cut"
    return Row("recording", "the ledger", "JSON lines, no sync, no index", len(entries), ours_s, theirs_s, note)


def _page(rows: Sequence[Row]) -> str:
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` (`benchmarks/rooms.py`) on GSM8K's recorded solutions. CPU seconds of one process,",
        f"median of {ROUNDS} turns, both sides in turn in one run. Read the ratios; times depend on the machine.",
        "",
        f"{platform.machine()}, Python {platform.python_version()}.",
        "",
        "| what | ours | against | rows | ours, rows per CPU s | theirs | ours / theirs | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ours, theirs = row.rows / row.ours_s, row.rows / row.theirs_s
        lines.append(
            f"| {row.what} | {row.ours} | {row.theirs} | {row.rows:,} | {ours:,.0f} | {theirs:,.0f} "
            f"| {ours / theirs:.2f} x | {row.note} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
