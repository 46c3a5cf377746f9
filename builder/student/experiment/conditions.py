"""Conditions: the rows that a student is trained on, those of the version itself or of something to compare it with."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import polars as pl

from ....schemas.formats import FORMATS_WITH_ANSWER_LINE, FormatName
from ....schemas.frames import get_schema
from ....schemas.ids import rank
from ....schemas.problem import AnswerType, Split
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Sample
from ....schemas.student import PromptScope
from ...errors import InputError
from ...format import AS_IS, FORMATS, join_reasoning
from ...format.templates import SolvedProblem, clean_reasoning, make_solved_problem, write_messages
from ...mix import DEFAULT_STAGE
from ...store import Version
from ...store.tables import fill_answers, has_consensus

ROW_COLUMNS = ["example_id", "sample_id", "problem_id", "format", "mixture_stage", "messages", "weight"]
"""The columns of an example that training needs."""

_SAMPLES = {name: get_schema(Sample)[name] for name in ("sample_id", "text", "token_logprobs")}
"""The columns of a sample that soft targets need."""

ANSWER_FORMAT: FormatName = "zero_shot_answer"
"""The format of the condition `answer_only`."""

FORMAT_ORDER: tuple[FormatName, ...] = (
    "zero_shot_cot",
    "in_context_cot",
    "bare_cot",
    "fine_tune_cot",
    "cot_collection",
    ANSWER_FORMAT,
    "in_context_answer",
)
"""The order in which the format to evaluate a version in is looked for."""


def _read_no_tasks(_scope: PromptScope) -> pl.DataFrame:
    return pl.DataFrame(schema={"problem_id": pl.String, "task": pl.String})


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Training rows under a name."""

    name: str
    """Name of the condition; one that is cut to another's size says so: `version_as_parent`."""
    rows: pl.DataFrame
    """Columns as `ROW_COLUMNS`; no rows for the untrained student."""
    stages: tuple[str, ...]
    """Stages of the mixture, in order."""
    samples: pl.DataFrame
    """`sample_id`, `text` and `token_logprobs` of the samples behind the rows."""
    read_tasks: Callable[[PromptScope], pl.DataFrame] = _read_no_tasks
    """Reads `problem_id` and `task` of the problems behind the rows: what shares a soft prompt."""


def select_training_rows(version: Version, columns: Sequence[str] = ROW_COLUMNS) -> pl.DataFrame:
    """Select the training rows of a version, in order of their ids.

    Args:
        version: the version, of which one bucket at a time is read.
        columns: the columns that are needed.

    Raises:
        InputError: the version has none.
    """
    is_training = (
        (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN) & pl.col("mixture_stage").is_not_null()
    )
    apart = ["reasoning"] if "messages" in columns else []
    read = list(dict.fromkeys([*columns, *apart, "example_id", "fate", "split", "mixture_stage"]))
    parts = [
        rows.filter(is_training).select({*columns, *apart, "example_id"})
        for rows in version.iterate_table("examples", read)
    ]
    rows = _join_reasoning(pl.concat(parts).sort("example_id")).select(columns)
    if rows.is_empty():
        raise InputError(f"{version.ref} has no rows to train on", hint=f"cotloom show {version.ref} says why")
    return rows


def _join_reasoning(rows: pl.DataFrame) -> pl.DataFrame:
    """Join reasoning that rows keep apart with their last messages: students are trained on one text."""
    if "reasoning" not in rows.columns or rows["reasoning"].null_count() == rows.height:
        return rows
    joined = [join_reasoning(*row) for row in rows.select("messages", "reasoning").iter_rows()]
    return rows.with_columns(messages=pl.Series(joined, dtype=rows.schema["messages"]))


def count_training_rows(version: Version) -> int:
    """Count the training rows of a version.

    Raises:
        InputError: the version has none.
    """
    return select_training_rows(version, ["example_id"]).height


def list_mixture_stages(version: Version) -> tuple[str, ...]:
    """List the stages of a version's mixture, in order."""
    mixture = version.manifest.recipe.get("mixture")
    return tuple(stage["name"] for stage in mixture["stages"]) if mixture else (DEFAULT_STAGE,)


def make_condition(name: str, version: Version, *, with_samples: bool = True) -> Condition:
    """Make a condition from the rows of a version.

    Args:
        name: one of `CONDITIONS`.
        version: the version; for the condition `parent`, the parent version.
        with_samples: whether the samples behind the rows are read, which soft targets are made of.

    Raises:
        InputError: the version has no rows, or none that the condition can be made from.
    """
    rows = CONDITIONS[name](select_training_rows(version), version)
    if rows.is_empty() and name != "untrained":
        raise InputError(f"{version.ref} has no rows for the condition {name}", hint="leave the condition out")
    samples = _read_samples(version, rows["sample_id"]) if with_samples else pl.DataFrame(schema=_SAMPLES)
    return Condition(
        name=name,
        rows=rows,
        stages=list_mixture_stages(version),
        samples=samples,
        read_tasks=partial(_read_tasks, version, rows["problem_id"]),
    )


