"""The openai backend against a scripted chat server on loopback, through the real client and the whole pipeline."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from cotloom.builder import verify
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher import open_ledger
from cotloom.builder.teacher.ledger import open_recorder
from cotloom.builder.teacher.sampling import opening
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import Reply, completion, refusal, serving

ROOT = Path(__file__).resolve().parents[3]
PROBLEMS = [{"question": f"What is {n} + {n + 1}?", "answer": str(2 * n + 1)} for n in range(2, 8)]


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe over six problems for a server; returns a function of its address and more keys."""
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS))

    def write(url, **teacher):
        given = {"backend": "openai", "model": "m", "base_url": url, "paths": {"round": 2}, **teacher}
        fields = {"question": "question", "answer": "answer"}
        source = {"name": "sums", "kind": "file", "path": "problems.jsonl", "fields": fields}
        whole = {"name": "live", "version": "1.0.0", "sources": [source], "teacher": given}
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps(whole))
        return load_recipe(str(path))

    return write


@pytest.fixture
def runtime(tmp_path):
    return Runtime(store=tmp_path / "store", retries=2, timeout_s=5.0, concurrency=4)


def solve(body):
    """Answer every sum in the last message rightly, in as many wordings as there are choices asked for."""
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", body["messages"][-1]["content"]).groups())
    wordings = ["{} + {} = {}. The answer is {}.", "We add: {} + {} = {}.\nThe answer is {}.", "{}+{}={}\n#### {}"]
    texts = [wordings[n % 3].format(one, other, one + other, one + other) for n in range(body.get("n", 1))]
    return completion(*texts)


def recorded(runtime):
    """How many answers the ledger has."""
    with open_ledger(runtime.store / "ledger.sqlite") as ledger:
        return ledger._connection.execute("SELECT count(*) FROM answers").fetchone()[0]


def test_a_version_is_built_from_a_live_server_with_one_request_for_all_answers_to_a_problem(recipe, runtime):
    with serving(solve) as server:
        built = build(recipe(server.url), runtime)
    assert (built.calls.new, len(server.requests)) == (12, 6)
    assert built.version.manifest.counts["problems_with_path"] == 6
    assert {request["n"] for request in server.requests} == {2}
    assert built.calls.cost.usd is None


def test_a_server_that_gives_one_choice_whatever_n_says_is_asked_again(recipe, runtime):
    with serving(lambda body: solve({**body, "n": 1})) as server:
        built = build(recipe(server.url), runtime)
    assert (built.calls.new, len(server.requests)) == (12, 12)
    assert len({request["seed"] for request in server.requests}) == 12


def test_an_answer_is_on_disk_while_the_rest_of_its_prompt_is_still_asked_for(recipe, runtime):
    saved = []

    def part(body):
        if body.get("n") == 2:
            return solve({**body, "n": 1})
        until = time.monotonic() + 10
        while not recorded(runtime) and time.monotonic() < until:
            time.sleep(0.01)
        saved.append(recorded(runtime))
        return solve(body)

    with serving(part) as server:
        build(recipe(server.url), runtime)
    assert min(saved) > 0


