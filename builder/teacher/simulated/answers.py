"""The simulated teacher: solves `arithmetic` problems in varied words, and makes mistakes at stated rates.

It stands in for a model in demos and tests. Every draw is a keyed hash of request digest and sample index, so the
same request gets the same answers in every process.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ....schemas.problem import Problem
from ....schemas.sample import Hint, Usage
from ....schemas.teacher import SimulatedTeacher
from ...errors import InputError
from ..request import Answer, Request
from .chinese import CHINESE
from .logprobs import make_logprobs, split_tokens
from .mistakes import AnswerTask, make_key, write_draft
from .phrases import ENGLISH, Draft, Line, Lines
from .tables import Phrases

_PHRASES: Mapping[str, Phrases] = {"en": ENGLISH, "zh": CHINESE}


def choose_phrases(language: str | None) -> Phrases:
    """Choose the words of an answer; English where there are none in a language."""
    return _PHRASES.get((language or "").partition("-")[0], ENGLISH)


def write_answer(problem: Problem, request: Request, sample_index: int, teacher: SimulatedTeacher) -> Answer:
    """Write one answer to a problem.

    Args:
        problem: a problem of an `arithmetic` source.
        request: its digest and the index decide every draw.
        sample_index: number of the answer among those of the same request, from 0.
        teacher: the rates of mistakes, and the number of alternatives at each token.

    Raises:
        InputError: the problem comes from another source.
    """
    task = AnswerTask(
        methods=_find_methods(problem)[: teacher.methods],
        digest=request.digest,
        hinted=request.hint is Hint.HINTED,
        slips=teacher.slips,
        plain=teacher.wording == "plain",
        words=choose_phrases(problem.language),
    )
    draft = write_draft(task, sample_index)
    text = "".join(piece for piece, _ in draft.pieces)
    tokens = split_tokens(text)
    top = teacher.sampling.top_logprobs
    return Answer(
        text=text,
        finish_reason=draft.finish,
        usage=Usage(
            prompt_tokens=sum(len(split_tokens(message.content)) for message in request.messages),
            completion_tokens=len(tokens),
        ),
        token_logprobs=make_logprobs(tokens, _find_slips(draft), top, make_key(task, sample_index), task.words.words)
        if top
        else None,
        simulated=True,
    )


def _find_methods(problem: Problem) -> tuple[Lines, ...]:
    methods = _read_methods(problem.metadata)
    if not methods:
        raise InputError(
            f"the simulated teacher can only solve problems of an `arithmetic` source, not {problem.origin!r}",
            hint="use `backend: recorded` with answers to these problems",
        )
    return methods


def _read_methods(metadata: str) -> tuple[Lines, ...]:
    """Read the methods from a problem's metadata; none where another source wrote it."""
    try:
        return tuple(map(_read_lines, json.loads(metadata)["methods"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _read_lines(method: Sequence[Mapping[str, Any]]) -> Lines:
    return tuple(
        Line(op=step["op"], a=int(step["args"][0]), b=int(step["args"][1]), r=int(step["result"])) for step in method
    )


def _find_slips(draft: Draft) -> dict[int, str]:
    """Find where mistakes end in the text, each with the right number."""
    slips: dict[int, str] = {}
    end = 0
    for text, right in draft.pieces:
        end += len(text)
        if right is not None:
            slips[end] = right
    return slips
