"""Recommendations: what to change next, each with the figures that it is based on.

A rule is a small function from facts to a recommendation and its potential: the share of correct answers that the
change could add, or 0 where that can't be estimated. A rule without its facts gives nothing: unknown is not zero
(law 8).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from ....schemas.outcome import Decoding, SetKind
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Hint
from ....schemas.student import Gate
from ....schemas.validation import Advice, CurvePoint, Difference, TrainingRun
from ...report.sentences import describe_condition
from ...select import count_distinct
from ...store import Version
from .sentences import explain_gate_exemption

RISING = 0.02
"""Gain of a curve's last step from which on it counts as still rising, as a share of the problems."""
PASSES = 0.5
"""Pass rate of the teacher below which it is weak for the problems."""
SOLVED = 0.9
"""Pass rate of the teacher from which on more samples would add little."""
FEW_PATHS = 2.0
"""Distinct paths for each problem below which there are few."""
OFTEN = 0.05
"""Share of answers from which on a fault of them is worth a recommendation."""
UNASKED = 0.5
"""Share of answers with unrequested reasoning from which on the prompt counts as ignored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdviceFacts:
    """What recommendations are based on. Shares are from 0 to 1; null is unknown."""

    pass_rate: float | None = None
    """Share of correct answers among the teacher's answers without a hint."""
    unsolved: float | None = None
    """Share of the sampled problems without any kept path."""
    samples_per_problem: float | None = None
    """Mean number of the teacher's answers for each problem."""
    paths_per_problem: float | None = None
    """Mean number of distinct correct paths, over the problems that have one."""
    answers_checked: bool = True
    """Whether the final answers of kept rationales were compared with gold answers."""
    steps_checked: bool = False
    """Whether rationales with a wrong equation were dropped."""
    formats: frozenset[str] = frozenset()
    """Formats trained on."""
    unreadable: float | None = None
    """Share of the student's answers without a final answer."""
    truncated: float | None = None
    """Share of the student's answers that reached the length limit."""
    wrong_steps: float | None = None
    """Share of answers with a wrong equation, among the student's correct answers with reasoning."""
    right: float | None = None
    """Share of correct answers with reasoning, among all answers to prompts that request reasoning."""
    unasked: float | None = None
    """Share of answers with reasoning, among all answers to prompts that do not request it."""
    general_loss: float | None = None
    """The largest loss of general ability, as a share of the problems."""
    general_against: str = ""
    """The condition against which that loss was measured."""
    gate_exemption: str = ""
    """Why the gate does not count that loss; empty where it does."""
    allowed_loss: float = Gate().loss
    """The loss that the gate allows."""
    converged: bool | None = None
    """Whether the training loss of the version's student had stopped falling."""
    data_curve: tuple[CurvePoint, ...] = ()
    """Accuracy by share of the problems."""
    path_curve: tuple[CurvePoint, ...] = ()
    """Accuracy by paths for each problem."""


RankedAdvice = tuple[float, Advice]
"""The potential of a change, as a share of correct answers, and the change."""


def advise(facts: AdviceFacts) -> list[Advice]:
    """Recommend what to change next, the change with the largest potential first.

    Args:
        facts: what is known of the version and its student.
    """
    ranked = [advice for rule in RULES if (advice := rule(facts)) is not None]
    return [advice for _, advice in sorted(ranked, key=lambda pair: -pair[0])]


