"""Measure the error rates of the verifier on real solutions of GSM8K: `python benchmarks/verifier.py [--data FOLDER]`.

FOLDER holds gsm8k/model_solutions.jsonl and gsm8k/train.jsonl of OpenAI's grade-school-math release. Writes
builder/publish/card/error_rates.json, from which dataset cards quote them, under the code version of the room `verify`.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from math import exp, lgamma, log, log1p
from pathlib import Path

from cotloom.builder.publish.card.error_rates import ERROR_RATES, ErrorRate
from cotloom.builder.verify import CODE_VERSION, check_steps, judge
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Verdict

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    rates = json.loads(ERROR_RATES.read_text("utf-8")) if ERROR_RATES.exists() else {}
    rates[str(CODE_VERSION)] = [asdict(rate) for rate in measure_verifier(parser.parse_args().data)]
    ERROR_RATES.write_text(json.dumps(rates, indent=1) + "\n", encoding="utf-8")
    print(ERROR_RATES.read_text("utf-8"))


def measure_verifier(data: Path) -> list[ErrorRate]:
    """Measure the error rates of verdicts and of step checks.

    Args:
        data: the folder that holds `gsm8k/`.
    """
    answers = [is_misjudged(problem, text, label) for problem, text, label in read_solutions(data)]
    steps = [
        check_steps(row["question"], row["answer"]).first_wrong is not None for row in _read_rows(data, "train.jsonl")
    ]
    return [_make_rate("answer", "GSM8K", answers), _make_rate("step", "GSM8K", steps)]


def read_solutions(data: Path) -> Iterator[tuple[Problem, str, bool]]:
    """Read the labelled solutions of language models: problem, text, and whether its label says correct."""
    for row in _read_rows(data, "model_solutions.jsonl"):
        gold = row["ground_truth"].rpartition("A: ")[2].strip()
        problem = Problem(problem_id="p", source="gsm8k", origin="", question=row["question"], answer=gold)
        for solution in (value for value in row.values() if isinstance(value, dict)):
            yield problem, solution["solution"], solution["is_correct"]


def is_misjudged(problem: Problem, text: str, label: bool) -> bool:
    """Whether the verdict differs from the label, with or without the recipe's pattern for the answer."""
    return any((judge(problem, text, pattern=pattern).verdict is Verdict.CORRECT) != label for pattern in PATTERNS)


PATTERNS = (None, "A: (.+)")


def _read_rows(data: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (data / "gsm8k" / name).read_text("utf-8").splitlines()]


def _make_rate(check: str, dataset: str, errors: list[bool]) -> ErrorRate:
    low, high = compute_interval(sum(errors), len(errors))
    return ErrorRate(
        check=check,
        dataset=dataset,
        language="en",
        answer_type="number",
        n=len(errors),
        errors=sum(errors),
        low=low,
        high=high,
    )


def compute_interval(errors: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the Clopper-Pearson interval of a rate, rounded to six digits.

    >>> compute_interval(0, 2640), compute_interval(5, 10)
    ((0.0, 0.001396), (0.187086, 0.812914))
    """
    tail = (1 - confidence) / 2
    low = _bisect(lambda rate: 1 - _sum_binomial(errors - 1, n, rate) > tail) if errors else 0.0
    high = _bisect(lambda rate: _sum_binomial(errors, n, rate) < tail) if errors < n else 1.0
    return round(low, 6), round(high, 6)


def _sum_binomial(k: int, n: int, rate: float) -> float:
    """The probability of at most k errors among n."""
    return sum(
        exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(rate) + (n - i) * log1p(-rate))
        for i in range(k + 1)
    )


def _bisect(is_above: Callable[[float], bool]) -> float:
    """Find the rate between 0 and 1 from which on a condition holds."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return high


if __name__ == "__main__":
    main()
