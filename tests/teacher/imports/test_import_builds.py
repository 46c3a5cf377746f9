"""The next build asks only for what is missing, and makes what it would have made of the server's answers alone."""

import gzip
import json

import polars as pl
import pytest

from cotloom.builder.publish.card.card import render_card
from cotloom.builder.publish.card.facts import FactCollector
from cotloom.builder.publish.card.metadata import CardOptions
from cotloom.builder.store import find_version
from cotloom.builder.teacher.imports import PEERS, advise_recorded
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


def test_a_recipe_with_another_sampling_leaves_answers_what_they_are_and_says_what_differs(
    recipe, run, take, store, tmp_path
):
    rows = [make_curator_row(text, reply(solve_text(text)), number) for number, text in enumerate(PAID)]
    path = write_lines(tmp_path / "responses_0.jsonl", rows)
    other = recipe(sampling={"temperature": 1.0, "max_tokens": 512})

    imported = take("--from", "curator", path, "--recipe", other)

    assert (imported["answers"], imported["vouched"]) == (4, 0)
    assert imported["recipe"]["agreement"]["messages"] == 4
    assert imported["recipe"]["difference"] == "max_tokens is 64 there and 512 in the recipe"
    assert imported["recipe"]["first_round"] == {"new": 6, "ledger": 0}
    run("ledger", "export", tmp_path / "out.jsonl.gz", "--store", store)
    with gzip.open(tmp_path / "out.jsonl.gz") as file:
        lines = [json.loads(line) for line in file]
    assert {(line["kind"], line["request"]["sampling"]["max_tokens"]) for line in lines} == {("chat", 64)}


def test_what_is_taken_at_the_users_word_counts_once_by_the_servers_id_too(recipe, take, tmp_path):
    rows = [make_curator_row(PAID[0], reply(solve_text(PAID[0]), number=number)) for number in (1, 1, 2)]
    path = write_lines(tmp_path / "responses_0.jsonl", rows)
    words = ["--from", "curator", path, "--recipe", recipe(sampling={}), "--match", "messages"]
    first, again = take(*words), take(*words)
    assert (first["answers"], first["known"]) == (2, 1)
    assert (again["answers"], again["known"]) == (0, 3)


def test_answers_to_a_hinted_prompt_answer_no_question_alone(recipe, take, tmp_path):
    path = write_lines(tmp_path / "output.jsonl", [make_nemo_row(text, solve_text(text)) for text in PAID])
    hinted = recipe(hint={"mode": "always"})
    imported = take("--from", "nemo-skills", path, "--recipe", hinted, "--match", "question", "--model", "m", code=1)
    assert imported["left_out"] == {"unmatched": 4}


