"""Render the texts of the kept paths of one bucket: each prompt and each target once, whatever formats share it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import polars as pl

from ...schemas.formats import Thinking
from ...schemas.ids import rank, rank_all
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Verdict
from ..languages import ENGLISH, choose_wording
from ..text.options import format_question
from .templates import AS_IS, FORMATS, THOUGHT_FIRST, SolvedProblem, clean_reasoning, make_solved_problem

Render = Callable[[SolvedProblem], str]

AS_IS_PROMPT, AS_IS_TARGET = f"{AS_IS}_prompt", f"{AS_IS}_target"
"""The columns of provided responses, which are written as they are."""

LENGTH_COLUMNS = ("reasoning_tokens", "response_tokens")
"""The columns with the lengths of a sample's parts."""

ANSWER_COLUMNS = (
    "sample_id",
    "problem_id",
    "text",
    "reasoning",
    "span",
    "answer_part",
    "teacher",
    "simulated",
    "verdict",
    "consensus",
    *LENGTH_COLUMNS,
)
"""The columns of a sample that its texts are made from."""

ROW_COLUMNS = (
    "sample_id",
    "problem_id",
    "source",
    "group",
    "split",
    "answer_type",
    "language",
    "teacher",
    "simulated",
    "is_provided",
    "reasoning",
    *LENGTH_COLUMNS,
)
"""The columns of a row of texts, besides the texts."""


def name_prompt(name: str) -> str:
    """Name the column with the prompts of a format; formats with the same prompt share it."""
    return AS_IS_PROMPT if name == AS_IS else _name_column(FORMATS[name].format_prompt)


def name_target(name: str) -> str:
    """Name the column with the targets of a format; formats with the same target share it."""
    return AS_IS_TARGET if name == AS_IS else _name_column(FORMATS[name].format_target)


def list_shared(names: Iterable[str]) -> dict[str, Render]:
    """List the functions whose text is the same for all paths of a problem, by column: it is rendered once."""
    forms = [FORMATS[name] for name in names]
    renderers = [form.format_prompt for form in forms]
    renderers += [form.format_target for form in forms if form.one_per_problem]
    return {_name_column(render): render for render in renderers}


def list_renderers(names: Iterable[str]) -> dict[str, Render]:
    """List the functions whose text belongs to one path, by column."""
    forms = [FORMATS[name] for name in names]
    return {_name_column(form.format_target): form.format_target for form in forms if not form.one_per_problem}


def _name_column(render: Render) -> str:
    return render.__name__.strip("_")


