"""The next build asks only for what is missing, and makes what it would have made of the server's answers alone."""

import json

import polars as pl
import pytest

from tests.teacher.chat_server import serving
from tests.teacher.imports.conftest import QUESTIONS, solve, solve_text
from tests.teacher.imports.shapes import (
    SAMPLING,
    ask,
    make_batch_row,
    make_curator_row,
    make_distilabel_row,
    make_early_nemo_row,
    make_early_row,
    make_grouped_row,
    make_nemo_row,
    make_rawless_row,
    reply,
    write_arrow,
    write_batch,
    write_lines,
    write_parquet,
)

CURATOR = {"online": make_curator_row, "batch": make_batch_row, "early": make_early_row}
PAID = QUESTIONS[:4]
"""The questions that another tool has asked already."""


@pytest.fixture
def whole(recipe, run, tmp_path):
    """The content digest, and the samples, of a build that the server answers alone."""
    with serving(solve) as server:
        ran = run("build", recipe(server.url), "--store", tmp_path / "whole", "--json")
    assert len(server.requests) == len(QUESTIONS)
    return ran.json


def read_samples(built):
    columns = ["problem_id", "sample_index", "text", "usage", "verdict", "fate", "labels", "response_id"]
    return pl.read_parquet(f"{built['path']}/samples.parquet").select(columns).sort("problem_id", "sample_index")


@pytest.fixture
def build_rest(recipe, run, store):
    """Build with the server. Returns what was built, and the questions that were asked."""

    def call():
        with serving(solve) as server:
            ran = run("build", recipe(server.url), "--store", store, "--json")
        assert ran.code == 0, ran.err
        prompts = [request["messages"][-1]["content"] for request in server.requests]
        return ran.json, {text for text in QUESTIONS for prompt in prompts if prompt.startswith(text)}

    return call


@pytest.mark.parametrize("layout", CURATOR)
def test_a_build_after_an_import_from_curator_asks_only_for_what_is_missing(layout, build_rest, take, tmp_path, whole):
    rows = [CURATOR[layout](text, reply(solve_text(text)), number) for number, text in enumerate(PAID)]
    write_lines(tmp_path / "cache" / "4f0e" / "responses_0.jsonl", rows)

    imported = take("--from", "curator", tmp_path / "cache", "--endpoint", "house")

    assert (imported["answers"], imported["vouched"], imported["left_out"]) == (4, 0, {})
    built, asked = build_rest()
    assert (built["calls"]["new"], built["calls"]["ledger"]) == (2, 4)
    assert asked == set(QUESTIONS[4:])
    assert built["content_digest"] == whole["content_digest"]


def test_a_recipe_gives_the_endpoint_and_says_what_is_missing(recipe, build_rest, take, tmp_path, whole):
    rows = [make_curator_row(text, reply(solve_text(text)), number) for number, text in enumerate(PAID)]
    path = write_lines(tmp_path / "responses_0.jsonl", rows)

    imported = take("--from", "curator", path, "--recipe", recipe())

    assert imported["written_by"] == [{"model": "m", "endpoint": "house", "answers": 4}]
    assert imported["recipe"]["agreement"]["request"] == 4
    assert imported["recipe"]["first_round"] == {"new": 2, "ledger": 4}
    built, _ = build_rest()
    assert built["content_digest"] == whole["content_digest"]


def test_one_response_with_several_choices_answers_as_many_samples(recipe, run, take, store, tmp_path):
    request = {"generation_params": {**SAMPLING, "n": 2}}
    rows = [make_curator_row(text, reply(solve_text(text), solve_text(text)), request=request) for text in PAID]
    write_lines(tmp_path / "responses_0.jsonl", rows)

    assert take("--from", "curator", tmp_path, "--endpoint", "house")["answers"] == 8

    with serving(solve) as server:
        built = run("build", recipe(server.url, paths={"round": 2}), "--store", store, "--json").json
    assert (built["calls"]["new"], built["calls"]["ledger"], len(server.requests)) == (4, 8, 2)


