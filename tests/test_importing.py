"""The recipes of docs/importing.md build the published shapes of datasets, made small here."""

import io
import json
import os
import re
import subprocess
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from cotloom.builder.audit import run_checks
from cotloom.builder.store import find_version
from cotloom.schemas.recipe import Recipe
from tests.conftest import ROOT
from tests.publish.hub import serving

PAGE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
RECIPES = {
    text.split("\n", 1)[0].removeprefix("name: "): text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
}


@pytest.mark.parametrize("text", RECIPES.values(), ids=RECIPES)
def test_every_recipe_of_the_page_is_one(text):
    assert Recipe.model_validate(YAML(typ="safe", pure=True).load(text)).teacher.backend == "recorded"


@pytest.fixture
def build_from_hub(tmp_path, command):
    """Build a recipe of the page from a dataset on a Hub of this machine."""

    def built(name: str, repository: str, files: dict[str, bytes]):
        (tmp_path / "recipe.yaml").write_text(RECIPES[name], encoding="utf-8")
        with serving(repository) as hub:
            hub.commit(files)
            environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
            environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
            environment |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
            words = [
                *command,
                "build",
                tmp_path / "recipe.yaml",
                "--store",
                tmp_path / "store",
                "--workers",
                "1",
                "--json",
            ]
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return find_version(tmp_path / "store", name), done.stderr

    return built


def write_parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(rows).write_parquet(file)
    return file.getvalue()


def read_kept(version, name: str = "samples") -> pl.DataFrame:
    return version.read_table(name).filter(pl.col("fate") == "kept")


def test_openr1_math(build_from_hub):
    rows = [
        {
            "problem": f"What is ${n} + 4$?", "solution": f"Add them: \\boxed{{{n + 4}}}.", "answer": str(n + 4),
            "problem_type": "Algebra", "question_type": "math-word-problem", "source": "own", "uuid": f"u-{n}",
            "is_reasoning_complete": [True, True, False],
            "generations": [
                f"<think>\n{n} + 4 = {n + 4}, plainly.\n</think>\n\nSo it is \\boxed{{{n + 4}}}.",
                f"<think>\nSay {n} + 4 = {n + 5}? No matter.\n</think>\n\nIt is \\boxed{{{n + 5}}}.",
                "<think>\nFirst I count all of them and",
            ],
            "correctness_math_verify": [True, False, False], "correctness_llama": None, "finish_reasons": None,
            "correctness_count": 1,
            "messages": [{"content": f"What is {n} + 4?", "role": "user"}, {"content": "4", "role": "assistant"}],
        }
        for n in range(6)
    ]  # fmt: skip

    version, _ = build_from_hub(
        "openr1-math", "open-r1/OpenR1-Math-220k", {"data/train-00000.parquet": write_parquet(rows)}
    )

    samples = version.read_table("samples").with_columns(label=pl.col("labels").str.json_path_match("$.math_verify"))
    assert set(samples.group_by("verdict", "label").len().iter_rows()) == {
        ("correct", "true", 6), ("wrong", "false", 6), ("no_answer", "false", 6)
    }  # fmt: skip
    assert set(samples["teacher"]) == {"DeepSeek-R1"}
    assert samples["reasoning"].null_count() == 0
    target = read_kept(version, "examples")["messages"][0][-1]["content"]
    assert re.fullmatch(r"<think>\n\d \+ 4 = \d+, plainly\.\n</think>\n\n.*The answer is \d+\.", target, re.DOTALL)
    assert run_checks(version).findings == ()


TALKS = [
    {
        "system": "Think first, then answer.",
        "conversations": [
            {"from": "user", "value": f"Why is {n} odd or even? Return your final response."},
            {
                "from": "assistant",
                "value": f"<|begin_of_thought|>\n\nHalve {n} and look.\n\n<|end_of_thought|>\n\n"
                f"<|begin_of_solution|>\n\nIt depends on the rest of {n}.\n\n<|end_of_solution|>",
            },
        ],
    }
    for n in range(6)
]


