"""Evaluation sets: the problems that a student is evaluated on, and their prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import polars as pl

from ....schemas.example import Message
from ....schemas.frames import from_frame
from ....schemas.ids import rank
from ....schemas.outcome import SetKind
from ....schemas.problem import AnswerType, Problem, Split
from ....schemas.reasons import Fate, Verdict
from ....schemas.student import Evaluation
from ...errors import InputError
from ...format.demonstrations import Pool, Row, build_pool, sample_demonstrations
from ...format.templates import AS_IS, FORMATS, Format, SolvedProblem, format_answer_sentence, make_turns
from ...store import Version
from ...text.options import format_question
from ..model.chat import Chat

HELD_OUT = "held_out"
"""Name of the set of the version's own test problems."""

GENERAL = "general"
"""Name of the set of general problems that come from no source of the version."""

DEFAULT_FORMATS = ("zero_shot_cot", "zero_shot_answer")
"""Formats of target problems where the student recipe names none."""

_SKILLS = "skills"
"""The kind of source whose problems are always general."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalSet:
    """A set of problems that students are evaluated on."""

    name: str
    """`held_out`, `general`, or the name of a source."""
    kind: SetKind
    """What it measures."""
    problems: tuple[Problem, ...]
    """The problems, each with a gold answer."""
    demonstrations: tuple[Row, ...] = ()
    """Candidates for demonstrations: kept samples of the version's training split, each with its problem."""
    simulated: bool = False
    """Whether the version's samples were written by the simulated teacher."""
    is_stand_in: bool = False
    """Whether a source with the role `evaluate` is the target because no problem was held out."""


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
    problem_rows = version.read_table("problems").filter(pl.col("fate") == Fate.KEPT)
    problems = {name: chosen for name, chosen in _select_problems(problem_rows, sources, general).items() if chosen}
    skills = [source["name"] for source in sources if source["kind"] == _SKILLS]
    kinds = _assign_kinds(version, problems, {*evaluation.general, *skills, *([GENERAL] if general else [])})
    demonstrations = _select_demonstrations(problem_rows, version.read_table("samples"))
    return tuple(
        EvalSet(
            name=name,
            kind=kind,
            problems=_take_lowest_ranked(name, problems[name], evaluation.problems),
            demonstrations=() if kind is SetKind.GENERAL else demonstrations,
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
    problem_rows: pl.DataFrame, sources: Sequence[Mapping[str, Any]], general: Sequence[Problem]
) -> dict[str, list[Problem]]:
    """Select the problems with a gold answer for each set."""
    by_role: dict[str, list[str]] = {"sample": [], "reference": [], "evaluate": []}
    for source in sources:
        by_role[source["role"]].append(source["name"])
    answered = problem_rows.filter(pl.col("answer").is_not_null())
    held_out = answered.filter(pl.col("source").is_in(by_role["sample"]) & (pl.col("split") == Split.TEST))
    frames = {HELD_OUT: held_out}
    frames |= {name: answered.filter(pl.col("source") == name) for name in by_role["evaluate"]}
    problems = {name: list(from_frame(frame, Problem)) for name, frame in frames.items()}
    extra = [problem for problem in general if problem.answer is not None]
    return {**problems, GENERAL: extra} if extra else problems


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


def _select_demonstrations(problem_rows: pl.DataFrame, samples: pl.DataFrame) -> tuple[Row, ...]:
    """Select kept samples of the training split with their problems (law 6), without finished responses."""
    training = problem_rows.filter(pl.col("split") == Split.TRAIN)
    solved = samples.filter((pl.col("fate") == Fate.KEPT) & (pl.col("verdict") != Verdict.PROVIDED))
    rows = solved.select("sample_id", "problem_id", "text", "span").join(
        training.select("problem_id", "question", "answer", "answer_type", "choices", "group"), on="problem_id"
    )
    return tuple(rows.sort("sample_id").to_dicts())


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
    pools = _make_pools(eval_set, seed)
    return [
        format_prompt(example_format, problem, _sample_demonstrations(eval_set, pools, problem, shots, seed))
        for problem in eval_set.problems
    ]


def format_prompt(example_format: Format, problem: Problem, demonstrations: Sequence[Row]) -> Chat:
    """Format the prompt of one problem after its demonstrations."""
    solved = [_make_solved(row) for row in demonstrations]
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
    return format_answer_sentence(problem.answer or "", problem.answer_type)


def _make_chat(turns: Sequence[Message]) -> Chat:
    """All turns but the last, as dicts like those of the column `messages`."""
    return [{"role": turn.role.value, "content": turn.content} for turn in turns[:-1]]


def _make_pools(eval_set: EvalSet, seed: int) -> dict[str, Pool]:
    """Group the candidates for demonstrations by answer type."""
    types = {str(problem.answer_type) for problem in eval_set.problems}
    return {
        answer_type: build_pool((row for row in eval_set.demonstrations if row["answer_type"] == answer_type), seed)
        for answer_type in types
    }


def _sample_demonstrations(
    eval_set: EvalSet, pools: Mapping[str, Pool], problem: Problem, shots: int, seed: int
) -> list[Row]:
    row = {"sample_id": problem.problem_id, "problem_id": problem.problem_id, "group": problem.group}
    demonstrations = sample_demonstrations(pools[problem.answer_type], row, (shots, shots), seed)
    if len(demonstrations) < shots:
        raise InputError(
            f"{eval_set.name}: {shots} demonstrations are needed, and {len(demonstrations)} solved problems of other "
            "groups are available",
            hint="lower evaluation.shots, or leave the in-context formats out of evaluation.formats",
            keys=("evaluation.shots",),
        )
    return demonstrations


def _make_unsolved(problem: Problem) -> SolvedProblem:
    return SolvedProblem(
        question=problem.question or "",
        answer=problem.answer or "",
        text="",
        answer_start=None,
        answer_type=problem.answer_type,
        choices=problem.choices,
    )


def _make_solved(row: Row) -> SolvedProblem:
    return SolvedProblem(
        question=row["question"],
        answer=row["answer"],
        text=row["text"],
        answer_start=row["span"]["start"] if row["span"] else None,
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )
