"""The page that the benchmark writes: sections of tables."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A table, and what it is about."""

    title: str
    text: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def render(self) -> str:
        """Render it as Markdown."""
        lines = [f"| {' | '.join(cells)} |" for cells in [self.header, *self.rows]]
        lines.insert(1, "|---" * len(self.header) + "|")
        return "\n".join([f"## {self.title}", "", self.text, "", *lines, ""])


def show(value: float, digits: int = 0) -> str:
    """Show a number; a dash where there is none.

    >>> show(1234.5), show(0.456, 2), show(float("nan"))
    ('1,234', '0.46', '-')
    """
    return "-" if value != value else f"{value:,.{digits}f}"  # noqa: PLR0124 - only what is no number differs


def show_share(share: float, digits: int = 1) -> str:
    """Show a share as a percentage."""
    return f"{show(100 * share, digits)} %"
