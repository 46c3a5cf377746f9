"""Rows of sources as pieces: the first pass over all rows, chunk by chunk, in any process."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from ...schemas.frames import to_frame
from ...schemas.ids import make_content_id
from ...schemas.problem import JUDGED_OUTSIDE, AnswerType, Problem
from ...schemas.reasons import Fate, Reason
from ...schemas.source import FileSource
from ..engine import import_function
from ..files import Chunk, read_chunk
from ..languages import fit_language
from ..store.pieces import add_cell, write_piece
from ..text.normalizing import normalize
from ..text.variations import Template, read_template
from .columns import TableReading, read_problems
from .gold import GOLD_FAULTS, read_gold
from .split import drop_problem

PIECE_ROWS = 2**14
"""How many rows are in memory at once; a piece has no more."""

IsReadable = Callable[[str, AnswerType, tuple[str, ...], Problem], bool]
"""Whether the gold answer of a problem can be parsed as its type."""

_SOURCE = TypeAdapter(FileSource)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where rows of a source go; plain values."""

    prefix: str
    """The beginning of the paths of their pieces."""
    source_index: int
    """The number of the source in the recipe, from 0."""
    is_readable: str
    """The address of the function that says whether a gold answer can be parsed as its type."""
    languages: Sequence[str] = ()
    """The recipe's languages."""
    duplicates: str = "normalized"
    """What makes two questions of the source the same problem."""
    golds: Mapping[str, str] = field(default_factory=dict)
    """Gold answers that a review corrected, by problem."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Problems that a review dropped, each with the reason."""


def read_problem_chunk(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read a chunk of a file and write its problems as pieces.

    Args:
        item: `chunk` and `placed`, as plain values.
        settings: `source`, as plain values; needs_gold: whether a row to sample without a gold answer is malformed.

    Returns:
        The fields of a `TableReading`.

    Raises:
        InputError: the file can't be read.
        Stopped: the disk is full.
    """
    chunk, reading = Chunk(**item["chunk"]), TableReading()
    source = _SOURCE.validate_python(settings["source"])
    rows = read_problems(source, read_chunk(chunk), reading, needs_gold=settings["needs_gold"])
    write_problems(rows, Placed(**item["placed"]), chunk.first)
    return asdict(reading)


def write_problems(problems: Iterable[Problem], placed: Placed, first: int) -> int:
    """Write problems as pieces, with `source_index`, `position`, `cell`, `form`, `template` and `words`.

    Args:
        problems: the problems; gold answers are checked here, and languages detected that no source states.
        placed: where they go.
        first: the position of the first of them among all rows of the source.

    Returns:
        How many there were.

    Raises:
        Stopped: the disk is full.
    """
    is_readable = cast("IsReadable", import_function(placed.is_readable))
    reviewed = (_apply_review(problem, placed) for problem in problems)
    checked = (_add_language(_drop_unreadable_gold(problem, is_readable), placed.languages) for problem in reviewed)
    written = 0
    while batch := list(islice(checked, PIECE_ROWS)):
        positions = np.arange(first + written, first + written + len(batch), dtype=np.int64)
        templates = [_read_template(problem) for problem in batch]
        frame = to_frame(batch, Problem).with_columns(
            source_index=pl.lit(placed.source_index, pl.Int32),
            position=pl.Series(positions),
            group=pl.coalesce(pl.when(pl.col("group") != "").then("group"), _make_keys(templates)),
            form=pl.Series([_make_form(problem, placed) for problem in batch], dtype=pl.String),
            template=_make_keys(templates),
            words=pl.Series([[] if each is None else each.words for each in templates], dtype=pl.List(pl.UInt32)),
        )
        write_piece(add_cell(frame, "problem_id"), Path(f"{placed.prefix}-{written // PIECE_ROWS:06d}.arrow"))
        written += len(batch)
    return written


def _apply_review(problem: Problem, placed: Placed) -> Problem:
    """Correct the gold answer of a problem, or drop it, where a review says so."""
    reason, answer = placed.dropped.get(problem.problem_id), placed.golds.get(problem.problem_id)
    if reason is not None and problem.fate is Fate.KEPT:
        return drop_problem(problem, Reason.REJECTED_IN_REVIEW, reason)
    if answer is None or (problem.fate is Fate.DROPPED and problem.reason is not Reason.GOLD_UNREADABLE):
        return problem
    read = read_gold(answer, problem.answer_type, problem.choices)
    if read is None:
        detail = f"{problem.origin}: a review gives {answer!r}, which is {GOLD_FAULTS[problem.answer_type]}"
        return drop_problem(problem, Reason.GOLD_UNREADABLE, detail)
    return replace(
        problem, answer=read, stated_answer=problem.answer, stage=None, fate=Fate.KEPT, reason=None, detail=None
    )


def _read_template(problem: Problem) -> Template | None:
    return None if problem.question is None else read_template(problem.question, problem.choices)


def _make_form(problem: Problem, placed: Placed) -> str | None:
    """Make an id that questions share which normalizing makes the same; None where the source compares letters."""
    if problem.question is None or placed.duplicates == "exact":
        return None
    question, *choices = map(normalize, (problem.question, *problem.choices))
    return make_content_id("q", question, choices) if question else None


def _make_keys(templates: Sequence[Template | None]) -> pl.Series:
    return pl.Series([None if each is None else each.key for each in templates], dtype=pl.String)


def _add_language(problem: Problem, languages: Sequence[str]) -> Problem:
    """Add the language of a problem, by its question and options, unless its source knows it."""
    if problem.language is not None or problem.question is None:
        return problem
    return replace(problem, language=fit_language(" ".join([problem.question, *problem.choices]), languages))


_READ_ALREADY = JUDGED_OUTSIDE | {AnswerType.CHOICE, AnswerType.TEXT, AnswerType.BOOLEAN}
"""The types whose gold answers `read_gold` has checked."""


def _drop_unreadable_gold(problem: Problem, is_readable: IsReadable) -> Problem:
    """Check that a gold answer can be read in its type: what can't be read can't be compared, and is no pass."""
    is_checked = problem.answer is not None and problem.answer_type not in _READ_ALREADY
    if problem.fate is Fate.DROPPED or not is_checked:
        return problem
    if is_readable(problem.answer or "", problem.answer_type, problem.choices, problem):
        return problem
    article = "an" if problem.answer_type is AnswerType.EXPRESSION else "a"
    detail = f"{problem.origin}: {problem.answer!r} can't be read as {article} {problem.answer_type}"
    if problem.answer_type is AnswerType.REASONING_GYM:
        detail = f"{problem.origin}: reasoning-gym can't score its own answer as right: {problem.answer!r}"
    return drop_problem(problem, Reason.GOLD_UNREADABLE, detail)
