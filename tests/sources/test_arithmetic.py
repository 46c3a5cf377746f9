import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise
from operator import add, mul, sub, truediv
from typing import Any

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.sources.arithmetic import _make_at_level, make_problems
from cotloom.builder.sources.programs import LARGEST, Formula, compute_method, parse_program
from cotloom.builder.sources.stories import load_table, make_school_level
from cotloom.schemas.ids import digest
from cotloom.schemas.problem import Problem, make_problem_id
from cotloom.schemas.source import ArithmeticSource

OPERATIONS = {"+": add, "-": sub, "*": mul, "/": truediv}
Method = list[dict[str, Any]]
STRUCTURAL = {1, 2, 5, 7, 100}
"""Numbers that a method may bring along: one more, twice, the days of a week, percent."""


def source(problems: int, name: str = "own") -> ArithmeticSource:
    return ArithmeticSource(kind="arithmetic", name=name, problems=problems)


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return make_problems(source(2000), seed=5)


def get_question(problem: Problem) -> str:
    assert problem.question is not None
    return problem.question


def get_methods(problem: Problem) -> list[Method]:
    methods: list[Method] = json.loads(problem.metadata)["methods"]
    return methods


def operations(method: Method) -> frozenset[tuple[str, tuple[int, ...]]]:
    return frozenset(
        (step["op"], tuple(sorted(step["args"]) if step["op"] in "+*" else step["args"])) for step in method
    )


def test_a_problem_says_where_it_comes_from(problems: list[Problem]) -> None:
    for number, problem in enumerate(problems):
        assert problem.origin == f"own:{number}"
        assert problem.problem_id == make_problem_id(get_question(problem))
        assert (problem.source, problem.task, problem.license) == ("own", "arithmetic", "Apache-2.0")
        assert problem.reference_rationale is None
        assert problem.fate == "kept"


def test_every_equation_is_true_and_modest(problems: list[Problem]) -> None:
    for step in (step for problem in problems for method in get_methods(problem) for step in method):
        assert set(step) == {"op", "args", "result"}
        assert OPERATIONS[step["op"]](*step["args"]) == step["result"]
        assert all(type(number) is int and 0 < number <= LARGEST for number in [*step["args"], step["result"]])


def test_every_method_ends_in_the_gold_answer_after_two_to_five_steps(problems: list[Problem]) -> None:
    for problem in problems:
        for method in get_methods(problem):
            assert str(method[-1]["result"]) == problem.answer
            assert 2 <= len(method) <= 5


def test_a_problem_has_at_least_three_methods_that_differ_in_their_operations(problems: list[Problem]) -> None:
    for problem in problems:
        methods = get_methods(problem)
        assert len(methods) >= 3
        assert len(set(map(operations, methods))) == len(methods)


def test_no_step_of_a_method_is_idle(problems: list[Problem]) -> None:
    for method in (method for problem in problems for method in get_methods(problem)):
        assert len(operations(method)) == len(method)
        for at, step in enumerate(method[:-1]):
            assert any(step["result"] in later["args"] for later in method[at + 1 :])


def test_a_method_uses_only_numbers_of_the_question(problems: list[Problem]) -> None:
    for problem in problems:
        given = set(map(int, re.findall(r"\d+", get_question(problem))))
        for method in get_methods(problem):
            known = given | STRUCTURAL | {step["result"] for step in method}
            assert all(set(step["args"]) <= known for step in method)


def test_a_question_is_clean_english_with_every_field_filled(problems: list[Problem]) -> None:
    for problem in problems:
        assert not re.search(r"[{}\n]|  ", get_question(problem))
        assert get_question(problem).endswith("?")
        assert get_question(problem).isascii()
        assert not re.search(r"\b[Aa] [aeiou]\w+", get_question(problem))
        # no number is 1, so a counted thing is always a plural
        assert not re.search(r"(?<![\d/$])\b[01]\b(?!/)", get_question(problem))


def test_there_are_many_families_and_each_has_several_stories() -> None:
    families = Counter(story.family for story in load_table().stories)
    assert len(families) >= 14
    assert min(families.values()) >= 3
    assert families.total() >= 40


def test_a_story_is_a_group_and_no_two_share_a_name(problems: list[Problem]) -> None:
    names = [story.name for story in load_table().stories]
    assert len(set(names)) == len(names)
    assert {problem.group for problem in problems} == set(names)


