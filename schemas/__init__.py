"""What travels through Cotloom: records, recipe, runtime, manifest, reasons and ids.

Floor 0: nothing here imports from the rest of the house, and nothing heavy but pydantic (the frames of the
records live in `schemas.frames`, which is imported only where polars is needed). The JSON Schemas beside these
files are made from them by `make docs` and held by a test: a changed contract is a new file, `*.v2.json`.
"""

from schemas.example import Example, Message
from schemas.manifest import Manifest
from schemas.problem import Problem
from schemas.reasons import Fate, Reason, Stage, Unit, Verdict
from schemas.recipe import Recipe
from schemas.runtime import Runtime
from schemas.sample import Sample

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
