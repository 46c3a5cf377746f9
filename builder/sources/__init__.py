"""Sources: load problems from files, the Hub, reasoning-gym and built-in generators, and assign each to a split.

Law 1: an unreadable, duplicate or contaminated row stays in the table with its reason. Law 6: no training problem
overlaps an evaluation set; variations of one problem are in one cluster, and a cluster is on one side of the split.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from ...schemas.formats import FORMATS_WITHOUT_GOLD
from ...schemas.problem import AnswerType
from ...schemas.recipe import Recipe
from ...schemas.runtime import Runtime
from ...schemas.source import ArithmeticSource, ProceduresSource, SkillsSource, Source, TableSource
from ..errors import InputError
from ..recipe import LoadedRecipe
from ..store import Version
from .clusters import PARENT, describe_missing_parent, find_parent, read_parent
from .duplicates import count_repeated
from .evaluation import EvaluationRows, read_evaluation_rows
from .gather import Problems, gather_problems
from .hub import download_rows, make_hub_dataset
from .load import INFER_TYPE, resolve_revisions
from .provided import make_provided_samples
from .skills import BARE, generate_skills

__all__ = [
    "BARE",
    "CODE_VERSION",
    "INFER_TYPE",
    "PARENT",
    "EvaluationRows",
    "Problems",
    "check_roles",
    "count_repeated",
    "describe_missing_parent",
    "download_rows",
    "find_parent",
    "generate_skills",
    "load_problems",
    "make_hub_dataset",
    "make_provided_samples",
    "read_evaluation_rows",
    "resolve_revisions",
]

CODE_VERSION = 8
"""Incremented when the same files produce different problems."""


def check_roles(recipe: Recipe) -> None:
    """Check that each source has the columns its role requires, before any file is read.

    Raises:
        InputError: a source lacks a column that its role requires, every source has the role `evaluate`,
            `decontaminate.against` names a source without the role `evaluate`, or a source generates problems in a
            language that the recipe does not list.
    """
    for source in recipe.sources:
        _check_role(source, needs_gold=recipe.verify.answer != "unchecked" and recipe.verify.consensus is None)
        _check_answer_type(source, recipe)
        _check_language(source, recipe)
    _check_needs_gold(recipe)
    if all(source.role == "evaluate" for source in recipe.sources):
        raise InputError(
            "every source has the role evaluate: there are no training problems",
            hint="set role: sample to sample responses from the teacher, or role: reference for finished responses",
            keys=("sources",),
        )
    sets = [source.name for source in recipe.sources if source.role == "evaluate"]
    _check_left_out(recipe)
    for name in recipe.decontaminate.against if recipe.decontaminate else ():
        if name not in sets:
            matches = get_close_matches(name, sets, n=1)
            listing = f"sources with role: evaluate: {', '.join(sets) or 'none'}"
            raise InputError(
                f"decontaminate.against names {name}, which is not a source with the role evaluate",
                hint=f"did you mean {matches[0]}? {listing}" if matches else listing,
                keys=("decontaminate.against",),
            )


def _check_left_out(recipe: Recipe) -> None:
    """Check that `split.leave_out` names sources to train on."""
    trained = [source.name for source in recipe.sources if source.role != "evaluate"]
    for name in recipe.split.leave_out:
        if name not in trained:
            matches = get_close_matches(name, trained, n=1)
            listing = f"sources to train on: {', '.join(trained)}"
            raise InputError(
                f"split.leave_out names {name}, which is not a source to train on",
                hint=f"did you mean {matches[0]}? {listing}" if matches else listing,
                keys=("split.leave_out",),
            )


def _check_language(source: Source, recipe: Recipe) -> None:
    """Check that generated problems are in a language of the recipe."""
    names = {language.partition("-")[0] for language in recipe.languages}
    if isinstance(source, ArithmeticSource) and names and source.language not in names:
        raise InputError(
            f"source {source.name} generates problems in {source.language}, and languages lists"
            f" {', '.join(recipe.languages)}",
            hint=f"add {source.language} to languages, or set the source's key language to one of en, zh",
            keys=(f"sources.{source.name}.language",),
        )


def _check_answer_type(source: Source, recipe: Recipe) -> None:
    """Check that a type is for this kind of source, and stated where no gold answer shows it."""
    if isinstance(source, TableSource) and source.answer_type == AnswerType.REASONING_GYM:
        raise InputError(
            f"source {source.name}: answer_type reasoning_gym is for problems that reasoning-gym makes",
            hint="use kind: reasoning_gym, or another answer_type",
            keys=(f"sources.{source.name}.answer_type",),
        )
    if not isinstance(source, TableSource) or source.fields.answer is not None:
        return
    is_open = recipe.verify.consensus is not None and source.role == "sample"
    if source.answer_type == "auto" or (is_open and "answer_type" not in source.model_fields_set):
        raise InputError(
            f"source {source.name} has no gold answers that show how answers are read and compared: it must be said",
            hint=f"set answer_type of the source: {', '.join(AnswerType)}",
            keys=(f"sources.{source.name}.answer_type",),
        )


def _check_role(source: Source, *, needs_gold: bool) -> None:
    fields = source.fields if isinstance(source, TableSource) else None
    has_responses = isinstance(source, SkillsSource | ProceduresSource) or (
        fields is not None and bool(fields.responses)
    )
    if source.role == "reference" and not has_responses:
        fault = "names no columns with finished responses" if fields else f"is of kind {source.kind}, which has none"
        raise InputError(
            f"source {source.name} has the role reference and {fault}",
            hint="set fields.responses: [COLUMN], or role: sample to sample responses from the teacher",
            keys=(f"sources.{source.name}.fields.responses",),
        )
    is_needed = source.role == "evaluate" or (source.role == "sample" and needs_gold)
    if is_needed and fields is not None and fields.answer is None:
        raise InputError(
            f"source {source.name} has the role {source.role} and does not name the column with the gold answer",
            hint="set fields.answer: COLUMN; without gold answers, verify: {consensus: {least: 3}} keeps what most"
            " samples of a problem agree on, verify: {answer: unchecked} keeps answers uncompared, and role: reference"
            " keeps finished responses as they are",
            keys=(f"sources.{source.name}.fields.answer",),
        )


def _check_needs_gold(recipe: Recipe) -> None:
    """Check that nothing else of a recipe needs the gold answers that a source to sample does not have."""
    tables = [source for source in recipe.sources if isinstance(source, TableSource) and source.role == "sample"]
    lacking = next((source.name for source in tables if source.fields.answer is None), None)
    hinting = next((key for key, each in recipe.sampled_teachers.items() if each.hint.mode != "none"), None)
    if lacking is None:
        if hinting is not None and tables and recipe.verify.consensus is not None:
            raise InputError(
                f"{hinting}.hint.mode shows gold answers, and verify.consensus is for problems that have none",
                hint=f"set {hinting}.hint.mode: none, or leave verify.consensus out",
                keys=(f"{hinting}.hint.mode", "verify.consensus"),
            )
        return
    if hinting is not None:
        raise InputError(
            f"{hinting}.hint.mode shows gold answers, and source {lacking} has none",
            hint=f"set {hinting}.hint.mode: none, or fields.answer of the source",
            keys=(f"{hinting}.hint.mode",),
        )
    ending = next((spec.name for spec in recipe.formats if spec.name not in FORMATS_WITHOUT_GOLD), None)
    if ending is not None and recipe.verify.consensus is None:
        raise InputError(
            f"the format {ending} writes gold answers, and source {lacking} has none",
            hint=f"formats that need none: {', '.join(sorted(FORMATS_WITHOUT_GOLD))}; or set its fields.answer",
            keys=("formats",),
        )


def load_problems(  # noqa: PLR0913 - what decides the problems, and where they go
    loaded: LoadedRecipe,
    is_readable: str,
    revisions: Mapping[str, str] | None = None,
    *,
    infer_type: str | None = None,
    folder: Path | None = None,
    runtime: Runtime | None = None,
    parent: Version | None = None,
) -> Problems:
    """Load, deduplicate, decontaminate and split the problems of a recipe.

    Args:
        loaded: the recipe; `check_roles` has accepted it.
        is_readable: the address of the function that says whether a gold answer can be parsed as its type. The
            pipeline passes the verifier's.
        revisions: the result of `resolve_revisions`; a source that it does not list is resolved here.
        infer_type: the address of the function that infers the answer type of a source from its rows; needed where one
            is `auto`.
        folder: where the pieces are written, in a new folder; by default a temporary one.
        runtime: how the work is shared out.
        parent: the result of `find_parent`: its problems stay on their sides.

    Raises:
        InputError: a source can't be read or is empty, or all problems are dropped.
        Stopped: a server can't be reached, or the disk is full.
    """
    held = None if parent is None else read_parent(parent)
    return gather_problems(loaded, is_readable, infer_type, revisions or {}, folder, runtime or Runtime(), held)
