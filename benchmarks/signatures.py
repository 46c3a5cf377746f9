"""How well and how fast paths are told apart: `make bench-signatures`.

    python benchmarks/signatures.py [--data FOLDER]

FOLDER holds gsm8k/model_solutions.jsonl (OpenAI's grade-school-math release): 660 problems, each with a reference and
four answers of models. CPU seconds of this process are counted. Writes docs/benchmark-signatures.md.
"""

import argparse
import json
import platform
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cotloom.builder.select.signatures import ProblemContext, forget_methods, read_method, read_value
from cotloom.builder.text.equations import Equation, Number, Operation, find_equations
from cotloom.schemas.sample import StepOutcome

ROOT = Path(__file__).resolve().parent.parent
PAIRS = ROOT / "tests" / "select" / "path_pairs.jsonl"
ROUNDS = 5
OTHER_SIGNS = {"+": "-", "-": "+", "*": "/", "/": "*"}


@dataclass(frozen=True)
class Solution:
    """A solution of a problem."""

    context: ProblemContext
    text: str
    equations: Sequence[Equation]
    is_reference: bool
    is_correct: bool


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    solutions = list(list_solutions(parser.parse_args().data / "gsm8k" / "model_solutions.jsonl"))
    parts = [HEAD, describe_pairs(), describe_changes(solutions), describe_references(solutions)]
    page = "\n".join([*parts, describe_speed(solutions)])
    (ROOT / "docs" / "benchmark-signatures.md").write_text(page)
    print(page)


HEAD = """# Signatures, measured

Written by `make bench-signatures`. [paths.md](paths.md) says how two paths are compared.
"""


def list_solutions(path: Path) -> Iterator[Solution]:
    """Yield all solutions, with their equations found."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        answer = row["ground_truth"].rpartition("A: ")[2].strip()
        context = ProblemContext(row["question"], answer)
        texts = [(row["ground_truth"], True, True)]
        texts += [(each["solution"], False, each["is_correct"]) for each in row.values() if isinstance(each, dict)]
        for text, is_reference, is_correct in texts:
            yield Solution(context, text, find_equations(text), is_reference, is_correct)


def describe_pairs() -> str:
    """Compare the signatures of pairs with what a person says of them."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    misses = []
    for line in PAIRS.read_text().splitlines():
        pair = json.loads(line)
        context = ProblemContext(pair["question"], pair["answer"])
        other = ProblemContext(pair.get("other_question", pair["question"]), pair.get("other_answer", pair["answer"]))
        one = read_method(pair["one"], context=context).signature
        agrees = (one is not None and one == read_method(pair["other"], context=other).signature) == pair["same"]
        counts[pair["by"], pair["written"], agrees] += 1
        if pair["by"] == "equations" and not agrees:
            misses.append(
                f"- {'one method' if pair['same'] else 'two methods'}: {show(pair['one'])} / {show(pair['other'])}"
            )
    lines = ["## Pairs of rationales", "", "| what can tell | written | pairs | agree |", "|---|---|---|---|"]
    for by, written in sorted({key[:2] for key in counts}, reverse=True):
        right, wrong = counts[by, written, True], counts[by, written, False]
        lines.append(f"| {by} | {written} the code | {right + wrong} | {right} ({right / (right + wrong):.0%}) |")
    return "\n".join([*lines, "", "What equations could tell and the signature does not:", "", *misses, ""])


def show(text: str) -> str:
    """Write a rationale in one line."""
    return f"`{' '.join(text.split())}`"


def describe_changes(solutions: Sequence[Solution]) -> str:
    """Change a sign or a number of an equation that the answer needs, and count how often the signature changes."""
    counts: Counter[tuple[str, bool]] = Counter()
    for solution in solutions:
        base = read_method(solution.text, solution.equations, solution.context)
        if not solution.is_correct or base.signature is None or not has_answer(solution):
            continue
        for place, equation in enumerate(solution.equations):
            rest = [*solution.equations[:place], *solution.equations[place + 1 :]]
            if read_method(solution.text, rest, solution.context).signature == base.signature:
                continue  # nothing needs it
            for what, changed in list_changes(equation):
                equations = [*solution.equations[:place], changed, *solution.equations[place + 1 :]]
                now = read_method(solution.text, equations, solution.context).signature
                counts[what, now != base.signature] += 1
    lines = [
        "## A change of an equation that the answer needs",
        "",
        "| change | equations | another signature |",
        "|---|---|---|",
    ]
    for what in ("sign", "number"):
        total = counts[what, True] + counts[what, False]
        lines.append(f"| another {what} | {total:,} | {counts[what, True] / total:.2%} |")
    return "\n".join([*lines, ""])


