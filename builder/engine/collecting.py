"""How often Python looks for garbage while many small objects are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

COLLECTED = 50_000
"""How many new objects Python waits for until it looks for garbage; usually it is 700."""


@contextmanager
def collect_seldom() -> Iterator[None]:
    """Collect garbage seldom within a block: each time, Python walks over all that the libraries hold.

    It takes a fifth of the time of a request else, and a tenth of judging a text. What is not needed any more is freed
    without it, but for cycles.
    """
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
