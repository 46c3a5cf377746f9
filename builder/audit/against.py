"""Hold a finished version against an evaluation set that its recipe may not have known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from ...schemas.frames import get_schema, to_frame
from ...schemas.manifest import Manifest
from ...schemas.problem import Overlap, OverlapMeasure, OverlapPart
from ...schemas.reasons import Fate
from ...schemas.runtime import Runtime
from ...schemas.source import Decontaminate
from ..engine import map_items
from ..sources.overlap import OpenSets, OverlapMatch, choose_evidence, find_matches, make_evidence
from ..store import Version
from .evaluation_sets import NamedSet, open_sets, write_sets

CHECK = "overlap"
"""The name of the check in reports."""

_SHOWN = 3
"""So many rows are named by a finding."""

_CLOSE = 0.75
"""A near miss is named in messages from this share of the score on that makes an overlap."""

_POLICY = Decontaminate(against=("any",))
_THRESHOLDS = {OverlapMeasure.WORDS.value: _POLICY.similarity, OverlapMeasure.MASKED.value: _POLICY.masked or 1.0}
"""The scores from which on a text overlaps a set, by measure."""

_PROBLEMS = ("problem_id", "source", "origin", "question", "choices", "reference_rationale", "fate")
_EXAMPLES = ("example_id", "sample_id", "problem_id", "messages", "reasoning", "fate")


@dataclass(frozen=True, kw_only=True, slots=True)
class AgainstReport:
    """What of a version overlaps evaluation sets."""

    findings: tuple[str, ...]
    """A sentence for each set and part that overlaps; none is a pass."""
    overlaps: pl.DataFrame
    """Rows of `Overlap`: the strictest measure of each text."""
    near_misses: pl.DataFrame
    """Rows of `Overlap`: of the questions that stay, those that came nearest to each set, by each measure."""
    sets: tuple[Mapping[str, Any], ...]
    """Of each set: set (its name), problems (how many) and digest."""

    def describe_near_misses(self) -> Iterator[str]:
        """Describe the nearest of the questions that stay, a few for each set: a person decides about them."""
        threshold = pl.col("measure").replace_strict(_THRESHOLDS, default=1.0, return_dtype=pl.Float64)
        close = self.near_misses.filter(pl.col("score") >= _CLOSE * threshold)
        nearest = close.unique(["against", "problem_id"], keep="first", maintain_order=True)
        for row in nearest.group_by("against", maintain_order=True).head(_SHOWN).iter_rows(named=True):
            yield (
                f"{row['problem_id']} ({row['origin']}) is {row['score']:.0%} like {row['evaluation_origin']} by"
                f" {row['measure']}, and stays"
            )


def audit_against(version: Version, sets: Sequence[NamedSet], *, runtime: Runtime | None = None) -> AgainstReport:
    """Hold the kept problems and examples of a version against evaluation sets.

    Questions, reference rationales, and each message and reasoning of the examples are looked at, whatever the recipe
    decontaminated against, by the measures of a recipe that says nothing about them. Problems of the version's own
    evaluation sources are not looked at.

    Args:
        version: the version.
        sets: the sets.
        runtime: the workers; None for this process alone.

    Raises:
        InputError: a table is damaged.
    """
    with TemporaryDirectory(prefix="cotloom-") as folder:
        write_sets(sets, Path(folder))
        settings = {
            "version": str(version.path),
            "manifest": version.manifest.model_dump(mode="json"),
            "folder": folder,
            "names": [each.name for each in sets],
        }
        items = [{"bucket": bucket} for bucket in range(1 << version.manifest.bucket_bits)]
        description = f"holding {version.ref} against {len(sets)} sets"
        try:
            found = map_items(ADDRESS, items, settings, runtime=runtime or Runtime(), description=description)
        finally:
            open_sets.cache_clear()
    rows = [row for bucket in found for row in bucket["overlaps"]]
    chosen = choose_evidence(pl.DataFrame(rows, schema=get_schema(Overlap)))
    overlaps = chosen.filter("dropped").sort("against", "part", "problem_id", "sample_id", nulls_last=True)
    return AgainstReport(
        findings=tuple(_describe(overlaps)),
        overlaps=overlaps,
        near_misses=chosen.filter(~pl.col("dropped")).sort("against", pl.col("score").neg(), "problem_id"),
        sets=tuple(found[0]["sets"]),
    )


ADDRESS = f"{__name__}:compare_bucket"
"""The address of `compare_bucket` for the engine."""


def compare_bucket(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Hold a bucket of a version against evaluation sets.

    Args:
        item: bucket: its number.
        settings: version: its folder; manifest; folder: where the sets are, an Arrow file for each; names: of the sets.

    Returns:
        overlaps: rows of `Overlap`, near misses too; sets: name, problems and digest of each set.

    Raises:
        InputError: a table is damaged.
    """
    version = Version(path=Path(settings["version"]), manifest=Manifest.model_validate(settings["manifest"]))
    sets = open_sets(settings["folder"], tuple(settings["names"]))
    opened = OpenSets(sets)
    evaluated = [source["name"] for source in version.manifest.recipe["sources"] if source.get("role") == "evaluate"]
    (problems,) = version.iterate_table("problems", _PROBLEMS, [item["bucket"]])
    (examples,) = version.iterate_table("examples", _EXAMPLES, [item["bucket"]])
    kept = problems.filter((pl.col("fate") == Fate.KEPT) & ~pl.col("source").is_in(evaluated))
    trained = examples.filter(pl.col("fate") == Fate.KEPT).join(
        kept.select("problem_id", "source", "origin"), on="problem_id", how="inner", maintain_order="left"
    )
    texts = [*_list_texts(kept), *_list_messages(trained)]
    found = [overlap for part, row, text in texts for overlap in _match_text(opened, part, row, text)]
    return {
        "overlaps": to_frame(found, Overlap).to_dicts(),
        "sets": [{"set": each.name, "problems": each.rows, "digest": each.digest} for each in sets],
    }


