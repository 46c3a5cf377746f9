"""The model before training: a checkpoint, or a student from scratch with its tokenizer and its base.

The base is trained on general tasks once and stored; the words of a version are appended to its vocabulary.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.ids import digest, pick
from ....schemas.problem import Problem
from ....schemas.recipe import extract_identity
from ....schemas.student import BaseTraining, CheckpointModel, Model, TinyModel, TrainStage
from ...sources import CODE_VERSION as SOURCES
from ...sources import generate_skills
from ...store.atomic import Access, atomic_folder
from ...store.locks import lock_folder
from ..model.loading import (
    add_lora,
    load_checkpoint,
    load_saved_student,
    make_tiny,
    resize_embeddings,
    save_student,
)
from ..model.student import Student
from ..model.tokenizer import extend_tokenizer, make_tokenizer
from ..training.collate import encode_rows
from ..training.trainer import StageData, train

CODE_VERSION = 1
"""Rises when the same recipe gives another start."""

MOST_TURNS = 6
"""The most tasks in one chat of a base's training."""

TRAINING_KEY = "skills"
"""Key of the general problems that a base is trained on; those for evaluation have another key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The model before training, the same for every condition of a comparison."""

    model: Model
    """The model of the student recipe."""
    digest: str
    """Digest of everything that decides it."""
    folder: Path | None
    """Checkpoint of a student from scratch; null where the recipe names a checkpoint, or there is no base."""
    tokenizer: Any = None
    """Tokenizer of a student from scratch without a base, whose weights each seed initializes anew."""

    def load_student(self, seed: int) -> Student:
        """Load the student before training."""
        if isinstance(self.model, CheckpointModel):
            student = load_checkpoint(self.model)
            return add_lora(student, self.model.lora) if self.model.lora else student
        if self.folder is None:
            return make_tiny(self.model, self.tokenizer, seed)
        return load_saved_student(self.folder)


def prepare_start(model: Model, texts: Sequence[str], store: Path, report_to: Sequence[str] = ()) -> Start:
    """Prepare the start of a comparison: train the base and make the tokenizer, where the store has none.

    Args:
        model: the model of the student recipe.
        texts: the texts of all conditions, for the tokenizer of a student from scratch.
        store: the store, which keeps bases and starts.
        report_to: trackers for the training of the base.

    Raises:
        InputError: the checkpoint can't be loaded.
        Stopped: the disk is full.
    """
    identity = extract_identity(model, defaults=True)
    if isinstance(model, CheckpointModel):
        return Start(model=model, digest=digest(identity), folder=None)
    texts = sorted(set(texts))
    key = digest({"code": [CODE_VERSION, SOURCES], "model": identity, "texts": digest(texts)})
    if model.base is None:
        tokenizer = make_tokenizer(texts, model.vocabulary, model.numbers)
        return Start(model=model, digest=key, folder=None, tokenizer=tokenizer)
    folder = store / "students" / "starts" / key[:40]
    with lock_folder(folder):
        if not (folder / "config.json").exists():
            _write_student(_extend_base(model, model.base, texts, get_base(model, store, report_to)), folder)
    return Start(model=model, digest=key, folder=folder)


def _extend_base(model: TinyModel, base: BaseTraining, texts: Sequence[str], folder: Path) -> Student:
    """Add the words of the texts to the vocabulary of a base."""
    student = load_saved_student(folder)
    tokenizer = extend_tokenizer(student.tokenizer, texts, model.vocabulary)
    resize_embeddings(student.model, len(tokenizer), base.seed)
    return Student(model=student.model, tokenizer=tokenizer, device=student.device)


def get_base(model: TinyModel, store: Path, report_to: Sequence[str] = ()) -> Path:
    """Get the folder of the base of a student from scratch; the base is trained where the store has none."""
    folder, base = _get_base_folder(model, store), model.base
    if base is None:
        message = "the student recipe has no base"
        raise ValueError(message)
    with lock_folder(folder):
        if not has_base(model, store):
            _train_base(model, base, folder, report_to)
    return folder


def _train_base(model: TinyModel, base: BaseTraining, folder: Path, report_to: Sequence[str]) -> None:
    rows = make_general_rows(base.problems, base.seed)
    texts = rows["messages"].explode().struct.field("content").to_list()
    student = make_tiny(model, make_tokenizer(texts, model.vocabulary, model.numbers), base.seed)
    stage = TrainStage(name="base", steps=base.steps, learning_rate=base.learning_rate, batch_size=base.batch_size)
    data = StageData(stage=stage, features=encode_rows(student, rows, stage).features)
    training = folder.with_name(f".{folder.name}")
    student, _ = train(student, [data], seed=base.seed, folder=training, report_to=report_to)
    _write_student(student, folder)
    shutil.rmtree(training, ignore_errors=True)


def has_base(model: TinyModel, store: Path) -> bool:
    """Whether the base is in the store."""
    return (_get_base_folder(model, store) / "config.json").exists()


def _get_base_folder(model: TinyModel, store: Path) -> Path:
    key = digest({"code": [CODE_VERSION, SOURCES], "model": extract_identity(model, defaults=True)})
    return store / "students" / "bases" / key[:40]


def make_general_rows(count: int, seed: int) -> pl.DataFrame:
    """Make training rows of short general tasks, one to `MOST_TURNS` in a chat: `messages` and `weight`.

    A student trained on short texts alone attends to positions instead of words, and then learns longer texts badly.
    """
    problems = iter(generate_skills(count, seed, name=TRAINING_KEY))
    chats: list[list[dict[str, str | None]]] = []
    while tasks := list(islice(problems, pick(range(1, MOST_TURNS + 1), TRAINING_KEY, f"{seed}/{len(chats)}"))):
        chats.append([message for problem in tasks for message in _make_turns(problem)])
    return pl.DataFrame({"messages": chats, "weight": [1.0] * len(chats)})


def _make_turns(problem: Problem) -> list[dict[str, str | None]]:
    return [{"role": "user", "content": problem.question}, {"role": "assistant", "content": problem.answer}]


def _write_student(student: Student, folder: Path) -> None:
    with atomic_folder(folder, name="the student", access=Access.PRIVATE) as side:
        save_student(student, side)
