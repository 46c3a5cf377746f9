"""Which paths are kept: the reference first, then by each value of `select.choose`; repeats of texts where wanted."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select import (
    PathProblem,
    ReasoningPath,
    choose_paths,
    find_duplicates,
    follow_leaders,
    pick_rows,
    select_kept,
)
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import rank
from cotloom.schemas.problem import DuplicateMeasure
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.recipe import Choose, Select
from cotloom.schemas.sample import Hint, Sample, TokenLogprob

NINE = "16 - 3 - 4 = 9. 9 * 2 = 18."
SEVEN = "She uses 3 + 4 = 7. 16 - 7 = 9. 9 * 2 = 18."
DOUBLE = "16 * 2 = 32. 7 * 2 = 14. 32 - 14 = 18."


def path(name, text, **known):
    return ReasoningPath(sample_id=f"s_{name}", text=text, **known)


def list_kept(paths, problem=None, **policy):
    chosen = choose_paths(paths, Select(**policy), problem or PathProblem())
    return [name.removeprefix("s_") for name, choice in sorted(chosen.items()) if choice.reason is None]


# A repeat names what it repeats, by what, and how near


def test_each_duplicate_names_the_path_that_it_repeats_by_what_and_how_near():
    words = "She sells the eggs that are left at the market, each for the same price."
    paths = [
        path("a", NINE),
        path("b", NINE),
        path("c", f"**{NINE.replace(' - ', '-')}**"),
        path("d", "First 16 - 3 = 13 and 13 - 4 = 9, so 9 * 2 = 18."),
    ]
    chosen = choose_paths(paths, Select())
    found = {name: (each.duplicate_of, each.duplicate_by, each.similarity) for name, each in chosen.items()}
    assert found == {
        "s_a": (None, None, None),
        "s_b": ("s_a", DuplicateMeasure.EXACT, 1),
        "s_c": ("s_a", DuplicateMeasure.NORMALIZED, 1),
        "s_d": ("s_a", DuplicateMeasure.METHOD, 1),
    }
    near = choose_paths([path("e", words), path("f", f"So {words}")], Select(signature="none"))["s_f"]
    assert (near.duplicate_of, near.duplicate_by) == ("s_e", DuplicateMeasure.WORDING)
    assert near.similarity == pytest.approx(2 * 70 / 143, abs=0.02)


def test_texts_of_another_signature_are_never_one_for_their_wording():
    left, right = "x = 3. 9 * 2 = 18. We are done.", "x = 3. 9 + 9 = 18. We are done."
    for near in (0.01, 0.9):
        assert list_kept([path("a", left), path("b", right)], near_duplicate=near) == ["a", "b"]


def test_what_only_signs_tell_apart_is_kept():
    texts = ["We see x < 5 here.", "We see x > 5 here.", "We see 1/2 here.", "We see 1.2 here.", "p → q", "q ← p"]
    paths = [path(place, text) for place, text in enumerate(texts)]
    assert len(list_kept(paths, keep=None, near_duplicate=0.1, signature="none")) == len(texts)


# References


def test_a_provided_response_is_never_lost_to_a_sample():
    paths = [path("a", NINE), path("b", SEVEN), path("z", f"So {NINE}", provided=True)]
    chosen = choose_paths(paths, Select(keep=1))
    assert [name for name, choice in chosen.items() if choice.reason is None] == ["s_z"]
    assert (chosen["s_a"].reason, chosen["s_a"].cluster) == (Reason.PATH_DUPLICATE, "s_z")


@pytest.mark.parametrize("choose", list(Choose))
def test_a_sample_with_the_text_of_the_reference_rationale_is_never_lost_to_another(choose):
    paths = [path("a", "So. " + NINE), path("b", SEVEN), path("c", DOUBLE), path("z", f"{NINE}\n#### 18")]
    problem = PathProblem(reference=NINE)
    assert list_kept(paths, problem, keep=1, choose=choose) == ["z"]
    assert "z" in list_kept(paths, problem, keep=2, choose=choose)


def test_a_sample_that_takes_the_path_of_the_reference_is_known_and_picked_first():
    paths = [path("a", SEVEN), path("b", DOUBLE), path("c", "First 16 - 3 = 13. 13 - 4 = 9. Then 9 * 2 = 18. Good.")]
    paths.append(path("d", "She sells the rest."))
    chosen = choose_paths(paths, Select(keep=1), PathProblem(reference=NINE))
    assert [chosen[f"s_{name}"].on_reference_path for name in "abcd"] == [False, False, True, None]
    assert [name for name, choice in chosen.items() if choice.reason is None] == ["s_c"]
    unknown = choose_paths(paths, Select())
    assert {choice.on_reference_path for choice in unknown.values()} == {None}


# One function for each value


@pytest.mark.parametrize(("choose", "kept"), [("shortest", ["c", "d"]), ("longest", ["a", "b"])])
def test_the_shortest_or_the_longest_are_kept(choose, kept):
    paths = [path(name, f"{2 * name} " * count) for name, count in zip("abcd", (9, 8, 3, 2), strict=True)]
    assert list_kept(paths, keep=2, choose=choose) == kept


def test_of_duplicates_the_preferred_one_leads():
    paths = [path("a", f"So then, {NINE}"), path("b", NINE), path("c", f"We know it. {NINE}")]
    assert list_kept(paths, choose="shortest") == ["b"]
    assert list_kept(paths, choose="longest") == ["c"]
    assert list_kept(paths, choose="diverse") == ["a"]


def test_the_most_likely_are_kept_and_unknown_is_not_zero():
    known = {"a": -0.5, "b": None, "c": -0.1, "d": -2.0}
    paths = [path(name, f"{name * 3} {name * 9}", logprob=value) for name, value in known.items()]
    assert list_kept(paths, keep=1, choose="most_likely") == ["c"]
    assert list_kept(paths, keep=2, choose="most_likely") == ["a", "c"]
    assert list_kept(paths, keep=3, choose="most_likely") == ["a", "c", "d"]


def test_random_ones_are_those_of_the_lowest_keyed_hash():
    paths = [path(place, f"text{place} of its own {place * 7}") for place in range(20)]
    for seed in (0, 1):
        ranked = sorted(range(20), key=lambda place: rank(f"select:{seed}", f"s_{place}"))
        assert list_kept(paths, PathProblem(seed=seed), keep=5, choose="random") == sorted(map(str, ranked[:5]))


def test_the_rule_of_rft_keeps_the_texts_that_are_furthest_from_all_others():
    paths = [path("a", "aaaa aaaa"), path("b", "aaaa aaab"), path("c", "aaaa aabb"), path("d", "zzzz zzzz zzzz")]
    assert list_kept(paths, keep=1, choose="levenshtein", near_duplicate=None) == ["d"]
    same = [path("a", NINE), path("b", f"Quite another wording, as it happens, of it: {NINE}"), path("c", SEVEN)]
    assert list_kept(same, choose="levenshtein") == ["b", "c"]


# Repeats


def test_repeats_of_kept_texts_stay_where_the_recipe_wants_them():
    paths = [path("a", NINE), path("b", NINE), path("c", NINE.upper()), path("d", f"So {NINE} Yes."), path("e", SEVEN)]
    paths.append(path("f", SEVEN))
    assert list_kept(paths, exact="keep") == ["a", "b", "c", "e", "f"]
    assert list_kept(paths, exact="keep", keep=1) in (["a", "b", "c"], ["e", "f"])
    assert list_kept(paths, exact="keep", signature="none", near_duplicate=None, keep=None) == list("abcdef")
    chosen = choose_paths(paths, Select(exact="keep"))
    assert (chosen["s_b"].duplicate_of, chosen["s_b"].cluster, chosen["s_b"].reason) == ("s_a", "s_a", None)


# Laws

TEXTS = [NINE, SEVEN, DOUBLE, f"So {NINE}", NINE.lower(), "She sells the rest.", "So she sells the rest.", "9 + 9 = 18"]
PATHS = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.booleans(), st.booleans(), st.sampled_from([None, -1.0, -0.2])), max_size=9
).map(
    lambda drawn: [
        path(f"{place:02}", text, hinted=hinted, provided=provided, logprob=logprob)
        for place, (text, hinted, provided, logprob) in enumerate(drawn)
    ]
)
POLICIES = st.builds(
    Select,
    near_duplicate=st.sampled_from([None, 0.9]),
    keep=st.sampled_from([None, 1, 2]),
    choose=st.sampled_from(list(Choose)),
    exact=st.sampled_from(["drop", "keep"]),
)


@given(PATHS, POLICIES)
@settings(max_examples=100, deadline=None)
def test_handing_in_every_row_twice_changes_no_text_that_is_kept(paths, policy):
    twice = [*paths, *(path(f"{each.sample_id[2:]}x", each.text, hinted=each.hinted, provided=each.provided,
                            logprob=each.logprob) for each in paths)]  # fmt: skip
    policy = policy.model_copy(update={"choose": Choose.DIVERSE if policy.choose is Choose.RANDOM else policy.choose})
    texts = {each.sample_id: each.text for each in twice}
    once, again = (
        {texts[name] for name, choice in choose_paths(each, policy).items() if choice.reason is None}
        for each in (paths, twice)
    )
    assert once == again


@given(PATHS, POLICIES)
@settings(max_examples=100, deadline=None)
def test_a_provided_path_is_dropped_for_another_provided_one_alone(paths, policy):
    chosen = choose_paths(paths, policy, PathProblem(reference=NINE))
    provided = {each.sample_id for each in paths if each.provided or each.text in {NINE, NINE.lower()}}
    for name in provided:
        assert chosen[name].duplicate_of is None or chosen[name].duplicate_of in provided
        if chosen[name].reason is Reason.BEYOND_KEEP:
            assert {choice.cluster for choice in chosen.values() if choice.reason is None} <= provided


@given(PATHS, POLICIES)
@settings(max_examples=60, deadline=None)
def test_rows_are_chosen_as_paths_are(paths, policy):
    samples = [
        Sample(
            sample_id=each.sample_id,
            problem_id="p",
            teacher="t",
            text=each.text,
            hint=Hint.HINTED if each.hinted else Hint.NONE,
            verdict=Verdict.PROVIDED if each.provided else Verdict.CORRECT,
            token_logprobs=None if each.logprob is None else (TokenLogprob(token="", logprob=each.logprob),),
        )
        for each in paths
    ]
    work = select_kept(to_frame(samples, Sample))
    found = find_duplicates(work, policy)
    leaders = found.filter(pl.col("cluster") == pl.col("sample_id"))
    picked = pick_rows(work.join(leaders, on="sample_id", how="semi"), policy)
    rows = follow_leaders(pl.concat([found.join(picked, on="sample_id", how="anti"), picked]))
    chosen = choose_paths(paths, policy)
    shown = {row[0]: row[1:] for row in rows.select("sample_id", "reason", "cluster", "distance").iter_rows()}
    assert shown == {name: (each.reason, each.cluster, each.distance) for name, each in chosen.items()}
