"""Export the checked steps of rationales with their labels, for trainers of process reward models.

A row is a rationale, right or wrong, kept or dropped: its prompt, its steps and whether each is right. This is the
shape that TRL calls stepwise supervision.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.reasons import Fate, Reason, Verdict
from ...schemas.sample import Part, StepOutcome
from ..errors import InputError
from ..store import Version
from ..text.options import format_question
from .lines import SplitRow, mark_simulated, write_split_lines
from .parts import Export, read_tables

_LABELS: Mapping[str, str] = {
    StepOutcome.RIGHT: "right",
    StepOutcome.ROUNDED: "right",
    StepOutcome.WRONG: "wrong",
    StepOutcome.UNCHECKED: "unchecked",
}
"""How the outcome of each check is called in an export."""

_END = re.compile(r"[.!?](?=[\s*_)\"”’]|$)|[\n。！？；]")
"""The end of a sentence, behind which a step ends."""

_UNREAD = (Verdict.PROVIDED, Verdict.CHECK_FAILED)
_AGAIN = (Reason.EXACT_DUPLICATE, Reason.DEGENERATE, Reason.REFUSED)
"""Samples that say the same again, or nothing, are left out."""


def count_labelled(version: Version) -> Export:
    """Describe the rationales of a version that have checked steps; they are counted while they are written."""
    manifest = version.manifest
    return Export(version=version, parts=(), simulated=manifest.simulated, buckets=lambda: read_rationales(version))


def read_rationales(version: Version) -> Iterator[pl.DataFrame]:
    """Read the rationales of each bucket that have equations, with their problems.

    Raises:
        InputError: a file is damaged.
    """
    for problems, samples in read_tables(version, "problems", "samples"):
        asked = problems.filter(pl.col("fate") == Fate.KEPT)
        asked = asked.select("problem_id", "question", "choices", "answer", "split")
        yield samples.filter(_has_labels()).join(asked, on="problem_id", how="inner", maintain_order="left")


def _has_labels() -> pl.Expr:
    is_read = ~pl.col("verdict").is_in([str(verdict) for verdict in _UNREAD]).fill_null(value=True)
    is_again = pl.col("reason").is_in([str(reason) for reason in _AGAIN]).fill_null(value=False)
    return is_read & ~is_again & (pl.col("steps").list.len() > 0)


def write_step_labels(export: Export, folder: Path) -> dict[str, int]:
    """Write `train.jsonl` and `test.jsonl`, a row for each rationale with a checked step.

    Raises:
        InputError: no rationale has one.
    """
    counts = write_split_lines(export, folder, _make_step_rows)
    if not counts:
        raise InputError(
            f"{export.version.ref} has no rationale with a checked step",
            hint="prompt: {template: cot_few_shot, demos: arithmetic} shows teachers how to write equations",
        )
    return counts


def _make_step_rows(rows: pl.DataFrame) -> Iterator[SplitRow]:
    for row in rows.iter_rows(named=True):
        made = make_step_row(row)
        if made is not None:
            yield row["split"], mark_simulated(made, row)


def make_step_row(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Make the row of a rationale; None where none of its steps could be checked.

    `completions` are pieces of the rationale that each end with the sentence of a checked equation, what stands before
    it included, up to the first wrong one: what follows may build on it. `labels` says which of them are right.
    `steps` has every equation with its span.
    """
    steps = row["steps"]
    completions, labels = _cut_steps(row, steps)
    if not labels:
        return None
    is_wrong = [step["outcome"] == StepOutcome.WRONG for step in steps]
    return {
        "prompt": format_question(row["question"] or "", row["choices"] or ()),
        "completions": completions,
        "labels": labels,
        "first_wrong": is_wrong.index(True) if any(is_wrong) else None,
        "steps": [{**step, "label": _LABELS[step["outcome"]]} for step in steps],
        "reasoning": row["reasoning"],
        "text": row["text"],
        "answer": row["answer"],
        "verdict": row["verdict"],
        "problem_id": row["problem_id"],
        "sample_id": row["sample_id"],
    }


def _cut_steps(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[bool]]:
    """Cut a rationale behind each sentence with checked equations, up to the first wrong one."""
    completions: list[str] = []
    labels: list[bool] = []
    for part in Part:
        place, text = 0, row[part.value] or ""
        checked = [step for step in steps if step["part"] == part and step["outcome"] != StepOutcome.UNCHECKED]
        for step in checked:
            is_right = step["outcome"] != StepOutcome.WRONG
            if step["end"] <= place:  # in the sentence of the one before
                labels[-1] = labels[-1] and is_right
            else:
                end = _find_end(text, step["end"])
                completions.append(text[place:end].strip())
                labels.append(is_right)
                place = end
            if not labels[-1]:
                return completions, labels
    return completions, labels


def _find_end(text: str, place: int) -> int:
    found = _END.search(text, place)
    return found.end() if found else len(text)
