"""Generated procedures: fixed orders, of which three are held out, and exemplars that show them."""

import re
from itertools import combinations

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.sources.procedures import make_procedure_problems
from cotloom.builder.sources.procedures.orders import HELD_OUT, SIGNS, list_procedures, select_procedures
from cotloom.builder.verify import judge
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.source import ProceduresSource


def make(name="made", seed=0, **keys):
    return make_procedure_problems(ProceduresSource(kind="procedures", name=name, **keys), seed)


def read_signs(text):
    """The signs of a line with their states, in the order in which they stand."""
    return re.findall(rf"({'|'.join(SIGNS)}) (on|off)", text)


def test_there_are_twelve_orders_far_apart_and_three_are_held_out():
    procedures = list_procedures()
    assert len(procedures) == 12
    assert all(sorted(order) == sorted(SIGNS) for order in procedures.values())
    for one, other in combinations(procedures.values(), 2):
        assert sum(left != right for left, right in zip(one, other, strict=True)) >= 3
        assert one[:2] != other[:2]
    assert set(select_procedures("unseen")) == set(HELD_OUT)
    assert len(select_procedures("seen")) == 9
    words = {word for name in select_procedures("seen") for word in name.split()}
    assert {word for name in HELD_OUT for word in name.split()} <= words


@pytest.mark.parametrize("part", ["seen", "unseen"])
@pytest.mark.parametrize("shots", [0, 3])
def test_reasoning_follows_the_order_of_the_procedure_and_names_the_first_sign_that_is_on(part, shots):
    orders = select_procedures(part)
    problems = make(problems=60, part=part, shots=shots)
    for problem in problems:
        head, *exemplars, asked = problem.question.split("\n\n")
        order = orders[problem.task]
        assert head == f"Procedure {problem.task}."
        assert len(exemplars) == shots
        states = dict(read_signs(asked))
        (response,) = problem.responses
        assert [sign for sign, _ in read_signs(response)] == list(order)
        assert dict(read_signs(response)) == states
        assert problem.answer == next(sign for sign in order if states[sign] == "on")
        assert judge(problem, response).verdict is Verdict.CORRECT
        for exemplar in exemplars:
            listed, read, said = exemplar.split("\n")
            assert [sign for sign, _ in read_signs(read)] == list(order)
            assert dict(read_signs(listed)) == dict(read_signs(read)) != states
            assert said == f"The answer is {next(sign for sign in order if dict(read_signs(read))[sign] == 'on')}."
    assert {problem.task for problem in problems} == set(orders)


def test_the_answer_depends_on_the_order():
    """Under another procedure the same signs have another answer, for most pairs of procedures and states."""
    orders = list(list_procedures().values())
    states = [dict(read_signs(problem.question)) for problem in make(problems=40)]
    answers = [[next(sign for sign in order if state[sign] == "on") for order in orders] for state in states]
    assert all(len(set(row)) > 1 for row in answers)


def test_problems_are_distinct_the_same_again_and_begin_alike():
    few, many = make(problems=50), make(problems=90)
    assert many[:50] == few == make(problems=50)
    assert len({problem.problem_id for problem in many}) == 90
    assert {problem.question for problem in make(problems=50, seed=1)} != {problem.question for problem in few}
    assert {problem.question for problem in make("other", problems=50)} != {problem.question for problem in few}


def test_too_many_problems_are_told():
    with pytest.raises(InputError, match="too few distinct questions"):
        make(problems=20_000, part="unseen")


def test_the_recipe_trains_on_nine_procedures_and_asks_all_twelve(build_recipe, tmp_path):
    sizes = [f"sources.{name}.problems=27" for name in ("shown", "alone", "seen-alone", "unseen-alone", "unseen-shown")]
    version = build_recipe("procedures", tmp_path, *sizes).version
    problems = version.read_table("problems").filter(fate="kept")
    trained = problems.filter(problems["source"].is_in(["shown", "alone"]))
    assert set(trained["task"]) == set(select_procedures("seen"))
    assert set(problems.filter(source="unseen-shown")["task"]) == set(HELD_OUT)
    examples = version.read_table("examples").filter(fate="kept")
    assert examples.height == trained.height == 54
    assert set(examples["format"]) == {"as_is"}
