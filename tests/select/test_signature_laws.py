"""What never changes a signature, and what always does: over real solutions, and over generated ones."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select.signatures import UNKNOWN, ProblemContext, read_method
from cotloom.builder.select.signatures.links import list_numbers
from cotloom.builder.text.equations import Operation, find_equations
from cotloom.schemas.sample import StepOutcome

NUMBERS = {"Two", "Four"}
"""Names of birds in one of the problems."""
NAME = re.compile(r"\b[A-Z][a-z]{2,}\b(?= (?:has|had|buys|bought|eats|makes|sells|gets|earns|needs|is|was|and))")


@pytest.fixture(scope="module")
def solutions(data):
    rows = [json.loads(line) for line in (data / "gsm8k" / "model_solutions.jsonl").read_text().splitlines()]
    return [
        (ProblemContext(row["question"], row["ground_truth"].rpartition("A: ")[2].strip()), each["solution"])
        for row in rows
        for each in row.values()
        if isinstance(each, dict)
    ]


def list_steps(line):
    return [
        equation
        for equation in find_equations(line)
        if isinstance(equation.left, Operation) and equation.outcome is not StepOutcome.UNCHECKED
    ]


def list_swaps(text):
    """Yield a text with two neighbouring lines swapped of which the second uses no result of the first."""
    lines = text.split("\n")
    steps = [list_steps(line) for line in lines]
    for place, (one, other) in enumerate(pairwise(steps)):
        used = {number for step in other for number in list_numbers(step.left)}
        if one and other and used.isdisjoint(step.right for step in one):
            yield "\n".join([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]])


def test_swapping_independent_neighbours_never_changes_a_signature(solutions):
    swaps = 0
    changed = []
    for known, text in solutions:
        for context in (known, ProblemContext(known.question)):
            base = read_method(text, context=context)
            for swapped in list_swaps(text):
                swaps += 1
                if read_method(swapped, context=context) != base:
                    changed.append((text, swapped))
    assert swaps > 2_000
    assert changed == []


def test_renaming_people_never_changes_a_signature(solutions):
    renamed = 0
    for context, text in solutions:
        for name in (set(NAME.findall(text)) & set(NAME.findall(context.question))) - NUMBERS:
            question, other = (re.sub(rf"\b{name}\b", "Quirin", each) for each in (context.question, text))
            assert read_method(other, context=context._replace(question=question)) == read_method(text, context=context)
            renamed += 1
    assert renamed > 300


def test_adding_a_check_never_changes_a_signature(solutions):
    inverses = {"+": "-", "-": "+", "*": "/", "/": "*"}
    checked = 0
    for context, text in solutions:
        steps = list_steps(text)
        if (
            not steps
            or len(list_numbers(steps[-1].left)) != 2
            or steps[-1].left.left.value == 0
            or steps[-1].right == 0
        ):
            continue
        op, left, right, value = steps[-1].left
        if any(each.denominator != 1 for each in (left.value, right.value, value)) or value != steps[-1].right:
            continue
        tail = f"{value} {inverses[op]} {right.value} = {left.value}"
        base = read_method(text, context=context)
        for check in (f"Check: {tail}.", f"Let's verify: {tail}.", f"To double-check, {tail}, as it should be."):
            assert read_method(f"{text}\n{check}", context=context) == base, (text, check)
        checked += 1
    assert checked > 1_000


@pytest.mark.parametrize(
    "lay_out",
    [
        lambda text: "\n".join(f"- {line}" for line in text.split("\n")),
        lambda text: "\n\n".join(f"**Step {number}.** {line}" for number, line in enumerate(text.split("\n"), 1)),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: f"## Solution\n\n{text}",
        lambda text: re.sub(r"<<[^<>]*>>", "", text) if all("<<" in line for line in text.split("\n")[:-1]) else text,
    ],
    ids=["bullets", "steps", "blank lines", "heading", "without marks"],
)
def test_layout_never_changes_a_signature(solutions, lay_out):
    changed = [
        text
        for context, text in solutions
        if read_method(lay_out(text), context=context).signature != read_method(text, context=context).signature
        and [step.left for step in list_steps(lay_out(text))] == [step.left for step in list_steps(text)]
    ]
    assert changed == []


@st.composite
def programs(draw):
    """Draw steps whose numbers are the question's or earlier results, with few values, so that many are equal."""
    values = [2, 3, 4, 6]
    lines = []
    for _ in range(draw(st.integers(2, 6))):
        one, other = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        op = draw(st.sampled_from("+-*"))
        result = {"+": one + other, "-": one - other, "*": one * other}[op]
        if result > 0:
            lines.append(f"{one} {op} {other} = {result}.")
            values.append(result)
    return lines


@given(programs())
@settings(max_examples=300, deadline=None)
def test_of_generated_steps_too_the_order_of_independent_neighbours_says_nothing(lines):
    context = ProblemContext("There are 2, 3, 4 and 6 of them.")
    text = "\n".join(lines)
    base = read_method(text, context=context)
    for swapped in list_swaps(text):
        uses = [{n for step in list_steps(line) for n in list_numbers(step.left)} for line in lines]
        made = [{step.right for step in list_steps(line)} for line in lines]
        if all(uses[one].isdisjoint(made[other]) for one in range(len(lines)) for other in range(one)):
            assert read_method(swapped, context=context) == base


@given(
    st.lists(
        st.sampled_from(["3 + 4 = 7.", "7 * 2 = 14.", "14 - 7 = 7.", "7 + 7 = 14.", "2 * 7 = 14.", "x = 7"]),
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_steps_have_a_signature_or_none_and_always_the_same(lines):
    text = "\n".join(lines)
    for strength in ("canonical", "unordered", "ordered", "none"):
        method = read_method(text, context=ProblemContext("Of 3 and 4?", "14"), strength=strength)
        assert method == read_method(text, context=ProblemContext("Of 3 and 4?", "14"), strength=strength)
        assert (method == UNKNOWN) == (method.signature is None)


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"{step} + 7 = {step + 7}." for step in range(1, 70_000, 7)),
        "3 + 4 = 7. " * 10_000,
        "8 + 4 = 12. 12 - 4 = 8. " * 5_000,
        "(" * 5_000 + "1 + 1" + ")" * 5_000 + " = 2",
        f"{'9' * 390} * {'9' * 390} = {int('9' * 390) ** 2}",
        "not p. " * 20_000,
        "(A) yes. (B) no. " * 5_000,
    ],
    ids=["chain", "repeats", "cycles", "brackets", "digits", "sentences", "options"],
)
def test_hostile_texts_have_short_signatures(text):
    method = read_method(text, context=ProblemContext("Of (A) and (B)?", "7"))
    assert method.signature is None or len(method.signature) <= 200
    assert sum(map(len, method.operations)) <= 120 * 20_000
