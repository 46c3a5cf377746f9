"""Cotloom as a client: the sampling of a build alone, or a whole build."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from usage import measuring, read_job, read_peak_mb, report

from cotloom.builder import verify
from cotloom.builder.errors import CotloomError
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import LoadedRecipe, load_recipe
from cotloom.builder.sources import load_problems
from cotloom.builder.teacher import AskedProblems, Finders, PathCounts, open_ledger, sample_rationales
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample

EQUATION = re.compile(r"[\d.]+ [-+*/] [\d.]+ = [\d.]+")
ADDRESS = re.compile(r"http://\S+")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def sample(loaded: LoadedRecipe, runtime: Runtime, folder: Path, told: dict[str, Any]) -> None:
    """Sample the teacher, and nothing else: the only place that knows how the sampling is called."""
    told["imported_mb"] = read_peak_mb()
    found = load_problems(loaded, verify.IS_READABLE, runtime=runtime)
    problems = AskedProblems(found.pieces, tuple(source.name for source in loaded.recipe.sources))
    folder.mkdir()
    told["loaded_mb"] = read_peak_mb()
    with open_ledger(runtime.store / "ledger.sqlite") as ledger, measuring(told):
        sampled = sample_rationales(loaded, problems, ledger, Finders(paths=count_paths), runtime, folder)
    told |= {"answers": sampled.calls.new, "failed": sampled.calls.failed}


def count_paths(problems: Sequence[Problem], samples: Sequence[Sample]) -> Mapping[str, PathCounts]:
    """Count paths as a stub of the judge does: by the last number and the set of equations."""
    gold = {problem.problem_id: problem.answer for problem in problems}
    paths: dict[str, list[frozenset[str]]] = {problem: [] for problem in gold}
    for each in samples:
        numbers = NUMBER.findall(each.text or "")
        if each.problem_id in gold and numbers and numbers[-1] == gold[each.problem_id]:
            paths[each.problem_id].append(frozenset(EQUATION.findall(each.text or "")))
    return {name: PathCounts(correct=len(own), distinct=len({*own})) for name, own in paths.items()}


def build_version(loaded: LoadedRecipe, runtime: Runtime, told: dict[str, Any]) -> None:
    """Build a version, with the real judge. Counts the kept paths of each problem, up to the target."""
    with measuring(told):
        built = build(loaded, runtime)
    samples = built.version.read_table("samples")
    kept = samples.filter(samples["fate"] == "kept").group_by("problem_id").len()["len"].to_list()
    told |= {
        "answers": built.calls.new,
        "failed": built.calls.failed,
        "digest": built.version.manifest.content_digest,
        "paths": {str(target): sum(min(target, own) for own in kept) for target in range(1, 9)},
    }


def main() -> None:
    """Ask and measure."""
    job = read_job()
    told: dict[str, Any] = {}
    runtime = Runtime(
        store=Path(job["store"]),
        workers=job["workers"],
        concurrency=job["at_once"],
        timeout_s=job["timeout_s"],
        allow_empty=True,
    )
    runtime.store.mkdir(parents=True, exist_ok=True)
    loaded = load_recipe(job["recipe"], [f"teacher.base_url={job['url']}"])
    try:
        if job["whole"]:
            build_version(loaded, runtime, told)
        else:
            sample(loaded, runtime, runtime.store / "pieces", told)
    except CotloomError as error:
        told["error"] = f"exit {error.exit_code}: {ADDRESS.sub('the server', error.message)}"
    report(told)


if __name__ == "__main__":
    main()
