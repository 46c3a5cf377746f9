"""Judge samples, and find their methods; what was found out about the same content is recalled."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.frames import get_schema, make_reader, make_writer
from ....schemas.ids import digest
from ....schemas.problem import AnswerType, Problem
from ....schemas.reasons import Fate, Reason, Verdict
from ....schemas.recipe import Choose, ConsensusRule, Select, Verify
from ....schemas.sample import ExternalFinding, Grade, Hint, Part, Sample, Span
from ... import select, verify
from ...engine import mark_row
from ...store.results.memo import Memo, Recalled, make_keys, recall_or_find
from ...text.equations import Equation, find_equations
from ..overlap.quotes import EvaluationRules
from ..tokens import TokenCounter
from ..unchanged import BucketSize
from .external import CommandRules, ask_rows
from .judged import JudgedPieces, recall_judged
from .reviews import OwnDecisions

_JUDGED = (
    "verdict", "predicted", "span", "answer_part", "rule", "steps", "faults", "blind_predicted", "answer_votes",
    "rationale_votes", "external", "reason", "detail",
)  # fmt: skip
"""What judging finds out about a sample."""

_ALONE = ("rationale_reason", "rationale_detail")
"""What it finds out besides, where other samples decide whether the answer counts."""

_DECIDING = (
    "finish_reason", "hint", "answer_type", "answer", "question", "text", "reasoning", "blind_text", "choices",
    "language", "metadata",
)  # fmt: skip
"""What decides it, besides what others found about it."""

_OUTSIDE = pl.struct("grades", "external").struct.json_encode()
_IS_INSIDE = (pl.col("grades").list.len().fill_null(0) == 0) & pl.col("external").is_null()

_FINDINGS = pl.Schema([
    ("key", pl.String()),
    *((name, kind) for name, kind in get_schema(Sample).items() if name in {*_JUDGED, "signature"}),
    *((name, pl.String()) for name in _ALONE),
    ("operations", pl.List(pl.String)),
])  # fmt: skip
"""The columns of what is found out about a text."""

_READ_GRADES = make_reader(tuple[Grade, ...])
_READ_FINDING = make_reader(ExternalFinding)

_SET_ASIDE = "set aside by the recipe: checking it ended the process that did"


@dataclass(frozen=True, kw_only=True, slots=True)
class PathRules:
    """What decides the judgements and choices of a bucket, besides its rows."""

    verify: Verify
    """How samples are checked."""
    select: Select
    """Which paths are kept."""
    seed: int = 0
    """The recipe's key of random choices."""
    counter: TokenCounter | None = None
    """What counts tokens; None leaves the counts of the server."""
    judged: JudgedPieces = field(default_factory=JudgedPieces)
    """What was judged between rounds of sampling."""
    external: CommandRules | None = None
    """The command that judges samples; None where there is none."""
    evaluations: EvaluationRules | None = None
    """The evaluation sets that samples may not quote; None where there are none."""
    decisions: OwnDecisions = field(default_factory=OwnDecisions)
    """What people decided about samples of the bucket. It is part of what the rows of a problem follow from, and not
    of the rules."""

    def describe(self) -> dict[str, Any]:
        """Everything that decides a result, as plain values."""
        return {
            "code": [verify.CODE_VERSION, select.CODE_VERSION],
            "verify": self.verify.model_dump(mode="json"),
            "select": self.select.model_dump(mode="json"),
            "seed": self.seed if self.select.choose is Choose.RANDOM else None,
            "tokens": self.counter and self.counter.describe(),
            **({} if self.external is None else {"external": self.external.command.describe()}),
            **({} if self.evaluations is None else {"evaluations": self.evaluations.describe()}),
        }


def recall(memo: Memo | None, keys: pl.Series, find: Callable[[pl.Series], pl.DataFrame]) -> Recalled:
    """Recall the findings about rows, and find those that are missing; all, where nothing is kept."""
    if memo is None:
        needed = keys.unique(maintain_order=True)
        return Recalled(findings=find(needed), new=needed.len(), known=0)
    return recall_or_find(memo, keys, find)


def open_memo(stages: Path | None, name: str, rules: Any, bucket: BucketSize, rows: int) -> Memo | None:
    """Open the findings of a stage about a bucket; None where nothing is kept."""
    if stages is None:
        return None
    folder = stages / name / "memo" / digest(rules)[:16]
    return Memo(folder=folder, bucket=bucket.number, bits=bucket.bits, rows=rows)


