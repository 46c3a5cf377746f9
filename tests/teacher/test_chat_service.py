"""The server of its own process keeps its word: what it limits, breaks and writes down is what a test asked for."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.chat_responses import read_server_error
from cotloom.builder.teacher.request import Response, ResponseKind
from cotloom.builder.teacher.responses import read_choices

from .chat_service import Answers, Busy, Faults, Latency, Limit, Settings, running
from .chat_service.answers import write_solution
from .chat_service.faults import FAULTS, FaultPicker
from .chat_service.limits import Gate
from .chat_service.record import Recorder
from .chat_service.settings import Throttling, read_settings

ROOT = Path(__file__).resolve().parents[2]


def ask(service, question="What is 4 + 5?", *, key="none", **body):
    """Ask one question. Returns status, headers and body; nothing where the connection was closed."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    whole = {"model": "m", "messages": [{"role": "user", "content": question}], **body}
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(whole), {"Authorization": f"Bearer {key}"})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        connection.close()


def read_texts(content):
    choices = read_choices(Response(ResponseKind.CHAT, content))
    return [(choice.reasoning, choice.text) for choice in choices]


def test_settings_survive_the_way_to_the_process():
    settings = Settings(
        latency=Latency(slow_share=0.5), limits=(Limit(of="tokens", amount=3, kind="fixed"),),
        throttling=Throttling(retry_after=None), faults=Faults(rates={"cut": 0.1}, script={"1": "cut"}),
        answers=Answers(n="ignored"), lifetime_s=5,
    )  # fmt: skip
    assert read_settings(json.loads(json.dumps(settings.to_plain()))) == settings


def test_an_answer_is_a_function_of_the_body():
    with running() as one, running() as other:
        bodies = [{"n": 3, "seed": seed} for seed in range(20)]
        first = [ask(one, **body)[2] for body in bodies]
        assert [ask(other, **body)[2] for body in reversed(bodies)] == first[::-1]
    texts = [text for content in first for _, text in read_texts(content)]
    assert len(texts) == 60
    assert len({*texts}) > 8
    right = sum(text.endswith("The answer is 9.") for text in texts)
    assert 30 < right < 60


@given(st.integers(0, 2**32), st.integers(0, 10**6), st.sampled_from("+-*"), st.integers(0, 99))
def test_solutions_are_right_but_for_a_share(draw, one, sign, other):
    right = {"+": one + other, "-": one - other, "*": one * other}[sign]
    question = f"First 1 + 1? No: what is {one} {sign} {other}?"
    assert write_solution(question, draw, 0.0).endswith(f"The answer is {right}.")
    assert write_solution(question, draw, 1.0).endswith(f"The answer is {right + 1}.")


@pytest.mark.parametrize(("reasoning", "expected"), [(None, False), ("field", True), ("tags", True)])
def test_reasoning_and_log_probabilities_are_where_they_should_be(reasoning, expected):
    with running(Settings(answers=Answers(tokens=30, wrong_share=0.0, reasoning=reasoning))) as service:
        content = ask(service, logprobs=True, top_logprobs=2)[2]
    choice = json.loads(content)["choices"][0]
    assert ("reasoning_content" in choice["message"]) == (reasoning == "field")
    assert ("<think>" in choice["message"]["content"]) == (reasoning == "tags")
    assert {len(token["top_logprobs"]) for token in choice["logprobs"]["content"]} == {2}
    assert json.loads(content)["usage"]["completion_tokens"] >= 30
    assert choice["message"]["content"].endswith("The answer is 9.")
    assert ("reasoning_content" in choice["message"] or "<think>" in choice["message"]["content"]) == expected


def test_n_is_honoured_ignored_or_refused():
    seen = {}
    for n in ("honoured", "ignored", "refused"):
        with running(Settings(answers=Answers(n=n))) as service:
            status, _, content = ask(service, n=4)
        seen[n] = (status, len(read_texts(content)) if status == 200 else {*read_server_error(content).parameters})
    assert seen == {"honoured": (200, 4), "ignored": (200, 1), "refused": (400, {"n"})}


def run_gate(limit, arrivals, tokens=1):
    """Let requests come at these times. Returns the times of those that were let in."""
    gate = Gate((limit,), Throttling())
    return [now for now in arrivals if not gate.admit(now, tokens)]


