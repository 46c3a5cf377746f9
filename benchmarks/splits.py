"""Measure what splits by groups leak: `python benchmarks/splits.py [--data FOLDER]`.

FOLDER holds svamp/SVAMP.json and gsm8k/train.jsonl. SVAMP's problems are variations of about ninety seed problems,
which it does not name: svamp_seeds.json has the number of each one's seed, as found by average linkage over all words
of the questions, names too; the commonest words of each were looked through by hand. A few numbers stand for two
seeds of one topic, so more pairs count as variations than are. The method under test sees neither. Writes
docs/benchmark-splits.md.
"""

import argparse
import json
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from cotloom.builder.sources.clusters import INPUT_COLUMNS, assign_sides
from cotloom.builder.text.variations import read_template
from cotloom.schemas.ids import RANKS, rank
from cotloom.schemas.problem import make_problem_id
from cotloom.schemas.source import SplitBy

ROOT = Path(__file__).resolve().parent.parent
SHARE = 0.2
SEEDS = 50
MANY = 100_000


def read_svamp(folder: Path) -> list[str]:
    """Read the questions of SVAMP."""
    rows = json.loads((folder / "svamp/SVAMP.json").read_text(encoding="utf-8"))
    return [f"{row['Body']}\n{row['Question']}" for row in rows]


def read_gsm8k(folder: Path) -> list[str]:
    """Read the training questions of GSM8K."""
    lines = (folder / "gsm8k/train.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def make_rows(questions: Sequence[str]) -> pl.DataFrame:
    """Make the rows from which clusters are made."""
    rows = []
    for question in questions:
        found = read_template(question)
        rows.append((make_problem_id(question), "s", found.key, found.key, found.words))
    schema = [*((name, pl.String) for name in INPUT_COLUMNS[:-1]), (INPUT_COLUMNS[-1], pl.List(pl.UInt32))]
    return pl.DataFrame(rows, schema=schema, orient="row").unique("problem_id", maintain_order=True)


def measure_leak(clusters: Sequence[str], seeds: Sequence[int]) -> float:
    """Measure the share of test problems with a variation in training, on average over keys of the split."""
    shares = []
    for seed in range(SEEDS):
        tests = [rank(f"split:{seed}", cluster) < SHARE * RANKS for cluster in clusters]
        trained = {name for name, is_test in zip(seeds, tests, strict=True) if not is_test}
        own = [name in trained for name, is_test in zip(seeds, tests, strict=True) if is_test]
        shares.append(sum(own) / max(len(own), 1))
    return sum(shares) / len(shares)


def list_clusters(rows: pl.DataFrame, questions: Sequence[str]) -> list[str]:
    """List the cluster of each question."""
    found = assign_sides(rows, SplitBy(test=SHARE), 0, None).rows
    names = dict(found.select("problem_id", "cluster").iter_rows())
    return [names[make_problem_id(question)] for question in questions]


def mix_questions(questions: Sequence[str], count: int) -> list[str]:
    """Make questions of the beginning of one and the end of another."""
    rng = random.Random(7)
    halves = [re.split(r"(?<=[.?!])\s", question) for question in questions]
    made: dict[str, None] = {}
    while len(made) < count:
        first, second = rng.choice(halves), rng.choice(halves)
        made[" ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])] = None
    return list(made)


def _format_bin(sizes: Counter[int], low: int, high: int) -> str:
    inside = {size: count for size, count in sizes.items() if low <= size <= high}
    name = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"| {name} | {sum(inside.values()):,} | {sum(size * count for size, count in inside.items()):,} |"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    folder = parser.parse_args().data
    svamp, seeds = read_svamp(folder), json.loads((ROOT / "benchmarks/svamp_seeds.json").read_text(encoding="utf-8"))
    digits = [re.sub(r"\d+(?:[.,]\d+)*", "#", question.lower()) for question in svamp]
    template = [read_template(question).key for question in svamp]
    ways = {
        "by row": svamp,
        "template key with digits masked, as it was": digits,
        "template key with numbers, names and days masked": template,
        "clusters of variations": list_clusters(make_rows(svamp), svamp),
    }
    lines = [
        f"| {name} | {len(set(keys)):,} | {max(Counter(keys).values())} | {measure_leak(keys, seeds):.1%} |"
        for name, keys in ways.items()
    ]
    gsm8k = read_gsm8k(folder)
    sizes = Counter(Counter(list_clusters(make_rows(gsm8k), gsm8k)).values())
    bins = [(1, 1), (2, 3), (4, 9), (10, 29), (30, 99), (100, 299), (300, len(gsm8k))]
    table = [_format_bin(sizes, low, high) for low, high in bins]
    many = mix_questions(gsm8k, MANY)
    started = time.process_time()
    rows = make_rows(many)
    masked = time.process_time()
    report = assign_sides(rows, SplitBy(test=SHARE), 0, None).report
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text = f"""# What splits by groups leak

Made by `make bench-splits`.

## SVAMP: {len(svamp):,} variations of about ninety seed problems

A fifth of the groups is held out. How many test problems have a variation of the same seed in training, on average over
{SEEDS} keys of the split:

| groups | how many | largest | leaking test problems |
|---|---|---|---|
{chr(10).join(lines)}

SVAMP does not name the seeds. They were found by average linkage over all words of the questions, with their names,
which the method does not see; the commonest words of each were looked through by hand. A few of them are two seeds.

## GSM8K: how large clusters are

{len(gsm8k):,} training questions; the largest cluster has {max(sizes)} of them, {max(sizes) / len(gsm8k):.1%}.

| problems in a cluster | clusters | problems |
|---|---|---|
{chr(10).join(table)}

## {MANY:,} questions

Each is the first half of one question of GSM8K and the second half of another: more are alike than in life.
Masking them took {masked - started:.0f} s of processor time, which the workers share; clusters and sides
{ended - masked:.0f} s in one process; at most {peak:.1f} GB of memory. There are {report["clusters"]:,} clusters, the
largest with {report["largest_cluster"]:,} problems.
"""
    (ROOT / "docs/benchmark-splits.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
