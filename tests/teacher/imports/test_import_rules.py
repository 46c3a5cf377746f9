"""What an import takes, what it leaves out, and what it never does twice."""

import json
import sqlite3
from contextlib import closing

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.teacher.backends.prompted import PromptedBackend, ReadyPrompt
from cotloom.builder.teacher.imports import (
    PEERS,
    ImportOptions,
    LeftOut,
    RequestAgreement,
    RequestIndex,
    import_responses,
)
from cotloom.builder.teacher.imports.files import list_files, read_file
from cotloom.builder.teacher.imports.sampling import normalize_sampling
from cotloom.builder.teacher.ledger import Ledger, open_ledger
from cotloom.builder.teacher.ledger.check import LedgerCheck, check_ledger
from cotloom.builder.teacher.ledger.entries import list_entries
from cotloom.builder.teacher.request import Answer
from cotloom.builder.teacher.responses import read_choices
from cotloom.schemas.problem import Problem
from cotloom.schemas.prompt import HintPolicy, Prompt
from cotloom.schemas.sample import Hint
from tests.teacher.imports.conftest import QUESTIONS, solve_text
from tests.teacher.imports.shapes import (
    ask,
    make_batch_row,
    make_curator_row,
    make_distilabel_row,
    make_early_row,
    make_grouped_row,
    make_messages_row,
    make_nemo_row,
    reply,
    write_batch,
    write_lines,
    write_parquet,
)
from tests.teacher.received import record

ASKED = "What is 2 + 3?"


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.sqlite"


def take_curator(ledger, path, **options):
    with open_ledger(ledger) as opened:
        return import_responses(opened, path, PEERS["curator"], ImportOptions(name="curator", **options))


def read(ledger):
    """The answers of a ledger: sample index and what was read, in order."""
    found = LedgerCheck()
    entries = [entry.received for entry in list_entries(ledger, found)]
    assert found.is_intact
    return sorted(
        (item.request.messages[-1].content, index, read_choices(item.response)[choice])
        for item in entries
        for index, choice in item.choices.items()
    )


def list_requests(ledger):
    return [entry.received.request for entry in list_entries(ledger, LedgerCheck())]


def test_a_raw_response_is_kept_to_its_last_field_and_its_request_as_it_was(ledger, tmp_path):
    completion = {**reply(solve_text(ASKED)), "system_fingerprint": "fp", "service_tier": "default"}
    completion["usage"] |= {"prompt_tokens_details": {"cached_tokens": 4}}
    path = write_lines(tmp_path / "responses_0.jsonl", [make_curator_row(ASKED, completion)])

    result = take_curator(ledger, path)

    ((_, _, answer),) = read(ledger)
    assert (answer.fingerprint, answer.usage.cached_tokens, answer.labels) == ("fp", 4, None)
    (request,) = list_requests(ledger)
    assert (request.endpoint, request.model) == ("https://api.openai.com/v1", "m")
    assert request.sampling == {"temperature": 1.0, "max_tokens": 64}
    assert [(message.role.value, message.content) for message in request.messages] == [
        ("user", ask(ASKED)[0]["content"])
    ]
    assert result.cost_usd == pytest.approx(0.001)
    assert check_ledger(ledger).is_intact


def test_another_services_response_keeps_text_tokens_and_why_it_ended(ledger, tmp_path):
    rows = [{**make_messages_row(ASKED, "cut"), "finish_reason": "max_tokens"}]
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows))
    ((_, _, answer),) = read(ledger)
    assert (answer.text, answer.finish_reason) == ("cut", "length")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 5)


def test_no_tokens_are_unknown_tokens(ledger, tmp_path):
    rows = [{**make_messages_row(ASKED, "text"), "token_usage": {"input": 0, "output": 0, "total": 0}}]
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows))
    ((_, _, answer),) = read(ledger)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (None, None)


