"""The simulated grader: votes by a simple rule, and errs at stated rates. No model reads what it votes on."""

import re

from ....schemas.ids import RANKS, rank
from ....schemas.problem import Problem
from ....schemas.sample import Usage
from ....schemas.teacher import SimulatedTeacher
from ..grading_prompts import GradingTask
from ..request import Answer, Request
from .logprobs import split_tokens

_WORD = re.compile(r"[^\W_]+(?:[.,][^\W_]+)*")
_NO_VOTE = "This grader is simulated, and it can't decide."
_VOTE = (
    "This grader is simulated: it looked for the words of the reference answer, and read nothing.\nVERDICT: {verdict}"
)


def write_grade(problem: Problem, task: GradingTask, request: Request, index: int, teacher: SimulatedTeacher) -> Answer:
    """Write one vote: for a sample that ends with the words of the gold answer, against any other.

    Args:
        problem: the problem that the sample solves.
        task: the sample.
        request: its digest and the index decide every draw.
        index: number of the vote among those of the same request, from 0.
        teacher: `slips.no_answer` is the share of answers without a vote, `slips.wrong_arithmetic` that of wrong votes.
    """
    draw = rank("grade", f"{request.digest}:{index}") / RANKS
    slips = teacher.slips
    is_for = _has_gold(problem.answer or "", task.text)
    if draw >= slips.no_answer and draw < slips.no_answer + slips.wrong_arithmetic:
        is_for = not is_for
    text = _NO_VOTE if draw < slips.no_answer else _VOTE.format(verdict="CORRECT" if is_for else "WRONG")
    prompt = sum(len(split_tokens(message.content)) for message in request.messages)
    usage = Usage(prompt_tokens=prompt, completion_tokens=len(split_tokens(text)))
    return Answer(text=text, finish_reason="stop", usage=usage, simulated=True)


def _has_gold(gold: str, text: str) -> bool:
    """Whether the last line of a text has the words of the gold answer, one behind the other."""
    wanted = _WORD.findall(gold.casefold())
    words = _WORD.findall(text.rstrip().rpartition("\n")[2].casefold())
    size = len(wanted)
    return any(words[start : start + size] == wanted for start in range(len(words) - size + 1)) if size else False
