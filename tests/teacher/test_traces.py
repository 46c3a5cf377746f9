"""A reasoning model's answers, whichever way its server sends the reasoning: the same samples, paths and rows."""

import json
from collections import Counter

import polars as pl
import pytest

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.student.experiment.conditions import make_condition
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import Reply, completion, serving

PROBLEMS = [
    (f"A box has {n} pens and {n + 3} caps. How many things are in 2 such boxes?", 4 * n + 6) for n in range(12)
]


def write_thoughts(number: int, draw: int) -> tuple[str, str]:
    """Write reasoning and response of one draw: two methods, one of them with a wrong step, and a guess."""
    pens, caps, total = number, number + 3, 4 * number + 6
    if draw == 0:
        thoughts = f"One box: {pens} + {caps} = {pens + caps}.\nTwo boxes: 2 * {pens + caps} = {total}."
    elif draw == 1:
        thoughts = (
            f"Pens: 2 * {pens} = {2 * pens + 1}. Counted again, 2 * {pens} = {2 * pens}.\n"
            f"Caps: 2 * {caps} = {2 * caps}. All: {2 * pens} + {2 * caps} = {total}."
        )
    else:
        thoughts = f"I guess {total + 1}."
    return thoughts, f"The answer is {total if draw < 2 else total + 1}."


def reply_with(shape, finish_reason="stop"):
    """Make a script that answers each question in a shape: three choices."""

    def script(body: dict) -> Reply:
        question = body["messages"][-1]["content"]
        number = next(n for n, (text, _) in enumerate(PROBLEMS) if text in question)
        draws = [write_thoughts(number, draw) for draw in range(body["n"])]
        reply = completion(*(None for _ in draws), finish_reason=finish_reason)
        for choice, (thoughts, response) in zip(reply.body["choices"], draws, strict=True):
            choice["message"] |= shape(thoughts, response)
        return reply

    return script


SHAPES = {
    "channel": lambda thoughts, response: {"reasoning_content": thoughts, "content": response},
    "channel by its other name": lambda thoughts, response: {"reasoning": thoughts, "content": f"\n\n{response}"},
    "tags": lambda thoughts, response: {"content": f"<think>\n{thoughts}\n</think>\n\n{response}"},
    "tags, the beginning in the prompt": lambda thoughts, response: {"content": f"{thoughts}\n</think>\n\n{response}"},
    "reasoning tags": lambda thoughts, response: {"content": f"<reasoning>{thoughts}</reasoning>{response}"},
    "triangles": lambda thoughts, response: {"content": f"◁think▷{thoughts}◁/think▷{response}"},
    "answer tags": lambda thoughts, response: {
        "content": f"<think>{thoughts}</think>\n<answer>\n{response}\n</answer>"
    },
    "list content": lambda thoughts, response: {
        "content": [{"type": "thinking", "thinking": thoughts}, {"type": "text", "text": response}]
    },
    "a channel, and tags in the content": lambda thoughts, response: {
        "reasoning_content": thoughts.partition("\n")[0],
        "content": f"<think>{thoughts.partition(chr(10))[2]}</think>{response}",
    },
}
FORMATS = [{"name": "zero_shot_cot"}, {"name": "zero_shot_answer"}]
SAMPLE = (
    "problem_id",
    "sample_index",
    "text",
    "reasoning",
    "verdict",
    "predicted",
    "answer_part",
    "steps",
    "signature",
)