def test_importing_again_adds_nothing_and_what_came_since_is_added(ledger, tmp_path):
    rows = [make_curator_row(text, reply(solve_text(text), number=number)) for number, text in enumerate(QUESTIONS)]
    path = write_lines(tmp_path / "responses_0.jsonl", rows[:3])
    assert take_curator(ledger, path).answers == 3
    before = read(ledger)

    again = take_curator(ledger, path)
    assert (again.answers, again.known) == (0, 3)
    assert read(ledger) == before

    write_lines(path, rows)
    later = take_curator(ledger, path)
    assert (later.answers, later.known) == (3, 3)


def test_several_answers_to_a_request_get_the_sample_indexes_that_are_free(ledger, tmp_path):
    first = write_lines(tmp_path / "a" / "responses_0.jsonl", [make_curator_row(ASKED, reply("a", number=1))])
    others = [make_curator_row(ASKED, reply(text, number=number)) for number, text in enumerate("bc", 2)]
    second = write_lines(tmp_path / "b" / "responses_0.jsonl", others)
    take_curator(ledger, first)
    take_curator(ledger, second)
    assert [(index, answer.text) for _, index, answer in read(ledger)] == [(0, "a"), (1, "b"), (2, "c")]


def test_a_response_with_the_servers_id_counts_once_however_often_it_stands_there(ledger, tmp_path):
    rows = [make_curator_row(ASKED, reply("a", number=number)) for number in (1, 1, 2)]
    write_lines(tmp_path / "x" / "responses_0.jsonl", rows)
    write_lines(tmp_path / "y" / "responses_0.jsonl", rows[:1])
    result = take_curator(ledger, tmp_path)
    assert (result.files, result.answers, result.known) == (2, 2, 2)


def test_without_an_id_a_response_in_two_files_counts_once_and_one_that_came_twice_twice(ledger, tmp_path):
    rows = [make_messages_row(ASKED, "a"), make_messages_row(ASKED, "a")]
    write_lines(tmp_path / "x" / "responses_0.jsonl", rows)
    write_lines(tmp_path / "y" / "responses_0.jsonl", rows[:1])
    result = take_curator(ledger, tmp_path)
    assert (result.files, result.answers, result.known) == (2, 2, 1)


def test_the_same_words_under_two_seeds_are_two_answers(recipe, take, tmp_path):
    for seed in (0, 1):
        write_lines(tmp_path / "out" / f"output-rs{seed}.jsonl", [make_nemo_row(ASKED, "2 + 3 = 5")])
    write_lines(tmp_path / "out" / "output-rs1_chunk_0.jsonl-async", [make_nemo_row(ASKED, "2 + 3 = 5")])
    words = ["--from", "nemo-skills", tmp_path / "out", "--recipe", recipe(), "--match", "question", "--model", "m"]
    first = take(*words)
    assert (first["files"], first["answers"], first["known"]) == (3, 2, 1)
    assert take(*words)["answers"] == 0


def test_batches_are_read_in_the_order_of_their_numbers(tmp_path):
    for number in (0, 2, 10):
        write_batch(tmp_path / f"batch_{number}.json", [make_distilabel_row(ASKED, "a")])
    names = [path.name for path in list_files(tmp_path, PEERS["distilabel"])]
    assert names == ["batch_0.json", "batch_2.json", "batch_10.json"]


def test_failed_empty_and_other_responses_are_left_out_and_counted(ledger, tmp_path):
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    rows = [
        make_curator_row(QUESTIONS[0], None),
        make_curator_row(QUESTIONS[1], reply("  ")),
        make_curator_row(QUESTIONS[2], reply("x"), request={"messages": [{"role": "user", "content": parts}]}),
        make_curator_row(QUESTIONS[3], reply("x"), raw_response=None, response_message={"answer": 5}),
        make_curator_row(QUESTIONS[4], reply("x"), raw_response={"choices": [{"message": None}]}),
        make_curator_row(QUESTIONS[5], reply("x")),
    ]
    result = take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows))
    assert result.left_out == {LeftOut.FAILED: 1, LeftOut.EMPTY: 2, LeftOut.NOT_TEXT: 2}
    assert (result.responses, result.answers) == (6, 1)


