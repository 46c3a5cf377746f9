"""The passes as the engine calls them: plain values in, plain values out.

find_paths      pieces of problems and answers -> problems, samples and rendered texts of a bucket
write_bucket    rendered texts of all buckets -> the examples of one
rank_weights    examples -> ranks of formats with a weight
rank_shares     examples -> ranks of what the stages of the mixture may take
mix_examples    examples and the highest ranks -> the mixture of a bucket
count_paths     problems and their answers so far -> correct and distinct paths of each problem
cut_rationales  problems and hinted answers -> their rationales before the answer, for a blind check
find_questions  problems and their answers so far -> what a grader is asked about them
match_samples   pieces of problems and recorded answers -> the samples of a bucket, for a grader
find_damaged    results -> their files that are missing or damaged
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from ...schemas.formats import FormatSpec, Mixture
from ...schemas.manifest import File
from ...schemas.problem import AnswerType
from ...schemas.recipe import Select, Verify
from .. import format as formats
from .. import mix, select, sources, teacher
from ..format.demonstrations import Ring
from ..mix import MixtureRules, parse_shares
from ..store.checked import digest_table
from ..store.funnel import check_table_fates
from ..store.pieces import add_cell, read_bucket, write_piece
from ..store.results.stages import parse_result, read_or_make
from ..store.tables import FILES, sort_rows, write_table
from ..verify.external import parse_plain
from . import runs
from .examples import FormatRules, make_examples, make_texts
from .judging import samples as judging
from .judging.external import CommandRules
from .judging.judged import list_judged
from .judging.reviews import OwnDecisions, add_edits, select_decisions
from .judging.samples import PathRules, find_rationales
from .mixture import PROBLEMS, MixtureInput, make_mixture, read_candidates
from .overlap.quotes import parse_evaluations
from .paths import count_problems, make_paths, rate_problems, select_paths
from .tokens import read_counter
from .unchanged import Before, BucketSize, Place, digest_inputs, find_unchanged, note_result

Plain = Mapping[str, Any]


def find_paths(item: Plain, settings: Plain) -> dict[str, Any]:
    """Judge the samples of a bucket, choose among their paths and render them.

    Args:
        item: bucket, bits; problems and answers: the paths of pieces.
        settings: stages: the folder of results; verify, select, formats, seed: of the recipe; recorded: whether the
            answers come from a file; tokenizer: path and sha256 of the recipe's, or None; external: the command that
            judges samples, or None, and build: what this build is called; evaluations: the sets that samples may not
            quote, or None; sampled, provided: names of
            the sources whose problems the teacher answers, and of those that bring responses; forgotten: problems whose
            answers were erased; reviews: what people decided about samples.

    Returns:
        The results problems, paths and texts; unmatched: recorded answers to no problem of the bucket.
    """
    stages = Path(settings["stages"])
    problems = sort_rows("problems", _read_pieces(item, "problems", FILES["problems"].names()))
    problems_digest = digest_table(problems.to_arrow())
    answers = _read_pieces(item, "answers") if item["answers"] else None
    grades = _read_grades(item)
    before, decided_by = _find_before(item, settings, problems, answers, grades)
    decisions = select_decisions(settings["reviews"], problems)
    make_samples = partial(_make_samples, settings, answers, grades, decisions)
    rules = replace(_read_path_rules(settings), decisions=decisions)
    paths, judged = make_paths(stages, rules, problems, decided_by, make_samples, before)
    if settings["recorded"] and grades is None:
        note_result(before.place, paths)
    make_problems = partial(_write_problems, partial(rate_problems, rules, problems, paths, judged))
    kept = read_or_make(stages / "problems", {"problems": problems_digest, "paths": paths.key}, make_problems)
    texts = make_texts(stages, _read_format_rules(settings), problems, paths, judged, before.unchanged)
    return {
        "problems": kept.to_plain(),
        "paths": paths.to_plain(),
        "texts": texts.to_plain(),
        "unmatched": _count_unmatched(settings, problems, answers),
    }


def _find_before(
    item: Plain, settings: Plain, problems: pl.DataFrame, answers: pl.DataFrame | None, grades: pl.DataFrame | None
) -> tuple[Before, Plain]:
    """Find what a bucket had before. Returns it, and what decides what the bucket has now."""
    bucket = _measure_bucket(item, problems, answers)
    rules = {
        **_read_path_rules(settings).describe(),
        "samples": [sources.CODE_VERSION, teacher.CODE_VERSION],
        **{name: settings[name] for name in ("recorded", "sampled", "provided", "forgotten")},
    }
    place = Place(stage=Path(settings["stages"]) / "paths", rules=rules, bucket=bucket)
    is_recorded = settings["recorded"] and answers is not None
    decisions = select_decisions(settings["reviews"], problems).describe(problems)
    inputs = digest_inputs(problems, answers if is_recorded else None, decisions)
    unchanged = find_unchanged(place, inputs) if is_recorded and grades is None else None
    before = Before(place=place, inputs=inputs, unchanged=unchanged)
    others = {} if grades is None else {"grades": digest_table(grades.to_arrow())}
    return before, {
        **rules,
        **others,
        "inputs": digest_table(inputs.to_arrow()),
        "others": _describe_others(settings, answers),
    }


def _read_grades(item: Plain) -> pl.DataFrame | None:
    """Read what a grader wrote about the recorded answers of a bucket; None where it was not asked."""
    if not item.get("grades"):
        return None
    return _read_pieces(item, "grades", ["sample_id", "grades"]).sort("sample_id")


def _describe_others(settings: Plain, answers: pl.DataFrame | None) -> Any:
    """Describe what decides a bucket besides its problems' inputs: answers that can't be read, or sampled ones."""
    if answers is None:
        return None
    if not settings["recorded"]:
        return digest_table(answers.to_arrow())
    return answers.filter(pl.col("fault").is_not_null())["raw_id"].sort().to_list()


def _measure_bucket(item: Plain, problems: pl.DataFrame, answers: pl.DataFrame | None) -> BucketSize:
    count = 0 if answers is None else answers.height
    return BucketSize(number=item["bucket"], bits=item["bits"], problems=problems.height, answers=count)


def _count_unmatched(settings: Plain, problems: pl.DataFrame, answers: pl.DataFrame | None) -> int:
    """Count the recorded answers that belong to no problem of the bucket."""
    if answers is None or not settings["recorded"]:
        return 0
    return teacher.count_unmatched(answers, _select_asked(settings, problems))


def _select_asked(settings: Plain, problems: pl.DataFrame) -> pl.DataFrame:
    return problems.filter(pl.col("source").is_in(settings["sampled"]))


def _read_pieces(item: Plain, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    rows = read_bucket([Path(path) for path in item[name]], item["bucket"], item["bits"])
    return rows.drop("cell") if columns is None else rows.select(columns)


def _make_samples(
    settings: Plain,
    answers: pl.DataFrame | None,
    grades: pl.DataFrame | None,
    decisions: OwnDecisions,
    problems: pl.DataFrame,
) -> pl.DataFrame:
    """Make the samples of some problems of a bucket, edited ones too, and those of answers that can't be read."""
    return add_edits(_make_unedited(settings, answers, grades, problems), decisions)


