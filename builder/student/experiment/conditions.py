"""Arms: what a student is trained on, the version itself or something to compare it with."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.format import AS_IS, FORMATS
from cotloom.builder.format.templates import Kept, write
from cotloom.builder.mix import DEFAULT_STAGE
from cotloom.builder.store import Version
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import AnswerType, Split
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.student import FormatName

ROW = ["example_id", "sample_id", "problem_id", "format", "mixture_stage", "messages", "weight"]
"""What training needs of an example."""

ANSWER_FORMAT: FormatName = "zero_shot_answer"

OWN: tuple[FormatName, ...] = (
    "zero_shot_cot",
    "in_context_cot",
    "fine_tune_cot",
    "cot_collection",
    ANSWER_FORMAT,
    "in_context_answer",
)
"""Formats in the order in which a version's own is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """Training rows under a name."""

    name: str
    """Name of the arm; arms that are cut to another's size say so: `version_as_parent`."""
    rows: pl.DataFrame
    """Columns as `ROW`; none for the untrained student."""
    stages: tuple[str, ...]
    """Stages of the mixture, in order."""
    samples: pl.DataFrame
    """`sample_id`, `text` and `token_logprobs` of the samples that the rows were made from."""


def rows_of(version: Version) -> pl.DataFrame:
    """The rows that a version trains on, in the order of their ids.

    Raises:
        InputError: it has none.
    """
    examples = version.table("examples")
    training = (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN) & pl.col("mixture_stage").is_not_null()
    rows = examples.filter(training).select(ROW).sort("example_id")
    if rows.is_empty():
        raise InputError(f"{version.ref} has no rows to train on", hint=f"cotloom show {version.ref} says why")
    return rows


def stages_of(version: Version) -> tuple[str, ...]:
    """Stages of a version's mixture, in order."""
    mixture = version.manifest.recipe.get("mixture")
    return tuple(stage["name"] for stage in mixture["stages"]) if mixture else (DEFAULT_STAGE,)


def arm_of(name: str, version: Version) -> Arm:
    """Make an arm from the rows of a version.

    Args:
        name: one of `ARMS`.
        version: the version; its parent, for the arm `parent`.

    Raises:
        InputError: the version has no rows, or none that the arm can be made of.
    """
    rows = ARMS[name](rows_of(version), version)
    if rows.is_empty() and name != "untrained":
        raise InputError(f"{version.ref} has no rows for the arm {name}", hint="leave the arm out")
    samples = version.table("samples").filter(pl.col("sample_id").is_in(rows["sample_id"].drop_nulls().to_list()))
    stages = stages_of(version)
    return Arm(name=name, rows=rows, stages=stages, samples=samples.select("sample_id", "text", "token_logprobs"))


def cut(arm: Arm, to: Arm) -> Arm:
    """The arm with as many rows as another, the lowest by keyed hash: what it teaches at equal size."""
    ranks = pl.Series("rank", [rank("rows", example) for example in arm.rows["example_id"]], dtype=pl.UInt64)
    rows = arm.rows.with_columns(ranks).sort("rank").head(to.rows.height).drop("rank").sort("example_id")
    return Arm(name=f"{arm.name}_as_{to.name}", rows=rows, stages=arm.stages, samples=arm.samples)


def thinned(arm: Arm, share: float) -> Arm:
    """The arm with a share of its problems, the lowest by keyed hash."""
    problems = sorted(set(arm.rows["problem_id"]), key=lambda problem: rank("part", problem))
    kept = problems[: max(1, round(share * len(problems)))]
    rows = arm.rows.filter(pl.col("problem_id").is_in(kept))
    return Arm(name=arm.name, rows=rows, stages=arm.stages, samples=arm.samples)


def own_format(rows: pl.DataFrame) -> FormatName:
    """The format that rows are asked in: the first of `OWN` that they are in; the answer alone for no other."""
    there = set(rows["format"])
    return next((form for form in OWN if form in there), ANSWER_FORMAT)


