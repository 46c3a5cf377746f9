"""The way through the house, read top to bottom. The only file that knows the order.

sources -> teacher -> verify -> select -> format -> mix -> store
problems   samples    verdicts  paths     examples  mixture  name@version
"""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TypeVar

import polars as pl
from cotloom.builder import format as formats
from cotloom.builder import mix, select, sources, store, teacher, verify
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.files import file_digest, missing_file
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.store import Version
from cotloom.builder.teacher import Calls, Worth
from cotloom.schemas.frames import to_frame
from cotloom.schemas.manifest import Contamination, Input, Manifest
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate
from cotloom.schemas.recipe import Recipe, Section, identity_of
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample

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


class Status(StrEnum):
    """What a build did."""

    BUILT = "built"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What a build came to."""

    version: Version
    """The version."""
    status: Status
    """Built now, or there already."""
    calls: Calls
    """Answers that were new, in the ledger, or failed."""


def build(loaded: LoadedRecipe, runtime: Runtime) -> Built:
    """Build a version from a recipe.

    Args:
        loaded: the recipe.
        runtime: how to build; nothing in it changes a row.

    Raises:
        InputError: recipe or data are wrong; VersionConflict where the version exists with another content.
        Stopped: requests failed or the disk is full; the same command goes on.
    """
    recipe, started = loaded.recipe, datetime.now(UTC)
    check_recipe(recipe)
    digests = digests_of(loaded)
    there = _existing(recipe, digests, runtime.store)
    if there is not None:
        return Built(version=there, status=Status.UNCHANGED, calls=Calls())

    problems = sources.load_problems(loaded, verify.readable, digests)
    drawn = _drawn(loaded, asked_of(recipe, problems.frame), runtime)
    _check_failures(drawn.calls, runtime)
    judged = _judged(recipe, runtime, problems.frame, drawn.frame)
    given = sources.given_samples(problems.frame, recipe)
    selected = _selected(recipe, runtime, pl.concat([judged, given]))
    written = formats.format_examples(problems.frame, selected, recipe.formats, recipe.seed)
    mixed = mix.mix_examples(written, recipe.formats, recipe.mixture, _names(recipe), recipe.seed)

    tables = _sorted(problems.frame, selected, mixed)
    inputs = [*problems.inputs, *drawn.inputs]
    manifest = _manifest(recipe, tables, inputs, digests, problems.contamination)
    try:
        version = store.freeze(runtime.store, manifest, tables, _circumstances(loaded, runtime, drawn.calls, started))
    except FileExistsError:  # another build of the same version was faster
        there = _existing(recipe, digests, runtime.store)
        if there is None:
            raise
        return Built(version=there, status=Status.UNCHANGED, calls=drawn.calls)
    store.sweep(runtime.store, recipe.name)
    return Built(version=version, status=Status.BUILT, calls=drawn.calls)


def digests_of(loaded: LoadedRecipe) -> dict[str, str]:
    """What a build is made from besides the recipe, by the key that names it: sha256 of files, commits, releases.

    Raises:
        InputError: a file, a dataset or a library is not there.
        Stopped: the Hub can't be reached.
    """
    return {name: _digest(name, path) for name, path in loaded.files().items()} | sources.pins_of(loaded)


def _drawn(loaded: LoadedRecipe, asked: pl.DataFrame, runtime: Runtime) -> teacher.Drawn:
    """Ask the teacher, where there is something to ask: reference sources bring their responses along."""
    if asked.filter(pl.col("fate") == Fate.KEPT).is_empty():
        return teacher.Drawn(to_frame([], Sample), Calls(), [])
    with teacher.open_ledger(runtime.store / "ledger.sqlite") as ledger:
        return teacher.draw_samples(loaded, asked, ledger, _examiner(loaded.recipe, runtime), runtime)


def asked_of(recipe: Recipe, problems: pl.DataFrame) -> pl.DataFrame:
    """The problems that the teacher is asked about: those of sources with the role `sample`."""
    names = [source.name for source in recipe.sources if source.role == "sample"]
    return problems.filter(pl.col("source").is_in(names))


def _names(recipe: Recipe) -> list[str]:
    return [source.name for source in recipe.sources]


def check_recipe(recipe: Recipe) -> None:
    """Hold a recipe against what needs more than one of its keys to see.

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


def _digest(name: str, path: Path) -> str:
    if not path.is_file():
        error = missing_file(path)
        raise InputError(f"{name}: {error.message}", hint=error.hint, keys=(name,))
    return file_digest(path)[0]


