"""Measure reading, comparing and checking steps beside math-verify in one run: `python benchmarks/verify.py`.

    python benchmarks/verify.py [--data FOLDER]

FOLDER holds gsm8k/ of OpenAI's grade-school-math release. CPU seconds of this process are counted, on one core; what
math-verify is given is the same. Writes docs/benchmark-verify.md.
"""

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import verifier
import verify_steps
from math_verify import parse
from math_verify import verify as is_equal

from cotloom.builder.verify import compare, read_answer
from cotloom.schemas.problem import AnswerType

ROOT = Path(__file__).resolve().parent.parent
MOST_PEER = 400
"""Texts that math-verify is given: it takes milliseconds for each."""
FORMS = ("{}", "${}.00", "{} dollars", "**{}**", "{}.0", "about {}")
"""How answers are written that are compared."""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    data = parser.parse_args().data
    train = [json.loads(line) for line in (data / "gsm8k" / "train.jsonl").read_text("utf-8").splitlines()]
    solutions = [text for _, text, _ in verifier.read_solutions(data)]
    lines = [*render_head(), *render_answers(train, solutions), *render_steps(train)]
    page = ROOT / "docs" / "benchmark-verify.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


def render_head() -> list[str]:
    """Render the beginning of the page."""
    return [
        "# Benchmark: the verifier",
        "",
        f"Made by `make bench-verify` (`benchmarks/verify.py`): Python {platform.python_version()}, CPU time.",
        "The machine is not quiet: read the ratios.",
        "",
    ]


def render_answers(train: Sequence[dict], solutions: Sequence[str]) -> list[str]:
    """Render how many answers are read and compared in a second, beside math-verify."""
    golds = [row["answer"].rpartition("#### ")[2].replace(",", "") for row in train]
    stated = [
        f"{row['answer'].partition('####')[0]}The answer is {gold}." for row, gold in zip(train, golds, strict=True)
    ]
    hashes = [row["answer"] for row in train]
    plain = [(gold, gold) for gold in golds]
    dressed = [(gold, FORMS[place % len(FORMS)].format(gold)) for place, gold in enumerate(golds)]
    wrong = [(gold, str(int(gold) + 1)) for gold in golds if gold.lstrip("-").isdigit()]
    rows = [
        _measure("read: `#### 18`", hashes, _read, parse),
        _measure("read: The answer is 18.", stated, _read, parse),
        _measure("read: solutions of language models, `A: 18`", solutions, _read, parse),
        _measure("compare: the same number", plain, _compare, _compare_peer),
        _measure("compare: $18.00, 18 dollars, **18** ...", dressed, _compare, _compare_peer),
        _measure("compare: another number", wrong, _compare, _compare_peer),
    ]
    return [
        "## Answers",
        "",
        f"math-verify {version('math-verify')} gets the first {MOST_PEER} items. Comparing includes parsing.",
        "",
        "| | items | ours, per second | math-verify, per second | ratio |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _measure(name: str, items: Sequence, ours: Callable, theirs: Callable) -> str:
    own = verify_steps.count_per_second(ours, items)
    peer = verify_steps.count_per_second(theirs, items[:MOST_PEER])
    return f"| {name} | {len(items):,} | {own:,.0f} | {peer:,.0f} | {own / peer:,.0f} × |"


def _read(text: str) -> None:
    read_answer(text, AnswerType.NUMBER)


def _compare(pair: tuple[str, str]) -> None:
    compare(*pair, AnswerType.NUMBER)


def _compare_peer(pair: tuple[str, str]) -> None:
    gold, answer = (parse(text, parsing_timeout=None) for text in pair)
    is_equal(gold, answer, timeout_seconds=None)


def render_steps(train: Sequence[dict]) -> list[str]:
    """Render what the check of steps finds, and how fast it is."""
    lines = verify_steps.render_table(train, is_listing=False)
    return [
        "## Steps",
        "",
        "Gold solutions of GSM8K. Mistakes are planted by seed: an operand, an operator or a result is changed by more",
        "than a rounding. Rates are rationales in a CPU second with nothing remembered, and then the same ones again.",
        "",
        *(f"- {line}" for line in lines),
    ]


if __name__ == "__main__":
    main()
