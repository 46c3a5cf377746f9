"""Sample rationales for all problems of a build."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ...schemas.frames import from_frame, to_frame
from ...schemas.manifest import Input
from ...schemas.problem import Problem
from ...schemas.reasons import Fate
from ...schemas.runtime import Runtime
from ...schemas.sample import Sample
from ...schemas.teacher import HintPolicy, Paths
from ..errors import InputError
from ..recipe import LoadedRecipe
from .backends import open_backend
from .ledger import Ledger
from .rounds import Calls, CountPaths, sample_rounds


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """All samples of a build."""

    frame: pl.DataFrame
    """Rows of `Sample`, not yet verified."""
    calls: Calls
    """How many answers were new, and what they cost."""
    inputs: Sequence[Input]
    """The files that the teacher was read from."""


def sample_rationales(
    loaded: LoadedRecipe, problems: pl.DataFrame, ledger: Ledger, count_paths: CountPaths, runtime: Runtime
) -> SampledFrame:
    """Sample rationales for all kept problems.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`.
        ledger: where answers are looked up and recorded.
        count_paths: counts the correct paths of each problem; called between rounds.
        runtime: concurrency, timeouts and retries of a live teacher.

    Raises:
        InputError: the teacher can't answer these problems at all.
    """
    teacher = loaded.recipe.teacher
    opened = open_backend(loaded, problems, runtime)
    kept = list(from_frame(problems.filter(pl.col("fate") == Fate.KEPT), Problem))
    samples, calls = sample_rounds(
        kept,
        opened.backend,
        ledger,
        count_paths,
        paths=getattr(teacher, "paths", Paths()),
        hints=getattr(teacher, "hint", HintPolicy()),
        accept_failures=runtime.accept_failures,
    )
    if not samples:
        raise InputError(f"the teacher gave no answer to any of the {len(kept)} problems")
    return SampledFrame(to_frame([*samples, *opened.malformed], Sample), calls, opened.inputs)
