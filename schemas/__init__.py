"""What travels through Cotloom: records, recipe, runtime, manifest, reasons and ids.

Floor 0: nothing here imports from the rest of the house, and nothing heavy but pydantic (the frames of the
records live in `cotloom.schemas.frames`, which is imported only where polars is needed). The JSON Schemas beside these
files are made from them by `make docs` and held by a test: a changed contract is a new file, `*.v2.json`.
"""

from cotloom.schemas.example import Example, Message
from cotloom.schemas.manifest import Manifest
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate, Reason, Stage, Unit, Verdict
from cotloom.schemas.recipe import Recipe
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample

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
