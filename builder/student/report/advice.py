"""Advice: what would help next, each piece with the figures that it rests on.

Rules are small functions from facts to what a change promises, in share of right answers. Some promise nothing that
can be counted; they come last. A rule without its facts is silent: unknown is not zero (law 8).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl
from cotloom.builder.select import count_distinct
from cotloom.builder.store import Version
from cotloom.schemas.outcome import Decoding, SetKind
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.sample import Hint
from cotloom.schemas.student import Gate
from cotloom.schemas.validation import Advice, Difference, Point, Trained

RISING = 0.02
"""A curve that gains so much at its last step still rises, in share of problems."""
PASSES = 0.5
"""A teacher that is right less often is weak for the problems."""
SOLVED = 0.9
"""A teacher that is right so often leaves little to its rejected answers."""
FEW_PATHS = 2.0
"""Fewer distinct paths for each problem are few."""
OFTEN = 0.05
"""A share of answers from which on a fault of them counts."""
UNASKED = 0.5
"""Reasoning in so many answers that were not asked for it means that the prompt is not heeded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What advice rests on. Shares are from 0 to 1; null is unknown."""

    pass_rate: float | None = None
    """Share of right answers among those that the teacher gave without a hint."""
    unsolved: float | None = None
    """Share of the sampled problems without any kept path."""
    samples_per_problem: float | None = None
    """The teacher's answers for each problem, mean."""
    paths_per_problem: float | None = None
    """Distinct right paths for each problem that has one, mean."""
    steps_checked: bool = False
    """Whether rationales with a wrong equation were dropped."""
    formats: frozenset[str] = frozenset()
    """Formats trained on."""
    unreadable: float | None = None
    """Share of the student's answers without a final answer."""
    truncated: float | None = None
    """Share of the student's answers that reached the length limit."""
    wrong_steps: float | None = None
    """Share of answers with a wrong equation, among the student's right answers with reasoning."""
    right: float | None = None
    """Share of right answers with reasoning, among all answers to prompts that ask for reasoning."""
    unasked: float | None = None
    """Share of answers with reasoning where the prompt did not ask for it."""
    general_loss: float | None = None
    """The largest loss of general ability, in share of problems."""
    allowed_loss: float = Gate().loss
    """The loss that the gate allows."""
    converged: bool | None = None
    """Whether the student on the version had stopped learning."""
    data_curve: tuple[Point, ...] = ()
    """Accuracy by share of the problems."""
    path_curve: tuple[Point, ...] = ()
    """Accuracy by paths for each problem."""


Promise = tuple[float, Advice]
"""What a change promises, in share of right answers, and the change."""


def advise(facts: Facts) -> list[Advice]:
    """Say what would help next, what promises most first.

    Args:
        facts: what is known of the version and its student.
    """
    found = [promise for rule in RULES if (promise := rule(facts)) is not None]
    return [advice for _, advice in sorted(found, key=lambda promise: -promise[0])]


def _more_steps(facts: Facts) -> Promise | None:
    if facts.converged is not False:
        return None
    why = "the training loss of the version's student had not stopped falling, so that its accuracy says little yet"
    return 1.0, Advice(what="train more steps", why=why)


def _more_problems(facts: Facts) -> Promise | None:
    gain = _last_gain(facts.data_curve)
    if gain is None or gain < RISING:
        return None
    return gain, Advice(what="add problems", why=f"accuracy still rises with data: {_curve(facts.data_curve)}")


def _more_samples(facts: Facts) -> Promise | None:
    gain = _last_gain(facts.path_curve)
    if gain is not None:
        if gain < RISING:
            return None
        why = f"accuracy still rises with paths for each problem: {_curve(facts.path_curve)}"
        return gain, Advice(what="sample more answers for each problem", why=why)
    if facts.paths_per_problem is None or facts.pass_rate is None or facts.samples_per_problem is None:
        return None
    if facts.paths_per_problem >= FEW_PATHS or facts.pass_rate >= SOLVED:
        return None
    why = (
        f"{facts.paths_per_problem:.1f} distinct paths for each solved problem, from {facts.samples_per_problem:.1f} "
        f"answers of which {facts.pass_rate:.0%} are right; what more would bring was not measured"
    )
    return 0.0, Advice(what="sample more answers for each problem", why=why)


def _better_teacher(facts: Facts) -> Promise | None:
    if facts.pass_rate is None or facts.unsolved is None or facts.pass_rate >= PASSES:
        return None
    why = f"{facts.pass_rate:.0%} of the teacher's answers are right; {facts.unsolved:.0%} of the problems have no path"
    return facts.unsolved, Advice(what="use a better teacher, or hints where it fails", why=why)


def _longer_answers(facts: Facts) -> Promise | None:
    if facts.truncated is None or facts.truncated < OFTEN:
        return None
    why = f"{facts.truncated:.0%} of the student's answers reach the length limit"
    return facts.truncated, Advice(what="keep shorter rationales, or let the student say more", why=why)


def _clearer_answers(facts: Facts) -> Promise | None:
    if facts.unreadable is None or facts.unreadable < OFTEN:
        return None
    why = f"{facts.unreadable:.0%} of the student's answers end without a final answer that can be read"
    return facts.unreadable, Advice(what="keep only rationales that end in a clear final answer", why=why)


