"""Decisions of a version, made again: ids from content, splits from the keyed hash, verdicts from the texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from ...schemas.example import make_example_id
from ...schemas.frames import from_frame
from ...schemas.ids import RANKS, make_content_id, rank
from ...schemas.problem import Problem, Split, make_problem_id
from ...schemas.reasons import Reason, Stage, Verdict
from ...schemas.recipe import Verify
from ...schemas.sample import Hint, Sample, make_sample_id
from .. import sources, verify
from ..store import Version
from .finding import Tables
from .laws import KEPT

REJUDGED = 200
"""At most so many samples are judged again, those of lowest keyed hash: the same ones in every audit."""


def check_ids(_: Version, tables: Tables) -> Iterator[str]:
    """Every id follows from the content of its row."""
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    questions = problems.filter(pl.col("question").is_not_null()).select("problem_id", "question", "choices")
    yield from _compare_ids(
        "problems",
        ((stored, make_problem_id(question, tuple(choices))) for stored, question, choices in questions.iter_rows()),
    )
    sampled = samples.filter(pl.col("problem_id").is_not_null() & (pl.col("request_digests").list.len() > 0))
    requests = sampled.select("sample_id", "problem_id", "request_digests", "sample_index").iter_rows()
    yield from _compare_ids(
        "samples",
        ((stored, make_sample_id(problem, digests[0], index)) for stored, problem, digests, index in requests),
    )
    yield from _compare_ids("samples", _recompute_response_ids(problems, samples))
    rows = examples.select("example_id", "format", "sample_id", "other_sample_ids", "mixture_stage").iter_rows()
    yield from _compare_ids("examples", ((stored, _recompute_example_id(*parts)) for stored, *parts in rows))


def _recompute_response_ids(problems: pl.DataFrame, samples: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Stored and computed ids of finished responses: from the text, and from how often it occurred before."""
    source = problems.filter(KEPT).select("problem_id", "source").unique("problem_id", keep="first")
    provided = samples.filter(pl.col("verdict") == Verdict.PROVIDED).join(source, on="problem_id", how="inner")
    seen: Counter[tuple[str, str]] = Counter()
    rows = provided.sort("problem_id", "sample_index").select("sample_id", "problem_id", "source", "text")
    for stored, problem, name, text in rows.iter_rows():
        yield stored, make_sample_id(problem, make_content_id("a", name, text), seen[problem, text])
        seen[problem, text] += 1


def _recompute_example_id(format_name: str, sample: str, others: Sequence[str], stage: str) -> str:
    return make_example_id(format_name, sample, tuple(others), stage)


def _compare_ids(unit: str, ids: Iterable[tuple[str, str]]) -> Iterator[str]:
    different = [stored for stored, computed in ids if stored != computed]
    if different:
        yield f"{len(different):,} {unit} have an id that does not follow from their content, such as {min(different)}"


def check_sides(version: Version, tables: Tables) -> Iterator[str]:
    """Law 6: the split of each problem is the keyed hash of its group."""
    recipe = version.manifest.recipe
    seed, test = int(recipe["seed"]), float(recipe["split"]["test"])
    rows = tables["problems"].filter(KEPT).drop_nulls("split").select("problem_id", "group", "split")
    moved = [
        problem
        for problem, group, split in rows.iter_rows()
        if (rank(f"split:{seed}", group or problem) < test * RANKS) != (split == Split.TEST)
    ]
    if moved:
        yield f"{len(moved):,} problems are not in the split that follows from their group, such as {min(moved)}"


def check_judgements(version: Version, tables: Tables) -> Iterator[str]:
    """Law 2: a part of the samples is judged again, with the stored result."""
    policy = Verify.model_validate(version.manifest.recipe["verify"])
    samples = _select_samples(tables)
    judged = pl.col("problem_id").is_in(samples["problem_id"].unique().implode())
    problems = {
        problem.problem_id: problem for problem in from_frame(tables["problems"].filter(KEPT & judged), Problem)
    }
    for sample in from_frame(samples.drop("token_logprobs").with_columns(token_logprobs=pl.lit(None)), Sample):
        if sample.problem_id in problems:
            yield from _compare_judgement(sample, problems[sample.problem_id], policy)


def _select_samples(tables: Tables) -> pl.DataFrame:
    """Select samples that were judged; failed checks are left out, because their result may differ each time."""
    unjudged = [str(Verdict.PROVIDED), str(Verdict.CHECK_FAILED)]
    judged = pl.col("verdict").is_not_null() & ~pl.col("verdict").is_in(unjudged)
    samples = tables["samples"].filter(judged & pl.col("stage").ne_missing(pl.lit(str(Stage.TEACHER))))
    lowest = sorted(samples["sample_id"].to_list(), key=lambda sample: rank("audit", sample))[:REJUDGED]
    return samples.filter(pl.col("sample_id").is_in(lowest))


def _compare_judgement(sample: Sample, problem: Problem, policy: Verify) -> Iterator[str]:
    judgement = verify.judge(
        problem, sample.text, finish_reason=sample.finish_reason, hint=Hint(sample.hint), policy=policy
    )
    if judgement.verdict is Verdict.CHECK_FAILED:
        return
    if judgement.verdict != sample.verdict:  # another reason follows from another verdict
        yield f"{sample.sample_id} is stored as {sample.verdict}; judged again, it is {judgement.verdict}"
        return
    if judgement.predicted != sample.predicted:
        yield f"{sample.sample_id}: judged again, the answer read from its text is not the stored one"
    reason: Reason | None = sample.reason if sample.stage is Stage.VERIFY else None
    if judgement.reason is not reason:
        yield f"{sample.sample_id} was dropped by verify for {reason}; judged again, for {judgement.reason}"


def explain_code_change(version: Version, room: str) -> str | None:
    """Explain why a room's decisions can't be made again: its code has changed since. None where it has not."""
    stored, current = version.manifest.rooms.get(room), _CODE_VERSIONS[room]
    if stored == current:
        return None
    return f"made by version {stored} of the code of {room}; the installed version is {current}"


_CODE_VERSIONS = {"sources": sources.CODE_VERSION, "verify": verify.CODE_VERSION}
