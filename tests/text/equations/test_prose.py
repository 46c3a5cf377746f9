"""Mathematicians' prose holds no wrong step where every statement is true."""

import random

import pytest

from cotloom.builder.text.equations import find_equations
from tests.text.equations.prose import FRAMES, KINDS

ROUNDS = 15


@pytest.mark.parametrize("name", KINDS)
def test_a_true_statement_of_mathematics_is_never_wrong(name):
    draw = random.Random(name)
    wrong = []
    for _ in range(ROUNDS):
        for statement in KINDS[name](draw):
            text = draw.choice(FRAMES).replace("{}", statement)
            wrong += [text for equation in find_equations(text) if equation.outcome == "wrong"]
    assert wrong == []


@pytest.mark.parametrize("name", KINDS)
def test_the_statements_are_of_the_kind_that_is_looked_at(name):
    draw = random.Random(name)
    assert sum(len(find_equations(statement)) for statement in KINDS[name](draw)) >= 5
