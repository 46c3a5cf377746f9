"""Measure the check of written steps on GSM8K: `python benchmarks/verify_steps.py [--data FOLDER] [--list]`.

FOLDER holds gsm8k/train.jsonl of OpenAI's grade-school-math release. Prints a table: gold solutions with a step called
wrong, mistakes planted by seed and found, equations never checked, and rationales stepped in a CPU second.
"""

import argparse
import ast
import json
import operator
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from cotloom.builder.engine import collect_seldom
from cotloom.builder.select import ProblemContext, read_method
from cotloom.builder.select.signatures import forget_methods
from cotloom.builder.text.equations import find_equations, plain
from cotloom.builder.text.equations.operands import forget_expressions
from cotloom.builder.verify import check_steps, judge
from cotloom.schemas.problem import Problem
from cotloom.schemas.sample import Part, StepOutcome

ROOT = Path(__file__).resolve().parent.parent
PLANTED = 2_000
TIMED = 2_000
MARK = re.compile(r"<<([^<>=]*)=([^<>=]*)>>")
SUM = re.compile(r"[$]?[\d.,]*\d(?:[ ]?[-+*/][ ]?[$]?[\d.,]*\d){1,6}[ ]?=[ ]?[$]?$")
"""The expression before a mark, where it is made of numbers and signs only."""
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True, slots=True)
class Planted:
    """A solution with one mistake in it."""

    text: str
    start: int
    """Where the step with the mistake begins."""
    end: int
    """Where it ends, its result included."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many planted mistakes were found, and in how many of them the right step was the first wrong one."""

    planted: int
    found: int
    located: int
    missed: tuple[str, ...]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--list", action="store_true", help="also list the gold solutions called wrong, and misses")
    options = parser.parse_args()
    rows = [json.loads(line) for line in (options.data / "gsm8k" / "train.jsonl").read_text("utf-8").splitlines()]
    for line in render_table(rows, is_listing=options.list):
        print(line)


def render_table(rows: Sequence[dict], *, is_listing: bool) -> Iterator[str]:
    """Render what was measured, line by line."""
    flagged = [(step.text, step.actual) for row in rows if (step := find_wrong(row, row["answer"])) is not None]
    yield f"gold solutions with a step called wrong: {len(flagged)} of {len(rows):,} ({len(flagged) / len(rows):.2%})"
    yield from (f"    {text!r} (should be {actual})" for text, actual in flagged if is_listing)
    for name, is_marked, place in (
        ("marks stripped", False, "text"),
        ("with marks, in the mark", True, "mark"),
        ("with marks, in the text", True, "text"),
    ):
        found = measure_planted(rows, is_marked=is_marked, place=place)
        yield (
            f"{name}: found {found.found / found.planted:.1%} of {found.planted:,}, "
            f"the right step first in {found.located / max(1, found.found):.1%}"
        )
        yield from (f"    {text!r}" for text in found.missed if is_listing)
    checked, all_equations = count_checked([MARK.sub("", row["answer"]) for row in rows])
    yield f"equations never checked: {1 - checked / all_equations:.1%} of {all_equations:,} (marks stripped)"
    solved = count_covered(rows)
    yield f"steps of the authors' marks never checked in the stripped text: {solved:.1%}"
    yield from render_speed(rows[:TIMED])


def find_wrong(row: dict, text: str):  # noqa: ANN201 - a Step or None
    """Find the first wrong step of a text."""
    return check_steps(row["question"], text).first_wrong


def measure_planted(rows: Sequence[dict], *, is_marked: bool, place: str, seed: int = 0) -> Found:
    """Plant one mistake in each of many solutions, and count those found."""
    draw = random.Random(f"{seed}:{is_marked}:{place}")
    planted = found = located = 0
    missed = []
    for row in draw.sample(list(rows), len(rows)):
        case = plant_mistake(row["answer"], draw, is_marked=is_marked, place=place)
        if case is None or find_wrong(row, row["answer"] if is_marked else MARK.sub("", row["answer"])) is not None:
            continue
        planted += 1
        step = find_wrong(row, case.text)
        found += step is not None
        located += step is not None and step.start < case.end and case.start < step.end
        if step is None:
            missed.append(case.text[max(0, case.start - 50) : case.end + 40])
        if planted == PLANTED:
            break
    return Found(planted, found, located, tuple(missed[:60]))


def plant_mistake(text: str, draw: random.Random, *, is_marked: bool, place: str) -> Planted | None:
    """Change one operand, operator or result of one step, drawn from those whose text is an expression of numbers."""
    steps = [(mark, around) for mark in MARK.finditer(text) if (around := SUM.search(text[: mark.start()][-80:]))]
    if not steps:
        return None
    mark, around = draw.choice(steps)
    start = mark.start() - len(around[0])
    printed = re.match(r"[$]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)", text[mark.end() :])
    if printed is None:
        return None
    end = mark.end() + printed.end()
    old = f"{mark[1]}={mark[2]}" if place == "mark" else around[0] + printed[0]
    new = change_equation(old, draw)
    if new is None:
        return None
    if place == "mark":
        step = f"{around[0]}<<{new}>>{printed[0]}"
    else:
        left, _, right = new.rpartition("=")
        step = (
            f"{left}={text[start : mark.start()].rpartition('=')[2]}{mark[0]}{right.lstrip(' $')}"
            if is_marked
            else f"{left}={right}"
        )
    before, after = text[:start], text[end:]
    if not is_marked:
        before, after = MARK.sub("", before), MARK.sub("", after)
    return Planted(f"{before}{step}{after}", len(before), len(before) + len(step))