def _advise_more_steps(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.converged is not False:
        return None
    why = "the training loss of the version's student was still falling, so that its accuracy is not conclusive"
    return 1.0, Advice(what="train more steps", why=why)


def _advise_more_problems(facts: AdviceFacts) -> RankedAdvice | None:
    gain = _compute_last_gain(facts.data_curve)
    if gain is None or gain < RISING:
        return None
    return gain, Advice(what="add problems", why=f"accuracy still rises with data: {_format_curve(facts.data_curve)}")


def _advise_more_samples(facts: AdviceFacts) -> RankedAdvice | None:
    gain = _compute_last_gain(facts.path_curve)
    if gain is not None:
        if gain < RISING:
            return None
        why = f"accuracy still rises with paths for each problem: {_format_curve(facts.path_curve)}"
        return gain, Advice(what="sample more answers for each problem", why=why)
    if facts.paths_per_problem is None or facts.pass_rate is None or facts.samples_per_problem is None:
        return None
    if facts.paths_per_problem >= FEW_PATHS or facts.pass_rate >= SOLVED:
        return None
    why = (
        f"{facts.paths_per_problem:.1f} distinct paths for each solved problem, from {facts.samples_per_problem:.1f} "
        f"answers of which {facts.pass_rate:.0%} are correct; the effect of more was not measured"
    )
    return 0.0, Advice(what="sample more answers for each problem", why=why)


def _advise_better_teacher(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.pass_rate is None or facts.unsolved is None or facts.pass_rate >= PASSES:
        return None
    unsolved = f"{facts.unsolved:.0%} of the problems have no path"
    why = f"{facts.pass_rate:.0%} of the teacher's answers are correct; {unsolved}"
    return facts.unsolved, Advice(what="use a better teacher, or hints where it fails", why=why)


def _advise_shorter_answers(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.truncated is None or facts.truncated < OFTEN:
        return None
    why = f"{facts.truncated:.0%} of the student's answers reach the length limit"
    return facts.truncated, Advice(what="keep shorter rationales, or raise the student's max_tokens", why=why)


def _advise_clearer_answers(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.unreadable is None or facts.unreadable < OFTEN:
        return None
    why = f"{facts.unreadable:.0%} of the student's answers end without a readable final answer"
    return facts.unreadable, Advice(what="keep only rationales that end in a clear final answer", why=why)


def _advise_answer_checks(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.answers_checked:
        return None
    what = "check the answers: verify: {answer: in_response}, with gold answers"
    return 0.0, Advice(what=what, why="the final answers of the kept rationales were not compared with gold answers")


def _advise_step_checks(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.wrong_steps is None or facts.right is None or facts.wrong_steps < OFTEN:
        return None
    what = "check more than the equations of rationales" if facts.steps_checked else "drop rationales with wrong steps"
    why = f"{facts.wrong_steps:.0%} of the student's correct answers contain a wrong equation"
    return facts.wrong_steps * facts.right, Advice(what=what, why=why)


def _advise_more_replay(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.general_loss is None or facts.general_loss <= facts.allowed_loss:
        return None
    against = f" against {describe_condition(facts.general_against)}" if facts.general_against else ""
    why = f"general ability fell by {100 * facts.general_loss:.1f} points{against}"
    gate = f"; the gate allows {100 * facts.allowed_loss:.1f}"
    why += f". {facts.gate_exemption}" if facts.gate_exemption else gate
    return facts.general_loss, Advice(what="mix more general examples into the last stage", why=why)


def _advise_other_formats(facts: AdviceFacts) -> RankedAdvice | None:
    if facts.unasked is None or facts.unasked < UNASKED:
        return None
    has_plain = any(name.endswith("_answer") for name in facts.formats)
    what = "give formats without reasoning more weight" if has_plain else "add a format without reasoning"
    why = f"{facts.unasked:.0%} of the answers to prompts that request none contain reasoning"
    return 0.0, Advice(what=what, why=why)


RULES: Sequence[Callable[[AdviceFacts], RankedAdvice | None]] = (
    _advise_more_steps, _advise_more_problems, _advise_more_samples, _advise_better_teacher, _advise_shorter_answers,
    _advise_clearer_answers, _advise_answer_checks, _advise_step_checks, _advise_more_replay, _advise_other_formats,
)  # fmt: skip
"""The rules. Of two with the same potential, the first comes first."""


def _compute_last_gain(curve: Sequence[CurvePoint]) -> float | None:
    gains = [after.mean - before.mean for before, after in pairwise(sorted(curve, key=lambda point: point.at))]
    return gains[-1] if gains else None


def _format_curve(curve: Sequence[CurvePoint]) -> str:
    points = sorted(curve, key=lambda point: point.at)
    return ", ".join(f"{point.mean:.1%} on {point.rows:,} rows" for point in points)


def collect_facts(
    version: Version,
    outcomes: pl.DataFrame,
    training_runs: Sequence[TrainingRun],
    *,
    retention: Sequence[Difference] = (),
    gate: Gate | None = None,
    curves: Mapping[str, Sequence[CurvePoint]] | None = None,
) -> AdviceFacts:
    """Collect what recommendations are based on.

    Args:
        version: the version.
        outcomes: rows of `Outcome`; those of the condition `version` are read.
        training_runs: how each condition was trained.
        retention: comparisons of general ability.
        gate: what the student recipe requires.
        curves: accuracy by amount of data, under `data` and `paths`, where it was measured.
    """
    greedy = outcomes.filter(condition="version", decoding=str(Decoding.GREEDY))
    curves = curves or {}
    return AdviceFacts(
        **_measure_teacher(version),
        **_measure_student(greedy),
        **_measure_general_loss(retention, gate or Gate()),
        answers_checked=version.manifest.recipe.get("verify", {}).get("answer") != "unchecked",
        steps_checked=version.manifest.recipe.get("verify", {}).get("steps") in {"drop", "label"},
        formats=_list_formats(version),
        converged=next((run.converged for run in training_runs if run.condition == "version"), None),
        data_curve=tuple(curves.get("data", ())),
        path_curve=tuple(curves.get("paths", ())),
    )


def _measure_teacher(version: Version) -> dict[str, Any]:
    """Measure the teacher on its own samples; finished responses of sources are left out."""
    samples = version.read_table(
        "samples", ["sample_id", "problem_id", "hint", "verdict", "fate", "cluster", "consensus"]
    )
    samples = samples.filter(pl.col("problem_id").is_not_null(), pl.col("verdict") != Verdict.PROVIDED)
    unhinted = samples.filter(pl.col("hint") == Hint.NONE)
    problems = samples["problem_id"].n_unique()
    kept = samples.filter(pl.col("fate") == Fate.KEPT)["problem_id"].n_unique()
    return {
        "pass_rate": _compute_mean(_select_checked(unhinted)["verdict"] == Verdict.CORRECT),
        "unsolved": 1 - kept / problems if problems else None,
        "samples_per_problem": samples.height / problems if problems else None,
        "paths_per_problem": _compute_mean(count_distinct(samples)["distinct"]),
    }


def _select_checked(samples: pl.DataFrame) -> pl.DataFrame:
    has_gold = pl.col("consensus").is_null()
    return samples.filter(has_gold & pl.col("verdict").ne_missing(pl.lit(str(Verdict.UNCHECKED))))


def _list_formats(version: Version) -> frozenset[str]:
    examples = (
        version.read_table("examples", ["format", "fate", "mixture_stage"])
        .filter(fate=str(Fate.KEPT))
        .drop_nulls("mixture_stage")
    )
    return frozenset(examples["format"].unique())


def _measure_student(greedy: pl.DataFrame) -> dict[str, Any]:
    """Measure the version's student on its greedy answers."""
    target = greedy.filter(kind=str(SetKind.TARGET))
    correct = target.filter(pl.col("correct") & pl.col("reasoned"))
    is_plain = pl.col("format").str.ends_with("_answer") | (pl.col("kind") == SetKind.GENERAL)
    reasoning = target.filter(~is_plain)
    return {
        "unreadable": _compute_mean(target["verdict"] == Verdict.NO_ANSWER),
        "truncated": _compute_mean(target["verdict"] == Verdict.TRUNCATED),
        "wrong_steps": _compute_mean(correct["wrong_steps"] > 0),
        "right": _compute_mean(reasoning["correct"] & reasoning["reasoned"]),
        "unasked": _compute_mean(greedy.filter(is_plain)["reasoned"]),
    }


def _measure_general_loss(retention: Sequence[Difference], gate: Gate) -> dict[str, Any]:
    """The largest loss of general ability, against which condition, and whether the gate counts it."""
    differences = [difference for difference in retention if difference.condition == "version"]
    if not differences:
        return {"allowed_loss": gate.loss}
    largest = min(differences, key=lambda difference: difference.difference)
    return {
        "general_loss": -largest.difference,
        "general_against": largest.against,
        "gate_exemption": explain_gate_exemption(largest, gate),
        "allowed_loss": gate.loss,
    }


def _compute_mean(values: pl.Series) -> float | None:
    return None if values.is_empty() else float(values.cast(pl.Float64).to_numpy().mean())
