"""The packaged recipe `reasoning_traces`: two servers, three kinds of questions, two languages, two trainers."""

import json
import re

import datasets
import polars as pl
import pytest

from cotloom.builder import verify
from cotloom.builder.export import export
from cotloom.builder.languages import choose_wording
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.sources import load_problems
from cotloom.schemas.runtime import Runtime
from tests.student.tiny_students import make_student
from tests.teacher.chat_server import completion, serving

TEMPLATE = (  # writes a channel as the templates of today do: before the last answer, and only there
    "{%- for message in messages -%}<|{{ message.role }}|>"
    "{%- if loop.last and message.reasoning_content -%}"
    "{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif -%}"
    "{{ message.content }}<|end|>{%- endfor -%}"
)
YES_NO = [(f"Is {n} larger than {m}?", "yes" if n > m else "no") for n, m in ((3, 2), (4, 9), (12, 7), (5, 50))]
YES_NO += [("三角形有三条边吗？", "yes"), ("鱼会走路吗？", "no")]
CHOICES = [
    ("Which of these is a fruit?", ["stone", "apple", "chair"], "B"),
    ("下面哪个是动物？", ["石头", "桌子", "猫"], "C"),
]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SENTENCES = {False: "The answer is {}.", True: "答案是 {}。"}


def answer(gold, kind, question, method):
    """Write the reasoning and the response of one method, in the language of the question."""
    is_chinese = bool(CHINESE.search(question))
    if kind == "number":
        reasoning = f"{gold} + {method} = {int(gold) + method}.\n{int(gold) + method} - {method} = {gold}."
    elif is_chinese:
        reasoning = f"想一想第 {method} 种理由：从题目本身可以看出来。" + "再检查一遍。" * method
    else:
        reasoning = f"Reason number {method}: the question says it. " + "Let me check that again. " * method
    said = f"({gold})" if kind == "choice" else {"yes": "是", "no": "否"}.get(gold, gold) if is_chinese else gold
    return reasoning, SENTENCES[is_chinese].format(said)


def reply_with(problems, method, shape):
    """Answer each question that a message ends with, each draw with another method."""

    def script(body):
        asked = body["messages"][-1]["content"]
        gold, kind, question = next(row for row in problems if row[2] in asked)
        draws = [answer(gold, kind, question, method + 5 * draw) for draw in range(body["n"])]
        reply = completion(*[None] * len(draws))
        for choice, (reasoning, response) in zip(reply.body["choices"], draws, strict=True):
            choice["message"] |= shape(reasoning, response)
        return reply

    return script


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the recipe as it is, with the addresses of two servers."""
    folder = tmp_path_factory.mktemp("traces")
    rows = [{"question": question, "answer": gold} for question, gold in YES_NO]
    (folder / "yes_no.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rows = [{"question": question, "options": options, "answer": gold} for question, options, gold in CHOICES]
    (folder / "choices.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    patch = pytest.MonkeyPatch()
    patch.setenv("TRACES_DIR", str(folder))
    runtime = Runtime(store=folder / "store", retries=2, timeout_s=60.0, concurrency=8, workers=1)
    frame = load_problems(load_recipe("reasoning_traces"), verify.IS_READABLE, runtime=runtime).frame
    problems = frame.select("answer", "answer_type", "question").rows()
    channel = reply_with(problems, 1, lambda thought, response: {"reasoning_content": thought, "content": response})
    tags = reply_with(problems, 3, lambda thought, response: {"content": f"<think>\n{thought}\n</think>\n\n{response}"})
    with serving(channel) as one, serving(tags) as other:
        changes = [f"teacher.0.base_url={one.url}", f"teacher.1.base_url={other.url}"]
        version = build(load_recipe("reasoning_traces", changes), runtime).version
    patch.undo()
    return version, (one, other)


def test_both_teachers_answer_every_question_and_their_traces_are_told_apart(built):
    version, _ = built
    samples = version.read_table("samples").join(version.read_table("problems"), on="problem_id", suffix="_problem")
    assert samples.height == 4 * (80 + len(YES_NO) + len(CHOICES))
    assert samples["reasoning"].null_count() == 0
    assert not samples["text"].str.contains("think").any()
    assert set(samples["verdict"]) == {"correct"}
    by_teacher = samples.filter(pl.col("fate") == "kept").group_by("teacher", "answer_type", "language").len()
    assert by_teacher.height == 2 * 3 * 2
    assert version.manifest.teachers == ("Qwen/Qwen3-8B", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B")


@pytest.mark.parametrize("server", [0, 1])
def test_each_kind_of_question_has_demonstrations_of_its_kind_in_its_language(built, server):
    for body in built[1][server].requests:
        *shown, own = [message["content"] for message in body["messages"]]
        asked, is_chinese = own.split("\n\n"), bool(CHINESE.search(own.split("\n\n")[0]))
        assert len(shown) == 4
        assert all(bool(CHINESE.search(text)) == is_chinese for text in (*shown, asked[-1]))
        wording = choose_wording("zh" if is_chinese else "en")
        is_choice, is_number = "(A)" in own, wording.equations in asked[-1]
        assert ("(A)" in shown[0]) == is_choice
        assert is_choice or ("=" in shown[1]) == is_number


def test_rows_are_in_the_language_of_the_question(built):
    version, _ = built
    rows = version.read_table("examples").filter(pl.col("fate") == "kept")
    languages = version.read_table("problems").select("problem_id", "language")
    for row in rows.join(languages, on="problem_id").iter_rows(named=True):
        prompt, target = (message["content"] for message in row["messages"])
        cue = prompt.rpartition("\n")[2]
        assert [bool(CHINESE.search(text)) for text in (cue, target)] == [row["language"] == "zh"] * 2


def read_back(version, name, folder):
    export(version, name, folder)
    files = str(next(folder.glob("train*.json*")))
    return datasets.load_dataset("json", data_files=files, cache_dir=str(folder / "cache"))["train"]


def test_trl_gets_the_reasoning_where_a_chat_template_takes_it(built, tmp_path):
    version, _ = built
    tokenizer = make_student("llama").tokenizer
    rows = read_back(version, "trl", tmp_path / "out")
    assert len(rows) > 200
    for row in rows:
        (last,) = row["completion"]
        text = tokenizer.apply_chat_template([*row["prompt"], last], chat_template=TEMPLATE, tokenize=False)
        thought = last["reasoning_content"]
        assert text.endswith(f"<|assistant|><think>\n{thought}\n</think>\n\n{last['content']}<|end|>")


def test_llama_factory_gets_the_reasoning_between_tags(built, tmp_path):
    version, _ = built
    rows = read_back(version, "llama-factory", tmp_path / "out")
    assert len(rows) > 200
    for row in rows:
        last = row["messages"][-1]["content"]
        begin, thought, response = re.fullmatch(r"(<think>\n)(.+)\n</think>\n\n(.+)", last, re.DOTALL).groups()
        assert begin
        assert thought.strip()
        assert "think>" not in response
