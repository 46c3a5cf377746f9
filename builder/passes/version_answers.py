"""The samples of another version as recorded answers: they go through this recipe's own checks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import format_canonical
from ...schemas.manifest import File, Input
from ...schemas.reasons import Fate, Verdict
from ...schemas.recipe import Recipe
from ...schemas.sample import make_answer_id
from ...schemas.teacher import VersionAnswers
from .. import store, teacher
from ..errors import InputError
from ..files import digest_file
from ..plain_json import parse_object
from ..store.pieces import add_cell, write_piece
from ..store.results.stages import StageResult, read_or_make
from ..store.tables import describe_file

_COLUMNS = (
    "sample_id", "problem_id", "teacher", "text", "reasoning", "labels", "hint", "finish_reason", "simulated",
    "verdict", "fate",
)  # fmt: skip


def find_version_answers(recipe: Recipe, folder: Path) -> tuple[VersionAnswers, store.Version] | None:
    """Find the version whose samples a recipe takes; None where it takes none.

    Args:
        recipe: the recipe.
        folder: the store.

    Raises:
        InputError: there is no such version, or it is the one that the recipe builds.
    """
    answers = None if recipe.recorded is None else recipe.recorded.answers
    if not isinstance(answers, VersionAnswers):
        return None
    version = store.find_version(folder, answers.version)
    if version.ref == f"{recipe.name}@{recipe.version}":
        raise InputError(
            f"teacher.answers.version: {version.ref} is the version that this recipe builds",
            hint="name another version, or build this one under another number",
            keys=("teacher.answers.version",),
        )
    return answers, version


def read_version_answers(
    answers: VersionAnswers, version: store.Version, stages: Path, aliases: Path | None = None
) -> StageResult:
    """Read the samples of a version into pieces of recorded answers, or find those that were read before.

    Args:
        answers: which samples to take.
        version: the version.
        stages: the folder of all results.
        aliases: the result of `write_aliases`: samples of a question that repeats another now are samples of that one.

    Returns:
        A result: files with pieces; answers: how many.

    Raises:
        InputError: the version is damaged or withdrawn, or has no such samples.
        Stopped: the disk is full.
    """
    store.verify_version(version)
    decided_by = {
        "code": [teacher.CODE_VERSION, teacher.READING],
        "content": version.manifest.content_digest,
        "take": answers.take if isinstance(answers.take, str) else list(answers.take),
        "aliases": None if aliases is None else digest_file(aliases)[0],
    }
    repeats = _read_repeats(aliases)

    def write(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        rows, files = 0, {}
        for number, samples in enumerate(version.iterate_table("samples", _COLUMNS)):
            taken = _follow_repeats(samples.filter(_is_taken(answers)), repeats)
            path = folder / f"answers-{number:05}.arrow"
            write_piece(add_cell(_make_answers(taken)), path)
            files[path.name] = describe_file(path, taken.height)
            rows += taken.height
        return files, {"answers": rows}

    result = read_or_make(stages / "version_answers", decided_by, write)
    if not result.values["answers"]:
        raise InputError(
            f"teacher.answers: {version.ref} has no samples to take", hint="take: all takes every sample with a text"
        )
    return result


def _read_repeats(aliases: Path | None) -> pl.DataFrame:
    """Read which problem repeats which: problem_id, alias."""
    if aliases is None:
        return pl.DataFrame(schema={"problem_id": pl.String, "alias": pl.String})
    return pl.read_ipc(aliases.read_bytes()).select("problem_id", "alias").drop_nulls("problem_id").unique()


def _follow_repeats(samples: pl.DataFrame, repeats: pl.DataFrame) -> pl.DataFrame:
    found = samples.join(repeats, on="problem_id", how="left", maintain_order="left")
    return found.with_columns(problem_id=pl.coalesce("alias", "problem_id")).drop("alias")


def _is_taken(answers: VersionAnswers) -> pl.Expr:
    """Whether a sample is taken: never one that a source provided, since no teacher wrote it."""
    provided = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    is_answer = pl.col("problem_id").is_not_null() & pl.col("text").is_not_null() & ~provided
    if answers.take == "all":
        return is_answer
    if answers.take == "kept":
        return is_answer & (pl.col("fate") == Fate.KEPT)
    return is_answer & pl.col("verdict").is_in(list(answers.take)).fill_null(value=False)


def _make_answers(samples: pl.DataFrame) -> pl.DataFrame:
    """Make rows of a piece. What the version says of a sample is its label; by its id no two answers are the same."""
    rows = []
    for row in samples.iter_rows(named=True):
        known = {"sample_id": row["sample_id"], "verdict": row["verdict"], "labels": _parse_labels(row["labels"])}
        labels = format_canonical(known)
        own = (row["teacher"], row["text"], row["reasoning"], labels, row["hint"])
        rows.append({
            "problem_id": row["problem_id"], "raw_id": make_answer_id(*own), "teacher": own[0], "text": own[1],
            "reasoning": own[2], "labels": labels, "hint": own[4], "finish_reason": row["finish_reason"],
            "simulated": row["simulated"],
        })  # fmt: skip
    return pl.DataFrame(rows, schema=teacher.ANSWER_SCHEMA)


def _parse_labels(text: str | None) -> Any:
    """Parse the labels of a sample; what is no object stays as it is."""
    try:
        return None if text is None else parse_object(text.encode())
    except ValueError:
        return text


def describe_version_input(version: store.Version) -> Input:
    """Describe the version as what was read: its content digest stands for it."""
    digest = version.manifest.content_digest
    return Input(
        name="teacher.answers", file=version.ref, sha256=digest, bytes=0, rows=version.manifest.counts["samples"]
    )