def write_distilabel(layout, folder, questions):
    rows = [make_distilabel_row(text, solve_text(text)) for text in questions]
    if layout == "cache":
        write_batch(folder / "steps_data" / "text_generation_0_5e" / "batch_0.json", rows)
        write_parquet(folder / "5e" / "executions" / "9a" / "data" / "steps_outputs" / "leaf" / "00001.parquet", rows)
    elif layout == "saved":
        write_arrow(folder / "default" / "train" / "data-00000-of-00001.arrow", rows)
    elif layout == "grouped":
        write_parquet(folder / "data.parquet", [make_grouped_row(text, solve_text(text)) for text in questions])
    else:
        texts = [{**row, "distilabel_metadata": json.dumps(row["distilabel_metadata"])} for row in rows]
        write_lines(folder / "rows.jsonl", texts)


@pytest.mark.parametrize("layout", ["cache", "saved", "grouped", "lines"])
def test_answers_of_distilabel_to_the_prompt_of_a_recipe_are_taken_at_the_users_word(
    layout, recipe, build_rest, take, tmp_path, whole
):
    write_distilabel(layout, tmp_path / "pipelines", PAID)

    imported = take("--from", "distilabel", tmp_path / "pipelines", "--recipe", recipe(), "--match", "messages")

    assert (imported["answers"], imported["vouched"]) == (4, 4)
    assert imported["recipe"]["first_round"] == {"new": 2, "ledger": 4}
    built, asked = build_rest()
    assert asked == set(QUESTIONS[4:])
    check_rows(read_samples(built), read_samples(whole), {"imported_from": "distilabel", "matched_by": "messages"})


NEMO = {"chat": make_nemo_row, "early": make_early_nemo_row}


@pytest.mark.parametrize("layout", NEMO)
def test_answers_of_nemo_skills_are_taken_by_their_question_and_say_so(
    layout, recipe, build_rest, take, tmp_path, whole
):
    rows = [NEMO[layout](text, solve_text(text)) for text in PAID]
    write_lines(tmp_path / "generation" / "output-rs3.jsonl", rows)

    words = ["--recipe", recipe(), "--match", "question", "--model", "m"]
    imported = take("--from", "nemo-skills", tmp_path / "generation", *words)

    assert (imported["answers"], imported["vouched"]) == (4, 4)
    built, asked = build_rest()
    assert asked == set(QUESTIONS[4:])
    labels = {"imported_from": "nemo-skills", "matched_by": "question", "seed": 3}
    check_rows(read_samples(built), read_samples(whole), labels, has_usage=layout == "chat")


def check_rows(samples, others, labels, *, has_usage=True):
    """Rows of a build after an import are those of the server, but for what says where they come from."""
    imported = samples.filter(pl.col("labels").is_not_null())
    assert [json.loads(text) for text in imported["labels"]] == [labels] * len(PAID)
    dropped = ["labels", "response_id", *([] if has_usage else ["usage"])]
    assert samples.drop(dropped).equals(others.drop(dropped))


def test_rows_of_nemo_skills_with_their_messages_are_matched_by_these(recipe, take, tmp_path):
    rows = [make_nemo_row("?", solve_text(text), messages=ask(text)) for text in PAID]
    path = write_lines(tmp_path / "output.jsonl", rows)
    words = ["--recipe", recipe(), "--match", "messages", "--model", "m"]
    assert take("--from", "nemo-skills", path, *words)["answers"] == 4


def test_rows_of_distilabel_without_their_prompt_are_matched_by_question_only(recipe, take, tmp_path):
    path = write_parquet(tmp_path / "a.parquet", [make_rawless_row(text, solve_text(text)) for text in PAID])
    by_messages = take("--from", "distilabel", path, "--recipe", recipe(), "--match", "messages", code=1)
    assert (by_messages["answers"], by_messages["left_out"]) == (0, {"unmatched": 4})
    assert by_messages["recipe"]["agreement"]["question"] == 4
    assert take("--from", "distilabel", path, "--recipe", recipe(), "--match", "question")["answers"] == 4
