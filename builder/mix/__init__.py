"""Mix: which examples each stage of training takes, in which shares.

Quotas and caps take the examples of lowest keyed hash, which is that of sample and format: one example more displaces
at most one other, whatever it shows before. The test side is never mixed into training: its examples go through as they
are.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.schemas.example import Example, example_id
from cotloom.schemas.frames import checked
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import FormatSpec, Mixture, MixtureStage

__all__ = ["CODE_VERSION", "DEFAULT_STAGE", "check_mixture", "mix_examples"]

CODE_VERSION = 3
"""Rises when the same examples give another mixture."""

DEFAULT_STAGE = "train"
"""The one stage of a recipe without a mixture."""

_ROW = ["sample_id", "format"]
"""What makes an example one of its kind, before stages take it."""


def check_mixture(mixture: Mixture | None, sources: Sequence[str]) -> None:
    """Hold a mixture against the sources that there are.

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
            quota(share, 0)


def quota(share: str | int, rows: int) -> int:
    """How many of so many rows a share comes to.

    >>> quota("all", 7), quota("1/2", 7), quota(3, 7)
    (7, 3, 3)

    Raises:
        InputError: it is none of `all`, a fraction up to 1, or a number of rows.
    """
    message = f"a mixture takes `all`, a fraction like 1/256 or a number of rows, not {share!r}"
    if share == "all":
        return rows
    if isinstance(share, int) and not isinstance(share, bool) and share >= 0:
        return min(share, rows)
    try:
        fraction = Fraction(str(share)) if isinstance(share, str) and len(share) < 40 else Fraction(-1)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(message) from error
    if not 0 <= fraction <= 1:
        raise InputError(message)
    return floor(rows * fraction)


def mix_examples(
    examples: pl.DataFrame, formats: Sequence[FormatSpec], mixture: Mixture | None, sources: Sequence[str], seed: int
) -> pl.DataFrame:
    """Put examples into the stages of training.

    Args:
        examples: rows of `Example`, formatted.
        formats: the formats with their weights.
        mixture: the stages; null for one stage that takes everything.
        sources: names of all sources.
        seed: key of the quotas.

    Returns:
        Rows of `Example` with their mixture stage. One that several stages take is there once for each; one that
        none takes is dropped, as `over_cap` where a stage had too many of its problem, else as `not_taken`.
    """
    weighed = _weighed(examples, formats, seed)
    if mixture is None:
        stages: Sequence[MixtureStage] = [MixtureStage(name=DEFAULT_STAGE, take=dict.fromkeys(sources, "all"))]
    else:
        stages = mixture.stages
    held_out = pl.col("split") == Split.TEST
    kept = pl.col("fate") == Fate.KEPT
    training = weighed.filter(kept & ~held_out)
    taken, over = zip(*(_taken(training, stage, seed) for stage in stages), strict=True)
    left = training.join(pl.concat(taken), on=_ROW, how="anti")
    capped = left.join(pl.concat(over), on=_ROW, how="semi")
    beyond = left.join(capped, on=_ROW, how="anti")
    tables = [
        *taken,
        _dropped(capped, Reason.OVER_CAP, "beyond the mixture stage's cap on rows of one problem"),
        _dropped(beyond, Reason.NOT_TAKEN, "no mixture stage takes it"),
        weighed.filter(~kept | held_out),
    ]
    return checked(pl.concat(tables), Example)


def _dropped(rows: pl.DataFrame, reason: Reason, detail: str) -> pl.DataFrame:
    return rows.with_columns(
        stage=pl.lit(str(Stage.MIX)),
        fate=pl.lit(str(Fate.DROPPED)),
        reason=pl.lit(str(reason)),
        detail=pl.lit(detail),
    )


def _taken(training: pl.DataFrame, stage: MixtureStage, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The examples that one stage takes, named after it, and those that are over its cap.

    The cap comes first: a share is a share of what it leaves.
    """
    key = f"mix:{seed}:{stage.name}"
    wanted = training.filter(pl.col("source").is_in(list(stage.take)))
    within = wanted if stage.cap is None else _lowest(wanted, stage.cap, key, each="problem_id")
    parts = [training.clear()]
    for source, share in stage.take.items():
        rows = within.filter(pl.col("source") == source)
        parts.append(_lowest(rows, quota(share, rows.height), key))
    rows = pl.concat(parts)
    ids = [
        example_id(form, sample, tuple(others), stage.name)
        for form, sample, others in rows.select("format", "sample_id", "other_sample_ids").iter_rows()
    ]
    names = pl.Series("example_id", ids, dtype=pl.String)
    taken = rows.with_columns(mixture_stage=pl.lit(stage.name), example_id=names)
    return taken, wanted.join(within, on=_ROW, how="anti")


def _lowest(rows: pl.DataFrame, count: int, key: str, each: str | None = None) -> pl.DataFrame:
    """The rows of lowest keyed hash: so many of all, or of each value of a column."""
    if each is None and count >= rows.height:
        return rows
    items = (f"{form}\x1f{sample}" for form, sample in rows.select("format", "sample_id").iter_rows())
    ranks = pl.Series("rank", [rank(key, item) for item in items], dtype=pl.UInt64)
    place = pl.col("rank").rank("ordinal")
    return rows.with_columns(ranks).filter((place if each is None else place.over(each)) <= count).drop("rank")


def _weighed(examples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int) -> pl.DataFrame:
    """Bring the formats into the shares that their weights ask for, as large as the scarcest format allows."""
    weights = {form.name: form.weight for form in formats if form.weight is not None}
    training = examples.filter((pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN))
    counts: Mapping[str, int] = dict(training.group_by("format").len().iter_rows())
    if not weights or not counts:
        return examples
    empty = [name for name in weights if not counts.get(name)]
    if empty:
        raise InputError(
            f"the format {empty[0]} has no rows, so no share of the rows can be its weight",
            hint="leave its weight out, or see in the funnel why its rows were dropped (try without weights first)",
            keys=("formats",),
        )
    scale = min(Fraction(counts.get(name, 0)) / Fraction(weight) for name, weight in weights.items())
    over: list[pl.DataFrame] = []
    for name, weight in weights.items():
        rows = training.filter(pl.col("format") == name)
        taken = _lowest(rows, floor(scale * Fraction(weight)), f"weight:{seed}:{name}")
        over.append(rows.join(taken, on=_ROW, how="anti"))
    beyond = pl.concat(over)
    detail = "beyond the share of rows that the format's weight allows"
    return pl.concat([examples.join(beyond, on=_ROW, how="anti"), _dropped(beyond, Reason.NOT_TAKEN, detail)])