def test_a_request_counts_as_in_flight_until_its_answer_is_on_disk(recipe, runtime, monkeypatch):
    monkeypatch.setattr(opening, "open_recorder", partial(open_recorder, pace_s=0.3))
    came, in_flight, lock = [], [], threading.Lock()

    def note(body):
        with lock:
            came.append(body)
            in_flight.append(len(came) - recorded(runtime) // body["n"])
        return solve(body)

    with serving(note) as server:
        build(recipe(server.url), runtime.model_copy(update={"concurrency": 2}))
    assert (len(came), max(in_flight)) == (6, 2)


def test_what_was_answered_is_not_asked_again(recipe, runtime):
    with serving(solve) as server:
        build(recipe(server.url, endpoint="house"), runtime)
        again = build(
            load_recipe(str(runtime.store.parent / "recipe.yaml"), ["version=1.0.1", "select.keep=1"]), runtime
        )
        assert len(server.requests) == 6
    assert (again.calls.new, again.calls.ledger) == (0, 12)


def test_failures_that_pass_are_retried_and_retry_after_is_minded(recipe, runtime):
    seen = {}

    def flaky(body):
        key = json.dumps(body["messages"])
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 1:
            return refusal(429, "slow down", retry_after="0")
        return refusal(500, "oops", retry_after="0.01") if seen[key] == 2 else solve(body)

    with serving(flaky) as server:
        built = build(recipe(server.url), runtime)
    assert (built.calls.new, built.calls.failed, len(server.requests)) == (12, 0, 18)


def test_the_hint_is_given_only_where_nothing_was_found_and_tagged(recipe, runtime):
    def hard(body):
        content = body["messages"][-1]["content"]
        unsolved = "2 + 3" in content and "right answer" not in content
        return completion(*["I can't tell."] * body["n"]) if unsolved else solve(body)

    with serving(hard) as server:
        built = build(recipe(server.url, hint={"mode": "fallback"}), runtime)
    samples = built.version.read_table("samples")
    hinted = samples.filter(samples["hint"] == "hinted")
    assert (hinted.height, hinted["problem_id"].n_unique(), set(hinted["round"])) == (2, 1, {1})
    assert samples.filter((samples["hint"] == "none") & (samples["round"] != 0)).height == 0
    assert len([body for body in server.requests if "right answer" in body["messages"][-1]["content"]]) == 1


def test_two_calls_ask_for_the_reasoning_and_then_for_the_answer(recipe, runtime):
    def two(body):
        if len(body["messages"]) == 3:
            total = re.search(r"= (\d+)", body["messages"][1]["content"])[1]
            return completion(total)
        return completion(*[solve(body).body["choices"][0]["message"]["content"].split(" The")[0]] * body["n"])

    with serving(two) as server:
        built = build(recipe(server.url, prompt={"template": "cot_two_call"}), runtime)
    samples = built.version.read_table("samples")
    assert set(samples["verdict"]) == {"correct"}
    assert set(samples["request_digests"].list.len()) == {2}
    assert samples["text"].str.contains("\n\nAnswer: ").all()


def test_demonstrations_come_from_other_groups_of_the_training_split(recipe, runtime, tmp_path):
    rows = [
        {**row, "why": f"{row['question'][8:-1]} = {row['answer']}.", "g": str(n // 2)}
        for n, row in enumerate(PROBLEMS)
    ]
    path = recipe("URL", prompt={"template": "cot_few_shot", "demos": "train", "shots": 3}).path
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = ["sources.sums.fields.group=g", "sources.sums.fields.reference_rationale=why"]
    with serving(solve) as server:
        build(load_recipe(str(path), [*fields, f"teacher.base_url={server.url}"]), runtime)
    group = {row["question"]: row["g"] for row in rows}
    for request in server.requests:
        *shown, asked = [m["content"].split("\n")[0] for m in request["messages"] if m["role"] == "user"]
        assert len(shown) == 3
        assert group[asked] not in {group[question] for question in shown}


def test_the_reasoning_channel_is_kept_apart(recipe, runtime):
    def thinking(body):
        texts = [choice["message"]["content"] for choice in solve(body).body["choices"]]
        return completion(*texts, reasoning_content="Let me think.")

    with serving(thinking) as server:
        samples = build(recipe(server.url), runtime).version.read_table("samples")
    assert set(samples["reasoning"]) == {"Let me think."}


def test_log_probabilities_are_asked_for_and_kept(recipe, runtime):
    def likely(body):
        reply = solve(body)
        for choice in reply.body["choices"]:
            top = [{"token": "x", "logprob": -0.1, "bytes": None}, {"token": "y", "logprob": -2.5, "bytes": None}]
            choice["logprobs"] = {"content": [{"token": "x", "logprob": -0.1, "bytes": None, "top_logprobs": top}]}
        return reply

    with serving(likely) as server:
        samples = build(recipe(server.url, sampling={"top_logprobs": 2}), runtime).version.read_table("samples")
    assert {(request["logprobs"], request["top_logprobs"]) for request in server.requests} == {(True, 2)}
    assert samples["token_logprobs"][0][0]["top"][1] == {"token": "y", "logprob": -2.5}


@pytest.mark.parametrize(
    ("reply", "error", "code", "words"),
    [
        (refusal(401, "bad key"), InputError, 2, "refuses the key"),
        (refusal(404, "no such model"), InputError, 2, "knows no model m"),
        (refusal(400, "top_logprobs is not known"), InputError, 2, "refuses the request"),
        (Reply("<html>Hello</html>", content_type="text/html"), InputError, 2, "no answer that can be read.*<html>"),
        (refusal(503, "overloaded", retry_after="0"), Stopped, 3, "keeps failing after 3 tries"),
        (refusal(307, "", location="http://127.0.0.1:1/v1"), InputError, 2, "sends requests on to another address"),
    ],
)
def test_where_nothing_is_ever_answered_the_build_ends_with_the_cause(recipe, runtime, reply, error, code, words):
    with serving(lambda _body: reply) as server, pytest.raises(error, match=words) as caught:
        build(recipe(server.url), runtime)

    assert (caught.value.exit_code, bool(caught.value.hint)) == (code, True)
    assert recorded(runtime) == 0


REFUSALS = [
    refusal(400, "This model's maximum context length is 10 tokens", "context_length_exceeded"),
    refusal(413, "Payload Too Large"),
    refusal(400, "The response was filtered", "content_filter"),
    refusal(403, "Your input was flagged by moderation"),
    Reply({"error": {"message": "prompt is too long", "code": 400}}),
    Reply({"choices": [{"index": 0, "finish_reason": "content_filter", "message": None}] * 2}),
]


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_that_would_come_again_is_recorded_and_the_build_goes_on(recipe, runtime, reply):
    with serving(lambda body: reply if "2 + 3" in body["messages"][-1]["content"] else solve(body)) as server:
        built = build(recipe(server.url), runtime)
        asked = len(server.requests)
        again = build(load_recipe(str(runtime.store.parent / "recipe.yaml"), ["version=1.0.1"]), runtime)

    samples = again.version.read_table("samples")
    assert (asked, len(server.requests)) == (6, 6)
    assert (built.calls.refused, built.calls.failed, again.calls.ledger, again.calls.refused) == (2, 0, 12, 2)
    assert samples.filter(samples["reason"] == "request_failed")["detail"].null_count() == 0
    assert samples.filter(samples["reason"] == "request_failed").height == 2


def test_without_a_server_the_build_stops_and_says_where_it_looked(recipe, runtime):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Stopped, match=f"no server answers at http://127.0.0.1:{port}/v1") as caught:
        build(recipe(f"http://127.0.0.1:{port}/v1"), runtime.model_copy(update={"retries": 0}))
    assert caught.value.exit_code == 3


def test_openai_itself_needs_a_key(recipe, runtime, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(InputError, match=r"\$OPENAI_API_KEY is not set"):
        build(recipe(None), runtime)


def test_the_key_goes_to_the_server_and_nowhere_else(recipe, runtime, monkeypatch):
    canary = "sk-canary-7f3a"
    monkeypatch.setenv("OPENAI_API_KEY", canary)
    with serving(solve) as server:
        built = build(recipe(server.url), runtime)
    assert set(server.keys) == {f"Bearer {canary}"}
    files = [path for path in runtime.store.rglob("*") if path.is_file()]
    assert [path.name for path in files if canary.encode() in path.read_bytes()] == []
    assert built.version.manifest.teachers == ("m",)


def test_a_template_of_ones_own_is_filled_and_a_wrong_one_is_the_users_mistake(recipe, runtime):
    other = runtime.model_copy(update={"store": runtime.store / "other"})
    with serving(solve) as server:
        build(recipe(server.url, prompt={"user": "Solve this. {{ question }}"}), runtime)
        assert all(body["messages"][-1]["content"].startswith("Solve this. What is") for body in server.requests)
        with pytest.raises(InputError, match=r"teacher\.prompt\.user can't be filled") as caught:
            build(recipe(server.url, prompt={"user": "{{ qestion }}"}), other)
    assert caught.value.keys == ("teacher.prompt.user",)


def test_a_server_that_hangs_is_given_up_when_the_user_interrupts(recipe, tmp_path):
    started, release = threading.Event(), threading.Event()

    def hang(body):
        started.set()
        release.wait(30)
        return solve(body)

    with serving(hang) as server:
        path = recipe(server.url).path
        command = [sys.executable, "-P", "-m", "cotloom.cli", "build", str(path), "--store", str(tmp_path / "store")]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert started.wait(60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        release.set()
    assert (process.returncode, "run the same command again" in said) == (130, True)


def test_a_server_that_says_the_key_back_does_not_get_it_printed(recipe, runtime, monkeypatch):
    canary = "sk-canary-91bd"
    monkeypatch.setenv("OPENAI_API_KEY", canary)
    with serving(lambda _: refusal(401, f"Incorrect key: {canary}")) as server, pytest.raises(InputError) as caught:
        build(recipe(server.url), runtime)
    assert (canary in str(caught.value), "Incorrect key: $OPENAI_API_KEY" in str(caught.value)) == (False, True)


@pytest.mark.parametrize("address", ["http://ann:hush-4c1e@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?key=hush-4c1e"])
def test_an_address_with_a_secret_in_it_is_refused_and_the_secret_stays_unsaid(recipe, runtime, address):
    with pytest.raises(InputError, match="holds a name, a password or a query") as caught:
        build(recipe(address), runtime)
    files = [path for path in runtime.store.rglob("*") if path.is_file()]
    assert "hush" not in str(caught.value)
    assert [path.name for path in files if b"hush-4c1e" in path.read_bytes()] == []


def test_each_sample_is_judged_once_however_many_rounds_there_are(recipe, runtime, monkeypatch):
    judged = []
    real = verify.judge

    def counted(problem, text, **rest):
        judged.append(text)
        return real(problem, text, **rest)

    monkeypatch.setattr(verify, "judge", counted)
    with serving(solve) as server:
        built = build(recipe(server.url, paths={"round": 1, "max": 4, "target": 9}), runtime)
    texts = built.version.read_table("samples")["text"]
    assert built.calls.new == 24
    assert len(judged) == len(set(judged)) == texts.n_unique()  # equal answers once too


@pytest.mark.parametrize("retries", [0, 2])
def test_a_request_that_always_fails_is_sent_once_and_as_often_again_as_the_runtime_says(recipe, runtime, retries):
    once = runtime.model_copy(update={"retries": retries, "concurrency": 1})
    with serving(lambda _body: refusal(500, "oops", retry_after="0")) as server:
        with pytest.raises(Stopped):
            build(recipe(server.url), once)
        messages = [json.dumps(request["messages"]) for request in server.requests]
    assert messages.count(messages[0]) == retries + 1