def judge_samples(
    stages: Path | None, rules: PathRules, problems: pl.DataFrame, samples: pl.DataFrame, bucket: BucketSize
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Judge samples. Returns them, the methods of kept ones by sample id, and the number of new judgements."""
    work = verify.select_sampled(problems, samples)
    is_aside = pl.col("sample_id").is_in(list(rules.verify.set_aside))
    aside, work = work.filter(is_aside), work.filter(~is_aside)
    work = ask_rows(work, rules.external, rules.verify.max_characters)
    keyed = work.with_columns(key=_make_keys(work))
    policy = _simplify_policy(rules.verify)
    strength = rules.select.signature
    deciding = {
        **rules.describe(),
        "verify": policy.model_dump(mode="json"),
        "select": strength,
        "seed": None,
        "tokens": None,
    }
    deciding.pop("external", None)  # what it found is part of the keys
    deciding.pop("evaluations", None)
    owners = keyed.select("sample_id", "key").join(
        samples.select("sample_id", "problem_id"), on="sample_id", how="left"
    )
    find = partial(recall_judged, rules.judged, bucket, owners, partial(_judge_keys, keyed, policy, strength))
    memo = open_memo(stages, "judge", deciding, bucket, bucket.answers)
    recalled = recall(memo, keyed["key"], find)
    findings = keyed.select("sample_id", "key").join(recalled.findings, on="key", how="left", maintain_order="left")
    judgements = findings.select("sample_id", *_JUDGED, *_ALONE)
    own = pl.concat([judgements, _set_aside(aside, judgements)]).join(
        samples.select("sample_id", "problem_id"), on="sample_id", how="left", maintain_order="left"
    )
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    judged = verify.add_judgements(samples, verify.decide_consensus(own, kept, rules.verify.consensus))
    return judged, findings.select("sample_id", "signature", "operations"), recalled.new


def _simplify_policy(policy: Verify) -> Verify:
    """Leave out of a policy what decides nothing about one sample by itself."""
    consensus = policy.consensus and ConsensusRule()
    return policy.model_copy(update={"set_aside": (), "consensus": consensus})


def _make_keys(work: pl.DataFrame) -> pl.Series:
    """Make the key of each row from all that decides its judgement."""
    is_inside = work.select(_IS_INSIDE.all()).item()
    outside = pl.lit("") if is_inside else pl.when(_IS_INSIDE).then(pl.lit("")).otherwise(_OUTSIDE)
    return make_keys(work.select(*_DECIDING, outside=outside))


def _set_aside(rows: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Make the findings about samples that the recipe sets aside: nothing is known of them (law 2)."""
    empty = {name: pl.lit(None, dtype=kind) for name, kind in judgements.schema.items() if name != "sample_id"}
    return rows.select("sample_id").with_columns(**{
        **empty,
        "verdict": pl.lit(str(Verdict.CHECK_FAILED)),
        "reason": pl.lit(str(Reason.CHECK_FAILED)),
        "detail": pl.lit(_SET_ASIDE),
        "steps": pl.lit([], dtype=judgements.schema["steps"]),
        "faults": pl.lit([], dtype=judgements.schema["faults"]),
    })  # fmt: skip


def _judge_keys(keyed: pl.DataFrame, policy: Verify, strength: str, keys: pl.Series) -> pl.DataFrame:
    """Judge the first row of each key."""
    rows = keyed.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="first", maintain_order=True)
    return pl.DataFrame(_judge_rows(rows, policy, strength), schema=_FINDINGS, orient="row")


def _judge_rows(rows: pl.DataFrame, policy: Verify, strength: str = "none") -> Iterator[dict[str, Any]]:
    """Judge rows, and read the methods of those that may be kept."""
    write = make_writer(verify.Judgement)
    for row in rows.iter_rows(named=True):
        mark_row(row["sample_id"])
        equations = _find_equations(row, policy.max_characters)
        judgement = verify.judge(
            _make_problem(row),
            row["text"],
            reasoning=row["reasoning"],
            finish_reason=row["finish_reason"],
            hint=Hint(row["hint"]),
            blind_text=row["blind_text"],
            grades=_READ_GRADES(row["grades"]) or (),
            external=_READ_FINDING(row["external"]),
            policy=policy,
            equations=equations,
        )
        method = None
        if strength != "none" and equations is not None and _may_be_kept(judgement):
            method = _read_method(row, equations, judgement.predicted, strength)
        yield {
            "key": row["key"],
            **write(judgement),
            "signature": method and method.signature,
            "operations": method and sorted(method.operations),
        }


