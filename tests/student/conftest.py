"""Versions that several tests of this room read, and what all of them need."""

import gc
from importlib import import_module

import pytest

STAGED = {
    "name": "staged",
    "sources": [
        {"name": "made", "kind": "arithmetic", "level": "small", "problems": 30},
        {"name": "short", "kind": "skills", "role": "reference", "problems": 10},
    ],
    "split": {"test": 0.2},
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
"""Two stages of training, three formats, and finished responses in the second stage."""


@pytest.fixture(autouse=True, scope="session")
def _spare_libraries():
    """Import what students need at once, and spare the collector of garbage a search through it after each training."""
    import_module("cotloom.builder.student.command")
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()  # some libraries complain of what is left at the end


@pytest.fixture(scope="session")
def staged(tmp_path_factory, write_recipe, build_recipe):
    """A version with two stages of training, three formats and finished responses."""
    folder = tmp_path_factory.mktemp("staged")
    return build_recipe(write_recipe(folder, **STAGED), folder / "store").version
