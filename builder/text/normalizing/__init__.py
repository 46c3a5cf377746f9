"""Normalize texts: what changes no meaning goes, and what may change it stays, in its order.

A text becomes its words, numbers and signs, separated by single spaces. Case, white space, quotation marks, punctuation
of sentences, list marks, Markdown and wrappers of LaTeX go (docs/decisions/0050).
"""

from .normalize import normalize

__all__ = ["normalize"]
