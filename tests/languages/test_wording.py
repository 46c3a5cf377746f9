"""The words of each language: complete, read back by the verifier, and demonstrations that are right."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cotloom.builder.languages import LANGUAGES, ReadingWords, choose_wording, detect_language, find_wording
from cotloom.builder.recipe import find_packaged_demos
from cotloom.builder.teacher.demonstrations import find_answer_types, list_translations, read_demos, select_demos
from cotloom.builder.teacher.prompts import format_messages, format_second_call
from cotloom.builder.verify import compare, judge, read_answer
from cotloom.schemas.ids import digest
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.prompt import HintPolicy, Prompt
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.sample import Hint
from tests.conftest import ROOT

SETS = {"arithmetic": "number", "boolean": "boolean", "choice": "choice", "commonsense": "choice"}
TEMPLATES = ("zero_shot", "cot_zero_shot", "cot_two_call")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def make_problem(language, question="企鹅会飞吗？", answer_type=AnswerType.NUMBER, choices=()):
    return Problem(
        problem_id="p", source="s", origin="o", question=question, answer="7", answer_type=answer_type, choices=choices,
        language=language,
    )  # fmt: skip


def prompts(language, question="?"):
    for template in TEMPLATES:
        for answer_type in AnswerType:
            for place in ("after_question", "answer_first"):
                problem = make_problem(language, question, answer_type)
                for hint in (Hint.NONE, Hint.HINTED):
                    messages = format_messages(problem, hint, Prompt(template=template), HintPolicy(place=place))
                    yield messages[-1].content
                yield format_second_call(messages, "…", problem, Prompt(template=template))[-1].content


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_words_of_a_prompt_are_in_the_language(language):
    own = set(prompts(language))
    assert len(own) > 10
    if language == "en":
        return
    english = choose_wording("en")
    words = {english.steps, english.second_call, *english.only.values(), *english.closings.values()}
    assert not [text for text in own if any(word in text for word in words) or "right answer" in text.lower()]
    if not choose_wording(language).is_spaced:
        assert not [text for text in own if re.search(r"[A-Za-z]", text)]


def test_a_language_without_words_of_its_own_is_asked_in_english():
    for language in (None, "und", "pt", "fi"):
        assert list(prompts(language)) == list(prompts("en"))
        assert find_wording(language) is None
    assert list(prompts("zh-TW")) == list(prompts("zh"))


def test_a_question_with_braces_is_shown_as_it_is():
    question = "{answer} {0} {{x}}"
    assert all(question in text for text in prompts("zh", question) if "?" not in text and "那么" not in text)


def test_the_recipe_s_own_cue_is_stronger():
    messages = format_messages(make_problem("zh"), Hint.NONE, Prompt(cue="Go."), HintPolicy())
    assert messages[-1].content == "企鹅会飞吗？\n\nGo."


@pytest.mark.parametrize("name", SETS)
def test_chinese_demonstrations_are_chinese_and_right(name):
    demos = list_translations(name)
    english = read_demos(ROOT / "recipes" / "demos" / f"{name}.yaml")
    assert len(demos) >= len(english)
    for demo in demos:
        assert demo.language == detect_language(demo.question) == "zh"
        assert all(CJK.search(choice) or re.search(r"\d", choice) for choice in demo.choices)
        problem = Problem(
            problem_id="p", source="s", origin="o", question=demo.question, answer=demo.answer,
            answer_type=AnswerType(SETS[name]), choices=demo.choices,
        )  # fmt: skip
        _, said = format_messages(problem, Hint.NONE, Prompt(), HintPolicy(), [demo])[:2]
        found = judge(problem, said.content, hint=Hint.HINTED)
        assert (found.verdict, found.reason) == (Verdict.CORRECT, None), (said.content, found)
        assert {step.outcome for step in found.steps} <= {"right"}


PACKAGED = {**SETS, "dates_and_states": "choice", "dialogue": "choice", "inference": "choice", "reading": "text"}


def test_there_are_demonstrations_for_eight_families():
    assert set(find_packaged_demos()) == set(PACKAGED)


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_demonstrations_are_right(name):
    demos = read_demos(ROOT / "recipes" / "demos" / f"{name}.yaml")
    assert 4 <= len(demos) <= 8
    assert len({demo.answer for demo in demos}) > 1  # an answer that is always the same would teach itself
    for demo in demos:
        problem = Problem(
            problem_id="p", source="s", origin="o", question=demo.question, answer=demo.answer,
            answer_type=AnswerType(PACKAGED[name]), choices=demo.choices, language="en",
        )  # fmt: skip
        assert problem.answer_type in find_answer_types(demo)
        _, said = format_messages(problem, Hint.NONE, Prompt(), HintPolicy(), [demo])[:2]
        found = judge(problem, said.content, hint=Hint.HINTED)
        assert (found.verdict, found.reason, found.faults) == (Verdict.CORRECT, None, ()), (said.content, found)
        assert {step.outcome for step in found.steps} <= {"right"}


def test_a_problem_is_shown_demonstrations_in_its_language():
    demos = [*read_demos(ROOT / "recipes" / "demos" / "arithmetic.yaml"), *list_translations("arithmetic")]
    english, chinese, spanish = (select_demos(demos, make_problem(language), 4, 0) for language in ("en", "zh", "es"))
    assert english == spanish == demos[:4]
    assert {demo.language for demo in chinese} == {"zh"}
    (asked, said, *_), wording = format_messages(make_problem("zh"), Hint.NONE, Prompt(), HintPolicy(), chinese), "zh"
    assert choose_wording(wording).equations in asked.content
    assert said.content.endswith("答案是：540。")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_of_a_demonstration_is_read(language):
    text = choose_wording(language).sentence.format(answer="42")
    found = read_answer(text, AnswerType.NUMBER)
    assert compare("42", found.answer, AnswerType.NUMBER).outcome == "equal"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_that_tell_an_answer_from_other_values(language):
    cues = choose_wording(language).reading.cues
    needed = "openings results asides excluded retractions checks confirmations denials remarks".split()
    assert [name for name in needed if not getattr(cues, name)] == []
    for pieces in asdict(cues).values():
        assert all(re.compile(piece).groups == 0 for piece in pieces)


PINNED = json.loads(Path(__file__).with_name("pinned_words.json").read_text(encoding="utf-8"))
"""Digests of the words that stand in prompts and rows. A change of them is a change of rows: the changelog names it,
and the code versions of the rooms `teacher` and `format` rise."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_prompts_and_rows_do_not_change_by_accident(language):
    wording = asdict(replace(choose_wording(language), reading=ReadingWords(), common=frozenset()))
    words = {name: value for name, value in wording.items() if name not in {"reading", "common"}}
    assert digest(words) == PINNED[language]