def _read_tasks(version: Version, ids: pl.Series, scope: PromptScope) -> pl.DataFrame:
    wanted = pl.DataFrame({"problem_id": ids}).unique()
    task = pl.coalesce("task", "source") if scope is PromptScope.TASK else pl.col("source")
    parts = version.iterate_table("problems", ["problem_id", "task", "source", "fate"])
    kept = pl.concat(
        part.filter(pl.col("fate") == Fate.KEPT)
        .join(wanted, on="problem_id", how="semi")
        .select("problem_id", task=task)
        for part in parts
    )
    return kept.sort("problem_id")


def _read_samples(version: Version, ids: pl.Series) -> pl.DataFrame:
    wanted = pl.DataFrame({"sample_id": ids}).drop_nulls().unique()
    parts = version.iterate_table("samples", list(_SAMPLES))
    return pl.concat([part.join(wanted, on="sample_id", how="semi", maintain_order="left") for part in parts])


def cut_to_size(condition: Condition, reference: Condition) -> Condition:
    """Cut a condition to as many rows as another has, the lowest by keyed hash, to compare them at equal size."""
    ranks = pl.Series("rank", [rank("rows", example) for example in condition.rows["example_id"]], dtype=pl.UInt64)
    rows = condition.rows.with_columns(ranks).sort("rank").head(reference.rows.height).drop("rank").sort("example_id")
    return replace(condition, name=f"{condition.name}_as_{reference.name}", rows=rows)


def thin_problems(condition: Condition, share: float) -> Condition:
    """Keep a share of a condition's problems, the lowest by keyed hash."""
    problems = sorted(set(condition.rows["problem_id"]), key=lambda problem: rank("part", problem))
    kept = problems[: max(1, round(share * len(problems)))]
    return replace(condition, rows=condition.rows.filter(pl.col("problem_id").is_in(kept)))


def choose_format(rows: pl.DataFrame) -> FormatName:
    """Choose the format to evaluate rows in: the first of `FORMAT_ORDER` among theirs, else the answer-only format."""
    formats = set(rows["format"])
    return next((name for name in FORMAT_ORDER if name in formats), ANSWER_FORMAT)