def _make_unedited(
    settings: Plain, answers: pl.DataFrame | None, grades: pl.DataFrame | None, problems: pl.DataFrame
) -> pl.DataFrame:
    provided = sources.make_provided_samples(problems, settings["provided"], settings["verify"]["max_characters"])
    if answers is None:
        return provided
    if not settings["recorded"]:
        return pl.concat([answers, provided])
    samples = teacher.match_answers(answers, _select_asked(settings, problems), settings["forgotten"])
    return pl.concat([samples if grades is None else samples.update(grades, on="sample_id"), provided])


def _write_problems(rate: Callable[[], pl.DataFrame], folder: Path) -> tuple[Mapping[str, File], Plain]:
    problems = rate()
    check_table_fates("problems", problems)
    return {PROBLEMS: write_table("problems", problems, folder / PROBLEMS)}, {"counts": count_problems(problems)}


def _read_format_rules(settings: Plain) -> FormatRules:
    return FormatRules(formats=[FormatSpec(**spec) for spec in settings["formats"]], seed=settings["seed"])


def write_bucket(item: Plain, settings: Plain) -> dict[str, Any]:
    """Write the examples of a bucket.

    Args:
        item: bucket.
        settings: stages, formats, seed, tokenizer as for `find_paths`; texts: the folders of rendered texts, in the
            order of the buckets; rings: the file of the rings.

    Returns:
        The result examples.
    """
    texts = [Path(folder) for folder in settings["texts"]]
    rings = _load_rings(Path(settings["rings"])) if settings["rings"] else {}
    rules = replace(_read_format_rules(settings), counter=read_counter(settings))
    return {"examples": make_examples(Path(settings["stages"]), rules, item["bucket"], texts, rings).to_plain()}


