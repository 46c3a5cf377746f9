"""What decides a mixture, what was decided of it, and what can't be asked of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ...schemas.formats import FormatSpec, Mixture, MixtureStage, MixtureUnit
from ...schemas.problem import Split
from ...schemas.reasons import Fate
from ..errors import InputError
from .quotas import parse_share

DEFAULT_STAGE = "train"
"""The one stage of a recipe without a mixture."""

CANDIDATE_COLUMNS = (
    "example_id", "sample_id", "other_sample_ids", "problem_id", "source", "format", "split", "fate", "prompt_tokens",
    "loss_tokens",
)  # fmt: skip
"""The columns of an example that its mixture depends on."""

FACT_COLUMNS = ("problem_weight", "task", "category", "is_hinted")
"""The others that it depends on: weight, task and category of its problem, and whether its sample is hinted."""

GROUPS = ("task", "category", "source")
"""The columns whose groups are capped over all buckets, in the order of the caps; `problem` comes before them."""

HINTED = "hinted"
"""The name of the limit on hinted samples among the caps; its groups are sources."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MixtureRules:
    """What decides a mixture, besides its rows."""

    formats: Sequence[FormatSpec]
    """The formats with their weights."""
    mixture: Mixture | None
    """The stages; None for one stage that takes everything."""
    sources: Sequence[str]
    """Names of all sources."""
    seed: int
    """Key of the quotas."""

    @property
    def stages(self) -> Sequence[MixtureStage]:
        """The stages."""
        if self.mixture is None:
            return [MixtureStage(name=DEFAULT_STAGE, take=dict.fromkeys(self.sources, "all"))]
        return self.mixture.stages


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """What a stage takes of a source: all rows within its caps so many times, and those up to a rank once more."""

    copies: int = 1
    """How many times all rows are taken."""
    highest: int = -1
    """The highest rank of an unhinted row that is taken once more; -1 where none is."""
    highest_hinted: int = -1
    """The same of hinted rows."""
    available: int | None = None
    """Rows within the caps; None where they were not counted."""
    share: float | None = None
    """The share of the stage that was asked for, from 0 to 1; None where none was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageShares:
    """What one stage takes, by ranks."""

    caps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By cap (`GROUPS`, `HINTED`) and group: the highest rank within it. Groups that no cap cuts are not listed."""
    takes: Mapping[str, Take] = field(default_factory=dict)
    """By source; one that is not listed is taken once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """What is taken, by ranks: rows of the lowest ranks are, so a bucket need only know the highest."""

    weights: Mapping[str, int] = field(default_factory=dict)
    """The highest rank of each format that has a weight."""
    stages: Mapping[str, StageShares] = field(default_factory=dict)
    """By stage; one that is not listed takes all rows of its sources within `cap.problem`."""

    def to_plain(self) -> dict[str, Any]:
        """Make plain values, which `parse_shares` reads."""
        stages = {
            name: {
                "caps": {cap: dict(groups) for cap, groups in stage.caps.items()},
                "takes": {
                    source: [take.copies, take.highest, take.highest_hinted, take.available, take.share]
                    for source, take in stage.takes.items()
                },
            }
            for name, stage in self.stages.items()
        }
        return {"weights": dict(self.weights), "stages": stages}


def parse_shares(plain: Mapping[str, Any]) -> Shares:
    """Read what `Shares.to_plain` wrote."""
    stages = {
        name: StageShares(
            caps=stage["caps"],
            takes={
                source: Take(
                    copies=copies, highest=highest, highest_hinted=hinted, available=available, share=share
                )
                for source, (copies, highest, hinted, available, share) in stage["takes"].items()
            },
        )
        for name, stage in plain["stages"].items()
    }  # fmt: skip
    return Shares(weights=plain["weights"], stages=stages)


def is_training() -> pl.Expr:
    """Whether an example may be mixed: it was kept, and is not of the test split."""
    return (pl.col("fate") == Fate.KEPT) & (pl.col("split") != Split.TEST)


def check_mixture(mixture: Mixture | None, sources: Sequence[str], tokenizer: str | None = None) -> None:
    """Check a mixture against the rest of its recipe.

    Args:
        mixture: the stages.
        sources: the sources whose rows may be trained on.
        tokenizer: what counts tokens.

    Raises:
        InputError: it takes from an unknown source, or an impossible share; keys exclude one another, or need a
            tokenizer.
    """
    for stage in mixture.stages if mixture else ():
        key = f"mixture.stages.{stage.name}"
        _check_takes(stage, sources, key)
        _check_weights(stage, key)
        _check_tokens(stage, tokenizer, key)


def _check_takes(stage: MixtureStage, sources: Sequence[str], key: str) -> None:
    for source, share in stage.take.items():
        if source not in sources:
            raise InputError(
                f"mixture stage {stage.name} takes from {source}, which is no source",
                hint=f"sources: {', '.join(sources)}",
                keys=(f"{key}.take.{source}",),
            )
        parse_share(share)


def _check_weights(stage: MixtureStage, key: str) -> None:
    if stage.weights is not None and stage.temperature is not None:
        raise InputError(
            f"mixture stage {stage.name} has weights and a temperature, which makes weights of its own",
            hint="leave one of them out",
            keys=(f"{key}.weights", f"{key}.temperature"),
        )
    if stage.weights is not None and set(stage.weights) != set(stage.take):
        different = ", ".join(sorted(set(stage.weights) ^ set(stage.take)))
        raise InputError(
            f"mixture stage {stage.name} has weights and takes of different sources: {different}",
            hint="give each source in take a weight",
            keys=(f"{key}.weights",),
        )
    light = next((name for name, weight in (stage.weights or {}).items() if weight <= 0), None)
    if light is not None:
        raise InputError(
            f"the weight of {light} in mixture stage {stage.name} is not above 0",
            hint="leave the source out of take",
            keys=(f"{key}.weights.{light}",),
        )


def _check_tokens(stage: MixtureStage, tokenizer: str | None, key: str) -> None:
    if stage.by is not MixtureUnit.ROWS and not stage.is_shared:
        raise InputError(
            f"mixture stage {stage.name} measures by {stage.by}, and has nothing to measure",
            hint="by belongs to weights, temperature or total",
            keys=(f"{key}.by",),
        )
    needs = "by" if stage.by is not MixtureUnit.ROWS else "max_tokens" if stage.max_tokens is not None else None
    if needs and tokenizer is None:
        raise InputError(
            f"{needs} of mixture stage {stage.name} needs the lengths of rows in tokens",
            hint="tokenizer: a folder with tokenizer.json, or a model of the Hub",
            keys=("tokenizer", f"{key}.{needs}"),
        )
