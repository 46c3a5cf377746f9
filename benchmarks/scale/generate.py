"""Write problems and recorded answers of a given size, with the recipe that builds them.

    python benchmarks/scale/generate.py --to DIR --answers 1880000 --problems 47000 [--seed 0] [--parquet]
    python benchmarks/scale/generate.py --to DIR --base OTHER --change problems:0.01 [--seed2 1]

The second form writes OTHER again with one percent of new problems (and their answers), or with `answers:0.01` one
percent of new answers, in random places; all other rows are the same bytes. Rows depend on the seeds alone. Everything
is made chunk by chunk, so memory does not grow with the size. The texts are made from invented templates; their
lengths are those of the CoT Collection (questions of 388 and rationales of 496 characters on average).
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import IO, Any

import orjson
from answers import MadeAnswer, write_answers
from problems import KINDS, MadeProblem, make_problem, make_tasks, weigh_tasks

CHUNK_ANSWERS, CHUNK_PROBLEMS = 4_000, 1_000
"""The most answers and problems of a chunk, about."""

TEACHER = "invented-teacher"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What determines the rows; kept beside them as `shape.json`."""

    answers: int
    """How many recorded answers."""
    problems: int
    """How many problems they belong to."""
    seed: str = "0"
    """Key of every choice."""
    change: str = ""
    """What is added: `problems` or `answers`; empty for nothing."""
    share: float = 0.0
    """How much is added, as a share of what is there."""
    seed2: str = "1"
    """Key of what is added."""

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return max(1, self.answers // CHUNK_ANSWERS, self.problems // CHUNK_PROBLEMS)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines of a part of the rows."""

    problems: dict[str, bytes]
    """Lines of problems, by answer type."""
    answers: bytes
    """Lines of answers."""
    counts: dict[str, int]
    """Problems by type, answers by what they are (`right`, `wrong`, ...), repeated ones, and characters."""


def split_evenly(total: int, parts: int, index: int) -> int:
    """Return the size of one part of a total.

    >>> [split_evenly(10, 4, index) for index in range(4)]
    [2, 3, 2, 3]
    """
    return total * (index + 1) // parts - total * index // parts


def spread_counts(total: int, parts: int, chance: Random) -> list[int]:
    """Divide a total among parts, at least one each where it suffices, with some having more than others.

    >>> counts = spread_counts(400, 10, Random(0))
    >>> sum(counts), min(counts) >= 20, len(set(counts)) > 5
    (400, True, True)
    """
    counts = [split_evenly(total, parts, index) for index in range(parts)]
    for index in range(0, parts - 1, 2):
        moved = int(chance.random() * (counts[index + 1] // 2 + 1)) if counts[index + 1] > 1 else 0
        counts[index] += moved
        counts[index + 1] -= moved
    return counts


# One chunk


def make_chunk(job: tuple[Shape, int]) -> Chunk:
    """Make the rows of one chunk.

    >>> shape = Shape(answers=60, problems=6)
    >>> make_chunk((shape, 0)) == make_chunk((shape, 0))
    True
    >>> changed = make_chunk((Shape(answers=60, problems=6, change="answers", share=0.1), 0))
    >>> old, new = make_chunk((shape, 0)).answers.splitlines(), changed.answers.splitlines()
    >>> len(old), len(new), [line for line in new if line in old] == old
    (60, 66, True)
    """
    shape, index = job
    chance = Random(f"{shape.seed} chunk {index}")
    count = split_evenly(shape.problems, shape.chunks, index)
    counts = spread_counts(split_evenly(shape.answers, shape.chunks, index), count, chance)
    problems = [_draw_problem(shape, chance) for _ in range(count)]
    rows = [(problem, answer) for problem, k in zip(problems, counts, strict=True) for answer in write_answers(problem, k, chance)]
    chance.shuffle(rows)
    if shape.change:
        _add_rows(shape, index, problems, rows)
    return _format_chunk(problems, rows)


def _draw_problem(shape: Shape, chance: Random) -> MadeProblem:
    (task,) = chance.choices(make_tasks(shape.seed), cum_weights=weigh_tasks(shape.seed))
    return make_problem(task, chance)


def _add_rows(shape: Shape, index: int, problems: list[MadeProblem], rows: list[tuple[MadeProblem, MadeAnswer]]) -> None:
    """Insert new problems with their answers, or new answers to problems that are there."""
    chance = Random(f"{shape.seed} {shape.seed2} {shape.change} {index}")
    if shape.change == "problems":
        new = [_draw_problem(shape, chance) for _ in range(_count_new(shape, shape.problems, index))]
        each = max(1, shape.answers // shape.problems)
        answers = [(problem, answer) for problem in new for answer in write_answers(problem, each, chance)]
        _insert(problems, new, chance)
    else:
        drawn = [chance.choice(problems) for _ in range(_count_new(shape, shape.answers, index))]
        answers = [(problem, answer) for problem in drawn for answer in write_answers(problem, 1, chance)]
    _insert(rows, answers, chance)


def _count_new(shape: Shape, total: int, index: int) -> int:
    return split_evenly(round(total * shape.share), shape.chunks, index)


def _insert(rows: list[Any], new: Sequence[Any], chance: Random) -> None:
    for row in new:
        rows.insert(int(chance.random() * (len(rows) + 1)), row)


def _format_chunk(problems: Sequence[MadeProblem], rows: Sequence[tuple[MadeProblem, MadeAnswer]]) -> Chunk:
    counts: Counter[str] = Counter(problem.kind for problem in problems)
    for _, answer in rows:
        counts[answer.kind] += 1
        counts[answer.repeats or "fresh"] += 1
        counts["answer characters"] += len(answer.text)
    counts["question characters"] += sum(len(problem.question) for problem in problems)
    lines = {kind: [_format_problem(item) for item in problems if item.kind == kind] for kind in KINDS}
    answers = [
        orjson.dumps({"question": problem.question, "rationale": answer.text, "is_correct": answer.is_correct})
        for problem, answer in rows
    ]
    return Chunk({kind: _join_lines(some) for kind, some in lines.items()}, _join_lines(answers), dict(counts))


def _format_problem(problem: MadeProblem) -> bytes:
    row: dict[str, Any] = {"question": problem.question, "answer": problem.gold, "task": problem.task}
    return orjson.dumps(row | ({"choices": problem.choices} if problem.choices else {}))


def _join_lines(lines: Sequence[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n" if lines else b""


# Files


def write_input(shape: Shape, folder: Path, *, processes: int = 2, parquet: bool = False) -> dict[str, int]:
    """Write all files of an input, with `recipe.yaml` and `shape.json`.

    Args:
        shape: what to write.
        folder: where to; it is made.
        processes: how many processes make rows.
        parquet: write Parquet files instead of JSONL.

    Returns:
        Counts of what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    suffix = "parquet" if parquet else "jsonl"
    with ExitStack() as stack:
        names = {**{kind: f"problems-{kind}" for kind in KINDS}, "answers": "answers"}
        files = {key: stack.enter_context(_open_table(folder / f"{name}.{suffix}")) for key, name in names.items()}
        for number, chunk in enumerate(_make_chunks(shape, processes), 1):
            for key, lines in {**chunk.problems, "answers": chunk.answers}.items():
                files[key].write(lines)
            counts.update(chunk.counts)
            if number % 50 == 0:
                print(f"  {number:,} of {shape.chunks:,} chunks", file=sys.stderr)
    kinds = [kind for kind in KINDS if counts[kind]]
    for kind in set(KINDS) - set(kinds):
        (folder / f"problems-{kind}.{suffix}").unlink(missing_ok=True)
    (folder / "recipe.yaml").write_text(write_recipe(kinds, suffix), encoding="utf-8")
    (folder / "shape.json").write_text(json.dumps({**asdict(shape), "counts": counts}, indent=1), encoding="utf-8")
    return dict(counts)


def _make_chunks(shape: Shape, processes: int) -> Iterator[Chunk]:
    jobs = ((shape, index) for index in range(shape.chunks))
    if processes == 1 or shape.chunks == 1:
        yield from map(make_chunk, jobs)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(make_chunk, jobs)


def _open_table(path: Path) -> "IO[bytes] | _ParquetTable":
    return path.open("wb") if path.suffix == ".jsonl" else _ParquetTable(path)


class _ParquetTable:
    """A Parquet file that takes lines of JSON, a row group for each chunk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def __enter__(self) -> "_ParquetTable":
        return self

    def write(self, lines: bytes) -> None:
        """Write lines; the first ones decide about the columns."""
        import polars as pl  # noqa: PLC0415 - only where Parquet is wanted
        import pyarrow.parquet as pq  # noqa: PLC0415

        if not lines:
            return
        table = pl.read_ndjson(lines).to_arrow()
        self._writer = self._writer or pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()


# The recipe

_SOURCE = """  - name: {kind}
    kind: file
    path: problems-{kind}.{suffix}
    fields: {{question: question, answer: answer, task: task{choices}}}
    answer_type: {kind}
    license: CC0-1.0
"""


def write_recipe(kinds: Sequence[str], suffix: str = "jsonl") -> str:
    """Write the recipe for an input with these answer types."""
    sources = "".join(
        _SOURCE.format(kind=kind, suffix=suffix, choices=", choices: choices" if kind == "choice" else "") for kind in kinds
    )
    return f"""# Written by benchmarks/scale/generate.py.
name: scale
version: 1.0.0
description: Invented problems with recorded answers of full size, for `make bench-scale`.
license: CC0-1.0
languages: [en]

sources:
{sources}
split: {{test: 0.01}}

teacher:
  backend: recorded
  answers:
    path: answers.{suffix}
    problem: question
    completions:
      - column: rationale
        teacher: {TEACHER}
        labels: {{is_correct: is_correct}}

verify: {{steps: drop}}
select: {{signature: operations, keep: 4}}

formats:
  - {{name: zero_shot_cot}}
  - {{name: zero_shot_answer}}
  - {{name: in_context_cot, shots: [1, 4]}}
  - {{name: in_context_answer, shots: [1, 4]}}

mixture:
  stages:
    - name: specialise
      take: {{{", ".join(f"{kind}: all" for kind in kinds)}}}
    - name: restore
      take: {{{", ".join(f"{kind}: 1/256" for kind in kinds)}}}
"""


# The command


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--base", type=Path, help="the folder of an input of this program")
    parser.add_argument("--change", help="problems:SHARE or answers:SHARE")
    parser.add_argument("--seed2", default="1")
    parser.add_argument("--parquet", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if not 1 <= options.problems <= options.answers:
        parser.error("there must be at least one answer for each problem")
    start = time.monotonic()
    shape = read_shape(options.base) if options.base else Shape(
        answers=options.answers, problems=options.problems, seed=options.seed
    )  # fmt: skip
    if options.change:
        shape = add_change(shape, options.change, options.seed2)
    counts = write_input(shape, options.to, processes=options.processes, parquet=options.parquet)
    print(json.dumps({**counts, "seconds": round(time.monotonic() - start, 1)}))


def read_shape(folder: Path) -> Shape:
    """Read the shape of an input that was written before."""
    values = json.loads((folder / "shape.json").read_text(encoding="utf-8"))
    values.pop("counts")
    return Shape(**values)


def add_change(shape: Shape, change: str, seed2: str = "1") -> Shape:
    """Add a change such as `problems:0.01` to a shape.

    >>> add_change(Shape(answers=10, problems=5), "answers:0.1").share
    0.1
    """
    what, _, share = change.partition(":")
    if what not in {"problems", "answers"}:
        message = f"{change}: problems:SHARE or answers:SHARE"
        raise SystemExit(message)
    return Shape(
        answers=shape.answers, problems=shape.problems, seed=shape.seed, change=what, share=float(share), seed2=seed2
    )


if __name__ == "__main__":
    main()
