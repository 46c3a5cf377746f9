"""Jobs: the training of one student as plain data, so that it can run in this process or in a worker process."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from ....schemas.evaluation import Evaluation
from ....schemas.problem import Problem
from ....schemas.runtime import Runtime
from ....schemas.source import Skill
from ....schemas.student import StudentRecipe
from ...engine import map_items
from ...errors import Stopped
from ...sources import generate_skills
from ...store import Version, check_content, read_version
from ..evaluation.prepare import load_prepared
from ..evaluation.sets import EvalSet, make_eval_sets
from .base_model import Start, prepare_start
from .conditions import (
    Condition,
    cut_to_size,
    make_condition,
    select_training_rows,
    thin_problems,
)
from .run import StudentRun, has_soft_targets, read_run, run_student

ADDRESS = "cotloom.builder.student.experiment.jobs:run_item"

GENERAL_TASKS: tuple[Skill, ...] = (
    "first_word", "last_word", "word_after", "reverse_words", "word_in_list", "odd_one_out", "count_words",
    "hidden_label",
)  # fmt: skip
"""Tasks with so many problems that evaluation hardly repeats one of a base's training; the other tasks have few."""

EVALUATION_KEY = "skills-held-out"
"""Key of the general problems for evaluation; those that a base is trained on have another key."""

_DIGEST = re.compile(r"#([0-9a-f]{64})$")
"""The end of an address: the content digest that the version must have."""

SizeReference = tuple[str, str]
"""Address of a version and a condition of it, whose number of rows another condition is cut to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One condition, trained with one seed and evaluated on the sets of one version."""

    version_path: str
    """Address of the version that the condition is made from, as `format_address` writes it."""
    condition: str
    """One of `CONDITIONS`."""
    cut_to: SizeReference | None = None
    """The condition whose number of rows it is cut to; null for all rows."""
    share: float = 1.0
    """Share of the problems that are trained on."""
    seed: int
    """Seed of the training."""
    recipe: StudentRecipe
    """The student recipe."""
    eval_path: str
    """Address of the version whose evaluation sets are used."""
    vocabulary_paths: tuple[str, ...]
    """Addresses of the versions whose texts make the vocabulary of a student from scratch."""
    n_general: int = 0
    """Number of general problems, of the kind that a base is trained on, in the evaluation."""
    prepared: tuple[str | None, str] = (None, "")
    """File and key of the evaluation sets that the student recipe names."""
    trained_paths: tuple[str, ...] = ()
    """Addresses of the versions whose training problems no evaluation set asks."""
    label: str | None = None
    """Name of the condition in tables; null for its own name."""
    save: bool = False
    """Whether the student is saved."""

    @property
    def condition_name(self) -> str:
        """Name of the condition in tables."""
        return self.label or (f"{self.condition}_as_{self.cut_to[1]}" if self.cut_to else self.condition)


def format_address(version: Version) -> str:
    """Format the address of a version: its folder and its content digest, since `dev` can be built again meanwhile."""
    return f"{version.path}#{version.manifest.content_digest}"


def prepare_starts(jobs: Sequence[Job], store: Path, report_to: Sequence[str] = ()) -> None:
    """Train the bases that jobs start from, with all cores, so that no worker waits for another to do it.

    Raises:
        InputError: a checkpoint can't be loaded.
        Stopped: the disk is full.
    """
    for paths, model in dict.fromkeys((job.vocabulary_paths, job.recipe.model) for job in jobs):
        prepare_start(model, list_texts(paths), store, report_to)


def run_jobs(jobs: Sequence[Job], store: Path, workers: int, report_to: Sequence[str] = ()) -> list[StudentRun]:
    """Run every job that was not run before.

    Args:
        jobs: the jobs.
        store: the store, which keeps bases, starts and runs.
        workers: number of processes, each with one core. 1 works in this process, with all cores.
        report_to: trackers that transformers knows.

    Returns:
        A run for each job, in order.

    Raises:
        InputError: a version lacks what a job needs, or a training fails.
        Stopped: the disk is full, or a worker was killed.
    """
    settings = {"store": str(store), "report_to": list(report_to), "threads": 1 if workers > 1 else 0}
    items = [_dump_job(job) for job in jobs]
    runtime = Runtime(store=store, workers=max(1, min(workers, len(jobs))))
    folders = map_items(ADDRESS, items, settings, runtime=runtime, description="training and evaluating students")
    return [_read_result(folder, job) for folder, job in zip(folders, jobs, strict=True)]


