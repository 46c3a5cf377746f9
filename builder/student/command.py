"""The command `validate`, from the version to what is printed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.store import Version, find_version, versions_of
from cotloom.builder.student.experiment.budget import fitted, seconds_of
from cotloom.builder.student.experiment.jobs import workers_here
from cotloom.builder.student.experiment.plan import Controls, plan_of
from cotloom.builder.student.experiment.validate import FOLDER, validate
from cotloom.builder.student.model.card import write_card
from cotloom.builder.student.report.report import tell_validation
from cotloom.schemas.student import StudentRecipe
from cotloom.schemas.validation import Validation
from rich.console import Group, RenderableType
from rich.text import Text
from transformers.integrations.integration_utils import get_reporting_integration_callbacks


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What was asked for."""

    version: Version
    """The version."""
    student: StudentRecipe
    """The student recipe."""
    parent: Version | None = None
    """What to compare with; None for the parent that the version names, or the one before it."""
    controls: str = "default"
    """Which arms there are."""
    budget: str | None = None
    """How long it may take: `90s`, `10m`, `2h`."""
    store: Path
    """The store."""
    workers: int | None = None
    """Students that are trained at once."""
    report_to: tuple[str, ...] = ()
    """Trackers that transformers knows."""
    save: Path | None = None
    """Where the version's first student goes."""


def run(wanted: Wanted) -> tuple[Validation, RenderableType]:
    """Validate a version.

    Returns:
        What came out, and how to print it.

    Raises:
        InputError: the version, the student recipe, the budget, the folder or a tracker won't do.
        Stopped: the disk is full.
    """
    limit = seconds_of(wanted.budget) if wanted.budget is not None else None
    _check_folder(wanted.save)
    _check_trackers(wanted.report_to)
    parent = wanted.parent or parent_of(wanted.version, wanted.store)
    plan = plan_of(wanted.version, parent, wanted.student, Controls(wanted.controls))
    workers = workers_here(wanted.workers)
    notes: list[str] = []
    if limit is not None:
        smaller, notes = fitted(plan, wanted.store, workers, limit)
        plan = plan_of(wanted.version, parent, smaller, Controls(wanted.controls))
    found, student = validate(plan, wanted.store, workers, wanted.report_to)
    if wanted.save is not None:
        notes.append(f"The version's first student is in {_saved(student, found, wanted.save)}.")
    notes.append(f"Report: {wanted.version.path / FOLDER / 'report.html'}")
    return found, Group(tell_validation(found), Text(), *(Text(note) for note in notes))


def parent_of(version: Version, store: Path) -> Version | None:
    """The version that a version follows: the one it names, else the one before it in the store.

    Raises:
        InputError: it names one that is not in the store.
    """
    name, own = version.manifest.name, version.manifest.version
    if version.manifest.parent is not None:
        return find_version(store, f"{name}@{version.manifest.parent}")
    there = [one for one in versions_of(store, name) if one != "dev"]
    before = there[: there.index(own)] if own in there else []
    return find_version(store, f"{name}@{before[-1]}") if before else None


def _check_folder(folder: Path | None) -> None:
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already", hint="give an empty or a new folder with --save")


def _check_trackers(names: Sequence[str]) -> None:
    """Make each tracker once, so that one that is not there is noticed before anything is trained."""
    for name in names:
        try:
            for callback in get_reporting_integration_callbacks([name]):  # type: ignore[no-untyped-call]
                callback()
        except (ValueError, RuntimeError, ImportError) as error:
            raise InputError(
                f"--report-to {name}: {str(error).splitlines()[0]}",
                hint="name a tracker that transformers knows, such as tensorboard or wandb, and install it",
            ) from error


def _saved(student: Path, found: Validation, folder: Path) -> Path:
    try:
        shutil.copytree(student, folder, dirs_exist_ok=True)
        write_card(found, folder)
    except OSError as error:
        raise Stopped(
            f"the student can't be written: {error}", hint="make room and run the same command again"
        ) from error
    return folder
