"""Each fault of a rationale is found in texts that have it, and in none that only look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.verify import read_answer
from cotloom.builder.verify.rationale import (
    find_cut,
    find_early_answer,
    find_loop,
    find_other_language,
    find_refusal,
    find_restating,
)
from cotloom.schemas.problem import AnswerType
from cotloom.schemas.sample import Part

REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I’m sorry, but I can’t help with this request.",
    "Sorry, I cannot provide medical advice.",
    "As an AI language model, I don't have personal opinions.",
    "**I must respectfully decline to answer.**",
    "Thank you for asking. Unfortunately, I am unable to help you here.",
    "I won't answer this question.",
    "This request violates the content policy.",
    "3 + 4 = 7.\n\nI'm sorry, but I can't continue with this task.",
    "抱歉，我无法回答这个问题。",
    "作为一个AI语言模型，我无法提供法律建议。",
    "Es tut mir leid, aber ich kann diese Frage nicht beantworten.",
    "Lo siento, pero no puedo ayudarte con esa solicitud.",
    "Désolé, je ne peux pas répondre à cette demande.",
    "申し訳ありませんが、お答えできません。",
]
NO_REFUSALS = [
    "She can't help him, so he works alone. The answer is 7.",
    "I can't help but notice that 3 + 4 = 7.",
    'The guard said: "I cannot help you." So the answer is no.',
    "I'm sorry, I made a mistake. 3 + 4 = 7.",
    "We cannot solve this by factoring, so we use the formula.",
    "I cannot solve this problem by factoring, so I complete the square.",
    "The answer cannot be determined from the text.",
    "There is no way to help. The agent should refuse the request. So the answer is yes.",
    "Sorry for the long text. The answer is 7.",
    "一天无法完成这项工程，所以需要两天。",
    "他不能回答这个问题，因此答案是否。",
    "Ich kann die Gleichung nicht durch 0 teilen, also ist x = 3.",
    "No puedo sumar peras y manzanas, así que cuento frutas: 7.",
    "Je ne peux pas diviser par zéro, donc x = 3.",
]


@pytest.mark.parametrize("text", REFUSALS, ids=lambda text: text[:30])
def test_a_refusal_is_found_in_any_language(text):
    assert find_refusal(text) is not None


@pytest.mark.parametrize("text", NO_REFUSALS, ids=lambda text: text[:30])
def test_what_is_impossible_or_said_by_others_is_no_refusal(text):
    assert find_refusal(text) is None


def test_a_refusal_at_the_end_of_a_long_text_is_found_where_it_stands():
    text = "The hens lay eggs every day. " * 60 + "I cannot assist with this request."
    found = find_refusal(text)
    assert text[found.start : found.end] == "I cannot assist"


LOOPS = [
    "So x is 5. " + "Let me check that once more. " * 5,
    "So x is 5. " + "Let me check that once more. " * 40 + "So the answer is 5.",
    "3 + 4 = 7. " + "We add the two. Then we look again. And once more! " * 5,
    "The answer is 7.\n" * 8,
    "We get " + "the cat and " * 60,
    "Wait, " + "no " * 60,
    "1/3 = 0." + "3" * 400,
    "最后得到5。" + "让我再检查一遍这个结果。" * 6,
    "哈" * 400,
    "7 * 3 = 21\n" * 12,
    "So we need to wait and see. " + ("A long thought that goes on and on, " * 8 + "and ends here. ") * 3,
]
NO_LOOPS = [
    "2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 = 1048576.",
    "1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 = 25",
    "| a | b |\n" + "|---|---|\n" + "| 0 | 0 |\n" * 12,
    "\n".join(f"{number} * 7 = {number * 7}" for number in range(1, 60)),
    "\n".join(f"Step {number}: the light stays off." for number in range(1, 40)),
    "The answer is 7. Let me check. 3 + 4 = 7. The answer is 7. So it is 7. The answer is 7.",
    "-" * 500,
    "```\n" + "    print(row)\n" * 4 + "```\nThis prints four rows. " * 2,
    "1/7 = 0.142857142857142857142857142857142857142857142857",
    "yes yes no yes yes no yes yes no yes yes no, so no comes up four times out of twelve draws.",
    "Wait, let me check again. " * 2 + "It is fine, since 3 + 4 = 7. Wait, let me check again. Yes.",
]


@pytest.mark.parametrize("text", LOOPS, ids=lambda text: text[:25])
def test_a_loop_is_found(text):
    found = find_loop(text)
    assert found is not None
    assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize("text", NO_LOOPS, ids=lambda text: text[:25])
def test_lists_tables_and_patterns_are_no_loops(text):
    assert find_loop(text) is None


@given(st.text("abcde .\n", min_size=30, max_size=80), st.integers(6, 30))
def test_a_block_with_words_that_is_repeated_is_a_loop_wherever_it_stands(block, repeats):
    block = f"Every hen lays {block}"
    assert find_loop(block * repeats) is not None
    assert find_loop(f"She counts. {(block + ' ') * repeats}") is not None


CUTS = [
    ("She has 7 eggs. The answer is \\boxed{7", "boxed"),
    ("So we get \\[ x = 3 + 4", "formula"),
    ("\\begin{align} x &= 3 \\\\ y &= 4", "formula"),
    ("```python\nprint(3)", "code"),
    ("The eggs are sold, and 3 + 4 =", "="),
    ("First, the eggs are counted,", ","),
    ("The answer is:", ":"),
    ("The hens lay eggs because", "because"),
    ("She sells the eggs at the", "the"),
    ("She has seven apples. So she can sell 7 app", "app"),
    ("The hens are fed daily. They lay eggs. In the morning the farmer collects", "collects"),
    ("母鸡每天下蛋，所以", "所以"),
    ("Die Hühner legen Eier, weil", "weil"),
    ("Las gallinas ponen huevos porque", "porque"),
]
WHOLE = [
    "The answer is 7.",
    "The answer is 7",
    "A: 18",
    "#### 18",
    "**7**",
    "So she has 7 apples left",
    "The hens are fed. They lay eggs. So there are 7 eggs in the basket",
    "The hens are fed. They lay eggs. Therefore, the answer is yes",
    "- eggs: 7\n- hens: 3\n- total: 10",
    "$x = 3$ and so \\(x + 4 = 7\\), hence $\\boxed{7}$",
    "It costs $$60 in total, with $5 for each of the 12",
    "```python\nprint(3)\n```",
    "The code `r'\\('` matches a bracket.",
    "\\begin{pmatrix} 1 \\\\[4pt] 2 \\end{pmatrix} is the vector.",
    "The option is A",
    "C++",
    "ant bee cat dog",
    "The order is ] ) }",
    "答案是7",
    "因此，答案是：是",
    "答え：7個",
    "See https://example.org/",
    "Best regards,\nAnn",
]


@pytest.mark.parametrize(("text", "said"), CUTS, ids=lambda value: value[-20:])
def test_a_text_that_ends_in_its_middle_is_found(text, said):
    assert said in find_cut(text).detail


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: text[-20:])
def test_a_text_that_ends_without_a_full_stop_may_be_whole(text):
    answer_type = AnswerType.BOOLEAN if text.endswith(("yes", "是")) else AnswerType.NUMBER
    assert find_cut(text, read_answer(text, answer_type)) is None


EARLY = [
    ("number", "The answer is 7. Ann has 3 and gets 4, so 3 + 4 = 7."),
    ("number", "7\n\nExplanation: Ann has 3 and gets 4, and 3 + 4 = 7. The answer is 7."),
    ("number", "**Answer:** 7\n\n3 + 4 = 7, since she gets four more."),
    ("boolean", "Yes. Penguins are birds, and all birds have feathers. So the answer is yes."),
    ("boolean", "No, because a stone is denser than water, and so it sinks at once."),
    ("choice", "The answer is (B). A thermometer measures the temperature, and a hammer doesn't."),
    ("number", "答案是7。因为小红有3个，又买了4个，所以一共7个。"),
]
LATE = [
    ("number", "Ann has 3 and gets 4, so 3 + 4 = 7. The answer is 7. I hope this helps you to see it."),
    ("number", "The answer is 7."),
    ("number", "7"),
    ("number", "Since 3 + 4 = 7, the answer is 7. One can check this by counting on one's fingers."),
    ("boolean", "No smaller number divides it evenly, so it is a prime. The answer is no."),
    ("choice", "(A) is too cold. (B) is too warm. Only (C) is left, so the answer is (C)."),
    ("boolean", "Let us see whether stones swim. They are dense. The answer is no."),
]


def find_early(answer_type, text):
    kind = AnswerType(answer_type)
    return find_early_answer(text, read_answer(text, kind), kind)


@pytest.mark.parametrize(("answer_type", "text"), EARLY, ids=lambda value: value[:20])
def test_an_answer_before_all_reasoning_is_found(answer_type, text):
    assert find_early(answer_type, text) is not None


@pytest.mark.parametrize(("answer_type", "text"), LATE, ids=lambda value: value[:20])
def test_an_answer_behind_its_reasoning_or_alone_is_not_first(answer_type, text):
    assert find_early(answer_type, text) is None


QUESTION = "Fidel tells the truth. Jerry says Fidel tells the truth. Does Jerry tell the truth?"


@pytest.mark.parametrize(
    ("text", "is_restated"),
    [
        ("Fidel tells the truth. Jerry says Fidel tells the truth. The answer is yes.", True),
        ("The question is: does Jerry tell the truth? The answer is yes.", True),
        ("So the answer is yes.", True),
        ("Jerry says Fidel tells the truth, so Jerry tells the truth. The answer is yes.", False),
        ("What Jerry says is so. The answer is yes.", True),  # "what Jerry says" is of the question, "so" says nothing
        ("Jerry is honest about Fidel. The answer is yes.", False),
    ],
)
def test_a_text_of_the_question_s_own_words_may_still_conclude(text, is_restated):
    assert (find_restating([QUESTION], ["yes"], {Part.TEXT: text}, is_logical=True) is not None) == is_restated


ENGLISH, CHINESE = "How many eggs do the hens lay in a week?", "母鸡一个星期下多少个蛋？"
GERMAN = "Wie viele Eier legen die Hühner in einer Woche?"
LAID = {
    "en": "The hens lay three eggs every day, and a week has seven days, so there are 21 eggs.",
    "zh": "母鸡每天下三个蛋，一个星期有七天，所以一共是21个蛋。答案是21。",
    "de": "Die Hühner legen jeden Tag drei Eier, und eine Woche hat sieben Tage, also sind es 21 Eier.",
    "es": "Las gallinas ponen tres huevos cada día, y la semana tiene siete días, por lo que son 21 huevos.",
    "fr": "Les poules pondent trois œufs par jour et la semaine a sept jours, donc il y a 21 œufs.",
    "ja": "鶏は毎日三個の卵を産みます。一週間は七日なので、全部で21個になります。",
}


@pytest.mark.parametrize("language", LAID)
@pytest.mark.parametrize(("asked", "question"), [("en", ENGLISH), ("zh", CHINESE), ("de", GERMAN)])
def test_another_language_than_the_question_s_is_found(asked, question, language):
    assert (find_other_language(question, LAID[language]) is None) == (asked == language)


SCRIPTS = [
    "Курица несёт три яйца в день, а в неделе семь дней, поэтому всего двадцать одно яйцо.",
    "닭은 하루에 달걀을 세 개 낳고 일주일은 칠 일이므로 모두 스물한 개입니다.",
    "تبيض الدجاجة ثلاث بيضات كل يوم، وفي الأسبوع سبعة أيام، فيكون المجموع إحدى وعشرين بيضة.",
]


@pytest.mark.parametrize("text", SCRIPTS, ids=("ru", "ko", "ar"))
def test_a_script_of_no_known_language_is_another_language(text):
    assert find_other_language(ENGLISH, text) is not None
    assert find_other_language(CHINESE, text) is not None
    assert find_other_language(text, text) is None
    assert find_other_language(f"What does {text[:20]} mean?", text) is None
    assert find_other_language(ENGLISH, f"{LAID['en']} ({text[:12]})") is None


OTHERS = [
    "A galinha põe três ovos por dia e a semana tem sete dias, então são vinte e um ovos no total. Não há mais nada.",
    "La gallina fa tre uova ogni giorno e la settimana ha sette giorni, quindi sono ventuno uova. Non ce ne sono più.",
    "De kip legt drie eieren per dag en een week heeft zeven dagen, dus er zijn eenentwintig eieren van het huis.",
]


@pytest.mark.parametrize("text", OTHERS, ids=("pt", "it", "nl"))
def test_a_latin_language_without_words_here_is_another_than_english(text):
    assert find_other_language(ENGLISH, text) is not None
    assert find_other_language(f"Translate into English: {text}", text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ant bee cat dog eel fox gnu hen ibex jay kite lynx mole newt owl pig quail rat seal toad",
        "Anna de Vries, Jan van Dijk, Marco di Luca, Paul von Berg, Maria da Silva, José de la Cruz",
        "print(x) if x else y; for i in range(7): yield i; return None; def f(): pass; import os, re",
    ],
    ids=range(3),
)
def test_lists_of_words_names_and_code_are_in_no_other_language(text):
    assert find_other_language(ENGLISH, text) is None


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        (ENGLISH, "3 * 7 = 21", None),
        (CHINESE, "3 * 7 = 21. The answer is 21.", None),
        (ENGLISH, "\\(3 \\cdot 7 = 21\\)\n\n\\boxed{21}", None),
        (CHINESE, LAID["en"], "en"),  # the problem's language is that of its prompt
        ("Translate into German: the hens lay eggs. Die Hühner ...", LAID["en"], None),
        ("What does 母鸡每天下蛋 mean?", LAID["zh"], None),
        ("Каков ответ?", LAID["en"], None),
        ("Which?", LAID["zh"], None),
    ],
    ids=range(8),
)
def test_what_may_be_asked_for_or_says_too_little_is_no_other_language(question, text, language):
    assert find_other_language(question, text, language) is None


def test_a_long_text_that_changes_its_language_is_found():
    found = find_other_language(ENGLISH, (LAID["en"] + " ") * 60 + LAID["zh"] * 80)
    assert found.detail == "zh, where the question is in en"


HOSTILE = ["a", "So on. ", "\\boxed{", "`", "I can't ", "抱歉，我", "1,", "x? ", "\n", "as an ai "]


@pytest.mark.parametrize("piece", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_of_a_million_characters_are_looked_at_once(piece):
    text = (piece * 1_000_000)[:1_000_000]
    find_refusal(text), find_loop(text), find_cut(text), find_other_language(ENGLISH, text)
    assert find_restating([text], ["7"], {Part.TEXT: text}) is None