def make_recipe(folder, write_recipe, url, **keys):
    rows = [json.dumps({"question": question, "answer": str(gold)}) for question, gold in PROBLEMS]
    (folder / "problems.jsonl").write_text("\n".join(rows) + "\n")
    source = {"name": "boxes", "kind": "file", "path": "problems.jsonl"}
    fields = {"fields": {"question": "question", "answer": "answer"}}
    teacher = {"backend": "openai", "model": "m", "base_url": url, "paths": {"round": 3, "max": 3, "target": 3}}
    return write_recipe(
        folder, sources=[{**source, **fields}], teacher=teacher, **{"formats": FORMATS, "split": {"test": 0.2}, **keys}
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory, write_recipe):
    """Build from a server that answers in a shape."""

    def made(shape, finish_reason="stop", **keys):
        folder = tmp_path_factory.mktemp("traces")
        with serving(reply_with(shape, finish_reason)) as server:
            path = make_recipe(folder, write_recipe, server.url, **keys)
            return build(load_recipe(str(path)), Runtime(store=folder / "store", workers=1, allow_empty=True)).version

    return made


def read_samples(version) -> pl.DataFrame:
    return version.read_table("samples").select(SAMPLE).sort("problem_id", "sample_index")


def read_rows(version) -> list[list[dict]]:
    examples = version.read_table("examples").filter(pl.col("fate") == "kept")
    return sorted(json.dumps(messages) for messages in examples["messages"].to_list())


@pytest.fixture(scope="module")
def channel(built):
    return built(SHAPES["channel"])


@pytest.mark.parametrize(
    "name", [name for name in SHAPES if name not in {"channel", "a channel, and tags in the content"}]
)
def test_the_same_answers_give_the_same_samples_and_rows_whichever_way_they_came(built, channel, name):
    version = built(SHAPES[name])
    assert read_samples(version).equals(read_samples(channel))
    assert read_rows(version) == read_rows(channel)


def refuse_parameters(*names):
    """Answer one choice at a time from a server that refuses parameters; each request is the next draw."""
    draws = Counter()

    def script(body: dict) -> Reply:
        refused = next((name for name in names if name in body), None)
        if refused is not None:
            return Reply({"error": {"message": f"Unsupported parameter: '{refused}'", "param": refused}}, status=400)
        question = body["messages"][-1]["content"]
        number = next(n for n, (text, _) in enumerate(PROBLEMS) if text in question)
        reply = completion(*[None] * body.get("n", 1))
        for choice in reply.body["choices"]:
            choice["message"] |= SHAPES["channel"](*write_thoughts(number, draws[number]))
            draws[number] += 1
        return reply

    return script


