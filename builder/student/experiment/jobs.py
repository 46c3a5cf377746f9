"""Jobs: every run of a comparison as plain data, so that it can be done here or in a worker process."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import torch
from cotloom.builder.engine.local import run_in_processes
from cotloom.builder.errors import CotloomError, InputError, Stopped
from cotloom.builder.progress import bar
from cotloom.builder.sources import skills
from cotloom.builder.store import Version, read_version
from cotloom.builder.student.evaluation.sets import EvalSet, sets_of
from cotloom.builder.student.experiment.base_model import Start, prepare
from cotloom.builder.student.experiment.conditions import Arm, arm_of, cut, rows_of, thinned
from cotloom.builder.student.experiment.run import Run, read_run, run
from cotloom.schemas.problem import Problem
from cotloom.schemas.source import Skill
from cotloom.schemas.student import Evaluation, StudentRecipe

ADDRESS = "cotloom.builder.student.experiment.jobs:work"

OPEN: tuple[Skill, ...] = (
    "first_word", "last_word", "word_after", "reverse_words", "word_in_list", "odd_one_out", "count_words",
    "hidden_label",
)  # fmt: skip
"""Tasks with so many problems that hardly one for evaluation is in a base's training too; the others have few."""

ASKED_OF = "skills-held-out"
"""Key of the general problems for evaluation; those that a base is trained on have another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One arm, trained with one seed and asked one set of problems."""

    version: str
    """Folder of the version that the arm is made from."""
    arm: str
    """What of it is trained on: one of `ARMS`."""
    size_of: tuple[str, str] | None = None
    """Folder and arm whose number of rows it is cut to; null for all its rows."""
    share: float = 1.0
    """Share of its problems that are trained on."""
    seed: int
    """Key of the order of rows."""
    student: StudentRecipe
    """The student recipe."""
    asked: str
    """Folder of the version whose problems are asked."""
    words: tuple[str, ...]
    """Folders of every version that the tokenizer of a student from scratch should read well."""
    general: int = 0
    """How many general problems, of the kind that a base is trained on, are asked too."""
    name: str | None = None
    """What the arm is called in tables; null for its own name."""
    keep: bool = False
    """Whether the student is saved."""


def run_jobs(jobs: Sequence[Job], store: Path, workers: int, report_to: Sequence[str] = ()) -> list[Run]:
    """Do every job that was not done before.

    Args:
        jobs: what to do.
        store: keeps bases, starts and runs.
        workers: processes; each uses one core. 1 works in this process, with all cores.
        report_to: trackers that transformers knows.

    Returns:
        A run for each job, in order.

    Raises:
        InputError: a version lacks what a job asks for, or a training goes wrong.
        Stopped: the disk is full.
    """
    for words, model in dict.fromkeys((job.words, job.student.model) for job in jobs):
        prepare(model, texts_of(words), store, report_to)  # here, so that no two processes train the same base
    settings = {"store": str(store), "report_to": list(report_to), "threads": 1 if workers > 1 else 0}
    parts = [pl.DataFrame({"job": [_as_text(job)]}) for job in jobs]
    with bar("training and asking students", len(jobs)) as advance:
        if workers > 1 and len(jobs) > 1:
            found = run_in_processes(ADDRESS, parts, json.dumps(settings), min(workers, len(jobs)), advance)
        else:
            found = [_advanced(work(part, settings), advance) for part in parts]
    return [_run_of(answer, job) for answer, job in zip(found, jobs, strict=True)]


def _advanced(answer: pl.DataFrame, advance: Callable[[int], None]) -> pl.DataFrame:
    advance(1)
    return answer


def work(part: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Do one job, given as a table of one cell; what the user can act on comes back as words, not as a crash."""
    if settings["threads"]:
        torch.set_num_threads(settings["threads"])
    try:
        done = _do(_from_text(part["job"][0]), Path(settings["store"]), settings["report_to"])
    except CotloomError as error:
        told = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "keys": error.keys}
        return pl.DataFrame({"folder": [""], "error": [json.dumps(told)]})
    return pl.DataFrame({"folder": [str(done.folder)], "error": [""]})


def _run_of(answer: pl.DataFrame, job: Job) -> Run:
    folder, error = answer.row(0)
    if error:
        told = json.loads(error)
        kind = Stopped if told["kind"] == "Stopped" else InputError
        raise kind(told["message"], hint=told["hint"], keys=tuple(told["keys"]))
    found = read_run(called(job), job.seed, Path(folder))
    if found is None:
        raise Stopped(f"the run in {folder} is gone again", hint="run the same command once more")
    return found


def called(job: Job) -> str:
    """What the arm of a job is called."""
    return job.name or (f"{job.arm}_as_{job.size_of[1]}" if job.size_of else job.arm)


def _do(job: Job, store: Path, report_to: Sequence[str]) -> Run:
    arm = _arm(job.version, job.arm)
    if job.size_of is not None:
        arm = cut(arm, _arm(*job.size_of))
    if job.share < 1:
        arm = thinned(arm, job.share)
    start = _start(job.student.model.model_dump_json(), job.words, store, job.student)
    sets = _sets(job.asked, job.student.evaluation.model_dump_json(), job.general)
    return run(
        arm,
        job.seed,
        recipe=job.student,
        start=start,
        sets=sets,
        store=store,
        keep=job.keep,
        report_to=report_to,
    )


@lru_cache(maxsize=16)
def _version(folder: str) -> Version:
    return read_version(Path(folder))


@lru_cache(maxsize=8)
def _arm(folder: str, name: str) -> Arm:
    return arm_of(name, _version(folder))


_STARTS: dict[tuple[str, tuple[str, ...], Path], Start] = {}


def _start(model: str, words: tuple[str, ...], store: Path, student: StudentRecipe) -> Start:
    key = (model, words, store)
    if key not in _STARTS:
        _STARTS[key] = prepare(student.model, texts_of(words), store)
    return _STARTS[key]


@lru_cache(maxsize=8)
def _sets(folder: str, evaluation: str, general: int) -> tuple[EvalSet, ...]:
    return sets_of(_version(folder), Evaluation.model_validate_json(evaluation), general_problems(general))


def general_problems(count: int) -> list[Problem]:
    """General problems of the kind that a base is trained on, of the tasks that are too many to be met by chance."""
    return skills(count, 0, OPEN, name=ASKED_OF) if count else []


@lru_cache(maxsize=8)
def texts_of(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Every text that students of some versions read or say, in training."""
    return tuple(sorted({text for folder in folders for text in _texts(_version(folder))}))


def _texts(version: Version) -> Iterable[str]:
    messages = rows_of(version)["messages"].explode().struct.field("content")
    answers = arm_of("answer_only", version).rows["messages"].explode().struct.field("content")
    return [*messages.unique(), *answers.unique()]


def _as_text(job: Job) -> str:
    return json.dumps({**asdict(job), "student": job.student.model_dump(mode="json")})


def _from_text(text: str) -> Job:
    plain = json.loads(text)
    size_of = tuple(plain["size_of"]) if plain["size_of"] else None
    student = StudentRecipe.model_validate_json(json.dumps(plain["student"]))
    return Job(**{**plain, "student": student, "size_of": size_of, "words": tuple(plain["words"])})


def workers_here(wanted: int | None) -> int:
    """How many students are trained at once: one on a card, else one for each core."""
    return 1 if torch.cuda.is_available() else wanted or os.cpu_count() or 1
