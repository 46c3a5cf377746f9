"""Drop the samples of a bucket whose rationale holds an evaluation question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.problem import OverlapPart
from ....schemas.reasons import Reason
from ....schemas.source import Decontaminate
from ... import sources
from ...sources.overlap import COLUMNS, EvaluationSet, OverlapMatch, describe_match, find_matches, index_set
from ...store.pieces import iterate_pieces
from ...store.results.memo import Memo, make_keys, recall_or_find

_FINDINGS = {"key": pl.String, "detail": pl.String}


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationRules:
    """The evaluation sets that samples are held against."""

    pieces: tuple[str, ...]
    """Pieces of rows of `Problem`, those of evaluation sets among them."""
    policy: str
    """The section `decontaminate` of the recipe, as JSON."""
    digests: tuple[str, ...]
    """The digest of each set."""

    def describe(self) -> dict[str, Any]:
        """Everything that decides a result, as plain values."""
        return {"code": sources.CODE_VERSION, "policy": self.policy, "digests": list(self.digests)}


def parse_evaluations(settings: Mapping[str, Any]) -> EvaluationRules | None:
    """Read the evaluation sets from the settings of a pass; None where there are none."""
    plain = settings.get("evaluations")
    if plain is None:
        return None
    return EvaluationRules(pieces=tuple(plain["pieces"]), policy=plain["policy"], digests=tuple(plain["digests"]))


@lru_cache(maxsize=1)
def open_evaluations(rules: EvaluationRules) -> list[EvaluationSet]:
    """Index the evaluation sets, once for each process."""
    policy = Decontaminate.model_validate_json(rules.policy)
    paths = [Path(piece) for piece in rules.pieces]
    is_evaluated = pl.col("source").is_in(list(policy.against))
    rows = pl.concat(frame.filter(is_evaluated) for frame in iterate_pieces(paths, COLUMNS))
    return [index_set(name, rows.filter(pl.col("source") == name), policy) for name in policy.against]


def find_quoting(rules: EvaluationRules, memo: Memo | None, samples: pl.DataFrame) -> pl.DataFrame:
    """Find the samples whose rationale holds an evaluation question.

    Args:
        rules: the evaluation sets.
        memo: where findings are kept; None keeps nothing.
        samples: columns sample_id, text.

    Returns:
        Columns sample_id, reason, detail.
    """
    keyed = samples.select("sample_id", "text", key=make_keys(samples.select("text")))
    find = partial(_search_texts, rules, keyed)
    keys = keyed["key"]
    found = find(keys.unique(maintain_order=True)) if memo is None else recall_or_find(memo, keys, find).findings
    quoting = keyed.join(found.drop_nulls("detail"), on="key", how="inner", maintain_order="left")
    return quoting.select("sample_id", "detail", reason=pl.lit(str(Reason.EVALUATION_OVERLAP)))


def _search_texts(rules: EvaluationRules, keyed: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """Search the texts of some keys for evaluation questions."""
    sets = open_evaluations(rules)
    rows = keyed.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="first", maintain_order=True)
    details = [_describe(sets, text) for text in rows["text"]]
    return pl.DataFrame({"key": rows["key"], "detail": details}, schema=_FINDINGS)


def _describe(sets: Sequence[EvaluationSet], text: str | None) -> str | None:
    found = match_rationale(sets, text or "")
    return "; also ".join(describe_match(each, matches[0]) for each, matches in found) or None


def match_rationale(sets: Sequence[EvaluationSet], text: str) -> list[tuple[EvaluationSet, list[OverlapMatch]]]:
    """Find the evaluation questions that a rationale holds, for each set that it overlaps."""
    found = [(each, find_matches(text, each, OverlapPart.RESPONSE)) for each in sets]
    return [(each, matches) for each, matches in found if matches]
