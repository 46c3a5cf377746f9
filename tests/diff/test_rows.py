"""Differences of rows: each is told once, and none is missed, against a comparison row by row."""

from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.diff.listing import join_text
from cotloom.builder.diff.rows import COLUMNS, compare_bucket
from cotloom.schemas.example import Example
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate, Reason, Stage, Verdict
from cotloom.schemas.sample import Sample

FATES = [
    (Fate.KEPT, None, None),
    (Fate.DROPPED, Reason.WRONG, Stage.VERIFY),
    (Fate.DROPPED, Reason.BEYOND_KEEP, Stage.SELECT),
]
PROBLEMS = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.sampled_from(Split), st.sampled_from(["1", "2"])), max_size=6
)
SAMPLES = st.dictionaries(
    st.sampled_from("uvwxyz"),
    st.tuples(st.sampled_from(FATES), st.sampled_from(["said", "told"]), st.sampled_from(Verdict)),
    max_size=6,
)


def make_tables(problems, samples):
    rows = [
        Problem(problem_id=name, source="s", origin=f"s:{name}", question=name, answer=gold, split=split)
        for name, (split, gold) in problems.items()
    ]
    said = [
        Sample(
            sample_id=name,
            problem_id="a",
            teacher="t",
            text=text,
            verdict=verdict,
            fate=fate,
            reason=reason,
            stage=stage,
        )
        for name, ((fate, reason, stage), text, verdict) in samples.items()
    ]
    frame = to_frame(said, Sample)
    hashed = frame.with_columns(written=pl.struct("text", "reasoning").hash())
    return {
        "problems": to_frame(rows, Problem).select(COLUMNS["problems"]),
        "samples": hashed.select(*COLUMNS["samples"], "written"),
        "examples": to_frame([], Example).select(COLUMNS["examples"]),
    }


def tell_problem(old, new):
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "moved" if old[0] != new[0] else "gold" if old[1] != new[1] else None


def tell_sample(old, new):
    if old is None or new is None:
        return "added" if old is None else "removed"
    (fate, reason, _), text, verdict = old
    (fate_new, reason_new, _), text_new, verdict_new = new
    told = {
        "kept": fate != fate_new and fate_new is Fate.KEPT,
        "dropped": fate != fate_new,
        "rewritten": text != text_new,
        "verdict": verdict != verdict_new,
        "other_reason": reason != reason_new,
    }
    return next((name for name, holds in told.items() if holds), None)


@given(PROBLEMS, PROBLEMS, SAMPLES, SAMPLES)
def test_every_difference_is_told_once_and_nothing_else(before, after, said_before, said_after):
    found = compare_bucket(make_tables(before, said_before), make_tables(after, said_after))
    expected = Counter()
    for unit, tell, old, new in (
        ("problem", tell_problem, before, after),
        ("sample", tell_sample, said_before, said_after),
    ):
        for name in {*old, *new}:
            told = tell(old.get(name), new.get(name))
            expected.update([(unit, name, told)] if told else [])
    assert Counter(found.select("unit", "row_id", "difference").iter_rows()) == expected


@given(PROBLEMS, SAMPLES)
def test_rows_do_not_differ_from_themselves(problems, samples):
    tables = make_tables(problems, samples)
    assert compare_bucket(tables, tables).is_empty()


def test_the_origin_of_a_difference_is_the_first_stage_at_which_its_problem_differs():
    kept, dropped = FATES[0], FATES[2]
    before = make_tables(
        {"a": (Split.TRAIN, "1")}, {"u": (kept, "said", Verdict.CORRECT), "v": (kept, "said", Verdict.CORRECT)}
    )
    after = make_tables(
        {"a": (Split.TRAIN, "1")}, {"u": (dropped, "said", Verdict.CORRECT), "w": (kept, "said", Verdict.CORRECT)}
    )
    found = compare_bucket(before, after)
    assert set(found["origin"]) == {list(Stage).index(Stage.TEACHER)}
    stages = dict(found.select("row_id", "stage").iter_rows())
    assert stages == {"u": 3, "v": 1, "w": 1}


def test_of_rows_with_one_id_the_kept_one_is_compared():
    problems = [
        Problem(problem_id="a", source="s", origin=origin, question="q", answer="1", fate=fate, reason=reason)
        for origin, fate, reason in [
            ("s:1", Fate.DROPPED, Reason.DUPLICATE_PROBLEM),
            ("s:2", Fate.KEPT, None),
        ]
    ]
    tables = make_tables({}, {})
    one = {**tables, "problems": to_frame(problems, Problem).select(COLUMNS["problems"])}
    other = {**tables, "problems": to_frame(problems[1:], Problem).select(COLUMNS["problems"])}
    assert compare_bucket(one, other).is_empty()


def test_rows_without_a_text_are_listed_without_words_for_nothing():
    assert join_text({"text": None, "reasoning": None}) == ""
    assert join_text({"question": "Wie viele?", "answer": None}) == "Wie viele?"
    assert join_text({"text": "\\frac{1}{2}", "reasoning": "so"}).startswith("so")
    assert join_text(None) is None
