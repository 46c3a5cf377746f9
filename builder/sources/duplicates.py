"""Questions that repeat another one: to the letter, or in another writing.

Rows of one problem are in one bucket, and what is the same to the letter is found there. Another writing has another
id; so this is a step that looks at all questions, by the hashes of their normal forms. It holds ids and hashes, no text
but that of repeats.

Which row is kept does not depend on the order of the rows in a source: the earlier source comes first, then the
smaller id, and among rows of one id those whose content sorts first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ...schemas.frames import from_frame, get_schema, to_frame
from ...schemas.problem import DuplicateMeasure, Problem
from ...schemas.reasons import Reason
from ..store.pieces import add_cell, iterate_pieces, read_bucket, write_piece
from .split import IS_KEPT, ORDER, drop_problem, drop_rows, is_training

FIRST = ("source_index", "answer", "reference_rationale", "metadata", "position")
"""Of rows with the same question, the one that comes first by these columns is kept; a known gold answer comes first.
The position decides between rows of equal content only."""

_REPEATS, _RESPONSES = "repeats.arrow", "responses.arrow"


def write_repeats(pieces: Sequence[Path], roles: Mapping[str, str], folder: Path) -> None:
    """Find the questions to train on that repeat another one in another writing, and write them as pieces.

    Args:
        pieces: pieces of all rows of `Problem`, with source_index, position and form.
        roles: the role of each source.
        folder: where the pieces go, for `drop_duplicates`.

    Raises:
        Stopped: the disk is full.
    """
    repeats = _find_repeats(pieces, roles)
    kept = _find_kept(pieces, roles, repeats)
    repeats = repeats.join(kept, on="duplicate_of", how="left", maintain_order="left")
    write_piece(add_cell(repeats), folder / _REPEATS)
    write_piece(add_cell(_gather_responses(pieces, roles, repeats)), folder / _RESPONSES)


def drop_duplicates(rows: pl.DataFrame, folder: Path, roles: Mapping[str, str], bucket: int, bits: int) -> pl.DataFrame:
    """Drop the rows of a bucket whose question another row asks already; their responses go to the row that is kept.

    Evaluation sets and training sources are deduplicated separately: what they share is an overlap, not a duplicate.
    Questions of evaluation sets are the same to the letter only: a benchmark keeps its items.

    Args:
        rows: all rows of their problems, in the order of the sources; `Problem` and further columns.
        folder: where `write_repeats` wrote what repeats another writing.
        roles: the role of each source.
        bucket: the number of the bucket.
        bits: how many bits it has.
    """
    repeats = read_bucket([folder / _REPEATS], bucket, bits).drop("cell")
    responses = read_bucket([folder / _RESPONSES], bucket, bits).drop("cell")
    rows = drop_equal(_drop_rewritten(rows, repeats, roles), roles)
    return _add_responses(rows, responses, roles)


def count_repeated(problems: pl.DataFrame) -> dict[str, int]:
    """Count the rows of `Problem` that repeat a question, by what they repeat it, and those with another answer."""
    repeated = problems.drop_nulls("duplicate_by")
    counts = {
        f"repeated_questions:{measure}": rows for measure, rows in repeated["duplicate_by"].value_counts().iter_rows()
    }
    others = repeated["kept_answer"].count()
    return counts | ({"repeated_questions:other_answer": others} if others else {})


def _select_candidates(
    pieces: Sequence[Path], roles: Mapping[str, str], columns: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """Select columns of the kept rows to train on, piece by piece."""
    for frame in iterate_pieces(pieces, [*dict.fromkeys([*columns, "source", "fate"])]):
        yield frame.filter(IS_KEPT & is_training(roles)).select(columns)


def _find_repeats(pieces: Sequence[Path], roles: Mapping[str, str]) -> pl.DataFrame:
    """Find which problem repeats which: problem_id, duplicate_of. A problem of a source without forms does not."""
    forms = pl.concat(_select_candidates(pieces, roles, ("problem_id", "form", "source_index")))
    problems = (
        forms.filter(pl.col("form").is_duplicated())
        .group_by("problem_id")
        .agg(pl.col("form").max(), pl.col("source_index").min(), is_exact=pl.col("form").is_null().any())
        .filter(~pl.col("is_exact") & pl.col("form").is_not_null())
        .sort("form", "source_index", "problem_id")
    )
    first = pl.col("problem_id").first().over("form")
    return problems.select("problem_id", duplicate_of=first).filter(pl.col("problem_id") != pl.col("duplicate_of"))


def _find_kept(pieces: Sequence[Path], roles: Mapping[str, str], repeats: pl.DataFrame) -> pl.DataFrame:
    """Find the rows that are kept in their place: duplicate_of, kept_source, kept_origin, kept_answer."""
    columns = ("problem_id", "source", "origin", *FIRST)
    names = repeats["duplicate_of"].unique()
    rows = pl.concat(
        frame.filter(pl.col("problem_id").is_in(names.implode()))
        for frame in _select_candidates(pieces, roles, columns)
    )
    kept = rows.sort(*FIRST, nulls_last=True).unique("problem_id", keep="first", maintain_order=True)
    return kept.select(duplicate_of="problem_id", kept_source="source", kept_origin="origin", kept_answer="answer")


def _gather_responses(pieces: Sequence[Path], roles: Mapping[str, str], repeats: pl.DataFrame) -> pl.DataFrame:
    """Gather the finished responses of repeats for the problem of the same source that is kept."""
    columns = ("problem_id", "source", "responses", *FIRST)
    named = repeats.select("problem_id", "duplicate_of", source="kept_source")
    rows = pl.concat(
        frame.filter(pl.col("responses").list.len() > 0).join(named, on=["problem_id", "source"])
        for frame in _select_candidates(pieces, roles, columns)
    )
    single = rows.sort("problem_id", *FIRST, nulls_last=True).explode("responses")
    return single.group_by("duplicate_of", maintain_order=True).agg("responses").rename({"duplicate_of": "problem_id"})


def _drop_rewritten(rows: pl.DataFrame, repeats: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """Drop the rows of problems that another one repeats in another writing."""
    if not repeats.height:
        return rows
    found = rows.select("problem_id", "source", "origin", "answer", "responses", is_open=IS_KEPT & is_training(roles))
    found = found.join(repeats, on="problem_id", how="left", maintain_order="left").with_row_index("place")
    dropped = found.filter("is_open").drop_nulls("duplicate_of")
    details = {row["place"]: _describe(row, " in another writing") for row in dropped.iter_rows(named=True)}
    is_repeat = pl.Series([place in details for place in range(rows.height)], dtype=pl.Boolean)
    differs = pl.col("answer") != found["kept_answer"]
    named: dict[str, pl.Expr | pl.Series] = {
        "duplicate_of": found["duplicate_of"],
        "duplicate_by": pl.lit(str(DuplicateMeasure.NORMALIZED)),
        "kept_answer": pl.when(differs).then(found["kept_answer"]),
    }
    changed = [pl.when(is_repeat).then(value).otherwise(name).alias(name) for name, value in named.items()]
    return drop_rows(rows.with_columns(changed), Reason.DUPLICATE_PROBLEM, details)


def drop_equal(rows: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """Drop the rows that repeat the question of another to the letter, options included.

    Args:
        rows: rows of `Problem`, with source_index and position, in their order.
        roles: the role of each source.
    """
    again = (IS_KEPT & (pl.col("problem_id").len().over("problem_id", "fate") > 1)).alias("again")
    repeats = rows.select(again).to_series()
    if not repeats.any():
        return rows
    columns = list(get_schema(Problem))
    repeated, others = rows.filter(repeats).sort(*FIRST, nulls_last=True), rows.filter(~repeats)
    problems = _mark_equal(list(from_frame(repeated.select(columns), Problem)), roles)
    return pl.concat([others, repeated.with_columns(to_frame(problems, Problem))]).sort(ORDER)


def _mark_equal(problems: Sequence[Problem], roles: Mapping[str, str]) -> list[Problem]:
    """Keep the first row of each problem; the finished responses of others of its source are added to it."""
    first: dict[tuple[bool, str], Problem] = {}
    more: dict[tuple[bool, str], list[str]] = {}
    rows: list[Problem] = []
    for problem in problems:
        key = (roles[problem.source] == "evaluate", problem.problem_id)
        kept = first.setdefault(key, problem)
        if kept is not problem and kept.source == problem.source:
            more.setdefault(key, []).extend(problem.responses)
        rows.append(problem if kept is problem else _drop_equal(problem, kept))
    added = {id(kept): more[key] for key, kept in first.items() if key in more}
    return [replace(row, responses=(*row.responses, *added[id(row)])) if id(row) in added else row for row in rows]


def _drop_equal(problem: Problem, kept: Problem) -> Problem:
    both = {"kept_origin": kept.origin, "kept_source": kept.source, "kept_answer": kept.answer}
    own = {"origin": problem.origin, "source": problem.source, "answer": problem.answer}
    dropped = drop_problem(
        problem, Reason.DUPLICATE_PROBLEM, _describe({**own, **both, "responses": problem.responses})
    )
    is_other = None not in {problem.answer, kept.answer} and problem.answer != kept.answer
    return replace(
        dropped,
        duplicate_of=kept.problem_id,
        duplicate_by=DuplicateMeasure.EXACT,
        kept_answer=kept.answer if is_other else None,
    )


def _describe(row: Mapping[str, object], writing: str = "") -> str:
    """Describe what a row repeats.

    Args:
        row: origin, source, answer and responses of the row; kept_origin, kept_source and kept_answer of the other.
        writing: how it repeats the question, with a space before it.
    """
    detail = f"{row['origin']} repeats the question of {row['kept_origin']}{writing}"
    if row["answer"] is not None and row["kept_answer"] is not None and row["answer"] != row["kept_answer"]:
        detail += f", with a different answer: {row['answer']}, not {row['kept_answer']}"
    if row["responses"]:
        same_source = row["source"] == row["kept_source"]
        detail += "; its responses were added there" if same_source else "; its responses are not used"
    return detail


def _add_responses(rows: pl.DataFrame, responses: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """Add gathered responses to the rows that are kept."""
    if not responses.height:
        return rows
    added = rows.select("problem_id").join(responses, on="problem_id", how="left", maintain_order="left")["responses"]
    is_open = IS_KEPT & is_training(roles) & added.is_not_null()
    return rows.with_columns(
        responses=pl.when(is_open).then(pl.col("responses").list.concat(added)).otherwise("responses")
    )