Text = tuple[OverlapPart, Mapping[str, Any], str]
"""Which text it is, the row that it is of, and the text."""


def _list_texts(problems: pl.DataFrame) -> Iterator[Text]:
    for row in problems.iter_rows(named=True):
        yield OverlapPart.QUESTION, row, " ".join([row["question"] or "", *row["choices"]])
        if row["reference_rationale"]:
            yield OverlapPart.REFERENCE_RATIONALE, row, row["reference_rationale"]


def _list_messages(examples: pl.DataFrame) -> Iterator[Text]:
    """List the texts of examples, each once: a question stands in all examples of its problem."""
    seen: set[str] = set()
    for row in examples.sort("example_id").iter_rows(named=True):
        texts = [row["reasoning"], *(message["content"] for message in row["messages"])]
        for text in texts:
            if text and text not in seen:
                seen.add(text)
                yield OverlapPart.EXAMPLE, {**row, "reference_rationale": None}, text


def _match_text(opened: OpenSets, part: OverlapPart, row: Mapping[str, Any], text: str) -> Iterator[Overlap]:
    """Find the strictest overlap of a text with each set; of a question that overlaps none, what it comes near."""
    for number, each in enumerate(opened.sets):
        is_question = part is OverlapPart.QUESTION
        position = each.positions.get(row["problem_id"]) if is_question else None
        if position is not None:
            same = OverlapMatch(position=position, measure=OverlapMeasure.SAME, score=1.0, is_overlap=True)
            yield make_evidence(each, same, part, row, text)
            continue
        matches = find_matches(text, each, part, opened.get_floors(number) if is_question else None)
        strictest = next((match for match in matches if match.is_overlap), None)
        if strictest is not None:
            yield make_evidence(each, strictest, part, row, text)
        elif is_question:
            opened.note(number, matches)
            yield from (make_evidence(each, match, part, row, text) for match in matches)


def _describe(overlaps: pl.DataFrame) -> Iterator[str]:
    """Describe the overlaps in a sentence for each set and part."""
    for (against, part), rows in overlaps.group_by("against", "part", maintain_order=True):
        ids = rows["problem_id"].unique(maintain_order=True)
        measures = rows["measure"].value_counts(sort=True).iter_rows()
        counts = ", ".join(f"{count:,} by {measure}" for measure, count in measures)
        pairs = rows.unique("problem_id", maintain_order=True).head(_SHOWN)
        named = ", ".join(
            f"{left} ({right})" for left, right in pairs.select("problem_id", "evaluation_origin").iter_rows()
        )
        yield f"{rows.height:,} texts ({part}) of {ids.len():,} problems overlap {against}: {counts}; such as {named}"
