import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from math import exp, isfinite
from operator import add, mul, sub, truediv

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.teacher.request import Answer, Request
from cotloom.builder.teacher.simulated import phrases
from cotloom.builder.teacher.simulated.answers import split_tokens, write_answer
from cotloom.builder.teacher.simulated.logprobs import _list_alternatives
from cotloom.builder.teacher.simulated.phrases import Draft
from cotloom.schemas.example import Message, Role
from cotloom.schemas.ids import digest, format_canonical
from cotloom.schemas.problem import Problem
from cotloom.schemas.prompt import Sampling
from cotloom.schemas.sample import Hint, TokenLogprob
from cotloom.schemas.teacher import SimulatedTeacher, Slips

EQUATION = re.compile(r"(\d+) ([-+*×x/÷]) (\d+) = (\d+)")
SAID = re.compile(r"(?:answer is|Answer:|####) (\d+)\.?\s*$", re.IGNORECASE)
OPERATIONS = {"+": add, "-": sub, "*": mul, "×": mul, "x": mul, "/": truediv, "÷": truediv}
NO_SLIPS = dict.fromkeys(Slips.model_fields, 0.0)

METHODS = [
    [{"op": "+", "args": [4, 5], "result": 9}, {"op": "*", "args": [9, 6], "result": 54}],
    [
        {"op": "*", "args": [4, 6], "result": 24},
        {"op": "*", "args": [5, 6], "result": 30},
        {"op": "+", "args": [24, 30], "result": 54},
    ],
    [
        {"op": "*", "args": [9, 12], "result": 108},
        {"op": "/", "args": [108, 2], "result": 54},
    ],
]
PROBLEM = Problem(
    problem_id="p_1",
    source="own",
    origin="own:0",
    question="Each of 6 boxes holds 4 red and 5 green pens. How many pens are there?",
    answer="54",
    metadata=format_canonical({"methods": METHODS}),
)


def request(number: int = 0, hint: Hint = Hint.NONE) -> Request:
    message = Message(role=Role.USER, content=f"{PROBLEM.question} ({number})")
    return Request(problem_id="p_1", messages=(message,), model="simulated", endpoint="none", sampling={}, hint=hint)


def teacher(top: int = 0, **slips: float) -> SimulatedTeacher:
    return SimulatedTeacher(backend="simulated", slips=Slips(**NO_SLIPS | slips), sampling=Sampling(top_logprobs=top))


def answers(count: int = 300, index: int = 0, hint: Hint = Hint.NONE, top: int = 0, **slips: float) -> list[Answer]:
    who = teacher(top, **slips)
    return [write_answer(PROBLEM, request(number, hint), index, who) for number in range(count)]


def get_text(given: Answer) -> str:
    assert given.text is not None
    return given.text


def get_logprobs(given: Answer) -> tuple[TokenLogprob, ...]:
    assert given.token_logprobs is not None
    return given.token_logprobs


def read_final_answer(text: str) -> str | None:
    found = SAID.search(text)
    return None if found is None else found[1]


def find_wrong_equations(text: str) -> list[str]:
    return [
        found[0] for found in EQUATION.finditer(text) if OPERATIONS[found[2]](*get_operands(found)) != int(found[4])
    ]


def get_operands(found: re.Match[str]) -> tuple[int, int]:
    return int(found[1]), int(found[3])


def normalize_text(text: str) -> str:
    """The text without opener, case and white space."""
    bare = "".join(text.lower().split())
    openers = sorted(("".join(opener.lower().split()) for opener in phrases.OPENERS), key=len, reverse=True)
    return bare.removeprefix(next(opener for opener in openers if bare.startswith(opener)))


def test_without_slips_every_equation_is_true_and_the_answer_is_gold() -> None:
    for given in answers():
        assert EQUATION.search(get_text(given))
        assert not find_wrong_equations(get_text(given))
        assert read_final_answer(get_text(given)) == "54"
        assert given.finish_reason == "stop"


def test_an_answer_says_that_no_model_wrote_it_and_what_it_cost() -> None:
    given = write_answer(PROBLEM, request(), 0, teacher())
    assert given.simulated
    assert given.usage.completion_tokens == len(split_tokens(get_text(given)))
    assert given.usage.prompt_tokens == len(split_tokens(request().messages[0].content))
    assert given.token_logprobs is None


