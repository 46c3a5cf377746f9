"""Backends: where answers come from. Each file opens its own kind of teacher; `protocol` is what all of them offer.

Heavy libraries (openai, torch, transformers) are imported when the first request is sent.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ....schemas.runtime import Runtime
from ....schemas.teacher import SampledTeacher
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from . import openai, simulated, transformers
from .protocol import OpenedBackend

BACKENDS: Mapping[str, Callable[[LoadedRecipe, str, Any, AskedProblems, Runtime], OpenedBackend]] = {
    "openai": openai.open_backend,
    "simulated": simulated.open_backend,
    "transformers": transformers.open_backend,
}
"""From `teacher.backend` of a recipe to the function that opens it."""


def open_backend(
    loaded: LoadedRecipe, key: str, teacher: SampledTeacher, problems: AskedProblems, runtime: Runtime
) -> OpenedBackend:
    """Open a teacher of a recipe.

    Args:
        loaded: the recipe.
        key: the recipe key that the teacher stands at.
        teacher: the teacher.
        problems: the problems that are asked.
        runtime: how a live teacher is requested: concurrency, timeouts, retries.

    Raises:
        InputError: the teacher can't be opened with this recipe, or can't answer these problems.
    """
    return BACKENDS[teacher.backend](loaded, key, teacher, problems, runtime)
