"""Format: from each kept path to its training rows, one for every format of the recipe.

Law 6: demonstrations come from the training split and from other groups only.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.format.demonstrations import Pool, Row, draw, pool_of
from cotloom.builder.format.templates import AS_IS, FORMATS, Kept, exchange, write
from cotloom.builder.progress import track
from cotloom.builder.text.options import asked
from cotloom.schemas.example import Example, Message, example_id
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import AnswerType, Split
from cotloom.schemas.reasons import Fate, Reason, Stage, Verdict
from cotloom.schemas.recipe import FormatSpec
from cotloom.schemas.sample import Span

__all__ = ["AS_IS", "CODE_VERSION", "FORMATS", "check_formats", "format_examples"]

CODE_VERSION = 3
"""Rises when the same path gives another row."""


def check_formats(formats: Sequence[FormatSpec]) -> None:
    """Hold the formats of a recipe against one another.

    Raises:
        InputError: one is there twice, or asks for an impossible number of demonstrations.
    """
    names = [form.name for form in formats]
    for place, form in enumerate(formats):
        fewest, most = form.shots
        if names.index(form.name) != place:
            raise InputError(f"the format {form.name} is there twice", keys=(f"formats.{place}.name",))
        if not 1 <= fewest <= most:
            raise InputError(
                f"the format {form.name} can't show {fewest} to {most} demonstrations",
                hint="shots: the fewest, at least 1, then the most, such as [1, 4]",
                keys=(f"formats.{place}.shots",),
            )


def format_examples(
    problems: pl.DataFrame, samples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int = 0
) -> pl.DataFrame:
    """Write every kept sample in every format, and every given response once, as it is.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, selected.
        formats: the formats.
        seed: key of the demonstrations.

    Returns:
        Rows of `Example`. Where all paths of a problem give the same row, one is kept; where there are too few
        demonstrations, none is.
    """
    kept = samples.filter(pl.col("fate") == Fate.KEPT)
    asked_of = problems.filter(pl.col("fate") == Fate.KEPT)
    columns = ["problem_id", "source", "question", "answer", "answer_type", "choices", "group", "split"]
    rows = (
        kept.select("sample_id", "problem_id", "text", "span", "simulated", "verdict")
        .join(asked_of.select(columns), on="problem_id")
        .sort("sample_id")
        .rows(named=True)
    )
    given = [row for row in rows if row["verdict"] == Verdict.PROVIDED]
    solved = [row for row in rows if row["verdict"] != Verdict.PROVIDED]
    examples = [example for form in formats for example in _in_format(form, solved, seed)]
    return to_frame([*examples, *map(_given, given)], Example)


def _in_format(form: FormatSpec, rows: Sequence[Row], seed: int) -> Iterator[Example]:
    pools = _pools(rows, seed) if FORMATS[form.name].in_context else {}
    first: dict[str, str] = {}
    for row in track(rows, f"writing {form.name}", every=200):
        leader = first.setdefault(row["problem_id"], row["sample_id"])
        if FORMATS[form.name].one_per_problem and leader != row["sample_id"]:
            yield _solved(form.name, row, (), (Reason.EXACT_DUPLICATE, f"the row of {leader} says the same"))
        else:
            yield _shown(form, row, pools, seed)


def _pools(rows: Sequence[Row], seed: int) -> dict[str, Pool]:
    """What may be shown, by answer type."""
    training = [row for row in rows if row["split"] == Split.TRAIN]
    types = dict.fromkeys(row["answer_type"] for row in rows)
    return {kind: pool_of((row for row in training if row["answer_type"] == kind), seed) for kind in types}


def _shown(form: FormatSpec, row: Row, pools: dict[str, Pool], seed: int) -> Example:
    """A row with its demonstrations, where its format has any."""
    if not FORMATS[form.name].in_context:
        return _solved(form.name, row, (), None)
    others = draw(pools[row["answer_type"]], row, form.shots, seed)
    if len(others) >= form.shots[0]:
        return _solved(form.name, row, others, None)
    detail = f"{len(others)} demonstrations from other groups are available, {form.shots[0]} are needed"
    return _solved(form.name, row, others, (Reason.NO_DEMONSTRATIONS, detail))


def _solved(name: str, row: Row, others: Sequence[Row], dropped: tuple[Reason, str] | None) -> Example:
    messages = write(FORMATS[name], _kept(row), [_kept(other) for other in others])
    return _example(name, row, messages, others, dropped)


def _given(row: Row) -> Example:
    return _example(AS_IS, row, exchange(asked(row["question"], row["choices"] or ()), row["text"]))


def _kept(row: Row) -> Kept:
    span = row["span"]
    return Kept(
        question=row["question"],
        answer=row["answer"],
        text=row["text"],
        answer_start=span["start"] if span else None,
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )


def _example(
    name: str,
    row: dict[str, Any],
    messages: tuple[Message, ...],
    others: Sequence[Row] = (),
    dropped: tuple[Reason, str] | None = None,
) -> Example:
    ids = tuple(other["sample_id"] for other in others)
    reason, detail = dropped or (None, None)
    return Example(
        example_id=example_id(name, row["sample_id"], ids, None),
        sample_id=row["sample_id"],
        other_sample_ids=ids,
        problem_id=row["problem_id"],
        source=row["source"],
        format=name,
        split=Split(row["split"]),
        simulated=any(one["simulated"] for one in (row, *others)),
        messages=messages,
        loss_spans=(Span(start=0, end=len(messages[-1].content)),),
        characters=sum(len(message.content) for message in messages),
        stage=Stage.FORMAT if dropped else None,
        fate=Fate.DROPPED if dropped else Fate.KEPT,
        reason=reason,
        detail=detail,
    )
