"""The plan of a validation: the students to train, their conditions, and the sets that they are evaluated on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import Any

from ....schemas.frames import to_frame
from ....schemas.ids import digest
from ....schemas.outcome import Average, SetKind
from ....schemas.problem import Problem
from ....schemas.reasons import Verdict
from ....schemas.recipe import extract_identity
from ....schemas.student import StudentRecipe
from ....schemas.validation import EvalSetting
from ...store import Version
from ..evaluation.prepare import PreparedEvaluation, load_prepared
from ..evaluation.sets import EvalSet, make_eval_sets
from ..model.loading import is_trained_on_simulated
from ..statistics.metrics import compute_chance, compute_task_chance
from .conditions import (
    ANSWER_FORMAT,
    choose_format,
    count_training_rows,
    make_condition,
    select_training_rows,
)
from .jobs import Job, SizeReference, format_address, make_general_problems

CURVE_SHARES = (1 / 16, 1 / 4)
"""The shares of the problems on the data curve, besides all of them."""

UNTRAINED = "untrained"
"""The condition of the student before training."""


class Controls(StrEnum):
    """Which conditions are trained besides the version."""

    DEFAULT = "default"
    """Answers only, the parent where there is one, and the untrained student."""
    ALL = "all"
    """Also one path for each problem, shuffled reasoning, unchecked answers, the version cut to the rows of smaller
    conditions, and the data curve with every seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationPlan:
    """The students that a validation trains and evaluates."""

    version: Version
    """The version."""
    parent: Version | None
    """The version that it is compared with, if any."""
    recipe: StudentRecipe
    """The student recipe, with the formats of evaluation filled in."""
    identity: dict[str, Any]
    """The identity keys of the recipe, with defaults filled in; in `inputs`, digests of what its paths name."""
    identity_digest: str
    """Digest of these keys."""
    simulated: bool
    """Whether the simulated teacher wrote what any student is trained on."""
    jobs: tuple[Job, ...]
    """A job for each condition and seed."""
    curve_jobs: tuple[Job, ...] = ()
    """A job for each share of the version and seed."""
    sets: tuple[EvalSet, ...] = field(default=(), repr=False)
    """The evaluation sets."""
    prepared: PreparedEvaluation = field(default=PreparedEvaluation(), repr=False)
    """What the student recipe evaluates on beside the version."""
    chance: Mapping[tuple[str, Average], float] = field(default_factory=dict)
    """Accuracy of always guessing on each set and mean."""

    def get_chance(self, setting: EvalSetting) -> float:
        """Get the accuracy of always guessing in a setting."""
        return self.chance[setting.set, setting.average]


def plan_validation(
    version: Version,
    parent: Version | None,
    recipe: StudentRecipe,
    controls: Controls,
    prepared: PreparedEvaluation | None = None,
) -> ValidationPlan:
    """Plan the conditions and jobs of a validation.

    Args:
        version: the version.
        parent: the version that it follows; None for no such condition.
        recipe: the student recipe.
        controls: which conditions are trained besides the version.
        prepared: the result of `prepare_evaluation`; needed where the recipe names sets or demonstrations.

    Raises:
        InputError: there are no training rows or no problems to evaluate on.
    """
    prepared = prepared or PreparedEvaluation()
    recipe = _fill_in_formats(recipe, version)
    n_general = _count_general_problems(recipe)
    paths = (format_address(version), *((format_address(parent),) if parent else ()))

    def make_job(version_path: str, condition: str, seed: int, **options: Any) -> Job:
        return Job(
            version_path=version_path, condition=condition, seed=seed, recipe=recipe, eval_path=paths[0],
            vocabulary_paths=paths, trained_paths=paths, n_general=n_general,
            prepared=(prepared.path, prepared.key), **options,
        )  # fmt: skip

    jobs = [
        make_job(format_address(source), condition, seed, cut_to=cut_to, save=(index, seed) == (0, 0))
        for index, (source, condition, cut_to) in enumerate(_list_conditions(version, parent, controls))
        for seed in range(recipe.seeds)
    ]
    curve_jobs = [
        make_job(paths[0], "version", seed, share=share, label=f"1/{round(1 / share)}")
        for share, seed in product(CURVE_SHARES, range(recipe.seeds) if controls is Controls.ALL else (0,))
    ]
    identity = extract_identity(recipe, defaults=True)
    if prepared.digests:
        identity["inputs"] = dict(prepared.digests)
    sets = make_eval_sets(
        version,
        recipe.evaluation,
        make_general_problems(n_general),
        prepared=load_prepared(prepared.path, prepared.key),
        trained=[version] if parent is None else [version, parent],
    )
    return ValidationPlan(
        version=version,
        parent=parent,
        recipe=recipe,
        identity=identity,
        identity_digest=digest(identity),
        simulated=_is_simulated(version, parent, recipe),
        jobs=(*jobs, make_job(paths[0], UNTRAINED, 0)),
        curve_jobs=tuple(curve_jobs),
        sets=sets,
        prepared=prepared,
        chance=_compute_chances(sets),
    )


