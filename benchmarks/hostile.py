"""Measure how the time of reading hostile texts grows with their length: `python benchmarks/hostile.py [LENGTH ...]`.

Every function that reads a model's text meets texts that a pattern could go back and forth in. Prints the seconds for
each length, and the growth of the last doubling: about 2 where time is linear, 4 where it is quadratic. A call
is given up after ten seconds.
"""

import argparse
import gc
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from cotloom.builder.format.templates import SolvedProblem, format_answer_sentence, format_rationale
from cotloom.builder.report.escape import escape_markdown, escape_terminal
from cotloom.builder.select import ReasoningPath, choose_paths
from cotloom.builder.select.signatures import read_method
from cotloom.builder.sources.columns import make_template_key
from cotloom.builder.text.equations import find_equations
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.verify import check_steps, compare, judge, read_answer
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Select

LENGTHS = (5_000, 20_000)
PATIENCE_S = 10
GROWTH = 7.5
NOTICED_S = 0.06
GOLDS: Mapping[AnswerType, tuple[str, tuple[str, ...]]] = {
    AnswerType.NUMBER: ("18", ()),
    AnswerType.CHOICE: ("B", ("pear", "7")),
    AnswerType.BOOLEAN: ("yes", ()),
    AnswerType.TEXT: ("a pear", ()),
}
PIECES = (
    "1", "1+", "1 + ", "1,", "1.", "1/", "1 ", ",000", "(", ")", "=", "1=", "1 = ", "1+1=3 ", "1+1=2. ", "<<",
    "<<1=1>>", "<<1+1=3>>3 ", "1+1=<<1+1=3>>3 ", "\\boxed{", "}", "{", "\\frac{1}{", "\\frac12", "\\text{", "####",
    "#### 1\n", "answer is ", "answer to ", "the answer is ", "So the answer is: ", "the final ", "answer: ", "A: ",
    "[ANSWER] ", "-->", "--> ", " ", "\n", "\t", "a", "a ", "a b ", "a-", "a'", "A ", "(A) ", "B or ",
    "(B) or (A), ", "option ", "not ", "isn't ", "yes ", "yes or ", "no, wait ", "actually ", "sorry 1 ",
    "because ", "**", "*", "_", "`", "|", "#", "-", "--", "^", "²", "½", "%", "$", "$1 ", "...", ". ", "1. ", "? ",
    "hint ", "given the correct ", "according to the ", "work backwards from the ", "the result was ", "twenty ",
    "hundred and ", "one-", "x", "1x", "1 x ", "/home/", "sk-", "hf_", "eyJ", "-----BEGIN ", "é", "漢", "\u200b",
    "\x00", "\x1b[", "infinity ", "e", "1e", "1e9 ", "a_", "_{", "1_{2}", "approximately ", "= = ", "~", "≈", "to ",
    "1 to ", "1 or ", "1-", "1 apples ", "of ", "1% of ", "hundred ", "million ", "&", "{,}", "\\circ", "\\left",
    "a: ", "the ", "so ", "final ", "or B ", "is ", "are ", "\\frac{1", "\\frac{1}{1", "\\text{a", "^2", "[1]",
    "(A", "1 a", "!", "1 !",
)  # fmt: skip
BEGINNINGS = ("", "The answer is ", "\\boxed{", "1 a")
ENDS = ("", "!")
MIXTURE = "".join(PIECES)


def list_functions() -> dict[str, Callable[[str], object]]:
    """List the functions that read a model's text, by name."""
    found: dict[str, Callable[[str], object]] = {}
    for kind, (gold, choices) in GOLDS.items():
        problem = Problem(
            problem_id="p", source="s", origin="", question="1+1=3?", answer=gold, answer_type=kind, choices=choices
        )
        found[f"judge {kind}"] = lambda text, problem=problem: judge(problem, text)
        found[f"read {kind}"] = lambda text, kind=kind, choices=choices: read_answer(text, kind, choices)
        found[f"compare {kind}"] = lambda text, kind=kind, gold=gold, choices=choices: compare(
            gold, text, kind, choices
        )
        found[f"format {kind}"] = lambda text, kind=kind: format_rationale(
            SolvedProblem(question="", answer="1", text=text, answer_start=len(text) - 1, answer_type=kind)
        )
        found[f"sentence {kind}"] = lambda text, kind=kind: format_answer_sentence(text, kind)
    found |= {
        "steps": lambda text: check_steps("", text),
        "equations": find_equations,
        "method": read_method,
        "normalize": normalize,
        "template key": make_template_key,
        "select": lambda text: choose_paths(
            [ReasoningPath(sample_id=mark, text=f"{mark} {text} {mark}") for mark in "abc"], Select(keep=2)
        ),
        "markdown": escape_markdown,
        "terminal": escape_terminal,
    }
    return found


def measure(call: Callable[[str], object], text: str) -> float:
    """Measure one call, in seconds; `PATIENCE_S` where it was given up."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    begin = time.process_time()
    try:
        call(text)
    except TimeoutError:
        return float(PATIENCE_S)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - begin


def measure_growth(
    call: Callable[[str], object], piece: str, around: tuple[str, str], lengths: Sequence[int]
) -> list[float]:
    """Measure one call for each length, up to the first that was given up."""
    times: list[float] = []
    for length in lengths:
        times.append(measure(call, around[0] + piece * (length // len(piece)) + around[1]))
        if times[-1] >= PATIENCE_S or times[-1] < 0.003:
            break
    return times


def main() -> None:
    """Measure everything, and print what grows faster than the text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lengths", type=int, nargs="*", default=LENGTHS)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    gc.freeze()
    gc.disable()  # a collection in one call and none in the other would look like growth
    for name, call in list_functions().items():
        gc.collect()
        if not name.startswith(options.only):
            continue
        slowest = (0.0, "")
        for piece in (*PIECES, MIXTURE):
            for beginning, end in product(BEGINNINGS, ENDS):
                times = measure_growth(call, piece, (beginning, end), options.lengths)
                slowest = max(slowest, (times[-1], repr(beginning + piece + end)[:60]))
                if times[-1] >= max(GROWTH * times[-2 if len(times) > 1 else -1], NOTICED_S) or times[-1] >= PATIENCE_S:
                    print(f"  {name:16} {beginning + piece[:30] + end!r:40} {[round(t, 3) for t in times]}", flush=True)
        print(f"{name:18} slowest at {options.lengths[-1]:,}: {slowest[0]:.3f} s, {slowest[1]}", flush=True)


if __name__ == "__main__":
    main()
