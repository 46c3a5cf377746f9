"""Chinese and Japanese, where no blanks part words: equations between characters, similarity, and shared runs."""

import pytest

from cotloom.builder.text.equations import find_equations
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.text.overlap import find_shared_run, index_texts, split_words
from cotloom.builder.text.similarity import find_near_duplicates, measure_similarities, read_text


def outcomes(text):
    return [(text[item.start : item.end], item.outcome.value) for item in find_equations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("首先，把 3 和 4 加起来：3 + 4 = 8。然后", [("3 + 4 = 8", "wrong")]),
        ("一共有3+4=8支笔。", [("3+4=8", "wrong")]),
        ("每天 4 * 6 = 24 个。5天一共 24 * 5 = 121 个。", [("4 * 6 = 24", "right"), ("24 * 5 = 121", "wrong")]),
        ("所以3个 + 4个 = 8个。", [("3个 + 4个 = 8", "wrong")]),
        ("合计は3＋4ではなく 3 + 5 = 9。", [("3 + 5 = 9", "wrong")]),
    ],
)
def test_a_wrong_equation_between_characters_is_wrong(text, expected):
    assert outcomes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "30分钟 + 30分钟 = 1小时。",
        "1小时20分 + 50分 = 130分。",
        "3元5角 * 2 = 7元。",
        "2万 + 3 = 20003。",
        "三百5 + 3 = 308。",
        "2米 + 50厘米 = 250厘米。",
        "5打 + 3 = 63。",
    ],
)
def test_what_units_or_numerals_may_explain_is_never_wrong(text):
    assert "wrong" not in [outcome for _, outcome in outcomes(text)]


def compare(left, right):
    return measure_similarities([normalize(left)], [normalize(right)])[0, 0]


def test_an_added_word_makes_a_near_duplicate_in_chinese_and_another_word_or_order_does_not():
    text = "企鹅的身体很重，翅膀又短又硬，所以它们不能像别的鸟那样在空中飞行，只能在水里用翅膀快速地游动。"
    other_order = "翅膀又短又硬，企鹅的身体很重，所以它们不能像别的鸟那样在空中飞行，只能在水里用翅膀快速地游动。"
    other_word = text.replace("快速", "迅速")
    other_reason = (
        "企鹅生活在寒冷的南方，靠厚厚的脂肪保暖，走路时摇摇摆摆，遇到危险就一头扎进海里躲开敌人，从来没有离开过地面。"
    )
    added = text.replace("快速", "异常快速")
    assert list(find_near_duplicates([read_text(text), read_text(added)], 0.9)) == [1]
    assert compare(text, other_word) > 0.9
    assert find_near_duplicates([read_text(text), read_text(other_word)], 0.1) == {}
    assert find_near_duplicates([read_text(text), read_text(other_order)], 0.1) == {}
    assert compare(text, other_reason) < 0.6


def test_blanks_and_signs_do_not_make_chinese_texts_differ():
    assert compare("先算 3 + 4，得 7 支笔。", "先算3+4得7支笔") == 1


@pytest.mark.parametrize("text", ["一共有多少支铅笔", "鉛筆は何本ありますか", "มีดินสอทั้งหมดกี่แท่ง"])
def test_a_run_of_characters_is_found_where_words_are_not_spaced(text):
    ngram = 5
    index = index_texts([f"{text}。"], ngram)
    assert len(split_words(text)) > ngram
    assert find_shared_run(index, split_words(f"3 {text} 4")) is not None
