"""Cotloom builds versioned chain-of-thought datasets.

The way through the house:

    sources -> teacher -> verify -> select -> format -> mix -> store (version) -> student -> publish
    problems   samples    verdicts  paths     examples  mixture  name@version     does it teach?

`cotloom.builder.pipeline` is that line, read top to bottom. Each room is a folder; imports go down only:

    schemas, errors                                   what travels, and what can go wrong
    recipe, files, templates, progress, text, engine, store
    sources, teacher, verify, select, format, mix     the stages; none knows another
    inspect, audit, student                           what looks into a version, checks it, and trains on it
    publish, pipeline                                 what gives versions on; what makes them
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cotloom.builder.errors import CotloomError, InputError, RecipeError, Stopped, VersionConflict
    from cotloom.builder.pipeline import Built, build
    from cotloom.builder.recipe import load_recipe
    from cotloom.builder.store import find_version

__all__ = [
    "Built",
    "CotloomError",
    "InputError",
    "RecipeError",
    "Stopped",
    "VersionConflict",
    "build",
    "find_version",
    "load_recipe",
]

_HOMES = {"Built": "pipeline", "build": "pipeline", "load_recipe": "recipe", "find_version": "store"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `cotloom --help` stays fast."""
    if name not in __all__:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
