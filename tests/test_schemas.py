import dataclasses
import enum
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.schemas import recipe as recipes
from cotloom.schemas.example import Example, Message, Role, make_example_id
from cotloom.schemas.frames import check_frame, from_frame, get_schema, to_frame
from cotloom.schemas.ids import RANKS, NotCanonicalError, digest, format_canonical, make_content_id, rank
from cotloom.schemas.problem import AnswerType, Problem, Split, make_problem_id
from cotloom.schemas.reasons import ORDER, Fate, Reason, Stage, Verdict
from cotloom.schemas.recipe import ADDRESS, Recipe, extract_identity
from cotloom.schemas.sample import (
    Alternative,
    Hint,
    Sample,
    Span,
    Step,
    StepOutcome,
    TokenLogprob,
    Usage,
    make_sample_id,
)
from cotloom.schemas.section import Section
from docs.generate import describe_fields

ROOT = Path(__file__).resolve().parents[1]

# Canonical text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        {1, 2},
        frozenset(),
        b"bytes",
        bytearray(b"bytes"),
        len,
        lambda: None,
        object(),
        Sample,
        1j,
        "\ud800",
        {"key": "\udfff"},
        {"\ud800": 1},
        {1: "one"},
        {None: 1},
        {("a", "b"): 1},
        [[{"deep": float("nan")}]],
    ],
)
def test_what_can_not_be_written_the_same_way_twice_is_refused(value):
    with pytest.raises(NotCanonicalError):
        format_canonical(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (-0.0, "0.0"),
        ("é\n", '"é\\n"'),
        ((1, [2]), "[1,[2]]"),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        (Fate.KEPT, '"kept"'),
        (Span(start=1, end=2), '{"end":2,"start":1}'),
        (10**30, "1" + "0" * 30),
    ],
)
def test_a_value_has_one_canonical_text(value, text):
    assert format_canonical(value) == text


def test_minus_zero_has_the_digest_of_zero():
    assert digest([-0.0]) == digest([0.0])


def test_one_and_true_and_one_point_zero_are_three_values():
    assert len(set(map(digest, (1, True, 1.0)))) == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES))
@settings(max_examples=100, deadline=None)
def test_the_order_of_keys_does_not_change_the_canonical_text(value):
    assert format_canonical(dict(reversed(value.items()))) == format_canonical(value)