@lru_cache(maxsize=1)
def _load_rings(path: Path) -> Mapping[str, Ring]:
    with np.load(path) as arrays:
        return formats.load_rings(dict(arrays))


def rank_weights(item: Plain, settings: Plain) -> dict[str, Any]:
    """Rank the rows of formats with a weight; see `rank_shares`."""
    ranks = mix.rank_weighted(_read_candidates(item), _read_mixture_rules(settings))
    path = Path(item["ranks"]) / f"weights-{item['bucket']:05}.npz"
    np.savez(path, **ranks)  # type: ignore[arg-type]
    return {"ranks": str(path)}


def rank_shares(item: Plain, settings: Plain) -> dict[str, Any]:
    """Rank the rows that the stages of the mixture may take.

    Args:
        item: bucket; problems and samples: the results of `find_paths`; examples: that of `write_bucket`; ranks: the
            folder for ranks.
        settings: formats, mixture, sources, seed: of the recipe; shares: what the formats' weights allow.

    Returns:
        The file with the ranks of each stage.
    """
    ranked = mix.rank_stages(_read_candidates(item), _read_mixture_rules(settings), parse_shares(settings["shares"]))
    paths = {stage: Path(item["ranks"]) / f"{stage}-{item['bucket']:05}.arrow" for stage in ranked}
    for stage, rows in ranked.items():
        rows.with_columns(cs.string().cast(pl.Categorical)).write_ipc(paths[stage])
    return {"ranks": {stage: str(path) for stage, path in paths.items()}}


def mix_examples(item: Plain, settings: Plain) -> dict[str, Any]:
    """Decide the mixture of a bucket.

    Args:
        item: bucket; problems and samples: the results of `find_paths`; examples: that of `write_bucket`.
        settings: stages: the folder of results; formats, mixture, sources, seed: of the recipe; shares: what is taken.

    Returns:
        The result mixture.
    """
    rules, shares = _read_mixture_rules(settings), parse_shares(settings["shares"])
    return {"mixture": make_mixture(Path(settings["stages"]), rules, shares, _parse_mixed(item)).to_plain()}


def find_damaged(item: Plain, _settings: Plain) -> list[str]:
    """List the files of a bucket's results that are missing or damaged; the item holds the results."""
    return runs.find_damaged(item["results"])


def count_paths(item: Plain, settings: Plain) -> dict[str, Any]:
    """Count the correct and distinct paths of some problems, between rounds of sampling.

    Args:
        item: problems and answers: a piece of each; judged: pieces of judgements of the same problems; target: where
            new judgements are written.
        settings: verify, select, tokenizer as for `find_paths`.

    Returns:
        By problem: correct samples, distinct paths, and those of them that one sample took.
    """
    problems = read_bucket([Path(item["problems"])]).select(FILES["problems"].names())
    answers = read_bucket([Path(item["answers"])]).drop("cell")
    rules = replace(_read_path_rules(settings), judged=list_judged(item["judged"], item["target"]))
    bucket = BucketSize(number=0, bits=0, problems=problems.height, answers=answers.height)
    samples, _ = select_paths(None, rules, problems, answers, bucket)
    return {problem: counts for problem, *counts in select.count_distinct(samples).iter_rows()}


