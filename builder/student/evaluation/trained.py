"""The questions that students were trained on, so that no evaluation set asks one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ....schemas.problem import Split
from ....schemas.reasons import Fate
from ...store import Version

_COLUMNS = ("problem_id", "source", "question", "choices", "split", "fate")


@dataclass(frozen=True, slots=True)
class KnownQuestions:
    """Questions that evaluation must not ask: hashes of their ids and wordings, sorted and unique."""

    ids: pl.Series
    """Of the ids of problems."""
    whole: pl.Series
    """Of questions with their options."""
    asked: pl.Series
    """Of questions without their options."""
    bare: pl.Series
    """Of questions that have no options."""

    def mark(self, problems: pl.DataFrame) -> pl.Series:
        """Mark the problems that are known: by id, or by a question that differs in case, space and punctuation only.

        A question with other options is another question. One of two without options is the same whatever the other's.

        Args:
            problems: the columns problem_id, question and choices.
        """
        has_options = problems["choices"].list.len() > 0
        whole, asked = _hash_whole(problems), _hash_asked(problems)
        same = whole.is_in(self.whole) | asked.is_in(self.bare) | (~has_options & asked.is_in(self.asked))
        return problems["problem_id"].hash().is_in(self.ids) | same


def collect_known(problems: Sequence[pl.DataFrame]) -> KnownQuestions:
    """Collect the questions of some tables.

    Args:
        problems: tables with the columns problem_id, question and choices.
    """
    columns: tuple[list[pl.Series], ...] = ([], [], [], [])
    for part in problems:
        asked = _hash_asked(part)
        found = (part["problem_id"].hash(), _hash_whole(part), asked, asked.filter(part["choices"].list.len() == 0))
        for column, values in zip(columns, found, strict=True):
            column.append(values)
    none = pl.Series(dtype=pl.UInt64)
    return KnownQuestions(*(pl.concat([none, *column]).unique().sort() for column in columns))


def collect_trained(versions: Sequence[Version]) -> KnownQuestions:
    """Collect the questions of the training splits of versions: what any condition made from them trains on."""
    is_training = (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN)
    return collect_known(
        [
            part.filter(is_training & ~pl.col("source").is_in(_list_sets(version)))
            for version in versions
            for part in version.iterate_table("problems", _COLUMNS)
        ]
    )


def _list_sets(version: Version) -> list[str]:
    return [source["name"] for source in version.manifest.recipe["sources"] if source["role"] == "evaluate"]


def _hash_whole(problems: pl.DataFrame) -> pl.Series:
    options = pl.col("choices").list.join("\n")
    return problems.select(_normalize(pl.concat_str("question", options, separator="\n\n"))).to_series().hash()


def _hash_asked(problems: pl.DataFrame) -> pl.Series:
    return problems.select(_normalize(pl.col("question"))).to_series().hash()


def _normalize(text: pl.Expr) -> pl.Expr:
    """Lower case, and one space for white space and punctuation; a point stays within a number, and so do signs."""
    parted = text.fill_null("").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}\p{S}.%/\-]+", " ")
    return parted.str.replace_all(r"\.(?:\s|$)|\s\.", " ").str.replace_all(r"\s+", " ").str.strip_chars()
