"""Cotloom builds versioned chain-of-thought datasets.

The data flow:

    sources -> teacher -> verify -> select -> format -> mix -> store (version) -> student -> publish
    problems   samples    verdicts  paths     examples  mixture  name@version     validation Hub

`cotloom.builder.pipeline` is this flow, read top to bottom. Each room is a folder. Imports go down only:

    schemas, errors                                       data models and errors
    recipe, files, templates, progress, text, engine, report, store
    sources, teacher, verify, select, format, mix         the stages; no stage imports another
    audit, inspect, export, student                       check a version, query it, export it, train on it
    publish, pipeline                                     upload versions; build them
    plan, starter, api, commands                          what a user calls
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CotloomError, InputError, RecipeError, Stopped, VersionConflict
    from .pipeline import Built, build
    from .recipe import load_recipe
    from .store import find_version

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