def test_different_indexes_use_different_methods_and_words() -> None:
    given = [get_text(write_answer(PROBLEM, request(), index, teacher())) for index in range(40)]
    methods = {frozenset(found[4] for found in EQUATION.finditer(text)) for text in given}
    assert len(methods) == 3
    assert len(set(given)) > 35


def test_equations_are_written_with_several_signs_and_sometimes_alone() -> None:
    text = "\n".join(get_text(given) for given in answers())
    assert all(sign in text for sign in ("4 * 6", "4 × 6", "4 x 6", "108 / 2", "108 ÷ 2"))
    assert re.search(r"^\d+ \+ \d+ = \d+\.$", text, re.MULTILINE)


def test_a_wrong_operand_leaves_true_equations_and_a_wrong_answer() -> None:
    for given in answers(wrong_operand=1.0):
        assert not find_wrong_equations(get_text(given))
        assert read_final_answer(get_text(given)) not in {None, "54"}
        assert given.finish_reason == "stop"


def test_wrong_arithmetic_is_one_false_equation_that_the_rest_goes_on_from() -> None:
    for given in answers(wrong_arithmetic=1.0):
        assert len(find_wrong_equations(get_text(given))) == 1
        assert read_final_answer(get_text(given)) == list(EQUATION.finditer(get_text(given)))[-1][4] != "54"


def test_a_lucky_answer_is_gold_over_one_false_equation() -> None:
    for given in answers(lucky_answer=1.0):
        assert len(find_wrong_equations(get_text(given))) == 1
        assert read_final_answer(get_text(given)) == "54"


def test_a_cut_off_answer_ends_inside_a_step() -> None:
    for given in answers(cut_off=1.0):
        assert given.finish_reason == "length"
        assert read_final_answer(get_text(given)) is None
        assert not find_wrong_equations(get_text(given))
        assert get_text(given) == get_text(given).rstrip()
        assert not re.search(r"= \d+\.?$", get_text(given))


def test_no_answer_reasons_and_never_says_what_the_answer_is() -> None:
    for given in answers(no_answer=1.0):
        assert given.finish_reason == "stop"
        assert EQUATION.search(get_text(given))
        assert not re.search(r"answer|####|54", get_text(given), re.IGNORECASE)


def test_a_repeat_says_the_same_but_for_opener_case_and_white_space() -> None:
    exact = 0
    for number in range(200):
        texts = [get_text(write_answer(PROBLEM, request(number), index, teacher(repeat=1.0))) for index in range(4)]
        assert len(set(map(normalize_text, texts))) == 1
        exact += texts[1] == texts[0]
    assert 20 < exact < 150


def test_the_first_answer_has_nothing_to_repeat() -> None:
    assert all(read_final_answer(get_text(given)) == "54" for given in answers(repeat=1.0))


def test_a_repeat_far_down_the_line_still_comes_back() -> None:
    assert read_final_answer(get_text(write_answer(PROBLEM, request(), 100_000, teacher(repeat=1.0)))) == "54"


def test_a_hint_is_handed_back_without_working() -> None:
    given = answers(hint=Hint.HINTED, parroted_hint=1.0)
    assert all(read_final_answer(get_text(each)) == "54" and not EQUATION.search(get_text(each)) for each in given)
    assert len({get_text(each) for each in given}) >= 3


def test_nothing_is_handed_back_where_no_hint_was_given() -> None:
    assert all(EQUATION.search(get_text(given)) for given in answers(parroted_hint=1.0))


def test_the_hint_is_drawn_before_the_other_slips() -> None:
    given = answers(2000, hint=Hint.HINTED, parroted_hint=0.3, cut_off=1.0)
    assert sum(each.finish_reason == "stop" for each in given) / 2000 == pytest.approx(0.3, abs=0.04)


def classify_answer(given: Answer) -> str:
    if given.finish_reason == "length":
        return "cut_off"
    if read_final_answer(get_text(given)) is None:
        return "no_answer"
    false, gold = bool(find_wrong_equations(get_text(given))), read_final_answer(get_text(given)) == "54"
    names = {(True, True): "lucky_answer", (True, False): "wrong_arithmetic", (False, False): "wrong_operand"}
    return names.get((false, gold), "right")


def test_slips_come_at_the_stated_rates() -> None:
    stated = Slips()
    seen = Counter(map(classify_answer, answers(2000, **stated.model_dump())))
    for name in ("wrong_operand", "wrong_arithmetic", "lucky_answer", "cut_off", "no_answer"):
        assert seen[name] / 2000 == pytest.approx(getattr(stated, name), abs=0.02), name