def change_equation(equation: str, draw: random.Random) -> str | None:
    """Change one number or operator of an equation so that it is false by more than a rounding."""
    for _ in range(20):
        pieces = re.findall(r"\d[\d,]*(?:\.\d+)?|\.\d+|[-+*/]|[^\d]", equation)
        places = [index for index, piece in enumerate(pieces) if piece[-1].isdigit() or piece in "+-*/"]
        kinds = {"operand": [], "operator": [], "result": [places[-1]]}
        for index in places[:-1]:
            kinds["operator" if pieces[index] in "+-*/" else "operand"].append(index)
        index = draw.choice(kinds[draw.choice([kind for kind, held in kinds.items() if held])])
        piece = pieces[index]
        pieces[index] = (
            draw.choice([sign for sign in "+-*/" if sign != piece]) if piece in "+-*/" else change_number(piece, draw)
        )
        changed = "".join(pieces)
        if is_false(changed):
            return changed
    return None


def change_number(piece: str, draw: random.Random) -> str:
    """Change one digit of a number."""
    places = [index for index, sign in enumerate(piece) if sign.isdigit()]
    index = draw.choice(places)
    digits = [digit for digit in "123456789" if digit != piece[index]]
    return piece[:index] + draw.choice(digits) + piece[index + 1 :]


def is_false(equation: str) -> bool:
    """Whether an equation of numbers and signs is off by more than a rounding to its printed digits."""
    left, _, right = equation.replace("$", "").replace(",", "").replace(" ", "").rpartition("=")
    try:
        value, claim = compute(left), Fraction(right)
    except (ValueError, SyntaxError, ZeroDivisionError):
        return False
    decimals = len(right.partition(".")[2])
    return abs(value - claim) >= Fraction(1, 10**decimals)


def compute(text: str) -> Fraction:
    """Compute an expression of numbers and four signs."""
    node = ast.parse(re.sub(r"(?<![\d.])0+(?=\d)", "", text), mode="eval").body
    return walk(node, text)


def walk(node: ast.expr, text: str) -> Fraction:
    """Compute one node of a parsed expression."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -walk(node.operand, text)
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](walk(node.left, text), walk(node.right, text))
    raise ValueError(text)


def count_checked(texts: Sequence[str]) -> tuple[int, int]:
    """Count the equations that are right, rounded or wrong, and all."""
    outcomes = [equation.outcome for text in texts for equation in find_equations(text)]
    return sum(outcome is not StepOutcome.UNCHECKED for outcome in outcomes), len(outcomes)


def count_covered(rows: Sequence[dict]) -> float:
    """The share of marks at whose place the stripped text has no checked equation."""
    total = missed = 0
    for row in rows:
        text, shift, places = row["answer"], 0, []
        for mark in MARK.finditer(text):
            places.append(mark.start() - shift)
            shift += len(mark[0])
        checked = [item for item in find_equations(MARK.sub("", text)) if item.outcome is not StepOutcome.UNCHECKED]
        total += len(places)
        missed += sum(not any(item.start <= place <= item.end for item in checked) for place in places)
    return missed / total


def render_speed(rows: Sequence[dict]) -> Iterator[str]:
    """Render how many rationales are stepped, and judged and signed, in a CPU second."""
    stripped = [MARK.sub("", row["answer"]) for row in rows]
    marked = [row["answer"] for row in rows]
    for name, texts in (("with marks", marked), ("marks stripped", stripped)):
        yield render_rate(f"stepped, {name}", lambda text: check_steps("", text), texts)
    problems = [make_problem(row) for row in rows]
    yield render_rate(
        "judged and signed, with marks", lambda item: judge_and_sign(*item), list(zip(problems, marked, strict=True))
    )


def render_rate(name: str, check: Callable, items: Sequence) -> str:
    """Render how many items are checked in a CPU second: first with nothing remembered, then again.

    Garbage is collected as in a worker of a build.
    """
    forget()
    with collect_seldom():
        first, again = (count_per_second(check, items) for _ in range(2))
    return f"{name}: {first:,.0f} a second, repeated {again:,.0f}"


def make_problem(row: dict) -> Problem:
    """Make the problem of a row."""
    gold = row["answer"].rpartition("#### ")[2].replace(",", "")
    return Problem(problem_id="p", source="s", origin="o", question=row["question"], answer=gold)


def judge_and_sign(problem: Problem, text: str) -> None:
    """Judge one text and find its method, as a build does."""
    equations = find_equations(text)
    judge(problem, text, equations={Part.TEXT: equations})
    read_method(text, equations, ProblemContext(problem.question, problem.answer))


def forget() -> None:
    """Forget what was remembered of earlier texts."""
    plain.forget_plain()
    forget_expressions()
    forget_methods()


def count_per_second(check: Callable, items: Sequence) -> float:
    """Count items checked in a CPU second."""
    before = time.process_time()
    for item in items:
        check(item)
    return len(items) / (time.process_time() - before)


if __name__ == "__main__":
    main()
