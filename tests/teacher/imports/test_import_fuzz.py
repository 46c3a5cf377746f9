"""Whatever stands in the place of a value, an import ends, and the good rows beside it are imported."""

import json
import random
from copy import deepcopy
from functools import partial

import pytest

from cotloom.builder.teacher.ledger.check import check_ledger
from tests.teacher.imports.conftest import QUESTIONS, solve_text
from tests.teacher.imports.shapes import (
    make_batch_row,
    make_curator_row,
    make_distilabel_row,
    make_early_row,
    make_grouped_row,
    make_nemo_row,
    reply,
)

ODD = [
    None, True, 0, -1, 10**30, 1e308, float("nan"), float("inf"), "", " ", "\x00", "\ud800", "\x1b[2J", "x" * 2_000,
    [], {}, [None], [[]], [{}], {"": None}, {"a": {"b": []}}, ["a", 1], [{"role": "user"}], [{"type": "text"}],
    "{", "[1]", '{"a": 1}', {"choices": [{}]}, {"choices": [{"message": {"content": []}}]}, 0.1,
]  # fmt: skip
"""Values that stand in the place of others."""


def make_curator(make, text):
    return make(text, reply(solve_text(text)))


def make_nemo(text):
    return make_nemo_row(text, solve_text(text), tokens=["a"], logprobs=[-1.0], top_logprobs=[{}])


ROWS = {
    "curator": [partial(make_curator, make) for make in (make_curator_row, make_batch_row, make_early_row)],
    "distilabel": [
        lambda text: make_distilabel_row(text, solve_text(text)),
        lambda text: make_grouped_row(text, solve_text(text), "another"),
    ],
    "nemo-skills": [make_nemo],
}


def list_places(value, place=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(inner for key, item in items for inner in list_places(item, (*place, key)))]


def mutate(row, chance):
    row = json.loads(json.dumps(row))
    for _ in range(chance.randint(1, 3)):
        *path, last = chance.choice([place for place in list_places(row) if place])
        holder = row
        for key in path:
            holder = holder[key]
        holder[last] = deepcopy(chance.choice(ODD))
    return row


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize("tool", ROWS)
def test_no_odd_value_ends_an_import_or_costs_another_row(tool, recipe, run, store, tmp_path):
    chance = random.Random(tool)
    path = tmp_path / "output.jsonl"
    good = [json.dumps(make(text)) for make in ROWS[tool] for text in QUESTIONS]
    odd = [json.dumps(mutate(chance.choice(ROWS[tool])(chance.choice(QUESTIONS)), chance)) for _ in range(1_500)]
    lines = [*odd, *good]
    path.write_text("".join(f"{line}\n" for line in lines))
    for match in ("messages", "question"):
        words = ["--from", tool, path, "--recipe", recipe(), "--match", match, "--model", "m", "--store", store]
        ran = run("ledger", "import", *words, "--json")
        assert ran.code in {0, 1}, ran.err
        imported = ran.json
        left = sum(imported["left_out"].values()) - imported["left_out"].get("no_answer", 0)
        assert imported["answers"] + imported["known"] + left >= imported["responses"] >= len(good)
    assert check_ledger(store / "ledger.sqlite").is_intact
    assert imported["recipe"]["first_round"]["new"] == 0