def _check_steps(facts: Facts) -> Promise | None:
    if facts.wrong_steps is None or facts.right is None or facts.wrong_steps < OFTEN:
        return None
    what = "check more than the equations of rationales" if facts.steps_checked else "drop rationales with wrong steps"
    why = f"{facts.wrong_steps:.0%} of the student's right answers hold an equation that is wrong"
    return facts.wrong_steps * facts.right, Advice(what=what, why=why)


def _more_replay(facts: Facts) -> Promise | None:
    if facts.general_loss is None or facts.general_loss <= facts.allowed_loss:
        return None
    lost, allowed = 100 * facts.general_loss, 100 * facts.allowed_loss
    why = f"general ability fell by {lost:.1f} points; the gate allows {allowed:.1f}"
    return facts.general_loss, Advice(what="mix more general examples into the last stage", why=why)


def _other_formats(facts: Facts) -> Promise | None:
    if facts.unasked is None or facts.unasked < UNASKED:
        return None
    plain = any(name.endswith("_answer") for name in facts.formats)
    what = "give formats without reasoning more weight" if plain else "add a format without reasoning"
    why = f"{facts.unasked:.0%} of the answers to prompts that did not ask for reasoning hold some"
    return 0.0, Advice(what=what, why=why)


RULES: Sequence[Callable[[Facts], Promise | None]] = (
    _more_steps, _more_problems, _more_samples, _better_teacher, _longer_answers, _clearer_answers, _check_steps,
    _more_replay, _other_formats,
)  # fmt: skip
"""The rules. Where two promise the same, the first comes first."""


def _last_gain(curve: Sequence[Point]) -> float | None:
    gains = [after.mean - before.mean for before, after in pairwise(sorted(curve, key=lambda point: point.at))]
    return gains[-1] if gains else None


def _curve(curve: Sequence[Point]) -> str:
    points = sorted(curve, key=lambda point: point.at)
    return ", ".join(f"{point.mean:.1%} on {point.rows:,} rows" for point in points)


def facts_of(
    version: Version,
    outcomes: pl.DataFrame,
    arms: Sequence[Trained],
    *,
    retention: Sequence[Difference] = (),
    gate: Gate | None = None,
    curves: Mapping[str, Sequence[Point]] | None = None,
) -> Facts:
    """Gather what advice rests on.

    Args:
        version: the version.
        outcomes: rows of `Outcome`; those of the arm `version` are read.
        arms: how the arms were trained.
        retention: comparisons on what should be kept.
        gate: what loss is allowed.
        curves: accuracy by amount of data, under `data` and `paths`, where it was measured.
    """
    mine = outcomes.filter(arm="version", decoding=str(Decoding.GREEDY))
    losses = [-difference.difference for difference in retention if difference.arm == "version"]
    curves = curves or {}
    return Facts(
        **_of_teacher(version),
        **_of_student(mine),
        steps_checked=version.manifest.recipe.get("verify", {}).get("steps") == "drop",
        formats=_formats(version),
        general_loss=max(losses, default=None),
        allowed_loss=(gate or Gate()).loss,
        converged=next((arm.converged for arm in arms if arm.arm == "version"), None),
        data_curve=tuple(curves.get("data", ())),
        path_curve=tuple(curves.get("paths", ())),
    )


def _of_teacher(version: Version) -> dict[str, float | None]:
    """What the samples say of the teacher; finished responses that a source brought are none of its."""
    samples = version.table("samples").filter(pl.col("problem_id").is_not_null(), pl.col("verdict") != Verdict.PROVIDED)
    unhinted = samples.filter(pl.col("hint") == Hint.NONE)
    asked = samples["problem_id"].n_unique()
    kept = samples.filter(pl.col("fate") == Fate.KEPT)["problem_id"].n_unique()
    return {
        "pass_rate": _mean(unhinted.select(pl.col("verdict") == Verdict.CORRECT).to_series()),
        "unsolved": 1 - kept / asked if asked else None,
        "samples_per_problem": samples.height / asked if asked else None,
        "paths_per_problem": _mean(count_distinct(samples)["distinct"]),
    }


def _formats(version: Version) -> frozenset[str]:
    examples = version.table("examples").filter(fate=str(Fate.KEPT)).drop_nulls("mixture_stage")
    return frozenset(examples["format"].unique())


def _of_student(mine: pl.DataFrame) -> dict[str, float | None]:
    """What the answers of the version's students say; `mine` holds their greedy ones."""
    target = mine.filter(kind=str(SetKind.TARGET))
    shown = target.filter(pl.col("correct") & pl.col("reasoned"))
    plain = pl.col("format").str.ends_with("_answer") | (pl.col("kind") == SetKind.GENERAL)
    reasoning = target.filter(~plain)
    return {
        "unreadable": _mean(target["verdict"] == Verdict.NO_ANSWER),
        "truncated": _mean(target["verdict"] == Verdict.TRUNCATED),
        "wrong_steps": _mean(shown["wrong_steps"] > 0),
        "right": _mean(reasoning["correct"] & reasoning["reasoned"]),
        "unasked": _mean(mine.filter(plain)["reasoned"]),
    }


def _mean(values: pl.Series) -> float | None:
    return None if values.is_empty() else float(values.cast(pl.Float64).to_numpy().mean())
