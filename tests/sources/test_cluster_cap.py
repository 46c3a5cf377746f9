"""A cap on the problems of a cluster: the lowest by keyed hash stay, and a new problem takes at most one place."""

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder.sources import load_problems
from cotloom.builder.verify import IS_READABLE
from cotloom.schemas.runtime import Runtime
from tests.sources.test_load import kept, recipe, write

SEVERAL = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STORIES = ("pens in the drawer of the desk", "goats upon a hill near Malmö", "violins behind the velvet curtain")


def ask(story: int, number: int) -> dict[str, str]:
    return {"q": f"There are {number} {STORIES[story]}, and {number + 3} more. How many are there?", "a": "1"}


def load(folder, sources, cap, options=None, **keys):
    for name, rows in sources.items():
        write(folder / f"{name}.jsonl", rows)
    files = {name: (options or {}).get(name, {}) for name in sources}
    return load_problems(recipe(folder, files, cluster_cap=cap, **keys), IS_READABLE)


def test_a_cluster_has_as_many_problems_as_its_cap_and_the_rest_say_why(tmp_path):
    rows = [ask(story, number) for story in range(3) for number in range(10, 20)]

    problems = load(tmp_path, {"s": rows}, 4, split={"test": 0.4}, seed=3)

    assert sorted(kept(problems).group_by("cluster").len()["len"]) == [4, 4, 4]
    over = problems.frame.filter(pl.col("reason") == "over_cap")
    assert over.height == 18
    assert over["split"].null_count() == 0
    assert set(over["detail"].str.extract(r"(cluster .*)")) == {
        f"cluster {name} has 10 such problems; cluster_cap is 4" for name in over["cluster"].unique()
    }


def test_without_a_cap_all_stay(tmp_path):
    assert kept(load(tmp_path, {"s": [ask(0, number) for number in range(30)]}, None)).height == 30


def test_finished_responses_have_places_of_their_own(tmp_path):
    options = {"r": {"role": "reference", "fields": {"question": "q", "responses": ["a"]}}}
    rows = {"s": [ask(0, number) for number in range(9)], "r": [ask(0, number) for number in range(20, 29)]}

    problems = kept(load(tmp_path, rows, 2, options))

    assert problems["cluster"].n_unique() == 1
    assert dict(problems.group_by("source").len().iter_rows()) == {"s": 2, "r": 2}


@SEVERAL
@given(st.sets(st.integers(10, 60), min_size=3, max_size=20), st.integers(70, 99), st.integers(1, 6), st.randoms())
def test_a_new_problem_takes_at_most_one_place_whatever_the_order(tmp_path_factory, numbers, new, cap, order):
    folder = tmp_path_factory.mktemp("cap")
    rows = [ask(0, number) for number in sorted(numbers)] + [ask(1, number) for number in range(5)]
    before = set(kept(load(folder, {"s": rows}, cap))["question"])
    order.shuffle(rows)

    again = set(kept(load(folder, {"s": rows}, cap))["question"])
    after = set(kept(load(folder, {"s": [*rows, ask(0, new)]}, cap))["question"])

    assert again == before
    gone = before - after
    assert len(gone) <= 1
    assert not gone or after - before == {ask(0, new)["q"]}


def test_buckets_and_workers_change_nothing(tmp_path, monkeypatch):
    rows = [ask(story, number) for story in range(3) for number in range(20)]
    whole = load(tmp_path, {"s": rows}, 5).frame
    monkeypatch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", 16)

    files = recipe(tmp_path, {"s": {}}, cluster_cap=5)
    parted = load_problems(files, IS_READABLE, runtime=Runtime(workers=2)).frame

    assert parted.equals(whole)
