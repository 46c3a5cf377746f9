"""Evaluation sets: which problems a trained student is asked, and in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.format.demonstrations import Pool, Row, draw, pool_of
from cotloom.builder.format.templates import AS_IS, FORMATS, Format, Kept, answer_sentence, exchange
from cotloom.builder.store import Version
from cotloom.builder.student.model.chat import Chat
from cotloom.builder.text.options import asked
from cotloom.schemas.example import Message
from cotloom.schemas.frames import from_frame
from cotloom.schemas.ids import rank
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import AnswerType, Problem, Split
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.student import Evaluation

HELD_OUT = "held_out"
"""The set of the version's own test problems."""

GENERAL = "general"
"""The set of general problems that no source of the version brings."""

ASKED_IN = ("zero_shot_cot", "zero_shot_answer")
"""The formats of target problems where the student recipe names none."""

_SKILLS = "skills"
"""The kind of source that is always general."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalSet:
    """Problems that a student is asked."""

    name: str
    """`held_out`, `general`, or the name of a source."""
    kind: SetKind
    """What it measures."""
    problems: tuple[Problem, ...]
    """The problems, each with a gold answer."""
    shown: tuple[Row, ...] = ()
    """What may be shown as a demonstration: kept samples of the version's training split, each with its problem."""
    simulated: bool = False
    """Whether the version's samples were written by the simulated teacher."""
    stands_in: bool = False
    """Whether it is a source for evaluation that is the target because no problem was held out."""


# Which problems


