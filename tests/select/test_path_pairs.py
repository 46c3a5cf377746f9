"""Pairs of rationales, written by hand and labelled: one method, or two. Half were written before the code."""

import json
from pathlib import Path

import pytest

from cotloom.builder.select.signatures import ProblemContext, read_method

PAIRS = [json.loads(line) for line in (Path(__file__).parent / "path_pairs.jsonl").read_text().splitlines()]


def is_one_method(pair):
    context = ProblemContext(pair["question"], pair["answer"])
    other = ProblemContext(pair.get("other_question", pair["question"]), pair.get("other_answer", pair["answer"]))
    signature = read_method(pair["one"], context=context).signature
    return signature is not None and signature == read_method(pair["other"], context=other).signature


def test_there_are_three_hundred_pairs_and_half_were_written_before_the_code():
    assert len(PAIRS) >= 300
    assert sum(pair["written"] == "before" for pair in PAIRS) >= 150
    assert len({(pair["one"], pair["other"]) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("written", ["before", "after"])
def test_where_equations_can_tell_signatures_agree_with_the_label(written):
    pairs = [pair for pair in PAIRS if pair["by"] == "equations" and pair["written"] == written]
    assert (
        sum(is_one_method(pair) == pair["same"] for pair in pairs) / len(pairs)
        >= {"before": 0.94, "after": 0.98}[written]
    )


def test_over_all_pairs_that_equations_can_tell_95_percent_agree():
    pairs = [pair for pair in PAIRS if pair["by"] == "equations"]
    assert sum(is_one_method(pair) == pair["same"] for pair in pairs) / len(pairs) >= 0.95


def test_words_never_make_one_path_of_two():
    assert [pair for pair in PAIRS if pair["by"] == "wording" and not pair["same"] and is_one_method(pair)] == []


def test_most_texts_that_differ_in_words_that_say_nothing_are_one_path():
    pairs = [pair for pair in PAIRS if pair["by"] == "wording" and pair["same"]]
    assert sum(map(is_one_method, pairs)) / len(pairs) >= 0.7
