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
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, Self

from chunks import Chunk, Shape, make_chunk
from tasks import KINDS

TEACHER = "invented-teacher"

SHAPE = "shape.json"
"""The file that says what an input is."""


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
    (folder / SHAPE).unlink(missing_ok=True)  # it is written last: where it stands, the files are whole
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
    (folder / SHAPE).write_text(json.dumps({**asdict(shape), "counts": counts}, indent=1), encoding="utf-8")
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

    def __enter__(self) -> Self:
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
        _SOURCE.format(kind=kind, suffix=suffix, choices=", choices: choices" if kind == "choice" else "")
        for kind in kinds
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
select: {{signature: canonical, keep: 4}}

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
    shape = Shape(answers=options.answers, problems=options.problems, seed=options.seed)
    if options.base:
        shape = find_shape(options.base) or parser.error(f"{options.base} is no whole input of this program")
    if options.change:
        shape = add_change(shape, options.change, options.seed2)
    counts = write_input(shape, options.to, processes=options.processes, parquet=options.parquet)
    print(json.dumps({**counts, "seconds": round(time.monotonic() - start, 1)}))


def find_shape(folder: Path) -> Shape | None:
    """Find the shape of an input that was written before; None where there is none, or not all of it."""
    if not (folder / SHAPE).exists():
        return None
    values = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
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
    return replace(shape, change=what, share=float(share), seed2=seed2)


if __name__ == "__main__":
    main()
