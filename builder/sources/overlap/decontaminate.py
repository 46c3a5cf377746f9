"""Drop problems that overlap an evaluation set, before any call to the teacher, and keep the evidence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Any

import polars as pl

from ....schemas.frames import to_frame
from ....schemas.problem import Overlap, OverlapMeasure, OverlapPart
from ....schemas.reasons import Reason
from ..split import IS_KEPT, drop_rows, is_training, list_evaluations
from .sets import EvaluationSet, Floors, OverlapMatch, find_matches, join_texts, list_origins

NEAREST = 20
"""So many of the problems that stayed are evidence, for each set and measure: the nearest."""

MAX_TEXT = 4_000
"""Of a longer text, so many characters are evidence."""

_QUOTED = 60
"""The number of characters of a shared n-gram that `detail` quotes."""

_PARTS = {OverlapPart.QUESTION: "", OverlapPart.REFERENCE_RATIONALE: "reference rationale: "}
"""How `detail` names the part of a problem."""


@dataclass(slots=True)
class OpenSets:
    """The evaluation sets of a recipe, and the highest scores of what stayed so far."""

    sets: Sequence[EvaluationSet]
    """The sets."""
    highest: dict[tuple[int, OverlapMeasure], list[float]] = field(default_factory=dict)
    """For each set and measure a heap of the highest scores, `NEAREST` at most."""

    def get_floors(self, number: int) -> Floors:
        """The scores from which on a problem is among the nearest to a set."""
        return Floors(scores={
            measure: scores[0]
            for (of_set, measure), scores in self.highest.items()
            if of_set == number and len(scores) == NEAREST
        })  # fmt: skip

    def note(self, number: int, matches: Sequence[OverlapMatch]) -> None:
        """Note the scores of a problem that stays."""
        for match in matches:
            scores = self.highest.setdefault((number, match.measure), [])
            add = heappush if len(scores) < NEAREST else heappushpop
            add(scores, match.score)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decontaminated:
    """The rows of a bucket after decontamination."""

    rows: pl.DataFrame
    """Rows of `Problem`."""
    overlaps: pl.DataFrame
    """Rows of `Overlap`: those dropped, and those that stayed and may be among the nearest."""
    counts: Sequence[Mapping[str, int]]
    """For each set, how many problems were dropped for it, by the strictest measure."""


def decontaminate(rows: pl.DataFrame, opened: OpenSets, roles: Mapping[str, str]) -> Decontaminated:
    """Drop rows that overlap an evaluation set.

    Args:
        rows: all rows of their problems, in the order of the sources.
        opened: the sets of the policy. Without one, only exact matches with an evaluation question are dropped.
        roles: the role of each source.
    """
    evaluated = rows.filter(~is_training(roles))
    same = dict(zip(evaluated["problem_id"], list_origins(evaluated), strict=True))
    work = rows.with_row_index("place").filter(IS_KEPT & is_training(roles))
    if not list_evaluations(roles):
        work = work.clear()
    if not opened.sets:
        work = work.filter(pl.col("problem_id").is_in(list(same)))
    details: dict[int, str] = {}
    evidence: list[Overlap] = []
    counts: list[Counter[str]] = [Counter() for _ in opened.sets]
    for row, text in zip(work.iter_rows(named=True), join_texts(work), strict=True):
        near = [_match_problem(row, text, each, opened.get_floors(number)) for number, each in enumerate(opened.sets)]
        strictest = [next((one for one in found if one[1].is_overlap), None) for found in near]
        faults = [_describe(each, *one) for each, one in zip(opened.sets, strictest, strict=True) if one is not None]
        if row["problem_id"] in same and not faults:
            faults = [f"same question as {same[row['problem_id']]}"]
        if faults:
            details[row["place"]] = f"{row['origin']}: {'; also '.join(faults)}"
        for tally, one in zip(counts, strictest, strict=True):
            tally.update([one[1].measure] if one is not None else [])
        for number, found in enumerate(near):
            shown = [one for one in found if one[1].is_overlap] if faults else found
            evidence += [make_evidence(opened.sets[number], match, part, row, text) for part, match in shown]
            if not faults:
                opened.note(number, [match for _, match in found])
    return Decontaminated(
        rows=drop_rows(rows, Reason.EVALUATION_OVERLAP, details), overlaps=to_frame(evidence, Overlap), counts=counts
    )


Found = tuple[OverlapPart, OverlapMatch]
"""A part of a problem, and what it is near."""


def _match_problem(row: Mapping[str, Any], text: str, each: EvaluationSet, floors: Floors) -> list[Found]:
    """Find what the texts of a problem are near, the question first, the strictest measure first."""
    found: list[Found] = []
    position = each.positions.get(row["problem_id"])
    if position is not None:
        same = OverlapMatch(position=position, measure=OverlapMeasure.SAME, score=1.0, is_overlap=True)
        found.append((OverlapPart.QUESTION, same))
    found += [(OverlapPart.QUESTION, match) for match in find_matches(text, each, floors=floors)]
    rationale = row["reference_rationale"]
    if rationale:
        part = OverlapPart.REFERENCE_RATIONALE
        found += [(part, match) for match in find_matches(rationale, each, part)]
    return found


def _describe(each: EvaluationSet, part: OverlapPart, match: OverlapMatch) -> str:
    """Describe the overlap of a text with a set."""
    return f"{_PARTS[part]}{describe_match(each, match)}"


def describe_match(each: EvaluationSet, match: OverlapMatch) -> str:
    """Describe an overlap: by which measure, how near, and which evaluation question."""
    origin = each.origins[match.position]
    quoted = f": {match.quoted[:_QUOTED]!r}"
    return {
        OverlapMeasure.SAME: f"same question as {origin}",
        OverlapMeasure.NGRAM: f"{each.policy.ngram}-gram shared with {origin}{quoted}",
        OverlapMeasure.WORDS: f"word similarity {match.score:.0%} to {origin}",
        OverlapMeasure.MASKED_NGRAM: f"masked {each.policy.ngram}-gram shared with {origin}{quoted}",
        OverlapMeasure.MASKED: f"masked similarity {match.score:.0%} to {origin}",
    }[match.measure]


def make_evidence(
    each: EvaluationSet, match: OverlapMatch, part: OverlapPart, row: Mapping[str, Any], text: str
) -> Overlap:
    """Make the evidence of a match.

    Args:
        each: the evaluation set.
        match: the match.
        part: which text it is.
        row: the problem: problem_id, source, origin, reference_rationale; of a sample, sample_id too.
        text: the question, or the text of the sample.
    """
    return Overlap(
        against=each.name,
        set_digest=each.digest,
        problem_id=row["problem_id"],
        origin=f"{row['source']} {row['origin']}",
        sample_id=row.get("sample_id"),
        part=part,
        evaluation_id=each.ids[match.position],
        evaluation_origin=each.origins[match.position],
        measure=match.measure,
        score=round(match.score, 6),
        dropped=match.is_overlap,
        text=(row["reference_rationale"] if part is OverlapPart.REFERENCE_RATIONALE else text)[:MAX_TEXT],
        evaluation_text=each.texts[match.position][:MAX_TEXT],
        quoted=match.quoted,
    )


def choose_evidence(overlaps: pl.DataFrame) -> pl.DataFrame:
    """Keep what overlaps, and of what stayed the `NEAREST` of each set and measure, in an order of their own."""
    keys = ["against", "measure", "problem_id", "origin", "sample_id", "part", "evaluation_id"]
    ordered = overlaps.sort(pl.col("score").neg(), *keys, nulls_last=True)
    place = pl.int_range(pl.len()).over("against", "measure", "dropped")
    return ordered.filter(pl.col("dropped") | (place < NEAREST)).sort(
        "against", "dropped", descending=[False, True], maintain_order=True
    )
