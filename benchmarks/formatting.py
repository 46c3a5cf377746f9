"""What formatting and mixing cost beside `datasets.map` and plain polars: `make bench-format`.

    python benchmarks/formatting.py [--data FOLDER] [--samples N]

FOLDER holds gsm8k/train.jsonl. Its solutions, numbered so that no two texts are equal, are written in four formats with
one to four demonstrations in two of them, mixed into two stages, and written to disk: by the functions that a
build calls, bucket by bucket; by `datasets.map` with the same templates, for each row and for batches; and in polars
with templates of its own. Each runs in a process of its own. Writes docs/benchmark-format.md.
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
from datasets import Dataset, disable_progress_bars

from cotloom.builder import format as formats
from cotloom.builder import mix
from cotloom.builder.format.templates import make_solved_problem, write_messages
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
STAGES = (
    MixtureStage(name="special", take={"gsm8k": "all"}, cap=Caps(problem=12)),
    MixtureStage(name="replay", take={"gsm8k": "1/256"}),
)
RULES = mix.MixtureRules(formats=SPECS, mixture=Mixture(stages=STAGES), sources=["gsm8k"], seed=SEED)


def main() -> None:
    """Measure, and write the page; with `--run NAME FOLDER`, be one of the sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--run", choices=list(SIDES))
    arguments = parser.parse_args()
    if arguments.run:
        measure_side(arguments.run, arguments.data, arguments.samples)
        return
    results = {name: run_side(name, arguments.data, arguments.samples) for name in SIDES}
    page = ROOT / "docs" / "benchmark-format.md"
    page.write_text(render_page(results, arguments.samples), encoding="utf-8")
    print(page.read_text("utf-8"))


def run_side(name: str, data: Path, samples: int) -> Mapping[str, Any]:
    """Run a side in a process of its own; what it prints last is what it took."""
    command = [sys.executable, __file__, "--run", name, "--data", str(data), "--samples", str(samples)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_side(name: str, data: Path, samples: int) -> None:
    """Run a side and print the CPU seconds, the seconds, the most memory and the rows."""
    disable_progress_bars()
    rows = make_rows(data / "gsm8k" / "train.jsonl", samples)
    with TemporaryDirectory() as folder:
        cpu, start = time.process_time(), time.perf_counter()
        count = SIDES[name](rows, Path(folder))
        took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - start}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({**took, "peak_gb": peak, "rows": count}))


