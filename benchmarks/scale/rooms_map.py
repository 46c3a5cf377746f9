"""`judge` and `choose_paths` through `datasets.map`, called for each row in two processes."""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
from datasets import Dataset, disable_progress_bars
from phases import Phases, measure_phase

from cotloom.builder.select import ReasoningPath, choose_paths
from cotloom.builder.verify import judge
from cotloom.schemas.ids import make_content_id
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Select, Verify

PROCESSES = 2
VERIFY, SELECT = Verify(steps="drop"), Select(signature="canonical", keep=4)


def main() -> None:
    """Read problems and answers of a folder, judge and choose, and print what each phase took."""
    source, target = map(Path, sys.argv[1:3])
    disable_progress_bars()
    phases: Phases = {}
    with measure_phase(phases, "read"):
        rows = _join_rows(source)
        rows.write_parquet(target.with_suffix(".parquet"))
        answers = Dataset.from_parquet(str(target.with_suffix(".parquet")), cache_dir=str(target))
    with measure_phase(phases, "judge"):
        judged = answers.map(judge_row, num_proc=PROCESSES, remove_columns=answers.column_names)
    with measure_phase(phases, "group"):
        grouped = _group_rows(rows, judged)
    with measure_phase(phases, "choose"):
        chosen = grouped.map(choose_row, num_proc=PROCESSES)
    kept = sum(map(len, chosen["kept"]))
    print(json.dumps({**phases, "rows": {"answers": rows.height, "kept": kept}}))


def _join_rows(folder: Path) -> pl.DataFrame:
    problems = pl.concat(map(_read_problems, sorted(folder.glob("problems-*.jsonl"))), how="diagonal")
    return pl.read_ndjson(folder / "answers.jsonl").join(problems, on="question", how="inner")


def _read_problems(path: Path) -> pl.DataFrame:
    return pl.read_ndjson(path, schema_overrides={"answer": pl.String}).with_columns(
        answer_type=pl.lit(path.stem.removeprefix("problems-"))
    )


def judge_row(row: dict[str, Any]) -> dict[str, Any]:
    """Judge one answer."""
    problem = Problem(
        problem_id="p", source="s", origin="", question=row["question"], answer=row["answer"],
        answer_type=AnswerType(row["answer_type"]), choices=tuple(row["choices"] or ()),
    )  # fmt: skip
    judgement = judge(problem, row["rationale"], policy=VERIFY)
    return {
        "verdict": judgement.verdict.value,
        "predicted": judgement.predicted,
        "reason": judgement.reason.value if judgement.reason else None,
        "steps": [step.outcome.value for step in judgement.steps],
    }


def _group_rows(rows: pl.DataFrame, judged: Dataset) -> Dataset:
    kept = rows.with_columns(reason=pl.Series(judged["reason"], dtype=pl.String)).filter(pl.col("reason").is_null())
    return Dataset(kept.group_by("question").agg("rationale").to_arrow())


def choose_row(row: dict[str, Any]) -> dict[str, Any]:
    """Choose among the right answers to one problem."""
    paths = [
        ReasoningPath(sample_id=make_content_id("s", row["question"], text, index), text=text)
        for index, text in enumerate(row["rationale"])
    ]
    choices = choose_paths(paths, SELECT)
    return {"kept": [name for name, choice in choices.items() if choice.reason is None]}