def sets_of(version: Version, evaluation: Evaluation, general: Sequence[Problem] = ()) -> tuple[EvalSet, ...]:
    """Take the evaluation sets of a version.

    Args:
        version: the version. Problems of its test split that the teacher was asked about are the target; where there
            are none, the first source with the role `evaluate` that is not general stands in.
        evaluation: says how many problems of each set, and which sources are general.
        general: further general problems.

    Returns:
        The target, then other sources, then general ones; sets without problems are left out.

    Raises:
        InputError: there is no target, a source named in `evaluation.general` is none for evaluation, or a source has
            the name of a set.
    """
    sources = version.manifest.recipe["sources"]
    names = [source["name"] for source in sources if source["role"] == "evaluate"]
    _check_names([HELD_OUT, GENERAL] if general else [HELD_OUT], names, evaluation.general)
    kept = version.table("problems").filter(pl.col("fate") == Fate.KEPT)
    found = {name: problems for name, problems in _found(kept, sources, general).items() if problems}
    skills = [source["name"] for source in sources if source["kind"] == _SKILLS]
    kinds = _kinds(version, found, {*evaluation.general, *skills, *([GENERAL] if general else [])})
    shown = _shown(kept, version.table("samples"))
    return tuple(
        EvalSet(
            name=name,
            kind=kind,
            problems=_lowest(name, found[name], evaluation.problems),
            shown=() if kind is SetKind.GENERAL else shown,
            simulated=version.manifest.simulated,
            stands_in=kind is SetKind.TARGET and name != HELD_OUT,
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
            near = get_close_matches(name, names, n=1)
            there = f"sources with role: evaluate: {', '.join(names) or 'none'}"
            raise InputError(
                f"evaluation.general names {name}, which is no source of the version with the role evaluate",
                hint=f"did you mean {near[0]}? {there}" if near else there,
                keys=("evaluation.general",),
            )


def _found(
    kept: pl.DataFrame, sources: Sequence[Mapping[str, Any]], general: Sequence[Problem]
) -> dict[str, list[Problem]]:
    """The problems of every set that have a gold answer."""
    of_role: dict[str, list[str]] = {"sample": [], "reference": [], "evaluate": []}
    for source in sources:
        of_role[source["role"]].append(source["name"])
    answered = kept.filter(pl.col("answer").is_not_null())
    held_out = answered.filter(pl.col("source").is_in(of_role["sample"]) & (pl.col("split") == Split.TEST))
    frames = {HELD_OUT: held_out}
    frames |= {name: answered.filter(pl.col("source") == name) for name in of_role["evaluate"]}
    found = {name: list(from_frame(frame, Problem)) for name, frame in frames.items()}
    extra = [problem for problem in general if problem.answer is not None]
    return {**found, GENERAL: extra} if extra else found


def _kinds(version: Version, found: Mapping[str, Sequence[Problem]], foreign: set[str]) -> dict[str, SetKind]:
    """What each set measures, the target first."""
    taught = [name for name in found if name not in foreign]
    if not taught:
        raise InputError(
            f"{version.ref} has no problems to measure with: none is held out, and no source is for evaluation",
            hint="give `split: {test: 0.1}` in the recipe, or a source with the role evaluate, and build again",
            keys=("split.test",),
        )
    return {
        taught[0]: SetKind.TARGET,
        **dict.fromkeys(taught[1:], SetKind.OTHER),
        **dict.fromkeys((name for name in found if name in foreign), SetKind.GENERAL),
    }


def _lowest(name: str, problems: Sequence[Problem], count: int) -> tuple[Problem, ...]:
    """The problems of lowest rank: where more are asked for, these stay."""
    return tuple(sorted(problems, key=lambda one: rank(f"evaluation:{name}", one.problem_id))[:count])


def _shown(kept: pl.DataFrame, samples: pl.DataFrame) -> tuple[Row, ...]:
    """Kept samples of the training split with their problems (law 6), finished responses left out."""
    training = kept.filter(pl.col("split") == Split.TRAIN)
    solved = samples.filter((pl.col("fate") == Fate.KEPT) & (pl.col("verdict") != Verdict.PROVIDED))
    rows = solved.select("sample_id", "problem_id", "text", "span").join(
        training.select("problem_id", "question", "answer", "answer_type", "choices", "group"), on="problem_id"
    )
    return tuple(rows.sort("sample_id").to_dicts())


# In which words


def formats_of(asked_of: EvalSet, formats: Sequence[str] | None) -> tuple[str, ...]:
    """How the problems of a set are put: general ones as they stand, all others in the formats asked for."""
    return (AS_IS,) if asked_of.kind is SetKind.GENERAL else tuple(formats or ASKED_IN)


def prompts_of(asked_of: EvalSet, form: str, shots: int, seed: int = 0) -> list[Chat]:
    """Put the problems of a set as `format_examples` puts them in training, up to where the answer begins.

    Args:
        asked_of: the set.
        form: the name of a format; `as_is` puts a question as it stands.
        shots: demonstrations of the formats that show some. They are of the training split, of other groups and of
            the same answer type (law 6).
        seed: key of the demonstrations.

    Returns:
        A chat for each problem.

    Raises:
        InputError: a problem can be shown fewer demonstrations than that.
    """
    if form == AS_IS:
        return [_chat(exchange(asked(problem.question or "", problem.choices), "")) for problem in asked_of.problems]
    put = FORMATS[form]
    pools = _pools(asked_of, seed) if put.in_context else {}
    return [
        put_problem(put, problem, _drawn(asked_of, pools, problem, shots, seed) if put.in_context else ())
        for problem in asked_of.problems
    ]


def put_problem(put: Format, problem: Problem, shown: Sequence[Row]) -> Chat:
    """Put a problem behind its demonstrations."""
    others = [_kept(row) for row in shown]
    turns = [turn for kept in others for turn in exchange(put.ask(kept), put.say(kept))]
    return _chat((*turns, *exchange(put.ask(_unsolved(problem)), "")))


def gold_of(problem: Problem, form: str) -> str | None:
    """The gold answer as a format has it said; None where a format asks for reasoning before.

    >>> gold_of(Problem(problem_id="p", source="s", origin="o", answer="18"), "zero_shot_answer")
    'The answer is 18.'
    """
    if form == AS_IS:
        return problem.answer
    return answer_sentence(problem.answer or "", problem.answer_type) if FORMATS[form].one_per_problem else None


def _chat(turns: Sequence[Message]) -> Chat:
    """Everything but the last turn, as the column `messages` has it."""
    return [{"role": turn.role.value, "content": turn.content} for turn in turns[:-1]]


def _pools(asked_of: EvalSet, seed: int) -> dict[str, Pool]:
    """What may be shown, by answer type."""
    types = {str(problem.answer_type) for problem in asked_of.problems}
    return {kind: pool_of((row for row in asked_of.shown if row["answer_type"] == kind), seed) for kind in types}


def _drawn(asked_of: EvalSet, pools: Mapping[str, Pool], problem: Problem, shots: int, seed: int) -> list[Row]:
    row = {"sample_id": problem.problem_id, "problem_id": problem.problem_id, "group": problem.group}
    shown = draw(pools[problem.answer_type], row, (shots, shots), seed)
    if len(shown) < shots:
        raise InputError(
            f"{asked_of.name}: {len(shown)} solved problems of other groups can be shown, {shots} are needed",
            hint="lower evaluation.shots, or leave the in-context formats out of evaluation.formats",
            keys=("evaluation.shots",),
        )
    return shown


def _unsolved(problem: Problem) -> Kept:
    return Kept(
        question=problem.question or "",
        answer=problem.answer or "",
        text="",
        answer_start=None,
        answer_type=problem.answer_type,
        choices=problem.choices,
    )


def _kept(row: Row) -> Kept:
    return Kept(
        question=row["question"],
        answer=row["answer"],
        text=row["text"],
        answer_start=row["span"]["start"] if row["span"] else None,
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )
