"""Evaluation sets: the problems that a student is evaluated on, and their prompts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import polars as pl

from ....schemas.example import Message
from ....schemas.frames import from_frame
from ....schemas.ids import rank
from ....schemas.outcome import SetKind
from ....schemas.problem import JUDGED_OUTSIDE, Problem, Split
from ....schemas.reasons import Fate
from ....schemas.student import Evaluation
from ...errors import InputError
from ...format.templates import (
    AS_IS,
    FORMATS,
    Format,
    SolvedProblem,
    format_answer_sentence,
    make_solved_problem,
    make_turns,
)
from ...store import Version
from ...text.options import format_question
from ..model.chat import Chat
from .demonstrations import Row, select_demonstrations, show_demonstrations

HELD_OUT = "held_out"
"""Name of the set of the version's own test problems."""

GENERAL = "general"
"""Name of the set of general problems that come from no source of the version."""

DEFAULT_FORMATS = ("zero_shot_cot", "zero_shot_answer")
"""Formats of target problems where the student recipe names none."""

_SKILLS = "skills"
"""The kind of source whose problems are always general."""


def _show_none() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalSet:
    """A set of problems that students are evaluated on."""

    name: str
    """`held_out`, `general`, or the name of a source."""
    kind: SetKind
    """What it measures."""
    problems: tuple[Problem, ...]
    """The problems, each with a gold answer."""
    read_demonstrations: Callable[[], pl.DataFrame] = _show_none
    """Reads the candidates for demonstrations, see `demonstrations`; most evaluations show none."""
    simulated: bool = False
    """Whether the version's samples were written by the simulated teacher."""
    is_stand_in: bool = False
    """Whether a source with the role `evaluate` is the target because no problem was held out."""

    @property
    def demonstrations(self) -> pl.DataFrame:
        """Candidates for demonstrations: kept samples of the version's training split, each with its problem."""
        return self.read_demonstrations()


# Problems


def make_eval_sets(version: Version, evaluation: Evaluation, general: Sequence[Problem] = ()) -> tuple[EvalSet, ...]:
    """Make the evaluation sets of a version.

    Args:
        version: the version. The target is the sampled problems of its test split; where there are none, it is the
            first source with the role `evaluate` that is not general.
        evaluation: the number of problems of each set, and the sources that are general.
        general: further general problems.

    Returns:
        The target, then other sources, then general ones; sets without problems are left out.

    Raises:
        InputError: there is no target, a source named in `evaluation.general` does not have the role `evaluate`, or a
            source has the name of a set.
    """
    sources = version.manifest.recipe["sources"]
    names = [source["name"] for source in sources if source["role"] == "evaluate"]
    _check_names([HELD_OUT, GENERAL] if general else [HELD_OUT], names, evaluation.general)
    selected = _select_problems(version, sources, evaluation.problems, general)
    problems = {name: chosen for name, chosen in selected.items() if chosen}
    skills = [source["name"] for source in sources if source["kind"] == _SKILLS]
    kinds = _assign_kinds(version, problems, {*evaluation.general, *skills, *([GENERAL] if general else [])})
    read_demonstrations = cache(lambda: select_demonstrations(version))
    return tuple(
        EvalSet(
            name=name,
            kind=kind,
            problems=problems[name],
            read_demonstrations=_show_none if kind is SetKind.GENERAL else read_demonstrations,
            simulated=version.manifest.simulated,
            is_stand_in=kind is SetKind.TARGET and name != HELD_OUT,
        )
        for name, kind in kinds.items()
    )


def _check_names(reserved: Sequence[str], names: Sequence[str], general: Sequence[str]) -> None:
    for name in reserved:
        if name in names:
            raise InputError(
                f"a source has the name of an evaluation set: {name}",
                hint="give the source another name in the recipe, and build again",
                keys=(f"sources.{name}.name",),
            )
    for name in general:
        if name not in names:
            closest = get_close_matches(name, names, n=1)
            known = f"sources with role: evaluate: {', '.join(names) or 'none'}"
            raise InputError(
                f"evaluation.general names {name}, which is not a source of the version with the role evaluate",
                hint=f"did you mean {closest[0]}? {known}" if closest else known,
                keys=("evaluation.general",),
            )