def test_a_truncated_answer_and_a_refusal_are_answers_as_they_are_in_a_build(ledger, tmp_path):
    filtered = reply("", finish_reason="content_filter")
    rows = [
        make_curator_row(QUESTIONS[0], reply("2 + ", finish_reason="length")),
        make_curator_row(QUESTIONS[1], filtered),
    ]
    assert take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows)).answers == 2
    answers = [answer for _, _, answer in read(ledger)]
    assert [answer.finish_reason for answer in answers] == ["length", "content_filter"]
    assert answers[1].refusal is not None


def test_text_in_parts_is_one_text(ledger, tmp_path):
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "2 + 3?"}]
    row = make_curator_row(ASKED, reply("5"), request={"messages": [{"role": "user", "content": parts}]})
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [row]))
    assert list_requests(ledger)[0].messages[0].content == ASKED


@pytest.mark.parametrize("make", [make_curator_row, make_batch_row, make_early_row])
def test_every_layout_of_curator_gives_the_same_request(make, ledger, tmp_path):
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [make(ASKED, reply("5"))]))
    (request,) = list_requests(ledger)
    assert request.sampling == {"temperature": 1.0, "max_tokens": 64}


def test_structured_output_is_another_request(ledger, tmp_path):
    row = make_curator_row(ASKED, reply('{"a": 5}'), request={"response_format": {"type": "object"}})
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [row]))
    assert list_requests(ledger)[0].sampling["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_secrets_and_addresses_never_reach_the_ledger(ledger, tmp_path):
    given = {
        "temperature": 0.5, "api_key": "sk-1", "api_base": "http://u:p@h", "azure_ad_token": "t-1", "seed": 4,
        "extra_headers": {"X-Key": "k-1"}, "extra_body": {"top_k": 5, "client_secret": "s-1"},
    }  # fmt: skip
    row = make_curator_row(ASKED, reply("5"), request={"generation_params": given})
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [row]))
    assert list_requests(ledger)[0].sampling == {"temperature": 0.5, "top_k": 5}


@pytest.mark.parametrize(
    ("recorded", "normal"),
    [
        ({"temperature": 0, "top_p": None}, {"temperature": 0.0}),
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"stop": []}, {}),
        ({"logprobs": False, "top_logprobs": None}, {}),
        ({"logprobs": True, "top_logprobs": 5}, {"logprobs": True, "top_logprobs": 5}),
        ({"logprobs": True}, {"logprobs": True}),
        ({"n": 4, "seed": 1, "stream": False, "timeout": 60}, {}),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {"max_tokens": 5, "max_completion_tokens": 6}),
        ({"temperature": -1}, {"temperature": -1}),
        ({"repetition_penalty": 1, "guided_json": {"a": 1}}, {"repetition_penalty": 1.0, "guided_json": {"a": 1}}),
        ({"min_tokens": 2, "skip_special_tokens": False}, {"min_tokens": 2, "skip_special_tokens": False}),
    ],
)
def test_parameters_are_written_as_a_recipe_would_write_them(recorded, normal):
    assert json.dumps(normalize_sampling(recorded), sort_keys=True) == json.dumps(normal, sort_keys=True)


def test_a_model_behind_a_providers_name_is_taken_by_its_own(ledger, tmp_path):
    models = dict(zip(QUESTIONS, ["openai/m", "openai/x"], strict=False))
    rows = [make_curator_row(text, reply("5"), request={"model": model}) for text, model in models.items()]
    path = write_lines(tmp_path / "responses_0.jsonl", rows)
    result = take_curator(ledger, path, model="m")
    assert dict(result.written_by) == {("m", "https://api.openai.com/v1"): 1}
    assert result.left_out == {LeftOut.OTHER_MODEL: 1}


def test_the_users_address_is_the_endpoint_as_it_is_in_a_build(ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1/")
    take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [make_curator_row(ASKED, reply("5"))]))
    assert list_requests(ledger)[0].endpoint == "http://127.0.0.1:8000/v1"


