"""A quote before a build: what some problems take says what all will take.

quote    what was measured, or guessed, and the ranges that follow from it
run      looks at problems: asks the teacher about a few, or reads what the ledger has
render   a quote in words, and several side by side
"""

from .quote import Quote, QuoteBasis, guess_quote, make_quote
from .render import describe_quote, render_comparison, render_quote
from .run import quote_build

__all__ = [
    "Quote",
    "QuoteBasis",
    "describe_quote",
    "guess_quote",
    "make_quote",
    "quote_build",
    "render_comparison",
    "render_quote",
]
