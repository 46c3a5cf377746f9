"""The language of a question, by script and frequent words."""

import pytest

from cotloom.builder.languages import LANGUAGES, detect, detect_language, fit_language
from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.sources.skills import generate_skills
from cotloom.schemas.source import ArithmeticSource

TRICKY = {
    "en": [
        "Is 17 prime?",
        "Capital of France?",
        "Why?",
        "Reverse: otter, saw, elm",
        "Let $x$ and $y$ be real numbers with $x+y=3$. Find $xy$.",
        "Find \\(\\frac{a}{b}\\) if \\[a = 2b.\\]",
        "What does the word 你好 mean in English?",
        "José and Zoë buy 3 croissants each. How many do they have?",
        "How many el trains leave per day?",
        "If 5 pens cost $10 and 3 caps cost $9, how much is one pen?",
        "not ( True ) and ( False ) is",
        "Sort the following words alphabetically: List: syndrome therefrom beef",
    ],
    "zh": [
        "Tom有3个苹果，Jerry有5个，他们一共有多少个？",
        "北京？",
        "为什么？",
        "求 $\\int_0^1 x\\,dx$ 的值。",
        "已知 f(x)=2x+1，求 f(3)。",
        "小明在iPhone上安装了3个App，又删了1个，还剩几个？",
        "這裡一共有多少隻鴨子？",
        "日本的の字是什么意思？这个字在日语里很常见，请举例说明。",
        "3+4等于几",
    ],
    "ja": ["東京の人口は？", "りんごが3個あります。", "答えは何ですか。", "ペンは何本？"],
    "es": [
        "¿Cuántos lápices hay?",
        "Ana tiene 3 peras y compra 4 más. ¿Cuántas tiene?",
        "Calcula el total.",
        "¿Por qué?",
    ],
    "fr": ["Combien de stylos reste-t-il ?", "Léa a 3 pommes et en achète 4. Combien en a-t-elle ?", "Pourquoi ?"],
    "de": ["Wie viele Stifte sind übrig?", "Anna hat 3 Birnen und kauft 4. Wie viele hat sie?", "Warum?"],
    "und": [
        "Сколько яблок у Маши?",
        "사과가 몇 개 있습니까?",
        "كم عدد التفاح؟",
        "มีดินสอกี่แท่ง",
        "Quantas maçãs ele tem?",
        "Quanti libri ci sono nella scatola?",
        "Hoeveel appels heeft Jan?",
        "Ile jabłek ma Ola?",
        "Πόσα μήλα έχει;",
    ],
}


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in TRICKY.items() for text in texts])
def test_the_language_of_a_tricky_question_is_found(language, text):
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "3 + 4 = ?", "x^2 + y^2 = z^2", "$\\sin x + \\log 2$", "\\frac{1}{2}", "α + β", "(a)"]
)
def test_a_formula_has_no_language(text):
    assert detect_language(text) is None


@pytest.mark.parametrize("level", ["school", "small"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_generated_problems_are_of_their_language(level, language):
    source = ArithmeticSource(kind="arithmetic", name="own", problems=300, level=level, language=language)
    problems = make_problems(source, seed=3)
    assert {problem.language for problem in problems} == {language}
    assert {detect_language(problem.question) for problem in problems} == {language}


def test_short_tasks_in_english_are_never_taken_for_another_language():
    assert {detect_language(problem.question) for problem in generate_skills(660, seed=7)} <= {"en", None}


def test_a_recipe_narrows_the_choice():
    assert fit_language("3 + 4 = ?", ("zh",)) == "zh"
    assert fit_language("How many?", ("zh-TW",)) == "zh-TW"
    assert fit_language("有多少？", ("en", "zh-TW")) == "zh-TW"
    assert fit_language("¿Cuántos?", ("en", "zh")) == "en"
    assert fit_language("有多少？", ()) == "zh"
    assert set(LANGUAGES) >= {"en", "zh"}


def test_the_short_way_to_english_is_right(monkeypatch):
    texts = [text for texts in TRICKY.values() for text in texts]
    source = ArithmeticSource(kind="arithmetic", name="own", problems=300)
    texts += [problem.question for problem in make_problems(source, seed=4)]
    short = [detect_language(text) for text in texts]
    monkeypatch.setattr(detect, "SURE", 10_000)
    assert short == [detect_language(text) for text in texts]
