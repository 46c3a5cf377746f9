"""Evaluation sets: the problems that a student is evaluated on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

import polars as pl

from ....schemas.evaluation import Evaluation
from ....schemas.frames import from_frame, to_frame
from ....schemas.ids import rank
from ....schemas.outcome import SetKind
from ....schemas.problem import JUDGED_OUTSIDE, Problem, Split
from ....schemas.reasons import Fate
from ...errors import InputError
from ...recipe import list_stanzas
from ...store import Version
from ...teacher.demonstrations import Demo
from .demonstrations import select_demonstrations
from .exemplars import choose_exemplars, collect_shown, has_demonstrations, read_exemplars
from .trained import KnownQuestions, collect_trained

HELD_OUT = "held_out"
"""Name of the set of the version's own test problems."""

GENERAL = "general"
"""Name of the set of general problems that come from no source of the version."""

_SKILLS = "skills"
"""The kind of source whose problems are always general."""


def _show_none() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalSet:
    """A set of problems that students are evaluated on."""

    name: str
    """`held_out`, `general`, or the name of a source or of a set of the student recipe."""
    kind: SetKind
    """What it measures."""
    problems: tuple[Problem, ...]
    """The problems, each with a gold answer."""
    read_demonstrations: Callable[[], pl.DataFrame] = _show_none
    """Reads the candidates for demonstrations, see `demonstrations`; most evaluations show none."""
    exemplars: tuple[Demo, ...] = ()
    """Fixed demonstrations; empty where each problem gets its own."""
    simulated: bool = False
    """Whether the version's samples were written by the simulated teacher."""
    is_stand_in: bool = False
    """Whether a source with the role `evaluate` is the target because no problem was held out."""
    trained_on: int = 0
    """Number of problems that were left out because a condition trained on them."""
    demonstrated: int = 0
    """Number of problems that were left out because the fixed demonstrations show them."""

    @property
    def demonstrations(self) -> pl.DataFrame:
        """Candidates for demonstrations: kept samples of the version's training split, each with its problem."""
        return self.read_demonstrations()


@dataclass(slots=True)
class _Selection:
    """The problems of a set, while tables are gone through."""

    problems: list[Problem] = field(default_factory=list)
    trained_on: int = 0
    demonstrated: int = 0

    def add(self, name: str, rows: pl.DataFrame, left_out: tuple[KnownQuestions, KnownQuestions], count: int) -> None:
        """Add the rows that may be asked, and keep those of lowest rank."""
        trained, shown = left_out
        is_trained = trained.mark(rows)
        is_shown = shown.mark(rows) & ~is_trained
        self.trained_on += int(is_trained.sum())
        self.demonstrated += int(is_shown.sum())
        found = from_frame(rows.filter(~is_trained & ~is_shown), Problem)
        self.problems = _take_lowest_ranked(name, [*self.problems, *found], count)


def make_eval_sets(
    version: Version,
    evaluation: Evaluation,
    general: Sequence[Problem] = (),
    *,
    prepared: Mapping[str, pl.DataFrame] | None = None,
    trained: Sequence[Version] = (),
) -> tuple[EvalSet, ...]:
    """Make the evaluation sets of a version and of a student recipe.

    Args:
        version: the version. The target is the sampled problems of its test split; where there are none, it is the
            first other set that is not general.
        evaluation: the number of problems of each set, which sets are general, and fixed demonstrations.
        general: further general problems.
        prepared: problems of the sets that the student recipe names, as `load_prepared` reads them.
        trained: the versions whose training problems no set asks.

    Returns:
        The target, then other sets, then general ones; sets without problems are left out.

    Raises:
        InputError: there is no target, a set that `evaluation.general` or `evaluation.demos` names does not exist, two
            sets have one name, or every problem of a set of the student recipe is trained on.
    """
    prepared, sources = prepared or {}, version.manifest.recipe["sources"]
    own = [source["name"] for source in sources if source["role"] == "evaluate"]
    names = [HELD_OUT, *own, *prepared, *([GENERAL] if general else [])]
    _check_names([HELD_OUT, GENERAL] if general else [HELD_OUT], own, list(prepared), evaluation.general)
    known = collect_trained(trained)
    exemplars = read_exemplars(evaluation) if has_demonstrations(evaluation) else {}
    shown = {name: choose_exemplars(name, exemplars, names) for name in names}
    left_out = {name: (known, collect_shown(shown[name])) for name in names}
    selected = _select_own(version, own, evaluation.problems, left_out)
    further = {**prepared, GENERAL: to_frame(general, Problem)} if general else prepared
    for name, rows in further.items():
        selected[name] = _Selection()
        answered = rows.filter(pl.col("answer").is_not_null())
        selected[name].add(name, answered, left_out[name], evaluation.problems)
        if name in prepared and not selected[name].problems:
            raise InputError(
                f"every problem of the evaluation set {name} is one that a condition trained on",
                hint="name a set that the version does not train on",
                keys=("evaluation.sources",),
            )
    skills = [source["name"] for source in sources if source["kind"] == _SKILLS]
    skills += [stanza.name for stanza in list_stanzas(evaluation) if stanza.kind == _SKILLS]
    filled = [name for name, found in selected.items() if found.problems]
    kinds = _assign_kinds(version, filled, {*evaluation.general, *skills, *([GENERAL] if general else [])})
    read_demonstrations = cache(lambda: select_demonstrations(version))
    return tuple(
        EvalSet(
            name=name,
            kind=kind,
            problems=tuple(selected[name].problems),
            read_demonstrations=read_demonstrations,
            exemplars=shown[name],
            simulated=version.manifest.simulated,
            is_stand_in=kind is SetKind.TARGET and name != HELD_OUT,
            trained_on=selected[name].trained_on,
            demonstrated=selected[name].demonstrated,
        )
        for name, kind in kinds.items()
    )