def _select_problems(
    version: Version, sources: Sequence[Mapping[str, Any]], count: int, general: Sequence[Problem]
) -> dict[str, tuple[Problem, ...]]:
    """Select the problems whose gold answer can be compared for each set, those of lowest rank."""
    by_role: dict[str, list[str]] = {"sample": [], "reference": [], "evaluate": []}
    for source in sources:
        by_role[source["role"]].append(source["name"])
    members = {HELD_OUT: pl.col("source").is_in(by_role["sample"]) & (pl.col("split") == Split.TEST)}
    members |= {name: pl.col("source") == name for name in by_role["evaluate"]}
    is_compared = ~pl.col("answer_type").is_in([str(kind) for kind in JUDGED_OUTSIDE])
    is_answered = (pl.col("fate") == Fate.KEPT) & pl.col("answer").is_not_null() & is_compared
    problems: dict[str, tuple[Problem, ...]] = dict.fromkeys(members, ())
    for rows in version.iterate_table("problems"):
        answered = rows.filter(is_answered)
        for name, is_member in members.items():
            found = from_frame(answered.filter(is_member), Problem)
            problems[name] = _take_lowest_ranked(name, [*problems[name], *found], count)
    extra = [problem for problem in general if problem.answer is not None]
    return {**problems, GENERAL: _take_lowest_ranked(GENERAL, extra, count)} if extra else problems


def _assign_kinds(version: Version, problems: Mapping[str, Sequence[Problem]], general: set[str]) -> dict[str, SetKind]:
    """Assign each set the kind of ability that it measures, the target first."""
    taught = [name for name in problems if name not in general]
    if not taught:
        raise InputError(
            f"{version.ref} has no problems to evaluate on: none is held out, and no source has the role evaluate",
            hint="give `split: {test: 0.1}` in the recipe, or a source with the role evaluate, and build again",
            keys=("split.test",),
        )
    return {
        taught[0]: SetKind.TARGET,
        **dict.fromkeys(taught[1:], SetKind.OTHER),
        **dict.fromkeys((name for name in problems if name in general), SetKind.GENERAL),
    }


def _take_lowest_ranked(name: str, problems: Sequence[Problem], count: int) -> tuple[Problem, ...]:
    """Take the problems of lowest keyed hash, so that a larger `count` only adds problems."""
    return tuple(sorted(problems, key=lambda problem: rank(f"evaluation:{name}", problem.problem_id))[:count])


# Prompts


def list_formats(eval_set: EvalSet, formats: Sequence[str] | None) -> tuple[str, ...]:
    """List the prompt formats of a set: `as_is` for general sets, else `formats` or the defaults."""
    return (AS_IS,) if eval_set.kind is SetKind.GENERAL else tuple(formats or DEFAULT_FORMATS)


def format_prompts(eval_set: EvalSet, format_name: str, shots: int, seed: int = 0) -> list[Chat]:
    """Format the problems of a set as `format_examples` formats them for training, without the target.

    Args:
        eval_set: the set.
        format_name: name of a format; `as_is` gives the question without an instruction.
        shots: number of demonstrations in in-context formats. They are of the training split, of other groups and of
            the same answer type (law 6).
        seed: key of the demonstrations.

    Returns:
        A chat for each problem.

    Raises:
        InputError: there are fewer demonstrations for a problem than that.
    """
    if format_name == AS_IS:
        return [
            _make_chat(make_turns(format_question(problem.question or "", problem.choices), ""))
            for problem in eval_set.problems
        ]
    example_format = FORMATS[format_name]
    if not example_format.in_context:
        return [format_prompt(example_format, problem, ()) for problem in eval_set.problems]
    shown = show_demonstrations(eval_set.name, eval_set.demonstrations, eval_set.problems, shots, seed)
    return [
        format_prompt(example_format, problem, demonstrations)
        for problem, demonstrations in zip(eval_set.problems, shown, strict=True)
    ]


def format_prompt(example_format: Format, problem: Problem, demonstrations: Sequence[Row]) -> Chat:
    """Format the prompt of one problem after its demonstrations."""
    solved = [make_solved_problem(row) for row in demonstrations]
    turns = [
        turn
        for shot in solved
        for turn in make_turns(example_format.format_prompt(shot), example_format.format_target(shot))
    ]
    return _make_chat((*turns, *make_turns(example_format.format_prompt(_make_unsolved(problem)), "")))


def format_gold_answer(problem: Problem, format_name: str) -> str | None:
    """Format the gold answer as the target of an answer-only format; None where the format asks for reasoning.

    >>> format_gold_answer(Problem(problem_id="p", source="s", origin="o", answer="18"), "zero_shot_answer")
    'The answer is 18.'
    """
    if format_name == AS_IS:
        return problem.answer
    if not FORMATS[format_name].one_per_problem:
        return None
    return format_answer_sentence(problem.answer or "", problem.answer_type, problem.language)


def _make_chat(turns: Sequence[Message]) -> Chat:
    """All turns but the last, as dicts like those of the column `messages`."""
    return [{"role": turn.role.value, "content": turn.content} for turn in turns[:-1]]


def _make_unsolved(problem: Problem) -> SolvedProblem:
    return SolvedProblem(
        question=problem.question or "",
        answer=problem.answer or "",
        text="",
        answer_start=None,
        answer_type=problem.answer_type,
        choices=problem.choices,
        language=problem.language,
    )