def _keep_all_rows(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    return rows


def _drop_all_rows(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    return rows.clear()


def _make_answer_rows(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Write each problem of each stage once, with the gold answer alone; finished responses stay unchanged."""
    provided = rows.filter(pl.col("format") == AS_IS)
    asked = rows.filter(pl.col("format") != AS_IS).unique(
        ["problem_id", "mixture_stage"], keep="first", maintain_order=True
    )
    columns = ["problem_id", "question", "answer", "answer_type", "choices", "language"]
    kept = pl.concat(
        part.filter(pl.col("fate") == Fate.KEPT).select(columns).join(asked, on="problem_id", how="semi")
        for part in version.iterate_table("problems", [*columns, "fate"])
    )
    solved = asked.join(kept, on="problem_id", maintain_order="left")
    if has_consensus(version.manifest):
        columns = ["sample_id", "verdict", "consensus"]
        solved = fill_answers(solved, pl.concat(version.iterate_table("samples", columns)))
    messages = [_write_answer(row) for row in solved.iter_rows(named=True)]
    answers = solved.with_columns(
        messages=pl.Series(messages, dtype=rows.schema["messages"]), format=pl.lit(ANSWER_FORMAT), weight=pl.lit(1.0)
    )
    return pl.concat([provided, answers.select(ROW_COLUMNS)])


def _write_answer(row: Mapping[str, Any]) -> list[dict[str, str]]:
    problem = SolvedProblem(
        question=str(row["question"]),
        answer=str(row["answer"]),
        text="",
        answer_start=None,
        answer_type=AnswerType(str(row["answer_type"])),
        choices=tuple(row["choices"] or ()),
        language=row["language"],
    )
    return [
        {"role": message.role.value, "content": message.content}
        for message in write_messages(FORMATS[ANSWER_FORMAT], problem)
    ]


def _select_single_paths(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    """Keep one path for each problem in each format, the lowest by keyed hash."""
    ranks = pl.Series("rank", [rank("single_path", str(sample)) for sample in rows["sample_id"]], dtype=pl.UInt64)
    lowest = pl.col("rank").min().over("problem_id", "format", "mixture_stage")
    single = rows.with_columns(ranks).filter(pl.col("rank") == lowest).drop("rank")
    return single.unique(["problem_id", "format", "mixture_stage"], keep="first", maintain_order=True)


def _shuffle_reasoning(rows: pl.DataFrame, _version: Version) -> pl.DataFrame:
    """Put the reasoning of another problem before each answer, to measure the value of unrelated rationales.

    The rows of a problem are neighbours in the order, and all rows are rotated by the most rows that a problem has.
    """
    has_answer_line = pl.col("format").is_in(list(FORMATS_WITH_ANSWER_LINE))
    parts = [rows.filter(~has_answer_line)]
    groups = rows.filter(has_answer_line).group_by("format", "mixture_stage")
    for _, group in sorted(groups, key=lambda pair: pair[0]):
        keys = [(rank("shuffled", problem), rank("shuffled", example))
                for problem, example in group.select("problem_id", "example_id").iter_rows()]  # fmt: skip
        order = sorted(range(group.height), key=keys.__getitem__)
        offset = max(Counter(group["problem_id"]).values())
        donors = dict(zip(order, [*order[offset:], *order[:offset]], strict=True))
        chats = group["messages"].to_list()
        shuffled = [_replace_reasoning(chat, chats[donors[index]]) for index, chat in enumerate(chats)]
        parts.append(group.with_columns(messages=pl.Series(shuffled, dtype=rows.schema["messages"])))
    return pl.concat(parts).sort("example_id")


def _replace_reasoning(chat: list[dict[str, str]], donor: list[dict[str, str]]) -> list[dict[str, str]]:
    reasoning, _, _ = donor[-1]["content"].rpartition("\n")
    _, _, sentence = chat[-1]["content"].rpartition("\n")
    return [*chat[:-1], {"role": chat[-1]["role"], "content": f"{reasoning}\n{sentence}"}]


def _make_unchecked_rows(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Take one sample for each problem whatever its verdict, closed by its own final answer.

    It is the lowest by keyed hash of those with a final answer: what a version without checks would train on.
    """
    lowest = pl.concat(
        _choose_unchecked(problems, samples)
        for problems, samples in zip(
            version.iterate_table("problems", _UNCHECKED_PROBLEM),
            version.iterate_table("samples", _UNCHECKED_SAMPLE),
            strict=True,
        )
    )
    first_stage = list_mixture_stages(version)[0]
    unchecked = [
        {
            "example_id": row["sample_id"],
            "sample_id": row["sample_id"],
            "problem_id": row["problem_id"],
            "format": "zero_shot_cot",
            "mixture_stage": first_stage,
            "messages": _write_unchecked(row),
            "weight": 1.0,
        }
        for row in lowest.sort("sample_id").iter_rows(named=True)
    ]
    return pl.DataFrame(unchecked, schema=rows.schema)


_UNCHECKED_PROBLEM = ("problem_id", "question", "answer_type", "choices", "language", "fate", "split")
_UNCHECKED_SAMPLE = ("sample_id", "problem_id", "text", "reasoning", "predicted", "span", "answer_part", "verdict")


_ANSWERED = (Verdict.CORRECT, Verdict.WRONG, Verdict.AGREED, Verdict.DISAGREED, Verdict.NO_CONSENSUS)


def _choose_unchecked(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Choose a sample for each problem of a bucket, whatever its verdict."""
    is_problem = (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN)
    is_answer = pl.col("verdict").is_in(_ANSWERED) & pl.col("predicted").is_not_null()
    answers = samples.filter(is_answer).join(problems.filter(is_problem).drop("fate", "split"), on="problem_id")
    ranks = pl.Series("rank", [rank("unchecked", sample) for sample in answers["sample_id"]], dtype=pl.UInt64)
    return answers.with_columns(ranks).filter(pl.col("rank") == pl.col("rank").min().over("problem_id"))


def _write_unchecked(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Write a sample with its own answer; its reasoning, where it was told apart, stands before it between tags."""
    messages = write_messages(FORMATS["zero_shot_cot"], make_solved_problem({**row, "answer": row["predicted"]}))
    chat = [{"role": message.role.value, "content": message.content} for message in messages]
    return join_reasoning(chat, row["reasoning"] and clean_reasoning(row["reasoning"]))


CONDITIONS: Mapping[str, Callable[[pl.DataFrame, Version], pl.DataFrame]] = {
    "version": _keep_all_rows,
    "parent": _keep_all_rows,
    "answer_only": _make_answer_rows,
    "single_path": _select_single_paths,
    "shuffled": _shuffle_reasoning,
    "unchecked": _make_unchecked_rows,
    "untrained": _drop_all_rows,
}
"""Every condition by name: a function from a version and its training rows to the rows of the condition."""
