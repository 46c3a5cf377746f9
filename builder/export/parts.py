"""What an export is cut into: one part for each stage of the mixture, in order, and one for the held-out rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.mix import DEFAULT_STAGE
from cotloom.builder.store import Version
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Fate

TRAIN, TEST = "train", "test"
"""How the names of parts begin: `datasets` reads the split of a file off its name."""

PROBLEM_COLUMNS = ("question", "answer", "answer_type")
"""What each example brings along from its problem."""

_CHAT = r"^(system )?user assistant( user assistant)*$"
"""The roles of a chat that every trainer understands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Rows that belong into one file."""

    name: str
    """`train`, `train-2-restore` or `test`: the name of the file without its ending."""
    held_out: bool
    """Whether they are held out from training."""
    rows: pl.DataFrame
    """Kept examples in the order of their ids, each with the columns `PROBLEM_COLUMNS` of its problem."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A version's examples, cut into parts."""

    version: Version
    """The version."""
    parts: tuple[Part, ...]
    """The parts that have rows, in the order in which they are trained on; held-out rows come last."""
    simulated: bool
    """Whether any of the version was written by the simulated teacher."""

    @property
    def training(self) -> tuple[Part, ...]:
        """The parts to train on."""
        return tuple(part for part in self.parts if not part.held_out)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows of all parts."""
        return pl.concat([part.rows for part in self.parts])


def export_of(version: Version) -> Export:
    """Read what a version has to export.

    Raises:
        InputError: nothing, or a row that is no chat, or of a stage that the version's recipe does not name.
    """
    examples = version.table("examples").filter(pl.col("fate") == Fate.KEPT).sort("example_id")
    if examples.height == 0:
        raise InputError(f"{version.ref} has no examples to export", hint=f"cotloom show {version.ref} says why")
    _check_chats(version.ref, examples)
    problems = version.table("problems").filter(pl.col("fate") == Fate.KEPT).select("problem_id", *PROBLEM_COLUMNS)
    whole = examples.join(problems, on="problem_id", how="left", validate="m:1", maintain_order="left")
    parts = tuple(part for part in _parts(whole, stages_of(version)) if part.rows.height)
    if sum(part.rows.height for part in parts) != whole.height:
        raise InputError(
            f"{version.ref} has training rows of a stage that its recipe does not name",
            hint="its files do not belong together: build it again",
        )
    return Export(version=version, parts=parts, simulated=version.manifest.simulated or bool(whole["simulated"].any()))


def stages_of(version: Version) -> list[str]:
    """Names of the stages of training, in the order of the version's recipe."""
    mixture = version.manifest.recipe.get("mixture")
    return [stage["name"] for stage in mixture["stages"]] if mixture else [DEFAULT_STAGE]


def _parts(examples: pl.DataFrame, stages: Sequence[str]) -> Iterator[Part]:
    held_out = pl.col("split") == Split.TEST
    for place, stage in enumerate(stages, 1):
        rows = examples.filter(~held_out & (pl.col("mixture_stage") == stage))
        yield Part(name=_name(place, stage, len(stages)), held_out=False, rows=rows)
    yield Part(name=TEST, held_out=True, rows=examples.filter(held_out))


def _name(place: int, stage: str, stages: int) -> str:
    """The name of a stage's file: its place comes first, so that files lie in order."""
    return TRAIN if stages == 1 else f"{TRAIN}-{place:0{len(str(stages))}d}-{stage}"


def _check_chats(ref: str, examples: pl.DataFrame) -> None:
    roles = pl.col("messages").list.eval(pl.element().struct.field("role")).list.join(" ")
    odd = examples.select("example_id", roles=roles).filter(~pl.col("roles").str.contains(_CHAT))
    if odd.height:
        example, said = odd.row(0)
        raise InputError(
            f"{ref}: in {odd.height:,} examples question and answer do not take turns, such as {example} ({said})",
            hint="no trainer reads such chats; the format that wrote them has to be mended",
        )
