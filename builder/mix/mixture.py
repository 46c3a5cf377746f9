"""Mix examples: apply the weights of formats, then let each stage take its shares."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

import polars as pl

from ...schemas.example import Example, make_example_id
from ...schemas.frames import check_frame
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.recipe import FormatSpec, Mixture, MixtureStage
from ..errors import InputError
from .quotas import KEY, compute_quota, select_lowest

DEFAULT_STAGE = "train"
"""The one stage of a recipe without a mixture."""


def check_mixture(mixture: Mixture | None, sources: Sequence[str]) -> None:
    """Check a mixture against the sources of a recipe.

    Raises:
        InputError: it takes from an unknown source, or an impossible share.
    """
    for stage in mixture.stages if mixture else ():
        for source, share in stage.take.items():
            if source not in sources:
                raise InputError(
                    f"mixture stage {stage.name} takes from {source}, which is no source",
                    hint=f"sources: {', '.join(sources)}",
                    keys=(f"mixture.stages.{stage.name}.take.{source}",),
                )
            compute_quota(share, 0)


def mix_examples(
    examples: pl.DataFrame, formats: Sequence[FormatSpec], mixture: Mixture | None, sources: Sequence[str], seed: int
) -> pl.DataFrame:
    """Assign examples to the stages of training.

    Args:
        examples: rows of `Example`, formatted.
        formats: the formats with their weights.
        mixture: the stages; None for one stage that takes everything.
        sources: names of all sources.
        seed: key of the quotas.

    Returns:
        Rows of `Example` with their mixture stage. An example that several stages take has a row for each; one that no
        stage takes is dropped, as `over_cap` where it was over the cap of a stage, else as `not_taken`.
    """
    weighted = _apply_weights(examples, formats, seed)
    is_training = (pl.col("fate") == Fate.KEPT) & (pl.col("split") != Split.TEST)
    training = weighted.filter(is_training)
    stages = _list_stages(mixture, sources)
    taken, over_cap = zip(*(_take_stage(training, stage, seed) for stage in stages), strict=True)
    left = training.join(pl.concat(taken), on=KEY, how="anti")
    capped = left.join(pl.concat(over_cap), on=KEY, how="semi")
    not_taken = left.join(capped, on=KEY, how="anti")
    tables = [
        *taken,
        _mark_dropped(capped, Reason.OVER_CAP, "beyond the mixture stage's cap on rows of one problem"),
        _mark_dropped(not_taken, Reason.NOT_TAKEN, "no mixture stage takes it"),
        weighted.filter(~is_training),
    ]
    return check_frame(pl.concat(tables), Example)


def _list_stages(mixture: Mixture | None, sources: Sequence[str]) -> Sequence[MixtureStage]:
    if mixture is None:
        return [MixtureStage(name=DEFAULT_STAGE, take=dict.fromkeys(sources, "all"))]
    return mixture.stages


def _mark_dropped(examples: pl.DataFrame, reason: Reason, detail: str) -> pl.DataFrame:
    return examples.with_columns(
        stage=pl.lit(str(Stage.MIX)),
        fate=pl.lit(str(Fate.DROPPED)),
        reason=pl.lit(str(reason)),
        detail=pl.lit(detail),
    )


def _take_stage(training: pl.DataFrame, stage: MixtureStage, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take the examples of one stage, with its name and ids of their own, and those that are over its cap.

    The cap comes first: a share is a share of what the cap leaves.
    """
    key = f"mix:{seed}:{stage.name}"
    available = training.filter(pl.col("source").is_in(list(stage.take)))
    within = available if stage.cap is None else select_lowest(available, stage.cap, key, each="problem_id")
    parts = [training.clear()]
    for source, share in stage.take.items():
        rows = within.filter(pl.col("source") == source)
        parts.append(select_lowest(rows, compute_quota(share, rows.height), key))
    taken = pl.concat(parts)
    ids = [
        make_example_id(format_name, sample, tuple(others), stage.name)
        for format_name, sample, others in taken.select("format", "sample_id", "other_sample_ids").iter_rows()
    ]
    names = pl.Series("example_id", ids, dtype=pl.String)
    over_cap = available.join(within, on=KEY, how="anti")
    return taken.with_columns(mixture_stage=pl.lit(stage.name), example_id=names), over_cap


def _apply_weights(examples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int) -> pl.DataFrame:
    """Cut the formats to the shares of their weights, with as many rows as the scarcest format allows."""
    weights = {spec.name: spec.weight for spec in formats if spec.weight is not None}
    training = examples.filter((pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN))
    counts: Mapping[str, int] = dict(training.group_by("format").len().iter_rows())
    if not weights or not counts:
        return examples
    empty = [name for name in weights if not counts.get(name)]
    if empty:
        raise InputError(
            f"the format {empty[0]} has a weight but no rows",
            hint="leave its weight out, or see in the funnel why its rows were dropped (try without weights first)",
            keys=("formats",),
        )
    scale = min(Fraction(counts[name]) / Fraction(weight) for name, weight in weights.items())
    over: list[pl.DataFrame] = []
    for name, weight in weights.items():
        rows = training.filter(pl.col("format") == name)
        taken = select_lowest(rows, floor(scale * Fraction(weight)), f"weight:{seed}:{name}")
        over.append(rows.join(taken, on=KEY, how="anti"))
    not_taken = pl.concat(over)
    detail = "beyond the share of rows that the format's weight allows"
    return pl.concat([examples.join(not_taken, on=KEY, how="anti"), _mark_dropped(not_taken, Reason.NOT_TAKEN, detail)])