def _read_method(
    row: Mapping[str, Any], equations: Mapping[Part, list[Equation]], predicted: str | None, strength: str
) -> select.Method:
    """Read the method of a sample, of its reasoning and its response one after the other."""
    context = select.ProblemContext(
        row["question"], row["answer"] or predicted, tuple(row["choices"] or ()), row["language"]
    )
    text, found = row["text"] or "", equations.get(Part.TEXT, [])
    if row["reasoning"]:
        before = f"{row['reasoning']}\n\n"
        moved = [each._replace(start=each.start + len(before), end=each.end + len(before)) for each in found]
        text, found = before + text, [*equations.get(Part.REASONING, ()), *moved]
    return select.read_method(text, found, context, strength)


def _may_be_kept(judgement: verify.Judgement) -> bool:
    """Whether a sample is kept, or is once other samples agree with it."""
    is_alone = judgement.verdict is Verdict.NO_CONSENSUS
    return (judgement.rationale_reason if is_alone else judgement.reason) is None


def find_rationales(policy: Verify, problems: pl.DataFrame, samples: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Find the rationales of samples with a right answer, cut before it, for a blind check.

    Args:
        policy: how samples are checked; here without the blind check, which is still to come.
        problems: rows of `Problem`.
        samples: rows of `Sample`, not judged yet.

    Returns:
        By problem and sample id; a rationale of which nothing is left is not among them.
    """
    work = verify.select_sampled(problems, samples).with_columns(key=pl.col("sample_id"))
    seen = policy.model_copy(update={"blind_check": "none", "model_graded": "none"})
    found: dict[str, dict[str, str]] = {}
    owners = dict(samples.select("sample_id", "problem_id").iter_rows())
    judged = pl.DataFrame(_judge_rows(work, seen), schema=_FINDINGS, orient="row").filter(pl.col("reason").is_null())
    for row in work.join(judged.select("key", "span", "answer_part"), on="key").iter_rows(named=True):
        rationale = verify.cut_before_answer(
            _make_problem(row),
            text=row["text"],
            reasoning=row["reasoning"],
            span=None if row["span"] is None else Span(**row["span"]),
            answer_part=None if row["answer_part"] is None else Part(row["answer_part"]),
        )
        if rationale is not None:
            found.setdefault(owners[row["sample_id"]], {})[row["sample_id"]] = rationale
    return found


def find_questions(
    policy: Verify, problems: pl.DataFrame, samples: pl.DataFrame, external: CommandRules | None = None
) -> dict[str, dict[str, str]]:
    """Find what a grader is still to be asked about samples before they can be kept.

    Args:
        policy: how samples are checked.
        problems: rows of `Problem`.
        samples: rows of `Sample`, not judged yet, with what a grader wrote about them so far.
        external: the command that judges some of them.

    Returns:
        By problem and sample id.
    """
    work = verify.select_sampled(problems, samples).with_columns(key=pl.col("sample_id"))
    work = ask_rows(work.filter(~pl.col("sample_id").is_in(list(policy.set_aside))), external, policy.max_characters)
    owners = dict(samples.select("sample_id", "problem_id").iter_rows())
    found: dict[str, dict[str, str]] = {}
    for judged in _judge_rows(work, policy):
        if judged["open_question"] is not None:
            found.setdefault(owners[judged["key"]], {})[judged["key"]] = str(judged["open_question"])
    return found


def _find_equations(row: Mapping[str, Any], most: int) -> dict[Part, list[Equation]] | None:
    """Find the equations of each part of a sample; None where it is too long to be checked."""
    parts = {part: row[part] for part in (Part.REASONING, Part.TEXT) if row[part]}
    if sum(map(len, parts.values())) > most:
        return None
    return {part: find_equations(text) for part, text in parts.items()}


def _make_problem(row: Mapping[str, Any]) -> Problem:
    return Problem(
        problem_id="",
        source="",
        origin="",
        question=row["question"],
        answer=row["answer"],
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
        language=row["language"],
        metadata=row["metadata"] or "{}",
    )