def _compute_chances(sets: Sequence[EvalSet]) -> dict[tuple[str, Average], float]:
    """Compute the accuracy of always guessing, for each set and each mean over tasks or sets."""
    frames = {eval_set.name: to_frame(eval_set.problems, Problem) for eval_set in sets}
    chances = {(name, Average.PROBLEMS): compute_chance(frame) for name, frame in frames.items()}
    chances |= {(name, Average.TASKS): compute_task_chance(frame) for name, frame in frames.items()}
    for kind in SetKind:
        of_kind = [chances[eval_set.name, Average.PROBLEMS] for eval_set in sets if eval_set.kind is kind]
        if of_kind:
            chances[str(kind), Average.SETS] = sum(of_kind) / len(of_kind)
    return chances


def _is_simulated(version: Version, parent: Version | None, recipe: StudentRecipe) -> bool:
    """Whether the simulated teacher wrote any training text: of the version, of its parent, or of the base model."""
    versions = [version] if parent is None else [version, parent]
    return any(each.manifest.simulated for each in versions) or is_trained_on_simulated(recipe.model)


def _fill_in_formats(recipe: StudentRecipe, version: Version) -> StudentRecipe:
    """Name the formats of the evaluation. `answer_only` is evaluated in its own, whatever the recipe lists."""
    formats = recipe.evaluation.formats or (choose_format(select_training_rows(version, ["format"])),)
    evaluation = recipe.evaluation.model_copy(update={"formats": tuple(dict.fromkeys([*formats, ANSWER_FORMAT]))})
    return recipe.model_copy(update={"evaluation": evaluation})


def _list_conditions(
    version: Version, parent: Version | None, controls: Controls
) -> Iterator[tuple[Version, str, SizeReference | None]]:
    """List the conditions to train, the version's own first, each with the version that it is made from."""
    yield version, "version", None
    yield version, "answer_only", None
    if parent is not None:
        yield parent, "parent", None
        yield from _list_equal_sizes(version, parent)
    if controls is not Controls.ALL:
        return
    further = ["single_path", "shuffled", *(["unchecked"] if _has_wrong(version) else [])]
    yield from ((version, condition, None) for condition in further)
    size = count_training_rows(version)
    for condition in ("answer_only", *further):
        if make_condition(condition, version, with_samples=False).rows.height < size:
            yield version, "version", (format_address(version), condition)


def _list_equal_sizes(version: Version, parent: Version) -> Iterator[tuple[Version, str, SizeReference]]:
    """The larger of version and parent, cut to the size of the other; nothing if they have the same size."""
    size, parent_size = count_training_rows(version), count_training_rows(parent)
    if size > parent_size:
        yield version, "version", (format_address(parent), "parent")
    elif size < parent_size:
        yield parent, "parent", (format_address(version), "version")


def _has_wrong(version: Version) -> bool:
    """Whether checking dropped an answer that a version without checks would train on."""
    return any(bool((rows["verdict"] == Verdict.WRONG).any()) for rows in version.iterate_table("samples", ["verdict"]))


def _count_general_problems(recipe: StudentRecipe) -> int:
    """A student with a base is evaluated on the tasks of the base too."""
    base = getattr(recipe.model, "base", None)
    return recipe.evaluation.problems if base is not None else 0