@given(
    st.lists(st.floats(0.001, 2.0), min_size=1, max_size=80),
    st.sampled_from(["bucket", "sliding", "fixed"]),
    st.integers(1, 6),
)
def test_no_limit_is_ever_exceeded(gaps, kind, amount):
    arrivals = [100 + sum(gaps[: place + 1]) for place in range(len(gaps))]
    admitted = run_gate(Limit(of="requests", amount=amount, per_s=2.0, kind=kind), arrivals)
    most = {"bucket": 2 * amount, "sliding": amount, "fixed": 2 * amount}[kind]
    assert max(sum(begin <= each < begin + 2.0 for each in admitted) for begin in arrivals) <= most
    if kind == "fixed":
        assert max(Counter(each // 2.0 for each in admitted).values()) <= amount


@pytest.mark.parametrize("kind", ["bucket", "sliding", "fixed"])
@pytest.mark.parametrize("of", ["requests", "tokens"])
def test_after_the_wait_that_is_named_a_request_is_let_in(kind, of):
    gate = Gate((Limit(of=of, amount=6, per_s=3.0, kind=kind),), Throttling(headers=True, retry_after="exact"))
    while not (wait := gate.admit(10.5, 2)):
        pass
    assert 0 < wait <= 3
    assert b"x-ratelimit-remaining" in gate.write_headers(10.5, wait)
    assert gate.admit(10.5 + wait * 0.9, 2) > 0
    assert gate.admit(10.5 + wait + 1e-6, 2) == 0


def test_a_limit_answers_429_with_what_was_asked_for():
    limit = Limit(of="requests", amount=2, per_s=60.0)
    with running(Settings(limits=(limit,), throttling=Throttling(headers=True))) as service:
        replies = [ask(service, seed=seed) for seed in range(3)]
    assert [status for status, _, _ in replies] == [200, 200, 429]
    assert replies[0][1]["x-ratelimit-remaining-requests"] == "1"
    assert 29 <= int(replies[2][1]["Retry-After"]) <= 30
    assert service.read_statistics()["outcomes"] == {"answered": 2, "throttled": 1}


def test_faults_come_at_their_rates_and_not_by_chance():
    picker = FaultPicker(Faults(rates={"failed": 0.1, "cut": 0.05}))
    picked = [picker.pick(number, f"{number}", 0) for number in range(10_000)]
    counts = Counter(picked)
    assert 900 < counts["failed"] < 1_100
    assert 420 < counts["cut"] < 580
    assert [picker.pick(7, f"{number}", 0) for number in range(10_000)] == picked
    assert [picker.pick(0, f"{number}", 1) for number in range(10_000)] != picked
    with pytest.raises(ValueError, match="no such faults: fialed"):
        FaultPicker(Faults(script={"1": "fialed"}))


def test_faults_come_by_script_and_every_fault_is_what_it_is_called():
    names = [name for name in FAULTS if name != "stalled"]
    script = {str(number): name for number, name in enumerate(names, start=1)}
    with running(Settings(faults=Faults(script=script))) as service:
        replies = dict(zip(names, [ask(service, key="k-123", seed=seed) for seed in range(len(names))], strict=True))
        assert ask(service)[0] == 200
    assert {name for name, reply in replies.items() if reply is None} == {"dropped", "cut", "echo_garbage"}
    assert (replies["throttled"][0], replies["failed"][0], replies["unauthorized"][0]) == (429, 500, 401)
    with pytest.raises(json.JSONDecodeError):
        json.loads(replies["truncated"][2])
    for name in (name for name in names if name.startswith("echo_") and name != "echo_garbage"):
        _, headers, content = replies[name]
        assert "k-123" in str(headers) + content.decode() + content.decode("unicode_escape"), name
    assert [request.outcome for request in service.read_requests()] == [*names, "answered"]


def test_how_many_were_in_flight_is_written_down():
    recorder = Recorder()
    one = recorder.open("a", 5.0)
    other = recorder.open("b", 6.0)
    recorder.close(one, "answered", 8.0)
    recorder.close(other, "left", 9.0)
    recorder.close(recorder.open("a", 13.0), "answered", 14.0)
    busy = Busy({int(count): seconds for count, seconds in recorder.describe()["busy"].items()})
    assert busy.seconds == {0: 4.0, 1: 3.0, 2: 2.0}
    assert (busy.total_s, busy.find_share_below(1), busy.find_share_below(2)) == (9.0, 4 / 9, 7 / 9)
    assert recorder.tries["a"] == 2
    assert [request.outcome for request in recorder.requests] == ["answered", "left", "answered"]


def test_many_at_once_are_all_in_flight_and_slow_ones_are_the_same_in_every_run():
    settings = Settings(latency=Latency(fixed_s=0.1, slow_share=0.25, slow_s=1.5))
    slow = []
    for _ in range(2):
        with running(settings) as service:
            threads = [threading.Thread(target=ask, args=(service, f"What is {n} + 1?")) for n in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert service.read_statistics()["most_in_flight"] > 1
        slow.append({each.digest for each in service.read_requests() if each.ended_s - each.came_s >= 1.5})
    assert 0 < len(slow[0]) < 12
    assert slow[0] == slow[1]


def test_the_process_ends_with_its_parent():
    code = (
        "from tests.teacher.chat_service import running\n"
        "import os\n"
        "with running() as service:\n    print(service.process.pid, flush=True)\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert wait_for_end(int(done.stdout))


def wait_for_end(pid):
    """Whether a process that is no child of this one ends."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
