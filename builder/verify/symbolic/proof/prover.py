"""Ask a process of its own whether two expressions are equal. It is killed where it takes too long or too much.

Each process that asks has one such process, started at the first question and ended with it.
"""

import importlib.util
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ....line_process import LineProcess
from ..findings import Likeness, Likening
from ..tree import NotUnderstoodError, Tree
from .bounds import check_bounds
from .latex import write_pairs

SECONDS = 3
"""The processor time that one pair may take. It does not depend on how busy the machine is."""

_PATIENCE_S = 120.0
"""How long the process may take to start, or to answer on a busy machine."""

MISSING = "math-verify is not installed: pip install 'cotloom[math]'"
"""Why nothing is proved without the optional install."""

_PROVER = LineProcess(
    [sys.executable, "-P", "-m", "cotloom.builder.verify.symbolic.proof.worker"], {"POLARS_MAX_THREADS": "1"}
)


def is_installed() -> bool:
    """Whether the libraries are there. Nothing is imported."""
    return importlib.util.find_spec("math_verify") is not None


@lru_cache(maxsize=8192)
def prove_pair(gold: Tree, answer: Tree) -> Likening:
    """Decide whether two expressions are equal.

    What it says of a pair is remembered, so that a pair that was killed once stays so while this process lives.

    Args:
        gold: the expression of the gold answer.
        answer: the other one.
    """
    if not is_installed():
        return Likening(Likeness.UNKNOWN, MISSING)
    try:
        for tree in (gold, answer):
            check_bounds(tree)
        latex = write_pairs(gold, answer)
    except NotUnderstoodError as error:
        return Likening(Likeness.UNKNOWN, str(error))
    request = {"seconds": SECONDS, "latex": latex, "trees": [_list_tree(gold), _list_tree(answer)]}
    return _read_finding(_PROVER.ask_object(request, _PATIENCE_S))


def _list_tree(tree: Tree) -> list[Any]:
    return [tree.head.value, tree.name, str(tree.value), [_list_tree(part) for part in tree.parts]]


def _read_finding(answer: Mapping[str, str] | None) -> Likening:
    if answer is None:
        answer = {"error": f"it takes more than {SECONDS} seconds, or too much memory"}
    if "error" in answer:
        return Likening(Likeness.BROKEN, f"the comparison was ended: {answer['error']}")
    if answer["values"] == "differ":
        return Likening(Likeness.OTHER, "their values differ")
    if answer["values"] == "agree" and answer["proof"] == "proved":
        return Likening(Likeness.SAME)
    is_close = answer["values"] == "agree"
    return Likening(Likeness.UNKNOWN, "their values agree, and nothing proves them equal" if is_close else "no values")


def stop_prover() -> None:
    """End the process, if there is one. The next question starts another."""
    _PROVER.close()
