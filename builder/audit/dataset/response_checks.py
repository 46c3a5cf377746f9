"""What checks look for in the responses of a dataset: what is empty, cut or wrong, and what labels say of it."""

import polars as pl

from ....schemas.reasons import Verdict
from ....schemas.recipe import ConsensusRule
from ...text.layouts import TraceShape
from ...verify import find_agreement
from .facts import Facts, Found, describe_counts, select_places

JUDGED = pl.col("judged")
IS_CORRECT = pl.col("verdict") == Verdict.CORRECT.value
IS_WRONG = (pl.col("verdict") == Verdict.WRONG.value) & ~pl.col("guessed").fill_null(value=True)
"""The answer that the response marks as its own differs from the gold answer."""
IS_DECIDED = pl.col("verdict").is_in([Verdict.CORRECT.value, Verdict.WRONG.value])

MAIN_LAYOUT = 0.95
"""Where so many responses have one layout, it is the layout of the dataset."""

_LONG = 80
"""Shorter responses may be the same by chance."""
_RULE = ConsensusRule(least=3, share=0.75)
"""So many responses must agree on another answer for a gold answer to be suspect."""


def find_several_layouts(facts: Facts) -> Found | None:
    """Find the responses that set their reasoning apart in another way than most."""
    filled = facts.responses.filter(~pl.col("is_empty"))
    if filled.is_empty():
        return None
    counts = dict(filled["layout"].value_counts().iter_rows())
    main = max(counts, key=lambda name: (counts[name], name))
    is_uniform = counts[main] > MAIN_LAYOUT * filled.height
    found = filled.filter((pl.col("layout") != main) & (not is_uniform))
    shown = found.unique("layout", keep="first", maintain_order=True)
    places = select_places(shown, pl.format("layout {}", "layout"))
    more = f"the layouts are {describe_counts(counts)}"
    return Found(count=found.height, total=filled.height, unit="responses", places=places, more=more)


def find_unopened(facts: Facts) -> Found:
    """Find the responses whose reasoning ends and never begins, where others begin theirs."""
    found = facts.responses.filter(pl.col("shape") == TraceShape.UNOPENED.value)
    is_usual = found.height > MAIN_LAYOUT * facts.responses.height
    places = select_places(found.head(50))
    return Found(count=0 if is_usual else found.height, total=facts.responses.height, unit="responses", places=places)


def find_repeated_responses(facts: Facts) -> Found:
    """Find the responses that stand before, to the same question."""
    found = facts.responses.filter(~pl.struct("form", "text", "column").is_first_distinct())
    return Found(
        count=found.height, total=facts.responses.height, unit="responses", places=select_places(found.head(50))
    )


def find_shared_responses(facts: Facts) -> Found:
    """Find the long responses that stand before, to another question."""
    long = facts.responses.filter(pl.col("length") >= _LONG)
    first = pl.struct("form", "text").is_first_distinct()
    found = long.filter(first).filter(~pl.col("text").is_first_distinct())
    return Found(count=found.height, total=long.height, unit="responses", places=select_places(found.head(50)))


def find_wrong_labels(facts: Facts) -> Found | None:
    """Find the labels that the verifier contradicts."""
    labelled = facts.responses.filter(pl.col("label").is_not_null() & IS_DECIDED)
    if labelled.is_empty():
        return None
    found = labelled.filter((pl.col("label") & IS_WRONG) | (~pl.col("label") & IS_CORRECT))
    falsely = int(found["label"].sum())
    more = f"{falsely:,} are called correct and are not, {found.height - falsely:,} are called wrong and are correct"
    detail = pl.format(
        "called {}, its answer {} is {}", pl.when("label").then(pl.lit("correct")).otherwise(pl.lit("wrong")),
        _shorten("predicted"), "verdict",
    )  # fmt: skip
    places = select_places(found.head(50), detail)
    return Found(count=found.height, total=labelled.height, unit="responses", places=places, more=more)


def find_wrong_responses(facts: Facts) -> Found | None:
    """Find the responses whose answer is not the gold answer, where no label says so."""
    decided = facts.responses.filter(IS_DECIDED)
    if decided.is_empty() or facts.has_labels:
        return None
    found = decided.filter(IS_WRONG)
    detail = pl.format("its answer is {}", _shorten("predicted"))
    places = select_places(found.head(50), detail)
    return Found(count=found.height, total=decided.height, unit="responses", places=places)


def find_suspect_golds(facts: Facts) -> Found | None:
    """Find the questions whose responses agree on another answer than the gold answer."""
    decided = facts.responses.filter(IS_DECIDED & pl.col("predicted").is_not_null())
    counts = decided.group_by("form").agg(wrong=IS_WRONG.sum(), answered=pl.len())
    crowded = counts.filter((pl.col("wrong") >= _RULE.least) & (pl.col("wrong") >= _RULE.share * pl.col("answered")))
    several = decided.join(crowded.select("form"), on="form", how="semi", maintain_order="left")
    asked = counts.filter(pl.col("answered") >= _RULE.least).height
    if not asked:
        return None
    rows = []
    for (form,), group in several.group_by("form", maintain_order=True):
        agreed = find_agreement(group["predicted"].to_list(), facts.answer_type, (), _RULE)
        right = group.filter(IS_CORRECT)["predicted"].to_list()
        if agreed.consensus.answer is not None and agreed.spellings.isdisjoint(right):
            share = f"{agreed.consensus.agreeing} of {agreed.consensus.answered}"
            rows.append((form, f"{share} responses say {agreed.consensus.answer[:60]}"))
    agreed_on = pl.DataFrame(rows, schema={"form": pl.UInt64, "answers": pl.String}, orient="row")
    golds = facts.rows.unique("form", keep="first", maintain_order=True)
    found = golds.join(agreed_on, on="form", maintain_order="left")
    detail = pl.format("{}, the gold answer is {}", "answers", "gold")
    places = select_places(found.head(50), detail)
    return Found(count=found.height, total=asked, unit="questions", places=places)


def _shorten(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.slice(0, 60)
