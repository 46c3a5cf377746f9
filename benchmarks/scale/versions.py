"""Measure questions about two versions of full size that differ in one percent: `make bench-versions`.

    python benchmarks/scale/versions.py [SIZE] [--each 40] [--workers 2] [--work DIR] [--keep DIR] [--page FILE]

Builds SIZE recorded answers (`1.88M` unless said otherwise, 40 a problem) as one version, one percent new answers as
the next, and asks what people ask: `diff`, `audit`, a search in the texts, `explain`, the queue of `review`. Beside
`diff` and the search stand short scripts of one's own over the same Parquet files, with polars and with DuckDB. With
`--work` and `--keep` a later run goes on where one ended. Writes docs/benchmark-versions.md.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cases import BUILDS, REF, Case, run_build, run_cotloom
from measure import measure
from page import format_seconds
from results import Results
from run import ROOT, describe_machine, read_size

AFTER = "scale@1.2.0"
"""The version with the new answers."""

SEARCH = "SELECT sample_id, text FROM samples WHERE contains(text, 'baskets')"

QUESTIONS: Mapping[str, tuple[str, Sequence[str]]] = {
    "diff": ("what changed, and why", ["diff", REF, AFTER]),
    "diff rows": ("the same with ten rows of each group", ["diff", REF, AFTER, "--limit", "10"]),
    "audit": ("does everything hold", ["audit", AFTER]),
    "search": (
        "the first 50 rationales that mention a word",
        ["sql", AFTER, f"{SEARCH} LIMIT 50", "--format", "jsonl"],
    ),
    "search, nowhere": (
        "the same for a word that stands nowhere: every text is read",
        ["sql", AFTER, f"{SEARCH.replace('baskets', 'Xylophone')} LIMIT 50", "--format", "jsonl"],
    ),
    "search, no limit": (
        "the first search without LIMIT: 40 rows, and how many more there are",
        ["sql", AFTER, SEARCH],
    ),
    "search all": (
        "how many rationales mention it, in all",
        ["sql", AFTER, "SELECT count(*) AS n FROM samples WHERE contains(text, 'baskets')", "--format", "jsonl"],
    ),
    "reasons": (
        "why rows were dropped",
        ["sql", AFTER, "SELECT stage, reason, count(*) AS n FROM samples GROUP BY ALL ORDER BY n DESC"],
    ),
    "two versions": (
        "samples that one version keeps and the other does not",
        [
            "sql", AFTER, "--with", f"old={REF}",
            "SELECT count(*) AS n FROM samples AS new JOIN old.samples AS o USING (sample_id) WHERE new.fate <> o.fate",
        ],
    ),
    "explain": ("the story of one sample", ["explain", AFTER, "SAMPLE"]),
    "review": ("the 50 most doubtful rows", ["review", AFTER, "--list"]),
    "review random": ("200 rows at random", ["review", AFTER, "--list", "--random", "200"]),
}  # fmt: skip
"""What is asked, and the command that answers it."""

OWN_DIFF = """
import sys
import polars as pl

before, after = sys.argv[1:3]
for table, key in (("problems", "problem_id"), ("samples", "sample_id"), ("examples", "example_id")):
    one, two = (pl.scan_parquet(f"{folder}/{table}*.parquet") for folder in (before, after))
    names = one.collect_schema().names()
    rows = (each.select(key, row=pl.struct(names).hash()) for each in (one, two))
    joined = next(rows).join(next(rows), on=key, how="full", coalesce=True).collect(engine="streaming")
    changed = joined.filter(pl.col("row") != pl.col("row_right")).height
    print(table, joined["row"].null_count(), joined["row_right"].null_count(), changed)
"""
"""Rows that came, went or changed, and nothing about why."""

OWN_SEARCH = """
import sys
import duckdb

query = "SELECT sample_id, text FROM read_parquet(?) WHERE contains(text, 'baskets') LIMIT 50"
print(len(duckdb.execute(query, [f"{sys.argv[1]}/samples*.parquet"]).fetchall()))
"""

OWN = {
    "own diff": ("polars: rows that came, went or changed, by a hash of each", OWN_DIFF),
    "own search": ("DuckDB: the first 50 rationales that mention a word, no checksum verified", OWN_SEARCH),
}
"""Short scripts of one's own: what each does, and the script."""

_ABOUT = """\
# Two versions of full size

Made by `make bench-versions` (`benchmarks/scale/versions.py`): {answers:,} recorded answers to {problems:,} problems as
one version, the same with one percent of new answers as the next. Each command ran as a process of its own, with the
system's caches as the command before left them; memory is the peak of all its processes together (PSS, sampled).
"""


