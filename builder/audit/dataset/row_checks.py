"""What checks look for in the rows of a dataset: repeats, golds, questions, splits, overlaps, and its card."""

from collections.abc import Callable

import polars as pl

from ....schemas.problem import OverlapMeasure
from ...verify import ComparisonOutcome, compare_safely
from .facts import Facts, Find, Found, describe_counts, select_places

_OTHER_NUMBERS = (OverlapMeasure.MASKED_NGRAM.value, OverlapMeasure.MASKED.value)
_RARE = 0.1
"""A language that fewer of the questions have is one among others."""


def find_unreadable(facts: Facts) -> Found:
    """Find the rows that are no row, or have no question."""
    found = facts.all_rows.filter(pl.col("fault").is_not_null())
    places = select_places(found.head(50), pl.col("fault"))
    return Found(count=found.height, total=facts.all_rows.height, unit="rows", places=places)


def find_repeated_rows(facts: Facts) -> Found:
    """Find the rows whose question, gold answer and responses stand before."""
    found = facts.rows.filter("again")
    more = f"{facts.rows.height - found.height:,} rows are distinct"
    return Found(
        count=found.height, total=facts.rows.height, unit="rows", places=_find_first_places(facts, found), more=more
    )


def _find_first_places(facts: Facts, found: pl.DataFrame) -> pl.DataFrame:
    """Point from rows that stand again to the first of the same content."""
    shown = found.head(50)
    first = facts.rows.filter(~pl.col("again") & pl.col("content").is_in(shown["content"].implode()))
    pairs = shown.join(first.select("content", first_row="row"), on="content", how="left", maintain_order="left")
    return select_places(pairs, pl.format("the same as row {}", "first_row"))


def find_rewritten(facts: Facts) -> Found:
    """Find the questions that differ from one before in case, white space, punctuation or markup only."""
    distinct = facts.rows.unique("problem", keep="first", maintain_order=True)
    found = distinct.filter(~pl.col("form").is_first_distinct())
    return Found(count=found.height, total=distinct.height, unit="questions", places=select_places(found.head(50)))


def find_near(facts: Facts) -> Found:
    """Find the questions that are nearly the same as another one."""
    named = pl.Series([each.name for each in facts.files])
    where = facts.near.head(50).with_columns(other=named.gather(facts.near.head(50)["other_file"]))
    detail = pl.format("nearly the same as {}:{}", "other", "other_row")
    return Found(
        count=facts.near.height, total=facts.questions.height, unit="questions", places=select_places(where, detail)
    )


def find_contradicting_golds(facts: Facts) -> Found | None:
    """Find the questions that have gold answers which differ from one another."""
    if not facts.has_golds:
        return None
    golds = facts.rows.drop_nulls("gold")
    several = golds.filter(pl.col("gold").n_unique().over("form") > 1)
    first = several.unique("form", keep="first", maintain_order=True).select("form", one="gold")
    pairs = several.join(first, on="form", maintain_order="left").filter(pl.col("gold") != pl.col("one"))
    pairs = pairs.unique(["form", "gold"], keep="first", maintain_order=True)
    differ = [
        compare_safely(one, gold, facts.answer_type, ()).outcome is ComparisonOutcome.DIFFERENT
        for one, gold in pairs.select("one", "gold").iter_rows()
    ]
    found = pairs.filter(pl.Series(differ, dtype=pl.Boolean)).unique("form", keep="first", maintain_order=True)
    detail = pl.format("gold answers {} and {}", "one", "gold")
    places = select_places(found.head(50), detail)
    return Found(count=found.height, total=golds["form"].n_unique(), unit="questions", places=places)


def find_missing_golds(facts: Facts) -> Found | None:
    """Find the rows without a gold answer, where others have one."""
    if not facts.has_golds:
        return None
    found = facts.rows.filter(pl.col("gold").is_null() & pl.col("gold_fault").is_null())
    return Found(count=found.height, total=facts.rows.height, unit="rows", places=select_places(found.head(50)))


def find_voted_golds(facts: Facts) -> Found | None:
    """Find gold answers that a column calls the vote of a majority."""
    name = (facts.columns.answer or "").lower()
    if not any(word in name for word in ("majority", "consensus", "voted", "vote", "pseudo")):
        return None
    golds = facts.rows.drop_nulls("gold")
    places = select_places(golds.head(50), pl.col("gold"))
    return Found(count=golds.height, total=facts.rows.height, unit="rows", places=places,
                 more=f"they are in the column {facts.columns.answer}")  # fmt: skip


