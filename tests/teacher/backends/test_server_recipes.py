"""The recipes of docs/teachers.md, each against a server that speaks the provider's documented shape."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cotloom.builder.marked_yaml import read_yaml
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher.backends.openai_keys import find_destination
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.teacher import OpenAITeacher
from tests.teacher.chat_server import Reply, completion, serving

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "teachers.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"```yaml\n# (\S+?)(?::[^\n]*)?\n(teacher:\n.+?)```", PAGE, re.DOTALL))
PROBLEMS = [
    (f"A box has {n} pens and {n + 3} caps. How many things are in 2 such boxes?", 4 * n + 6) for n in range(12)
]


def read_teacher(folder, name):
    path = folder / "teacher.yaml"
    path.write_text(RECIPES[name])
    return read_yaml(path).data["teacher"]


SECRET = "hush-7d2f-never-leaves"  # noqa: S105 - of this test only


def think(number):
    total = 4 * number + 6
    return (
        f"One box: {number} + {number + 3} = {2 * number + 3}.\nTwo boxes: 2 * {2 * number + 3} = {total}.",
        f"The answer is {total}.",
    )


def place(body, *messages, finish_reason="stop"):
    """A completion with these messages, as many as were asked for."""
    reply = completion(*[None] * len(messages), finish_reason=finish_reason)
    for choice, message in zip(reply.body["choices"], messages, strict=True):
        choice["message"] |= message
    reply.body["model"] = body["model"]
    return reply


def answer_each(shape):
    """Answer every question in the shape of one message."""

    def script(body):
        question = body["messages"][-1]["content"]
        number = next(n for n, (text, _) in enumerate(PROBLEMS) if text in question)
        return place(body, *[shape(*think(number))] * body.get("n", 1))

    return script


def answer_openai(body):
    for name in ("max_tokens", "temperature", "top_p", "logprobs"):
        if name in body:
            return Reply({"error": {"message": f"Unsupported parameter: '{name}'", "param": name}}, 400)
    assert (body["max_completion_tokens"], body["reasoning_effort"]) == (4096, "medium")
    return answer_each(lambda _, response: {"content": response, "refusal": None, "annotations": []})(body)


def answer_azure(body):
    reply = answer_each(lambda thoughts, response: {"content": f"{thoughts}\n\n{response}"})(body)
    for choice in reply.body["choices"]:
        choice["content_filter_results"] = {"hate": {"filtered": False, "severity": "safe"}}
    return reply


def answer_openrouter(body):
    assert (body["reasoning"], body["provider"]) == ({"effort": "high"}, {"sort": "price"})
    return answer_each(
        lambda thoughts, response: {
            "content": response,
            "reasoning": thoughts,
            "reasoning_details": [{"type": "reasoning.text", "text": thoughts, "format": "unknown", "index": 0}],
        }
    )({**body, "n": 1})


def answer_vllm(body):
    assert (body["chat_template_kwargs"], body["top_k"], body["min_p"]) == ({"enable_thinking": True}, 20, 0.0)
    return answer_each(lambda thoughts, response: {"content": response, "reasoning_content": thoughts})(body)


def answer_deepseek(body):
    return answer_each(lambda thoughts, response: {"content": response, "reasoning_content": thoughts})(
        {**body, "n": 1}
    )


def answer_anthropic(body):
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 4096}
    if body.get("n", 1) != 1:
        error = {"type": "invalid_request_error", "message": "n: only 1 is supported", "code": None, "param": None}
        return Reply({"error": error}, 400)
    return answer_each(lambda _, response: {"content": response})(body)


def answer_gemini(body):
    assert body["extra_body"]["google"]["thinking_config"]["include_thoughts"] is True
    return answer_each(lambda thoughts, response: {"content": f"<thought>{thoughts}</thought>{response}"})(body)


SERVERS = {
    "OpenAI": (answer_openai, "OPENAI_API_KEY", False),
    "Azure": (answer_azure, "AZURE_OPENAI_API_KEY", False),
    "OpenRouter": (answer_openrouter, "OPENROUTER_API_KEY", True),
    "DeepSeek": (answer_deepseek, "DEEPSEEK_API_KEY", True),
    "Anthropic": (answer_anthropic, "ANTHROPIC_API_KEY", False),
    "Gemini": (answer_gemini, "GEMINI_API_KEY", True),
    "vLLM": (answer_vllm, None, True),
}
"""For each recipe of the page: its server, the variable of its key, and whether it returns the reasoning apart."""


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for _, variable, _ in SERVERS.values():
        if variable is not None:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_the_page_has_a_recipe_for_each_server():
    assert list(RECIPES) == list(SERVERS)


def build_recipe(tmp_path, teacher, url):
    rows = [json.dumps({"question": question, "answer": str(gold)}) for question, gold in PROBLEMS]
    (tmp_path / "problems.jsonl").write_text("\n".join(rows) + "\n")
    source = {"name": "boxes", "kind": "file", "path": "problems.jsonl"}
    source["fields"] = {"question": "question", "answer": "answer"}
    whole = {"name": "served", "version": "1.0.0", "sources": [source], "formats": [{"name": "zero_shot_cot"}]}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({**whole, "teacher": {**teacher, "base_url": url, "paths": {"round": 2}}}))
    return build(load_recipe(str(path)), Runtime(store=tmp_path / "store", retries=1, timeout_s=5.0))


@pytest.mark.parametrize("name", SERVERS)
def test_a_recipe_of_the_page_builds_from_a_server_of_that_shape(tmp_path, monkeypatch, name):
    script, variable, has_trace = SERVERS[name]
    teacher = read_teacher(tmp_path, name)
    if variable is not None:
        monkeypatch.setenv(variable, SECRET)
    given = urlsplit(teacher.get("base_url", "https://api.openai.com/v1"))
    with serving(script) as server:
        host = server.url.removesuffix("/v1")
        built = build_recipe(tmp_path, teacher, f"{host}{given.path}")

    query = "?api-version=2024-10-21" if name == "Azure" else ""
    assert set(server.paths) == {f"{given.path}/chat/completions{query}"}
    sent = {header: value for header, value in server.headers[0].items() if SECRET in value}
    assert {header.lower(): value for header, value in sent.items()} == (
        {} if variable is None else {"api-key": SECRET} if name == "Azure" else {"authorization": f"Bearer {SECRET}"}
    )
    samples = built.version.read_table("samples").sort("problem_id", "sample_index")
    gold = built.version.read_table("problems").select("problem_id", "answer")
    joined = samples.join(gold, on="problem_id")
    assert samples.height == 24
    assert joined["predicted"].to_list() == joined["answer"].to_list()
    assert (samples["reasoning"].null_count() == 0) == has_trace
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("name", [name for name in SERVERS if name not in {"Azure", "vLLM"}])
def test_the_key_of_a_recipe_of_the_page_needs_no_permission(tmp_path, monkeypatch, name):
    teacher = OpenAITeacher.model_validate(read_teacher(tmp_path, name))
    monkeypatch.setenv(teacher.api_key_env, SECRET)
    assert all(secret.is_allowed for secret in find_destination(teacher, Runtime()).secrets)


def test_azures_key_needs_the_permission_that_the_page_names(tmp_path, monkeypatch):
    teacher = OpenAITeacher.model_validate(read_teacher(tmp_path, "Azure"))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", SECRET)
    permission = re.search(r"--allow-key (\S+)", RECIPES["Azure"])[1]
    for allowed, runtime in ((False, Runtime()), (True, Runtime(allow_keys=(permission,)))):
        assert [secret.is_allowed for secret in find_destination(teacher, runtime).secrets] == [allowed]