DAMAGED = {
    "no JSON": b'{"response_message": "5", "generic_req',
    "no object": b"[1, 2]",
    "an empty object": b"{}",
    "no response": b'{"a": 1}',
    "messages are no list": b'{"generic_request": {"messages": "hello"}}',
    "no text": b"\xff\xfe\x00",
    "too deep": b'{"generic_request": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "deep": b'{"generic_request": {"messages": []}, "a": ' + b"[" * 200 + b"]" * 200 + b"}",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_line_costs_only_itself_and_is_named(name, ledger, tmp_path):
    good = json.dumps(make_curator_row(ASKED, reply("5"))).encode()
    path = tmp_path / "run" / "responses_0.jsonl"
    path.parent.mkdir()
    path.write_bytes(good + b"\n\n" + DAMAGED[name] + b"\n" + good.replace(b'"c0"', b'"c1"') + b"\n")
    result = take_curator(ledger, tmp_path / "run")
    assert (result.answers, result.damaged_rows) == (2, 1)
    assert result.damaged[0].startswith("responses_0.jsonl:3: ")


ODD = {
    "half a surrogate in the prompt": {"request": {"messages": [{"role": "user", "content": "\ud800"}]}},
    "half a surrogate in the model": {"request": {"model": "\ud800"}},
    "an odd role": {"request": {"messages": [{"role": ["user"], "content": "x"}]}},
    "a role of ours it is not": {"request": {"messages": [{"role": "tool", "content": "x"}]}},
    "tool calls": {"request": {"messages": [{"role": "user", "content": "x", "tool_calls": [{"id": "1"}]}]}},
    "no messages": {"request": {"messages": []}},
}


@pytest.mark.parametrize("name", ODD)
def test_what_no_request_can_hold_is_left_out(name, ledger, tmp_path):
    rows = [make_curator_row(ASKED, reply("5"), **ODD[name]), make_curator_row(ASKED, reply("5"))]
    result = take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows))
    assert (result.answers, result.left_out) == (1, {LeftOut.NOT_TEXT: 1})


def test_odd_values_beside_the_text_never_cost_it(ledger, tmp_path):
    completion = reply("5 \ud83d")
    completion["usage"] = {"prompt_tokens": 10**30, "completion_tokens": "many"}
    completion["choices"][0]["logprobs"] = {"content": [{"token": "5", "logprob": float("nan")}]}
    row = make_curator_row(ASKED, completion, response_cost=10**400, token_usage=[], finish_reason=3)
    row["generic_request"]["original_row"] = "none"
    result = take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", [row]))
    ((_, _, answer),) = read(ledger)
    assert (answer.text, answer.usage.completion_tokens, answer.token_logprobs) == ("5 �", None, None)
    assert result.cost_usd is None


def test_a_line_that_is_too_long_is_skipped(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("cotloom.builder.teacher.imports.files.LONGEST_LINE", 5_000)
    rows = [make_curator_row(ASKED, reply("x" * 9_000)), make_curator_row(ASKED, reply("5"))]
    result = take_curator(ledger, write_lines(tmp_path / "responses_0.jsonl", rows))
    assert (result.answers, result.damaged_rows) == (1, 1)
    assert "longer" in result.damaged[0]


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "json"])
def test_a_damaged_file_is_named_and_the_others_are_read(suffix, recipe, take, tmp_path):
    write_parquet(tmp_path / "out" / "00002.parquet", [make_distilabel_row(QUESTIONS[0], "5")])
    (tmp_path / "out" / f"batch_1.{suffix}").write_bytes(b"PAR1 this is none")
    words = ["--from", "distilabel", tmp_path / "out", "--recipe", recipe(), "--match", "messages"]
    imported = take(*words, code=1)
    assert (imported["answers"], imported["damaged"]["rows"]) == (1, 1)
    assert imported["damaged"]["first"][0].startswith(f"batch_1.{suffix}:1: ")


def test_a_large_json_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("cotloom.builder.teacher.imports.files.LARGEST_JSON", 10)
    path = write_batch(tmp_path / "batch_0.json", [make_distilabel_row(ASKED, "5")])
    (row,) = read_file(path, path.name, lambda _done: None)
    assert (row.values, "larger" in row.fault) == (None, True)