def run_item(item: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Run one job, given as plain values. Returns the folder of the run."""
    if settings["threads"]:
        torch.set_num_threads(settings["threads"])
    return str(_run_job(_load_job(item), Path(settings["store"]), settings["report_to"]).folder)


def _read_result(folder: str, job: Job) -> StudentRun:
    run = read_run(job.condition_name, job.seed, Path(folder))
    if run is None:
        raise Stopped(f"the run in {folder} has disappeared", hint="run the same command once more")
    return run


def _run_job(job: Job, store: Path, report_to: Sequence[str]) -> StudentRun:
    condition = _load_condition(job.version_path, job.condition, with_samples=has_soft_targets(job.recipe))
    if job.cut_to is not None:
        condition = cut_to_size(condition, _load_condition(*job.cut_to, with_samples=False))
    if job.share < 1:
        condition = thin_problems(condition, job.share)
    return run_student(
        condition,
        job.seed,
        recipe=job.recipe,
        start=_load_start(job.recipe.model.model_dump_json(), job.vocabulary_paths, store, job.recipe),
        sets=_load_eval_sets(
            job.eval_path, job.recipe.evaluation.model_dump_json(), job.n_general, job.prepared, job.trained_paths
        ),
        store=store,
        save=job.save,
        report_to=report_to,
    )


# What jobs share is read once in each process


@lru_cache(maxsize=16)
def _load_version(address: str) -> Version:
    """Read a version by its address.

    Raises:
        InputError: it is damaged.
        Stopped: it was built again since, with other content.
    """
    version = read_version(Path(_DIGEST.sub("", address)))
    expected = _DIGEST.search(address)
    if expected is not None:
        check_content(version, expected[1])
    return version


@lru_cache(maxsize=8)
def _load_condition(path: str, condition: str, with_samples: bool) -> Condition:
    return make_condition(condition, _load_version(path), with_samples=with_samples)


_STARTS: dict[tuple[str, tuple[str, ...], Path], Start] = {}


def _load_start(model: str, paths: tuple[str, ...], store: Path, recipe: StudentRecipe) -> Start:
    key = (model, paths, store)
    if key not in _STARTS:
        _STARTS[key] = prepare_start(recipe.model, list_texts(paths), store)
    return _STARTS[key]


@lru_cache(maxsize=8)
def _load_eval_sets(
    path: str, evaluation: str, n_general: int, prepared: tuple[str | None, str], trained_paths: tuple[str, ...]
) -> tuple[EvalSet, ...]:
    return make_eval_sets(
        _load_version(path),
        Evaluation.model_validate_json(evaluation),
        make_general_problems(n_general),
        prepared=load_prepared(*prepared),
        trained=[_load_version(address) for address in trained_paths],
    )


def make_general_problems(count: int) -> list[Problem]:
    """Make general problems for evaluation, of those tasks of a base that have many problems."""
    return generate_skills(count, 0, GENERAL_TASKS, name=EVALUATION_KEY) if count else []


@lru_cache(maxsize=8)
def list_texts(paths: tuple[str, ...]) -> tuple[str, ...]:
    """List every text of the training rows of some versions, and of their answers-only rows, sorted."""
    return tuple(sorted({text for path in paths for text in _list_version_texts(_load_version(path))}))


def _list_version_texts(version: Version) -> Iterator[str]:
    answers = make_condition("answer_only", version, with_samples=False).rows
    for rows in (select_training_rows(version, ["messages"]), answers):
        yield from rows["messages"].explode().struct.field("content").unique()


# Jobs as plain values, for worker processes


def _dump_job(job: Job) -> dict[str, Any]:
    return {**asdict(job), "recipe": job.recipe.model_dump(mode="json")}


def _load_job(fields: Mapping[str, Any]) -> Job:
    return Job(**{
        **fields,
        "recipe": StudentRecipe.model_validate_json(json.dumps(fields["recipe"])),
        "cut_to": tuple(fields["cut_to"]) if fields["cut_to"] else None,
        "vocabulary_paths": tuple(fields["vocabulary_paths"]),
        "trained_paths": tuple(fields["trained_paths"]),
        "prepared": tuple(fields["prepared"]),
    })  # fmt: skip


def count_workers(workers: int | None) -> int:
    """Count the students to train at once: one on a GPU, else as asked for, else one for each core."""
    return 1 if torch.cuda.is_available() else workers or os.cpu_count() or 1
