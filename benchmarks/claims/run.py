"""What the papers claim, in miniature, on this machine: `make bench-claims`.

    python benchmarks/claims/run.py [--store FOLDER] [--only ab] [--workers N]

Every condition is trained with three seeds or more and evaluated on the same held-out problems; verdicts come from a
paired bootstrap. Finished runs are read from the store, so that an interrupted trial resumes. Writes docs/claims.md.
"""

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch

import orjson
import polars as pl
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent))

from trials import JOINT, LETTERS, SPECIAL, Contrast, Trial, TrialCondition, build_version, make_student_recipe
from write import render_page

from cotloom.builder.progress import show_progress
from cotloom.builder.store import read_version
from cotloom.builder.student.evaluation.sets import make_eval_sets
from cotloom.builder.student.experiment.jobs import Job, prepare_starts, run_jobs
from cotloom.builder.student.experiment.run import StudentRun, list_libraries
from cotloom.builder.student.statistics.compare import (
    ComparisonTerms,
    compare_conditions,
    compute_chance,
    compute_score,
)
from cotloom.builder.teacher.checkpoint.provenance import Provenance, write_provenance
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import digest
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import Problem
from cotloom.schemas.student import CheckpointModel, Evaluation
from cotloom.schemas.validation import Difference, DifferenceVerdict, EvalSetting, Score

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "claims.md"
CLOSE = 0.05
"""Two conditions are alike if the interval of their difference ends above minus this share."""

TARGET = "target"
"""Stands for the set of the version's own held-out problems."""

EVALUATED = {"steps": (), "general": (SPECIAL,), "domain": (), "narrow": (), "by_student": None}
"""Changes to the recipe whose version brings the held-out problems; by_student takes those of steps."""


def main() -> None:
    """Run the trials, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=ROOT / ".cotloom")
    parser.add_argument("--only", default="".join(LETTERS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    folder = arguments.store / "students" / "claims"
    folder.mkdir(parents=True, exist_ok=True)
    for letter in arguments.only:
        started = time.time()
        with show_progress(Console(stderr=True)):
            result = run_trial(LETTERS[letter], arguments.store, arguments.workers)
        minutes = (time.time() - started) / 60
        path = folder / f"{letter}.json"
        result["core_minutes"] = max(minutes * arguments.workers, _read_core_minutes(path))
        path.write_bytes(orjson.dumps(result))
        print(f"({letter}) {'; '.join(_add_verdicts(result)['verdicts'])}  [{minutes:.1f} min]", flush=True)
    results = [_add_verdicts(orjson.loads(path.read_bytes())) for path in sorted(folder.glob("?.json"))]
    PAGE.write_text(render_page(results))
    print(f"wrote {PAGE}")


def _read_core_minutes(path: Path) -> float:
    """The time of the first run of a trial: stored runs take no time."""
    return float(orjson.loads(path.read_bytes())["core_minutes"]) if path.exists() else 0.0


def _add_verdicts(result: dict[str, Any]) -> dict[str, Any]:
    """Add to a trial's results what they say of the claim as it is stated now."""
    contrasts = LETTERS[result["letter"]].contrasts
    differences = [Difference.model_validate(difference) for difference in result["differences"]]
    verdicts = [_decide(contrast, difference) for contrast, difference in zip(contrasts, differences, strict=True)]
    return {**result, "formats": [contrast.format_name for contrast in contrasts], "verdicts": verdicts}


# Runs


