"""Problems of reasoning-gym, made by its tasks. Its scorers stay unused: several execute the answer (law 7).

Answers are compared by the source's answer_type, as those of every other source.
"""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import version
from types import ModuleType
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.files import as_text
from cotloom.builder.sources.columns import template_key
from cotloom.builder.sources.gold import WANTED, read_gold
from cotloom.schemas.ids import NotCanonicalError, canonical, content_id, digest, rank
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem, problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import GymSource

HASH_DEPENDENT = frozenset(
    "codeio isomorphic_strings knight_swap polynomial_multiplication ransom_note word_ladder".split()
)
"""Tasks that make other problems under another PYTHONHASHSEED (tried with 0.1.25): they would break law 5."""


def gym_version(source: GymSource) -> str:
    """Digest of what makes a source's problems besides the recipe: the release of reasoning-gym.

    Raises:
        InputError: it is not installed, or the task can't be used.
    """
    _task(source)
    return digest({"reasoning-gym": version("reasoning-gym")})


def make_gym_problems(source: GymSource, seed: int) -> tuple[list[Problem], Input]:
    """Make the problems of a source.

    Args:
        source: says which task, how many problems, and by its name which ones.
        seed: another seed makes other problems.

    Raises:
        InputError: reasoning-gym is not installed, or refuses the task or its settings.
    """
    gym = _task(source)
    start = rank(f"gym:{seed}", source.name) % 2**31
    try:
        made = gym.create_dataset(source.task, size=source.problems, seed=start, **source.settings)
        rows = [made[place] for place in range(source.problems)]
    except (TypeError, ValueError, AssertionError, AttributeError) as error:
        raise InputError(
            f"source {source.name}: reasoning-gym refuses these settings of {source.task}: {error}",
            keys=(f"sources.{source.name}.settings",),
        ) from error
    category = type(made).__module__.split(".")[1]
    problems = [_problem(source, category, number, row) for number, row in enumerate(rows, 1)]
    name = f"reasoning-gym=={version('reasoning-gym')}:{source.task}"
    return problems, Input(
        name=f"sources.{source.name}", file=name, sha256=gym_version(source), bytes=0, rows=len(problems)
    )


def _task(source: GymSource) -> ModuleType:
    """Import the library, and hold the task against what it has.

    Its own imports read data files; the whole takes seconds, so it is imported only here.
    """
    try:
        import reasoning_gym  # noqa: PLC0415 - an extra
        from reasoning_gym.factory import DATASETS  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            f"source {source.name} needs reasoning-gym, which is not installed", hint="pip install 'cotloom[gym]'"
        ) from error
    keys = (f"sources.{source.name}.task",)
    if source.task in HASH_DEPENDENT:
        raise InputError(
            f"source {source.name}: the task {source.task} makes other problems in every process",
            hint="a version must come out the same everywhere; take another task",
            keys=keys,
        )
    if source.task not in DATASETS:
        near = get_close_matches(source.task, DATASETS, n=3, cutoff=0.4) or sorted(DATASETS)
        hint = f"nearest: {', '.join(near)}"
        raise InputError(f"source {source.name}: reasoning-gym has no task {source.task}", hint=hint, keys=keys)
    return sys.modules[reasoning_gym.__name__]


def _problem(source: GymSource, category: str, number: int, row: Mapping[str, Any]) -> Problem:
    origin = f"{source.task}:{number}"
    question, given = str(row["question"]).strip(), row["answer"]
    answer = None if given is None else read_gold(given, source.answer_type, ())
    fault = None if answer else f"{given!r} is {WANTED[source.answer_type]}"
    return Problem(
        problem_id=problem_id(question) if question else content_id("p", source.name, origin),
        source=source.name,
        origin=origin,
        task=source.task,
        category=category,
        question=question,
        answer=answer or as_text(given),
        answer_type=source.answer_type,
        group=template_key(question),
        license="Apache-2.0",
        metadata=_metadata(row.get("metadata")),
        stage=Stage.SOURCES if fault else None,
        fate=Fate.DROPPED if fault else Fate.KEPT,
        reason=Reason.GOLD_UNREADABLE if fault else None,
        detail=f"{origin}: {fault}" if fault else None,
    )


def _metadata(given: object) -> str:
    """What of a problem's metadata can be written the same way twice; sets, fractions and the like are left out."""
    kept = {}
    for key, value in given.items() if isinstance(given, Mapping) else ():
        try:
            canonical({key: value})
        except NotCanonicalError:
            continue
        kept[key] = value
    return canonical(kept)
