"""Backends: where answers come from. Each file opens its own kind of teacher; `protocol` is what all of them offer.

Heavy libraries (openai, torch, transformers) are imported when the first request is sent.
"""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from ....schemas.runtime import Runtime
from ...recipe import LoadedRecipe
from . import openai, simulated, transformers
from .protocol import OpenedBackend

BACKENDS: Mapping[str, Callable[[LoadedRecipe, Any, pl.DataFrame, Runtime], OpenedBackend]] = {
    "openai": openai.open_backend,
    "simulated": simulated.open_backend,
    "transformers": transformers.open_backend,
}
"""From `teacher.backend` of a recipe to the function that opens it."""


def open_backend(loaded: LoadedRecipe, problems: pl.DataFrame, runtime: Runtime) -> OpenedBackend:
    """Open the teacher of a recipe.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`, dropped ones too.
        runtime: how a live teacher is requested: concurrency, timeouts, retries.

    Raises:
        InputError: the teacher can't be opened with this recipe, or can't answer these problems.
    """
    teacher = loaded.recipe.teacher
    return BACKENDS[teacher.backend](loaded, teacher, problems, runtime)
