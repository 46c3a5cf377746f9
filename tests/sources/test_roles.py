"""The roles of sources, and choices read from a file."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.sources import check_roles, load_problems
from cotloom.builder.verify import IS_READABLE
from tests.sources.test_load import recipe, write

PAIR = ["pear", "7"]


def test_choices_and_their_faults_in_a_file(tmp_path):
    rows = [
        {"q": "Which?", "c": PAIR, "a": "7"},
        {"q": "Which?", "c": ["7", "pear"], "a": 0},
        {"q": "Who?", "c": PAIR, "a": "plum"},
        {"q": "Why?", "c": "pear", "a": "A"},
    ]
    write(tmp_path / "s.jsonl", rows)
    source = {"fields": {"question": "q", "choices": "c", "answer": "a"}, "answer_type": "choice"}

    frame = load_problems(recipe(tmp_path, {"s": source}), IS_READABLE).frame

    assert frame["answer"].to_list() == ["B", "A", "plum", None]
    assert frame["reason"].to_list() == [None, None, "gold_unreadable", "malformed"]
    assert frame["detail"][2] == "s.jsonl:3: 'plum' is not the letter, the text or the position of one option"
    assert frame["detail"][3] == "s.jsonl:4: choices are no list: 'pear'"


def test_metadata_that_can_not_be_written_down_is_told_and_does_not_crash(tmp_path):
    pl.DataFrame({"q": ["one?", "two?"], "a": ["1", "2"], "m": [float("nan"), 2.0]}).write_parquet(
        tmp_path / "s.parquet"
    )
    source = {"path": "s.parquet", "fields": {"question": "q", "answer": "a", "metadata": ["m"]}}

    frame = load_problems(recipe(tmp_path, {"s": source}), IS_READABLE).frame

    assert frame["reason"].to_list() == ["malformed", None]
    assert "not finite" in frame["detail"][0]


def test_a_question_of_several_columns_is_read_with_all_of_them(tmp_path):
    rows = [
        {"b": "Ann has 2 pens.", "q": "How many?", "a": "2"},
        {"b": "", "q": "Are there 3?", "a": "3"},
        {"b": None, "q": " ", "a": "4"},
        {"q": "How many are left?", "a": "5"},
    ]
    write(tmp_path / "s.jsonl", rows)

    frame = load_problems(
        recipe(tmp_path, {"s": {"fields": {"question": ["b", "q"], "answer": "a"}}}), IS_READABLE
    ).frame

    assert frame["question"].to_list() == ["Ann has 2 pens.\nHow many?", "Are there 3?", None, None]
    assert frame["reason"].to_list() == [None, None, "malformed", "malformed"]
    assert frame["detail"].to_list()[2:] == ["s.jsonl:3: question is empty", "s.jsonl:4: no b; there is: q, a"]


def test_conversations_are_questions_and_responses(tmp_path):
    turns = [{"role": "system", "content": "x"}, {"role": "user", "content": "Why?"}]
    said = [*turns, {"role": "assistant", "content": "So.", "reasoning_content": "It is."}]
    write(tmp_path / "s.jsonl", [{"m": said}, {"m": [*turns, {"role": "user", "content": "And how?"}]}])
    source = {"fields": {"question": "m", "responses": ["m"]}, "role": "reference"}

    frame = load_problems(recipe(tmp_path, {"s": source}), IS_READABLE).frame

    assert frame["question"].to_list() == ["Why?", None]
    assert frame["responses"].to_list() == [["<think>\nIt is.\n</think>\n\nSo."], []]
    assert frame["detail"][1] == "s.jsonl:2: responses are empty"


UNCHECKED = {"verify": {"answer": "unchecked"}}


def test_without_a_check_a_source_needs_no_gold_answer(tmp_path):
    check_roles(recipe(tmp_path, {"s": {"fields": {"question": "q"}}}, **UNCHECKED).recipe)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"formats": [{"name": "zero_shot_cot"}, {"name": "fine_tune_cot"}]}, "formats"),
        ({"formats": [{"name": "zero_shot_answer"}]}, "formats"),
        ({"teacher": {"backend": "openai", "model": "m", "hint": {"mode": "always"}}}, "teacher.hint.mode"),
    ],
)
def test_what_writes_gold_answers_needs_them(tmp_path, keys, key):
    loaded = recipe(tmp_path, {"s": {"fields": {"question": "q"}}}, **UNCHECKED, **keys)

    with pytest.raises(InputError, match="source s has none") as caught:
        check_roles(loaded.recipe)

    assert caught.value.keys == (key,)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ({"fields": {"question": "q"}}, "fields.answer"),
        ({"fields": {"question": "q"}, "role": "evaluate"}, "fields.answer"),
        ({"fields": {"question": "q", "answer": "a"}, "role": "reference"}, "fields.responses"),
    ],
)
def test_a_source_without_what_its_role_needs_is_an_error_that_names_the_key(tmp_path, source, key):
    with pytest.raises(InputError) as caught:
        check_roles(recipe(tmp_path, {"s": source}).recipe)

    assert caught.value.keys == (f"sources.s.{key}",)
    assert key in caught.value.hint


def test_a_recipe_with_nothing_but_evaluation_is_an_error(tmp_path):
    with pytest.raises(InputError, match="every source has the role evaluate"):
        check_roles(recipe(tmp_path, {"s": {"role": "evaluate"}}).recipe)


@pytest.fixture
def build_roles(tmp_path, build_recipe):
    """Build a version from a sample, a reference and an evaluate source."""

    def built(sample: list[Any], reference: list[Any], evaluate: list[Any], **keys: Any):
        write(tmp_path / "s.jsonl", sample)
        write(tmp_path / "r.jsonl", reference)
        write(tmp_path / "e.jsonl", evaluate)
        asked = {"kind": "file", "fields": {"question": "q", "answer": "a"}}
        given = {"name": "r", "kind": "file", "path": "r.jsonl", "role": "reference"}
        sources = [
            {"name": "s", "path": "s.jsonl", **asked},
            {**given, "fields": {"question": "q", "responses": ["c", "d"]}},
            {"name": "e", "path": "e.jsonl", "role": "evaluate", **asked},
        ]
        answers = {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "people"}]}
        whole = {"name": "t", "version": "1.0.0", "sources": sources, "verify": {"pattern": "A: (.+)"}}
        teacher = {"backend": "recorded", "answers": answers}
        (tmp_path / "r.yaml").write_text(json.dumps({**whole, "teacher": teacher, **keys}))
        return build_recipe(Path(tmp_path / "r.yaml"), tmp_path / "store").version

    return built


SUMS = [
    {"q": f"Ann has {n} pens, finds two. How many?", "a": str(n + 2), "c": f"{n} + 2 = {n + 2}\nA: {n + 2}"}
    for n in range(5)
]
TALK = [
    {"q": "Write a line on rain.", "c": ["Rain taps the roof.", "It falls all night."], "d": "Grey and soft."},
    {"q": "Name a colour.", "c": "Blue.", "d": None},
    {"q": "Name a colour.", "c": "Green, the colour of moss.", "d": " "},
    {"q": "Say nothing.", "c": [], "d": ""},
]
EXAM = [{"q": "Bob has 3 caps. How many caps has Bob?", "a": "3", "c": "3\nA: 3"}]


def test_references_become_samples_that_no_one_was_asked_for_and_evaluation_is_never_asked(build_roles):
    version = build_roles(SUMS, TALK, EXAM)

    problems, samples = version.read_table("problems"), version.read_table("samples")
    assert problems.filter(pl.col("source") == "e").select("fate", "split").rows() == [("kept", None)]
    asked = problems.filter(pl.col("fate") == "kept").select("problem_id", "question")
    given = samples.filter(pl.col("teacher") == "r").join(asked, on="problem_id")
    assert given.sort("question", "sample_index").select("question", "sample_index", "text", "verdict").rows() == [
        ("Name a colour.", 0, "Blue.", "provided"),
        ("Name a colour.", 1, "Green, the colour of moss.", "provided"),
        ("Write a line on rain.", 0, "Rain taps the roof.", "provided"),
        ("Write a line on rain.", 1, "It falls all night.", "provided"),
        ("Write a line on rain.", 2, "Grey and soft.", "provided"),
    ]
    assert set(given["request_digests"].list.len()) == {0}
    assert given["labels"].null_count() == given.height
    assert not set(samples["problem_id"]) & set(problems.filter(pl.col("source") == "e")["problem_id"])
    assert version.manifest.splits == {"train": 7}
    assert set(version.read_table("examples")["source"]) == {"s", "r"}
    assert version.manifest.teachers == ("people", "r")
    malformed = problems.filter(pl.col("reason") == "malformed")["detail"].to_list()
    assert malformed == ["r.jsonl:4: responses are empty"]
    repeated = problems.filter(pl.col("reason") == "duplicate_problem")["detail"].to_list()
    assert repeated == ["r.jsonl:3 repeats the question of r.jsonl:2; its responses were added there"]


def test_given_responses_are_deduplicated_but_not_judged(build_roles):
    talk = [{"q": "Say it.", "c": ["Blue as the sea.", "blue as the sea", "Red."], "d": None}]

    samples = build_roles(SUMS, talk, EXAM).read_table("samples").filter(pl.col("verdict") == "provided")

    assert sorted(samples["reason"].to_list(), key=str) == [None, None, "exact_duplicate"]
    assert set(samples["stage"].drop_nulls()) == {"select"}


def test_a_recipe_of_references_alone_asks_no_teacher(build_roles):
    sample = {"path": "r.jsonl", "name": "r", "kind": "file", "role": "reference"}
    fields = {"question": "q", "responses": ["c", "d"]}

    version = build_roles(SUMS, TALK, EXAM, sources=[{**sample, "fields": fields}])

    assert version.read_beside("build.json")["calls"] == {"new": 0, "ledger": 0, "failed": 0, "refused": 0, "saved": 0}
    assert set(version.read_table("samples")["verdict"]) == {"provided"}


def test_a_limit_counts_each_role_for_itself_and_leaves_evaluation_whole(build_roles):
    problems = build_roles(SUMS, TALK, EXAM, limit=1).read_table("problems")

    counts = dict(problems.filter(pl.col("fate") == "kept").group_by("source").len().iter_rows())
    assert counts == {"s": 1, "r": 1, "e": 1}


def test_an_overlap_is_dropped_before_the_teacher_is_asked_and_certified_in_the_manifest(build_roles):
    version = build_roles([*SUMS, *EXAM], TALK, EXAM, decontaminate={"against": ["e"]})

    dropped = version.read_table("problems").filter(pl.col("reason") == "evaluation_overlap")
    assert dropped.select("source", "origin").rows() == [("s", "s.jsonl:6")]
    assert version.read_table("samples").filter(pl.col("problem_id") == dropped["problem_id"][0]).is_empty()
    (certificate,) = version.manifest.contamination
    assert (certificate.against, certificate.problems, certificate.overlaps) == ("e", 1, 1)
    assert 0 < certificate.highest_similarity < 0.8