def cut_rationales(item: Plain, settings: Plain) -> dict[str, dict[str, str]]:
    """Cut the rationales of samples with a right answer before that answer, for a blind check.

    Args:
        item: problems and answers: a piece of each.
        settings: verify: of the recipe.

    Returns:
        By problem and sample id. A rationale of which nothing is left is not among them.
    """
    problems = read_bucket([Path(item["problems"])]).select(FILES["problems"].names())
    answers = read_bucket([Path(item["answers"])]).drop("cell")
    return find_rationales(Verify(**settings["verify"]), problems, answers)


def find_questions(item: Plain, settings: Plain) -> dict[str, dict[str, str]]:
    """Find what a grader is still to be asked about the samples of some problems.

    Args:
        item: problems and answers: a piece of each.
        settings: verify: of the recipe.

    Returns:
        By problem and sample id.
    """
    problems = read_bucket([Path(item["problems"])]).select(FILES["problems"].names())
    answers = read_bucket([Path(item["answers"])]).drop("cell")
    return judging.find_questions(Verify(**settings["verify"]), problems, answers, _read_command(settings))


def match_samples(item: Plain, settings: Plain) -> dict[str, Any]:
    """Make the samples of recorded answers that a grader may be asked about.

    Args:
        item: bucket, bits; problems and answers: the paths of pieces; target: the beginning of what is written.
        settings: sampled, forgotten: as for `find_paths`; verify: of the recipe.

    Returns:
        The pieces problems and answers; each null where there is no such sample.
    """
    problems = _select_asked(settings, _read_pieces(item, "problems", FILES["problems"].names()))
    samples = teacher.match_answers(_read_pieces(item, "answers"), problems, settings["forgotten"])
    if settings["verify"]["model_graded"] == "none":
        problems = problems.filter(pl.col("answer_type") == AnswerType.MODEL_GRADED)
    own = samples.join(problems.select("problem_id"), on="problem_id", how="semi", maintain_order="left")
    asked = problems.join(own.select("problem_id").unique(), on="problem_id", how="semi", maintain_order="left")
    if not own.height:
        return {"problems": None, "answers": None}
    named = {name: f"{item['target']}-{name}.arrow" for name in ("problems", "answers")}
    write_piece(add_cell(asked), Path(named["problems"]))
    write_piece(add_cell(own), Path(named["answers"]))
    return named


def _read_path_rules(settings: Plain) -> PathRules:
    return PathRules(
        verify=Verify(**settings["verify"]),
        select=Select(**settings["select"]),
        seed=settings.get("seed", 0),
        counter=read_counter(settings),
        judged=list_judged(settings.get("judged", ())),
        external=_read_command(settings),
        evaluations=parse_evaluations(settings),
    )


def _read_command(settings: Plain) -> CommandRules | None:
    command = parse_plain(settings.get("external"))
    if command is None:
        return None
    return CommandRules(command=command, stages=Path(settings["stages"]), build=settings["build"])


def _parse_mixed(item: Plain) -> MixtureInput:
    return MixtureInput(**{name: parse_result(item[name]) for name in ("problems", "samples", "examples")})


def _read_candidates(item: Plain) -> pl.DataFrame:
    return read_candidates(_parse_mixed(item))


def _read_mixture_rules(settings: Plain) -> MixtureRules:
    mixture = settings["mixture"]
    return MixtureRules(
        formats=[FormatSpec(**spec) for spec in settings["formats"]],
        mixture=None if mixture is None else Mixture.model_validate(mixture),
        sources=settings["sources"],
        seed=settings["seed"],
    )
