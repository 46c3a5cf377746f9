"""A text is found by how much of an indexed one it contains, whatever its numbers, names and order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text.content import find_most_contained, find_rare_run, index_content, list_stems
from cotloom.builder.text.content.stems import MASKS
from tests.text.test_overlap import texts

BOXES = (
    "A clerk stacks nine red boxes on a shelf. Then he moves four of them to the yard before noon comes. How many stay?"
)
OTHERS = [
    "Ann bakes 12 loaves of rye bread each morning and sells them at the market for $4. How much is it a week?",
    "A bus leaves the station with 30 passengers. At the first stop 5 get off. How many are still on the bus?",
    BOXES,
]


def measure(text: str, index) -> tuple[int, float] | None:
    return find_most_contained(index, list_stems(text))


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, max_size=8), texts, st.sampled_from([0.0, 0.2, 0.45, 0.7]))
def test_a_threshold_skips_only_what_is_below_it(held, text, least):
    index, words = index_content(held), list_stems(text)
    alone = [find_most_contained(index_content([other]), words) for other in held]

    match, every = find_most_contained(index, words, least), find_most_contained(index, words)

    assert match == (every if every is not None and every[1] >= least else None)
    assert (every is None) == all(one is None for one in alone)


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8, unique=True), texts, st.integers(0, 99))
def test_the_order_of_the_indexed_texts_decides_nothing(held, text, seed):
    shuffled = random.Random(seed).sample(held, len(held))

    one, two = measure(text, index_content(held)), measure(text, index_content(shuffled))

    assert (one and one[1]) == (two and two[1])


@pytest.mark.parametrize(
    "copy",
    [
        BOXES.replace("nine", "17").replace("four", "twelve"),
        "Then he moves 4 of them to the yard before noon comes. A clerk stacks 9 red boxes on a shelf. How many stay?",
        "Dana Smith " + BOXES.removeprefix("A clerk "),
        f"Read this and think. {BOXES} Write the answer on the last line, with its unit.",
        "A clerk stacked nine red boxes on the shelf, then moved four of those to a yard before noon. How many stayed?",
    ],
)
def test_a_changed_copy_is_found(copy):
    position, similarity = measure(copy, index_content(OTHERS))

    assert position == 2
    assert similarity > 0.45


@pytest.mark.parametrize(
    "text", ["What is 3 + 4?", "How many are there in total?", "7 8 9", "", "Ann has 3. Bob has 4."]
)
def test_what_says_nothing_never_overlaps(text):
    match = measure(text, index_content([text, *OTHERS]))

    assert match is None or match[1] < 0.45


def test_a_template_that_all_share_weighs_less_than_one_that_is_alone():
    template = "{} walks {} miles to the harbour and rows {} miles across the bay. How far does the trip take them?"
    alone = index_content([template.format("Ann", 3, 4), *OTHERS])
    among = index_content([template.format("Ann", number, 4) for number in range(300)])

    one, many = (measure(template.format("Bob", 7, 9), index)[1] for index in (alone, among))

    assert many < one


def test_chinese_is_compared_by_characters():
    held = [
        "小明有12个红苹果，他把其中的5个送给了妹妹，又在集市上买了8个梨。他现在一共有多少个水果？",
        "商店里有3箱书，每箱20本。卖出15本后还剩多少本？",
    ]
    copy = "小红有30个红苹果，她把其中的11个送给了妹妹，又在集市上买了9个梨。她现在一共有多少个水果？"

    position, similarity = measure(copy, index_content(held))

    assert position == 0
    assert similarity > 0.45
    assert measure("公园里有40棵树，工人又种了15棵。公园里现在有多少棵树？", index_content(held))[1] < 0.45


def test_a_rare_run_is_quoted_masked():
    index = index_content(OTHERS, 8)

    position, run, weight = find_rare_run(index, list_stems(f"As before: {BOXES.replace('nine', '3')}"))

    assert (position, run.split()[:5]) == (2, ["clerk", "stack", "#", "red", "box"])
    assert weight >= 25
    assert find_rare_run(index, list_stems("How many are there of all of them in it?")) is None


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "7 " * 200_000,
        "# @ ~ " * 100_000,
        "word " * 200_000,
        "中文字符" * 50_000,
        "a1б中ا " * 50_000,
        "\x00" * 10,
    ],
    ids=["one word", "digits", "masks", "the same word", "unspaced", "mixed scripts", "no words"],
)
def test_hostile_texts_are_compared(text):
    index = index_content([text[:200_000], *OTHERS], 13)

    assert find_most_contained(index, list_stems(text[:200_000])) is None or True
    assert set(MASKS) & set(index.features) == set()
