"""The data models of Cotloom: records, recipe, runtime, manifest, reasons and ids.

Floor 0: nothing here imports from the builder, and nothing heavy but pydantic (the frames of the records
are in `cotloom.schemas.frames`, which is imported only where polars is needed). The JSON Schemas beside these
files are made from them by `make docs` and held by a test: a changed contract is a new file, `*.v2.json`.
"""

from .example import Example, Message
from .manifest import Manifest
from .problem import Problem
from .reasons import Fate, Reason, Stage, Unit, Verdict
from .recipe import Recipe
from .runtime import Runtime
from .sample import Sample

__all__ = [
    "Example",
    "Fate",
    "Manifest",
    "Message",
    "Problem",
    "Reason",
    "Recipe",
    "Runtime",
    "Sample",
    "Stage",
    "Unit",
    "Verdict",
]
