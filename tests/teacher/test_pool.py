"""Several teachers and several prompts in one recipe: who is asked what, and in which words."""

import json
import re

import polars as pl
import pytest

from cotloom.builder.commands.output import describe_builds
from cotloom.builder.errors import InputError, RecipeError, Stopped
from cotloom.builder.pipeline import build
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.teacher.demonstrations import Demo, find_answer_types
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import completion, refusal, serving

SUMS = [{"q": f"What is {n} + {n + 1}?", "a": str(2 * n + 1), "task": "sums", "kind": "school"} for n in range(2, 8)]
FACTS = [
    {"q": f"Is {n} an even number?", "a": "yes" if n % 2 == 0 else "no", "task": "parity", "kind": "school"}
    for n in range(20, 26)
]
FIELDS = {"question": "q", "answer": "a", "task": "task", "category": "kind"}


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe over six sums and six yes-or-no questions; returns a function of its teachers and more keys."""

    def write(teacher, **keys):
        sources = []
        for name, rows, kind in (("sums", SUMS, "number"), ("facts", FACTS, "boolean")):
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            file = {"name": name, "kind": "file", "path": f"{name}.jsonl", "fields": FIELDS, "answer_type": kind}
            sources.append(file)
        path = tmp_path / "recipe.yaml"
        whole = {"name": "pool", "version": "1.0.0", "sources": sources, "teacher": teacher, **keys}
        path.write_text(json.dumps(whole))
        return load_recipe(str(path))

    return write


@pytest.fixture
def runtime(tmp_path):
    return Runtime(store=tmp_path / "store", retries=0, timeout_s=5.0, concurrency=4)


def ask(url, model, **keys):
    return {"backend": "openai", "model": model, "base_url": url, "paths": {"round": 1}, **keys}


def solve(body):
    """Answer rightly, by adding up or by a sentence."""
    question = body["messages"][-1]["content"]
    sum_of = re.search(r"(\d+) \+ (\d+)\?", question)
    if sum_of:
        one, other = map(int, sum_of.groups())
        text = f"{one} + {other} = {one + other}. The answer is {one + other}."
    else:
        number = int(re.search(r"Is (\d+) an even", question)[1])
        text = f"{number} ends with {number % 10}, so look at that. The answer is {'no' if number % 2 else 'yes'}."
    return completion(*[text] * body.get("n", 1))


def solve_other_way(body):
    """Answer rightly, sums by another method."""
    question = body["messages"][-1]["content"]
    sum_of = re.search(r"(\d+) \+ (\d+)\?", question)
    if not sum_of:
        return solve(body)
    one, other = map(int, sum_of.groups())
    return completion(*[f"2 * {one} = {2 * one}. {2 * one} + 1 = {one + other}. The answer is {one + other}."])


def fail(_body):
    return completion("I do not know.")


def read(built):
    problems = built.version.read_table("problems").select("problem_id", "task")
    return built.version.read_table("samples").join(problems, on="problem_id")


# Several teachers


@pytest.mark.parametrize("share", [
    ({"sources": ["sums"]}, {"sources": ["facts"]}), ({"tasks": ["sums"]}, {"tasks": ["parity"]}),
    ({"sources": ["sums"], "categories": ["school"]}, {"tasks": ["parity"]}),
])  # fmt: skip
def test_each_teacher_is_asked_its_share(recipe, runtime, share):
    with serving(solve) as small, serving(solve) as large:
        teachers = [ask(small.url, "small", share=share[0]), ask(large.url, "large", share=share[1])]
        built = build(recipe(teachers), runtime)
    by_task = dict(read(built).group_by("task").agg(pl.col("teacher").unique()).iter_rows())
    assert by_task == {"sums": ["small"], "parity": ["large"]}
    assert (len(small.requests), len(large.requests)) == (6, 6)
    assert [(key, calls.new) for key, calls in built.calls.by_teacher] == [("teacher.0", 6), ("teacher.1", 6)]
    assert built.version.manifest.teachers == ("large", "small")
    examples = built.version.read_table("examples").join(read(built), on="sample_id", suffix="_of_sample")
    assert examples.height == 12
    assert examples["teacher"].equals(examples["teacher_of_sample"], check_names=False)
    calls = describe_builds([built])["calls"]
    assert [(each["key"], each["new"]) for each in calls["teachers"]] == [("teacher.0", 6), ("teacher.1", 6)]


def test_paths_of_all_teachers_are_pooled_and_the_same_path_is_kept_once(recipe, runtime):
    with serving(solve) as one, serving(solve) as same, serving(solve_other_way) as other:
        teachers = [ask(server.url, name) for server, name in ((one, "one"), (same, "same"), (other, "other"))]
        samples = read(build(recipe(teachers), runtime))
    sums = samples.filter(pl.col("task") == "sums")
    assert sums.height == 18
    assert sums.select("problem_id", "signature").n_unique() == 12
    kept = sums.filter(pl.col("fate") == "kept")
    assert kept.height == 12
    assert kept.group_by("problem_id").agg(pl.col("signature").n_unique())["signature"].to_list() == [2] * 6
    assert samples["round"].unique().sort().to_list() == [0, 1, 2]


def test_a_later_teacher_is_asked_only_about_what_the_earlier_ones_left(recipe, runtime):
    def solve_some(body):
        return solve(body) if "+" in body["messages"][-1]["content"] else fail(body)

    paths = {"round": 1, "max": 1, "target": 1}
    with serving(solve_some) as cheap, serving(solve) as strong:
        teachers = [ask(cheap.url, "cheap", paths=paths), ask(strong.url, "strong", paths=paths)]
        built = build(recipe(teachers), runtime)
        again = build(recipe(teachers, version="1.0.1"), runtime)
    assert (len(cheap.requests), len(strong.requests)) == (12, 6)
    kept = read(built).filter(pl.col("fate") == "kept")
    assert sorted(set(kept.select("teacher", "task").iter_rows())) == [("cheap", "sums"), ("strong", "parity")]
    assert again.calls.new == 0
    assert again.version.manifest.content_digest == built.version.manifest.content_digest


def test_a_hint_is_a_fallback_for_what_no_teacher_solved(recipe, runtime):
    with serving(fail) as weak, serving(solve) as strong, serving(solve) as hinted:
        last = ask(hinted.url, "hinted", hint={"mode": "fallback"}, share={"sources": ["sums"]})
        teachers = [
            ask(weak.url, "weak"), ask(strong.url, "strong", share={"sources": ["facts"]}),
            {**last, "paths": {"round": 1}},
        ]  # fmt: skip
        build(recipe(teachers), runtime)
    assert len(hinted.requests) == 6
    assert not any("right answer" in json.dumps(body) for body in hinted.requests)


def test_the_failures_of_one_teacher_are_told_apart(recipe, runtime):
    with serving(solve) as well, serving(lambda _body: refusal(500, "out of memory")) as ill:
        teachers = [ask(well.url, "well"), ask(ill.url, "ill", share={"sources": ["facts"]})]
        with pytest.raises(Stopped, match="6 requests failed"):
            build(recipe(teachers), runtime)
        accepted = runtime.model_copy(update={"accept_failures": True})
        built = build(recipe(teachers), accepted)
    assert [(key, calls.failed) for key, calls in built.calls.by_teacher] == [("teacher.0", 0), ("teacher.1", 6)]
    failed = read(built).filter(pl.col("reason") == "request_failed")
    assert set(failed["teacher"]) == {"ill"}


def test_problems_that_no_teacher_is_asked_are_said(recipe, runtime, capsys):
    with serving(solve) as server:
        loaded = recipe([ask(server.url, "m", share={"sources": ["sums"]})])
        plan_build(loaded, runtime)
        assert "no teacher is asked about 6 problems: 6 of facts (parity)" in capsys.readouterr().err
        build(loaded, runtime.model_copy(update={"allow_empty": True}))
    assert "no teacher is asked about 6 problems" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("teachers", "said"),
    [
        ([], "teacher"),
        ([ask("http://127.0.0.1:9/v1", "m"), ask("http://127.0.0.1:9/v1", "m")], "is the same as a teacher before it"),
        ([ask("http://127.0.0.1:9/v1", "m", share={"sources": ["sumz"]})], "no source sumz is sampled"),
        ([{"backend": "recorded", "answers": {"path": "x", "problem": "q", "completions": [{"column": "a",
          "teacher": "t"}]}}], "recorded answers stand alone"),
        ([ask("http://127.0.0.1:9/v1", "m", shares={})], "teacher.0.shares: unknown key; did you mean share?"),
        (ask("http://127.0.0.1:9/v1", "m", shares={}), "teacher.shares: unknown key; did you mean share?"),
        ([{"backend": "opnai"}], "teacher.0: 'opnai' is none of"),
        (ask("http://127.0.0.1:9/v1", "m", prompts={"by": "source", "of": {"x": {}}}), "no source x is sampled"),
        (ask("http://127.0.0.1:9/v1", "m", prompts={"by": "task", "of": {"a.b": {"user": "{{ f() }}"}}}),
         "teacher.prompts.of.a.b.user"),
        (ask("http://127.0.0.1:9/v1", "m", prompt={"hint_text": "{{ f() }}"}), "teacher.prompt.hint_text"),
    ],
)  # fmt: skip
def test_teachers_that_do_not_go_together_are_refused(recipe, teachers, said):
    with pytest.raises(RecipeError) as caught:
        recipe(teachers)
    assert said in caught.value.message


# Several prompts


@pytest.mark.parametrize(("by", "names"), [
    ("task", ("sums", "parity")), ("source", ("sums", "facts")), ("answer_type", ("number", "boolean")),
])  # fmt: skip
def test_each_kind_of_question_gets_its_own_prompt(recipe, runtime, by, names):
    prompts = {"by": by, "of": {names[0]: {"cue": "Add up."}, names[1]: {"cue": "Yes or no."}}}
    with serving(solve) as server:
        build(recipe(ask(server.url, "m", prompts=prompts)), runtime)
    asked = {body["messages"][-1]["content"] for body in server.requests}
    assert {text.partition("\n\n")[2] for text in asked if "+" in text} == {"Add up."}
    assert {text.partition("\n\n")[2] for text in asked if "even" in text} == {"Yes or no."}


def test_problems_of_no_entry_get_the_first_prompt(recipe, runtime):
    prompts = {"by": "task", "of": {"parity": {"cue": "Yes or no."}}}
    with serving(solve) as server:
        loaded = recipe(ask(server.url, "m", prompt={"cue": "Think."}, prompts=prompts))
        plan = plan_build(loaded, runtime)
        build(loaded, runtime)
    asked = [body["messages"][-1]["content"].split("\n\n") for body in server.requests]
    assert {tuple(parts[1:]) for parts in asked} == {("Think.",), ("Yes or no.",)}
    assert [planned.prompt for planned in plan.teacher.requests] == ["teacher.prompt", "teacher.prompts.of.parity"]


def test_an_entry_for_no_problem_is_an_error_that_names_what_there_is(recipe, runtime):
    loaded = recipe(ask("http://127.0.0.1:9/v1", "m", prompts={"by": "task", "of": {"parities": {}}}))
    for step in (plan_build, build):
        with pytest.raises(InputError, match="no problem has the task 'parities'") as caught:
            step(loaded, runtime)
        assert "parity, sums" in caught.value.hint


FEW = {"template": "cot_few_shot", "shots": 2}


def test_demonstrations_of_another_answer_type_are_an_error_before_anything_is_sent(recipe, runtime):
    with serving(solve) as server:
        for demos, wrong in (("arithmetic", "boolean"), ("boolean", "number"), ("choice", "boolean")):
            loaded = recipe(ask(server.url, "m", prompt={**FEW, "demos": demos}))
            for step in (plan_build, build):
                with pytest.raises(InputError, match=f"have the answer type {wrong}"):
                    step(loaded, runtime)
        assert server.requests == []
        prompts = {
            "by": "answer_type",
            "of": {name: {**FEW, "demos": demos} for name, demos in (("number", "arithmetic"), ("boolean", "boolean"))},
        }
        built = build(recipe(ask(server.url, "m", prompts=prompts)), runtime)
    inputs = {item.name for item in built.version.manifest.inputs}
    assert {"teacher.prompts.of.number.demos", "teacher.prompts.of.boolean.demos"} <= inputs
    for body in server.requests:
        shown, own = body["messages"][1]["content"], body["messages"][-1]["content"]
        assert shown.rstrip(".").endswith(("yes", "no")) == ("even" in own)


@pytest.mark.parametrize(("answer", "kinds"), [
    ("18", {"number", "text"}), ("1,200 dollars", {"number", "text"}), ("yes", {"boolean", "text"}),
    ("No", {"boolean", "text"}), ("Paris", {"text"}), ("(B)", {"choice", "text"}), ("是", {"boolean", "text"}),
])  # fmt: skip
def test_demonstrations_of_a_file_fit_the_types_that_their_answers_may_be_of(recipe, runtime, tmp_path, answer, kinds):
    demos = {"demos": [{"question": "Q?", "rationale": "R.", "answer": answer}]}
    (tmp_path / "demos.yaml").write_text(json.dumps(demos))
    for kind in ("number", "boolean"):
        prompts = {"by": "answer_type", "of": {kind: {**FEW, "shots": 1, "demos": "demos.yaml"}}}
        loaded = recipe(ask("http://127.0.0.1:9/v1", "m", prompts=prompts))
        if kind in kinds:
            plan_build(loaded, runtime)
        else:
            with pytest.raises(InputError, match=f"have the answer type {kind}"):
                plan_build(loaded, runtime)


@pytest.mark.parametrize(("answer", "kinds", "others"), [
    ("pear, apple", {"list", "set", "text", "expression"}, {"number", "boolean", "choice", "ratio"}),
    ("3 May 2024", {"date", "number", "text"}, {"boolean", "choice"}),
    ("3:30", {"time", "ratio"}, {"boolean"}), ("x + y", {"expression"}, {"number", "time"}),
])  # fmt: skip
def test_demonstrations_may_answer_with_dates_lists_and_expressions(answer, kinds, others):
    found = find_answer_types(Demo(question="Q?", rationale="R.", answer=answer))
    assert kinds <= found
    assert others.isdisjoint(found)


def test_a_demonstration_may_show_its_answer_first(recipe, runtime):
    prompts = {"by": "task", "of": {"sums": {**FEW, "demos": "arithmetic", "demo_order": "answer_first"}}}
    with serving(solve) as server:
        build(recipe(ask(server.url, "m", prompts=prompts)), runtime)
    shown = [body["messages"][1]["content"] for body in server.requests if len(body["messages"]) > 1]
    assert len(shown) == 6
    assert all(text.startswith("The answer is ") and "\n" in text for text in shown)


def test_the_words_of_a_hint_and_of_the_answer_are_keys(recipe, runtime):
    prompt = {"hint_text": "{{ question }} [known: {{ answer }}]", "answer_format": "Box it."}
    with serving(solve) as server:
        build(recipe(ask(server.url, "m", prompt=prompt, hint={"mode": "always"})), runtime)
    first = next(body["messages"][-1]["content"] for body in server.requests if "What is 2 + 3?" in json.dumps(body))
    assert first.startswith("What is 2 + 3? [known: 5]\n\n")
    assert first.endswith(" Box it.")


TOKENS = [{"token": part, "logprob": -0.5, "top_logprobs": []} for part in ("2 + 3", " = 5.")]


def test_the_second_call_has_words_and_parameters_of_its_own_and_keeps_its_log_probabilities(recipe, runtime):
    def answer(body):
        is_second = len(body["messages"]) > 1
        text = "The answer is 5." if is_second else "2 + 3 = 5."
        reply = completion(*[text] * body["n"])
        own = [{"token": "The answer is 5.", "logprob": -0.25, "top_logprobs": []}] if is_second else TOKENS
        for choice in reply.body["choices"]:
            choice["logprobs"] = {"content": own}
        return reply

    prompt = {"template": "cot_two_call", "second_call": {"cue": "And so?", "temperature": 0.0, "max_tokens": 9}}
    sampling = {"temperature": 0.8, "max_tokens": 300, "top_logprobs": 1}
    with serving(answer) as server:
        loaded = recipe(ask(server.url, "m", prompt=prompt, sampling=sampling))
        built = build(loaded, runtime.model_copy(update={"allow_empty": True}))
    first, second = ([body for body in server.requests if len(body["messages"]) == count] for count in (1, 3))
    assert {(body["temperature"], body["max_tokens"]) for body in first} == {(0.8, 300)}
    assert {(body["temperature"], body["max_tokens"]) for body in second} == {(0.0, 9)}
    assert {body["messages"][-1]["content"] for body in second} == {"And so?"}
    sample = built.version.read_table("samples").row(0, named=True)
    assert "".join(token["token"] for token in sample["token_logprobs"]) == sample["text"]
    assert [token["logprob"] for token in sample["token_logprobs"]] == [-0.5, -0.5, 0.0, -0.25]


def test_another_prompt_of_one_task_is_another_fingerprint_and_keeps_the_answers_of_the_others(recipe, runtime):
    prints = []
    with serving(solve) as server:
        for version, cue in (("1.0.0", "Yes or no."), ("1.0.1", "Yes or no?")):
            prompts = {"by": "task", "of": {"parity": {"cue": cue}}}
            built = build(recipe(ask(server.url, "m", prompts=prompts), version=version), runtime)
            prints.append((built.version.manifest.fingerprint, built.calls.new))
    assert prints[0][0] != prints[1][0]
    assert [new for _, new in prints] == [12, 6]
