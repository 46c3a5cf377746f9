"""The stages of a build over all buckets, from problems and answers to the mixture."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ...schemas.ids import digest
from ...schemas.teacher import VersionAnswers
from .. import format as formats
from .. import mix, select, verify
from ..errors import InputError
from ..mix import MixtureRules, Shares
from ..recipe import LoadedRecipe
from ..store.pieces import count_bits
from ..store.results.stages import StageResult
from ..teacher import Calls
from .answers import BuildAnswers
from .examples import build_rings
from .overlap.across import mark_near_duplicates
from .overlap.evidence import Evidence, count_samples, make_overlaps
from .overlap.quotes import parse_evaluations
from .problems import LoadedProblems
from .runs import add_counts, join_ranks, list_results, run_buckets
from .work import BuildWork


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPaths:
    """Judged samples, chosen paths and rendered texts of all buckets, in the order of the buckets."""

    bits: int
    """The bits of the bucket numbers."""
    problems: list[StageResult]
    """The problems."""
    samples: list[StageResult]
    """The samples."""
    texts: list[StageResult]
    """The rendered texts."""
    unmatched: int
    """Recorded answers that belong to no problem."""


_CIRCUMSTANCES = frozenset({"forgotten", "judged", "tokenizer", "external", "evaluations", "build"})
"""Settings of the pass that are described otherwise, or decide nothing."""


def _dump_formats(work: BuildWork) -> list[dict[str, Any]]:
    return [spec.model_dump(mode="json") for spec in work.recipe.formats]


def find_paths(work: BuildWork, problems: LoadedProblems, answers: BuildAnswers) -> FoundPaths:
    """Judge all samples, choose among the paths of each problem, and render what is kept.

    Raises:
        InputError: no recorded answer belongs to any problem.
        Stopped: the disk is full, or a row ends every process that checks it.
    """
    recipe = work.recipe
    settings = {
        "verify": recipe.verify.model_dump(mode="json"),
        "select": recipe.select.model_dump(mode="json"),
        "tokenizer": work.describe_tokenizer(),
        **work.describe_external(),
        "evaluations": problems.describe_evaluations(recipe.decontaminate),
        "formats": _dump_formats(work),
        "seed": recipe.seed,
        "recorded": answers.recorded,
        "sampled": work.list_sources("sample"),
        "provided": work.list_sources("reference"),
        "forgotten": list(answers.forgotten),
        "judged": list(map(str, answers.judged)),
        "reviews": [asdict(each) for each in work.reviews.settled],
    }
    decided_by = None if answers.key is None else {
        "code": [verify.CODE_VERSION, select.CODE_VERSION, formats.CODE_VERSION],
        "problems": problems.key,
        "answers": answers.key,
        **{name: value for name, value in settings.items() if name not in _CIRCUMSTANCES},
        "tokenizer": work.tokenizer and work.tokenizer.sha256,
        "external": work.external and work.external.describe(),
        "formats": sorted(spec.name for spec in recipe.formats),
    }  # fmt: skip

    def make() -> tuple[list[Any], Mapping[str, Any]]:
        bits = count_bits(max(problems.rows, answers.rows + problems.responses))
        results = work.stages.run("find_paths", list(_list_items(problems, answers, bits)), settings, "judging")
        unmatched = sum(result.pop("unmatched") for result in results)
        return results, {"bits": bits, "unmatched": unmatched}

    buckets, values = run_buckets(work.stages, "find_paths", decided_by, make)
    found = FoundPaths(
        bits=values["bits"],
        problems=list_results(buckets, "problems"),
        samples=list_results(buckets, "paths"),
        texts=list_results(buckets, "texts"),
        unmatched=values["unmatched"],
    )
    _count_findings(work, found)
    _check_matches(work, answers, found)
    return found


def _list_items(problems: LoadedProblems, answers: BuildAnswers, bits: int) -> Any:
    pieces = {
        "problems": [str(path) for path in problems.pieces],
        "answers": [str(path) for path in answers.pieces],
        "grades": [str(path) for path in answers.grades],
    }
    rows = max(problems.rows, answers.rows) >> bits
    return ({"bucket": bucket, "bits": bits, "rows": rows, **pieces} for bucket in range(1 << bits))


def _count_findings(work: BuildWork, found: FoundPaths) -> None:
    """Note how many judgements were new, and how many were known."""
    cost = work.costs.get("paths")
    cost.new = sum(0 if result.known else result.values["new"] for result in found.samples)
    cost.known = sum(result.values["work"] for result in found.samples) - cost.new


def _check_matches(work: BuildWork, answers: BuildAnswers, found: FoundPaths) -> None:
    """Raise where none of the recorded answers belongs to a problem."""
    if not answers.recorded or any(result.values["answers"] for result in found.samples):
        return
    if found.unmatched:
        raise make_unmatched_error(work.loaded, found.unmatched)


def count_calls(answers: BuildAnswers, found: FoundPaths) -> Calls:
    """Count where the answers came from; of recorded ones, those that were erased are known now."""
    if not answers.recorded:
        return answers.calls
    erased = add_counts(found.samples)["dropped:samples:teacher:request_failed"]
    own = sum(result.values["answers"] for result in found.samples)
    return replace(answers.calls, ledger=own + answers.graded.ledger, refused=erased + answers.graded.refused)


def _name_recording(answers: Any) -> str:
    return answers.version if isinstance(answers, VersionAnswers) else f"hf://datasets/{answers.path}"


def make_unmatched_error(loaded: LoadedRecipe, answers: int) -> InputError:
    """Make the error for recorded answers of which none belongs to a problem."""
    recorded = loaded.recipe.recorded
    path = loaded.list_files().get("teacher.answers") or (_name_recording(recorded.answers) if recorded else "")
    return InputError(
        f"none of the {answers} recorded answers in {path} belongs to a problem of the sources",
        hint="teacher.answers.problem must hold each question exactly as fields.question of the source does",
    )


def gather_evidence(work: BuildWork, problems: LoadedProblems, found: FoundPaths) -> Evidence:
    """Gather what overlaps evaluation sets, and what repeats across problems, as files beside the tables."""
    stages, recipe = work.stages.folder, work.recipe
    evaluations = parse_evaluations({"evaluations": problems.describe_evaluations(recipe.decontaminate)})
    results, contamination, repeated = {}, problems.contamination, {}
    with work.costs.measure("evidence"):
        if evaluations is not None and problems.overlaps is not None:
            overlaps = make_overlaps(stages, evaluations, problems.overlaps, found.problems, found.samples)
            results["evaluation_overlaps"] = overlaps
            contamination = count_samples(contamination, overlaps.values["samples"])
        if recipe.select.across is not None:
            evaluated, least = work.list_sources("evaluate"), recipe.select.across
            near = mark_near_duplicates(stages, least, evaluated, found.problems, found.samples)
            results["near_duplicates"], repeated = near, near.values["counts"]
    return Evidence(results=results, contamination=contamination, near_duplicates=repeated)


def write_examples(work: BuildWork, found: FoundPaths) -> list[StageResult]:
    """Write the kept paths of all buckets as examples, with demonstrations. Returns a result for each bucket."""
    recipe = work.recipe
    settings = {"formats": _dump_formats(work), "seed": recipe.seed, "tokenizer": work.describe_tokenizer()}
    decided_by = {
        "tokenizer": work.tokenizer and work.tokenizer.sha256,
        "code": formats.CODE_VERSION,
        "formats": [spec.model_dump(mode="json", exclude={"weight"}) for spec in recipe.formats],
        "seed": recipe.seed,
        "texts": [result.key for result in found.texts],
    }

    def make() -> tuple[list[Any], Mapping[str, Any]]:
        with work.costs.measure("examples"):
            rings = _save_rings(work, found)
        texts = [str(result.folder) for result in found.texts]
        items = [{"bucket": bucket, "rows": result.values["rows"]} for bucket, result in enumerate(found.texts)]
        return work.stages.run(
            "write_bucket", items, {**settings, "texts": texts, "rings": rings}, "writing examples"
        ), {}

    buckets, _ = run_buckets(work.stages, "write_bucket", decided_by, make)
    results = list_results(buckets, "examples")
    work.costs.get("examples").new = sum(result.values["rows"] for result in results if not result.known)
    work.costs.get("examples").known = sum(result.values["rows"] for result in results if result.known)
    return results


def _save_rings(work: BuildWork, found: FoundPaths) -> str | None:
    """Save the rings of demonstrations, where a format shows some. Returns the file."""
    if not any(formats.FORMATS[spec.name].in_context for spec in work.recipe.formats):
        return None
    name = digest([result.key for result in found.texts])  # a process remembers the rings of a file by its name
    path = work.folder / f"rings-{name[:16]}.npz"
    np.savez(path, **formats.save_rings(build_rings(found.texts)))  # type: ignore[arg-type]
    return str(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class MixedExamples:
    """The mixture of all buckets, in the order of the buckets."""

    results: list[StageResult]
    """What the stages take."""
    rules: MixtureRules
    """What was asked for."""
    shares: Shares
    """What was decided."""


def mix_examples(work: BuildWork, found: FoundPaths, examples: list[StageResult]) -> MixedExamples:
    """Assign all examples to the stages of training.

    Raises:
        InputError: a format has a weight and no rows, or a stage asks for more than there is.
    """
    recipe = work.recipe
    names = [source.name for source in recipe.sources]
    rules = MixtureRules(formats=recipe.formats, mixture=recipe.mixture, sources=names, seed=recipe.seed)
    settings: dict[str, Any] = {
        "formats": _dump_formats(work),
        "mixture": None if recipe.mixture is None else recipe.mixture.model_dump(mode="json"),
        "sources": names,
        "seed": recipe.seed,
    }
    items = _list_mixed(work, found, examples)
    shares = Shares()
    if any(spec.weight is not None for spec in recipe.formats):
        ranks = work.stages.run("rank_weights", items, settings, "weighing formats")
        shares = mix.decide_weights(join_ranks([result["ranks"] for result in ranks]), rules)
    settings["shares"] = shares.to_plain()
    if any(map(mix.is_ranked, rules.stages)):
        ranked = work.stages.run("rank_shares", items, settings, "ranking shares")
        shares = mix.decide_stages(_read_stages(ranked), rules, shares)
    settings["shares"] = shares.to_plain()
    mixed = work.stages.run("mix_examples", items, settings, "mixing")
    return MixedExamples(results=list_results(mixed, "mixture"), rules=rules, shares=shares)


def _list_mixed(work: BuildWork, found: FoundPaths, examples: list[StageResult]) -> list[dict[str, Any]]:
    return [
        {
            "bucket": bucket,
            "problems": problems.to_plain(),
            "samples": samples.to_plain(),
            "examples": written.to_plain(),
            "ranks": str(work.folder),
            "rows": written.values["rows"],
        }
        for bucket, (problems, samples, written) in enumerate(zip(found.problems, found.samples, examples, strict=True))
    ]


def _read_stages(ranked: list[Any]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Read the ranks of all buckets, stage by stage."""
    for stage in ranked[0]["ranks"]:
        yield stage, pl.concat([pl.read_ipc(result["ranks"][stage]) for result in ranked])
