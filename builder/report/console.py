"""The console that texts for people are printed to."""

import sys

from rich.console import Console


def make_console() -> Console:
    """Make a console on stdout; 160 characters wide where stdout is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)
