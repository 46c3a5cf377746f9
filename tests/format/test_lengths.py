"""Rows over a format's limit in tokens: they show fewer demonstrations, or are dropped; no text is cut."""

import numpy as np
import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.format import build_rings, check_formats, choose_demonstrations, render_texts, write_examples
from cotloom.builder.format.demonstrations import RING_COLUMNS
from cotloom.builder.format.texts import join_problems, rank_demonstrations
from cotloom.schemas.formats import FormatSpec
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import Problem
from cotloom.schemas.sample import Sample
from tests.format.test_every_format import problem, sample

SHOTS = (2, 4)


def count(texts):
    """A token for each word; null has none."""
    return pl.Series([len((text or "").split()) for text in texts], dtype=pl.Int64)


def write(formats, longest=200):
    """Rows of twenty problems, whose paths grow up to so many words."""
    problems = [problem(number) for number in range(20)]
    texts = {number: " ".join(["word"] * (number * longest // 20)) for number in range(20)}
    samples = [sample(own, text=f"{texts[place]} The answer is {own.answer}.") for place, own in enumerate(problems)]
    rows = join_problems(to_frame(problems, Problem), to_frame(samples, Sample))
    rendered = render_texts(rows, [spec.name for spec in formats], 0)
    rings = build_rings(rank_demonstrations(rendered, 0).rename({"row": "address"}).select(RING_COLUMNS))
    forms = choose_demonstrations(rendered, formats, 0, rings)
    return write_examples(
        rendered, forms, lambda places, columns: rendered.select(columns)[places.tolist()], count
    ).sort("sample_id")


def measure(row):
    return sum(count([message["content"]]).item() for message in row["messages"])


@pytest.mark.parametrize("limit", [60, 150, 300, 500])
def test_a_row_keeps_as_many_demonstrations_as_fit_down_to_the_fewest(limit):
    free = write([FormatSpec(name="in_context_cot", shots=SHOTS)])
    held = write([FormatSpec(name="in_context_cot", shots=SHOTS, max_tokens=limit)])
    for whole, row in zip(free.iter_rows(named=True), held.iter_rows(named=True), strict=True):
        drawn = len(whole["other_sample_ids"])
        sums = [sum(map(measure_turn, whole["messages"][: 2 * shown])) for shown in range(drawn + 1)]
        own = sum(map(measure_turn, whole["messages"][-2:]))
        fitting = [shown for shown in range(SHOTS[0], drawn + 1) if own + sums[shown] <= limit]
        shown = max(fitting, default=SHOTS[0])
        assert (row["fate"], row["reason"]) == (("kept", None) if fitting else ("dropped", "too_long"))
        assert row["other_sample_ids"] == whole["other_sample_ids"][:shown]
        assert row["left_out"] == drawn - shown
        assert row["messages"] == [*whole["messages"][: 2 * shown], *whole["messages"][-2:]]
        assert row["prompt_tokens"] + row["loss_tokens"] == own + sums[shown]
        if not fitting:
            says = f"{own + sums[shown]} tokens with 2 demonstrations, over the {limit} of the format in_context_cot"
            assert row["detail"] == says


def measure_turn(message):
    return len(message["content"].split())


def test_limits_tell_rows_apart_at_the_token():
    rows = write([FormatSpec(name="zero_shot_cot")])
    lengths = np.sort((rows["prompt_tokens"] + rows["loss_tokens"]).to_numpy())
    held = write([FormatSpec(name="zero_shot_cot", max_tokens=int(lengths[10]))])
    assert held.filter(fate="kept").height == 11
    held = write([FormatSpec(name="zero_shot_cot", max_tokens=int(lengths[10]) - 1)])
    assert held.filter(fate="kept").height == 10
    assert set(held.filter(fate="dropped")["reason"]) == {"too_long"}
    assert set(held["left_out"]) == {0}


def test_a_duplicate_that_is_too_long_says_both():
    problems = [problem(number, question=f"{number} {'word ' * 40}?") for number in range(3)]
    samples = [sample(problems[0], index) for index in range(2)]
    rows = join_problems(to_frame(problems, Problem), to_frame(samples, Sample))
    spec = FormatSpec(name="zero_shot_answer", max_tokens=20)
    rendered = render_texts(rows, [spec.name], 0)
    forms = choose_demonstrations(rendered, [spec], 0, {})
    written = write_examples(rendered, forms, lambda _, columns: rendered.select(columns).clear(), count)
    assert written["reason"].to_list() == ["too_long", "too_long"]
    assert sorted("exact_duplicate" in detail for detail in written["detail"]) == [False, True]


def test_a_limit_in_tokens_needs_a_tokenizer():
    with pytest.raises(InputError, match="max_tokens"):
        check_formats([FormatSpec(name="zero_shot_cot", max_tokens=10)])
    check_formats([FormatSpec(name="zero_shot_cot", max_tokens=10)], "words")
