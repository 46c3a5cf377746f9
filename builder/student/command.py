"""The command `validate`: from a version and a student recipe to the printed result."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text
from transformers.integrations.integration_utils import get_reporting_integration_callbacks

from ...schemas.runtime import Runtime
from ...schemas.student import StudentRecipe
from ...schemas.validation import Validation
from ..errors import InputError
from ..report.tables import make_line
from ..store import Version, check_current, find_version, list_version_numbers, verify_version
from ..store.atomic import make_folder, stop_if_unwritable
from .evaluation.prepare import prepare_evaluation
from .experiment.budget import fit_to_budget, parse_duration
from .experiment.jobs import count_workers, prepare_starts
from .experiment.plan import Controls, plan_validation
from .experiment.validate import FOLDER, validate, write_validation
from .report.model_card import write_model_card
from .report.report import render_validation


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidateOptions:
    """The arguments of the command `validate`."""

    version: Version
    """The version."""
    recipe: StudentRecipe
    """The student recipe."""
    parent: Version | None = None
    """The version to compare with; None for the parent that the version names, or the one before it."""
    controls: str = "default"
    """Which conditions are trained besides the version: a value of `Controls`."""
    budget: str | None = None
    """Time budget: `90s`, `10m`, `2h`."""
    store: Path
    """The store."""
    workers: int | None = None
    """Number of students that are trained at once."""
    report_to: tuple[str, ...] = ()
    """Trackers that transformers knows."""
    save: Path | None = None
    """Folder for the version's first student."""


def run_validation(options: ValidateOptions) -> tuple[Validation, RenderableType]:
    """Validate a version.

    Returns:
        The validation, and its text for the terminal.

    Raises:
        InputError: the student recipe, the budget, the folder or a tracker is invalid, or a version is damaged.
        Stopped: the disk is full, or the version was built again meanwhile.
    """
    try:
        return _run_validation(options)
    except InputError:
        check_current(options.version)  # files that were replaced while they were read look damaged
        raise


def _run_validation(options: ValidateOptions) -> tuple[Validation, RenderableType]:
    budget_seconds = parse_duration(options.budget) if options.budget is not None else None
    _check_folder(options.save)
    _check_trackers(options.report_to)
    version, controls = options.version, Controls(options.controls)
    parent = options.parent or find_parent(version, options.store)
    for checked in (version, parent):
        if checked is not None:
            verify_version(checked)
    workers = count_workers(options.workers)
    prepared = prepare_evaluation(options.recipe.evaluation, Runtime(store=options.store, workers=workers))
    plan = plan_validation(version, parent, options.recipe, controls, prepared)
    notes: list[str] = []
    if budget_seconds is not None:
        recipe, notes = fit_to_budget(plan, options.store, workers, budget_seconds)
        plan = plan_validation(version, parent, recipe, controls, prepared)
    prepare_starts(plan.jobs, options.store, options.report_to)
    validation, outcomes = validate(plan, options.store, workers, options.report_to)
    write_validation(validation, outcomes)
    if options.save is not None:
        _copy_student(outcomes.runs[0].folder / "student", validation, options.save)
        notes.append(f"The version's first student is in {options.save}.")
    notes.append(f"Report: {version.path / FOLDER / 'report.html'}")
    return validation, Group(render_validation(validation), Text(), *map(make_line, notes))


def find_parent(version: Version, store: Path) -> Version | None:
    """Find the version that a version follows: its parent, else the one before it in the store.

    Raises:
        InputError: its parent is not in the store.
    """
    name, number = version.manifest.name, version.manifest.version
    if version.manifest.parent is not None:
        return find_version(store, f"{name}@{version.manifest.parent}")
    numbers = [known for known in list_version_numbers(store, name) if known != "dev"]
    before = numbers[: numbers.index(number)] if number in numbers else []
    return find_version(store, f"{name}@{before[-1]}") if before else None


def _check_folder(folder: Path | None) -> None:
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists already", hint="give an empty or a new folder with --save")


def _check_trackers(names: Sequence[str]) -> None:
    """Create each tracker once, so that a missing one is noticed before training."""
    for name in names:
        try:
            for callback in get_reporting_integration_callbacks([name]):  # type: ignore[no-untyped-call]
                callback()
        except (ValueError, RuntimeError, ImportError) as error:
            raise InputError(
                f"--report-to {name}: {str(error).splitlines()[0]}",
                hint="name a tracker that transformers knows, such as tensorboard or wandb, and install it",
            ) from error


def _copy_student(student_path: Path, validation: Validation, folder: Path) -> None:
    with stop_if_unwritable("the student"):
        make_folder(folder)
        for path in filter(Path.is_file, sorted(student_path.rglob("*"))):
            make_folder((folder / path.relative_to(student_path)).parent)
            shutil.copyfile(path, folder / path.relative_to(student_path))  # without the private modes of the store
        write_model_card(validation, folder)
