"""Drop problems that overlap an evaluation set, before any call to the teacher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ...schemas.reasons import Reason
from ...schemas.source import Decontaminate
from ..text.overlap import OverlapIndex, find_nearest, find_shared_run, index_texts, split_words
from .split import IS_KEPT, drop_rows, is_training, list_evaluations

_QUOTED = 60
"""The number of characters of a shared n-gram that `detail` quotes."""

_TEXT = ("question", "choices")


@dataclass(slots=True)
class EvaluationSet:
    """An evaluation set, and the counts so far."""

    policy: Decontaminate
    names: Sequence[str]
    """Source and origin of each problem."""
    index: OverlapIndex
    overlaps: int = 0
    highest: float = 0.0


def index_set(rows: pl.DataFrame, policy: Decontaminate) -> EvaluationSet:
    """Index all rows of an evaluation set that have a question, whatever their fate."""
    rows = rows.filter(pl.col("question").is_not_null()).sort("problem_id", "origin", maintain_order=True)
    return EvaluationSet(policy, _list_names(rows), index_texts(_join_texts(rows), policy.ngram))


def decontaminate(rows: pl.DataFrame, sets: Sequence[EvaluationSet], roles: Mapping[str, str]) -> pl.DataFrame:
    """Drop rows that overlap an evaluation set, and update the sets' counts.

    Args:
        rows: all rows of their problems, in the order of the sources.
        sets: the sets of the policy. Without one, only exact matches with an evaluation question are dropped.
        roles: the role of each source.
    """
    evaluations = list_evaluations(roles)
    if not evaluations:
        return rows
    evaluated = rows.filter(~is_training(roles))
    same = dict(zip(evaluated["problem_id"], _list_names(evaluated), strict=True))
    work = rows.with_row_index("place").filter(IS_KEPT & is_training(roles))
    if not sets:
        work = work.filter(pl.col("problem_id").is_in(list(same)))
    details = {}
    for place, problem, origin, text in zip(
        work["place"], work["problem_id"], work["origin"], _join_texts(work), strict=True
    ):
        faults = _find_overlaps(text, sets) if sets else []
        if problem in same and not faults:
            faults = [f"same question as {same[problem]}"]
        if faults:
            details[place] = f"{origin}: {'; also '.join(faults)}"
    return drop_rows(rows, Reason.EVALUATION_OVERLAP, details)


def _find_overlaps(text: str, sets: Sequence[EvaluationSet]) -> list[str]:
    """Describe the overlaps of a problem with each set, and update the sets' counts.

    Only a problem without any overlap raises the sets' highest similarity, because only such a problem stays.
    """
    words = split_words(text)
    matches = [find_nearest(each.index, words, min(each.policy.similarity, each.highest)) for each in sets]
    overlaps = [_describe_overlap(words, each, match) for each, match in zip(sets, matches, strict=True)]
    stays = not any(overlaps)
    for each, overlap, match in zip(sets, overlaps, matches, strict=True):
        each.overlaps += overlap is not None
        if match and stays:
            each.highest = max(each.highest, match[1])
    return [overlap for overlap in overlaps if overlap]


def _describe_overlap(words: Sequence[str], each: EvaluationSet, match: tuple[int, float] | None) -> str | None:
    """Describe the overlap of a text with a set; None where there is none."""
    run = find_shared_run(each.index, words)
    if run:
        return f"{each.policy.ngram}-gram shared with {each.names[run[0]]}: {run[1][:_QUOTED]!r}"
    if match and match[1] >= each.policy.similarity:
        return f"word similarity {match[1]:.0%} to {each.names[match[0]]}"
    return None


def _join_texts(rows: pl.DataFrame) -> list[str]:
    return [" ".join([question or "", *choices]) for question, choices in rows.select(_TEXT).iter_rows()]


def _list_names(rows: pl.DataFrame) -> list[str]:
    return [f"{source} {origin}" for source, origin in rows.select("source", "origin").iter_rows()]