def _existing(recipe: Recipe, digests: Mapping[str, str], folder: Path) -> Version | None:
    """The version, where it exists and is what would be built (law 4)."""
    taken = store.versions_of(folder, recipe.name)
    if recipe.version not in taken:
        return None
    there = store.read_version(store.folder_of(folder, recipe.name, recipe.version))
    if there.manifest.fingerprint == store.fingerprint(recipe, digests, ROOMS):
        return there
    if recipe.version == store.DEV:
        return None
    raise store.conflict(recipe, digests, ROOMS, there, taken)


def _examiner(recipe: Recipe, runtime: Runtime) -> teacher.Examine:
    """What rounds of sampling are told: how many right and distinct paths each problem has so far."""
    judged = to_frame([], Sample)  # of the rounds before, so that each sample is judged once

    def examine(problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, Worth]:
        nonlocal judged
        known = set(judged["sample_id"])
        fresh = (replace(sample, token_logprobs=None) for sample in samples if sample.sample_id not in known)
        found = _judged(recipe, runtime, to_frame(problems, Problem), to_frame(fresh, Sample))
        judged = pl.concat([judged, found])
        drawn = judged.filter(pl.col("sample_id").is_in([sample.sample_id for sample in samples]))
        selected = _selected(recipe, runtime, drawn)
        counts = select.count_distinct(selected).iter_rows()
        worth = {problem: Worth(correct=correct, distinct=distinct) for problem, correct, distinct in counts}
        return {problem.problem_id: worth.get(problem.problem_id, Worth()) for problem in problems}

    return examine


def _check_failures(calls: Calls, runtime: Runtime) -> None:
    if calls.failed and not runtime.accept_failures:
        raise Stopped(
            f"{calls.failed} requests failed for good; {calls.new + calls.ledger} answers are in the ledger",
            hint="run the same command again to ask once more, or accept the gaps with --accept-failures",
        )


def _judged(recipe: Recipe, runtime: Runtime, problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    work = verify.work_of(problems, samples)
    found = _remembered("verify", recipe.verify, runtime, work, verify.judge_all)
    return verify.with_judgements(samples, found)


def _selected(recipe: Recipe, runtime: Runtime, judged: pl.DataFrame) -> pl.DataFrame:
    work = select.work_of(judged)
    chosen = _remembered("select", recipe.select, runtime, work, select.choose_all)
    return select.with_choices(judged, chosen)


def _remembered(
    room: str,
    policy: Policy,
    runtime: Runtime,
    work: pl.DataFrame,
    run: Callable[[pl.DataFrame, Policy, int], pl.DataFrame],
) -> pl.DataFrame:
    """Read a stage's findings where the same rows went through the same room before, else work them out."""
    settings = {"code": ROOMS[room], "policy": identity_of(policy, defaults=True)}
    folder = runtime.store / "stages" / room
    return store.remembered(folder, settings, work, lambda: run(work, policy, runtime.workers))


def _sorted(problems: pl.DataFrame, samples: pl.DataFrame, examples: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The tables of the version, in the order of their ids (law 5), held against law 1."""
    tables = {
        "problems": problems.sort("problem_id", "source", "origin"),
        "samples": samples.sort("sample_id"),
        "examples": examples.sort("example_id"),
    }
    store.check_fates(tables)
    return tables


def _manifest(
    recipe: Recipe,
    tables: Mapping[str, pl.DataFrame],
    inputs: list[Input],
    digests: Mapping[str, str],
    contamination: list[Contamination],
) -> Manifest:
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    kept = pl.col("fate") == Fate.KEPT
    answered = samples.filter(pl.col("problem_id").is_not_null())
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        parent=recipe.parent,
        fingerprint=store.fingerprint(recipe, digests, ROOMS),
        content_digest=store.rows_digest(list(tables.items())),
        simulated=bool(samples["simulated"].any()),
        teachers=tuple(answered["teacher"].unique().sort()),
        recipe=identity_of(recipe, defaults=True),
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
        funnel=tuple(store.funnel(tables)),
        files={},
    )


def _circumstances(loaded: LoadedRecipe, runtime: Runtime, calls: Calls, started: datetime) -> dict[str, object]:
    """What happened, which no digest speaks of."""
    return {
        "started_at": started.isoformat(timespec="seconds"),
        "seconds": round(time.time() - started.timestamp(), 2),
        "calls": {"new": calls.new, "ledger": calls.ledger, "failed": calls.failed},
        "cost_usd": calls.cost_usd,
        "recipe_file": str(loaded.path),
        "files": {name: str(path) for name, path in loaded.files().items()},
        "workers": runtime.workers,
        "cotloom": package_version("cotloom"),
        "python": platform.python_version(),
        "polars": pl.__version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
