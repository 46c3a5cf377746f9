"""Servers with their own ways: parameters that they refuse, addresses, headers, failures that look like answers."""

import json
import re

import pytest

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import Reply, completion, refusal, serving

PROBLEMS = [{"question": f"What is {n} + {n + 1}?", "answer": str(2 * n + 1)} for n in range(2, 14)]


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe over twelve problems for a server; returns a function of its address and more keys."""
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS))

    def write(url, **teacher):
        given = {"backend": "openai", "model": "m", "base_url": url, "paths": {"round": 2}, **teacher}
        fields = {"question": "question", "answer": "answer"}
        source = {"name": "sums", "kind": "file", "path": "problems.jsonl", "fields": fields}
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps({"name": "live", "version": "1.0.0", "sources": [source], "teacher": given}))
        return load_recipe(str(path))

    return write


@pytest.fixture
def runtime(tmp_path):
    return Runtime(store=tmp_path / "store", retries=2, timeout_s=5.0, concurrency=4)


def solve(body):
    """Answer every sum rightly, in as many wordings as there are choices asked for."""
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", body["messages"][-1]["content"]).groups())
    wordings = ["{} + {} = {}. The answer is {}.", "We add: {} + {} = {}.\nThe answer is {}."]
    texts = [wordings[n % 2].format(one, other, one + other, one + other) for n in range(body.get("n", 1))]
    return completion(*texts)


def build_from(recipe, runtime, script, **teacher):
    with serving(script) as server:
        built = build(recipe(server.url, **teacher), runtime)
    return built, server


# Parameters that a server refuses

REFUSALS = {
    "OpenAI's shape": lambda name: Reply(
        {"error": {"message": f"Unsupported parameter: '{name}'.", "type": "invalid_request_error", "param": name}}, 400
    ),
    "a location": lambda name: Reply(
        {"detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}]}, 422
    ),
    "a location in the message": lambda name: Reply(
        {"object": "error", "message": {"detail": [{"loc": ["body", name], "msg": "Extra inputs"}]}, "code": 422}, 422
    ),
    "a message that begins with it": lambda name: refusal(400, f"{name}: Extra inputs are not permitted"),
    "quotes": lambda name: refusal(400, f"'{name}' : value must be at most 1"),
    "backticks": lambda name: refusal(400, f"property `{name}` is unsupported"),
    "a comparison": lambda name: refusal(400, f"only {name}=1 is supported, got something else"),
    "a sentence": lambda name: refusal(422, f"This model does not take the parameter {name}."),
    "status 200": lambda name: Reply({"error": {"message": f'unknown field "{name}"', "code": 400}}),
}


@pytest.mark.parametrize("shape", REFUSALS)
@pytest.mark.parametrize("refused", [("n",), ("seed",), ("n", "seed")])
def test_n_and_seed_are_left_out_where_a_server_refuses_them_and_it_is_said_once(
    recipe, runtime, capsys, shape, refused
):
    def script(body):
        name = next((name for name in refused if name in body), None)
        return solve(body) if name is None else REFUSALS[shape](name)

    built, server = build_from(recipe, runtime, script)

    samples = built.version.read_table("samples")
    assert (samples.height, set(samples["verdict"])) == (24, {"correct"})
    err = capsys.readouterr().err
    assert [err.count(f"does not take the parameter {name}:") for name in refused] == [1] * len(refused)
    last = server.requests[-1]
    assert not set(refused) & set(last)
    asked_in_vain = [body for body in server.requests if set(refused) & set(body)]
    assert len(asked_in_vain) <= len(refused) * runtime.concurrency


def test_samples_are_the_same_whether_a_server_takes_n_or_not(recipe, runtime, tmp_path):
    def one_by_one(body):
        return REFUSALS["OpenAI's shape"]("n") if "n" in body else solve(body)

    built, _ = build_from(recipe, runtime, one_by_one)
    other, _ = build_from(recipe, runtime.model_copy(update={"store": tmp_path / "other"}), solve)
    columns = ["problem_id", "sample_index", "hint", "teacher", "verdict", "predicted"]
    tables = [each.version.read_table("samples").select(columns).sort(columns) for each in (built, other)]
    assert tables[0].equals(tables[1])


def test_a_parameter_of_the_recipe_is_never_left_out_in_silence(recipe, runtime):
    def no_temperature(body):
        return REFUSALS["OpenAI's shape"]("temperature") if "temperature" in body else solve(body)

    with pytest.raises(InputError, match="refuses the request") as caught:
        build_from(recipe, runtime, no_temperature, sampling={"temperature": 0.7})
    assert caught.value.keys == ("teacher.sampling.temperature",)
    assert "leave teacher.sampling.temperature out" in caught.value.hint


def test_an_error_that_names_nothing_that_was_sent_leaves_nothing_out(recipe, runtime):
    with pytest.raises(InputError, match="refuses the request") as caught:
        build_from(recipe, runtime, lambda _body: refusal(400, "an n-gram in your prompt isn't allowed"))
    assert caught.value.keys == ("teacher.sampling",)


def answer_as_o_series(body):
    """Refuse what OpenAI's reasoning models refuse, in their words' shape."""
    for name, other in (("max_tokens", "max_completion_tokens"), ("temperature", None), ("top_p", None)):
        if name in body:
            instead = f" Use '{other}' instead." if other else ""
            message = f"Unsupported parameter: '{name}' is not supported with this model.{instead}"
            return Reply({"error": {"message": message, "param": name, "code": "unsupported_parameter"}}, 400)
    return solve(body)


def test_a_model_that_wants_another_parameter_says_which(recipe, runtime):
    with pytest.raises(InputError) as caught:
        build_from(recipe, runtime, answer_as_o_series, sampling={"max_tokens": 900})
    assert caught.value.keys == ("teacher.sampling.max_tokens",)
    assert "max_completion_tokens in place of max_tokens" in caught.value.hint

    sampling = {"max_completion_tokens": 900, "reasoning_effort": "high"}
    built, server = build_from(recipe, runtime, answer_as_o_series, sampling=sampling)
    assert set(built.version.read_table("samples")["verdict"]) == {"correct"}
    assert [(body["max_completion_tokens"], body["reasoning_effort"]) for body in server.requests] == [
        (900, "high")
    ] * len(PROBLEMS)


def test_every_parameter_reaches_the_server_as_it_is_named(recipe, runtime):
    sampling = {
        "temperature": 0.5, "top_p": 0.9, "top_k": 20, "min_p": 0.05, "repetition_penalty": 1.1,
        "frequency_penalty": 0.2, "presence_penalty": -0.2, "stop": ["###"], "max_tokens": 64,
        "extra_body": {"chat_template_kwargs": {"enable_thinking": True}, "service_tier": "flex", "user": None},
    }  # fmt: skip
    _, server = build_from(recipe, runtime, solve, sampling=sampling)
    extra = sampling.pop("extra_body")
    for body in server.requests:
        assert {**sampling, **extra}.items() <= body.items()


def test_what_is_null_is_not_sent(recipe, runtime):
    _, server = build_from(recipe, runtime, solve)
    assert {frozenset(body) for body in server.requests} == {frozenset({"model", "messages", "n", "seed"})}


def test_another_seed_draws_other_answers_and_the_same_seed_the_same(recipe, runtime, tmp_path):
    seeds = {}
    for name, seed in (("none", None), ("one", 1), ("two", 2), ("one again", 1)):
        store = runtime.model_copy(update={"store": tmp_path / name})
        _, server = build_from(recipe, store, solve, sampling={"seed": seed}, endpoint="house")
        seeds[name] = sorted(body["seed"] for body in server.requests)
        assert len(set(seeds[name])) == len(PROBLEMS)
    assert seeds["one"] == seeds["one again"]
    assert len({tuple(each) for each in seeds.values()}) == 3


# Failures that look like answers


def choose(script):
    """Answer the first time that a question comes by the script, later rightly."""
    seen = set()

    def answered(body):
        question = body["messages"][-1]["content"]
        if question in seen:
            return solve(body)
        seen.add(question)
        return script(body)

    return answered


BLANK = {
    "empty": lambda body: completion(*[""] * body["n"]),
    "null": lambda body: completion(*[None] * body["n"]),
    "blanks": lambda body: completion(*["\n \n"] * body["n"]),
    "no parts": lambda body: completion(*[[]] * body["n"]),
    "an error in the choice": lambda body: completion(*["2 +"] * body["n"], finish_reason="error"),
    "an error and nothing": lambda body: completion(*[""] * body["n"], finish_reason="error"),
}


WITHHELD = {
    "a refusal beside null": {"content": None, "refusal": "I won't."},
    "a refusal beside nothing": {"content": " ", "refusal": "I won't."},
    "a refusal in a part": {"content": [{"type": "refusal", "refusal": "I won't."}]},
}


@pytest.mark.parametrize("name", WITHHELD)
def test_a_refusal_is_an_answer_whose_words_are_kept(recipe, runtime, name):
    def refuse(body):
        reply = completion(*[None] * body["n"])
        for choice in reply.body["choices"]:
            choice["message"] |= WITHHELD[name]
        return reply

    built, server = build_from(recipe, runtime.model_copy(update={"allow_empty": True}), refuse)
    samples = built.version.read_table("samples")
    assert (set(samples["reason"]), set(samples["detail"])) == ({"request_failed"}, {"I won't."})
    assert len(server.requests) == 12


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_what_a_content_filter_withholds_is_not_asked_for_again(recipe, runtime, text):
    def withhold(body):
        return completion(*[text] * body["n"], finish_reason="content_filter")

    built, server = build_from(recipe, runtime.model_copy(update={"allow_empty": True}), withhold)
    samples = built.version.read_table("samples")
    assert set(samples["detail"]) == {"a content filter withheld it"}
    assert len(server.requests) == 12


def test_refused_log_probabilities_name_the_key_that_asks_for_them(recipe, runtime):
    def refuse(body):
        return REFUSALS["OpenAI's shape"]("logprobs") if "logprobs" in body else solve(body)

    with pytest.raises(InputError) as caught:
        build_from(recipe, runtime, refuse, sampling={"top_logprobs": 5})
    assert caught.value.keys == ("teacher.sampling.top_logprobs",)


@pytest.mark.parametrize("name", BLANK)
def test_an_answer_that_is_none_is_asked_for_again(recipe, runtime, name):
    built, server = build_from(recipe, runtime, choose(BLANK[name]))
    samples = built.version.read_table("samples")
    assert (samples.height, set(samples["verdict"])) == (24, {"correct"})
    assert len(server.requests) == 24


def test_only_the_choices_that_failed_are_asked_for_again(recipe, runtime):
    def half(body):
        reply = solve(body)
        reply.body["choices"][1]["message"]["content"] = ""
        return reply

    _, server = build_from(recipe, runtime, choose(half))
    assert sorted(body["n"] for body in server.requests) == [1] * 12 + [2] * 12


def test_a_server_that_never_answers_ends_the_build_and_says_so(recipe, runtime):
    with pytest.raises(Stopped, match=r"gives no answer to a prompt, after \d tries: it is empty"):
        build_from(recipe, runtime, BLANK["empty"])


def test_an_empty_answer_that_used_up_its_tokens_is_not_paid_again(recipe, runtime):
    def think_unseen(body):
        return completion(*[""] * body["n"], finish_reason="length")

    with serving(think_unseen) as server:
        built = build(recipe(server.url), runtime.model_copy(update={"allow_empty": True}))
    assert len(server.requests) == 12
    assert set(built.version.read_table("samples")["reason"]) == {"truncated"}


def test_the_words_of_a_refusal_are_kept(recipe, runtime):
    words = "I can't help with that sum."

    def refuse(body):
        return completion(*[None] * body["n"], refusal=words)

    with serving(refuse) as server:
        built = build(recipe(server.url), runtime.model_copy(update={"allow_empty": True}))
    samples = built.version.read_table("samples")
    assert (set(samples["detail"]), set(samples["reason"])) == ({words}, {"request_failed"})
    assert len(server.requests) == 12


def test_a_model_that_a_server_does_not_know_is_answered_with_those_it_has(recipe, runtime, monkeypatch):
    """The list is asked once, with the key and nothing else of the environment; a secret in it is not shown."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-77aa01")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: hush-custom")
    names = ["qwen3-4b-instruct", "m-large", "sk-canary-77aa01"]
    models = Reply({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})
    with (
        serving(lambda _body: refusal(404, "no such model"), on_get=lambda _path: models) as server,
        pytest.raises(InputError, match="knows no model") as caught,
    ):
        build(recipe(server.url, model="qwen3-4b"), runtime)

    assert "it has: qwen3-4b-instruct, " in caught.value.hint
    assert "canary" not in caught.value.hint
    assert server.paths.count("/v1/models") == 1
    assert "hush-custom" not in str(server.headers)


