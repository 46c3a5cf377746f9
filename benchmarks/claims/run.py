"""What the papers claim, in miniature, on this machine: `make bench-claims`.

    python benchmarks/claims/run.py [--store FOLDER] [--only ab] [--workers N]

Every arm is trained with three seeds or more and asked the same held-out problems; verdicts come from a paired
bootstrap. A run that was done before is read from the store, so that an interrupted one goes on. Writes docs/claims.md.
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

from cotloom.builder.progress import showing
from cotloom.builder.store import read_version
from cotloom.builder.student.evaluation.sets import sets_of
from cotloom.builder.student.experiment.jobs import Job, run_jobs
from cotloom.builder.student.experiment.run import Run, libraries
from cotloom.builder.student.statistics.compare import Terms, chance_of, compare, standing
from cotloom.builder.teacher.provenance import Origin, write_origin
from cotloom.schemas.frames import to_frame
from cotloom.schemas.ids import digest
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.problem import Problem
from cotloom.schemas.student import CheckpointModel, Evaluation
from cotloom.schemas.validation import Asked, Difference, Finding, Standing
from trials import JOINT, LETTERS, SPECIAL, Contrast, Trained, Trial, made, student
from write import written

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "claims.md"
CLOSE = 0.05
"""Two are alike where the interval of their difference ends above less than so much worse."""

TARGET = "target"
"""What a comparison is on where the version's own held-out problems are asked."""

ASKED = {"steps": (), "general": (SPECIAL,), "domain": (), "narrow": (), "by_student": None}
"""The version whose held-out problems are asked, by recipe; by_student asks those of steps."""


def main() -> None:
    """Run the trials, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=ROOT / ".cotloom")
    parser.add_argument("--only", default="".join(LETTERS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    results = given.store / "students" / "claims"
    results.mkdir(parents=True, exist_ok=True)
    for letter in given.only:
        began = time.time()
        with showing(Console(stderr=True)):
            found = tried(LETTERS[letter], given.store, given.workers)
        minutes = (time.time() - began) / 60
        place = results / f"{letter}.json"
        found["core_minutes"] = max(minutes * given.workers, _before(place))
        place.write_bytes(orjson.dumps(found))
        told = "; ".join(_with_verdicts(found)["verdicts"])
        print(f"({letter}) {told}  [{minutes:.1f} min]", flush=True)
    there = [_with_verdicts(orjson.loads(path.read_bytes())) for path in sorted(results.glob("?.json"))]
    PAGE.write_text(written(there))
    print(f"wrote {PAGE}")


def _before(place: Path) -> float:
    """What a trial took when it was first done: runs that are kept take no time."""
    return float(orjson.loads(place.read_bytes())["core_minutes"]) if place.exists() else 0.0


def _with_verdicts(found: dict[str, Any]) -> dict[str, Any]:
    """A trial's results, with what they say of the claim as it is put now."""
    contrasts = LETTERS[found["letter"]].contrasts
    differences = [Difference.model_validate(one) for one in found["differences"]]
    verdicts = [_verdict(contrast, one) for contrast, one in zip(contrasts, differences, strict=True)]
    return {**found, "forms": [contrast.form for contrast in contrasts], "verdicts": verdicts}


# Runs


