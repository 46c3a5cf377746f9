"""What formatting and mixing cost beside `datasets.map` and plain polars: `make bench-format`.

    python benchmarks/formatting.py [--data FOLDER] [--samples N]

FOLDER holds gsm8k/train.jsonl. Its solutions, numbered so that no two texts are equal, are written in four formats with
one to four demonstrations in two of them, mixed into two stages, and written to disk: by the functions that a
build calls, bucket by bucket; by `datasets.map` with the same templates, for each row and for batches; and in polars
with templates of its own. Each runs in a process of its own and reads the same file. Writes docs/benchmark-format.md,
or prints the page where that would be a smaller run than the size of the CoT Collection.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from datasets import Dataset, disable_progress_bars

from cotloom.builder import format as formats
from cotloom.builder import mix
from cotloom.builder.format.templates import make_solved_problem, write_messages
from cotloom.builder.parquet import write_parquet
from cotloom.builder.passes.arrow import read_arrow, write_arrow
from cotloom.builder.passes.examples import gather_texts
from cotloom.schemas.formats import Caps, FormatSpec, Mixture, MixtureStage
from cotloom.schemas.frames import get_schema
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import Problem
from cotloom.schemas.sample import Sample

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("zero_shot_cot", "in_context_cot", "zero_shot_answer", "in_context_answer")
SPECS = [FormatSpec(name=name) for name in NAMES]
EACH, MOST_SHOTS, BUCKET, SEED = 4, 4, 25_000, 0
COLLECTION = 1_880_000
"""Samples, as many as the CoT Collection has."""
STAGES = (
    MixtureStage(name="special", take={"gsm8k": "all"}, cap=Caps(problem=12)),
    MixtureStage(name="replay", take={"gsm8k": "1/256"}),
)
RULES = mix.MixtureRules(formats=SPECS, mixture=Mixture(stages=STAGES), sources=["gsm8k"], seed=SEED)


def main() -> None:
    """Measure, and write the page; with `--run NAME --rows FILE`, be one of the sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--samples", type=int, default=COLLECTION)
    parser.add_argument("--run", choices=list(SIDES))
    parser.add_argument("--rows", type=Path)
    arguments = parser.parse_args()
    if arguments.run:
        measure_side(arguments.run, arguments.rows)
        return
    with TemporaryDirectory() as folder:
        rows = write_rows(arguments.data / "gsm8k" / "train.jsonl", arguments.samples, Path(folder) / "rows.parquet")
        results = {name: run_side(name, rows) for name in SIDES}
    page = render_page(results, arguments.samples)
    if arguments.samples >= COLLECTION:
        (ROOT / "docs" / "benchmark-format.md").write_text(page, encoding="utf-8")
    print(page)


def run_side(name: str, rows: Path) -> Mapping[str, Any]:
    """Run a side in a process of its own; what it prints last is what it took."""
    command = [sys.executable, __file__, "--run", name, "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"{name}: {done.stdout.splitlines()[-1]}", file=sys.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure_side(name: str, rows: Path) -> None:
    """Run a side and print the CPU seconds, the seconds, the most memory and the rows."""
    disable_progress_bars()
    with TemporaryDirectory(dir=rows.parent) as folder:
        cpu, start = time.process_time(), time.perf_counter()
        count = SIDES[name](rows, Path(folder))
        took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - start}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({**took, "peak_gb": peak, "rows": count}))


