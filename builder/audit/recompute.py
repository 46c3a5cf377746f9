"""Decisions of a version, made again: ids from content, splits from the keyed hash, verdicts from the texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from ...schemas.example import make_example_id
from ...schemas.frames import from_frame, to_frame
from ...schemas.ids import RANKS, make_content_id, rank
from ...schemas.manifest import list_backends
from ...schemas.problem import Problem, Split, make_problem_id
from ...schemas.reasons import Reason, Stage, Verdict
from ...schemas.recipe import Verify
from ...schemas.sample import Hint, Sample, make_answer_id, make_sample_id
from ...schemas.source import SplitBy
from .. import sources, verify
from ..store import Version
from ..store.funnel import CAME_THROUGH
from .bucket import AuditBucket
from .finding import Fault
from .outline import KEPT

_EXAMPLE_PARTS = ("example_id", "format", "sample_id", "other_sample_ids")


def check_ids(bucket: AuditBucket) -> Iterator[Fault]:
    """Every id follows from the content of its row."""
    problems, samples = bucket.tables["problems"], bucket.tables["samples"]
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
    edited = pl.col("review").struct.field("edited")
    yield from _compare_ids("samples", _recompute_edited_ids(samples.filter(edited.is_not_null())))
    samples = samples.filter(edited.is_null())
    yield from _compare_ids("samples", _recompute_response_ids(problems, samples))
    if "recorded" in list_backends(bucket.manifest):
        yield from _compare_ids("samples", _recompute_answer_ids(samples))
    yield from _compare_ids("examples", _recompute_example_ids(bucket))


def _recompute_response_ids(problems: pl.DataFrame, samples: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Stored and computed ids of finished responses: from the text, and from how often it occurred before."""
    source = problems.filter(KEPT).select("problem_id", "source").unique("problem_id", keep="first")
    provided = samples.filter(pl.col("verdict") == Verdict.PROVIDED).join(source, on="problem_id", how="inner")
    seen: Counter[tuple[str, str]] = Counter()
    rows = provided.sort("problem_id", "sample_index").select("sample_id", "problem_id", "source", "text")
    for stored, problem, name, text in rows.iter_rows():
        yield stored, make_sample_id(problem, make_content_id("a", name, text), seen[problem, text])
        seen[problem, text] += 1