def test_repeats_come_at_the_stated_rate() -> None:
    who = teacher(repeat=0.25)
    pairs = [
        [get_text(write_answer(PROBLEM, request(number), index, who)) for index in (0, 1)] for number in range(2000)
    ]
    assert sum(normalize_text(first) == normalize_text(second) for first, second in pairs) / 2000 == pytest.approx(
        0.25, abs=0.03
    )


def test_the_same_key_gives_the_same_answer_in_another_process() -> None:
    code = (
        "import runpy, sys; from cotloom.schemas.ids import digest; from dataclasses import asdict;"
        f"here = runpy.run_path({__file__!r});"
        "print(digest([asdict(given) for given in here['answers'](30, 3, top=4, **here['Slips']().model_dump())]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    here = [asdict(given) for given in answers(30, 3, top=4, **Slips().model_dump())]
    assert done.stdout.strip() == digest(here)


@pytest.mark.parametrize("text", ["", "So 4 × 5 = 20.\n\n#### 20\n", "  two  spaces\ttab", "it's 1/2 (été) ☃ a_b"])
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


@pytest.mark.parametrize("top", [1, 2, 5, 20])
def test_log_probabilities_are_well_formed(top: int) -> None:
    for given in answers(60, index=2, top=top, **Slips().model_dump()):
        assert "".join(token.token for token in get_logprobs(given)) == get_text(given)
        for token in get_logprobs(given):
            top_logprobs = [other.logprob for other in token.top]
            assert len({other.token for other in token.top}) == len(token.top) == top
            assert top_logprobs == sorted(top_logprobs, reverse=True)
            assert all(isfinite(logprob) and logprob == round(logprob, 4) for logprob in top_logprobs)
            assert sum(map(exp, top_logprobs)) <= 1


def test_a_token_that_is_no_slip_is_the_likeliest() -> None:
    for given in answers(60, top=3):
        for token in get_logprobs(given):
            assert (token.top[0].token, token.top[0].logprob) == (token.token, token.logprob)
            assert token.logprob > -0.7


@pytest.mark.parametrize("slip", ["wrong_operand", "wrong_arithmetic", "lucky_answer"])
def test_where_a_slip_stands_the_right_number_is_the_likeliest(slip: str) -> None:
    for given in answers(100, 0, Hint.NONE, 5, **{slip: 1.0}):
        (wrong,) = [token for token in get_logprobs(given) if token.top[0].token != token.token]
        assert wrong.token.strip().isdigit()
        assert wrong.token.startswith(" ") == wrong.top[0].token.startswith(" ")
        assert exp(wrong.logprob) < 0.1
        assert exp(wrong.top[0].logprob) > 0.55


def test_the_likeliest_number_at_a_wrong_result_is_the_true_result() -> None:
    for given in answers(100, top=2, wrong_arithmetic=1.0):
        (false,) = find_wrong_equations(get_text(given))
        found = EQUATION.fullmatch(false)
        assert found is not None
        (wrong,) = [token for token in get_logprobs(given) if token.top[0].token != token.token]
        assert wrong.top[0].token == f" {OPERATIONS[found[2]](*get_operands(found)):.0f}"


@pytest.mark.parametrize("metadata", ["{}", '{"methods":"none"}', '{"methods":[{"steps":3}]}', '{"methods":[]}'])
def test_a_problem_of_another_source_is_refused_with_a_hint(metadata: str) -> None:
    with pytest.raises(InputError, match="`arithmetic`") as caught:
        write_answer(replace(PROBLEM, metadata=metadata), request(), 0, teacher())
    assert caught.value.hint is not None
    assert "recorded" in caught.value.hint


def test_no_words_around_the_steps_hold_a_digit() -> None:
    words = [*phrases.OPENERS, *phrases.FIRST, *phrases.MIDDLE, *phrases.LAST, *phrases.CLOSINGS]
    assert not any(map(str.isdigit, "".join(words)))


def test_a_draft_begins_with_its_opener_where_it_has_one():
    body = (("9 * 2 = 18", None),)
    assert Draft(opener="Let me see.", gap="\n\n", body=body).pieces == (("Let me see.\n\n", None), *body)
    assert Draft(body=body).pieces == body


def test_zero_is_an_alternative_to_one_and_minus_one_is_none():
    alternatives = [alternative.strip() for alternative in _list_alternatives(" 1", "key")]
    assert "0" in alternatives
    assert [text for text in alternatives if text.startswith("-")] == []
