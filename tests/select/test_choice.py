import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select import (
    ReasoningPath,
    add_choices,
    choose_paths,
    count_distinct,
    drop_duplicates,
    find_duplicates,
    follow_leaders,
    parse_path,
    pick_paths,
    pick_rows,
    read_method,
    select_kept,
)
from cotloom.builder.select.choice import METHOD_WEIGHT, compute_distances
from cotloom.builder.text.equations import find_equations
from cotloom.schemas.frames import to_frame
from cotloom.schemas.reasons import Fate, Reason
from cotloom.schemas.recipe import Choose, Select
from cotloom.schemas.sample import Hint, Sample

DUPLICATES = {Reason.EXACT_DUPLICATE, Reason.PATH_DUPLICATE, Reason.NEAR_DUPLICATE}
TEXTS = [
    "16 - 3 = 13. 13 - 4 = 9. 9 * 2 = 18. The answer is 18.",
    "First 16 - 3 - 4 = 9, then 9 * 2 = 18. The answer is 18.",
    "She uses 3 + 4 = 7. 16 - 7 = 9. 9 * 2 = 18. The answer is 18.",
    "she uses 3+4=7, 16-7=9, 9*2=18; the answer is 18",
    "16 * 2 = 32. 7 * 2 = 14. 32 - 14 = 18. The answer is 18.",
    "9 + 9 = 18. The answer is 18.",
    "She sells the nine eggs that are left, at two dollars each. The answer is 18.",
    "She sells the nine eggs that are left at two dollars each, so the answer is 18.",
    "Nobody can say how, but it must be eighteen in the end. The answer is 18.",
]


def path(name, text, *, hinted=False):
    return ReasoningPath(sample_id=f"s_{name}", text=text, hinted=hinted)


def choose_fates(paths, **policy):
    chosen = choose_paths(paths, Select(**policy))
    return {
        name.removeprefix("s_"): (choice.reason, choice.cluster.removeprefix("s_")) for name, choice in chosen.items()
    }


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (TEXTS[0], TEXTS[0], Reason.EXACT_DUPLICATE),
        (TEXTS[2], TEXTS[3], Reason.EXACT_DUPLICATE),
        (TEXTS[0], TEXTS[1], Reason.PATH_DUPLICATE),
        (TEXTS[6], TEXTS[7], Reason.NEAR_DUPLICATE),
        (TEXTS[0], TEXTS[2], None),
        (TEXTS[6], TEXTS[8], None),
    ],
)
def test_of_two_paths_the_second_is_dropped_where_it_repeats_the_first(one, other, reason):
    assert choose_fates([path("a", one), path("b", other)]) == {"a": (None, "a"), "b": (reason, "a" if reason else "b")}


@pytest.mark.parametrize("other", [TEXTS[0], TEXTS[1]])
def test_an_unhinted_path_wins_over_a_hinted_one_that_it_repeats(other):
    chosen = choose_fates([path("a", TEXTS[0], hinted=True), path("b", other)])
    assert chosen["b"] == (None, "b")
    assert chosen["a"][1] == "b"
    assert chosen["a"][0] in DUPLICATES


def test_a_detail_names_the_path_that_is_repeated():
    chosen = choose_paths([path("a", TEXTS[0]), path("b", TEXTS[0])], Select())
    assert chosen["s_b"].detail == "same text as s_a"


def test_without_signatures_other_words_make_another_path():
    paths = [path("a", TEXTS[0]), path("b", TEXTS[1])]
    assert choose_fates(paths, signature="none") == {"a": (None, "a"), "b": (None, "b")}


def test_without_a_limit_of_likeness_near_repetitions_stay():
    paths = [path("a", TEXTS[6]), path("b", TEXTS[7])]
    assert choose_fates(paths, near_duplicate=None) == {"a": (None, "a"), "b": (None, "b")}


def test_the_paths_kept_are_those_furthest_apart():
    alike = "3 + 4 = 7. 7 * {} = {}. Then {} is what we have."
    paths = [path(name, alike.format(n, 7 * n, 7 * n)) for name, n in zip("abc", (2, 3, 4), strict=True)]
    chosen = choose_fates([*paths, path("far", "90 / 5 = 18. An altogether different way of thinking.")], keep=2)
    assert chosen["far"][0] is None
    assert [reason for reason, _ in chosen.values()].count(Reason.BEYOND_KEEP) == 2


