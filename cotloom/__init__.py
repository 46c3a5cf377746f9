"""Versioned chain-of-thought datasets, from Python.

    import cotloom

    cotloom.build("quickstart")
    dataset = cotloom.load("quickstart")
    dataset.sql("SELECT reason, count(*) AS n FROM samples GROUP BY reason")

docs/python.md shows each of the names below at work. Importing this package imports nothing heavy.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .builder.api import build, judge, load, plan, versions
    from .builder.verify import check_steps, compare, read_answer

__all__ = ["build", "check_steps", "compare", "judge", "load", "plan", "read_answer", "versions"]

_HOMES = {"check_steps": "verify", "compare": "verify", "read_answer": "verify"}
"""The room of each public name; the others are in `builder.api`."""

_FOLDER = Path(__file__).resolve().parent
if not (_FOLDER / "builder").is_dir():  # a checkout: builder, schemas, recipes and cli.py lie beside this folder
    __path__.append(str(_FOLDER.parent))


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that `cotloom --help` stays fast."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"cotloom.builder.{_HOMES.get(name, 'api')}"), name)


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return __all__
