"""Sample rationales for all problems of a build, into pieces."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ...schemas.frames import from_frame, to_frame
from ...schemas.manifest import Input
from ...schemas.problem import Problem
from ...schemas.reasons import Fate
from ...schemas.runtime import Runtime
from ...schemas.sample import Sample
from ..errors import InputError
from ..recipe import LoadedRecipe
from ..store.pieces import add_cell, write_piece
from .backends import open_backend
from .ledger import Ledger
from .rounds import Calls, CountPaths, sample_rounds
from .shares import select_share, warn_unasked


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledAnswers:
    """All samples of a build, in pieces of rows of `Sample`, not yet verified."""

    pieces: tuple[Path, ...]
    """The pieces."""
    rows: int
    """Samples in them."""
    calls: Calls
    """How many answers were new, and what they cost."""
    inputs: Sequence[Input]
    """The files that the teacher was read from."""


def sample_rationales(
    loaded: LoadedRecipe,
    problems: pl.DataFrame,
    ledger: Ledger,
    count_paths: CountPaths,
    runtime: Runtime,
    folder: Path,
) -> SampledAnswers:
    """Sample rationales for all kept problems.

    Args:
        loaded: the recipe; its answers are not recorded ones.
        problems: rows of `Problem`.
        ledger: where answers are looked up and recorded.
        count_paths: counts the correct paths of each problem; called between rounds.
        runtime: concurrency, timeouts and retries of a live teacher.
        folder: where the pieces are written.

    Raises:
        InputError: the teacher can't answer these problems at all.
    """
    teachers = loaded.recipe.sampled_teachers
    opened = {key: open_backend(loaded, key, each, problems, runtime) for key, each in teachers.items()}
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    warn_unasked(loaded.recipe, kept)
    samples: list[Sample] = []
    calls = Calls()
    for key, teacher in teachers.items():
        own, own_calls = sample_rounds(
            list(from_frame(select_share(kept, teacher.share), Problem)),
            opened[key].backend,
            ledger,
            count_paths,
            paths=teacher.paths,
            hints=teacher.hint,
            accept_failures=runtime.accept_failures,
            earlier=samples,
        )
        samples += own
        calls += replace(own_calls, by_teacher=((key, own_calls),) if len(teachers) > 1 else ())
    if not samples:
        raise InputError(f"the teacher gave no answer to any of the {kept.height} problems")
    piece = write_samples(samples, folder / "samples.arrow")
    inputs = [item for each in opened.values() for item in each.inputs]
    return SampledAnswers(pieces=(piece,), rows=len(samples), calls=calls, inputs=inputs)


def write_samples(samples: Iterable[Sample], path: Path) -> Path:
    """Write samples as a piece. Returns its path."""
    write_piece(add_cell(to_frame(samples, Sample)), path)
    return path
