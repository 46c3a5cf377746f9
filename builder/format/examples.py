"""Write the kept samples of a bucket as examples: one row for each sample and format.

The texts are rendered already (`texts`); a row with demonstrations is put together of texts that may lie in other
buckets. So everything here works on columns.
"""

from collections.abc import Sequence

import polars as pl

from ...schemas.example import Example
from ...schemas.formats import FormatSpec
from ...schemas.frames import check_frame, get_schema
from ..errors import InputError
from .assembly import Count, Gather, assemble_rows
from .demonstrations import RING_COLUMNS, Integers, build_rings
from .rows import FormatRows, choose_demonstrations, list_provided
from .texts import join_problems, rank_demonstrations, render_texts

_DECIDED_LATER = ("mixture_stage", "repeat", "weight")
"""The columns of an example that the mixture decides."""


def check_formats(formats: Sequence[FormatSpec], tokenizer: str | None = None) -> None:
    """Check the formats of a recipe against one another.

    Args:
        formats: the formats.
        tokenizer: what counts tokens.

    Raises:
        InputError: one is listed twice, asks for an impossible number of demonstrations, or has a limit in tokens that
            nothing counts.
    """
    names = [spec.name for spec in formats]
    for index, spec in enumerate(formats):
        fewest, most = spec.shots
        if names.index(spec.name) != index:
            raise InputError(f"the format {spec.name} is listed twice", keys=(f"formats.{index}.name",))
        if not 1 <= fewest <= most:
            raise InputError(
                f"the format {spec.name} can't show {fewest} to {most} demonstrations",
                hint="shots: the fewest, at least 1, then the most, such as [1, 4]",
                keys=(f"formats.{index}.shots",),
            )
        if spec.max_tokens is not None and tokenizer is None:
            raise InputError(
                f"the format {spec.name} has max_tokens, and nothing counts the tokens of its rows",
                hint="tokenizer: a folder with tokenizer.json, or a model of the Hub",
                keys=(f"formats.{index}.max_tokens", "tokenizer"),
            )


def format_examples(
    problems: pl.DataFrame, samples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int = 0
) -> pl.DataFrame:
    """Write every kept sample in every format, and every provided response once, as it is.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, selected.
        formats: the formats.
        seed: key of the demonstrations.

    Returns:
        Rows of `Example`. Where all paths of a problem give the same row, one is kept and the others are dropped; rows
        with too few demonstrations are dropped.
    """
    texts = render_texts(join_problems(problems, samples), [spec.name for spec in formats], seed)
    candidates = rank_demonstrations(texts, seed).rename({"row": "address"}).select(RING_COLUMNS)
    forms = choose_demonstrations(texts, formats, seed, build_rings(candidates))

    def gather(addresses: Integers, columns: Sequence[str]) -> pl.DataFrame:
        return texts.select(columns)[addresses.tolist()] if len(addresses) else texts.select(columns).clear()

    written = write_examples(texts, forms, gather)
    added = written.with_columns(
        mixture_stage=pl.lit(None, dtype=pl.String), repeat=pl.lit(0, pl.Int64), weight=pl.lit(1.0)
    )
    return check_frame(added.select(get_schema(Example).names()), Example)


def write_examples(
    texts: pl.DataFrame, forms: Sequence[FormatRows], gather: Gather, count: Count | None = None
) -> pl.DataFrame:
    """Write the texts of a bucket as examples.

    Args:
        texts: the table from `render_texts`.
        forms: the rows of each format, with their demonstrations.
        gather: reads the texts of demonstrations.
        count: counts tokens; None leaves them unknown.

    Returns:
        The columns of `Example`, but for those that the mixture decides.
    """
    every = [*forms, list_provided(texts)]
    parts = [assemble_rows(form, gather, count) for form in every if form.rows.height]
    schema = {name: kind for name, kind in get_schema(Example).items() if name not in _DECIDED_LATER}
    return pl.concat([pl.DataFrame(schema=schema), *parts])