def has_answer(solution: Solution) -> bool:
    """Whether an equation has the answer as its result."""
    answer = read_value(solution.context.answer)
    return any(equation.right == answer for equation in solution.equations)


def list_changes(equation: Equation) -> Iterator[tuple[str, Equation]]:
    """Yield an equation with another sign, and with another number; its result stays."""
    node = equation.left
    if not isinstance(node, Operation) or equation.outcome is StepOutcome.UNCHECKED:
        return
    if node.op in OTHER_SIGNS and node.right.value != 0:
        yield "sign", equation._replace(left=node._replace(op=OTHER_SIGNS[node.op]))
    right = node.right
    while isinstance(right, Operation):
        right = right.right
    if isinstance(node.right, Number):
        yield "number", equation._replace(left=node._replace(right=Number(right.value + 1)))


def describe_references(solutions: Sequence[Solution]) -> str:
    """Count the problems of which a right answer takes the reference's path."""
    paths: dict[str | None, list[tuple[bool, str | None]]] = {}
    for each in solutions:
        if each.is_correct:
            found = read_method(each.text, each.equations, each.context).signature
            paths.setdefault(each.context.question, []).append((each.is_reference, found))
    several = [found for found in paths.values() if len(found) > 1]
    same = sum(found[0][1] is not None and found[0][1] in {path for _, path in found[1:]} for found in several)
    return (
        "## References\n\n"
        f"Of {len(several)} problems with a right answer, {same} ({same / len(several):.0%}) have one on the path of"
        " the reference. The reference is kept then, and the answer is its duplicate.\n"
    )


def describe_speed(solutions: Sequence[Solution]) -> str:
    """Measure what a signature costs, once its equations are found."""
    lines = ["## Speed", "", "| signature | microseconds | a second |", "|---|---|---|"]
    for what, times in (("canonical, five answers a problem", 1), ("canonical, each of them eight times", 8)):
        spent = min(measure_unseen(solutions, times) for _ in range(ROUNDS))
        lines.append(f"| {what} | {spent * 1e6:.1f} | {1 / spent:,.0f} |")
    for strength in ("unordered", "ordered"):
        best = min(measure(solutions, strength) for _ in range(ROUNDS))
        lines.append(f"| {strength} | {best * 1e6:.1f} | {1 / best:,.0f} |")
    lines += ["", "Of a text with so many equations, each of which uses the one before:", ""]
    lines += ["| equations | milliseconds | microseconds an equation |", "|---|---|---|"]
    for size in (100, 1_000, 10_000):
        text = " ".join(f"{step} + 7 = {step + 7}." for step in range(1, 7 * size, 7))
        equations = find_equations(text)
        start = time.process_time()
        read_method(text, equations, ProblemContext("Of 1 and 7?", str(7 * size + 1)))
        spent = time.process_time() - start
        lines.append(f"| {size:,} | {spent * 1e3:.1f} | {spent / size * 1e6:.1f} |")
    lines += ["", f"Python {platform.python_version()}, one core, CPU time, the best of {ROUNDS} rounds.", ""]
    return "\n".join(lines)


def measure_unseen(solutions: Sequence[Solution], times: int) -> float:
    """Measure the CPU seconds of a canonical signature, with nothing remembered of the problem before."""
    forget_methods()
    repeated = [each for place in range(0, len(solutions), 5) for each in solutions[place : place + 5] * times]
    return measure(repeated, "canonical")


def measure(solutions: Sequence[Solution], strength: str) -> float:
    """Measure the CPU seconds of a signature."""
    start = time.process_time()
    for each in solutions:
        read_method(each.text, each.equations, each.context, strength)
    return (time.process_time() - start) / len(solutions)


if __name__ == "__main__":
    main()
