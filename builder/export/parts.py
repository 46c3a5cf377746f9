"""The parts of an export: one for each stage of the mixture, in order, and one for the held-out rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from ...schemas.problem import Split
from ...schemas.reasons import Fate
from ...schemas.recipe import Mixture
from ..errors import InputError
from ..mix import DEFAULT_STAGE
from ..store import Version

TRAIN, TEST = "train", "test"
"""Prefixes of the names of parts: `datasets` infers the split of a file from its name."""

PROBLEM_COLUMNS = ("question", "answer", "answer_type")
"""Columns of the problem that are added to each example."""

_CHAT = r"^(system )?user assistant( user assistant)*$"
"""The sequences of roles that every trainer accepts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportPart:
    """The rows of one file."""

    name: str
    """The name of the file without its extension: `train`, `train-2-restore` or `test`."""
    held_out: bool
    """Whether the rows are held out from training."""
    rows: pl.DataFrame
    """Kept examples, sorted by id, with the columns `PROBLEM_COLUMNS` of their problems."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The examples of a version, in parts."""

    version: Version
    """The version."""
    parts: tuple[ExportPart, ...]
    """The parts with rows, in training order; the held-out part is last."""
    simulated: bool
    """Whether the version has rows of the simulated teacher."""

    @property
    def training(self) -> tuple[ExportPart, ...]:
        """The parts for training."""
        return tuple(part for part in self.parts if not part.held_out)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows of all parts."""
        return pl.concat([part.rows for part in self.parts])


def read_export(version: Version) -> Export:
    """Read the kept examples of a version.

    Raises:
        InputError: there are none, a row is no chat, or it has a stage that is not in the version's recipe.
    """
    examples = version.read_table("examples").filter(pl.col("fate") == Fate.KEPT).sort("example_id")
    if examples.height == 0:
        raise InputError(f"{version.ref} has no examples to export", hint=f"see cotloom show {version.ref}")
    _check_chats(version.ref, examples)
    problems = version.read_table("problems").filter(pl.col("fate") == Fate.KEPT).select("problem_id", *PROBLEM_COLUMNS)
    rows = examples.join(problems, on="problem_id", how="left", validate="m:1", maintain_order="left")
    parts = tuple(part for part in _split_parts(rows, list_stages(version)) if part.rows.height)
    if sum(part.rows.height for part in parts) != rows.height:
        raise InputError(
            f"{version.ref} has training rows of a stage that is not in its recipe",
            hint="its files are inconsistent: build it again",
        )
    return Export(version=version, parts=parts, simulated=version.manifest.simulated or bool(rows["simulated"].any()))


def list_stages(version: Version) -> list[str]:
    """List the training stages, in the order of the version's recipe.

    Raises:
        InputError: the recipe in the manifest has no such stages.
    """
    mixture = version.manifest.recipe.get("mixture")
    try:
        return [stage.name for stage in Mixture.model_validate(mixture).stages] if mixture else [DEFAULT_STAGE]
    except ValidationError as error:
        raise InputError(
            f"the mixture in the manifest of {version.ref} is none", hint="it was changed by hand: build it again"
        ) from error


def _split_parts(examples: pl.DataFrame, stages: Sequence[str]) -> Iterator[ExportPart]:
    held_out = pl.col("split") == Split.TEST
    for position, stage in enumerate(stages, 1):
        rows = examples.filter(~held_out & (pl.col("mixture_stage") == stage))
        yield ExportPart(name=_format_part_name(position, stage, len(stages)), held_out=False, rows=rows)
    yield ExportPart(name=TEST, held_out=True, rows=examples.filter(held_out))


def _format_part_name(position: int, stage: str, stages: int) -> str:
    """Format the name of a stage's file; the position comes first, so that names sort in training order."""
    return TRAIN if stages == 1 else f"{TRAIN}-{position:0{len(str(stages))}d}-{stage}"


def _check_chats(ref: str, examples: pl.DataFrame) -> None:
    roles = pl.col("messages").list.eval(pl.element().struct.field("role")).list.join(" ")
    invalid = examples.select("example_id", roles=roles).filter(~pl.col("roles").str.contains(_CHAT))
    if invalid.height:
        example_id, sequence = invalid.row(0)
        raise InputError(
            f"{ref}: {invalid.height:,} examples in which user and assistant do not alternate, such as {example_id} "
            f"({sequence})",
            hint="trainers reject such chats; the format that wrote them has to be fixed",
        )
