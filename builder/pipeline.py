"""A build, from the sources to a frozen version: the only file that knows the order of the stages.

sources -> teacher -> verify -> select -> format -> mix -> store
problems   samples    verdicts  paths     examples  mixture  name@version
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import polars as pl

from ..schemas.frames import to_frame
from ..schemas.manifest import Contamination, Input, Manifest
from ..schemas.problem import Problem
from ..schemas.reasons import Fate
from ..schemas.recipe import Recipe, extract_identity
from ..schemas.runtime import Runtime
from ..schemas.sample import Sample
from ..schemas.section import Section
from . import format as formats
from . import mix, select, sources, store, teacher, verify
from .errors import InputError, Stopped
from .files import digest_file, make_missing_file_error
from .progress import warn
from .recipe import LoadedRecipe
from .run_record import describe_run, start_build
from .store import Version
from .teacher import Calls, PathCounts

Policy = TypeVar("Policy", bound=Section)

ROOMS: Mapping[str, int] = {
    "sources": sources.CODE_VERSION,
    "teacher": teacher.CODE_VERSION,
    "verify": verify.CODE_VERSION,
    "select": select.CODE_VERSION,
    "format": formats.CODE_VERSION,
    "mix": mix.CODE_VERSION,
}
"""The code version of each room that decides rows."""


class BuildStatus(StrEnum):
    """Whether a build wrote a version."""

    BUILT = "built"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The result of a build."""

    version: Version
    """The version."""
    status: BuildStatus
    """Built now, or unchanged because it existed already."""
    calls: Calls
    """Answers that were new, in the ledger, or failed."""


def build(loaded: LoadedRecipe, runtime: Runtime) -> Built:
    """Build a version from a recipe.

    Args:
        loaded: the recipe.
        runtime: how to build; nothing in it changes a row.

    Raises:
        InputError: recipe or data are wrong, or the version or its parent is damaged; VersionConflict where the version
            exists with another content.
        Stopped: requests failed or the disk is full; the same command goes on.
    """
    recipe, started = loaded.recipe, start_build()
    check_recipe(recipe)
    _check_parent(recipe, runtime.store)
    input_digests = digest_inputs(loaded)
    existing = _find_existing(recipe, input_digests, runtime.store)
    if existing is not None:
        return Built(version=existing, status=BuildStatus.UNCHANGED, calls=Calls())

    problems = sources.load_problems(loaded, verify.IS_READABLE, input_digests, runtime=runtime)
    store.make_store(runtime.store)
    sampled = _sample_rationales(loaded, problems.frame, runtime)
    _check_failures(sampled.calls, runtime)
    judged = _judge_samples(recipe, runtime, problems.frame, sampled.frame)
    provided = sources.make_provided_samples(problems.frame, recipe)
    selected = _select_paths(recipe, runtime, pl.concat([judged, provided]))
    formatted = formats.format_examples(problems.frame, selected, recipe.formats, recipe.seed)
    mixed = mix.mix_examples(formatted, recipe.formats, recipe.mixture, _list_source_names(recipe), recipe.seed)

    tables = _sort_tables(problems.frame, selected, mixed)
    store.check_fates(tables)
    inputs = [*problems.inputs, *sampled.inputs]
    manifest = _make_manifest(recipe, tables, inputs, input_digests, problems.contamination)
    try:
        version = store.freeze_version(
            runtime.store, manifest, tables, describe_run(loaded, runtime, sampled.calls, started)
        )
    except FileExistsError:  # another build of the same version was faster
        existing = _find_existing(recipe, input_digests, runtime.store)
        if existing is None:
            raise
        return Built(version=existing, status=BuildStatus.UNCHANGED, calls=sampled.calls)
    store.sweep_versions(runtime.store, recipe.name)
    return Built(version=version, status=BuildStatus.BUILT, calls=sampled.calls)


