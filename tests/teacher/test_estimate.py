"""The estimate of a build's calls, against counts by hand."""

import pytest

from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.teacher import (
    AskedProblems,
    Finders,
    PathCounts,
    estimate_calls,
    open_ledger,
    sample_rationales,
)
from cotloom.builder.verify import IS_READABLE
from cotloom.schemas.runtime import Runtime


@pytest.fixture
def estimate(tmp_path, write_recipe):
    def run(round_size, *, sampled=False, **teacher):
        runtime = Runtime(store=tmp_path)
        teacher = {"backend": "simulated", "paths": {"round": round_size}, **teacher}
        loaded = load_recipe(str(write_recipe(tmp_path, teacher=teacher)))
        found = load_problems(loaded, IS_READABLE)
        problems = AskedProblems(found.pieces, tuple(source.name for source in loaded.recipe.sources))
        with open_ledger(tmp_path / "ledger.sqlite") as ledger:
            if sampled:
                count = lambda problems, _samples: {problem.problem_id: PathCounts() for problem in problems}  # noqa: E731
                sample_rationales(loaded, problems, ledger, Finders(paths=count), runtime, tmp_path)
            return estimate_calls(loaded, problems, ledger, runtime)

    return run


def test_answers_in_the_ledger_are_not_new(estimate):
    nothing = estimate(3)
    assert (nothing.problems, nothing.new, nothing.ledger, nothing.most) == (8, 24, 0, 24)
    estimate(2, sampled=True)
    some = estimate(3)
    assert (some.new, some.ledger, some.most) == (8, 16, 24)


def test_a_fallback_hint_adds_one_round_for_each_problem(estimate):
    assert estimate(3, hint={"mode": "fallback"}).most == 8 * (3 + 3)
