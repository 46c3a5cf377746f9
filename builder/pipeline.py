"""A build, from the sources to a frozen version: the only file that knows the order of the stages.

sources -> teacher -> verify -> select -> format -> mix -> store
problems   samples    verdicts  paths     examples  mixture  name@version
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from ..schemas.manifest import describe_split
from ..schemas.recipe import Recipe
from ..schemas.runtime import Runtime
from . import format as formats
from . import mix, select, sources, store, teacher, verify
from .errors import InputError, Stopped
from .files import digest_file, make_missing_file_error
from .passes.answers import BuildAnswers, read_answers, sample_answers
from .passes.emptiness import check_rows, warn_gaps
from .passes.flow import count_calls, find_paths, gather_evidence, mix_examples, write_examples
from .passes.judging.grading import grade_answers
from .passes.languages import describe_language_gaps
from .passes.manifest import list_version_files, make_manifest
from .passes.problems import LoadedProblems, load_problems
from .passes.runs import add_counts
from .passes.version_answers import find_version_answers
from .passes.work import BuildWork, open_work
from .progress import warn, warn_all
from .recipe import LoadedRecipe, check_models
from .recipe.tokenizer import KEY as TOKENIZER
from .recipe.tokenizer import TokenizerFile, find_tokenizer
from .run_record import describe_run, start_build
from .store import Version
from .teacher import Calls
from .verify.external import KEY as EXTERNAL

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
    costs: tuple[Mapping[str, Any], ...] = ()
    """What each stage cost."""


def build(loaded: LoadedRecipe, runtime: Runtime) -> Built:
    """Build a version from a recipe.

    Args:
        loaded: the recipe.
        runtime: how to build; nothing in it changes a row.

    Raises:
        InputError: recipe or data are wrong, or the version or its parent is damaged; VersionConflict where the version
            exists with another content.
        EmptyVersion: no row is kept, or none of a source or a format.
        Stopped: requests failed or the disk is full; the same command goes on.
    """
    recipe, started = loaded.recipe, start_build()
    check_recipe(recipe)
    _check_parent(recipe, runtime.store)
    tokenizer = find_tokenizer(loaded)
    external = verify.find_command(recipe, runtime)
    input_digests = digest_inputs(loaded, runtime.store, tokenizer, external)
    existing = _find_existing(recipe, input_digests, runtime.store)
    if existing is not None:
        return Built(version=existing, status=BuildStatus.UNCHANGED, calls=Calls())

    store.make_store(runtime.store)
    with open_work(loaded, runtime, input_digests, tokenizer, external) as work:
        warn_all(sources.describe_missing_parent(recipe, runtime.store))
        problems = load_problems(work)
        warn_all(describe_language_gaps(recipe, problems.languages["asked"]))
        if recipe.split.test:
            warn_all(f"split: {text}" for text in describe_split(problems.split_report))
        answers = _sample_rationales(work, problems)
        _check_failures(answers.calls, runtime)
        paths = find_paths(work, problems, answers)
        examples = write_examples(work, paths)
        mixture = mix_examples(work, paths, examples)
        evidence = gather_evidence(work, problems, paths)
        manifest = make_manifest(work, ROOMS, problems, answers, paths, examples, mixture, evidence)
        files = list_version_files(paths, examples, mixture.results, evidence)
        calls = count_calls(answers, paths)
        warn_gaps(recipe, manifest, add_counts(paths.samples))
        if not runtime.allow_empty:
            check_rows(recipe, manifest, add_counts(mixture.results))
    costs = tuple(work.costs.describe())
    run = describe_run(loaded, runtime, calls, started, costs)
    try:
        linked = {name: path for name, (_, path) in files.items()}
        version = store.freeze_version(runtime.store, manifest, linked, run)
    except FileExistsError:  # another build of the same version was faster
        existing = _find_existing(recipe, input_digests, runtime.store)
        if existing is None:
            raise
        return Built(version=existing, status=BuildStatus.UNCHANGED, calls=calls)
    store.sweep_versions(runtime.store, recipe.name)
    return Built(version=version, status=BuildStatus.BUILT, calls=calls, costs=costs)


def digest_inputs(
    loaded: LoadedRecipe,
    folder: Path,
    tokenizer: TokenizerFile | None = None,
    external: verify.ExternalCommand | None = None,
) -> dict[str, str]:
    """Digest what a build reads besides the recipe, by recipe key: sha256 of files, commits of datasets, releases.

    Args:
        loaded: the recipe.
        folder: the store, for a version whose samples are read, and for the recipe's parent.
        tokenizer: its tokenizer, where it names one.
        external: the command that judges samples, where it needs one.

    Raises:
        InputError: a file, a dataset, a library or the parent is not there.
        Stopped: the Hub can't be reached.
    """
    files = {name: _digest_file(name, path) for name, path in loaded.list_files().items()}
    found = find_version_answers(loaded.recipe, folder)
    versions = {} if found is None else {"teacher.answers": found[1].manifest.content_digest}
    parent = sources.find_parent(loaded.recipe, folder)
    followed = {} if parent is None else {sources.PARENT: parent.manifest.content_digest}
    counted = {} if tokenizer is None else {TOKENIZER: tokenizer.sha256}
    judged = {} if external is None else {EXTERNAL: external.identity}
    return files | versions | followed | sources.resolve_revisions(loaded) | counted | judged


def _sample_rationales(work: BuildWork, problems: LoadedProblems) -> BuildAnswers:
    """Sample the teacher. Where no source has the role `sample`, no teacher and no ledger is opened."""
    if not problems.sampled:
        return BuildAnswers()
    if work.recipe.recorded is not None:
        return grade_answers(work, problems, read_answers(work, problems))
    return sample_answers(work, problems)


def select_sampled_problems(recipe: Recipe, problems: pl.DataFrame) -> pl.DataFrame:
    """Select the problems that the teacher is sampled on: those of sources with the role `sample`."""
    names = [source.name for source in recipe.sources if source.role == "sample"]
    return problems.filter(pl.col("source").is_in(names))


def check_recipe(recipe: Recipe) -> None:
    """Check the rules of a recipe that involve more than one key.

    Raises:
        InputError: the keys do not go together, or a placeholder stands for a model that is needed.
    """
    sources.check_roles(recipe)
    if any(source.role == "sample" for source in recipe.sources):
        check_models(recipe)
    formats.check_formats(recipe.formats, recipe.tokenizer)
    trained = [source.name for source in recipe.sources if source.role != "evaluate"]
    mix.check_mixture(recipe.mixture, trained, recipe.tokenizer)
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