def write_rows(path: Path, samples: int, target: Path) -> Path:
    """Write kept samples joined with their problems, as `join_problems` does, in the order of their problems' ids."""
    known = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    ids = sorted((f"p_{rank('p', str(n)):016x}00000000", n) for n in range(samples // EACH))
    with target.open("wb") as file:
        first = make_rows(known, ids[: BUCKET // EACH]).to_arrow()
        with pq.ParquetWriter(file, first.schema) as writer:
            for start in range(0, len(ids), BUCKET // EACH):
                writer.write_table(make_rows(known, ids[start : start + BUCKET // EACH]).to_arrow().cast(first.schema))
    return target


def make_rows(known: Sequence[Mapping[str, str]], problems: Sequence[tuple[str, int]]) -> pl.DataFrame:
    """Make the samples of some problems, each given by its id and its number."""
    own = [(name, n, EACH * n + index) for name, n in problems for index in range(EACH)]
    solved = {n: known[n % len(known)]["answer"].partition("####") for _, n in problems}
    values = {
        "sample_id": [f"s_{rank('s', str(number)):016x}00000000" for _, _, number in own],
        "problem_id": [name for name, _, _ in own],
        "text": [f"Way {number}: {solved[n][0]}The answer is {solved[n][2].strip()}." for _, n, number in own],
        "question": [f"{known[n % len(known)]['question']} (case {n})" for _, n, _ in own],
        "answer": [solved[n][2].strip() for _, n, _ in own],
        "group": [name for name, _, _ in own],
    }
    constant = {"source": "gsm8k", "answer_type": "number", "language": "en", "split": "train", "teacher": "t",
                "verdict": "correct"}  # fmt: skip
    schema = {**get_schema(Problem), **get_schema(Sample)}
    frame = pl.DataFrame(values)
    others = [name for name in (*formats.ANSWER_COLUMNS, "choices") if name not in {*values, *constant, "simulated"}]
    return frame.with_columns(
        *(pl.lit(value).alias(name) for name, value in constant.items()),
        *(pl.lit(None, dtype=schema[name]).alias(name) for name in others),
        simulated=pl.lit(value=False),
    ).sort("problem_id", "sample_id")


# The sides: each returns the rows that are trained on


def run_cotloom(rows: Path, folder: Path) -> int:
    """Format and mix bucket by bucket, through the functions that a build calls."""
    texts, ranks = [], []
    file = pq.ParquetFile(rows)
    for number in range(file.num_row_groups):
        texts.append(folder / str(number))
        texts[-1].mkdir()
        part = pl.DataFrame(file.read_row_group(number))
        rendered = formats.render_texts(part, NAMES, SEED)
        write_arrow(rendered, texts[-1] / "texts.arrow")
        shift = number << formats.ADDRESS_BITS
        ranked = formats.rank_demonstrations(rendered, SEED).with_columns(address=pl.col("row") + shift)
        ranks.append(ranked.select(formats.RING_COLUMNS))
    rings, gather = formats.build_rings(pl.concat(ranks)), partial(gather_texts, texts)
    for path in texts:
        own = read_arrow(path / "texts.arrow")
        forms = formats.choose_demonstrations(own, SPECS, SEED, rings)
        write_parquet(formats.write_examples(own, forms, gather).sort("example_id"), path / "examples.parquet")
    candidates = [path / "examples.parquet" for path in texts]
    ranked_rows = [mix.rank_stages(read_candidates(path), RULES, mix.Shares()) for path in candidates]
    joined = ((name, pl.concat([part[name] for part in ranked_rows])) for name in ranked_rows[0])
    shares = mix.decide_stages(joined, RULES, mix.Shares())
    count = 0
    for path in candidates:
        mixed = mix.mix_bucket(read_candidates(path), RULES, shares)
        write_parquet(mixed, path.with_name("mixture.parquet"))
        count += mixed.drop_nulls("mixture_stage").height
    return count


def read_candidates(path: Path) -> pl.DataFrame:
    """Read what the mixture of a bucket depends on."""
    facts = {"task": pl.String, "category": pl.String}
    return pl.read_parquet(path, columns=list(mix.CANDIDATE_COLUMNS)).with_columns(
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in facts.items()),
        problem_weight=pl.lit(1.0),
        is_hinted=pl.lit(value=False),
    )


def open_dataset(rows: Path, folder: Path) -> Dataset:
    """Open the rows as a dataset with a cache of its own."""
    return Dataset.from_parquet(str(rows), cache_dir=str(folder))


def read_pool(rows: Path) -> list[dict[str, Any]]:
    """Read the rows that demonstrations are chosen from."""
    return pl.read_parquet(rows, n_rows=10_000).to_dicts()


def run_map(rows: Path, folder: Path) -> int:
    """Write each row with `datasets.map`, example by example."""
    dataset = open_dataset(rows, folder)
    written = dataset.map(partial(write_row, pool=read_pool(rows)), remove_columns=dataset.column_names)
    written.to_parquet(folder / "written.parquet")
    return count_stages(written)


def run_batched_map(rows: Path, folder: Path) -> int:
    """Write each row with `datasets.map` in batches of a thousand."""
    dataset = open_dataset(rows, folder)
    write = partial(write_batch, pool=read_pool(rows))
    written = dataset.map(write, batched=True, remove_columns=dataset.column_names)
    written.to_parquet(folder / "written.parquet")
    return count_stages(written)


def write_row(row: Mapping[str, Any], pool: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Write one sample in four formats with the templates of Cotloom, and draw the second stage."""
    problem, name = make_solved_problem(row), row["sample_id"]
    drawn = [rank(f"shown:{seed}", name) for seed in range(1 + MOST_SHOTS)]
    shown = [make_solved_problem(pool[place % len(pool)]) for place in drawn[1 : 2 + drawn[0] % MOST_SHOTS]]
    messages = {
        form: [
            {"role": str(message.role), "content": message.content}
            for message in write_messages(
                formats.FORMATS[form], problem, shown if formats.FORMATS[form].in_context else ()
            )
        ]
        for form in NAMES
    }
    return {**messages, "replay": [rank(form, name) % 256 == 0 for form in NAMES]}


def write_batch(batch: Mapping[str, Sequence[Any]], pool: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Write a batch of samples; see `write_row`."""
    names = list(batch)
    written = [write_row(dict(zip(names, row, strict=True)), pool) for row in zip(*batch.values(), strict=True)]
    return {name: [row[name] for row in written] for name in written[0]}


def count_stages(written: Dataset) -> int:
    """Count the rows of both stages."""
    taken = sum(sum(map(sum, batch["replay"])) for batch in written.select_columns(["replay"]).iter(10_000))
    return len(NAMES) * len(written) + taken


def run_polars(rows: Path, folder: Path) -> int:
    """Format and mix in plain polars, part by part."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "scale"))
    from rooms_polars import format_rows, mix_rows  # noqa: PLC0415 - a script beside its measuring tools

    file, count = pq.ParquetFile(rows), 0
    for number in range(file.num_row_groups):
        mixed = mix_rows(format_rows(pl.DataFrame(file.read_row_group(number))))
        mixed.write_parquet(folder / f"{number}.parquet")
        count += mixed.height
    return count


SIDES: Mapping[str, Callable[[Path, Path], int]] = {
    "cotloom": run_cotloom,
    "datasets.map, row by row": run_map,
    "datasets.map, batched": run_batched_map,
    "polars": run_polars,
}
"""What is measured."""


def render_page(results: Mapping[str, Mapping[str, Any]], samples: int) -> str:
    """Render the page."""
    own = results["cotloom"]
    table = [
        f"| {name} | {took['cpu_s']:.0f} | {samples / took['cpu_s']:,.0f} | {took['cpu_s'] / own['cpu_s']:.2f} × |"
        f" {took['wall_s']:.0f} | {took['peak_gb']:.1f} GB | {took['rows']:,} |"
        for name, took in results.items()
    ]
    head = HEAD.format(version=platform.python_version(), samples=f"{samples:,}")
    ratio = results["datasets.map, row by row"]["cpu_s"] / own["cpu_s"]
    return "\n".join([head, *table, TAIL.format(ratio=ratio, peak=own["peak_gb"])])


HEAD = """# Benchmark: formatting and mixing

Made by `make bench-format` (`benchmarks/formatting.py`): Python {version}, {samples} kept samples of numbered
GSM8K solutions, four a problem, in four formats (two of them with one to four demonstrations) and two stages. Each side
runs in a process of its own and writes what it made as Parquet, as it does by itself (`datasets` with snappy, the
others with zstd). CPU seconds are those of all threads. The machine is not quiet: read the ratios.

| | CPU s | samples per CPU second | CPU of Cotloom's | seconds | most memory | rows trained on |
|---|---|---|---|---|---|---|"""

TAIL = """
Cotloom runs the functions of a build, bucket by bucket. The two sides with `datasets.map` call the same templates; they
choose demonstrations by keyed hash from 10,000 rows, whatever their group. The side with polars has templates of its
own, as column expressions, and chooses demonstrations within each part of 25,000 rows. None of the three has caps, ids
from content, fates with reasons, or demonstrations of other groups only; and they write the formats that ask for the
answer alone once for each sample, where Cotloom writes them once for each problem and drops the others by name.

The goals are five times the speed of `datasets.map` row by row, and less than 6 GB; here it is {ratio:.1f} times, and
{peak:.1f} GB.
"""


if __name__ == "__main__":
    main()