def _all(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    return rows


def _none(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    return rows.clear()


def _answers(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Every problem once in each stage with its gold answer alone; finished responses stay as they are."""
    given = rows.filter(pl.col("format") == AS_IS)
    problems = version.table("problems").unique("problem_id").select("problem_id", "question", "answer", *_KINDS)
    solved = (
        rows.filter(pl.col("format") != AS_IS)
        .unique(["problem_id", "mixture_stage"], keep="first", maintain_order=True)
        .join(problems, on="problem_id", maintain_order="left")
    )
    written = [_answered(row) for row in solved.iter_rows(named=True)]
    answers = solved.with_columns(
        messages=pl.Series(written, dtype=rows.schema["messages"]), format=pl.lit(ANSWER_FORMAT), weight=pl.lit(1.0)
    )
    return pl.concat([given, answers.select(ROW)])


_KINDS = ("answer_type", "choices")


def _answered(row: Mapping[str, Any]) -> list[dict[str, str]]:
    kept = Kept(
        question=str(row["question"]),
        answer=str(row["answer"]),
        text="",
        answer_start=None,
        answer_type=AnswerType(str(row["answer_type"])),
        choices=tuple(row["choices"] or ()),
    )
    turns = write(FORMATS[ANSWER_FORMAT], kept)
    return [{"role": turn.role.value, "content": turn.content} for turn in turns]


def _single(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    """One path for each problem in each format, the lowest by keyed hash."""
    ranks = pl.Series("rank", [rank("single_path", str(sample)) for sample in rows["sample_id"]], dtype=pl.UInt64)
    lowest = pl.col("rank").min().over("problem_id", "format", "mixture_stage")
    return rows.with_columns(ranks).filter(pl.col("rank") == lowest).drop("rank")


def _shuffled(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    """Each answer behind the reasoning of another problem: what a rationale that explains nothing is worth.

    Rows of one problem stand side by side, and all are turned by the most that a problem has.
    """
    reasoned = rows.filter(pl.col("format").is_in(REASONED))
    others = rows.filter(~pl.col("format").is_in(REASONED))
    parts = []
    for _, group in sorted(reasoned.group_by("format", "mixture_stage"), key=lambda pair: pair[0]):
        keys = [(rank("shuffled", problem), rank("shuffled", example))
                for problem, example in group.select("problem_id", "example_id").iter_rows()]  # fmt: skip
        order = sorted(range(group.height), key=keys.__getitem__)
        most = max(Counter(group["problem_id"]).values())
        turned = dict(zip(order, [*order[most:], *order[:most]], strict=True))
        chats = group["messages"].to_list()
        mixed = [_with_reasoning(chat, chats[turned[place]]) for place, chat in enumerate(chats)]
        parts.append(group.with_columns(messages=pl.Series(mixed, dtype=rows.schema["messages"])))
    return pl.concat([others, *parts]).sort("example_id")


def _unchecked(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """One answer of the teacher for each problem, whatever checking found, closed by what it says itself.

    The lowest by keyed hash of those that end on any answer: what a version without checks would train on.
    """
    problems = version.table("problems").filter((pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN))
    columns = ["problem_id", "question", "answer_type", "choices"]
    samples = (
        version.table("samples")
        .filter(pl.col("verdict").is_in([Verdict.CORRECT, Verdict.WRONG]) & pl.col("predicted").is_not_null())
        .select("sample_id", "problem_id", "text", "predicted", "span")
        .join(problems.unique("problem_id").select(columns), on="problem_id")
    )
    ranks = pl.Series("rank", [rank("unchecked", sample) for sample in samples["sample_id"]], dtype=pl.UInt64)
    lowest = samples.with_columns(ranks).filter(pl.col("rank") == pl.col("rank").min().over("problem_id"))
    first = stages_of(version)[0]
    plain = [
        {
            "example_id": row["sample_id"],
            "sample_id": row["sample_id"],
            "problem_id": row["problem_id"],
            "format": "zero_shot_cot",
            "mixture_stage": first,
            "messages": _as_said(row),
            "weight": 1.0,
        }
        for row in lowest.sort("sample_id").iter_rows(named=True)
    ]
    return pl.DataFrame(plain, schema=rows.schema)


def _as_said(row: Mapping[str, Any]) -> list[dict[str, str]]:
    kept = Kept(
        question=row["question"],
        answer=row["predicted"],
        text=row["text"],
        answer_start=row["span"]["start"] if row["span"] else None,
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )
    turns = write(FORMATS["zero_shot_cot"], kept)
    return [{"role": turn.role.value, "content": turn.content} for turn in turns]


def _with_reasoning(chat: list[dict[str, str]], other: list[dict[str, str]]) -> list[dict[str, str]]:
    reasoning, _, _ = other[-1]["content"].rpartition("\n")
    _, _, sentence = chat[-1]["content"].rpartition("\n")
    return [*chat[:-1], {"role": chat[-1]["role"], "content": f"{reasoning}\n{sentence}"}]


REASONED = ("zero_shot_cot", "in_context_cot", "cot_collection")
"""Formats that end on a line with the answer, behind the reasoning."""

ARMS: Mapping[str, Callable[[pl.DataFrame, Version], pl.DataFrame]] = {
    "version": _all,
    "parent": _all,
    "answer_only": _answers,
    "single_path": _single,
    "shuffled": _shuffled,
    "unchecked": _unchecked,
    "untrained": _none,
}
"""Every arm by name."""
