"""The start of every arm: a checkpoint, or a student from scratch with its tokenizer and its general base.

The base is trained once and kept in the store; a version's own words are added behind its vocabulary.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from cotloom.builder.errors import Stopped
from cotloom.builder.sources import CODE_VERSION as SOURCES
from cotloom.builder.sources import skills
from cotloom.builder.student.experiment.lock import alone
from cotloom.builder.student.model.loading import load, load_checkpoint, make_tiny, save, widen, with_lora
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.model.tokenizer import make_tokenizer, widened
from cotloom.builder.student.training.collate import encode
from cotloom.builder.student.training.trainer import Work, train
from cotloom.schemas.chance import pick
from cotloom.schemas.ids import digest
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import identity_of
from cotloom.schemas.student import Base, CheckpointModel, Model, TinyModel, TrainStage

CODE_VERSION = 1
"""Rises when the same recipe gives another start."""

MOST_TURNS = 6
"""The most tasks in one chat of a base's training."""

TRAINED_ON = "skills"
"""Key of the general problems that a base is trained on; those for evaluation have another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Where every arm of a comparison starts."""

    model: Model
    """What the student recipe says."""
    digest: str
    """Of everything that decides it."""
    folder: Path | None
    """The checkpoint of a student from scratch; null where the recipe names one."""
    tokenizer: Any = None
    """Of a student from scratch without a base, whose weights each seed draws anew."""

    def student(self, seed: int) -> Student:
        """Load the student as it is before training."""
        if isinstance(self.model, CheckpointModel):
            student = load_checkpoint(self.model)
            return with_lora(student, self.model.lora) if self.model.lora else student
        if self.folder is None:
            return make_tiny(self.model, self.tokenizer, seed)
        return load(self.folder)


def prepare(model: Model, texts: Sequence[str], store: Path, report_to: Sequence[str] = ()) -> Start:
    """Make the start of a comparison ready.

    Args:
        model: the student's model.
        texts: every text that any arm trains on or is asked, for the tokenizer of a student from scratch.
        store: the store, which keeps bases and starts.
        report_to: trackers for the training of the base.

    Raises:
        InputError: the checkpoint can't be loaded.
        Stopped: the disk is full.
    """
    if isinstance(model, CheckpointModel):
        return Start(model=model, digest=digest(identity_of(model, defaults=True)), folder=None)
    words = sorted(set(texts))
    key = digest({"code": [CODE_VERSION, SOURCES], "model": identity_of(model, defaults=True), "texts": digest(words)})
    if model.base is None:
        tokenizer = make_tokenizer(words, model.vocabulary, model.numbers)
        return Start(model=model, digest=key, folder=None, tokenizer=tokenizer)
    folder = store / "students" / "starts" / key[:40]
    if not (folder / "config.json").exists():
        student = load(base_of(model, store, report_to))
        tokenizer = widened(student.tokenizer, words, model.vocabulary)
        widen(student.model, len(tokenizer), model.base.seed)
        _kept(Student(model=student.model, tokenizer=tokenizer, device=student.device), folder)
    return Start(model=model, digest=key, folder=folder)


def base_of(model: TinyModel, store: Path, report_to: Sequence[str] = ()) -> Path:
    """The general base of a student from scratch: read from the store, else trained there."""
    folder, base = _base_folder(model, store), model.base
    if base is None:
        message = "the student recipe has no base"
        raise ValueError(message)
    with alone(folder):
        if not base_is_there(model, store):
            _train_base(model, base, folder, report_to)
    return folder


def _train_base(model: TinyModel, base: Base, folder: Path, report_to: Sequence[str]) -> None:
    rows = general_rows(base.problems, base.seed)
    tokenizer = make_tokenizer(_texts(rows), model.vocabulary, model.numbers)
    student = make_tiny(model, tokenizer, base.seed)
    stage = TrainStage(name="base", steps=base.steps, learning_rate=base.learning_rate, batch_size=base.batch_size)
    work = Work(stage=stage, features=encode(student, rows, stage).features)
    run = folder.with_name(f".{folder.name}")
    student, _ = train(student, [work], seed=base.seed, folder=run, report_to=report_to)
    _kept(student, folder)
    shutil.rmtree(run, ignore_errors=True)


def base_is_there(model: TinyModel, store: Path) -> bool:
    """Whether the base was trained before."""
    return (_base_folder(model, store) / "config.json").exists()


def _base_folder(model: TinyModel, store: Path) -> Path:
    key = digest({"code": [CODE_VERSION, SOURCES], "model": identity_of(model, defaults=True)})
    return store / "students" / "bases" / key[:40]


def general_rows(count: int, seed: int) -> pl.DataFrame:
    """Short general tasks as training rows, one to `MOST_TURNS` in a chat: `messages` and `weight`.

    A student that saw short texts only attends to places, not to words, and then learns longer ones badly.
    """
    problems = iter(skills(count, seed, name=TRAINED_ON))
    chats: list[list[dict[str, str | None]]] = []
    while turns := list(islice(problems, pick(range(1, MOST_TURNS + 1), TRAINED_ON, f"{seed}/{len(chats)}"))):
        chats.append([turn for problem in turns for turn in _exchange(problem)])
    return pl.DataFrame({"messages": chats, "weight": [1.0] * len(chats)})


def _exchange(problem: Problem) -> list[dict[str, str | None]]:
    return [{"role": "user", "content": problem.question}, {"role": "assistant", "content": problem.answer}]


def _texts(rows: pl.DataFrame) -> Iterable[str]:
    return rows["messages"].explode().struct.field("content").to_list()


def _kept(student: Student, folder: Path) -> None:
    """Write to the side, then rename: another run sees all of it or nothing."""
    side = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        save(student, side)
        shutil.rmtree(folder, ignore_errors=True)
        side.rename(folder)
    except OSError as error:
        shutil.rmtree(side, ignore_errors=True)
        raise Stopped(
            f"the student can't be written: {error}", hint="make room and run the same command again"
        ) from error