def test_a_folder_without_a_cache_is_an_error_that_says_what_was_looked_for(ledger, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match=r"responses_\*\.jsonl"):
        take_curator(ledger, tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        take_curator(ledger, tmp_path / "missing")


def test_a_file_of_another_tool_is_an_error_with_its_first_line(ledger, tmp_path):
    path = write_lines(tmp_path / "output.jsonl", [make_nemo_row(ASKED, "5")])
    with pytest.raises(InputError, match=r"no answers of Bespoke curator, such as output.jsonl:1: .*generic_request"):
        take_curator(ledger, path)


def test_answers_to_an_erased_problem_stay_erased(recipe, run, take, store, tmp_path):
    path = write_lines(tmp_path / "responses_0.jsonl", [make_curator_row(text, reply("5")) for text in QUESTIONS[:2]])
    take("--from", "curator", path, "--recipe", recipe())
    with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
        problem = connection.execute("SELECT problem_id FROM requests ORDER BY request").fetchone()[0]
    assert run("ledger", "forget", "--problem", problem, "--store", store).code == 0

    again = take("--from", "curator", path, "--recipe", recipe())
    assert (again["answers"], again["known"], again["left_out"]) == (0, 1, {"erased": 1})
    alone = take("--from", "curator", path, "--endpoint", "house", code=1)
    assert (alone["answers"], alone["left_out"]) == (0, {"erased": 2})


def test_a_question_of_two_problems_is_that_of_none():
    backend = PromptedBackend(
        model="m",
        endpoint="e",
        prompts={None: ReadyPrompt(Prompt())},
        hint=HintPolicy(),
        sampling={},
        seed=0,
        sending=None,
    )
    index = RequestIndex()
    for number, text in enumerate(["Which is  more?", "Which is more?", "Which is less?"]):
        problem = Problem(problem_id=f"p_{number}", source="s", origin="o", question=text, answer="1")
        index.add(backend, problem, Hint.NONE)
    assert index.find("m", None, None, "Which is more?") == (RequestAgreement.OTHER_QUESTION, None)
    agreement, request = index.find("m", None, None, " Which is less? ")
    assert (agreement, request.problem_id) == (RequestAgreement.QUESTION, "p_2")


def test_tokens_of_several_answers_together_are_those_of_none(recipe, take, store, tmp_path):
    """distilabel writes the count of a whole response to each row that was made of it."""
    rows = [make_distilabel_row(QUESTIONS[place], text) for place, text in zip([0, 0, 1, 2, 2], "12345", strict=True)]
    write_parquet(tmp_path / "out" / "a.parquet", rows)
    write_parquet(tmp_path / "out" / "b.parquet", [make_grouped_row(QUESTIONS[4], "6", "7")])
    take("--from", "distilabel", tmp_path / "out", "--recipe", recipe(), "--match", "messages")
    counts = [(answer.text, answer.usage.completion_tokens) for _, _, answer in read(store / "ledger.sqlite")]
    assert sorted(counts) == [("1", None), ("2", None), ("3", 5), ("4", None), ("5", None), ("6", None), ("7", None)]


def test_an_answer_that_a_build_records_meanwhile_stays_and_the_next_import_adds_this_one(
    ledger, tmp_path, monkeypatch
):
    path = write_lines(tmp_path / "responses_0.jsonl", [make_curator_row(ASKED, reply("imported"))])
    find_keys, records = Ledger.find_keys, [None]

    def find_and_lose(self, digests):
        found = find_keys(self, digests)
        if records:
            records.pop()
            with open_ledger(ledger) as other:
                record(other, [(own, 0, Answer(text="built"))])
        return found

    take_curator(tmp_path / "other.sqlite", path)
    (own,) = list_requests(tmp_path / "other.sqlite")
    monkeypatch.setattr(Ledger, "find_keys", find_and_lose)
    assert take_curator(ledger, path).answers == 0
    assert take_curator(ledger, path).answers == 1
    assert [(index, answer.text) for _, index, answer in read(ledger)] == [(0, "built"), (1, "imported")]
