"""A published or exported version with problems without a gold answer: what is agreed, and how often that was wrong."""

import json

import polars as pl
import pytest

from cotloom.builder.export.export import export
from cotloom.builder.publish.card.error_rates import load_error_rates
from cotloom.builder.publish.card.metadata import CardOptions
from cotloom.builder.publish.files.layout import write_layout
from cotloom.builder.verify import CODE_VERSION
from tests.passes.builds import answer, ask, run, write_recipe


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consensus")
    problems = {"a": [(ask(number)[0], "") for number in range(4)]}
    answers = [
        answer(number, wording, slip) for number in range(4) for wording, slip in ((0, 0), (1, 0), (2, 0), (0, 9))
    ]
    recipe = write_recipe(folder, problems, answers, verify={"consensus": {}}, split={"test": 0.0})
    recipe.write_text(recipe.read_text().replace('"kind": "file"', '"kind": "file", "answer_type": "number"'))
    return run(recipe, folder / "store").version


def read_card(version, folder, *languages) -> str:
    write_layout(version, folder, CardOptions(repo="me/paths", languages=languages))
    return (folder / "README.md").read_text()


def test_the_card_says_that_agreement_is_no_check_and_how_often_it_was_wrong(version, tmp_path):
    card = read_card(version, tmp_path / "en", "en")
    rate = next(rate for rate in load_error_rates(CODE_VERSION) if rate.check == "consensus")
    kept = version.manifest.counts["samples_kept"]
    assert f"problems of {kept} of {kept} (100.0%) kept responses have no gold answer (`verdict: agreed`)" in card
    assert f"wrong for {rate.errors} of {rate.n} problems" in card
    assert "**This is no check of the answer**" in card
    assert "equals the gold answer" not in card
    assert "verifying the final answer" not in card


def test_the_chinese_card_says_so_too(version, tmp_path):
    card = read_card(version, tmp_path / "zh", "zh")
    rate = next(rate for rate in load_error_rates(CODE_VERSION) if rate.check == "consensus")
    assert "这不是对答案的检查" in card
    assert f"{rate.n} 道题中有 {rate.errors} 道的一致答案是错的" in card


def test_published_rows_have_the_agreed_answer_and_say_so(version, tmp_path):
    read_card(version, tmp_path / "data", "en")
    files = sorted((tmp_path / "data" / "data" / "default" / "zero_shot_cot").glob("*.parquet"))
    rows = pl.concat(pl.read_parquet(file, columns=["answer", "verdict", "pass_rate"]) for file in files)
    assert set(rows["verdict"]) == {"agreed"}
    assert set(rows["answer"]) == {str(number + 5) for number in range(4)}
    assert rows["pass_rate"].null_count() == rows.height


def test_exported_rows_have_the_agreed_answer_and_say_so(version, tmp_path):
    export(version, "jsonl", tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]
    assert {row["verdict"] for row in rows} == {"agreed"}
    assert {row["answer"] for row in rows} == {str(number + 5) for number in range(4)}
