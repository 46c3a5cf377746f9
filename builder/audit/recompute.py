"""What a version decided, decided again: ids from content, sides from the keyed hash, verdicts from the texts."""

from collections import Counter
from collections.abc import Iterable, Iterator

import polars as pl
from cotloom.builder import sources, verify
from cotloom.builder.audit.finding import Tables
from cotloom.builder.audit.laws import KEPT
from cotloom.builder.store import Version
from cotloom.schemas.example import example_id
from cotloom.schemas.frames import from_frame
from cotloom.schemas.ids import RANKS, content_id, rank
from cotloom.schemas.problem import Problem, Split, problem_id
from cotloom.schemas.reasons import Reason, Stage, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint, Sample, sample_id

JUDGED_AGAIN = 200
"""So many samples are judged again, those of lowest keyed hash: the same ones in every audit."""


def check_ids(_: Version, tables: Tables) -> Iterator[str]:
    """Every id is made from the content that it names."""
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    asked = problems.filter(pl.col("question").is_not_null()).select("problem_id", "question", "choices")
    made = ((own, problem_id(question, tuple(choices))) for own, question, choices in asked.iter_rows())
    yield from _others("problems", made)
    sampled = samples.filter(pl.col("problem_id").is_not_null() & (pl.col("request_digests").list.len() > 0))
    named = sampled.select("sample_id", "problem_id", "request_digests", "sample_index").iter_rows()
    made = ((own, sample_id(asked, digests[0], index)) for own, asked, digests, index in named)
    yield from _others("samples", made)
    yield from _others("samples", _given(problems, samples))
    rows = examples.select("example_id", "format", "sample_id", "other_sample_ids", "mixture_stage").iter_rows()
    yield from _others(
        "examples", ((own, example_id(form, one, tuple(others), stage)) for own, form, one, others, stage in rows)
    )


def _given(problems: pl.DataFrame, samples: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Finished responses are named by what they say, and by how often it was said before."""
    source = problems.filter(KEPT).select("problem_id", "source").unique("problem_id", keep="first")
    given = samples.filter(pl.col("verdict") == Verdict.PROVIDED).join(source, on="problem_id", how="inner")
    seen: Counter[tuple[str, str]] = Counter()
    said = given.sort("problem_id", "sample_index").select("sample_id", "problem_id", "source", "text")
    for own, asked, name, text in said.iter_rows():
        yield own, sample_id(asked, content_id("a", name, text), seen[asked, text])
        seen[asked, text] += 1


def _others(unit: str, made: Iterable[tuple[str, str]]) -> Iterator[str]:
    off = [own for own, again in made if own != again]
    if off:
        yield f"{len(off):,} {unit} have an id that their content does not give, such as {min(off)}"


def check_sides(version: Version, tables: Tables) -> Iterator[str]:
    """Law 6: the side of each problem is the keyed hash of its group."""
    recipe = version.manifest.recipe
    seed, test = int(recipe["seed"]), float(recipe["split"]["test"])
    sided = tables["problems"].filter(KEPT).drop_nulls("split").select("problem_id", "group", "split")
    moved = [
        own
        for own, group, side in sided.iter_rows()
        if (rank(f"split:{seed}", group or own) < test * RANKS) != (side == Split.TEST)
    ]
    if moved:
        yield f"{len(moved):,} problems are not on the side that their group gives, such as {min(moved)}"


def check_judgements(version: Version, tables: Tables) -> Iterator[str]:
    """Law 2: a share of the samples is judged again, and comes out as it is written."""
    policy = Verify.model_validate(version.manifest.recipe["verify"])
    chosen = _chosen(tables)
    asked = tables["problems"].filter(KEPT & pl.col("problem_id").is_in(chosen["problem_id"].unique().implode()))
    problems = {problem.problem_id: problem for problem in from_frame(asked, Problem)}
    for sample in from_frame(chosen.drop("token_logprobs").with_columns(token_logprobs=pl.lit(None)), Sample):
        if sample.problem_id in problems:
            yield from _judged(sample, problems[sample.problem_id], policy)


def _chosen(tables: Tables) -> pl.DataFrame:
    """Samples that the verifier saw. A check that failed may come to something else another time: they are left out."""
    silent = [str(Verdict.PROVIDED), str(Verdict.CHECK_FAILED)]
    seen = pl.col("verdict").is_not_null() & ~pl.col("verdict").is_in(silent)
    samples = tables["samples"].filter(seen & pl.col("stage").ne_missing(pl.lit(str(Stage.TEACHER))))
    lowest = sorted(samples["sample_id"].to_list(), key=lambda one: rank("audit", one))[:JUDGED_AGAIN]
    return samples.filter(pl.col("sample_id").is_in(lowest))


def _judged(sample: Sample, problem: Problem, policy: Verify) -> Iterator[str]:
    again = verify.judge(
        problem, sample.text, finish_reason=sample.finish_reason, hint=Hint(sample.hint), policy=policy
    )
    if again.verdict is Verdict.CHECK_FAILED:
        return
    if (again.verdict, again.predicted) != (sample.verdict, sample.predicted):
        yield f"{sample.sample_id} is said to be {sample.verdict}; judged again, it is {again.verdict}"
    told: Reason | None = sample.reason if sample.stage is Stage.VERIFY else None
    if again.verdict == sample.verdict and again.reason is not told:
        yield f"{sample.sample_id} was dropped by verify for {told}; judged again, for {again.reason}"


def changed_since(version: Version, room: str) -> str | None:
    """Why a room's decisions can't be made again: its code is another since; None where it is the same."""
    own, now = version.manifest.rooms.get(room), _CODE[room]
    return None if own == now else f"made by version {own} of the code of {room}; here is version {now}"


_CODE = {"sources": sources.CODE_VERSION, "verify": verify.CODE_VERSION}
