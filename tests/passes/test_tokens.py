"""Lengths in tokens: from the recipe's tokenizer, else from the server, never guessed; and limits on them."""

import json
from dataclasses import replace

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from cotloom.builder.audit import audit
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.passes.builds import ask
from tests.teacher.chat_server import Reply, serving

THOUGHT = "one two three four five six seven eight nine ten"
SHORT = "The answer is {}."


def make_tokenizer(folder, **settings):
    """A tokenizer of words: a token for each run between blanks."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))  # noqa: S106 - a token of a text
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if settings.get("truncation"):
        tokenizer.enable_truncation(settings["truncation"])
        tokenizer.enable_padding(length=64)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def write_recorded(folder, write_recipe, thoughts, **keys):
    """A recipe of recorded answers: problem n has the reasonings thoughts[n], each before the right answer."""
    rows = []
    for number, own in enumerate(thoughts):
        question, gold = ask(number)
        rows.append({"q": question, "a": gold, "said": [SHORT.format(gold)] * len(own), "thought": own})
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    fields = {"question": "q", "answer": "a"}
    completions = [{"column": "said", "reasoning": "thought", "teacher": "t"}]
    answers = {"path": "rows.jsonl", "problem": "q", "completions": completions}
    return write_recipe(
        folder,
        sources=[{"name": "rows", "kind": "file", "path": "rows.jsonl", "fields": fields}],
        split={"test": 0.0},
        teacher={"backend": "recorded", "answers": answers},
        **keys,
    )


def build_version(path, store, *changes):
    return build(load_recipe(str(path), changes), Runtime(store=store, workers=1, allow_empty=True)).version


def count_words(text):
    return len((text or "").split())


def test_the_recipes_tokenizer_counts_trace_and_response_of_samples_and_examples(tmp_path, store, write_recipe):
    make_tokenizer(tmp_path / "words")
    thoughts = [[f"{THOUGHT} {'more ' * n}so it is {n + 5} in all"] for n in range(6)]
    path = write_recorded(
        tmp_path,
        write_recipe,
        thoughts,
        tokenizer="words",
        formats=[{"name": "zero_shot_cot"}, {"name": "zero_shot_answer"}],
    )

    version = build_version(path, store)

    for row in version.read_table("samples").iter_rows(named=True):
        assert (row["reasoning_tokens"], row["response_tokens"]) == (
            count_words(row["reasoning"]),
            count_words(row["text"]),
        )
    lengths = dict(version.read_table("samples").select("sample_id", "reasoning_tokens").iter_rows())
    for row in version.read_table("examples").iter_rows(named=True):
        if row["format"] == "zero_shot_answer":
            assert (row["reasoning_tokens"], row["response_tokens"]) == (None, None)
        else:
            assert (row["reasoning_tokens"], row["response_tokens"]) == (lengths[row["sample_id"]], 4)
    (file,) = (item for item in version.manifest.inputs if item.name == "tokenizer")
    assert file.file == "words/tokenizer.json"


def test_no_limit_and_no_padding_of_a_tokenizer_changes_a_count(tmp_path, store, write_recipe):
    make_tokenizer(tmp_path / "cut", truncation=3)
    path = write_recorded(tmp_path, write_recipe, [[THOUGHT]], tokenizer="cut/tokenizer.json")
    assert build_version(path, store).read_table("samples")["reasoning_tokens"].to_list() == [10]


def test_the_content_of_the_tokenizer_is_identity_and_its_place_is_not(tmp_path, write_recipe):
    one, two = make_tokenizer(tmp_path / "one"), make_tokenizer(tmp_path / "two")
    path = write_recorded(tmp_path, write_recipe, [[THOUGHT]])

    prints = [
        build_version(path, tmp_path / f"store{number}", *([f"tokenizer={name}"] if name else [])).manifest.fingerprint
        for number, name in enumerate((None, one, two))
    ]
    changed = json.loads((two / "tokenizer.json").read_text())
    changed["model"]["vocab"]["the"] = 1
    (two / "tokenizer.json").write_text(json.dumps(changed))
    prints.append(build_version(path, tmp_path / "store9", f"tokenizer={two}").manifest.fingerprint)

    assert prints[1] == prints[2]
    assert len(set(prints)) == 3


def test_counts_are_recalled_where_the_tokenizer_is_the_same(tmp_path, store, write_recipe, monkeypatch):
    make_tokenizer(tmp_path / "words")
    path = write_recorded(tmp_path, write_recipe, [[f"{THOUGHT} {n}"] for n in range(9)], tokenizer="words")
    first = build_version(path, store).read_table("samples")
    asked = []

    def count(texts, _path):
        asked.extend(texts)
        return [0] * len(texts)

    monkeypatch.setattr("cotloom.builder.passes.tokens.count_tokens", count)
    again = build_version(path, store, "version=1.0.1", "verify.steps=tag").read_table("samples")

    assert asked == []
    assert again["reasoning_tokens"].to_list() == first["reasoning_tokens"].to_list()


LIMITS = {"lengths": {"reasoning": {"max_tokens": 12, "min_tokens": 3}, "response": {"max_tokens": 30}}}


def test_paths_outside_the_limits_are_dropped_with_one_reason_before_paths_are_compared(
    tmp_path, store, write_recipe, run
):
    make_tokenizer(tmp_path / "words")
    long, short = f"{THOUGHT} {THOUGHT}", "well then"
    thoughts = [[long, short, THOUGHT, f"{THOUGHT} indeed"], [long], ["brief"]]
    path = write_recorded(tmp_path, write_recipe, thoughts, tokenizer="words", select=LIMITS)

    version = build_version(path, store)

    samples = version.read_table("samples")
    dropped = samples.filter(samples["reason"].is_in(["too_long", "too_short"]))
    assert sorted(dropped["reason"]) == ["too_long", "too_long", "too_short", "too_short"]
    assert set(dropped["stage"]) == {"select"}
    assert set(dropped["verdict"]) == {"correct"}
    assert "reasoning: 20 tokens; max_tokens is 12" in dropped["detail"].to_list()
    assert dropped["cluster"].null_count() == dropped.height
    assert {row.reason for row in version.manifest.funnel if row.dropped} >= {"too_long", "too_short"}
    assert run("audit", version.path).code == 0


def test_without_a_reasoning_its_length_is_zero_and_too_short(tmp_path, store, write_recipe):
    make_tokenizer(tmp_path / "words")
    path = write_recorded(tmp_path, write_recipe, [[None], [THOUGHT]], tokenizer="words", select=LIMITS)
    samples = build_version(path, store).read_table("samples").sort("reasoning_tokens")
    assert samples["reasoning_tokens"].to_list() == [0, 10]
    assert samples["reason"].to_list() == ["too_short", None]


def test_unknown_lengths_are_kept_and_a_warning_counts_them(tmp_path, store, write_recipe, run):
    path = write_recorded(tmp_path, write_recipe, [[THOUGHT], [f"{THOUGHT} {THOUGHT}"]], select=LIMITS)
    built = run("build", path, "--store", store, "--workers", 1, "--json")
    planned = run("plan", path, "--store", store, "--json")

    assert built.code == 0
    assert "the reasoning of 2 kept samples has an unknown number of tokens" in " ".join(built.err.split())
    assert "tokenizer" in planned.json["warnings"][0]
    version = json.loads(run("show", "tiny", "--store", store, "--json").out)
    assert [(part["unknown"], part["bins"]) for part in version["tokens"]] == [(2, []), (2, [])]
    shown = " ".join(run("show", "tiny", "--store", store).out.split())
    assert "Tokens of reasoning and response: unknown" in shown


def test_limits_that_no_length_meets_are_refused(tmp_path, store, write_recipe, run):
    limits = {"lengths": {"reasoning": {"max_tokens": 3, "min_tokens": 4}}}
    done = run("plan", write_recorded(tmp_path, write_recipe, [[THOUGHT]], select=limits), "--store", store)
    assert done.code == 2
    assert "min_tokens is 4, and max_tokens only 3" in done.err


def test_show_has_a_histogram_and_the_rules_that_read_answers(tmp_path, store, write_recipe, run):
    make_tokenizer(tmp_path / "words")
    path = write_recorded(
        tmp_path, write_recipe, [[THOUGHT], [f"{THOUGHT} {THOUGHT}"], ["brief"]], tokenizer="words", select=LIMITS
    )
    build_version(path, store)

    text, told = run("show", "tiny", "--store", store).out, run("show", "tiny", "--store", store, "--json").json

    reasoning, response = told["tokens"]
    assert (reasoning["part"], reasoning["counted_by"], reasoning["tokens"], reasoning["unknown"]) == (
        "reasoning", "tokenizer", 31, 0,
    )  # fmt: skip
    assert reasoning["bins"] == [
        {"least": 1, "most": 1, "samples": 1, "kept": 0},
        {"least": 8, "most": 15, "samples": 1, "kept": 1},
        {"least": 16, "most": 31, "samples": 1, "kept": 0},
    ]
    assert [(item["least"], item["samples"]) for item in response["bins"]] == [(4, 3)]
    assert "Tokens of the reasoning (by the recipe's tokenizer, mean 10)" in text
    assert "16-31" in text
    assert told["readings"] == [{"rule": "answer_is", "part": "text", "samples": 3, "kept": 1}]


def test_a_tokenizer_that_is_missing_or_broken_is_named(tmp_path, store, write_recipe, run):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "tokenizer.json").write_text("{}")
    path = write_recorded(tmp_path, write_recipe, [[THOUGHT]])
    for name, words in (
        ("./nowhere", "nowhere"),
        ("nothing.json", "nothing.json"),
        ("empty", "empty has no tokenizer.json"),
        ("broken", "holds no tokenizer"),
    ):
        done = run("build", path, "--store", store, "--workers", 1, "--set", f"tokenizer={name}")
        assert (done.code, words in " ".join(done.err.split())) == (2, True), done.err


# The server's counts


def reply(usage, *, content="The answer is {}.", thought=None, choices=1):
    message = {"role": "assistant", "content": content, **({"reasoning_content": thought} if thought else {})}
    items = [{"index": n, "finish_reason": "stop", "message": message} for n in range(choices)]
    return Reply({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": items, "usage": usage})


def details(count):
    return {"completion_tokens_details": {"reasoning_tokens": count}}


PLAIN = {"prompt_tokens": 7, "completion_tokens": 30, "total_tokens": 37}
SHAPES = {
    "told apart by the server": ({**PLAIN, **details(22)}, THOUGHT, 1, (22, 8)),
    "hidden reasoning": ({**PLAIN, **details(22)}, None, 1, (22, 8)),
    "no reasoning": ({**PLAIN, **details(0)}, None, 1, (0, 30)),
    "no reasoning, and no details": (PLAIN, None, 1, (0, 30)),
    "details are null": ({**PLAIN, "completion_tokens_details": None}, None, 1, (0, 30)),
    "reasoning that the server does not count": (PLAIN, THOUGHT, 1, (None, None)),
    "reasoning that the server counts as 0": ({**PLAIN, **details(0)}, THOUGHT, 1, (None, None)),
    "reasoning counted beside the rest": ({**PLAIN, "total_tokens": 59, **details(22)}, THOUGHT, 1, (22, 30)),
    "more reasoning than tokens": ({**PLAIN, **details(99)}, THOUGHT, 1, (None, None)),
    "a count beside the details": ({**PLAIN, "reasoning_tokens": 22}, THOUGHT, 1, (22, 8)),
    "counts that are no numbers": ({**PLAIN, **details("many")}, THOUGHT, 1, (None, None)),
    "several choices": ({**PLAIN, **details(22)}, THOUGHT, 2, (None, None)),
    "no usage": (None, THOUGHT, 1, (None, None)),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_servers_counts_are_taken_where_it_parts_them(tmp_path, store, write_recipe, shape):
    usage, thought, choices, expected = SHAPES[shape]
    with serving(lambda _body: reply(usage, thought=thought, choices=choices, content="The answer is 5.")) as server:
        teacher = {
            "backend": "openai", "model": "m", "base_url": server.url, "paths": {"round": choices},
        }  # fmt: skip
        path = write_recipe(tmp_path, sources=[{"name": "made", "kind": "arithmetic", "problems": 2}], teacher=teacher)
        samples = build_version(path, store).read_table("samples")
    assert set(samples.select("reasoning_tokens", "response_tokens").iter_rows()) == {expected}


def test_tags_in_the_text_leave_the_parts_unknown(tmp_path, store, write_recipe):
    text = f"<think>{THOUGHT}</think>The answer is 5."
    with serving(lambda _body: reply(PLAIN, content=text)) as server:
        teacher = {"backend": "openai", "model": "m", "base_url": server.url, "paths": {"round": 1}}
        path = write_recipe(tmp_path, sources=[{"name": "made", "kind": "arithmetic", "problems": 2}], teacher=teacher)
        samples = build_version(path, store).read_table("samples")
    assert set(samples.select("reasoning_tokens", "response_tokens").iter_rows()) == {(None, None)}


def test_two_calls_are_counted_together(tmp_path, store, write_recipe):
    with serving(lambda _body: reply({**PLAIN, **details(20)}, content="5")) as server:
        teacher = {
            "backend": "openai", "model": "m", "base_url": server.url, "paths": {"round": 1},
            "prompt": {"template": "cot_two_call"},
        }  # fmt: skip
        path = write_recipe(tmp_path, sources=[{"name": "made", "kind": "arithmetic", "problems": 1}], teacher=teacher)
        samples = build_version(path, store).read_table("samples")
    assert set(samples.select("reasoning_tokens", "response_tokens").iter_rows()) == {(40, 20)}


def test_audit_counts_lengths_and_readings_again(tmp_path, store, write_recipe):
    make_tokenizer(tmp_path / "words")
    version = build_version(write_recorded(tmp_path, write_recipe, [[THOUGHT]], tokenizer="words"), store)
    manifest = version.manifest
    (reasoning, response), (reading,) = manifest.tokens, manifest.readings
    longer = reasoning.model_copy(update={"tokens": 99})
    for keys, words in (
        ({}, []),
        ({"tokens": (longer, response)}, ["other lengths in tokens"]),
        ({"tokens": ()}, ["other lengths in tokens"]),
        ({"readings": (reading.model_copy(update={"kept": 0}),)}, ["other rules that read final answers"]),
    ):
        forged = replace(version, manifest=manifest.model_copy(update=keys))
        found = audit(forged, only="counts")
        assert [any(word in finding.message for word in words) for finding in found] == [True] * len(words)
