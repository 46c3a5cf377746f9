"""Measure the error rates of the verifier on real solutions of GSM8K: `python benchmarks/verifier.py [--data FOLDER]`.

FOLDER holds gsm8k/model_solutions.jsonl and gsm8k/train.jsonl of OpenAI's grade-school-math release. Writes
builder/publish/card/error_rates.json, from which dataset cards quote them, under the code version of the room `verify`.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import consensus
from intervals import compute_interval

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
    settled = [one for one in consensus.decide_solutions(data, consensus.DEFAULT) if one.is_right is not None]
    agreed = _make_rate("consensus", "GSM8K", [not one.is_right for one in settled])
    rates = [_make_rate("answer", "GSM8K", answers), _make_rate("step", "GSM8K", steps)]
    return [*rates, replace(agreed, rule=consensus.describe_rule(consensus.DEFAULT))]


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


if __name__ == "__main__":
    main()
