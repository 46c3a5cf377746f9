import re
from collections import Counter, defaultdict
from typing import Any

import pytest

from cotloom.builder.sources.arithmetic import make_problems
from cotloom.builder.sources.steps import AMOUNTS, PATTERNS, START, compute_methods, load_parts, make_small_level
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.simulated.answers import write_answer
from cotloom.builder.verify import judge
from cotloom.schemas.example import Message, Role
from cotloom.schemas.ids import digest
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.source import ArithmeticSource
from cotloom.schemas.teacher import SimulatedTeacher, Slips
from tests.sources.test_arithmetic import OPERATIONS, get_methods, get_question, operations

NO_SLIPS = dict.fromkeys(Slips.model_fields, 0.0)


def source(problems: int, name: str = "own") -> ArithmeticSource:
    return ArithmeticSource(kind="arithmetic", name=name, problems=problems, level="small")


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return make_problems(source(1500), seed=5)


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def numbers(text: str) -> list[int]:
    return list(map(int, re.findall(r"\d+", text)))


def test_every_number_lies_between_one_and_twenty(problems):
    for problem in problems:
        given = numbers(get_question(problem))
        assert given[0] in START
        assert len(given) == 5
        assert all(number in AMOUNTS for number in given[1:])
        steps = [step for method in get_methods(problem) for step in method]
        assert all(1 <= number <= 20 for step in steps for number in [*step["args"], step["result"]])


def test_the_answer_is_what_the_events_come_to_in_order(problems):
    for problem in problems:
        start, *amounts = numbers(get_question(problem))
        signs = problem.category or ""
        assert len(signs) == len(amounts) == 4
        total = start + sum(amount if sign == "+" else -amount for sign, amount in zip(signs, amounts, strict=True))
        assert str(total) == problem.answer
        in_order = get_methods(problem)[0]
        assert [step["op"] for step in in_order] == list(signs)
        assert [step["args"][1] for step in in_order] == amounts


def test_the_methods_are_true_and_end_in_the_answer_and_differ_in_their_operations(problems):
    for problem in problems:
        methods = get_methods(problem)
        assert 3 <= len(methods) <= 4
        assert len(set(map(operations, methods))) == len(methods)
        for method in methods:
            assert len(method) == 4
            assert str(method[-1]["result"]) == problem.answer
            assert all(OPERATIONS[step["op"]](*step["args"]) == step["result"] for step in method)


def test_a_method_takes_each_number_of_the_question_once_and_each_result_once(problems):
    for problem in problems:
        given = Counter(numbers(get_question(problem)))
        for method in get_methods(problem):
            taken = Counter(number for step in method for number in step["args"])
            assert taken == given + Counter(step["result"] for step in method[:-1])


def test_no_amount_can_be_taken_for_a_result_before_it(problems):
    for problem in problems:
        given = numbers(get_question(problem))
        for at, amount in enumerate(given[2:], 1):
            assert amount not in {step["result"] for step in get_methods(problem)[0][:at]}


def test_a_problem_is_solved_in_order_gains_first_by_sums_and_by_the_net_change():
    values = {"s": 9, "a": 6, "b": 4, "c": 5, "d": 3}
    ways = [[(step.op, *step.args) for step in method] for method in compute_methods("+-+-", values) or ()]
    assert ways == [
        [("+", 9, 6), ("-", 15, 4), ("+", 11, 5), ("-", 16, 3)],
        [("+", 9, 6), ("+", 15, 5), ("-", 20, 4), ("-", 16, 3)],
        [("+", 6, 5), ("+", 4, 3), ("+", 9, 11), ("-", 20, 7)],
        [("+", 6, 5), ("+", 4, 3), ("-", 11, 7), ("+", 9, 4)],
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"s": 2, "a": 3, "b": 4, "c": 5, "d": 3}, "there is not so much to lose"),
        ({"s": 18, "a": 9, "b": 9, "c": 9, "d": 9}, "too large"),
        ({"s": 9, "a": 4, "b": 4, "c": 5, "d": 9}, "the start is an amount too"),
        ({"s": 12, "a": 4, "b": 8, "c": 5, "d": 3}, "12 - 4 = 8, and 8 comes next"),
    ],
)
def test_numbers_that_do_not_fit_are_not_taken(values, why):
    assert compute_methods("-++-", values) is None, why