def tried(trial: Trial, store: Path, workers: int) -> dict[str, object]:
    """Train and ask every arm of a trial, and compare."""
    arms = _prepared(trial, store, workers)
    jobs = _jobs(trial, arms, store)
    runs = run_jobs(jobs, store, workers)
    outcomes = pl.concat([run.outcomes for run in runs])
    problems = _target(trial, arms, store)
    terms = Terms(
        chance=chance_of(to_frame(problems, Problem)), equal_steps=True, fixed=frozenset({"base"}), resamples=4000
    )
    differences = [_compared(contrast, trial, outcomes, terms) for contrast in trial.contrasts]
    standings = [one for arm in trial.arms for one in _standings(arm, trial, outcomes, terms)]
    return {
        "letter": trial.letter,
        "claim": trial.claim,
        "source": trial.source,
        "setting": trial.setting,
        "arms": [_facts(arm, runs) for arm in trial.arms],
        "standings": [one.model_dump(mode="json") for one in standings],
        "differences": [one.model_dump(mode="json") for one in differences],
        "chance": terms.chance if trial.target else None,
        "libraries": libraries(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }


def _jobs(trial: Trial, arms: Sequence[Trained], store: Path) -> list[Job]:
    folders = {arm.name: made(store, arm.recipe, arm.sets) for arm in arms}
    jobs = []
    for arm in arms:
        asked = _asked(arm, store)
        size_of = None
        if arm.as_many_as is not None:
            other = next(one for one in arms if one.name == arm.as_many_as)
            size_of = (str(folders[other.name]), other.arm)
        seeds = (0,) if arm.arm == "untrained" else range(trial.seeds)
        jobs += [
            Job(
                version=str(folders[arm.name]),
                arm=arm.arm,
                size_of=size_of,
                share=arm.share,
                seed=seed,
                student=student(arm, trial),
                asked=str(asked),
                words=_words(arm, folders[arm.name], store),
                general=trial.asked if trial.general else 0,
                name=arm.name,
            )
            for seed in seeds
        ]
    return jobs


def _asked(arm: Trained, store: Path) -> Path:
    recipe = "steps" if arm.recipe == "by_student" else arm.recipe
    return made(store, recipe, ASKED[recipe] or ())


def _words(arm: Trained, own: Path, store: Path) -> tuple[str, ...]:
    """Versions that the tokenizer knows the words of: the same for all arms that begin with the base."""
    if arm.recipe in {"general", "narrow"}:
        return (
            str(made(store, "general", (JOINT,))),
            str(made(store, "general", (SPECIAL, "formats=[{name: fine_tune_cot}]"))),
        )
    return (str(own),)


def _target(trial: Trial, arms: Sequence[Trained], store: Path) -> tuple[Problem, ...]:
    version = read_version(_asked(arms[0], store))
    sets = sets_of(version, Evaluation(problems=trial.asked, formats=trial.formats))
    return next(one.problems for one in sets if one.kind is SetKind.TARGET)


def _prepared(trial: Trial, store: Path, workers: int) -> list[Trained]:
    """Make what some arms begin with: the student that teaches in (h), the students that learnt before in (i)."""
    if trial.letter == "h":
        folder = _saved(LETTERS["a"].arms[0], LETTERS["a"], (), store, workers)
        return [replace(arm, sets=(*arm.sets, f"teacher.model={folder}")) for arm in trial.arms]
    if trial.letter == "i":
        words = (str(made(store, "domain", ())),)
        broad = {"after reasoning": LETTERS["a"].arms[0], "after answers": LETTERS["a"].arms[1]}
        before = {name: _saved(arm, LETTERS["a"], words, store, workers) for name, arm in broad.items()}
        return [
            replace(arm, model=CheckpointModel(kind="checkpoint", path=str(before[arm.name])))
            if arm.name in before
            else arm
            for arm in trial.arms
        ]
    return list(trial.arms)


def _saved(arm: Trained, trial: Trial, words: tuple[str, ...], store: Path, workers: int) -> Path:
    """The first student of an arm as a checkpoint that says where it comes from."""
    version = read_version(made(store, arm.recipe, arm.sets))
    job = Job(
        version=str(version.path),
        arm=arm.arm,
        seed=0,
        student=student(arm, trial),
        asked=str(_asked(arm, store)),
        words=(str(version.path), *words),
        keep=True,
    )
    (done,) = run_jobs([job], store, workers)
    folder = store / "students" / "claims" / f"{arm.name.replace(' ', '-')}-{digest(words)[:8]}"
    shutil.copytree(done.folder / "student", folder, dirs_exist_ok=True)
    origin = Origin(
        version=version.ref,
        content_digest=version.manifest.content_digest,
        student_digest=digest(student(arm, trial).model_dump(mode="json")),
        simulated=True,
    )
    write_origin(origin, folder)
    return folder.resolve()


# Comparisons


def _named(outcomes: pl.DataFrame, forms: dict[str, str], on: str) -> pl.DataFrame:
    """Outcomes on one set; on the target, each arm's in its own way of being asked."""
    if on != TARGET:
        return outcomes.filter(pl.col("set") == on)
    own = [
        outcomes.filter((pl.col("arm") == arm) & (pl.col("format") == form) & (pl.col("kind") == SetKind.TARGET))
        for arm, form in forms.items()
    ]
    return pl.concat(own).with_columns(format=pl.lit("own"))


def _compared(contrast: Contrast, trial: Trial, outcomes: pl.DataFrame, terms: Terms) -> Difference:
    forms = {
        arm.name: contrast.form or arm.asked_in for arm in trial.arms if arm.name in {contrast.arm, contrast.against}
    }
    rows = _named(outcomes, forms, contrast.on)
    asked = Asked(set=rows["set"][0], format=rows["format"][0])
    chance = terms if contrast.on == TARGET else replace(terms, chance=0.0)
    return compare(rows, contrast.arm, contrast.against, asked, terms=chance, measure=contrast.measure)


def _standings(arm: Trained, trial: Trial, outcomes: pl.DataFrame, terms: Terms) -> list[Standing]:
    """An arm on the target in its own way, in the other ways that were asked, and on the other sets."""
    mine = outcomes.filter(pl.col("arm") == arm.name)
    target = mine.filter(pl.col("kind") == SetKind.TARGET)["set"][0]
    forms = dict.fromkeys([arm.asked_in, *(contrast.form for contrast in trial.contrasts if contrast.form)])
    ways = [Asked(set=target, format=form) for form in forms] if trial.target else []
    others = mine.filter(pl.col("kind") != SetKind.TARGET).unique("set", maintain_order=True)
    named = {contrast.on for contrast in trial.contrasts} | ({"general"} if trial.general else set())
    ways += [Asked(set=row["set"], format=row["format"]) for row in others.to_dicts() if row["set"] in named]
    return [standing(mine, arm.name, way, terms=terms) for way in ways]


def _verdict(contrast: Contrast, found: Difference) -> str:
    if contrast.expect == "alike":
        return _alike(found)
    if contrast.expect == "no more":
        return "does not hold" if found.verdict is Finding.BETTER else "holds" if found.high < CLOSE else "not shown"
    wanted = {"better": Finding.BETTER, "worse": Finding.WORSE}[contrast.expect]
    if found.verdict is wanted:
        return "holds"
    if found.verdict in {Finding.BETTER, Finding.WORSE}:
        return "reversed"
    return {Finding.FLOOR: "floor: no verdict"}.get(found.verdict, "not shown")


def _alike(found: Difference) -> str:
    if found.verdict is Finding.FLOOR:
        return "floor: no verdict"
    if found.low > -CLOSE:
        return "holds"
    return "does not hold" if found.verdict is Finding.WORSE else "not shown"


def _facts(arm: Trained, runs: Sequence[Run]) -> dict[str, object]:
    own = [run for run in runs if run.arm == arm.name]
    return {
        "name": arm.name,
        "rows": own[0].rows,
        "steps": sum(curve.steps for curve in own[0].curves),
        "seeds": [run.seed for run in own],
        "loss": round(sum(run.curves[-1].losses[-1] for run in own) / len(own), 3) if own[0].curves else None,
        "converged": all(curve.converged for run in own for curve in run.curves),
        "soft_share": own[0].soft_share,
        "cpu": round(sum(curve.seconds for run in own for curve in run.curves)),
    }


if __name__ == "__main__":
    main()