def _check_names(reserved: Sequence[str], own: Sequence[str], prepared: Sequence[str], general: Sequence[str]) -> None:
    for name in reserved:
        if name in own:
            raise InputError(
                f"a source has the name of an evaluation set: {name}",
                hint="give the source another name in the recipe, and build again",
                keys=(f"sources.{name}.name",),
            )
    for name in prepared:
        if name in {*reserved, *own}:
            raise InputError(
                f"evaluation.sources has the name of an evaluation set of the version: {name}",
                hint="give it another name",
                keys=("evaluation.sources",),
            )
    names = [*own, *prepared]
    for name in general:
        if name not in names:
            closest = get_close_matches(name, names, n=1)
            known = f"sources of the version with role: evaluate, and sets of the student recipe: {', '.join(names)}"
            known = known if names else "the version has no source with role: evaluate, and the student recipe no sets"
            raise InputError(
                f"evaluation.general names {name}, which is no source of the version with the role evaluate, and no set"
                " of the student recipe",
                hint=f"did you mean {closest[0]}? {known}" if closest else known,
                keys=("evaluation.general",),
            )


def _select_own(
    version: Version,
    own: Sequence[str],
    count: int,
    left_out: Mapping[str, tuple[KnownQuestions, KnownQuestions]],
) -> dict[str, _Selection]:
    """Select the problems of the version whose gold answer can be compared, for each set."""
    sampled = [source["name"] for source in version.manifest.recipe["sources"] if source["role"] == "sample"]
    members: dict[str, Any] = {HELD_OUT: pl.col("source").is_in(sampled) & (pl.col("split") == Split.TEST)}
    members |= {name: pl.col("source") == name for name in own}
    is_compared = ~pl.col("answer_type").is_in([str(kind) for kind in JUDGED_OUTSIDE])
    is_answered = (pl.col("fate") == Fate.KEPT) & pl.col("answer").is_not_null() & is_compared
    selected = {name: _Selection() for name in members}
    for rows in version.iterate_table("problems"):
        answered = rows.filter(is_answered)
        for name, is_member in members.items():
            selected[name].add(name, answered.filter(is_member), left_out[name], count)
    return selected


def _assign_kinds(version: Version, names: Sequence[str], general: set[str]) -> dict[str, SetKind]:
    """Assign each set the kind of ability that it measures, the target first."""
    taught = [name for name in names if name not in general]
    if not taught:
        raise InputError(
            f"{version.ref} has no problems to evaluate on: none is held out, and no source has the role evaluate",
            hint="give `split: {test: 0.1}` in the recipe, or a source with the role evaluate, and build again; or name"
            " a set in evaluation.sources of the student recipe",
            keys=("split.test",),
        )
    return {
        taught[0]: SetKind.TARGET,
        **dict.fromkeys(taught[1:], SetKind.OTHER),
        **dict.fromkeys((name for name in names if name in general), SetKind.GENERAL),
    }


def _take_lowest_ranked(name: str, problems: Sequence[Problem], count: int) -> list[Problem]:
    """Take the problems of lowest keyed hash, so that a larger `count` only adds problems."""
    return sorted(problems, key=lambda problem: rank(f"evaluation:{name}", problem.problem_id))[:count]