@given(VALUES | st.text('"\\\\/\\x00\\x1f\\x7f\\u2028é\U0001f600'))
@settings(max_examples=300, deadline=None)
def test_the_canonical_text_of_plain_values_is_that_of_the_json_library(value):
    def settle(inner):  # minus zero is zero
        if isinstance(inner, list):
            return [settle(item) for item in inner]
        if isinstance(inner, dict):
            return {key: settle(item) for key, item in inner.items()}
        return inner + 0.0 if isinstance(inner, float) else inner

    plain = json.dumps(settle(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert format_canonical(value) == plain
    assert format_canonical((value, Fate.KEPT)) == f'[{plain},"kept"]'


@given(st.text(), st.text())
@settings(max_examples=100, deadline=None)
def test_a_rank_lies_in_its_range_and_is_fixed(key, item):
    assert 0 <= rank(key, item) < RANKS
    assert rank(key, item) == rank(key, item)


def test_parts_of_an_id_do_not_run_into_one_another():
    assert make_content_id("p", "ab", "c") != make_content_id("p", "a", "bc")
    assert make_problem_id("Which?", ("a", "b")) != make_problem_id("Which?", ("ab",))


IDS = (
    "from cotloom.schemas.ids import digest, rank; from cotloom.schemas.problem import make_problem_id;"
    "from cotloom.schemas.sample import make_sample_id; from cotloom.schemas.example import make_example_id;"
    "from cotloom.schemas.ids import draw_share, pick;"
    "print(make_problem_id('Wie viel?', ('a', 'ß')), make_sample_id('p_1', 'r_1', 3),"
    " make_example_id('cot', 's_1', ('s_2',), 'one'), digest({'b': {'y': 1, 'x': 2.5}, 'a': None}),"
    " rank('key', 'item'), draw_share('key', 'slip'), pick('abc', 'k', 'w'))"
)


def test_ids_are_the_same_in_another_process_with_another_hash_seed():
    said = {
        subprocess.run(
            [sys.executable, "-c", IDS],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(said) == 1
    assert said.pop().split()[:3] == [
        make_problem_id("Wie viel?", ("a", "ß")),
        make_sample_id("p_1", "r_1", 3),
        make_example_id("cot", "s_1", ("s_2",), "one"),
    ]


def test_an_id_made_today_is_the_id_of_ever():
    assert make_problem_id("What is 2 + 2?") == "p_6dd7b23148eb9953671f7680"


# Records and frames

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
COUNT = st.integers(0, 10**9)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


def some(kind, **fields):
    return st.builds(kind, **fields)


def maybe(values):
    return st.none() | values


SPANS = some(Span, start=COUNT, end=COUNT)
FATES = {
    "stage": maybe(st.sampled_from(Stage)),
    "fate": st.sampled_from(Fate),
    "reason": maybe(st.sampled_from(Reason)),
    "detail": maybe(TEXT),
}
TOKENS = some(
    TokenLogprob,
    token=TEXT,
    logprob=NUMBER,
    top=st.lists(some(Alternative, token=TEXT, logprob=NUMBER), max_size=2).map(tuple),
)
STEPS = some(Step, start=COUNT, end=COUNT, text=TEXT, actual=maybe(TEXT), outcome=st.sampled_from(StepOutcome))
SAMPLES = some(
    Sample,
    sample_id=TEXT,
    problem_id=maybe(TEXT),
    request_digests=st.lists(TEXT, max_size=3).map(tuple),
    sample_index=COUNT,
    teacher=TEXT,
    simulated=st.booleans(),
    hint=st.sampled_from(Hint),
    text=maybe(TEXT),
    usage=some(Usage, prompt_tokens=maybe(COUNT), completion_tokens=maybe(COUNT)),
    token_logprobs=maybe(st.lists(TOKENS, max_size=3).map(tuple)),
    verdict=maybe(st.sampled_from(Verdict)),
    span=maybe(SPANS),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    **FATES,
)
PROBLEMS = some(
    Problem,
    problem_id=TEXT,
    source=TEXT,
    origin=TEXT,
    question=maybe(TEXT),
    answer=maybe(TEXT),
    answer_type=st.sampled_from(AnswerType),
    choices=st.lists(TEXT, max_size=3).map(tuple),
    responses=st.lists(TEXT, max_size=2).map(tuple),
    split=maybe(st.sampled_from(Split)),
    metadata=st.dictionaries(TEXT, TEXT, max_size=2).map(format_canonical),
    **FATES,
)
EXAMPLES = some(
    Example,
    example_id=TEXT,
    sample_id=maybe(TEXT),
    problem_id=TEXT,
    source=TEXT,
    format=TEXT,
    split=st.sampled_from(Split),
    messages=st.lists(some(Message, role=st.sampled_from(Role), content=TEXT), max_size=3).map(tuple),
    loss_spans=st.lists(SPANS, max_size=2).map(tuple),
    weight=NUMBER,
    **FATES,
)


@given(st.data(), st.sampled_from([(Sample, SAMPLES), (Problem, PROBLEMS), (Example, EXAMPLES)]))
@settings(max_examples=100, deadline=None)
def test_records_come_back_from_a_frame_as_they_went_in(data, kind):
    record, values = kind
    records = data.draw(st.lists(values, max_size=4))
    frame = to_frame(records, record)
    assert frame.schema == get_schema(record)
    assert list(from_frame(frame, record)) == records


def test_a_frame_that_does_not_fit_is_refused_with_the_columns():
    frame = to_frame([], Sample)
    assert check_frame(frame, Sample) is frame
    with pytest.raises(TypeError, match="table of samples does not fit its schema: round: None instead of Int64"):
        check_frame(frame.drop("round"), Sample)
    with pytest.raises(TypeError, match="order"):
        check_frame(frame.select(reversed(frame.columns)), Sample)


def test_text_does_not_slip_into_a_column_of_numbers():
    with pytest.raises(pl.exceptions.PolarsError):
        to_frame([Span(start="x", end=2)], Span)


@pytest.mark.parametrize("record", [Sample, Problem, Example, Message, Span, Step, Usage, TokenLogprob, Alternative])
def test_a_record_is_frozen_and_takes_keywords_only(record):
    fields = dataclasses.fields(record)
    values = {field.name: "value" for field in fields if field.default is dataclasses.MISSING}
    made = record(**values)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, fields[0].name, "other")
    with pytest.raises(TypeError):
        record(*values.values(), "one", "more")


@pytest.mark.parametrize("record", [Sample, Problem, Example, Message, Span, Step, Usage, TokenLogprob, Alternative])
def test_every_field_of_a_record_has_its_docstring(record):
    source = inspect.getsource(record)
    for field in dataclasses.fields(record):
        assert re.search(rf'^    {field.name}: .*\n    """', source, re.MULTILINE), field.name


# Reasons

CONTRACT = """malformed, gold_unreadable, duplicate_problem, evaluation_overlap, crosses_split, request_failed,
refused, no_answer, truncated, wrong, unverifiable, check_failed, no_consensus, disagreed, wrong_step, out_of_order,
hint_parroted, restated, answer_first, cut_off, trace_cut_off, other_language, trace_language,
blind_check_failed, rationale_rejected, degenerate, too_long, too_short, exact_duplicate,
path_duplicate, near_duplicate,
beyond_keep, too_easy, too_hard, no_demonstrations, over_cap, not_taken, rejected_in_review"""


def test_the_reasons_stand_in_the_order_of_the_contract():
    expected = " ".join(CONTRACT.split()).split(", ")
    assert [reason.value for reason in Reason] == expected
    assert sorted(Reason, key=ORDER.__getitem__) == list(Reason)


def test_every_verdict_that_drops_a_sample_is_a_reason():
    kept = {Verdict.CORRECT, Verdict.PROVIDED, Verdict.UNCHECKED, Verdict.AGREED, Verdict.ACCEPTED}
    assert {verdict.value for verdict in Verdict if verdict not in kept} <= {reason.value for reason in Reason}


# Recipes

SECTIONS = [
    section
    for _, section in inspect.getmembers(recipes, inspect.isclass)
    if issubclass(section, Section) and section is not Section
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_field_of_a_section_says_whether_it_is_identity_and_what_it_is(section):
    describe_fields(section)
    for name, field in section.model_fields.items():
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra.get("identity") in {True, False}, name
        assert field.description, name


def recipe(**keys):
    return Recipe.model_validate(
        {
            "name": "tiny",
            "version": "1.0.0",
            "sources": [{"name": "made", "kind": "arithmetic"}],
            "teacher": {"backend": "simulated"},
            **keys,
        }
    )


PLAIN = {
    "sources": [{"name": "made", "kind": "arithmetic"}],
    "teacher": {"backend": "simulated"},
}


def test_the_identity_of_a_recipe_leaves_out_defaults_and_address():
    assert extract_identity(recipe()) == PLAIN
    assert {"name", "version"} == ADDRESS


@pytest.mark.parametrize(
    "keys",
    [
        {"name": "other"},
        {"version": "2.0.0"},
        {"parent": "0.9.0"},
        {"description": "What it is."},
        {"teacher_terms": "Research only."},
        {"folder": "elsewhere"},
        {"seed": 0},
        {"limit": None},
        {"sources": [{"name": "made", "kind": "arithmetic", "problems": 200, "role": "sample"}]},
        {"teacher": {"backend": "simulated", "paths": {"round": 4}}},
        {"verify": {"steps": "drop"}},
        {"select": {}},
        {"formats": [{"name": "zero_shot_cot"}]},
        {"mixture": None},
    ],
    ids=lambda keys: next(iter(keys)),
)
def test_a_default_or_a_circumstance_does_not_change_the_identity(keys):
    assert digest(extract_identity(recipe(**keys))) == digest(extract_identity(recipe()))


@pytest.mark.parametrize(
    "keys",
    [
        {"languages": ["en", "pt-BR"]},
        {"seed": 1},
        {"limit": 5},
        {"license": "MIT"},
        {"sources": [{"name": "made", "kind": "arithmetic", "problems": 201}]},
        {"sources": [{"name": "else", "kind": "arithmetic"}]},
        {"split": {"test": 0.1}},
        {"teacher": {"backend": "simulated", "paths": {"round": 5}}},
        {"teacher": {"backend": "simulated", "hint": {"mode": "fallback"}}},
        {"verify": {"steps": "tag"}},
        {"verify": {"pattern": "A: (.+)"}},
        {"select": {"keep": None}},
        {"formats": [{"name": "zero_shot_answer"}]},
        {"mixture": {"stages": [{"name": "one", "take": {"made": "all"}}]}},
    ],
    ids=str,
)
def test_what_can_change_a_row_changes_the_identity(keys):
    assert digest(extract_identity(recipe(**keys))) != digest(extract_identity(recipe()))


def test_the_resolved_identity_holds_every_identity_key():
    resolved = extract_identity(recipe(), defaults=True)
    wanted = {name for name, field in Recipe.model_fields.items() if recipes.is_identity(field) and name not in ADDRESS}
    assert set(resolved) == wanted
    assert resolved["seed"] == 0
    assert resolved["verify"]["steps"] == "drop"


def test_an_identity_is_plain_data():
    assert not any(isinstance(value, enum.Enum) for value in walk(extract_identity(recipe(), defaults=True)))
    assert format_canonical(extract_identity(recipe(), defaults=True))


def walk(value):
    yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from walk(item)


@pytest.mark.parametrize(
    "keys",
    [
        {"colour": "red"},
        {"seed": "1"},
        {"seed": 1.0},
        {"version": "1.0"},
        {"name": "With Spaces"},
        {"sources": []},
        {"split": {"test": 1.0}},
        {"split": {"test": float("nan")}},
        {"teacher": {"backend": "nobody"}},
        {"teacher": {"backend": "simulated", "slips": {"cut_off": 0.9, "no_answer": 0.9}}},
        {"select": {"keep": 0}},
        {"verify": {"steps": "maybe"}},
        {"mixture": {"stages": []}},
    ],
    ids=str,
)
def test_a_recipe_that_does_not_fit_is_refused(keys):
    with pytest.raises(ValueError, match="validation error"):
        recipe(**keys)


def test_a_recipe_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        recipe().seed = 1


def test_every_reason_is_produced_by_a_stage():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "builder").rglob("*.py"))
    produced = {reason for reason in Reason if f"Reason.{reason.name}" in code or f"Verdict.{reason.name}" in code}
    assert set(Reason) == produced
