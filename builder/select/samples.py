"""Choose paths in a table of samples: select the rows, drop by length, choose problem by problem, write it back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from operator import attrgetter
from typing import Any

import polars as pl

from ...schemas.frames import add_findings, get_schema
from ...schemas.reasons import Fate, Stage, Verdict
from ...schemas.recipe import Select
from ...schemas.sample import Hint, Sample
from ..text.similarity import NormalText, read_text
from .choice import drop_duplicates, pick_paths
from .lengths import COLUMNS, find_outside
from .paths import Choice, ParsedPath, ParsedProblem, PathProblem, ReasoningPath, parse_path, parse_problem
from .signatures import Method

_NAMES = tuple(field.name for field in fields(Choice))

_SCHEMA = pl.Schema([("sample_id", pl.String()), *((name, get_schema(Sample)[name]) for name in _NAMES)])
"""The columns of choices: `sample_id`, and those of `Choice`."""

_FOUND = {"sample_id", "signature", "reason", "detail"}

_EMPTY = {name: pl.lit(None, kind) for name, kind in _SCHEMA.items() if name not in _FOUND}

_PATH_COLUMNS = ("sample_id", "text", "hint", "verdict", "logprob", "signature", "operations")

_PROBLEM_COLUMNS = ("question", "answer", "choices", "reference_rationale")


_LOGPROB = pl.col("token_logprobs").list.eval(pl.element().struct.field("logprob")).list.mean().fill_nan(None)
"""Null where no log probability is known."""


def select_kept(samples: pl.DataFrame) -> pl.DataFrame:
    """Select the samples that no stage has dropped.

    Returns:
        Columns sample_id, problem_id, text, hint, verdict, logprob, and the lengths; text is the whole rationale,
        reasoning and response, and logprob the mean log probability of its tokens.
    """
    has_reasoning = pl.col("reasoning").is_not_null()
    joined = pl.concat_str("reasoning", pl.col("text").fill_null(""), separator="\n\n").str.strip_chars_end()
    return samples.filter(pl.col("fate") == Fate.KEPT).select(
        "sample_id",
        "problem_id",
        pl.when(has_reasoning).then(joined).otherwise("text").alias("text"),
        "hint",
        "verdict",
        _LOGPROB.alias("logprob"),
        *COLUMNS.values(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Readers:
    """How texts are read; what the duplicates needed is known when paths are picked."""

    read: Callable[[str], NormalText]
    """Normalizes a text."""
    parse: Callable[[PathProblem], ParsedProblem]
    """Reads what is known of a problem."""


def make_readers(policy: Select) -> Readers:
    """Make readers that remember what they have read: let them go with the bucket."""
    return Readers(read=cache(read_text), parse=cache(partial(parse_problem, policy=policy)))


def find_duplicates(
    samples: pl.DataFrame, policy: Select, seed: int = 0, readers: Readers | None = None
) -> pl.DataFrame:
    """Find the duplicates among correct paths, problem by problem.

    Args:
        samples: the table from `select_kept`, all samples of a problem together; with the columns signature and
            operations of the method, where it was read already; and question and reference_rationale of the problem.
        policy: which paths are duplicates.
        seed: the recipe's.
        readers: how texts are read; None for new ones.

    Returns:
        The columns of `Choice`, with sample_id.
    """
    groups = _group_paths(samples, policy, seed, readers or make_readers(policy))
    return _list_choices(drop_duplicates(paths, policy, problem)[0] for paths, problem in groups)


def drop_outside(samples: pl.DataFrame, policy: Select) -> pl.DataFrame:
    """Drop the paths that are longer or shorter than the policy wants them: they are compared with no others.

    Args:
        samples: the table from `select_kept`, with the column signature.
        policy: the limits.

    Returns:
        The columns of `Choice`, with sample_id.
    """
    outside = find_outside(samples, policy.lengths)
    signatures = samples.select("sample_id", "signature")
    return outside.join(signatures, on="sample_id", how="left").with_columns(**_EMPTY).select(_SCHEMA.names())


def drop_quoting(samples: pl.DataFrame, found: pl.DataFrame | None) -> pl.DataFrame:
    """Drop the paths that hold a question of an evaluation set.

    Args:
        samples: the table from `select_kept`, with the column signature.
        found: columns sample_id, reason, detail of those that do; None for none.

    Returns:
        The columns of `Choice`, with sample_id.
    """
    if found is None:
        return pl.DataFrame(schema=_SCHEMA)
    signatures = samples.select("sample_id", "signature")
    return found.join(signatures, on="sample_id", how="left").with_columns(**_EMPTY).select(_SCHEMA.names())


def pick_rows(samples: pl.DataFrame, policy: Select, seed: int = 0, readers: Readers | None = None) -> pl.DataFrame:
    """Pick the paths to keep, problem by problem: the only step that another `keep` changes.

    Args:
        samples: as for `find_duplicates`, without the duplicates.
        policy: how many paths are kept.
        seed: the recipe's.
        readers: how texts are read; None for new ones.

    Returns:
        The columns of `Choice`, with sample_id.
    """
    groups = _group_paths(samples, policy, seed, readers or make_readers(policy))
    return _list_choices(pick_paths(paths, policy, problem) for paths, problem in groups)


def follow_leaders(choices: pl.DataFrame) -> pl.DataFrame:
    """Drop repeats that the policy keeps where the path that they repeat is dropped.

    Args:
        choices: the columns of `Choice`, with sample_id; leaders among them.
    """
    is_repeat = pl.col("reason").is_null() & (pl.col("cluster") != pl.col("sample_id"))
    repeats = choices.filter(is_repeat)
    if not repeats.height:
        return choices
    leaders = choices.select(cluster="sample_id", why="reason", how="detail")
    followed = repeats.join(leaders, on="cluster", how="left", maintain_order="left")
    followed = followed.with_columns(reason="why", detail="how").select(choices.columns)
    return pl.concat([choices.filter(~is_repeat), followed])


def _list_choices(choices: Iterable[Mapping[str, Choice]]) -> pl.DataFrame:
    read = attrgetter(*_NAMES)
    rows = [(sample_id, *read(choice)) for each in choices for sample_id, choice in sorted(each.items())]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _group_paths(
    samples: pl.DataFrame, policy: Select, seed: int, readers: Readers
) -> Iterator[tuple[list[ParsedPath], ParsedProblem]]:
    """Yield the paths of each problem, in the order of the sample ids, and what is known of the problem."""
    columns = [name for name in _PATH_COLUMNS if name in samples.columns]
    known = [name for name in _PROBLEM_COLUMNS if name in samples.columns]
    grouped = samples.sort("sample_id").group_by("problem_id", maintain_order=True)
    for row in grouped.agg(*columns, *(pl.col(name).first() for name in known)).iter_rows(named=True):
        values = (row[name] for name in columns)
        problem = PathProblem(
            question=row.get("question"),
            answer=row.get("answer"),
            choices=tuple(row.get("choices") or ()),
            reference=row.get("reference_rationale"),
            seed=seed,
        )
        parsed = readers.parse(problem)
        paths = (_make_path(dict(zip(columns, each, strict=True))) for each in zip(*values, strict=True))
        yield [parse_path(path, policy, parsed, readers.read) for path in paths], parsed


def _make_path(row: Mapping[str, Any]) -> ReasoningPath:
    operations = row.get("operations")
    return ReasoningPath(
        sample_id=row["sample_id"],
        text=row["text"],
        hinted=row["hint"] == Hint.HINTED,
        provided=row.get("verdict") == Verdict.PROVIDED,
        logprob=row.get("logprob"),
        method=None if operations is None else Method(row["signature"], frozenset(operations)),
    )


def add_choices(samples: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Write choices into the samples: signature and cluster, and stage, fate and reason where dropped.

    Raises:
        RuntimeError: a sample of `select_kept` has no choice, or a choice has no such sample.
    """
    handed = select_kept(samples)["sample_id"]
    return add_findings(samples, choices, Sample, key="sample_id", stage=Stage.SELECT, handed=handed)


def count_distinct(samples: pl.DataFrame) -> pl.DataFrame:
    """Count correct and distinct paths.

    Args:
        samples: rows of `Sample` with choices.

    Returns:
        Columns problem_id, correct, distinct, and once: the distinct paths that one sample took.
    """
    clustered = samples.filter(pl.col("cluster").is_not_null()).group_by("problem_id", "cluster").len()
    return clustered.group_by("problem_id").agg(
        correct=pl.col("len").sum(), distinct=pl.len(), once=(pl.col("len") == 1).sum()
    )