def find_crossing(facts: Facts) -> Found | None:
    """Find the questions to test on that are trained on, too."""
    rows = facts.rows.with_columns(split=pl.col("split").fill_null("train"))
    trained = rows.filter(pl.col("split") == "train").select("form").unique()
    tested = rows.filter(pl.col("split") != "train").unique(["form", "split"], keep="first", maintain_order=True)
    if trained.is_empty() or tested.is_empty():
        return None
    found = tested.join(trained, on="form", how="semi", maintain_order="left")
    return Found(count=found.height, total=tested.height, unit="questions", places=select_places(found.head(50)))


def find_other_languages(facts: Facts) -> Found | None:
    """Find the questions in other languages than nearly all of them."""
    known = facts.rows.filter(pl.col("language").is_not_null() & (pl.col("language") != "und"))
    counts = dict(known["language"].value_counts().iter_rows())
    rare = [name for name, count in counts.items() if count < _RARE * known.height]
    found = known.filter(pl.col("language").is_in(rare))
    detail = pl.format("in {}", "language")
    more = f"the languages are {describe_counts(counts)}" if rare else ""
    return Found(
        count=found.height, total=known.height, unit="rows", places=select_places(found.head(50), detail), more=more
    )


def _find_overlaps(facts: Facts, where: pl.Expr) -> Found | None:
    if not facts.sets:
        return None
    found = facts.overlaps.filter(where)
    counts = dict(found["against"].value_counts().iter_rows())
    detail = pl.format("{} by {} ({})", "origin", "measure", pl.col("score").round(2))
    places = select_places(found.sort("score", descending=True, maintain_order=True).head(50), detail)
    return Found(count=found["form"].n_unique(), total=facts.questions.height, unit="questions", places=places,
                 more=f"against {describe_counts(counts)}" if counts else "")  # fmt: skip


def find_overlaps(facts: Facts) -> Found | None:
    """Find the questions of evaluation sets, to the letter or nearly."""
    return _find_overlaps(facts, ~pl.col("measure").is_in(_OTHER_NUMBERS))


def find_masked_overlaps(facts: Facts) -> Found | None:
    """Find the questions of evaluation sets with other numbers or names."""
    return _find_overlaps(facts, pl.col("measure").is_in(_OTHER_NUMBERS))


def find_wrong_counts(facts: Facts) -> Found | None:
    """Find the splits for which the card states another number of rows than there are."""
    if facts.card is None or not facts.card.splits:
        return None
    stated, rows = facts.card.splits, facts.all_rows
    counted = dict(rows.group_by("split").len().iter_rows())
    if set(counted) <= set(stated):
        pairs = {name: (stated[name], count) for name, count in counted.items()}
    else:
        pairs = {"all splits": (sum(stated.values()), rows.height)}
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    says = "; ".join(
        f"{name}: the card says {stated_rows:,} rows, there are {count:,}"
        for name, (stated_rows, count) in sorted(wrong.items())
    )
    return Found(count=len(wrong), total=len(pairs), unit="splits", places=_make_no_places(), more=says)


def find_wrong_size(facts: Facts) -> Found | None:
    """Find whether the dataset has another size than the category of its card."""
    card, rows = facts.card, facts.all_rows.height
    if card is None or card.category is None:
        return None
    is_wrong = (card.least is not None and rows < card.least) or (card.most is not None and rows >= card.most)
    more = f"the card says {card.category}, there are {rows:,} rows"
    return Found(count=int(is_wrong), total=1, unit="cards", places=_make_no_places(), more=more)


def _find_in_card(is_wrong: Callable[[Facts], str | None]) -> Find:
    def find(facts: Facts) -> Found | None:
        if facts.card is None:
            return None
        more = is_wrong(facts)
        return Found(count=int(more is not None), total=1, unit="cards", places=_make_no_places(), more=more or "")

    return find


def _describe_card_fault(facts: Facts) -> str | None:
    return facts.card.fault if facts.card else None


def _describe_missing_license(facts: Facts) -> str | None:
    card = facts.card
    return "no one can know what it may be used for" if card and not (card.fault or card.license) else None


find_card_fault: Find = _find_in_card(_describe_card_fault)
find_missing_license: Find = _find_in_card(_describe_missing_license)


def _make_no_places() -> pl.DataFrame:
    return pl.DataFrame(schema={"file": pl.UInt16, "row": pl.UInt32, "detail": pl.String})