def test_a_path_beyond_the_limit_still_leads_its_cluster():
    chosen = choose_paths([path(place, text) for place, text in enumerate(TEXTS)], Select(keep=1))
    beyond = [name for name, choice in chosen.items() if choice.reason is Reason.BEYOND_KEEP]
    assert beyond
    assert [chosen[name].cluster for name in beyond] == beyond


def test_nothing_is_chosen_from_nothing():
    assert choose_paths([], Select()) == {}


PATHS = st.lists(st.tuples(st.sampled_from(TEXTS) | st.text(max_size=30), st.booleans()), max_size=12).map(
    lambda drawn: [path(f"{place:02}", text, hinted=hinted) for place, (text, hinted) in enumerate(drawn)]
)
POLICIES = st.builds(
    Select,
    signature=st.sampled_from(["canonical", "unordered", "ordered", "none"]),
    near_duplicate=st.sampled_from([None, 0.5, 0.9]),
    keep=st.sampled_from([None, 1, 2, 4]),
    choose=st.sampled_from(list(Choose)),
    exact=st.sampled_from(["drop", "keep"]),
)


@given(PATHS, POLICIES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_choice_does_not_depend_on_the_order(paths, policy, chance):
    shuffled = paths.copy()
    chance.shuffle(shuffled)
    assert choose_paths(shuffled, policy) == choose_paths(paths, policy)


@given(PATHS, POLICIES)
@settings(max_examples=150, deadline=None)
def test_every_path_is_kept_or_dropped_and_points_to_one_that_is_no_duplicate(paths, policy):
    chosen = choose_paths(paths, policy)
    assert set(chosen) == {given_path.sample_id for given_path in paths}
    for name, choice in chosen.items():
        leader = chosen[choice.cluster]
        assert leader.cluster == choice.cluster
        assert leader.reason not in DUPLICATES
        assert (choice.cluster == name) == (choice.duplicate_of is None)
        assert (choice.duplicate_of is None) == (choice.duplicate_by is None) == (choice.similarity is None)
        if choice.duplicate_of is not None:
            assert chosen[choice.duplicate_of].cluster == choice.cluster
            assert choice.reason is not None or (policy.exact == "keep" and leader.reason is None)


@given(PATHS, POLICIES)
@settings(max_examples=150, deadline=None)
def test_as_many_paths_are_kept_as_there_are_up_to_the_limit(paths, policy):
    chosen = choose_paths(paths, policy)
    leaders = {choice.cluster for choice in chosen.values()}
    kept = [name for name, choice in chosen.items() if choice.reason is None and choice.cluster == name]
    assert len(kept) == (len(leaders) if policy.keep is None else min(policy.keep, len(leaders)))


# The frames around the core


def samples(problems, each):
    return to_frame(
        [
            Sample(
                sample_id=f"s_{problem:04}_{place}",
                problem_id=f"p_{problem:04}",
                teacher="t",
                text=TEXTS[(problem + place) % len(TEXTS)],
                hint=Hint.HINTED if place % 3 == 0 else Hint.NONE,
            )
            for problem in range(problems)
            for place in range(each)
        ],
        Sample,
    )


def choose_rows(work, policy):
    found = find_duplicates(work, policy)
    leaders = found.filter(pl.col("cluster") == pl.col("sample_id"))
    picked = pick_rows(work.join(leaders, on="sample_id", how="semi", maintain_order="left"), policy)
    return follow_leaders(pl.concat([found.join(picked, on="sample_id", how="anti"), picked]))


def test_the_choice_does_not_depend_on_the_order_or_on_other_problems():
    work = select_kept(samples(50, 5))
    whole = choose_rows(work, Select(keep=2)).sort("sample_id")
    assert whole.height == 250
    assert whole.equals(choose_rows(work.sample(fraction=1, shuffle=True, seed=1), Select(keep=2)).sort("sample_id"))
    halves = [choose_rows(half, Select(keep=2)) for half in (work.head(125), work.tail(125))]
    assert whole.equals(pl.concat(halves).sort("sample_id"))


def test_choices_are_written_into_the_samples_and_nothing_vanishes():
    table = samples(6, 5)
    chosen = add_choices(table, choose_rows(select_kept(table), Select(keep=2)))
    assert chosen["sample_id"].to_list() == table["sample_id"].to_list()
    dropped = chosen.filter(pl.col("fate") == Fate.DROPPED)
    assert dropped["stage"].unique().to_list() == ["select"]
    assert dropped["reason"].null_count() == 0
    kept = chosen.filter(pl.col("fate") == Fate.KEPT)
    assert kept["reason"].null_count() == kept.height
    assert kept.group_by("problem_id").len()["len"].max() == 2


def test_right_and_distinct_paths_are_counted_apart():
    rows = [path_row("s_a", TEXTS[0]), path_row("s_b", TEXTS[1]), path_row("s_c", TEXTS[2])]
    table = to_frame(rows, Sample)
    chosen = add_choices(table, choose_rows(select_kept(table), Select()))
    assert count_distinct(chosen).rows() == [("p_1", 3, 2, 1)]


def path_row(name, text):
    return Sample(sample_id=name, problem_id="p_1", teacher="t", text=text)


# Distances


@pytest.mark.parametrize(
    ("one", "other", "by_method", "by_words"),
    [
        ("3 + 4 = 7", "7 - 4 = 3", 1, 6 / 18),  # no operation in common
        ("3 + 4 = 7 aa", "3 + 4 = 7 bb", 0, 1 / 6),  # the same operation; 4 edits in 24 characters
        ("2 * 3 = 6. 6 + 1 = 7", "2 * 3 = 6. 6 + 2 = 8", 2 / 3, 4 / 42),  # 1 operation of 3 in common, 4 edits in 42
        ("aa", "bb", 0, 1),  # no operations
        ("3 + 4 = 7", "seven", 1, 1),  # operations in one of them only
        ("3 + 4 = 7", "4 + 3 = 7", 0, 4 / 18),
    ],
)
def test_the_distance_of_two_paths_is_three_quarters_method_and_one_quarter_wording(one, other, by_method, by_words):
    parsed = [parse_path(path(name, text), Select()) for name, text in (("a", one), ("b", other))]
    distance = round(1_000_000 * (METHOD_WEIGHT * by_method + (1 - METHOD_WEIGHT) * by_words))

    assert compute_distances(parsed, parsed).tolist() == [[0, distance], [distance, 0]]


def test_without_signatures_only_the_wording_adds_to_the_distance():
    parsed = [parse_path(path(name, text), Select(signature="none")) for name, text in (("a", "1 + 1 = 2"), ("b", "x"))]
    assert compute_distances(parsed, parsed)[0, 1] == 250_000


def test_a_path_is_unhinted_unless_it_says_so():
    assert ReasoningPath(sample_id="s_1", text="").hinted is False


def test_the_only_path_without_a_signature_is_compared_by_wording():
    words = "She sells each of the nine eggs that are left at the market in the morning for two dollars so in all"
    chosen = choose_fates([path("a", f"{words} 9 * 2 = 18"), path("b", f"{words} 18"), path("c", words)])
    assert {reason for reason, _ in chosen.values()} == {None}
    chosen = choose_fates([path("a", words), path("b", f"now {words}")])
    assert {reason for reason, _ in chosen.values()} == {None, Reason.NEAR_DUPLICATE}


@given(st.lists(st.sampled_from([*TEXTS, "3 + 4 = 7", "4 + 3 = 7.", "12 * 2 = 24", "So it is."]), max_size=8))
@settings(max_examples=60, deadline=None)
def test_another_keep_changes_the_last_pick_alone(texts):
    paths = [path(place, text) for place, text in enumerate(texts)]
    choices, distinct = drop_duplicates([parse_path(each, Select()) for each in paths], Select())

    assert {item.path.sample_id for item in distinct} == {name for name, c in choices.items() if c.reason is None}
    for keep in (1, 2, None):
        chosen = choose_paths(paths, Select(keep=keep))
        assert choices | pick_paths(distinct, Select(keep=keep)) == chosen
        assert {name: choice.cluster for name, choice in chosen.items()} == {
            name: choice.cluster for name, choice in choices.items()
        }


@pytest.mark.parametrize("signature", ["canonical", "unordered", "ordered", "none"])
def test_a_method_that_was_read_before_is_not_read_again(signature):
    policy = Select(signature=signature, keep=2)
    texts = [*TEXTS, "3 + 4 = 7", "4 + 3 = 7."]
    read = [
        ReasoningPath(
            sample_id=f"s_{place}", text=text, method=read_method(text, find_equations(text), strength=signature)
        )
        for place, text in enumerate(texts)
    ]

    assert choose_paths(read, policy) == choose_paths([path(*item) for item in enumerate(texts)], policy)
