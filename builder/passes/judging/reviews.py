"""What people decided about samples, written into the rows of a bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from ....schemas.frames import get_schema
from ....schemas.ids import digest
from ....schemas.reasons import Fate, Reason, Stage, Verdict
from ....schemas.review import ReviewAction, ReviewMark, digest_text
from ....schemas.sample import Hint, Sample, Usage, make_answer_id, make_sample_id
from ...recipe.reviews import SettledDecision

_MARK = get_schema(Sample)["review"]

_FORGET: Mapping[str, Any] = {
    "sample_index": 0, "finish_reason": None, "usage": asdict(Usage()), "served_model": None, "fingerprint": None,
    "response_id": None, "reasoning_tokens": None, "response_tokens": None, "token_logprobs": None,
    "blind_text": None, "grades": [], "stage": None, "fate": str(Fate.KEPT), "reason": None, "detail": None,
}  # fmt: skip
"""What an edited sample does not take over from the one that was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDecisions:
    """The decisions about samples of one bucket."""

    settled: tuple[SettledDecision, ...] = ()
    """By sample."""

    def describe(self, problems: pl.DataFrame) -> pl.DataFrame:
        """Describe what the rows of each problem follow from: columns problem_id, content."""
        rows = [(each.problem, digest(asdict(each))) for each in self.settled]
        frame = pl.DataFrame(rows, schema={"problem_id": pl.String, "content": pl.String}, orient="row")
        return frame.join(problems.select("problem_id").unique(), on="problem_id", how="semi", maintain_order="left")


def select_decisions(settled: Sequence[Mapping[str, Any]], problems: pl.DataFrame) -> OwnDecisions:
    """Select the decisions about samples of some problems.

    Args:
        settled: all of them, as plain values.
        problems: rows of `Problem`.
    """
    if not settled:
        return OwnDecisions()
    own = set(problems["problem_id"])
    return OwnDecisions(settled=tuple(SettledDecision(**each) for each in settled if each["problem"] in own))


def add_edits(samples: pl.DataFrame, decisions: OwnDecisions) -> pl.DataFrame:
    """Add the edited samples, which are judged like any: rows of `Sample`."""
    edits = {each.row: each for each in decisions.settled if each.action == ReviewAction.EDIT}
    if not edits:
        return samples
    read = samples.filter(pl.col("sample_id").is_in(list(edits)))
    rows = [_edit(row, edits[row["sample_id"]]) for row in read.to_dicts() if _is_read(row, edits[row["sample_id"]])]
    return pl.concat([samples, pl.DataFrame(rows, schema=samples.schema, orient="row")])


def _edit(row: Mapping[str, Any], decision: SettledDecision) -> dict[str, Any]:
    teacher, text = row["teacher"], decision.text or ""
    request = make_answer_id(teacher, text, decision.reasoning, row["sample_id"], Hint(row["hint"]))
    mark = ReviewMark(
        action=ReviewAction.EDIT, by=decision.by, reason=decision.reason, verdict=None, edited=row["sample_id"]
    )
    return {
        **row,
        **_FORGET,
        "sample_id": make_sample_id(row["problem_id"], request, 0),
        "request_digests": [request],
        "text": text,
        "reasoning": decision.reasoning,
        "review": asdict(mark),
    }


def _is_read(row: Mapping[str, Any], decision: SettledDecision) -> bool:
    """Whether a decision speaks of the text that a sample has."""
    return digest_text(row["text"], row["reasoning"]) == decision.read


def apply_decisions(judged: pl.DataFrame, decisions: OwnDecisions) -> pl.DataFrame:
    """Write what people decided into judged samples: rejected and edited ones are dropped, accepted ones are kept.

    A sample that was dropped before it was judged stays so, and one that a check dropped keeps that reason.
    """
    by_row = {each.row: each for each in decisions.settled}
    own = judged.filter(pl.col("sample_id").is_in(list(by_row))).to_dicts()
    rows = [_decide(row, by_row[row["sample_id"]]) for row in own if _is_read(row, by_row[row["sample_id"]])]
    if not rows:
        return judged
    columns = {
        name: judged.schema[name] for name in ("sample_id", "verdict", "stage", "fate", "reason", "detail", "review")
    }
    decided = pl.DataFrame(rows, schema=columns, orient="row")
    return judged.join(decided, on="sample_id", how="left", suffix="_decided", maintain_order="left").select(
        pl.when(pl.col("review_decided").is_not_null()).then(f"{name}_decided").otherwise(name).alias(name)
        if name in columns and name != "sample_id"
        else pl.col(name)
        for name in judged.columns
    )


def _decide(row: Mapping[str, Any], decision: SettledDecision) -> dict[str, Any]:
    action = ReviewAction(decision.action)
    mark = ReviewMark(action=action, by=decision.by, reason=decision.reason)
    fate = {name: row[name] for name in ("sample_id", "verdict", "stage", "fate", "reason", "detail")}
    because = ": ".join(filter(None, [f"{action} by {decision.by}", decision.reason]))
    if action is not ReviewAction.ACCEPT:
        if row["fate"] == Fate.KEPT:
            reason = str(Reason.REJECTED_IN_REVIEW)
            fate |= {"stage": str(Stage.VERIFY), "fate": str(Fate.DROPPED), "reason": reason, "detail": because}
    elif row["stage"] == Stage.VERIFY:
        mark = ReviewMark(action=action, by=decision.by, reason=decision.reason, verdict=Verdict(row["verdict"]))
        accepted = {"verdict": str(Verdict.ACCEPTED), "stage": None, "fate": str(Fate.KEPT), "reason": None}
        fate |= {**accepted, "detail": None}
    return {**fate, "review": asdict(mark)}


def count_reviewed(samples: pl.DataFrame) -> dict[str, int]:
    """Count what reviews did to the samples of a bucket, by `reviewed:ACTION`; the counts of buckets add up."""
    read = samples.filter(pl.col("review").is_not_null() & pl.col("review").struct.field("edited").is_null())
    actions = read.select(action=pl.col("review").struct.field("action")).group_by("action").len()
    return {f"reviewed:{action}": rows for action, rows in actions.iter_rows()}
