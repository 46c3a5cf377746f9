"""Estimate the calls of a build before any is made."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ...schemas.frames import from_frame
from ...schemas.problem import Problem
from ...schemas.reasons import Fate
from ...schemas.runtime import Runtime
from ...schemas.sample import Hint
from ...schemas.teacher import HintPolicy, Paths
from ..recipe import LoadedRecipe
from ..text.traces import part_trace
from .backends import open_backend
from .backends.prompted import PromptedBackend
from .ledger import Ledger
from .request import Request

LOOKED = 200
"""How many requests with answers in the ledger are looked at, to see whether the teacher reasons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEstimate:
    """How many answers a build would request."""

    problems: int
    """Problems to sample."""
    new: int
    """Answers of the first round that would be requested."""
    ledger: int
    """Answers of the first round that are in the ledger."""
    most: int
    """The most answers of all rounds, hinted ones too, each of one or two calls."""
    calls: int
    """Calls for each answer."""
    paid: bool
    """Whether an answer may cost money."""
    request: Request | None
    """The first request."""
    reasoned: int = 0
    """Known answers with reasoning apart from their response; of those in the ledger, the first `LOOKED` are read."""


def estimate_calls(loaded: LoadedRecipe, problems: pl.DataFrame, ledger: Ledger, runtime: Runtime) -> CallEstimate:
    """Estimate how many answers a build would request. No request is sent.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`.
        ledger: answers that are recorded already.
        runtime: concurrency, timeouts and retries of a live teacher.

    Raises:
        InputError: the teacher can't be opened.
    """
    teacher = loaded.recipe.teacher
    backend = open_backend(loaded, problems, runtime).backend
    paths, hints = getattr(teacher, "paths", Paths()), getattr(teacher, "hint", HintPolicy())
    first_hint = Hint.HINTED if hints.mode == "always" else Hint.NONE
    kept = list(from_frame(problems.filter(pl.col("fate") == Fate.KEPT), Problem))
    requests = [request for p in kept for request in backend.list_requests(p, first_hint, range(paths.round))]
    recorded = ledger.find_keys(request.request.digest for request in requests)
    known = sum(request.key in recorded for request in requests)
    most_each = max(paths.max or 0, paths.round) + (paths.round if hints.mode == "fallback" else 0)
    prompt = backend.prompt if isinstance(backend, PromptedBackend) else None
    return CallEstimate(
        problems=len(kept),
        new=len(requests) - known,
        ledger=known,
        most=len(kept) * most_each if prompt else len(requests),
        calls=2 if prompt and prompt.template == "cot_two_call" else 1,
        paid=teacher.backend == "openai",
        request=requests[0].request if requests else None,
        reasoned=_count_reasoned(ledger, sorted({digest for digest, _ in recorded})[:LOOKED]),
    )


def _count_reasoned(ledger: Ledger, digests: Sequence[str]) -> int:
    """Count the answers to some requests that have reasoning of their own."""
    answers = (answer for _, answer in ledger.read_answers(digests))
    return sum(part_trace(answer.text, answer.reasoning).reasoning is not None for answer in answers)