def run_trial(trial: Trial, store: Path, workers: int) -> dict[str, Any]:
    """Train and evaluate every condition of a trial, and compare them."""
    conditions = _prepare_conditions(trial, store, workers)
    jobs = _make_jobs(trial, conditions, store)
    prepare_starts(jobs, store)
    runs = run_jobs(jobs, store, workers)
    outcomes = pl.concat([run.outcomes for run in runs])
    problems = to_frame(_list_target_problems(trial, conditions, store), Problem)
    terms = ComparisonTerms(
        chance=compute_chance(problems), equal_steps=True, fixed=frozenset({"base"}), resamples=4000
    )
    differences = [_compare(contrast, trial, outcomes, terms) for contrast in trial.contrasts]
    scores = [score for condition in trial.conditions for score in _score(condition, trial, outcomes, terms)]
    return {
        "letter": trial.letter,
        "claim": trial.claim,
        "source": trial.source,
        "setting": trial.setting,
        "training_runs": [_describe_training(condition, runs) for condition in trial.conditions],
        "scores": [score.model_dump(mode="json") for score in scores],
        "differences": [difference.model_dump(mode="json") for difference in differences],
        "chance": terms.chance if trial.target else None,
        "libraries": list_libraries(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }


def _make_jobs(trial: Trial, conditions: Sequence[TrialCondition], store: Path) -> list[Job]:
    paths = {condition.name: _build(condition, store) for condition in conditions}
    jobs = []
    for condition in conditions:
        reference = next((other for other in conditions if other.name == condition.cut_to), None)
        jobs += [
            Job(
                version_path=str(paths[condition.name]),
                condition=condition.condition,
                cut_to=None if reference is None else (str(paths[reference.name]), reference.condition),
                share=condition.share,
                seed=seed,
                recipe=make_student_recipe(condition, trial),
                eval_path=str(_build_evaluated(condition, store)),
                vocabulary_paths=_list_vocabulary_paths(condition, store),
                n_general=trial.problems if trial.general else 0,
                label=condition.name,
            )
            for seed in ((0,) if condition.condition == "untrained" else range(trial.seeds))
        ]
    return jobs


def _build(condition: TrialCondition, store: Path) -> Path:
    return build_version(store, condition.recipe, condition.changes)


def _build_evaluated(condition: TrialCondition, store: Path) -> Path:
    """Build the version that brings the held-out problems of a condition."""
    recipe = "steps" if condition.recipe == "by_student" else condition.recipe
    return build_version(store, recipe, EVALUATED[recipe] or ())


def _list_vocabulary_paths(condition: TrialCondition, store: Path) -> tuple[str, ...]:
    """List the versions of the vocabulary: the same for all conditions that start from the base."""
    if condition.recipe in {"general", "narrow"}:
        return (
            str(build_version(store, "general", (JOINT,))),
            str(build_version(store, "general", (SPECIAL, "formats=[{name: fine_tune_cot}]"))),
        )
    return (str(_build(condition, store)),)


def _list_target_problems(trial: Trial, conditions: Sequence[TrialCondition], store: Path) -> tuple[Problem, ...]:
    version = read_version(_build_evaluated(conditions[0], store))
    sets = make_eval_sets(version, Evaluation(problems=trial.problems, formats=trial.formats))
    return next(eval_set.problems for eval_set in sets if eval_set.kind is SetKind.TARGET)


def _prepare_conditions(trial: Trial, store: Path, workers: int) -> list[TrialCondition]:
    """Train what some conditions need: the student that teaches in (h), the students to train further in (i)."""
    reasoning, answers = LETTERS["a"].conditions
    if trial.letter == "h":
        folder = _save_student(reasoning, LETTERS["a"], (), store, workers)
        change = f"teacher.model={folder}"
        return [replace(condition, changes=(*condition.changes, change)) for condition in trial.conditions]
    if trial.letter == "i":
        paths = (str(build_version(store, "domain", ())),)
        models = {
            name: CheckpointModel(
                kind="checkpoint", path=str(_save_student(condition, LETTERS["a"], paths, store, workers))
            )
            for name, condition in (("after reasoning", reasoning), ("after answers", answers))
        }
        return [replace(condition, model=models.get(condition.name, condition.model)) for condition in trial.conditions]
    return list(trial.conditions)


def _save_student(condition: TrialCondition, trial: Trial, paths: tuple[str, ...], store: Path, workers: int) -> Path:
    """Save the first student of a condition as a checkpoint, with its provenance."""
    version = read_version(_build(condition, store))
    recipe = make_student_recipe(condition, trial)
    job = Job(
        version_path=str(version.path),
        condition=condition.condition,
        seed=0,
        recipe=recipe,
        eval_path=str(_build_evaluated(condition, store)),
        vocabulary_paths=(str(version.path), *paths),
        save=True,
    )
    (run,) = run_jobs([job], store, workers)
    folder = store / "students" / "claims" / f"{condition.name.replace(' ', '-')}-{digest(paths)[:8]}"
    shutil.copytree(run.folder / "student", folder, dirs_exist_ok=True)
    provenance = Provenance(
        version=version.ref,
        content_digest=version.manifest.content_digest,
        student_digest=digest(recipe.model_dump(mode="json")),
        simulated=True,
    )
    write_provenance(provenance, folder)
    return folder.resolve()


# Comparisons


def _select_outcomes(outcomes: pl.DataFrame, formats: dict[str, str], on: str) -> pl.DataFrame:
    """Select the outcomes on one set; on the target, those of each condition in its own format."""
    if on != TARGET:
        return outcomes.filter(set=on)
    target = outcomes.filter(kind=str(SetKind.TARGET))
    rows = [target.filter(condition=condition, format=name) for condition, name in formats.items()]
    return pl.concat(rows).with_columns(format=pl.lit("own"))


def _compare(contrast: Contrast, trial: Trial, outcomes: pl.DataFrame, terms: ComparisonTerms) -> Difference:
    formats = {
        condition.name: contrast.format_name or condition.format_name
        for condition in trial.conditions
        if condition.name in {contrast.condition, contrast.against}
    }
    rows = _select_outcomes(outcomes, formats, contrast.on)
    setting = EvalSetting(set=rows["set"][0], format=rows["format"][0])
    if contrast.on != TARGET:
        terms = replace(terms, chance=0.0)
    return compare_conditions(
        rows, contrast.condition, contrast.against, setting, terms=terms, measure=contrast.measure
    )


def _score(condition: TrialCondition, trial: Trial, outcomes: pl.DataFrame, terms: ComparisonTerms) -> list[Score]:
    """Score a condition on the target in its own format and in those of the contrasts, and on the other sets."""
    outcomes = outcomes.filter(condition=condition.name)
    target = outcomes.filter(kind=str(SetKind.TARGET))["set"][0]
    formats = dict.fromkeys(
        [condition.format_name, *(contrast.format_name for contrast in trial.contrasts if contrast.format_name)]
    )
    settings = [EvalSetting(set=target, format=name) for name in formats] if trial.target else []
    others = outcomes.filter(pl.col("kind") != SetKind.TARGET).unique("set", maintain_order=True)
    names = {contrast.on for contrast in trial.contrasts} | ({"general"} if trial.general else set())
    settings += [EvalSetting(set=row["set"], format=row["format"]) for row in others.to_dicts() if row["set"] in names]
    return [compute_score(outcomes, condition.name, setting, terms=terms) for setting in settings]


def _decide(contrast: Contrast, difference: Difference) -> str:
    """Decide whether a difference supports the claim."""
    verdict = difference.verdict
    if contrast.expect == "alike":
        return _decide_alike(difference)
    if contrast.expect == "no more":
        if verdict is DifferenceVerdict.BETTER:
            return "does not hold"
        return "holds" if difference.high < CLOSE else "not shown"
    if verdict.value == contrast.expect:
        return "holds"
    if verdict in {DifferenceVerdict.BETTER, DifferenceVerdict.WORSE}:
        return "reversed"
    return "floor: no verdict" if verdict is DifferenceVerdict.FLOOR else "not shown"


def _decide_alike(difference: Difference) -> str:
    if difference.verdict is DifferenceVerdict.FLOOR:
        return "floor: no verdict"
    if difference.low > -CLOSE:
        return "holds"
    return "does not hold" if difference.verdict is DifferenceVerdict.WORSE else "not shown"


def _describe_training(condition: TrialCondition, runs: Sequence[StudentRun]) -> dict[str, object]:
    runs = [run for run in runs if run.condition == condition.name]
    losses = [run.final_loss for run in runs if run.final_loss is not None]
    return {
        "condition": condition.name,
        "rows": runs[0].rows,
        "steps": runs[0].steps,
        "seeds": [run.seed for run in runs],
        "final_loss": round(sum(losses) / len(losses), 3) if losses else None,
        "converged": all(curve.converged for run in runs for curve in run.curves),
        "soft_share": runs[0].soft_share,
        "cpu": round(sum(curve.seconds for run in runs for curve in run.curves)),
    }


if __name__ == "__main__":
    main()