def join_problems(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Join the kept samples with their kept problems, in the order of the sample ids.

    The column group is the problem's cluster of variations.
    """
    kept = pl.col("fate") == Fate.KEPT
    columns = ["problem_id", "source", "question", "answer", "answer_type", "choices", "language", "split"]
    cluster = pl.coalesce("cluster", "group", "problem_id")
    answers = samples.filter(kept).select(ANSWER_COLUMNS)
    asked = problems.filter(kept).select(*columns, group=cluster)
    return answers.join(asked, on="problem_id").sort("sample_id")


def render_texts(rows: pl.DataFrame, names: Sequence[str], seed: int) -> pl.DataFrame:
    """Render the texts of kept samples.

    Args:
        rows: the table from `join_problems`.
        names: the formats.
        seed: key of the phrasing that each problem takes.

    Returns:
        The columns `ROW_COLUMNS`, and one for each prompt and target, null where a row has no such text.
    """
    texts = _render_columns(rows, names, seed)
    described = rows.select(
        "sample_id", "problem_id", "source", "group", "split", "answer_type",
        "language", "teacher", "simulated", *LENGTH_COLUMNS,
        is_provided=pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED))),
        reasoning=pl.Series(_clean_all(rows), dtype=pl.String),
    )  # fmt: skip
    return described.with_columns(**{name: pl.Series(texts[name], dtype=pl.String) for name in sorted(texts)})


_RENDERED = (
    "problem_id", "verdict", "text", "span", "answer_part", "consensus", "question", "answer", "answer_type", "choices",
    "language",
)  # fmt: skip
"""The columns that texts are rendered from."""


def _render_columns(rows: pl.DataFrame, names: Sequence[str], seed: int) -> dict[str, list[str | None]]:
    """Render the columns of texts; what all paths of a problem share is rendered once."""
    own, shared = list_renderers(names), list_shared(names)
    texts: dict[str, list[str | None]] = {name: [] for name in (*own, *shared, AS_IS_PROMPT, AS_IS_TARGET)}
    known: dict[str, list[str | None]] = {}
    own_texts, shared_texts = [(render, texts[name]) for name, render in own.items()], [texts[name] for name in shared]
    for row in rows.select(_RENDERED).iter_rows(named=True):
        is_provided, name = row["verdict"] == Verdict.PROVIDED, row["problem_id"]
        texts[AS_IS_PROMPT].append(format_question(row["question"], row["choices"] or ()) if is_provided else None)
        texts[AS_IS_TARGET].append(row["text"] if is_provided else None)
        if is_provided:
            for column in (*shared_texts, *(column for _, column in own_texts)):
                column.append(None)
            continue
        problem = make_solved_problem(row, rank(f"phrasing:{seed}", name))
        if name not in known:
            known[name] = [render(problem) for render in shared.values()]
        for column, text in zip(shared_texts, known[name], strict=True):
            column.append(text)
        for render, column in own_texts:
            column.append(render(problem))
    return texts


def _clean_all(rows: pl.DataFrame) -> list[str | None]:
    texts = rows.select("reasoning", "verdict").iter_rows()
    return [None if text is None or verdict == Verdict.PROVIDED else clean_reasoning(text) for text, verdict in texts]


def write_reasoning(reasoning: str, body: str, thinking: Thinking) -> pl.Expr:
    """Write reasoning before what follows it, as a format asks for; a leading blank of a completion stays in front.

    Args:
        reasoning: the column with the reasoning; null leaves the body as it is.
        body: the column with what follows it.
        thinking: what becomes of reasoning.
    """
    if thinking not in _LEADS:
        return pl.col(body)
    blank = pl.when(pl.col(body).str.starts_with(" ")).then(pl.lit(" ")).otherwise(pl.lit(""))
    led = pl.format(f"{{}}{_LEADS[thinking]}", blank, pl.col(reasoning), pl.col(body).str.strip_chars_start())
    return pl.when(pl.col(reasoning).is_null()).then(pl.col(body)).otherwise(led).alias(body)


_LEADS: Mapping[Thinking, str] = {
    Thinking.THINK_TAGS: THOUGHT_FIRST,
    Thinking.TEXT: "{}\n\n{}",
}
"""How reasoning stands before what follows it."""


def rank_demonstrations(texts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Rank the rows that may be shown as demonstrations: solved ones of the training split (law 6).

    Returns:
        Columns row (its number among the texts), ring (see `name_ring`), group_rank, sample_rank, problem.
    """
    key = f"demonstrations:{seed}"
    rows = texts.with_row_index("row").filter((pl.col("split") == Split.TRAIN) & ~pl.col("is_provided"))
    return rows.select(
        pl.col("row").cast(pl.Int64),
        ring=name_rings(rows),
        group_rank=rank_column(rows["group"], key),
        sample_rank=rank_column(rows["sample_id"], key),
        problem=pl.col("problem_id").str.slice(2, 15).str.to_integer(base=16).cast(pl.UInt64),
    )


def name_rings(rows: pl.DataFrame) -> pl.Series:
    """Name the ring that each row takes its demonstrations from: its answer type, and its language unless English."""
    kinds = rows.select("answer_type", "language").unique()
    named = kinds.with_columns(ring=pl.Series([name_ring(*kind) for kind in kinds.iter_rows()], dtype=pl.String))
    keys = ["answer_type", "language"]
    return rows.select(keys).join(named, on=keys, how="left", nulls_equal=True, maintain_order="left")["ring"]


def name_ring(answer_type: str, language: str | None) -> str:
    """Name the ring of an answer type and a language.

    >>> name_ring("number", "en"), name_ring("number", "zh")
    ('number', 'number/zh')
    """
    words = choose_wording(language).language
    return str(answer_type) if words == ENGLISH else f"{answer_type}/{words}"


def rank_column(values: pl.Series, key: str) -> pl.Series:
    """Rank texts by keyed hash."""
    return pl.Series(rank_all(key, values), dtype=pl.UInt64)
