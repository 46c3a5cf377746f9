"""An evaluation set, indexed by every measure of a recipe, and the overlaps of a text with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from ....schemas.ids import digest
from ....schemas.problem import OverlapMeasure, OverlapPart
from ....schemas.source import Decontaminate
from ...text.content import ContentIndex, find_most_contained, find_rare_run, index_content, list_stems
from ...text.overlap import OverlapIndex, find_nearest, find_shared_run, index_texts, split_words

COLUMNS = ("problem_id", "source", "origin", "question", "choices")
"""What of a problem is needed to hold others against it."""

MAX_CHARACTERS = 200_000
"""Of a longer text, so many characters are compared: the first ones."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """An evaluation set."""

    name: str
    """The source."""
    policy: Decontaminate
    """The measures and their thresholds."""
    rows: int
    """How many rows with a question it has; a question that is there again counts again."""
    ids: Sequence[str]
    """The id of each problem; it is there once."""
    positions: Mapping[str, int]
    """The place of each id."""
    origins: Sequence[str]
    """Source and origin of each."""
    texts: Sequence[str]
    """Question and options of each."""
    digest: str
    """Digest of the ids."""
    words: OverlapIndex
    """The texts by their words."""
    content: ContentIndex | None
    """The texts by their masked words; None where the recipe masks nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlapMatch:
    """An evaluation question that a text is near."""

    position: int
    """Its place in the set."""
    measure: OverlapMeasure
    """By which measure."""
    score: float
    """How near, from 0 to 1."""
    is_overlap: bool
    """Whether it is so near that it is an overlap."""
    quoted: str = ""
    """The run of words in common."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Floors:
    """Scores below which a match that is no overlap is of no interest, by measure: the search is faster for it."""

    scores: dict[OverlapMeasure, float] = field(default_factory=dict)

    def get(self, measure: OverlapMeasure, threshold: float) -> float:
        """The score from which on matches are searched: never above the threshold."""
        return min(threshold, self.scores.get(measure, 0.0))


def index_set(name: str, rows: pl.DataFrame, policy: Decontaminate) -> EvaluationSet:
    """Index all problems of an evaluation set that have a question, whatever their fate.

    Args:
        name: the source.
        rows: `COLUMNS` of its problems.
        policy: the measures.
    """
    asked = rows.filter(pl.col("question").is_not_null()).sort("problem_id", "origin", maintain_order=True)
    rows = asked.unique("problem_id", keep="first", maintain_order=True)
    texts, ids = join_texts(rows), rows["problem_id"].to_list()
    return EvaluationSet(
        name=name,
        policy=policy,
        rows=asked.height,
        ids=ids,
        positions={name: place for place, name in enumerate(ids)},
        origins=list_origins(rows),
        texts=texts,
        digest=digest(ids),
        words=index_texts(texts, policy.ngram),
        content=None if policy.masked is None else index_content(texts, policy.ngram),
    )


def join_texts(rows: pl.DataFrame) -> list[str]:
    """Join question and options of each problem."""
    return [
        " ".join([question or "", *choices]) for question, choices in rows.select("question", "choices").iter_rows()
    ]


def list_origins(rows: pl.DataFrame) -> list[str]:
    """List source and origin of each problem."""
    return [f"{source} {origin}" for source, origin in rows.select("source", "origin").iter_rows()]


def find_matches(
    text: str, each: EvaluationSet, part: OverlapPart = OverlapPart.QUESTION, floors: Floors | None = None
) -> list[OverlapMatch]:
    """Find the evaluation questions that a text is nearest, at most one for each measure, the strictest first.

    Args:
        text: the text.
        each: the evaluation set.
        part: what the text is. A rationale is searched for questions that it holds, not for similar words.
        floors: what is of interest below the thresholds; None for overlaps only.
    """
    text = text[:MAX_CHARACTERS]
    words, policy = split_words(text), each.policy
    found = [*_find_run(words, each)]
    if part is OverlapPart.QUESTION:
        least = policy.similarity if floors is None else floors.get(OverlapMeasure.WORDS, policy.similarity)
        found += _find_words(words, each, least)
    if each.content is not None and policy.masked is not None:
        least = policy.masked if floors is None else floors.get(OverlapMeasure.MASKED, policy.masked)
        found += _find_masked(text, each.content, policy.masked, least)
    return found


def _find_run(words: Sequence[str], each: EvaluationSet) -> Iterator[OverlapMatch]:
    run = find_shared_run(each.words, words)
    if run is not None:
        yield OverlapMatch(position=run[0], measure=OverlapMeasure.NGRAM, score=1.0, is_overlap=True, quoted=run[1])


def _find_words(words: Sequence[str], each: EvaluationSet, least: float) -> Iterator[OverlapMatch]:
    match = find_nearest(each.words, words, least)
    if match is not None:
        is_overlap = match[1] >= each.policy.similarity
        yield OverlapMatch(position=match[0], measure=OverlapMeasure.WORDS, score=match[1], is_overlap=is_overlap)


def _find_masked(text: str, content: ContentIndex, masked: float, least: float) -> Iterator[OverlapMatch]:
    stems = list_stems(text)
    run = find_rare_run(content, stems)
    if run is not None:
        yield OverlapMatch(
            position=run[0], measure=OverlapMeasure.MASKED_NGRAM, score=1.0, is_overlap=True, quoted=run[1]
        )
    match = find_most_contained(content, stems, least)
    if match is not None:
        is_overlap = match[1] >= masked
        yield OverlapMatch(position=match[0], measure=OverlapMeasure.MASKED, score=match[1], is_overlap=is_overlap)
