"""Write the kept samples of a table as examples: one row for each sample and format."""

from collections.abc import Iterator, Sequence

import polars as pl

from ...schemas.example import Example, Message, make_example_id
from ...schemas.frames import to_frame
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Reason, Stage, Verdict
from ...schemas.recipe import FormatSpec
from ...schemas.sample import Span
from ..errors import InputError
from ..progress import track
from ..text.options import format_question
from .demonstrations import Pool, Row, build_pool, sample_demonstrations
from .templates import AS_IS, FORMATS, make_solved_problem, make_turns, write_messages


def check_formats(formats: Sequence[FormatSpec]) -> None:
    """Check the formats of a recipe against one another.

    Raises:
        InputError: one is listed twice, or asks for an impossible number of demonstrations.
    """
    names = [spec.name for spec in formats]
    for index, spec in enumerate(formats):
        fewest, most = spec.shots
        if names.index(spec.name) != index:
            raise InputError(f"the format {spec.name} is listed twice", keys=(f"formats.{index}.name",))
        if not 1 <= fewest <= most:
            raise InputError(
                f"the format {spec.name} can't show {fewest} to {most} demonstrations",
                hint="shots: the fewest, at least 1, then the most, such as [1, 4]",
                keys=(f"formats.{index}.shots",),
            )


def format_examples(
    problems: pl.DataFrame, samples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int = 0
) -> pl.DataFrame:
    """Write every kept sample in every format, and every provided response once, as it is.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, selected.
        formats: the formats.
        seed: key of the demonstrations.

    Returns:
        Rows of `Example`. Where all paths of a problem give the same row, one is kept and the others are dropped; rows
        with too few demonstrations are dropped.
    """
    rows = _join_problems(problems, samples)
    provided = [row for row in rows if row["verdict"] == Verdict.PROVIDED]
    solved = [row for row in rows if row["verdict"] != Verdict.PROVIDED]
    examples = [example for spec in formats for example in _write_format(spec, solved, seed)]
    return to_frame([*examples, *map(_write_provided, provided)], Example)


def _join_problems(problems: pl.DataFrame, samples: pl.DataFrame) -> list[Row]:
    """Join the kept samples with their kept problems, in the order of the sample ids."""
    kept = pl.col("fate") == Fate.KEPT
    columns = ["problem_id", "source", "question", "answer", "answer_type", "choices", "group", "split"]
    answers = samples.filter(kept).select("sample_id", "problem_id", "text", "span", "simulated", "verdict")
    return answers.join(problems.filter(kept).select(columns), on="problem_id").sort("sample_id").rows(named=True)


def _write_format(spec: FormatSpec, rows: Sequence[Row], seed: int) -> Iterator[Example]:
    pools = _build_pools(rows, seed) if FORMATS[spec.name].in_context else {}
    first: dict[str, str] = {}
    for row in track(rows, f"writing {spec.name}", every=200):
        leader = first.setdefault(row["problem_id"], row["sample_id"])
        if FORMATS[spec.name].one_per_problem and leader != row["sample_id"]:
            yield _write_solved(spec.name, row, (), (Reason.EXACT_DUPLICATE, f"the row of {leader} says the same"))
        else:
            yield _write_with_demonstrations(spec, row, pools, seed)


def _build_pools(rows: Sequence[Row], seed: int) -> dict[str, Pool]:
    """Build the pools of demonstrations, by answer type."""
    training = [row for row in rows if row["split"] == Split.TRAIN]
    types = dict.fromkeys(row["answer_type"] for row in rows)
    return {kind: build_pool((row for row in training if row["answer_type"] == kind), seed) for kind in types}


def _write_with_demonstrations(spec: FormatSpec, row: Row, pools: dict[str, Pool], seed: int) -> Example:
    """Write a row, with demonstrations where its format shows some."""
    if not FORMATS[spec.name].in_context:
        return _write_solved(spec.name, row, (), None)
    shown = sample_demonstrations(pools[row["answer_type"]], row, spec.shots, seed)
    if len(shown) >= spec.shots[0]:
        return _write_solved(spec.name, row, shown, None)
    detail = f"{len(shown)} demonstrations from other groups are available, {spec.shots[0]} are needed"
    return _write_solved(spec.name, row, shown, (Reason.NO_DEMONSTRATIONS, detail))


def _write_solved(format_name: str, row: Row, shown: Sequence[Row], dropped: tuple[Reason, str] | None) -> Example:
    demonstrations = [make_solved_problem(item) for item in shown]
    messages = write_messages(FORMATS[format_name], make_solved_problem(row), demonstrations)
    return _make_example(format_name, row, messages, shown, dropped)


def _write_provided(row: Row) -> Example:
    return _make_example(AS_IS, row, make_turns(format_question(row["question"], row["choices"] or ()), row["text"]))


def _make_example(
    format_name: str,
    row: Row,
    messages: tuple[Message, ...],
    shown: Sequence[Row] = (),
    dropped: tuple[Reason, str] | None = None,
) -> Example:
    shown_ids = tuple(item["sample_id"] for item in shown)
    reason, detail = dropped or (None, None)
    return Example(
        example_id=make_example_id(format_name, row["sample_id"], shown_ids, None),
        sample_id=row["sample_id"],
        other_sample_ids=shown_ids,
        problem_id=row["problem_id"],
        source=row["source"],
        format=format_name,
        split=Split(row["split"]),
        simulated=any(item["simulated"] for item in (row, *shown)),
        messages=messages,
        loss_spans=(Span(start=0, end=len(messages[-1].content)),),
        characters=sum(len(message.content) for message in messages),
        stage=Stage.FORMAT if dropped else None,
        fate=Fate.DROPPED if dropped else Fate.KEPT,
        reason=reason,
        detail=detail,
    )
