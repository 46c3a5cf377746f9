"""The problems of a build, in pieces."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import digest
from ...schemas.manifest import Contamination, File, InferredType, Input, SplitReport
from ...schemas.problem import DuplicateMeasure, make_problem_id
from ...schemas.reasons import Fate
from ...schemas.source import Decontaminate
from .. import sources, verify
from ..store.pieces import iterate_pieces
from ..store.results.stages import read_or_make
from ..store.tables import describe_file, write_evidence
from .languages import count_languages
from .overlap.evidence import OVERLAPS, join_evidence
from .work import BuildWork

_DECIDING = ("sources", "languages", "decontaminate", "split", "limit", "cluster_cap", "seed")
"""The keys of a recipe that decide its problems."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedProblems:
    """All problems of a build."""

    key: str
    """A digest of what decides them."""
    pieces: tuple[Path, ...]
    """Pieces of rows of `Problem`, dropped ones included."""
    rows: int
    """Rows in them."""
    responses: int
    """Finished responses in them."""
    sampled: int
    """Kept problems that the teacher answers."""
    languages: Mapping[str, Mapping[str, int]]
    """How many kept ones are in each language: those `asked`, and `all` to train on."""
    inputs: tuple[Input, ...]
    """The files and datasets they were read from."""
    contamination: tuple[Contamination, ...]
    """A certificate for each evaluation set."""
    inferred: tuple[InferredType, ...]
    """The answer types that were inferred."""
    split_report: SplitReport
    """How they were split."""
    overlaps: Path | None = None
    """Rows of `Overlap`; None where the recipe does not decontaminate."""

    def describe_evaluations(self, policy: Decontaminate | None) -> dict[str, Any] | None:
        """What the passes need to know of the evaluation sets, as plain values; None where there are none."""
        if policy is None:
            return None
        return {
            "pieces": [str(path) for path in self.pieces],
            "policy": policy.model_dump_json(),
            "digests": [item.digest for item in self.contamination],
        }


def load_problems(work: BuildWork) -> LoadedProblems:
    """Load the problems of a recipe, or find those that were loaded before from the same input.

    Raises:
        InputError: a source can't be read, or all problems are dropped.
        Stopped: a server can't be reached, or the disk is full.
    """
    identity = work.describe_identity()
    inputs = {
        name: state
        for name, state in work.input_digests.items()
        if name.startswith("sources.") or name == sources.PARENT
    }
    decided_by = {
        "code": [sources.CODE_VERSION, verify.CODE_VERSION],
        "inputs": inputs,
        "recipe": {name: identity.get(name) for name in _DECIDING},
        "needs_gold": work.recipe.verify.consensus is None,
        "reviews": [work.reviews.golds, work.reviews.dropped],
    }
    with work.costs.measure("problems"):
        result = read_or_make(work.stages.folder / "sources", decided_by, lambda folder: _load(work, folder))
    values = result.values
    work.costs.note("problems", values["rows"], known=result.known)
    return LoadedProblems(
        key=digest(decided_by),
        pieces=tuple(result.folder / name for name in values["pieces"]),
        rows=values["rows"],
        responses=values["responses"],
        sampled=values["sampled"],
        languages=values["languages"],
        inputs=tuple(Input.model_validate(item) for item in values["inputs"]),
        contamination=tuple(Contamination.model_validate(item) for item in values["contamination"]),
        inferred=tuple(InferredType.model_validate(item) for item in values["inferred"]),
        split_report=SplitReport.model_validate(values["split_report"]),
        overlaps=result.folder / OVERLAPS if OVERLAPS in result.files else None,
    )


def _load(work: BuildWork, folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    loaded = sources.load_problems(
        work.loaded,
        verify.IS_READABLE,
        work.input_digests,
        infer_type=sources.INFER_TYPE,
        folder=folder,
        runtime=work.runtime,
        parent=sources.find_parent(work.recipe, work.runtime.store),
    )
    sampled, responses, rows = 0, 0, 0
    languages: dict[str, Counter[str]] = {"asked": Counter(), "all": Counter()}
    names = work.list_sources("sample")
    for frame in iterate_pieces(loaded.pieces, ("source", "fate", "responses", "language")):
        is_sampled = (pl.col("fate") == Fate.KEPT) & pl.col("source").is_in(names)
        rows += frame.height
        sampled += frame.filter(is_sampled).height
        responses += int(frame["responses"].list.len().sum())
        languages["asked"].update(count_languages(frame, work.recipe, "sample"))
        languages["all"].update(count_languages(frame, work.recipe, "sample", "reference"))
    pieces = [path.rename(folder / f"problems-{number:05}.arrow") for number, path in enumerate(loaded.pieces)]
    overlaps = join_evidence(loaded.evidence) if work.recipe.decontaminate else None
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
    files = {path.name: describe_file(path, 0) for path in pieces}
    if overlaps is not None:
        files[OVERLAPS] = write_evidence("evaluation_overlaps", overlaps, folder / OVERLAPS)
    return files, {
        "pieces": [path.name for path in pieces],
        "rows": rows,
        "responses": responses,
        "sampled": sampled,
        "languages": {name: dict(sorted(counts.items())) for name, counts in languages.items()},
        "inputs": [item.model_dump() for item in loaded.inputs],
        "contamination": [item.model_dump() for item in loaded.contamination],
        "inferred": [item.model_dump() for item in loaded.inferred],
        "split_report": dict(loaded.split_report),
    }


def write_aliases(pieces: Sequence[Path], names: Sequence[str], path: Path) -> Path | None:
    """Write which problems recorded answers to a question belong to, where its text alone does not say so.

    A question with options may be several problems, and one that was dropped because it repeats another in another
    writing is that one.

    Args:
        pieces: pieces of rows of `Problem`.
        names: the sources that the teacher answers.
        path: the file to write.

    Returns:
        The path of an Arrow file with the columns question_id, alias, and problem_id: the id of the repeat, null for
        others. None where there is none.
    """
    optional, plain, repeated = [], [], []
    for frame in iterate_pieces(pieces, ("problem_id", "question", "choices", "source", "fate", *_REPEATING)):
        kept = frame.filter((pl.col("fate") == Fate.KEPT) & pl.col("source").is_in(list(names)))
        has_options = pl.col("choices").list.len() > 0
        optional.append(_make_aliases(kept.filter(has_options), alias="problem_id"))
        plain.append(kept.filter(~has_options).select(question_id="problem_id", alias="problem_id"))
        repeats = frame.filter(pl.col("duplicate_by") == DuplicateMeasure.NORMALIZED)
        repeated.append(_make_aliases(repeats, "problem_id", alias="duplicate_of"))
    asked = pl.concat(
        [*(rows.select("alias") for rows in optional), *(rows.select("alias") for rows in plain)]
    ).unique()
    repeats = pl.concat(repeated).join(asked, on="alias", how="semi")
    aliases = pl.concat([repeats, *optional], how="diagonal")
    if not aliases.height:
        return None
    same = pl.concat(plain).join(aliases.select("question_id"), on="question_id", how="semi")
    rows = pl.concat([aliases, same], how="diagonal").unique(["question_id", "alias"], maintain_order=True)
    rows.sort("question_id", "alias").write_ipc(path)
    return path


_REPEATING = ("duplicate_of", "duplicate_by")


def _make_aliases(rows: pl.DataFrame, *columns: str, **named: str) -> pl.DataFrame:
    ids = [make_problem_id(question) for question in rows["question"]]
    return rows.select(pl.Series("question_id", ids, dtype=pl.String), *columns, **named)
