"""Traces leave a version where trainers and chat templates look for them."""

import json

import datasets
import pytest

from cotloom.builder.export import export
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.student.tiny_students import make_student

TEMPLATE = (  # writes a channel as the templates of today do: before the last answer, and only there
    "{%- for message in messages -%}<|{{ message.role }}|>"
    "{%- if loop.last and message.reasoning_content -%}"
    "{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif -%}"
    "{{ message.content }}<|end|>{%- endfor -%}"
)


def think(number: int) -> str:
    return f"First {number} + 3 = {number + 3}.\nThen {number + 3} * 2 = {2 * number + 6}, which fits."


@pytest.fixture(scope="module")
def made(tmp_path_factory, write_recipe):
    """Build from recorded answers whose reasoning is a column."""

    def build_with(**keys):
        folder = tmp_path_factory.mktemp("traces")
        problems = [
            {
                "question": f"Add 3 to {n}, then double it, says {'a' * (n + 1)}.",
                "answer": str(2 * n + 6),
                "thought": think(n),
            }
            for n in range(12)
        ]
        lines = "".join(json.dumps({**row, "said": f"The answer is {row['answer']}."}) + "\n" for row in problems)
        (folder / "rows.jsonl").write_text(lines)
        fields = {"question": "question", "answer": "answer"}
        completions = [{"column": "said", "reasoning": "thought", "teacher": "thinker"}]
        recipe = write_recipe(
            folder,
            sources=[{"name": "rows", "kind": "file", "path": "rows.jsonl", "fields": fields}],
            split={"test": 0.2},
            teacher={
                "backend": "recorded",
                "answers": {"path": "rows.jsonl", "problem": "question", "completions": completions},
            },
            formats=[{"name": "zero_shot_cot", **keys}],
        )
        return build(load_recipe(str(recipe)), Runtime(store=folder / "store", workers=1)).version

    return build_with


def read_back(version, name, folder):
    export(version, name, folder)
    return datasets.load_dataset("json", data_files=str(folder / "train.jsonl"), cache_dir=str(folder / "cache"))[
        "train"
    ]


def test_trl_gets_the_channel_and_a_chat_template_puts_it_before_the_answer(made, tmp_path):
    rows = read_back(made(thinking="field"), "trl", tmp_path / "out")
    tokenizer = make_student("llama").tokenizer
    for row in rows:
        (answer,) = row["completion"]
        text = tokenizer.apply_chat_template([*row["prompt"], answer], chat_template=TEMPLATE, tokenize=False)
        thought = answer["reasoning_content"]
        assert thought.startswith("First ")
        assert text.endswith(f"<|assistant|><think>\n{thought}\n</think>\n\n{answer['content']}<|end|>")


@pytest.mark.parametrize("name", ["trl", "trl-messages", "llama-factory", "axolotl"])
@pytest.mark.parametrize("thinking", ["think_tags", "field"])
def test_every_trainer_gets_the_trace_before_the_answer(made, tmp_path, name, thinking):
    rows = read_back(made(thinking=thinking), name, tmp_path / "out")
    for row in rows:
        last = row["completion"][-1] if "completion" in row else row["messages"][-1]
        has_field = thinking == "field" and name.startswith("trl")
        assert ("reasoning_content" in last) == has_field
        answer = last["content"].rpartition("\n")[2]
        number = (int(answer.removeprefix("The answer is ").removesuffix(".")) - 6) // 2
        if has_field:
            assert (last["reasoning_content"], last["content"]) == (think(number), answer)
        else:
            assert last["content"] == f"<think>\n{think(number)}\n</think>\n\n{answer}"


def test_a_version_without_traces_has_no_such_key(made, tmp_path):
    rows = read_back(made(thinking="drop"), "trl", tmp_path / "out")
    assert all(set(row["completion"][0]) == {"role", "content"} for row in rows)