def test_several_steps_of_a_pipeline_need_the_name_of_one(recipe, run, take, store, tmp_path):
    row = make_distilabel_row(PAID[0], solve_text(PAID[0]))
    row["distilabel_metadata"] |= {"raw_input_rate_0": ask("Rate it."), "raw_output_rate_0": "5 of 5"}
    path = write_parquet(tmp_path / "a.parquet", [row])
    words = ["--from", "distilabel", path, "--recipe", recipe(), "--match", "messages"]

    refused = run("ledger", "import", *words, "--store", store)
    assert (refused.code, "rate_0, text_generation_0" in refused.err) == (2, True)
    unnamed = run("ledger", "import", *words, "--step", "text_generation_0", "--store", store)
    assert (unnamed.code, "--model" in unnamed.err) == (2, True)  # the name in the row may be that of the other step
    assert take(*words, "--step", "text_generation_0", "--model", "m")["answers"] == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--from", "nemo-skills"], "--match question"),
        (["--from", "distilabel"], "backend: recorded"),
        (["--from", "curator", "--match", "messages"], "--recipe"),
        (["--model", "m"], "--from"),
        (["--match", "question"], "--from"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(words, hint, run, store, tmp_path):
    path = write_lines(tmp_path / "output.jsonl", [make_nemo_row(PAID[0], "5")])
    ran = run("ledger", "import", *words, path, "--store", store)
    assert (ran.code, hint in ran.err) == (2, True)
    assert not (store / "ledger.sqlite").exists()


def test_a_person_reads_what_came_and_what_is_missing(recipe, run, store, tmp_path):
    rows = [make_curator_row(text, reply(solve_text(text)), number) for number, text in enumerate(PAID)]
    other = {"messages": [{"role": "user", "content": PAID[0]}]}
    rows += [make_curator_row(PAID[0], None), make_curator_row(PAID[0], reply("5"), request=other), {"a": 1}]
    path = write_lines(tmp_path / "responses_0.jsonl", rows)
    ran = run("ledger", "import", "--from", "curator", path, "--recipe", recipe(), "--store", store)
    assert ran.code == 1
    assert ran.out.splitlines()[:5] == [
        "6 responses in 1 file of Bespoke curator.",
        "Imported 5 answers; 0 were there already.",
        "  5 by m (house)",
        "What the new ones cost, as Bespoke curator says: $0.005000.",
        "Left out: 1 from failed requests.",
    ]
    assert "damaged  responses_0.jsonl:7: it has no generic_request with messages" in ran.out
    assert "Of 5 answers, 4 are to requests of sums." in ran.out
    assert "backend: recorded" in ran.out
    assert ran.out.splitlines()[-1] == "The first round of sums: 4 answers are in the ledger, 2 would be requested."


WRITERS = {
    "curator": lambda path: write_lines(path, [make_curator_row(text, reply(solve_text(text))) for text in PAID]),
    "distilabel": lambda path: write_lines(path, [make_distilabel_row(text, solve_text(text)) for text in PAID]),
    "nemo-skills": lambda path: write_lines(path, [make_nemo_row(text, solve_text(text)) for text in PAID]),
}


@pytest.mark.parametrize("tool", WRITERS)
def test_the_keys_that_are_advised_take_answers_as_what_they_are(tool, recipe, run, store, tmp_path):
    WRITERS[tool](tmp_path / "paid.jsonl")
    advice = advise_recorded(PEERS[tool], "paid.jsonl").replace("COLUMN", "problem").replace("NAME", "m")
    whole = json.loads(recipe().read_text())
    del whole["teacher"]
    (tmp_path / "as_they_are.yaml").write_text(f"{json.dumps(whole)[:-1]}, {advice}}}")
    built = run("build", tmp_path / "as_they_are.yaml", "--store", store, "--json")
    assert built.code == 0, built.err
    samples = pl.read_parquet(f"{built.json['path']}/samples.parquet").filter(pl.col("text").is_not_null())
    assert (samples.height, set(samples["teacher"])) == (4, {"m"})


def test_nothing_of_another_tool_reaches_the_terminal_unescaped(run, store, tmp_path):
    rows = [make_curator_row(PAID[0], reply("5"), request={"model": "m\x1b[2J"}), {"generic_request": {"messages": 0}}]
    path = write_lines(tmp_path / "responses_\x1b[2J.jsonl", rows)
    ran = run("ledger", "import", "--from", "curator", path, "--store", store)
    assert (ran.code, "\x1b" in ran.out + ran.err) == (1, False)


def test_the_card_of_a_version_says_how_many_answers_are_taken_at_the_users_word(
    recipe, build_rest, take, whole, tmp_path
):
    path = write_lines(tmp_path / "output.jsonl", [make_nemo_row(text, solve_text(text)) for text in PAID])
    take("--from", "nemo-skills", path, "--recipe", recipe(), "--match", "question", "--model", "m")
    built, _ = build_rest()

    def write_card(of):
        version = find_version(".", of["path"])
        collector = FactCollector(version.manifest)
        collector.add({name: version.read_table(name) for name in ("problems", "samples", "examples")})
        return render_card(collector.finish(None, None), [], [], CardOptions())

    assert "4 kept responses were got with another tool" in write_card(built)
    assert "with another tool" not in write_card(whole)


def test_all_published_solutions_of_gsm8k_are_taken_and_none_is_asked_for_again(data, run, take, store, tmp_path):
    """2,640 real solutions to 660 problems, four to each, as four seeds of NeMo-Skills."""
    rows = [json.loads(line) for line in (data / "gsm8k" / "model_solutions.jsonl").read_text().splitlines()]
    writers = [name for name, value in rows[0].items() if isinstance(value, dict)]
    for seed, writer in enumerate(writers):
        lines = [make_nemo_row(row["question"], row[writer]["solution"]) for row in rows]
        write_lines(tmp_path / "out" / f"output-rs{seed}.jsonl", lines)
    write_lines(tmp_path / "problems.jsonl", [{key: row[key] for key in ("question", "ground_truth")} for row in rows])
    fields = {"question": "question", "answer": "ground_truth"}
    source = {"name": "gsm8k", "kind": "file", "path": "problems.jsonl", "fields": fields, "answer_pattern": "A: (.+)$"}
    teacher = {"backend": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "paths": {"round": 4}}
    path = tmp_path / "gsm8k.yaml"
    path.write_text(json.dumps({"name": "gsm8k", "version": "1.0.0", "sources": [source], "teacher": teacher}))
    words = ["--from", "nemo-skills", tmp_path / "out", "--recipe", path, "--match", "question", "--model", "m"]

    assert take(*words)["recipe"]["first_round"] == {"new": 0, "ledger": 2640}
    assert (again := take(*words))["answers"] == 0
    assert again["known"] == 2640
    built = run("build", path, "--store", store, "--json").json
    assert (built["calls"]["new"], built["calls"]["ledger"]) == (0, 2640)