def test_an_account_without_credit_ends_the_build_at_once(recipe, runtime):
    spent = refusal(429, "You exceeded your current quota, please check your plan and billing", "insufficient_quota")
    with serving(lambda _body: spent) as server, pytest.raises(Stopped, match="takes no more requests") as caught:
        build(recipe(server.url), runtime.model_copy(update={"concurrency": 1}))

    assert (len(server.requests), "add credit" in caught.value.hint) == (1, True)


@pytest.mark.parametrize("status", [401, 404])
def test_a_key_or_model_that_was_taken_before_may_be_refused_once(recipe, runtime, status):
    """After the first answer such a status is a hiccup of a gateway, and the request is sent again."""
    seen = []

    def script(body):
        seen.append(body)
        return refusal(status, "who are you?") if len(seen) == 3 else solve(body)

    with serving(script) as server:
        built = build(recipe(server.url), runtime.model_copy(update={"concurrency": 1}))

    assert (built.calls.failed, len(server.requests)) == (0, len(PROBLEMS) + 1)


def test_a_server_that_starts_late_is_waited_for(recipe, runtime):
    """The first requests find no server that is ready, far more of them than would do to call it broken."""
    seen = []

    def script(body):
        seen.append(body)
        return refusal(503, "loading the model") if len(seen) <= 20 else solve(body)

    with serving(script) as server:
        built = build(recipe(server.url, paths={"round": 1}), runtime.model_copy(update={"retries": 6}))

    assert (built.calls.new, built.calls.failed) == (len(PROBLEMS), 0)


def test_a_server_that_breaks_down_is_sent_few_requests(recipe, runtime):
    def script(body):
        return solve(body) if len(server.requests) <= 4 else refusal(500, "out of memory")

    with serving(script) as server, pytest.raises(Stopped, match="out of memory"):
        build(recipe(server.url, paths={"round": 1}), runtime.model_copy(update={"retries": 3}))
    assert len(server.requests) < 60


@pytest.mark.parametrize("concurrency", [1, 2, 64])
def test_a_server_that_asks_for_hours_ends_the_build_with_its_words(recipe, runtime, concurrency):
    daily = refusal(429, "Daily limit of 200 requests reached", retry_after="7200")
    with serving(lambda _body: daily) as server, pytest.raises(Stopped, match=r"Daily limit of 200") as caught:
        build(recipe(server.url), runtime.model_copy(update={"concurrency": concurrency}))

    assert "asks to wait for 120 more minutes" in str(caught.value)
    assert caught.value.exit_code == 3
    assert len(server.requests) <= concurrency
