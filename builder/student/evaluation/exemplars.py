"""Fixed demonstrations: the same solved problems in every prompt of a set (Wei et al. 2022, section 3.1)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ....schemas.evaluation import ALL_SETS, Evaluation
from ....schemas.problem import Problem, make_problem_id
from ...errors import InputError
from ...format.templates import FORMATS, SolvedProblem
from ...recipe import find_packaged_demos
from ...teacher.demonstrations import Demo, find_answer_types, list_translations, read_demos, select_demos
from .trained import KnownQuestions, collect_known


def has_demonstrations(evaluation: Evaluation) -> bool:
    """Whether a format of the evaluation shows demonstrations."""
    names = (*(evaluation.formats or ()), *evaluation.general_formats)
    return any(name in FORMATS and FORMATS[name].in_context for name in names)


def read_exemplars(evaluation: Evaluation) -> dict[str, tuple[Demo, ...]]:
    """Read the fixed demonstrations that an evaluation names, by set.

    Raises:
        InputError: a file is missing, is no list of demonstrations, or holds fewer than `shots`.
    """
    return {name: _read(name, path, evaluation.shots) for name, path in sorted(evaluation.demos.items())}


def _read(name: str, path: str, shots: int) -> tuple[Demo, ...]:
    packaged = find_packaged_demos()
    demos = read_demos(packaged.get(path, Path(path)))
    if len(demos) < shots:
        raise InputError(
            f"evaluation.demos.{name}: shots is {shots}, but {Path(path).name} has {len(demos)} demonstrations",
            hint="ask for fewer shots, or give more demonstrations",
            keys=("evaluation.shots",),
        )
    return (*demos, *(list_translations(path) if path in packaged else ()))


def choose_exemplars(name: str, exemplars: Mapping[str, Sequence[Demo]], sets: Sequence[str]) -> tuple[Demo, ...]:
    """Choose the fixed demonstrations of a set: its own, else those of `all` others.

    Raises:
        InputError: an entry names no set.
    """
    unknown = next((key for key in exemplars if key != ALL_SETS and key not in sets), None)
    if unknown is not None:
        raise InputError(
            f"evaluation.demos names {unknown}, which is no evaluation set",
            hint=f"the sets: {', '.join(sets)}; {ALL_SETS} stands for all others",
            keys=("evaluation.demos",),
        )
    return tuple(exemplars.get(name, exemplars.get(ALL_SETS, ())))


def collect_shown(exemplars: Sequence[Demo]) -> KnownQuestions:
    """Collect the questions of fixed demonstrations: their answers stand in the prompt."""
    ids = [make_problem_id(demo.question, demo.choices) for demo in exemplars]
    columns = [
        pl.Series("problem_id", ids, pl.String),
        pl.Series("question", [demo.question for demo in exemplars], pl.String),
        pl.Series("choices", [list(demo.choices) for demo in exemplars], pl.List(pl.String)),
    ]
    return collect_known([pl.DataFrame(columns)])


def show_exemplars(name: str, exemplars: Sequence[Demo], problem: Problem, shots: int) -> list[SolvedProblem]:
    """Write fixed demonstrations as solved problems: the first in the language of the problem, in their order.

    Args:
        name: the evaluation set.
        exemplars: its fixed demonstrations.
        problem: the problem that is asked.
        shots: how many are shown.

    Raises:
        InputError: one has an answer of another type than the problem.
    """
    chosen = select_demos(exemplars, problem, shots, seed=0)
    odd = next((demo for demo in chosen if problem.answer_type not in find_answer_types(demo)), None)
    if odd is not None:
        raise InputError(
            f"evaluation.demos: a demonstration for {name} answers {odd.answer!r}, and a problem of it has the answer"
            f" type {problem.answer_type}",
            hint=f"give {name} demonstrations of its own: evaluation.demos.{name}",
            keys=(f"evaluation.demos.{name}",),
        )
    return [
        SolvedProblem(
            question=demo.question,
            answer=demo.answer,
            text=demo.rationale,
            answer_start=None,
            answer_type=problem.answer_type,
            choices=demo.choices,
            language=demo.language,
        )
        for demo in chosen
    ]
