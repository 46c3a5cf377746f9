"""Exports: a version's examples as files that a trainer reads."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from builder.errors import InputError, Stopped
from builder.store import Version
from schemas.reasons import Fate

SIMULATED_NOTICE = "These rows were written by Cotloom's simulated teacher, a stand-in for demos. No model wrote them."
"""Goes wherever simulated data goes."""

MARKER = "cotloom.json"
"""Says in every export which version it came from."""


def export(version: Version, form: str, folder: Path) -> dict[str, int]:
    """Write a version's examples for a trainer.

    Args:
        version: the version.
        form: the trainer's format, one of `EXPORTS`.
        folder: where to; made where missing. Files of an earlier export there are replaced.

    Returns:
        Rows in each file that was written.

    Raises:
        InputError: the format is unknown, the folder holds something else, or there is nothing to export.
        Stopped: the disk is full or can't be written.
    """
    if form not in EXPORTS:
        raise InputError(f"no export format {form}", hint=f"there are: {', '.join(EXPORTS)}")
    _check_folder(folder)
    examples = version.table("examples").filter(pl.col("fate") == Fate.KEPT)
    if examples.height == 0:
        raise InputError(f"{version.ref} has no examples to export", hint=f"cotloom show {version.ref} says why")
    try:
        return _written(version, EXPORTS[form](examples), form, folder)
    except OSError as error:
        raise Stopped(
            f"the export can't be written: {error}", hint="make room and run the same command again"
        ) from error


def _check_folder(folder: Path) -> None:
    """Never write over files that are not ours."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", hint="--to takes a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise InputError(f"{folder} is not empty and holds no export", hint="give an empty or a new folder with --to")


def _written(
    version: Version, files: Mapping[str, Iterator[dict[str, Any]]], form: str, folder: Path
) -> dict[str, int]:
    """Write all files to the side, then put them in place together."""
    side = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(side, ignore_errors=True)
    side.mkdir(parents=True)
    counts = {}
    for name, rows in files.items():
        count = 0
        with (side / name).open("wb") as file:
            for count, row in enumerate(rows, 1):  # noqa: B007 - the last count is the number of rows
                file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        counts[name] = count
    (side / MARKER).write_text(json.dumps(_marker(version, form, counts), indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    side.rename(folder)
    return counts


def _marker(version: Version, form: str, counts: Mapping[str, int]) -> dict[str, Any]:
    manifest = version.manifest
    return {
        "version": version.ref,
        "content_digest": manifest.content_digest,
        "format": form,
        "rows": dict(counts),
        "teachers": list(manifest.teachers),
        "simulated": manifest.simulated,
        **({"notice": SIMULATED_NOTICE} if manifest.simulated else {}),
    }


def _trl(examples: pl.DataFrame) -> dict[str, Iterator[dict[str, Any]]]:
    """TRL's conversational prompt-completion rows: the loss falls on the completion alone.

    One file for each stage of the mixture, in order; a single stage is `train.jsonl`. Held-out rows are `test.jsonl`.
    """
    training = examples.filter(pl.col("mixture_stage").is_not_null())
    stages = training["mixture_stage"].unique(maintain_order=True).sort().to_list()
    names = {stage: "train.jsonl" if len(stages) == 1 else f"train-{stage}.jsonl" for stage in stages}
    files = {names[stage]: _prompt_completion(training.filter(pl.col("mixture_stage") == stage)) for stage in stages}
    held_out = examples.filter(pl.col("mixture_stage").is_null())
    return {**files, **({"test.jsonl": _prompt_completion(held_out)} if held_out.height else {})}


def _prompt_completion(examples: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for row in examples.sort("example_id").iter_rows(named=True):
        *prompt, completion = row["messages"]
        yield {
            "prompt": prompt,
            "completion": [completion],
            "example_id": row["example_id"],
            **({"simulated": True} if row["simulated"] else {}),
        }


EXPORTS: Mapping[str, Callable[[pl.DataFrame], dict[str, Iterator[dict[str, Any]]]]] = {"trl": _trl}
"""Every export format by its name."""
