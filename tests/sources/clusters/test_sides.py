"""Law 6: variations meet, a cluster is on one side, and along a line of versions no problem moves."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.sources.clusters import INPUT_COLUMNS, assign_sides
from cotloom.builder.sources.clusters.sides import COLUMNS
from cotloom.builder.text.variations import read_template
from cotloom.schemas.problem import make_problem_id
from cotloom.schemas.source import SplitBy

SEED = 5


def make_rows(questions, sources=None, groups=None) -> pl.DataFrame:
    rows = []
    for place, question in enumerate(questions):
        found = read_template(question)
        group = groups[place] if groups else found.key
        rows.append((make_problem_id(question), sources[place] if sources else "s", group, found.key, found.words))
    schema = [*((name, pl.String) for name in INPUT_COLUMNS[:-1]), (INPUT_COLUMNS[-1], pl.List(pl.UInt32))]
    return pl.DataFrame(rows, schema=schema, orient="row").unique("problem_id")


def split(rows, parent=None, **keys):
    found = assign_sides(rows, SplitBy.model_validate({"test": 0.4, **keys}), SEED, parent)
    return found.rows.sort("problem_id"), found.report


def follow(rows, found) -> pl.DataFrame:
    """Make what a later version reads of this one."""
    groups = rows.select("problem_id", "group")
    return found.join(groups, on="problem_id").drop_nulls("split").select(COLUMNS)


TOPICS = [
    ("bus", "{a} children were riding on the bus. At the bus stop {b} children got off the bus."),
    ("shelf", "{n} had {a} action figures on a shelf in {p} room. Later {n} added {b} more to the shelf."),
    ("cake", "{n} is baking a cake. The recipe calls for {a} cups of flour and {b} cups of sugar."),
    ("fence", "{a} birds and {b} storks were sitting on the fence. Some more birds came to join them."),
    ("party", "They decided to hold the party in their backyard, with {a} sets of tables and {b} chairs each."),
    ("waiter", "A waiter had {a} customers. After some left {n} still had {b} customers."),
]
ASKED = {
    "bus": ["How many children are on the bus now?", "How many fewer children ride on?", "How many rode at first?"],
    "shelf": ["How many figures are on the shelf now?", "How many did {n} add?", "How many figures were there?"],
    "cake": ["How many cups does {n} need?", "How much more flour than sugar is needed?", "How much sugar?"],
    "fence": ["How many birds are on the fence?", "How many more storks than birds?", "How many sit there?"],
    "party": ["How many chairs are there?", "How many tables do they have?", "How many people can sit?"],
    "waiter": ["How many customers left?", "How many customers does {n} have?", "How many customers were there?"],
}


def tell(topic: int, seed: int) -> str:
    """Tell a variation of a story: other numbers and names, another question, sentences in another order or added."""
    rng = random.Random(f"{topic}:{seed}")
    name, body = TOPICS[topic]
    parts = body.split(". ")
    if rng.random() < 0.3:
        parts.reverse()
    if rng.random() < 0.3:
        parts.append("It was a sunny day")
    text = ". ".join(part.rstrip(".") for part in parts) + ". " + rng.choice(ASKED[name])
    person = rng.choice([("Ann", "her"), ("Bob", "his"), ("Zoe", "her"), ("Omar", "his")])
    return text.format(a=rng.randint(2, 90), b=rng.randint(2, 90), n=person[0], p=person[1])


def test_variations_of_a_story_meet_and_other_stories_stay_apart():
    questions = {tell(topic, seed): topic for topic in range(len(TOPICS)) for seed in range(12)}
    found, report = split(make_rows(questions))
    topics = {make_problem_id(question): topic for question, topic in questions.items()}

    by_cluster = found.with_columns(topic=pl.col("problem_id").replace_strict(topics)).group_by("cluster")

    assert by_cluster.agg(pl.col("topic").n_unique())["topic"].to_list() == [1] * len(TOPICS)
    assert (report["clusters"], report["leaks"]) == (len(TOPICS), 0)


stories = st.lists(st.tuples(st.integers(0, len(TOPICS) - 1), st.integers(0, 40)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(stories, st.randoms(use_true_random=False), st.sampled_from(["group", "row"]))
def test_the_order_of_the_rows_changes_nothing(told, rng, by):
    rows = make_rows([tell(*each) for each in told])
    shuffled = rows.sample(fraction=1, shuffle=True, seed=rng.randrange(2**30))

    one, two = split(rows, by=by), split(shuffled, by=by)

    assert one[0].equals(two[0])
    assert one[1] == two[1]


@settings(max_examples=60, deadline=None)
@given(stories, stories, stories, st.floats(0, 0.9))
def test_a_new_problem_moves_no_other_and_no_cluster_crosses(first, second, third, share):
    rows = make_rows([tell(*each) for each in first])
    found, _ = split(rows, test=share)
    known = dict(found.select("problem_id", "split").iter_rows())
    for more in (second, third):
        rows = pl.concat([rows, make_rows([tell(*each) for each in more])]).unique("problem_id")
        found, _ = split(rows, follow(rows, found), test=share)
        sides = dict(found.select("problem_id", "split").iter_rows())
        assert {problem: sides[problem] for problem in known if known[problem]} == {
            problem: side for problem, side in known.items() if side
        }
        assert found.drop_nulls("split").group_by("cluster").agg(pl.col("split").n_unique())["split"].max() == 1
        known = sides


BUS = "{a} children were riding on the bus. At the bus stop some children got off the bus. How many got off?"
FENCE = "{a} birds were sitting on the fence. Then some storks came to join the birds on the fence. How many sit?"


def test_a_new_problem_that_joins_two_sides_is_dropped_and_says_why():
    rows = make_rows([BUS.format(a=4), FENCE.format(a=3)])
    found, _ = split(rows)
    sides = ["train", "test"]
    parent = follow(rows, found.with_columns(split=pl.Series(sides)))
    both = BUS.format(a=9) + " " + FENCE.format(a=8)
    again = BUS.format(a=7)

    found, report = split(pl.concat([rows, make_rows([both, again])]), parent)

    by_id = {row["problem_id"]: row for row in found.iter_rows(named=True)}
    assert by_id[make_problem_id(both)]["split"] is None
    assert "which is in the" in by_id[make_problem_id(both)]["crosses"]
    old = by_id[make_problem_id(BUS.format(a=4))]
    assert by_id[make_problem_id(again)]["split"] == old["split"]
    assert by_id[make_problem_id(again)]["cluster"] == old["cluster"]
    assert [by_id[problem]["split"] for problem in sorted(parent["problem_id"])] == sides
    assert (report["crossing"], report["kept_sides"]) == (1, 2)


def test_a_problem_of_a_known_group_comes_to_its_side_though_the_others_are_gone():
    rows = make_rows([BUS.format(a=4)])
    for side in ("train", "test"):
        parent = follow(rows, split(rows)[0].with_columns(split=pl.lit(side)))
        assert split(make_rows([BUS.format(a=5)]), parent)[0]["split"].to_list() == [side]


def test_row_by_row_says_how_much_it_leaks():
    questions = [tell(topic, seed) for topic in range(len(TOPICS)) for seed in range(12)]
    rows = make_rows(questions)

    _, by_group = split(rows)
    _, by_row = split(rows, by="row")

    assert by_group["leaking_share"] in {0.0, None}
    assert by_row["leaking_share"] > 0.9
    assert len(by_row["examples"]) == 5
    assert all(example["similarity"] is not None for example in by_row["examples"])


def test_a_source_that_is_left_out_is_all_trained_on_with_its_variations():
    questions = [tell(topic, seed) for topic in range(len(TOPICS)) for seed in range(4)]
    sources = ["general" if place < 4 else "s" for place in range(len(questions))]
    rows = make_rows(questions, sources)

    found, _ = split(rows, test=0.99, leave_out=["general"])

    sides = found.join(rows.select("problem_id", "source"), on="problem_id")
    assert set(sides.filter(pl.col("source") == "general")["split"]) == {"train"}
    assert set(sides.filter(pl.col("source") == "s")["split"]) == {"test"}
    mixed = make_rows(questions, ["general" if place % 4 == 0 else "s" for place in range(len(questions))])
    assert set(split(mixed, test=0.99, leave_out=["general"])[0]["split"]) == {"train"}


def test_a_new_row_of_a_source_that_is_left_out_does_not_join_the_test_split():
    rows = make_rows([BUS.format(a=4)])
    parent = follow(rows, split(rows)[0].with_columns(split=pl.lit("test")))
    more = pl.concat([rows, make_rows([BUS.format(a=5)], ["general"]), make_rows([BUS.format(a=6)])])

    found, _ = split(more, parent, leave_out=["general"])

    by_id = {row["problem_id"]: row for row in found.iter_rows(named=True)}
    assert by_id[make_problem_id(BUS.format(a=5))]["split"] is None
    assert by_id[make_problem_id(BUS.format(a=6))]["split"] == "test"


def test_groups_of_a_source_meet_whatever_their_words():
    rows = make_rows([BUS.format(a=4), FENCE.format(a=3)], groups=["seed-1", "seed-1"])
    found, _ = split(rows)

    assert set(found["cluster"]) == {"seed-1"}


def test_a_cluster_that_is_most_of_the_data_is_said():
    questions = [tell(0, seed) for seed in range(30)] + [tell(1, 0)]
    report = split(make_rows(questions))[1]

    assert report["large_clusters"][0]["problems"] == report["largest_cluster"] >= 20


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_nothing_at_all_is_split_too(share):
    found, report = split(make_rows([]), test=share)

    assert found.height == 0
    assert report["leaking_share"] is None
