"""Answers in other languages than English are read and compared."""

import pytest

from cotloom.builder.format.templates import format_answer_sentence
from cotloom.builder.languages import LANGUAGES
from cotloom.builder.verify import compare, judge, read_answer
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.sample import Hint

CITIES = ("北京", "上海", "广州", "深圳")

NUMBERS = [
    "3 + 4 = 7。答案是 7。",
    "所以，答案是：7。",
    "**答案：** 7",
    "因此最终答案为 **7** 支笔。",
    "这道题的答案是7个苹果，不是3个。",
    "正确答案应该是 7",
    "答案等于7。",
    "所以正確答案為 7。",
    "答：小明一共有7支笔。",
    "5天以后怎么样？\n答：5天后还剩7元。",
    "小明有 3 支，又买了 4 支，所以一共有7支。",
    "答案是 ７。",
    "答案是 $\\boxed{7}$。",
    "答案是多少呢？先算 3 + 4。答案是 7。",
    "答案是 6。不对，答案是 7。",
    "3 + 4 = 7. La respuesta es 7.",
    "Respuesta: 7",
    "La respuesta final es **7** lápices.",
    "La réponse est 7.",
    "Réponse : 7",
    "La réponse finale est donc : 7".replace("donc : ", ""),
    "Die Antwort ist 7.",
    "Antwort: 7",
    "Die Antwort lautet also 7 Stifte.",
    "答えは 7 です。",
    "答え：7",
    "したがって、正解は7です。",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_read(text):
    found = read_answer(text, AnswerType.NUMBER)
    assert found is not None
    assert compare("7", found.answer, AnswerType.NUMBER).outcome == "equal", found


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("答案是3万元。", "30000"),
        ("答案是 1.5 亿。", "150000000"),
        ("答案是 5 千克。", "5"),
        ("答案是 5千米。", "5"),
        ("答案是 2百万。", "2000000"),
        ("共有8个，答案是共8个。", "8"),
    ],
)
def test_a_scale_behind_digits_counts(text, gold):
    found = read_answer(text, AnswerType.NUMBER)
    assert compare(gold, found.answer, AnswerType.NUMBER).outcome == "equal", found


OPTIONS = [
    "答案是（B）。",
    "答案是B。",
    "答案是：B. 上海",
    "所以选B。",
    "故选：B",
    "A不对，选B。",
    "应该选择（B）上海，而不是A。",
    "答案是上海。",
    "答案是选项B，因为它靠海。",
    "答案是 Ｂ。",
    "因此，选项 B 是正确的。",
    "所以选项B最合适。",
    "综上，正确的是B。",
    "答案：B．上海",
    "本题应选B项。",
    "A项不符合，因此正确答案是B、上海。",
    "正しいのは選択肢Bです。",
    "La respuesta es (B).",
    "La respuesta es la opción B.",
    "La réponse est l'option B.",
    "Die Antwort ist Option B.",
    "答えは（B）です。",
]


@pytest.mark.parametrize("text", OPTIONS)
def test_an_option_is_read(text):
    found = read_answer(text, AnswerType.CHOICE, CITIES)
    assert found is not None
    assert compare("B", found.answer, AnswerType.CHOICE, CITIES).outcome == "equal", found


@pytest.mark.parametrize("text", ["答案是A或B。", "答案是A和B。", "答案是不是B。", "答案是A，也可能是（B）。"])
def test_a_hedge_between_options_is_never_right(text):
    found = read_answer(text, AnswerType.CHOICE, CITIES)
    assert found is None or compare("B", found.answer, AnswerType.CHOICE, CITIES).outcome != "equal"


BOOLEANS = {
    "是": [
        "答案是：是。",
        "答案是“是”。",
        "答案：是的",
        "答案是肯定的。",
        "答案是能。",
        "对，因为水结冰会膨胀。",
        "答案是 yes。",
    ],
    "否": [
        "答案是：否。",
        "答案是否定的。",
        "答案是：不是。",
        "答案：不能。",
        "答案：错误",
        "不会，企鹅太重。",
        "答案是 no。",
    ],
    "yes": [
        "La respuesta es sí.",
        "La réponse est oui.",
        "Die Antwort ist ja.",
        "答えは はい です。",
        "答えははいです。",
    ],
    "no": [
        "La respuesta es no.",
        "La réponse est non.",
        "Die Antwort ist nein.",
        "答えは いいえ です。",
        "答案是：否。",
    ],
}


@pytest.mark.parametrize(("gold", "text"), [(gold, text) for gold, texts in BOOLEANS.items() for text in texts])
def test_yes_and_no_are_read(gold, text):
    found = read_answer(text, AnswerType.BOOLEAN)
    assert found is not None
    assert compare(gold, found.answer, AnswerType.BOOLEAN).outcome == "equal", found


@pytest.mark.parametrize("text", ["答案是：是或否。", "答案：是/否", "答案是：是还是不是？", "是否如此，很难说。"])
def test_a_hedge_between_yes_and_no_is_neither(text):
    found = read_answer(text, AnswerType.BOOLEAN)
    assert found is None or compare("是", found.answer, AnswerType.BOOLEAN).outcome != "equal"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("北京。", "equal"),
        ("“北京”", "equal"),
        ("北 京", "equal"),
        ("不是北京", "undecided"),
        ("东北京剧院", "undecided"),
        ("上海", "different"),
        ("北京。不对，是上海。", "undecided"),
    ],
)
def test_a_chinese_text_is_equal_only_as_a_whole(answer, outcome):
    assert compare("北京", answer, AnswerType.TEXT).outcome == outcome


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("gold", "answer_type", "choices"),
    [
        ("18", AnswerType.NUMBER, None),
        ("-2.5", AnswerType.NUMBER, None),
        ("B", AnswerType.CHOICE, CITIES),
        ("yes", AnswerType.BOOLEAN, None),
        ("否", AnswerType.BOOLEAN, None),
        ("北京", AnswerType.TEXT, None),
        ("Los Angeles", AnswerType.TEXT, None),
        ("St. Louis", AnswerType.TEXT, None),
        ("one\ntwo", AnswerType.TEXT, None),
    ],
)
def test_what_rows_state_is_read_back(language, gold, answer_type, choices):
    sentence = format_answer_sentence(gold, answer_type, language)
    for text in (sentence, f"3 + 4 = 7\n{sentence}"):
        found = read_answer(text, answer_type, choices)
        assert found is not None
        assert compare(gold, found.answer, answer_type, choices).outcome == "equal", (sentence, found)


def test_a_hinted_chinese_answer_is_parroted_where_it_mentions_the_hint_or_says_nothing():
    problem = Problem(
        problem_id="p", source="s", origin="o", question="企鹅会飞吗？", answer="否", answer_type=AnswerType.BOOLEAN
    )

    def reason(text):
        return judge(problem, text, hint=Hint.HINTED).reason

    assert reason("根据提示，企鹅的身体太重。答案是：否。") == "hint_parroted"
    assert reason("答案是：否。") == "hint_parroted"
    assert reason("题目提示我们想想它的身体：企鹅太重，翅膀很短。答案是：否。") is None