SERVERS = {
    "refuses n": (refuse_parameters("n"), "/v1", {}),
    "refuses the seed": (refuse_parameters("seed"), "/v1", {}),
    "refuses both": (refuse_parameters("n", "seed"), "/v1", {}),
    "o-series": (
        refuse_parameters("max_tokens", "temperature", "top_p"),
        "/v1",
        {"sampling": {"max_completion_tokens": 4096, "reasoning_effort": "low"}},
    ),
    "Azure": (
        refuse_parameters(),
        "/openai/deployments/m",
        {"query": {"api-version": "2024-10-21"}, "api_key_env": None, "headers": {"api-key": "AZURE_TEST_KEY"}},
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_the_same_answers_give_the_same_rows_whatever_the_server_is_like(
    tmp_path, write_recipe, monkeypatch, channel, name
):
    script, place, keys = SERVERS[name]
    monkeypatch.setenv("AZURE_TEST_KEY", "hush-azure")
    with serving(script) as server:
        path = make_recipe(tmp_path, write_recipe, server.url)
        teacher = json.loads(path.read_text())["teacher"]
        teacher |= {"base_url": server.url.removesuffix("/v1") + place, **keys}
        path = write_recipe(tmp_path, **{**json.loads(path.read_text()), "teacher": teacher})
        version = build(load_recipe(str(path)), Runtime(store=tmp_path / "store", workers=1, concurrency=1)).version
    assert read_samples(version).equals(read_samples(channel))
    assert read_rows(version) == read_rows(channel)


def test_a_channel_with_tags_in_the_content_is_one_reasoning(built, channel):
    samples, others = (
        read_samples(version) for version in (built(SHAPES["a channel, and tags in the content"]), channel)
    )
    assert samples["text"].equals(others["text"])
    assert [text.replace("\n\n", "\n") for text in samples["reasoning"]] == others["reasoning"].to_list()


def test_paths_with_the_same_response_and_other_reasoning_are_other_paths(channel):
    samples = channel.read_table("samples")
    kept = samples.filter(pl.col("fate") == "kept")
    assert samples.filter(pl.col("verdict") == "correct").height == 24
    assert kept.height == 24
    assert kept["signature"].null_count() == 0


def test_a_wrong_step_in_reasoning_is_marked_and_drops_nothing(channel):
    samples = channel.read_table("samples").filter(pl.col("sample_index") == 1)
    wrong = [[step for step in steps if step["outcome"] == "wrong"] for steps in samples["steps"].to_list()]
    assert all(len(steps) == 1 and steps[0]["part"] == "reasoning" for steps in wrong)
    places = [
        (text[step["start"] : step["end"]], step["text"])
        for text, (step,) in zip(samples["reasoning"], wrong, strict=True)
    ]
    assert all(said == told for said, told in places)
    assert set(samples["reason"]) <= {None, "path_duplicate"}


def test_rows_teach_the_reasoning_before_the_response(channel):
    rows = channel.read_table("examples").filter(pl.col("format") == "zero_shot_cot")
    row = rows.join(channel.read_table("samples").select("sample_id", trace="reasoning"), on="sample_id").row(
        0, named=True
    )
    prompt, target = row["messages"]
    answer = target["content"].rpartition("\n")[2]
    assert target["content"] == f"<think>\n{row['trace']}\n</think>\n\n{answer}"
    assert answer.startswith("The answer is ")
    assert row["loss_spans"] == [{"start": 0, "end": len(target["content"])}]
    assert row["characters"] == len(prompt["content"]) + len(target["content"])
    answers = channel.read_table("examples").filter(pl.col("format") == "zero_shot_answer")
    assert not any("<think>" in messages[-1]["content"] for messages in answers["messages"].to_list())


@pytest.mark.parametrize("thinking", ["field", "text", "drop"])
def test_the_recipe_says_what_becomes_of_reasoning(built, thinking):
    version = built(SHAPES["tags"], formats=[{"name": "zero_shot_cot", "thinking": thinking}])
    traces = version.read_table("samples").select("sample_id", trace="reasoning")
    for row in version.read_table("examples").join(traces, on="sample_id").iter_rows(named=True):
        prompt, target = (message["content"] for message in row["messages"])
        answer = target.rpartition("\n")[2]
        expected = {
            "field": (answer, row["trace"]),
            "text": (f"{row['trace']}\n\n{answer}", None),
            "drop": (answer, None),
        }
        assert (target, row["reasoning"]) == expected[thinking]
        assert row["characters"] == len(prompt) + len(target) + len(row["reasoning"] or "")


def test_demonstrations_show_reasoning_only_as_text(built):
    for thinking in ("think_tags", "text"):
        spec = {"name": "in_context_cot", "shots": [1, 1], "thinking": thinking}
        rows = built(SHAPES["tags"], formats=[spec]).read_table("examples").filter(pl.col("fate") == "kept")
        for messages in rows["messages"].to_list():
            shown, own = messages[1]["content"], messages[3]["content"]
            assert "<think>" not in shown
            assert ("=" in shown) == (thinking == "text")
            assert own.startswith("<think>") == (thinking == "think_tags")


CUT = {
    "in the tags": lambda thoughts, _: {"content": f"<think>{thoughts}"},
    "in the channel": lambda thoughts, _: {"content": "", "reasoning_content": thoughts},
    "in the channel, null": lambda thoughts, _: {"content": None, "reasoning_content": thoughts},
}


@pytest.mark.parametrize("name", CUT)
def test_an_answer_that_ends_within_its_reasoning_is_truncated_and_its_reasoning_is_kept(built, name):
    def shape(thoughts, response):
        return CUT[name](thoughts, response)

    samples = built(shape, finish_reason="length").read_table("samples")
    assert set(samples["verdict"]) == {"truncated"}
    assert samples["reasoning"].null_count() == 0
    assert not any(samples["text"].fill_null("").to_list())


@pytest.mark.parametrize("name", CUT)
def test_where_there_is_no_response_the_reasoning_is_judged(built, name):
    samples = built(CUT[name]).read_table("samples").filter(pl.col("sample_index") == 0)
    assert set(samples["verdict"]) == {"correct"}
    assert set(samples["answer_part"]) == {"reasoning"}
    spans = samples.select("reasoning", "span", "predicted").iter_rows()
    assert all(text[span["start"] : span["end"]] == predicted for text, span, predicted in spans)


def test_a_response_without_an_answer_is_judged_by_the_reasoning(built):
    version = built(
        lambda thoughts, response: {"reasoning_content": f"{thoughts} {response}", "content": "There it is."}
    )
    samples = version.read_table("samples").filter(pl.col("sample_index") < 2)
    assert set(samples["verdict"]) == {"correct"}
    assert set(samples["answer_part"]) == {"reasoning"}


def test_a_response_that_contradicts_its_reasoning_is_what_is_judged(built):
    version = built(
        lambda thoughts, response: {"reasoning_content": f"{thoughts} {response}", "content": "The answer is 1000."}
    )
    samples = version.read_table("samples")
    assert set(samples["verdict"]) == {"wrong"}
    assert set(samples["predicted"]) == {"1000"}


@pytest.mark.parametrize(
    ("formats", "warns"),
    [
        ([{"name": "zero_shot_cot", "thinking": "drop"}], True),
        ([{"name": "zero_shot_answer"}], True),
        ([{"name": "zero_shot_answer"}, {"name": "zero_shot_cot", "thinking": "field"}], False),
    ],
)
def test_a_build_whose_formats_hide_all_reasoning_warns(built, capsys, formats, warns):
    built(SHAPES["tags"], formats=formats)
    assert ("24 kept samples have reasoning apart from their response" in capsys.readouterr().err) == warns


@pytest.mark.parametrize("name", ["tags", "channel", *CUT])
def test_the_second_of_two_calls_is_asked_after_what_the_first_one_gave(tmp_path, write_recipe, name):
    shape = (SHAPES | CUT)[name]

    def script(body):
        if len(body["messages"]) == 1:
            return reply_with(shape)({**body, "messages": body["messages"][-1:]})
        return completion("12")

    with serving(script) as server:
        path = make_recipe(tmp_path, write_recipe, server.url)
        changes = ["teacher.prompt={template: cot_two_call}", "teacher.paths={round: 1, max: 1, target: 1}"]
        runtime = Runtime(store=tmp_path / "store", workers=1, allow_empty=True)
        samples = build(load_recipe(str(path), changes), runtime).version.read_table("samples")
        second = [body["messages"][-2]["content"] for body in server.requests if len(body["messages"]) > 1]

    assert len(second) == samples.height == len(PROBLEMS)
    assert all(content and content.strip() for content in second)
    assert not any("None" in text for text in samples["text"])
    assert samples["reasoning"].null_count() == 0


@pytest.mark.parametrize("name", ["tags", "in the channel, null"])
def test_what_a_version_without_checks_would_train_on_has_the_reasoning_too(built, name):
    version = built((SHAPES | CUT)[name])
    rows = make_condition("unchecked", version).rows
    assert rows.height > 0
    traces = dict(version.read_table("samples").select("sample_id", "reasoning").iter_rows())
    for sample_id, messages in rows.select("sample_id", "messages").iter_rows():
        assert messages[-1]["content"].startswith(f"<think>\n{traces[sample_id]}\n</think>\n\nThe answer is ")
