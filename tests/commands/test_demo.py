"""The demo shows in one run what Cotloom does, and runs again without harm."""

import json

import pytest


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store that the demo fills."""
    return tmp_path_factory.mktemp("demo") / "store"


def test_the_demo_shows_a_wrong_step_a_change_and_its_cause(store, run):
    ran = run("demo", "--store", store)
    assert ran.code == 0
    assert " 81  RIGHT answer, WRONG step" in ran.out
    assert "wrong (should be" in ran.out
    assert "quickstart@1.0.1, 0 new answers, $0.00 (1,228 known from the ledger)" in ran.out
    assert "kept -> beyond_keep" in ran.out
    assert ran.out.rstrip().splitlines()[-3].split()[:2] == ["cotloom", "audit"]
    assert "simulated" in ran.out
    assert "names no parent" not in ran.err

    again = run("demo", "--store", store)
    assert (again.code, "built before: nothing to do" in again.out) == (0, True)

    told = json.loads(run("demo", "--json", "--store", store).out)
    assert [each["status"] for each in told["builds"]] == ["unchanged", "unchanged"]
    assert {group["causes"][0] for group in told["diff"]["groups"]} == {"select.keep: 4 -> 1"}