def main() -> int:
    """Measure, and write the page."""
    options = _read_options()
    results = Results(options.keep, describe_machine(), again=options.again)
    if options.work is None:
        with tempfile.TemporaryDirectory(prefix="cotloom-versions-") as folder:
            case = _measure(options, Path(folder), results)
    else:
        options.work.mkdir(parents=True, exist_ok=True)
        case = _measure(options, options.work.resolve(), results)
    page = "\n".join(_write_page(case, results)) + "\n"
    print(page)
    if options.page is not None:
        options.page.write_text(page, encoding="utf-8")
    return 1 if any(row["exit_code"] for row in results.list_rows()) else 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", default="1.88M", help="the number of answers; only 1.88M writes the page")
    parser.add_argument("--each", type=float, default=40.0, help="answers a problem")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for inputs and the store; kept, so that a later run goes on")
    parser.add_argument("--keep", type=Path, help="folder for results; what is there is not measured again")
    parser.add_argument("--again", action="store_true", help="ask again what was asked before, too")
    parser.add_argument("--page", type=Path, help="the page to write; by default docs/benchmark-versions.md")
    options = parser.parse_args()
    if options.page is None and options.size == "1.88M":
        options.page = ROOT / "docs" / "benchmark-versions.md"
    return options


def _measure(options: argparse.Namespace, work: Path, results: Results) -> Case:
    case = Case(answers=read_size(options.size), each=options.each, workers=options.workers, work=work)
    _build_both(case, results)
    sample = _find_sample(case)
    for step, (_, words) in QUESTIONS.items():
        _ask(case, results, step, [sample if word == "SAMPLE" else word for word in words])
    before, after = (case.store / "versions" / ref.replace("@", "/") for ref in (REF, AFTER))
    _run_script(case, results, "own diff", [str(before), str(after)])
    _run_script(case, results, "own search", [str(after)])
    return case


def _build_both(case: Case, results: Results) -> None:
    """Build both versions, where the store lacks one."""
    for step, ref, build in (("build", REF, run_build), ("answers", AFTER, BUILDS["answers"])):
        folder = case.store / "versions" / ref.replace("@", "/")
        if not (folder / "manifest.json").is_file():
            _add(case, results, step, build(case))


def _find_sample(case: Case) -> str:
    query = "SELECT sample_id FROM samples WHERE fate = 'kept' LIMIT 1"
    _, output = run_cotloom(case, "ids", ["sql", AFTER, query, "--json"])
    rows: list[dict[str, str]] = json.loads(output)["rows"]
    return rows[0]["sample_id"]


def _ask(case: Case, results: Results, step: str, arguments: Sequence[str]) -> None:
    if results.needs(case.answers, case.each, step):
        _add(case, results, step, asdict(run_cotloom(case, step.replace(" ", "-"), arguments)[0]))


def _run_script(case: Case, results: Results, step: str, arguments: Sequence[str]) -> None:
    if results.needs(case.answers, case.each, step):
        log = case.work / "logs" / f"{case.name}-{step.replace(' ', '-')}.log"
        _add(case, results, step, asdict(measure([sys.executable, "-c", OWN[step][1], *arguments], log=log)))


def _add(case: Case, results: Results, step: str, values: Mapping[str, Any]) -> None:
    row = results.add(case.answers, case.each, step, {"problems": case.problems, **values})
    print(f"  {step}: {row['wall_s']:.1f} s, CPU {row['cpu_s']:.1f} s, {row['peak_mb']:,.0f} MB", file=sys.stderr)


def _write_page(case: Case, results: Results) -> Iterator[str]:
    rows = {row["step"]: row for row in results.list_rows() if row["answers"] == case.answers}
    yield _ABOUT.format(answers=case.answers, problems=case.problems)
    machine = next(iter(rows.values()))
    yield (
        f"{machine['at'][:10]}, commit {machine['commit']}: {machine['processor']}, {machine['cores']} cores,"
        f" {machine['memory_gb']:g} GB, Python {machine['python']}\n"
    )
    yield "| question | command | time | CPU s | peak MB |"
    yield "|---|---|---:|---:|---:|"
    for step, (question, words) in QUESTIONS.items():
        yield from _write_row(rows.get(step), question, f"`{words[0]}`")
    for step, (what, _) in OWN.items():
        yield from _write_row(rows.get(step), what, "a script of one's own")


def _write_row(row: Mapping[str, Any] | None, question: str, command: str) -> Iterator[str]:
    if row is not None:
        failed = f", exit code {row['exit_code']}" if row["exit_code"] else ""
        yield (
            f"| {question} | {command} | {format_seconds(row['wall_s'])}{failed} | {row['cpu_s']:,.1f}"
            f" | {row['peak_mb']:,.0f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
