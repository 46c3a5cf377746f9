"""One odd response among many good ones costs only itself: 24 prompts, 23 answered well, through the whole pipeline."""

import gzip
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cotloom.builder.errors import Stopped
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher import open_ledger
from cotloom.builder.teacher.backends import openai_transport
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import Reply, completion, refusal, serving

ROOT = Path(__file__).resolve().parents[3]
GOOD = 23
ODD = "What is 100 + 7?"
DEEP = 100_000


def make_body(**choice: object) -> dict:
    message = {"role": "assistant", "content": "100 + 7 = 107. The answer is 107."}
    return {"choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}]}


def say(content: object, **message: object) -> dict:
    return make_body(message={"role": "assistant", "content": content, **message})


def make_logprobs(**token: object) -> dict:
    return {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": [], **token}]}


RIGHT = "100 + 7 = 107. The answer is 107."
READ = {
    "half a surrogate pair": Reply(json.dumps(say(RIGHT + " X")).replace("X", "\\ud83d")),
    "parts of text": Reply(
        say([{"type": "text", "text": "100 + 7 = 107. "}, {"type": "text", "text": "The answer is 107."}])
    ),
    "thinking parts": Reply(
        say([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": RIGHT}])
    ),
    "usage as a text": Reply({**make_body(), "usage": "many"}),
    "tokens as texts": Reply({**make_body(), "usage": {"prompt_tokens": "ten", "completion_tokens": [1]}}),
    "10^30 tokens": Reply({**make_body(), "usage": {"prompt_tokens": 10**30, "completion_tokens": -4}}),
    "a logprob without a value": Reply(make_body(logprobs=make_logprobs(logprob=None))),
    "logprobs of another kind": Reply(make_body(logprobs=["a", 3])),
    "a logprob that is not a number": Reply(
        json.dumps(make_body(logprobs=make_logprobs(logprob=0.5))).replace("0.5", "NaN")
    ),
    "a logprob beyond floats": Reply(
        json.dumps(make_body(logprobs=make_logprobs(logprob=5))).replace("5,", "1" + "0" * 400 + ",")
    ),
    "a finish reason that is a number": Reply(make_body(finish_reason=7)),
    "a byte order mark": Reply(b"\xef\xbb\xbf" + json.dumps(make_body()).encode()),
    "no metadata at all": Reply({"choices": [{"message": {"content": RIGHT}}]}),
    "a strange content type": Reply(make_body(), content_type="text/html; charset=no-such"),
    "status 201": Reply(make_body(), status=201),
}
"""What the protocol allows, or what is wrong beside the text: it is read."""

UNREAD = {
    "content that is an object": Reply(say({"text": RIGHT})),
    "content that is a number": Reply(say(107)),
    "content that is true": Reply(say(content=True)),
    "parts without a text": Reply(say([{"type": "image_url", "image_url": {"url": "x"}}])),
    "a null message": Reply(make_body(message=None)),
    "a message that is a list": Reply(make_body(message=[RIGHT])),
    "a null choice": Reply({"choices": [None]}),
    "null choices": Reply({"choices": None}),
    "no choices": Reply({"choices": []}),
    "choices that are an object": Reply({"choices": {"0": RIGHT}}),
    "an empty body": Reply(b""),
    "a body of spaces": Reply(b"   \n"),
    "an empty object": Reply({}),
    "a text": Reply('"hello"'),
    "a number": Reply("107"),
    "null": Reply("null"),
    "a list": Reply([1, 2]),
    "no JSON": Reply("{'choices': ["),
    "a web page": Reply("<html>hello</html>", content_type="text/html"),
    "invalid UTF-8": Reply(json.dumps(make_body()).encode().replace(b"107", b"\xff\xfe", 1)),
    "UTF-16": Reply(json.dumps(make_body()).encode("utf-16")),
    "a deep list": Reply(b"[" * DEEP + b"]" * DEEP),
    "a deep object": Reply(b'{"choices":' * DEEP + b"1" + b"}" * DEEP),
    "a deep content": Reply(b'{"choices":[{"message":{"content":' + b"[" * DEEP + b"]" * DEEP + b"}}]}"),
    "an endless number": Reply("1" * 10_000),
    "an event stream": Reply("data: {}\n\ndata: [DONE]\n\n", content_type="text/event-stream"),
    "an error with status 200": Reply({"error": {"message": "try later", "code": "overloaded"}}),
    "an error that is a text": Reply({"error": "try later"}),
    "an error that is deep": Reply(b'{"error":' * 900 + b"1" + b"}" * 900),
    "a gzip that is none": Reply(b"no gzip", headers={"content_encoding": "gzip"}),
    "a compressed body": Reply(gzip.compress(json.dumps(make_body()).encode()), headers={"content_encoding": "gzip"}),
    "no HTTP": Reply(b"\x00\x01\x02 hello\r\n\r\n", raw=True),
    "a closed connection": Reply(b"", raw=True),
    "half a response": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{", raw=True),
    "a strange length": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", raw=True),
    "broken chunks": Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", raw=True),
    "a header without end": Reply(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, raw=True),
    "a strange status": Reply(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", raw=True),
    "no status": Reply(b"HTTP/1.1 \r\nContent-Length: 0\r\n\r\n", raw=True),
    "status 500": refusal(500, "oops"),
    "status 400 without a reason": Reply(b"", status=400),
    "status 422": Reply({"detail": [{"loc": ["body"], "msg": "bad"}]}, status=422),
    "a redirect": refusal(307, "", location="http://127.0.0.1:1/v1/chat/completions"),
    "an error page": Reply(b"\xff<html>\x1b[31m", status=502, content_type="text/html; charset=no-such"),
    "a strange pause": refusal(503, "wait", retry_after="\u00b2".encode().decode("latin-1")),
    "a pause that is no number": refusal(503, "wait", retry_after="nan"),
    "a pause in the past": refusal(503, "wait", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "a drip": Reply(json.dumps(make_body()), drip_s=0.2),
}
"""What can't be read: the requests fail, with the reason."""


@pytest.fixture
def recipe(tmp_path):
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(1, GOOD + 1)]
    rows.insert(7, {"question": ODD, "answer": "107"})
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def write(url):
        source = {
            "name": "sums",
            "kind": "file",
            "path": "problems.jsonl",
            "fields": {"question": "question", "answer": "answer"},
        }
        teacher = {"backend": "openai", "model": "m", "base_url": url, "endpoint": "e", "paths": {"round": 1}}
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps({"name": "live", "version": "1.0.0", "sources": [source], "teacher": teacher}))
        return load_recipe(str(path))

    return write


@pytest.fixture
def runtime(tmp_path):
    return Runtime(allow_empty=True, store=tmp_path / "store", retries=1, timeout_s=2.0, concurrency=4)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("cotloom.builder.teacher.backends.openai_client.LONGEST_WAIT_S", 0.01)


def solve(body):
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", body["messages"][-1]["content"]).groups())
    return completion(f"{one} + {other} = {one + other}. The answer is {one + other}.")


def answer_oddly(reply):
    return lambda body: reply if ODD in body["messages"][-1]["content"] else solve(body)


def read_ledger(runtime):
    """The texts of all answers, and how many responses were kept."""
    with open_ledger(runtime.store / "ledger.sqlite") as ledger:
        (responses,) = ledger.connection.execute("SELECT count(*) FROM responses").fetchone()
        return [answer.text for _, answer in ledger.read_answers(ledger.list_digests())], responses


@pytest.mark.parametrize("name", READ)
def test_what_the_protocol_allows_is_read(recipe, runtime, name):
    with serving(answer_oddly(READ[name])) as server:
        built = build(recipe(server.url), runtime)

    assert (built.calls.new, built.calls.failed, len(server.requests)) == (GOOD + 1, 0, GOOD + 1)
    assert built.version.manifest.counts["samples_kept"] == GOOD + 1


@pytest.mark.parametrize("name", UNREAD)
def test_what_can_not_be_read_costs_only_itself(recipe, runtime, name):
    with (
        serving(answer_oddly(UNREAD[name])) as server,
        pytest.raises(Stopped, match="1 requests failed in every try") as caught,
    ):
        build(recipe(server.url), runtime)
    assert "--accept-failures" in caught.value.hint
    assert len(read_ledger(runtime)[0]) == GOOD


@pytest.mark.parametrize("name", ["a null choice", "an empty body", "invalid UTF-8", "no HTTP", "status 500"])
def test_a_version_without_what_can_not_be_read_can_be_had_and_made_whole_later(recipe, runtime, name):
    with serving(answer_oddly(UNREAD[name])) as server, pytest.raises(Stopped):
        build(recipe(server.url), runtime)

    with serving(answer_oddly(UNREAD[name])) as server:
        accepted = build(recipe(server.url), runtime.model_copy(update={"accept_failures": True}))
        assert all(ODD in body["messages"][-1]["content"] for body in server.requests)
    samples = accepted.version.read_table("samples")
    failed = samples.filter(samples["reason"] == "request_failed")
    assert (accepted.calls.ledger, failed.height, failed["detail"].null_count()) == (GOOD, 1, 0)

    with serving(solve) as server:
        whole = build(
            load_recipe(str(runtime.store.parent / "recipe.yaml"), ["version=1.0.1", f"teacher.base_url={server.url}"]),
            runtime,
        )
        assert (whole.calls.new, whole.calls.ledger, len(server.requests)) == (1, GOOD, 1)


def test_the_bytes_of_a_response_that_can_not_be_read_are_kept(recipe, runtime):
    body = b'{"choices": [{"message": {"content": 107}}], "a later reader": "may know more"}'
    with serving(answer_oddly(Reply(body))) as server, pytest.raises(Stopped):
        build(recipe(server.url), runtime)

    with open_ledger(runtime.store / "ledger.sqlite") as ledger:
        rows = ledger.connection.execute(
            "SELECT body FROM responses WHERE response NOT IN (SELECT response FROM answers)"
        )
        assert [stored for (stored,) in rows] == [body] * 2  # the first try and the second


def test_of_several_choices_the_good_ones_are_kept_and_the_others_requested_again(recipe, runtime):
    def script(body):
        reply = completion(*["2 + 1 = 3. The answer is 3."] * body["n"])
        if body["n"] > 1:
            reply.body["choices"][1] = None
        return reply

    with serving(script) as server:
        loaded = load_recipe(str(recipe(server.url).path), ["teacher.paths.round=3", "limit=1", "version=dev"])
        built = build(loaded, runtime)

    assert [body["n"] for body in server.requests] == [3, 1]
    assert (built.calls.new, built.calls.failed) == (3, 0)


def test_a_response_beyond_the_limit_is_not_taken_in(recipe, runtime, monkeypatch):
    monkeypatch.setattr(openai_transport, "MOST_BYTES", 2**20)
    huge = Reply(json.dumps(say("a" * 2**21)))
    with serving(answer_oddly(huge)) as server, pytest.raises(Stopped, match="longer than 1 MB"):
        build(recipe(server.url), runtime)
    assert len(read_ledger(runtime)[0]) == GOOD


def test_a_server_of_which_every_answer_is_odd_is_given_up_soon(recipe, runtime):
    with serving(lambda _body: refusal(500, "oops")) as server, pytest.raises(Stopped, match="keeps failing"):
        build(recipe(server.url), runtime.model_copy(update={"concurrency": 1}))
    assert len(server.requests) == 16 + 2  # and a probe that is tried again once


def test_a_key_that_a_server_puts_into_its_answers_is_not_recorded(recipe, runtime, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5b8e0d")
    echo = Reply(say(f"Your key is sk-canary-5b8e0d. {RIGHT}"))
    with serving(answer_oddly(echo)) as server:
        build(recipe(server.url), runtime)
    texts, _ = read_ledger(runtime)
    assert [text for text in texts if "sk-canary" in text] == []
    assert [text for text in texts if "$OPENAI_API_KEY" in text] != []


def test_the_users_organization_is_for_openai_alone(recipe, runtime, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-canary")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-canary")
    with serving(solve) as server:
        build(recipe(server.url), runtime)
    assert "canary" not in str(server.headers)


def test_a_redirect_takes_neither_the_key_nor_a_prompt_elsewhere(recipe, runtime, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5b8e0d")
    with serving(solve) as elsewhere:
        move = refusal(308, "", location=f"{elsewhere.url}/chat/completions")
        with (
            serving(answer_oddly(move)) as server,
            pytest.raises(Stopped, match="sends requests on to another address"),
        ):
            build(recipe(server.url), runtime)
        assert elsewhere.requests == []


def test_answers_are_recorded_as_they_arrive_although_another_prompt_hangs(recipe, tmp_path):
    hangs, release = threading.Event(), threading.Event()

    def script(body):
        if ODD in body["messages"][-1]["content"]:
            hangs.set()
            release.wait(60)
        return solve(body)

    with serving(script) as server:
        path = recipe(server.url).path
        command = [
            sys.executable,
            "-m",
            "cotloom.cli",
            "build",
            str(path),
            "--store",
            str(tmp_path / "store"),
            "--workers",
            "1",
        ]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            assert hangs.wait(60)
            runtime = Runtime(allow_empty=True, store=tmp_path / "store")
            for _ in range(600):
                if (tmp_path / "store" / "ledger.sqlite").exists() and len(read_ledger(runtime)[0]) == GOOD:
                    break
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            release.set()
        assert len(read_ledger(runtime)[0]) == GOOD