def digest_inputs(loaded: LoadedRecipe) -> dict[str, str]:
    """Digest what a build reads besides the recipe, by recipe key: sha256 of files, commits of datasets, releases.

    Raises:
        InputError: a file, a dataset or a library is not there.
        Stopped: the Hub can't be reached.
    """
    return {name: _digest_file(name, path) for name, path in loaded.list_files().items()} | sources.resolve_revisions(
        loaded
    )


def _sample_rationales(loaded: LoadedRecipe, problems: pl.DataFrame, runtime: Runtime) -> teacher.SampledFrame:
    """Sample the teacher. Where no source has the role `sample`, no teacher and no ledger is opened."""
    problems = select_sampled_problems(loaded.recipe, problems)
    if problems.filter(pl.col("fate") == Fate.KEPT).is_empty():
        return teacher.SampledFrame(to_frame([], Sample), Calls(), [])
    with teacher.open_ledger(runtime.store / "ledger.sqlite") as ledger:
        count_paths = _make_path_counter(loaded.recipe, runtime)
        return teacher.sample_rationales(loaded, problems, ledger, count_paths, runtime)


def select_sampled_problems(recipe: Recipe, problems: pl.DataFrame) -> pl.DataFrame:
    """Select the problems that the teacher is sampled on: those of sources with the role `sample`."""
    names = [source.name for source in recipe.sources if source.role == "sample"]
    return problems.filter(pl.col("source").is_in(names))


def _list_source_names(recipe: Recipe) -> list[str]:
    return [source.name for source in recipe.sources]


def check_recipe(recipe: Recipe) -> None:
    """Check the rules of a recipe that involve more than one key.

    Raises:
        InputError: the keys do not go together.
    """
    sources.check_roles(recipe)
    formats.check_formats(recipe.formats)
    mix.check_mixture(recipe.mixture, [source.name for source in recipe.sources if source.role != "evaluate"])
    if recipe.parent == store.DEV and recipe.version != store.DEV:
        raise InputError(
            "a fixed version can't rest on a dev version, which may be overwritten",
            hint="build the parent under a version of its own first",
            keys=("parent",),
        )


def _digest_file(name: str, path: Path) -> str:
    if not path.is_file():
        error = make_missing_file_error(path)
        raise InputError(f"{name}: {error.message}", hint=error.hint, keys=(name,))
    return digest_file(path)[0]


def _find_existing(recipe: Recipe, input_digests: Mapping[str, str], folder: Path) -> Version | None:
    """Return the version where it exists, is whole, and has the same fingerprint.

    Another fingerprint is a conflict (law 4). A damaged `dev` version is built again.

    Raises:
        InputError: the version is damaged.
    """
    path = store.locate_version(folder, recipe.name, recipe.version)
    if not path.exists():
        return None
    try:
        existing = store.read_version(path)
        if existing.manifest.fingerprint == store.compute_fingerprint(recipe, input_digests, ROOMS):
            return store.verify_version(existing)
    except InputError as error:
        if recipe.version != store.DEV:
            raise
        warn(f"{error.message}; it is built again")
        return None
    if recipe.version == store.DEV:
        return None
    taken = store.list_version_numbers(folder, recipe.name)
    raise store.make_conflict(recipe, input_digests, ROOMS, existing, taken)


def _check_parent(recipe: Recipe, folder: Path) -> None:
    """Check the parent from the first file to the last row, where the store has it.

    Raises:
        InputError: it is damaged.
    """
    if recipe.parent is not None and recipe.parent != recipe.version:
        path = store.locate_version(folder, recipe.name, recipe.parent)
        if path.exists():
            store.verify_version(store.read_version(path))


def _make_path_counter(recipe: Recipe, runtime: Runtime) -> teacher.CountPaths:
    """Make the function that counts correct and distinct paths of each problem between rounds of sampling."""
    judged = to_frame([], Sample)  # of earlier rounds, so that each sample is judged once

    def count_paths(problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, PathCounts]:
        nonlocal judged
        known = set(judged["sample_id"])
        new = [replace(sample, token_logprobs=None) for sample in samples if sample.sample_id not in known]
        new_judged = _judge_samples(recipe, runtime, to_frame(problems, Problem), to_frame(new, Sample))
        judged = pl.concat([judged, new_judged])
        sampled = judged.filter(pl.col("sample_id").is_in([sample.sample_id for sample in samples]))
        rows = select.count_distinct(_select_paths(recipe, runtime, sampled)).iter_rows()
        counts = {problem: PathCounts(correct=correct, distinct=distinct) for problem, correct, distinct in rows}
        return {problem.problem_id: counts.get(problem.problem_id, PathCounts()) for problem in problems}

    return count_paths