def make_rows(path: Path, samples: int) -> pl.DataFrame:
    """Make kept samples joined with their problems, as `join_problems` does."""
    known = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    problems = samples // EACH
    numbers = pl.int_range(samples, eager=True)
    asked = [f"{known[n % len(known)]['question']} (case {n})" for n in range(problems)]
    solved = [known[n % len(known)]["answer"].partition("####") for n in range(problems)]
    own = (numbers // EACH).to_list()
    ids = [f"p_{rank('p', str(n)):016x}00000000" for n in range(problems)]
    values = {
        "sample_id": [f"s_{rank('s', str(n)):016x}00000000" for n in range(samples)],
        "problem_id": [ids[n] for n in own],
        "text": [f"Way {n}: {solved[p][0]}The answer is {solved[p][2].strip()}." for n, p in enumerate(own)],
        "question": [asked[n] for n in own],
        "answer": [solved[n][2].strip() for n in own],
        "group": [ids[n] for n in own],
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


def run_cotloom(rows: pl.DataFrame, folder: Path) -> int:
    """Format and mix bucket by bucket, through the functions that a build calls."""
    texts, ranks = [], []
    for number, part in enumerate(rows.iter_slices(BUCKET)):
        texts.append(folder / str(number))
        texts[-1].mkdir()
        rendered = formats.render_texts(part, NAMES, SEED)
        write_arrow(rendered, texts[-1] / "texts.arrow")
        shift = number << formats.ADDRESS_BITS
        ranked = formats.rank_demonstrations(rendered, SEED).with_columns(address=pl.col("row") + shift)
        ranks.append(ranked.select(formats.RING_COLUMNS))
    rings, gather = formats.build_rings(pl.concat(ranks)), partial(gather_texts, texts)
    for path in texts:
        own = read_arrow(path / "texts.arrow")
        forms = formats.choose_demonstrations(own, SPECS, SEED, rings)
        formats.write_examples(own, forms, gather).sort("example_id").write_parquet(path / "examples.parquet")
    candidates = [path / "examples.parquet" for path in texts]
    ranked_rows = [mix.rank_stages(read_candidates(path), RULES, mix.Shares()) for path in candidates]
    joined = ((name, pl.concat([part[name] for part in ranked_rows])) for name in ranked_rows[0])
    shares = mix.decide_stages(joined, RULES, mix.Shares())
    count = 0
    for path in candidates:
        mixed = mix.mix_bucket(read_candidates(path), RULES, shares)
        mixed.write_parquet(path.with_name("mixture.parquet"))
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


def open_dataset(rows: pl.DataFrame, folder: Path) -> Dataset:
    """Write the rows, and open them as a dataset with a cache of its own."""
    rows.write_parquet(folder / "rows.parquet")
    return Dataset.from_parquet(str(folder / "rows.parquet"), cache_dir=str(folder))


def run_map(rows: pl.DataFrame, folder: Path) -> int:
    """Write each row with `datasets.map`, example by example."""
    pool = rows.head(10_000).to_dicts()
    written = open_dataset(rows, folder).map(partial(write_row, pool=pool), remove_columns=rows.columns)
    written.to_parquet(folder / "written.parquet")
    return count_stages(written)


def run_batched_map(rows: pl.DataFrame, folder: Path) -> int:
    """Write each row with `datasets.map` in batches of a thousand."""
    pool = rows.head(10_000).to_dicts()
    write = partial(write_batch, pool=pool)
    written = open_dataset(rows, folder).map(write, batched=True, remove_columns=rows.columns)
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
    return len(NAMES) * len(written) + sum(map(sum, written["replay"]))


def run_polars(rows: pl.DataFrame, folder: Path) -> int:
    """Format and mix in plain polars."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "scale"))
    from rooms_polars import format_rows, mix_rows  # noqa: PLC0415 - a script beside its measuring tools

    mixed = mix_rows(format_rows(rows))
    mixed.write_parquet(folder / "mixed.parquet")
    return mixed.height


SIDES: Mapping[str, Callable[[pl.DataFrame, Path], int]] = {
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
        f"| {name} | {took['cpu_s']:.1f} | {samples / took['cpu_s']:,.0f} | {took['cpu_s'] / own['cpu_s']:.2f} × |"
        f" {took['wall_s']:.1f} | {took['peak_gb']:.2f} GB | {took['rows']:,} |"
        for name, took in results.items()
    ]
    head = HEAD.format(version=platform.python_version(), samples=f"{samples:,}")
    ratio = results["datasets.map, row by row"]["cpu_s"] / own["cpu_s"]
    return "\n".join([head, *table, TAIL.format(ratio=ratio)])


HEAD = """# Benchmark: formatting and mixing

Made by `make bench-format` (`benchmarks/formatting.py`): Python {version}, {samples} kept samples of numbered
GSM8K solutions, four a problem, in four formats (two of them with one to four demonstrations) and two stages. Each side
runs in a process of its own and writes what it made as Parquet. CPU seconds are those of all threads. The machine is
not quiet: read the ratios.

| | CPU s | samples per CPU second | CPU of Cotloom's | seconds | most memory, with the input | rows trained on |
|---|---|---|---|---|---|---|"""

TAIL = """
Cotloom runs the functions of a build, bucket by bucket. The two sides with `datasets.map` call the same templates; they
choose demonstrations by keyed hash from 10,000 rows, whatever their group. The side with polars has templates of its
own, as column expressions. None of the three has caps, ids from content, fates with reasons, or demonstrations of other
groups only; and they write the formats that ask for the answer alone once for each sample, where Cotloom writes them
once for each problem and drops the others by name.

The goal is five times the speed of `datasets.map` row by row; here it is {ratio:.1f} times. 1.88 million samples have
not been run.
"""


if __name__ == "__main__":
    main()
