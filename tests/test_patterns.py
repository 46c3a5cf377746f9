"""Patterns of recipes run on RE2: they end on every text, keep Python's meaning, and what RE2 can't take is named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.patterns import PatternError, SearchError, compile_pattern, find_last_match
from cotloom.builder.verify import judge, read_answer
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Verify

PROBLEM = Problem(problem_id="p", source="s", origin="", question="?", answer="18")


@pytest.mark.parametrize(
    "pattern", [r"(?:a+)+(\d)$", r"(a|aa)+$", r"^(?:a|a)*(b)", r"(?:a*)*(b)", r"(.*.*.*.*)=", r"(?:\w+\s?)*(=)$"]
)
def test_a_pattern_that_goes_back_for_ever_elsewhere_ends(pattern, ends):  # noqa: ARG001 - it fails a test that does not end
    assert find_last_match(pattern, "a" * 200_000) is None or pattern.startswith("(a|aa)")


@pytest.mark.parametrize(
    ("pattern", "named", "hint"),
    [
        ("(?=a)(b)", "lookahead", "around"),
        ("(?<!a)(b)", "lookbehind", "around"),
        (r"(a)\1", "backreference", "write out"),
        ("(?P<x>a)(?P=x)", "backreference", "write out"),
        ("(?(1)a|b)(c)", "backreference", "write out"),
        ("a++(b)", "possessive", "leave"),
        ("(?>a)(b)", "atomic", "leave"),
        ("(?R)(a)", "recursion", "levels"),
        ("(a){1001}", "a large repetition", "1,000"),
        ("(?:a{1000}){1000}(b)", "a large repetition", "1,000"),
        (r"(\w{900})", "too large", "smaller"),
        ("(?x)(a)", "a flag", "i, m and s"),
        ("(?#c)(a)", "a comment", "YAML"),
        (r"(a)\Z", r"\\Z", r"\\z"),
        (r"(\u00e9)", "a character by its name", "itself"),
        (r"(\C)", "a single byte", None),
        (r"\Q(a)\E", "a quotation", None),
        (r"([\W])", r"\\W in brackets", "write"),
        ("(", "not a regular expression", None),
        ("ab", "exactly one group", None),
        ("(a)(b)", "exactly one group", None),
        ("(" + "a" * 2000 + ")", "characters", None),
        ("(\ud800)", "surrogate", None),
    ],
)
def test_what_re2_can_not_take_is_named_with_what_to_write(pattern, named, hint, capfd):
    with pytest.raises(PatternError, match=named) as caught:
        compile_pattern(pattern)
    assert hint is None or re.search(hint, caught.value.hint)
    assert isinstance(caught.value, InputError)
    assert capfd.readouterr() == ("", "")


TEXTS = st.text(alphabet=st.sampled_from("aZ09_-, \n\t\xa0\u3000\x0b\x1c\x85é漢٣½²𝄞\x00\u2028ß"))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+)",
        r"(\w+)",
        r"(\S+)",
        r"([\w-]+)",
        r"(\W+)",
        r"a\s(.)",
        r"([\D])",
        r"([^\s,]+)",
        "(é.)",
        "(.+)",
        r"([]\d])",
    ],
)
@given(text=TEXTS)
def test_a_pattern_finds_what_pythons_finds_in_any_script(pattern, text):
    found = [match for match in re.finditer(pattern, text) if match[0]]
    spans = (found[-1].span(), found[-1].span(1)) if found else None
    assert find_last_match(pattern, text) == spans


def test_spans_are_in_characters_whatever_comes_before():
    assert find_last_match("(é+)", "aé\ud800𝄞éé") == ((4, 6), (4, 6))
    assert find_last_match("\x00(.)", "a\x00b") == ((1, 3), (2, 3))
    reading = read_answer("漢字 𝄞 A: 18", AnswerType.NUMBER, pattern="A: (.+)")
    assert (reading.answer, reading.span.start) == ("18", 8)


def test_the_end_of_a_text_is_before_its_last_line_feed_too():
    assert find_last_match("A: (.+)$", "A: 7\nA: 18\n") == ((5, 10), (8, 10))
    assert find_last_match("A: (.+)$", "A: 18\n\n") is None
    assert re.search("A: (.+)$", "A: 18\n\n") is None


def test_a_search_that_takes_too_much_work_is_a_failed_check_and_never_no_answer(ends):  # noqa: ARG001 - as above
    text = "a" * 200_000
    with pytest.raises(SearchError, match="too often"):
        find_last_match("(a)(?s:.*b)?", text)
    judgement = judge(PROBLEM, text, policy=Verify(pattern="(a)(?s:.*b)?"))
    assert (judgement.verdict, judgement.reason, judgement.predicted) == ("check_failed", "check_failed", None)


def test_a_group_that_takes_no_part_is_no_answer():
    assert find_last_match("a(b)?", "ab a") == ((3, 4), None)
    assert read_answer("ab a", AnswerType.TEXT, pattern="a(b)?") is None