def test_a_story_uses_a_pronoun_only_where_it_names_somebody() -> None:
    for story in load_table().stories:
        fields = set(re.findall(r"{(\w+)}", story.text))
        assert "name" in fields or not fields & {"they", "They", "their", "them"}


def test_every_story_has_its_turn_before_one_comes_again(problems: list[Problem]) -> None:
    count = len(load_table().stories)
    assert len({problem.group for problem in problems[:count]}) == count


def test_the_first_problems_do_not_depend_on_how_many_are_asked_for(problems: list[Problem]) -> None:
    assert make_problems(source(150), seed=5) == problems[:150]


def test_the_stories_of_before_are_told_to_the_letter() -> None:
    made = [{**asdict(problem)} for problem in make_problems(source(500), seed=5)]
    assert {problem.pop("language") for problem in made} == {"en"}  # columns that came later
    assert {problem.pop("weight") for problem in made} == {1.0}
    later = ("stated_answer", "cluster", "pass_rate", "duplicate_of", "duplicate_by", "kept_answer")
    assert {problem.pop(name) for problem in made for name in later} == {None}
    assert digest(made) == "929a78e90ff0cc8222a97d30a91b1aac23c38971a875adabdaa12861cfbc9cf1"


def test_ten_thousand_questions_are_distinct() -> None:
    questions = [get_question(problem) for problem in make_problems(source(10_000), seed=0)]
    assert len(set(questions)) == 10_000


def test_another_seed_or_name_makes_other_problems(problems: list[Problem]) -> None:
    known = {get_question(problem) for problem in problems}
    others = make_problems(source(300), seed=6) + make_problems(source(300, name="other"), seed=5)
    assert sum(get_question(problem) in known for problem in others) < 10


def test_answers_are_spread(problems: list[Problem]) -> None:
    assert Counter(problem.answer for problem in problems).most_common(1)[0][1] < 40


def test_another_process_with_another_hash_seed_makes_the_same_problems(problems: list[Problem]) -> None:
    code = (
        "from cotloom.builder.sources.arithmetic import make_problems; from cotloom.schemas.ids import digest;"
        "from cotloom.schemas.source import ArithmeticSource as Source;"
        "print(digest(make_problems(Source(kind='arithmetic', name='own', problems=100), 5)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == digest(problems[:100])


def test_stories_that_are_told_out_stop_with_a_hint() -> None:
    table = load_table()
    story = next(story for story in table.stories if story.name == "dance_hall")
    narrow = replace(story, slots={slot: span[-2:] for slot, span in story.slots.items()})
    small = replace(table, stories=(narrow,))
    assert len(_make_at_level(source(8), 0, make_school_level(small))) == 8
    with pytest.raises(InputError, match="dance_hall") as caught:
        _make_at_level(source(17), 0, make_school_level(small))
    assert caught.value.hint


def test_a_program_is_read_step_by_step() -> None:
    assert parse_program("both = a + 2; total = both * c") == (
        Formula(name="both", op="+", operands=("a", "2")),
        Formula(name="total", op="*", operands=("both", "c")),
    )


@pytest.mark.parametrize("text", ["", "a + b", "x = a", "x = a ** b", "x = f(a) + b", "x = a + b; ", "X = a + -1"])
def test_anything_else_is_not_a_program(text: str) -> None:
    with pytest.raises(ValueError, match="not a step"):
        parse_program(text)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("x = a - b", "negative"),
        ("x = a - a", "zero"),
        ("x = b / a", "not whole"),
        ("x = b * c", "a factor of 1"),
        ("x = a + b; y = b + a", "done before"),
        ("x = b * b; y = x * x; z = y * y", "too large"),
    ],
)
def test_a_step_that_is_unfit_for_a_school_book_is_not_taken(program: str, why: str) -> None:
    assert compute_method(parse_program(program), {"a": 3, "b": 13, "c": 1}) is None, why


def test_methods_are_not_the_same_steps_in_another_order(problems: list[Problem]) -> None:
    for problem in problems[:200]:
        steps = [sorted(map(str, method)) for method in get_methods(problem)]
        assert all(one != other for one, other in pairwise(sorted(steps)))
