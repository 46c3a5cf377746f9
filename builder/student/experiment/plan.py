"""The plan of a validation: which students are trained, on what, and what they are all asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cotloom.builder.store import Version
from cotloom.builder.student.evaluation.sets import EvalSet, sets_of
from cotloom.builder.student.experiment.conditions import ANSWER_FORMAT, arm_of, own_format, rows_of
from cotloom.builder.student.experiment.jobs import Job, general_problems
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.student import StudentRecipe

PARTS = (1 / 16, 1 / 4)
"""The shares of the problems on the data curve, besides the whole."""

UNTRAINED = "untrained"
"""The arm of the student as it is before training."""

Size = tuple[str, str]
"""A version's folder and an arm of it, to whose number of rows another arm is cut."""


class Controls(StrEnum):
    """Which arms there are besides the version."""

    DEFAULT = "default"
    """Answers alone, the parent where there is one, and the untrained student."""
    ALL = "all"
    """These, one path for each problem, shuffled reasoning, unchecked answers, the version cut to the rows of smaller
    arms, and the data curve with every seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a validation trains and asks."""

    version: Version
    """The version."""
    parent: Version | None
    """What it is compared with, where there is something."""
    student: StudentRecipe
    """The student recipe, with the formats that are asked filled in."""
    jobs: tuple[Job, ...]
    """The arms, each with every seed."""
    curve: tuple[Job, ...] = ()
    """Students of parts of the version."""
    sets: tuple[EvalSet, ...] = field(default=(), repr=False)
    """What they are asked."""


def plan_of(version: Version, parent: Version | None, student: StudentRecipe, controls: Controls) -> Plan:
    """Decide which arms are trained.

    Args:
        version: the version.
        parent: the version that it follows; None for no such arm.
        student: the student recipe.
        controls: which arms there are.

    Raises:
        InputError: the version has nothing to train on, or nothing to ask.
    """
    # the arm of answers alone is asked in the format that it was trained for, whatever formats are asked for
    formats = tuple(dict.fromkeys([*(student.evaluation.formats or [own_format(rows_of(version))]), ANSWER_FORMAT]))
    evaluation = student.evaluation.model_copy(update={"formats": formats})
    student = student.model_copy(update={"evaluation": evaluation})
    general = _general(student)
    words = (str(version.path), *((str(parent.path),) if parent else ()))

    def job(arm: str, seed: int, of: Version = version, size_of: Size | None = None, **rest: Any) -> Job:
        return Job(
            version=str(of.path), arm=arm, seed=seed, student=student, asked=str(version.path), words=words,
            size_of=size_of, general=general, **rest,
        )  # fmt: skip

    seeds = range(student.seeds)
    arms = list(_arms(version, parent, controls))
    jobs = [
        job(arm, seed, of, size_of, keep=(place, seed) == (0, 0))
        for place, (arm, of, size_of) in enumerate(arms)
        for seed in seeds
    ]
    curve_seeds = seeds if controls is Controls.ALL else (0,)
    curve = [
        job("version", seed, share=part, name=f"1/{round(1 / part)}") for part in PARTS for seed in curve_seeds
    ]  # fmt: skip
    return Plan(
        version=version,
        parent=parent,
        student=student,
        jobs=(*jobs, job(UNTRAINED, 0)),
        curve=tuple(curve),
        sets=sets_of(version, evaluation, general_problems(general)),
    )


def _arms(version: Version, parent: Version | None, controls: Controls) -> Iterator[tuple[str, Version, Size | None]]:
    """The arms that are trained, the version's own first."""
    yield "version", version, None
    yield "answer_only", version, None
    if parent is not None:
        yield "parent", parent, None
        yield from _cut_to_equal(version, parent)
    if controls is not Controls.ALL:
        return
    further = ["single_path", "shuffled", *(["unchecked"] if _has_wrong(version) else [])]
    yield from ((arm, version, None) for arm in further)
    whole = rows_of(version).height
    smaller = [arm for arm in ("answer_only", *further) if arm_of(arm, version).rows.height < whole]
    yield from (("version", version, (str(version.path), arm)) for arm in smaller)


def _has_wrong(version: Version) -> bool:
    """Whether checking dropped an answer that a version without checks would have trained on."""
    return bool((version.table("samples")["verdict"] == Verdict.WRONG).any())


def _general(student: StudentRecipe) -> int:
    """A student with a base is asked what the base taught it."""
    base = getattr(student.model, "base", None)
    return student.evaluation.problems if base is not None else 0


def _cut_to_equal(version: Version, parent: Version) -> Iterator[tuple[str, Version, Size]]:
    """The larger of version and parent, cut to the size of the other; nothing where they are of one size."""
    own, other = rows_of(version).height, rows_of(parent).height
    if own > other:
        yield "version", version, (str(parent.path), "parent")
    elif own < other:
        yield "parent", parent, (str(version.path), "version")
