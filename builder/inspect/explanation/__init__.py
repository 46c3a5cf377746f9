"""The explanation of one problem, sample or example: all that a version and its ledger can say about it.

collect     the row and what it is linked to, out of one bucket
checks      what each check of a sample looked at, and what it found
choice      why a path was kept: what repeats it, and what it was chosen from
rounds      the rounds of sampling of a problem, and what each brought
requests    what the teacher was asked, out of the ledger
render      all of it for the terminal
"""

from .collect import explain
from .render import render_explanation

__all__ = ["explain", "render_explanation"]