def test_openthoughts(build_from_hub, tmp_path, run):
    files = {"data/train-00000.parquet": write_parquet(TALKS)}

    version, warned = build_from_hub("openthoughts", "open-thoughts/OpenThoughts-114k", files)

    samples = read_kept(version)
    assert set(samples["verdict"]) == {"unchecked"}
    assert sorted(samples["reasoning"]) == [f"Halve {n} and look." for n in range(6)]
    assert sorted(samples["text"]) == [f"It depends on the rest of {n}." for n in range(6)]
    assert set(read_kept(version, "problems")["question"]) == {turn["conversations"][0]["value"] for turn in TALKS}
    for messages in read_kept(version, "examples")["messages"]:
        assert re.fullmatch(
            r"<think>\nHalve \d and look.\n</think>\n\nIt depends on the rest of \d\.", messages[-1]["content"]
        )
    assert run_checks(version).findings == ()
    assert "were not compared with a gold answer" in " ".join(warned.split())
    told = run("show", "openthoughts", "--store", tmp_path / "store").out
    assert "answers were not compared with gold answers" in " ".join(told.split())
    published = run("publish", "openthoughts", "--repo", "me/x", "--dry-run", "--store", tmp_path / "store").out
    card = " ".join(published.split())
    assert "not checked" in card
    assert "6 of 6 (100.0%) kept responses were not compared with a gold answer" in card
    assert "verifying the final answer" not in card


def test_openthoughts_with_solutions(build_from_hub):
    rows = [
        {
            "problem": f"What is {n} + 4?", "deepseek_reasoning": f"{n} + 4 = {n + 4}",
            "domain": "math", "source": "own",
            "deepseek_solution": f"It is \\boxed{{{n + 4 + n % 2}}}.",
            "ground_truth_solution": f"Thus $\\boxed{{{n + 4}}}$",
            "test_cases": None, "starter_code": None,
        }
        for n in range(6)
    ]  # fmt: skip
    card = b"---\nconfigs:\n- config_name: metadata\n  data_files: [{split: train, path: metadata/train-*}]\n---\n"
    files = {"README.md": card, "metadata/train-00000.parquet": write_parquet(rows)}

    version, _ = build_from_hub("openthoughts-checked", "open-thoughts/OpenThoughts-114k", files)

    assert sorted(version.read_table("samples")["verdict"]) == ["correct"] * 3 + ["wrong"] * 3
    assert read_kept(version)["reasoning"].null_count() == 0


RATIONALES = {
    "0": ("Which drink goes with beef?\nOptions:\n- milk\n- red wine", "red wine",
          "Beef is served with drinks that can stand its taste. Of these, red wine has enough of it.", "food"),
    "1": ("Is it true that hens lay eggs? yes or no", "yes", "Hens are birds and birds lay eggs, so yes.", "birds"),
    "2": ("Add 3 and 4.", "7", "Three and four make 3 + 4 = 7 together, counting on from three.", "sums"),
    "3": ("What is the capital of France?", "Paris", "The capital is where the king sat, in London.", "cities"),
}  # fmt: skip


def test_the_cot_collection(tmp_path, run):
    keys = ("source", "target", "rationale", "task")
    rows = {number: {**dict(zip(keys, row, strict=True)), "type": "CoT"} for number, row in RATIONALES.items()}
    (tmp_path / "CoT_collection_en.json").write_text(json.dumps(rows))
    (tmp_path / "recipe.yaml").write_text(RECIPES["cot-collection"])

    ran = run("build", tmp_path / "recipe.yaml", "--store", tmp_path / "store", "--workers", 1, "--json")

    assert ran.code == 0
    version = find_version(tmp_path / "store", "cot-collection")
    joined = version.read_table("samples").join(version.read_table("problems"), on="problem_id")
    assert dict(joined.select("task", "verdict").iter_rows()) == {
        "food": "correct", "birds": "correct", "sums": "correct", "cities": "no_answer"
    }  # fmt: skip
    assert set(joined["rule"].drop_nulls()) == {"anywhere"}
    assert set(joined["hint"]) == {"hinted"}
    targets = {messages[-1]["content"] for messages in read_kept(version, "examples")["messages"]}
    assert f"{RATIONALES['0'][2]}\n[ANSWER] red wine" in targets
    assert len(targets) == 3
    assert run_checks(version).findings == ()
    assert "rule: anywhere" in run("show", "cot-collection", "--store", tmp_path / "store").out


def test_the_page_shows_every_key_that_imports_have():
    keys = (
        "kind: version",
        "hint:",
        "teacher_column:",
        "reasoning:",
        "labels:",
        "question: [",
        "anywhere",
        "unchecked",
        "--question",
    )
    assert [key for key in keys if key not in PAGE] == []