def _recompute_answer_ids(samples: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Stored and computed ids of recorded answers: from what was recorded, and their number among equal ones."""
    is_answer = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED))) & pl.col("text").is_not_null()
    answers = samples.filter(is_answer & pl.col("problem_id").is_not_null())
    rows = answers.select(
        "sample_id", "problem_id", "teacher", "text", "labels", "reasoning", "hint", "sample_index"
    ).iter_rows()
    for stored, problem, teacher, text, labels, reasoning, hint, index in rows:
        yield stored, make_sample_id(problem, make_answer_id(teacher, text, reasoning, labels, hint), index)


def _recompute_edited_ids(edited: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Stored and computed ids of edited samples: from their text, and from the sample that was read."""
    for row in edited.select("sample_id", "problem_id", "teacher", "text", "reasoning", "hint", "review").to_dicts():
        request = make_answer_id(row["teacher"], row["text"], row["reasoning"], row["review"]["edited"], row["hint"])
        yield row["sample_id"], make_sample_id(row["problem_id"], request, 0)


def _recompute_example_ids(bucket: AuditBucket) -> Iterator[tuple[str, str]]:
    """Stored and computed ids of texts, then of what stages of the mixture took."""
    texts = bucket.files["examples"].select(_EXAMPLE_PARTS)
    taken = bucket.tables["examples"].filter(pl.col("mixture_stage").is_not_null())
    staged = taken.select(*_EXAMPLE_PARTS, "mixture_stage", "repeat")
    for stored, name, sample, others in texts.iter_rows():
        yield stored, make_example_id(name, sample, tuple(others), None)
    for stored, name, sample, others, stage, repeat in staged.iter_rows():
        yield stored, make_example_id(name, sample, tuple(others), stage, repeat)
    untaken = bucket.files["mixture"].filter(pl.col("mixture_stage").is_null())
    yield from untaken.select("example_id", "text_id").iter_rows()


def _compare_ids(unit: str, ids: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    different = {stored for stored, computed in ids if stored != computed}
    if different:
        message = f"{{0}} {unit} have an id that does not follow from their content, such as {{names}}"
        yield Fault(message=message, counts=(len(different),), names=(min(different),))


def check_sides(bucket: AuditBucket) -> Iterator[Fault]:
    """Law 6: the split of each problem is the keyed hash of its cluster, or its own where the recipe splits row by row.

    What follows a parent is where that has it. Beside a source that is left out of the split, any cluster may be in the
    training split.
    """
    recipe = bucket.manifest.recipe
    seed, split = int(recipe["seed"]), SplitBy.model_validate(recipe["split"])
    if any(item.name == "parent" for item in bucket.manifest.inputs):
        return
    key = "problem_id" if split.by == "row" else "cluster"
    rows = bucket.tables["problems"].filter(KEPT).drop_nulls("split").select("problem_id", "split", key=key)
    moved = [
        problem
        for problem, side, cluster in rows.iter_rows()
        if (rank(f"split:{seed}", cluster or problem) < split.test * RANKS) != (side == Split.TEST)
        and not (split.leave_out and side == Split.TRAIN)
    ]
    if moved:
        message = "{0} problems are not in the split that follows from their cluster, such as {names}"
        yield Fault(message=message, counts=(len(moved),), names=(min(moved),))


def check_judgements(bucket: AuditBucket) -> Iterator[Fault]:
    """Law 2: a part of the samples is judged again, with the stored result."""
    policy = Verify.model_validate(bucket.manifest.recipe["verify"])
    samples = bucket.tables["samples"].filter(pl.col("sample_id").is_in(bucket.rejudged))
    judged = pl.col("problem_id").is_in(samples["problem_id"].unique().implode())
    problems = {
        problem.problem_id: problem
        for problem in from_frame(bucket.tables["problems"].filter(CAME_THROUGH & judged), Problem)
    }
    for sample in from_frame(samples.drop("token_logprobs").with_columns(token_logprobs=pl.lit(None)), Sample):
        problem = problems.get(sample.problem_id or "")
        if problem is not None and (problem.answer is not None or policy.consensus is None):
            yield from map(_make_fault, _compare_judgement(sample, problem, policy))
    without = [problem for problem in problems.values() if problem.answer is None]
    yield from map(_make_fault, _compare_agreements(bucket, without, policy) if policy.consensus else ())


def _compare_agreements(bucket: AuditBucket, problems: Sequence[Problem], policy: Verify) -> Iterator[str]:
    """Judge all samples of some problems without a gold answer again, and what they agree on."""
    by_id = {problem.problem_id: problem for problem in problems}
    judged = (pl.col("stage").ne_missing(pl.lit(str(Stage.TEACHER)))) & (pl.col("verdict") != Verdict.PROVIDED)
    own = bucket.tables["samples"].filter(pl.col("problem_id").is_in(list(by_id)) & judged)
    samples = list(from_frame(own.with_columns(token_logprobs=pl.lit(None)), Sample))
    # the result of a failed check may differ each time, and the other samples of its problem depend on it
    failed = {sample.problem_id for sample in samples if sample.verdict is Verdict.CHECK_FAILED}
    samples = [sample for sample in samples if sample.problem_id not in failed]
    judgements = [(sample, _judge_again(sample, by_id[sample.problem_id or ""], policy)) for sample in samples]
    rows = [
        {
            "sample_id": sample.sample_id, "problem_id": sample.problem_id, "verdict": judgement.verdict,
            "predicted": judgement.predicted, "reason": judgement.reason, "detail": judgement.detail,
            "rationale_reason": judgement.rationale_reason, "rationale_detail": judgement.rationale_detail,
        }
        for sample, judgement in judgements
    ]  # fmt: skip
    if not rows:
        return
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    settled = verify.decide_consensus(frame, to_frame(problems, Problem), policy.consensus)
    for sample, again in zip(samples, settled.iter_rows(named=True), strict=True):
        yield from describe_difference(sample, again)


def describe_difference(sample: Sample, again: Mapping[str, Any]) -> Iterator[str]:
    """Describe how a sample differs from what judging it again says.

    Args:
        sample: the sample.
        again: its verdict, predicted and consensus now.
    """
    if sample.verdict != again["verdict"]:
        yield f"{sample.sample_id} is stored as {sample.verdict}; judged again, it is {again['verdict']}"
    elif sample.predicted != again["predicted"]:
        yield f"{sample.sample_id}: judged again, the answer read from its text is not the stored one"
    elif (sample.consensus and asdict(sample.consensus)) != again["consensus"]:
        yield f"{sample.sample_id}: judged again, what the samples of its problem agree on is not the stored answer"


def _make_fault(message: str) -> Fault:
    return Fault(message=message)


def _compare_judgement(sample: Sample, problem: Problem, policy: Verify) -> Iterator[str]:
    judgement = _judge_again(sample, problem, policy)
    if judgement.verdict is Verdict.CHECK_FAILED:
        return
    if sample.review is not None and sample.review.verdict is not None:
        sample = replace(sample, verdict=sample.review.verdict)
    if judgement.verdict != sample.verdict:  # another reason follows from another verdict
        yield f"{sample.sample_id} is stored as {sample.verdict}; judged again, it is {judgement.verdict}"
        return
    if judgement.predicted != sample.predicted:
        yield f"{sample.sample_id}: judged again, the answer read from its text is not the stored one"
    if judgement.blind_predicted != sample.blind_predicted:
        yield f"{sample.sample_id}: judged again, the answer read from its blind check is not the stored one"
    votes = (judgement.answer_votes, judgement.rationale_votes)
    if votes != (sample.answer_votes, sample.rationale_votes):
        yield f"{sample.sample_id}: counted again, the votes of its grader are not the stored ones"
    reason: Reason | None = sample.reason if sample.stage is Stage.VERIFY else None
    is_decided = sample.review is not None and (reason is None or reason is Reason.REJECTED_IN_REVIEW)
    if judgement.reason is not reason and not is_decided:
        yield f"{sample.sample_id} was dropped by verify for {reason}; judged again, for {judgement.reason}"


def _judge_again(sample: Sample, problem: Problem, policy: Verify) -> verify.Judgement:
    return verify.judge(
        problem,
        sample.text,
        reasoning=sample.reasoning,
        finish_reason=sample.finish_reason,
        hint=Hint(sample.hint),
        blind_text=sample.blind_text,
        grades=sample.grades,
        external=sample.external,
        policy=policy,
    )


def list_unrepeated(version: Version) -> dict[str, str]:
    """List what can't be judged again without asking the same model or command, each with the reason."""
    found: dict[str, str] = {}
    for item in version.manifest.judges:
        again = "what it wrote is counted again" if item.kind == "model_graded" else "its verdict is taken as stored"
        found[f"judgements of {item.judge} ({item.kind}, {item.question})"] = (
            f"{item.samples:,} samples; an audit does not ask it again, and {again}"
        )
    return found


def explain_code_change(version: Version, room: str) -> str | None:
    """Explain why a room's decisions can't be made again: its code has changed since. None where it has not."""
    stored, current = version.manifest.rooms.get(room), _CODE_VERSIONS[room]
    if stored == current:
        return None
    return f"made by version {stored} of the code of {room}; the installed version is {current}"


_CODE_VERSIONS: dict[str, int] = {"sources": sources.CODE_VERSION, "verify": verify.CODE_VERSION}