def test_a_group_is_an_opening_a_pattern_and_a_question_and_there_are_hundreds(problems):
    parts = load_parts()
    groups = make_small_level().groups
    assert len(set(groups)) == len(groups) == len(parts.openings) * 14 * len(parts.questions) >= 300
    assert {problem.group for problem in problems} == set(groups)
    assert {problem.category for problem in problems} == set(PATTERNS)
    assert all((problem.group or "").split("/")[1] == problem.category for problem in problems)


def test_every_group_has_its_turn_before_one_comes_again(problems):
    count = len(make_small_level().groups)
    assert len({problem.group for problem in problems[:count]}) == count


def test_every_word_of_a_group_stands_in_many_others(problems):
    groups = defaultdict(set)
    for problem in problems:
        for word in words(get_question(problem)):
            groups[word].add(problem.group)
    assert min(map(len, groups.values())) >= 30


def test_the_words_are_few_and_the_questions_short(problems):
    assert len(set.union(*(words(get_question(problem)) for problem in problems))) <= 150
    assert max(len(get_question(problem).split()) for problem in problems) <= 46


def test_a_question_is_clean_english(problems):
    for problem in problems:
        assert not re.search(r"[{}\n]|  |\b[01]\b", get_question(problem))
        assert get_question(problem).endswith("?")
        assert all(sentence[0].isupper() for sentence in get_question(problem).split(". "))


def test_there_is_room_for_hundreds_of_thousands(problems):
    # any person and any item goes with any group, whatever the numbers are
    assert len(make_small_level().groups) * len(load_parts().people) * len(load_parts().items) > 200_000
    more = make_problems(source(1500, name="more"), seed=5)
    assert not {problem.problem_id for problem in problems} & {problem.problem_id for problem in more}


def test_the_first_problems_do_not_depend_on_how_many_are_asked_for(problems):
    assert make_problems(source(150), seed=5) == problems[:150]
    assert digest(make_problems(source(150), seed=6)) != digest(problems[:150])


def test_answers_are_spread(problems):
    assert Counter(problem.answer for problem in problems).most_common(1)[0][1] < len(problems) / 10


# What the simulated teacher and the verifier make of them


def verdicts(problems: list[Problem], **slips: float) -> Counter[tuple[Any, Any]]:
    teacher = SimulatedTeacher(backend="simulated", slips=Slips(**NO_SLIPS | slips))
    found: Counter[tuple[Any, Any]] = Counter()
    for problem in problems:
        message = Message(role=Role.USER, content=get_question(problem))
        request = Request(
            problem_id=problem.problem_id, messages=(message,), model="simulated", endpoint="none", sampling={}
        )
        given = write_answer(problem, request, 0, teacher)
        judged = judge(problem, given.text, finish_reason=given.finish_reason)
        found[judged.verdict, judged.reason] += 1
    return found


@pytest.mark.parametrize(
    ("slips", "verdict", "reason"),
    [
        ({}, Verdict.CORRECT, None),
        ({"wrong_operand": 1.0}, Verdict.WRONG, Reason.WRONG),
        ({"wrong_arithmetic": 1.0}, Verdict.WRONG, Reason.WRONG),
        ({"lucky_answer": 1.0}, Verdict.CORRECT, Reason.WRONG_STEP),
        ({"no_answer": 1.0}, Verdict.NO_ANSWER, Reason.NO_ANSWER),
        ({"cut_off": 1.0}, Verdict.TRUNCATED, Reason.TRUNCATED),
    ],
)
def test_each_slip_of_the_simulated_teacher_is_found_for_what_it_is(problems, slips, verdict, reason):
    assert verdicts(problems[:200], **slips) == {(verdict, reason): 200}


def test_a_build_keeps_as_much_as_of_school_problems(write_recipe, build_recipe, tmp_path):
    shares = {}
    for level in ("school", "small"):
        folder = tmp_path / level
        folder.mkdir()
        sources = [{"name": "made", "kind": "arithmetic", "problems": 100, "level": level}]
        version = build_recipe(write_recipe(folder, sources=sources, split={"test": 0.2}), folder / "store").version
        rows = [row for row in version.manifest.funnel if row.stage == "verify"]
        shares[level] = rows[0].kept / rows[0].rows_in
        assert version.manifest.recipe["sources"][0]["level"] == level
        assert not any(row.reason == Reason.CROSSES_SPLIT for row in version.manifest.funnel)
    assert shares["small"] == pytest.approx(shares["school"], abs=0.07)
