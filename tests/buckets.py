"""The same rows in one bucket and in several: what reads a version must not notice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cotloom.builder.store import Version

SMALL_BUCKET = 64
"""Rows of a bucket, so that a small version has four."""

KEYS: dict[str, Any] = {
    "sources": [
        {"name": "made", "kind": "arithmetic", "level": "small", "problems": 40},
        {"name": "short", "kind": "skills", "role": "reference", "problems": 10},
    ],
    "split": {"test": 0.3},
    "formats": [
        {"name": "zero_shot_cot"},
        {"name": "in_context_cot", "shots": [1, 2]},
        {"name": "zero_shot_answer"},
    ],
    "mixture": {
        "stages": [
            {"name": "specialise", "take": {"made": "all"}},
            {"name": "restore", "take": {"short": "all", "made": "1/2"}},
        ]
    },
}
"""A recipe with two stages, three formats, held-out problems, demonstrations and finished responses."""


def build_both(folder: Path, write_recipe: Callable[..., Path], build_recipe: Callable[..., Any]) -> list[Version]:
    """Build a recipe with one bucket, and with several."""
    recipe = write_recipe(folder, **KEYS)
    one = build_recipe(recipe, folder / "one").version
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", SMALL_BUCKET)
        several = build_recipe(recipe, folder / "several").version
    assert one.manifest.bucket_bits == 0
    assert several.manifest.bucket_bits > 1
    return [one, several]
