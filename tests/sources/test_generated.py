"""Generated problems are stored results: a recipe of today gives the same problems with tomorrow's code (law 5)."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.sources.procedures import make_procedure_problems
from cotloom.builder.sources.skills import generate_skills
from cotloom.schemas.ids import digest
from cotloom.schemas.source import ArithmeticSource, ProceduresSource

PINNED = json.loads(Path(__file__).with_name("generated_problems.json").read_text(encoding="utf-8"))
"""Digests of generated problems. They change only together with the code version of the room."""


def make_arithmetic(level, language="en"):
    source = ArithmeticSource(kind="arithmetic", name="made", problems=400, level=level, language=language)
    return make_problems(source, seed=7)


def make_procedures(part, shots):
    source = ProceduresSource(kind="procedures", name="made", problems=180, part=part, shots=shots)
    return make_procedure_problems(source, seed=7)


GENERATORS = {
    "procedures-seen": lambda: make_procedures("seen", 0),
    "procedures-unseen": lambda: make_procedures("unseen", 3),
    "skills": lambda: generate_skills(660, seed=7),
    "arithmetic-school": lambda: make_arithmetic("school"),
    "arithmetic-small": lambda: make_arithmetic("small"),
    "arithmetic-school-zh": lambda: make_arithmetic("school", "zh"),
    "arithmetic-small-zh": lambda: make_arithmetic("small", "zh"),
}


def read_filled(problem):
    """The columns that a generator filled. A column that `Problem` gains later leaves the digests as they are."""
    values = {field.name: getattr(problem, field.name) for field in fields(problem)}
    return {field.name: values[field.name] for field in fields(problem) if values[field.name] != field.default}


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_generated_problems_do_not_change_by_accident(name):
    assert digest([read_filled(problem) for problem in GENERATORS[name]()]) == PINNED[name]