def _check_failures(calls: Calls, runtime: Runtime) -> None:
    """Stop where requests failed; where the teacher never gave an answer, with the error that explains it."""
    if not calls.failed or runtime.accept_failures:
        return
    if calls.error is not None and calls.new + calls.ledger == 0:
        raise calls.error
    why = f". The first: {calls.error.message}" if calls.error else ""
    raise Stopped(
        f"{calls.failed} requests failed in every try; {calls.new + calls.ledger} answers are in the ledger{why}",
        hint="run the same command again to ask once more, or accept the gaps with --accept-failures",
    )


def _judge_samples(recipe: Recipe, runtime: Runtime, problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    work = verify.select_sampled(problems, samples)
    judgements = _run_stage("verify", recipe.verify, runtime, work, verify.judge_all)
    return verify.add_judgements(samples, judgements)


def _select_paths(recipe: Recipe, runtime: Runtime, judged: pl.DataFrame) -> pl.DataFrame:
    work = select.select_kept(judged)
    choices = _run_stage("select", recipe.select, runtime, work, select.choose_all)
    return select.add_choices(judged, choices)


def _run_stage(
    room: str,
    policy: Policy,
    runtime: Runtime,
    work: pl.DataFrame,
    run: Callable[[pl.DataFrame, Policy, int], pl.DataFrame],
) -> pl.DataFrame:
    """Run a stage, or read its result where it ran on the same rows before."""
    settings = {"code": ROOMS[room], "policy": extract_identity(policy, defaults=True)}
    folder = runtime.store / "stages" / room
    return store.read_or_compute(folder, settings, work, lambda: run(work, policy, runtime.workers))


def _sort_tables(problems: pl.DataFrame, samples: pl.DataFrame, examples: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Put the rows of each table in the order of their ids (law 5)."""
    return {
        "problems": problems.sort("problem_id", "source", "origin"),
        "samples": samples.sort("sample_id"),
        "examples": examples.sort("example_id"),
    }


def _make_manifest(
    recipe: Recipe,
    tables: Mapping[str, pl.DataFrame],
    inputs: list[Input],
    input_digests: Mapping[str, str],
    contamination: list[Contamination],
) -> Manifest:
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    kept = pl.col("fate") == Fate.KEPT
    answered = samples.filter(pl.col("problem_id").is_not_null())
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        parent=recipe.parent,
        fingerprint=store.compute_fingerprint(recipe, input_digests, ROOMS),
        content_digest=store.digest_rows(list(tables.items())),
        simulated=bool(samples["simulated"].any()),
        teachers=tuple(answered["teacher"].unique().sort()),
        recipe=extract_identity(recipe, defaults=True),
        rooms=dict(ROOMS),
        inputs=tuple(inputs),
        licenses={source.name: getattr(source, "license", None) for source in recipe.sources},
        languages=recipe.languages,
        teacher_terms=recipe.teacher_terms,
        splits=dict(problems.filter(kept).drop_nulls("split").group_by("split").len().sort("split").iter_rows()),
        counts={
            **{name: frame.height for name, frame in tables.items()},
            **{f"{name}_kept": frame.filter(kept).height for name, frame in tables.items()},
            "problems_with_path": samples.filter(kept)["problem_id"].n_unique(),
            "distinct_paths": int(select.count_distinct(samples)["distinct"].sum()),
            "training_examples": examples.filter(kept & pl.col("mixture_stage").is_not_null()).height,
        },
        contamination=tuple(contamination),
        funnel=tuple(store.count_funnel(tables)),
        files={},
    )
