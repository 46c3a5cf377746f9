"""What each stage of the mixture was asked to take, and what it took."""

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from ...schemas.manifest import MixtureCount
from ..report.tables import make_line


def render_mixture(counts: Sequence[MixtureCount]) -> Iterator[Text]:
    """Render what each stage was asked to take of each source, and what it took."""
    if not counts:
        return
    yield make_line("Mixture: what each stage was asked to take, and what it took", style="bold")
    for item in counts:
        stage = sum(getattr(own, _name_measure(item)) or 0 for own in counts if own.stage == item.stage)
        yield make_line(f"  {item.stage}: {_describe_take(item)}: {_describe_taken(item, stage)}")
    yield Text()


_MEASURES: Mapping[str, str] = {"rows": "rows", "tokens": "tokens", "loss": "loss_tokens"}
"""What a share of a stage is measured in."""


def _name_measure(item: MixtureCount) -> str:
    return _MEASURES.get(item.by, "rows")  # a stranger's manifest may say anything


def _describe_take(item: MixtureCount) -> str:
    share = "" if item.share is None else f", {item.share:.2%} of the stage by {item.by}"
    return f"{item.take} of {item.available:,} rows of {item.source}{share}"


def _describe_taken(item: MixtureCount, stage: int) -> str:
    """Describe what came out.

    Args:
        item: of one source.
        stage: rows or tokens of the whole stage.
    """
    own = getattr(item, _name_measure(item)) or 0
    share = "" if item.share is None or not stage else f", {own / stage:.2%}"
    tokens = "" if item.tokens is None else f", {item.tokens:,} tokens, {item.loss_tokens:,} with loss"
    repeats = f", {item.repeats:,} repeated" if item.repeats else ""
    hinted = f", {item.hinted:,} hinted" if item.hinted else ""
    return f"{item.rows:,} rows{repeats}{hinted}{tokens}{share}"
