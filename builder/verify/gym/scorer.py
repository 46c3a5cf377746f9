"""Score answers to problems of reasoning-gym with its own scorers.

A score of exactly 1.0 is right, any other is wrong. What can't be scored is neither (law 2): the library is missing or
of another release, the problem can't be made again, or the scorer raises, takes too long, or executes the answer.
"""

import importlib.util
import sys
from importlib.metadata import version
from typing import Any

from ....schemas.problem import GYM_ENTRY, Problem
from ...line_process import LineProcess
from ...plain_json import parse_object
from ..answers import Comparison, ComparisonOutcome

SECONDS = 5
"""The processor time that one answer may take."""

_PATIENCE_S = 120.0
"""How long the process may take to start, or to answer on a busy machine. It reads data files for seconds."""

_SCORER = LineProcess(
    [sys.executable, "-P", "-m", "cotloom.builder.verify.gym.worker"],
    {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
)
_MISSING = "reasoning-gym is not installed: pip install 'cotloom[gym]'"


def score_answer(problem: Problem, answer: str) -> Comparison:
    """Score an answer.

    Args:
        problem: a problem of a source of the kind `reasoning_gym`; its metadata says how it was made.
        answer: the answer, as read.
    """
    entry = _read_entry(problem.metadata)
    if entry is None:
        return _fail("the metadata of the problem does not say how reasoning-gym made it")
    if importlib.util.find_spec("reasoning_gym") is None:
        return _fail(_MISSING)
    if entry.get("release") != version("reasoning-gym"):
        return _fail(f"made by reasoning-gym {entry.get('release')}, and {version('reasoning-gym')} is installed")
    request = {"entry": entry, "question": problem.question, "answer": answer, "seconds": SECONDS}
    return _read_score(_SCORER.ask_object(request, _PATIENCE_S))


def _fail(detail: str) -> Comparison:
    return Comparison(outcome=ComparisonOutcome.FAILED, detail=detail)


def _read_entry(metadata: str) -> dict[str, Any] | None:
    try:
        entry = parse_object(metadata.encode()).get(GYM_ENTRY)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _read_score(answer: dict[str, Any] | None) -> Comparison:
    if answer is None:
        return _fail(f"scoring takes more than {SECONDS} seconds, or too much memory")
    if "error" in answer:
        return _fail(str(answer["error"]))
    score = answer["score"]
    outcome = ComparisonOutcome.EQUAL if score == 1.0 else ComparisonOutcome.DIFFERENT
    return Comparison(outcome=outcome, detail=f"reasoning-gym scores it {score:g}")


def stop_scorer() -> None:
    """End the process, if there is one. The next question starts another."""
    _SCORER.close()
