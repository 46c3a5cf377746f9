"""Put all problems into clusters, and each cluster on a side of the split: the one step that looks at all of them.

It holds ids, keys and hashes of words, no text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ....schemas.ids import RANKS, rank
from ....schemas.problem import Split
from ....schemas.source import SplitBy
from .joining import BOTH, LINKED, Clusters, join_templates
from .leaks import describe_split
from .links import Links, WordTable, find_links, make_word_table
from .sides import SIDES, find_known, make_empty_parent

INPUT_COLUMNS = ("problem_id", "source", "group", "template", "words")
"""What of a problem decides its cluster and its side."""

OUTPUT_COLUMNS = ("problem_id", "cluster", "split", "crosses")
"""What is found: the cluster; the side, null where the problem would join two; and why it would."""


@dataclass(frozen=True, slots=True)
class Assignments:
    """The cluster and the side of each problem."""

    rows: pl.DataFrame
    """`OUTPUT_COLUMNS`."""
    report: Mapping[str, Any]
    """The fields of `SplitReport`."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of all problems, each once, in order of their keys; a template is known by its place."""

    keys: pl.DataFrame
    """The column template."""
    table: WordTable
    """Their words."""


def assign_sides(rows: pl.DataFrame, split: SplitBy, seed: int, parent: pl.DataFrame | None) -> Assignments:
    """Assign each problem to a cluster and to a side.

    Args:
        rows: `INPUT_COLUMNS` of the problems to train on.
        split: the recipe's split.
        seed: the recipe's seed.
        parent: the result of `read_parent`; None where no earlier version is followed.
    """
    rows = rows.sort("problem_id")
    templates, rows = _number_templates(rows)
    known = find_known(rows, make_empty_parent() if parent is None else parent)
    known = _hold_left_out(known, split.leave_out)
    links = _drop_stated(find_links(templates.table, LINKED), rows)
    clusters = _join(known, templates, links)
    named = _name_clusters(known, clusters)
    decided = (
        _decide_by_row(named, split.test, seed) if split.by == "row" else _decide(named, clusters, split.test, seed)
    )
    report = describe_split(decided, links, split)
    return Assignments(decided.select(OUTPUT_COLUMNS), report)


def _number_templates(rows: pl.DataFrame) -> tuple[Templates, pl.DataFrame]:
    """Number the templates; the rows get the column place instead of their words.

    Templates of which no word is left (`3 + 4 = ?`) are the same within a group only: a source may know better.
    """
    own = pl.when(pl.col("words").list.len() > 0).then("template").otherwise(pl.concat_str("template", "group"))
    rows = rows.with_columns(template=own)
    distinct = rows.select("template", "words").unique("template", keep="first", maintain_order=True).sort("template")
    counts = distinct["words"].list.len().to_numpy().astype(np.int64)
    hashes = distinct["words"].explode().drop_nulls().to_numpy()
    keys = distinct.select("template")
    numbered = rows.drop("words").join(keys.with_row_index("place"), on="template", maintain_order="left")
    return Templates(keys, make_word_table(counts, hashes)), numbered


def _drop_stated(links: Links, rows: pl.DataFrame) -> Links:
    """Drop the links between templates whose sources state their groups: a source knows its own templates."""
    stated = rows.group_by("place").agg(stated=(pl.col("group") != pl.col("template")).all()).sort("place")["stated"]
    is_stated = stated.to_numpy()
    (open_ends,) = np.nonzero(~(is_stated[links.left] & is_stated[links.right])) if len(links.left) else _NONE
    return Links(links.left[open_ends], links.right[open_ends], links.similarity[open_ends])


_NONE = (np.empty(0, np.int64),)


def _hold_left_out(known: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Hold the problems of sources that are left out of the split on the side of training."""
    is_left_out = pl.col("source").is_in(list(names))
    held = pl.when(is_left_out & pl.col("known_side").is_null()).then(pl.lit(str(Split.TRAIN)))
    return known.with_columns(known_side=pl.coalesce("known_side", held), is_left_out=is_left_out)


def _join(known: pl.DataFrame, templates: Templates, links: Links) -> Clusters:
    """Join the templates of problems that are on a side already, of one group, or linked."""
    bits = known.select("place", "is_old", "is_left_out", bit=pl.col("known_side").replace_strict(SIDES, default=0))
    sides = np.zeros(templates.table.templates, np.int64)
    for held in (bits.filter(~pl.col("is_left_out")), bits.filter("is_left_out")):
        places = held["place"].to_numpy()
        free = sides[places] == 0 if held.height else np.empty(0, bool)
        np.bitwise_or.at(sides, places[free], held["bit"].to_numpy()[free])
    old = frozenset(bits.filter("is_old")["place"].to_list())
    pairs = [pair for name in ("known_cluster", "group") for pair in _pair_groups(known, name)]
    return join_templates(templates.table, links, sides.tolist(), old, pairs)


def _pair_groups(known: pl.DataFrame, name: str) -> list[tuple[int, int]]:
    """List the templates that share a group, each with the first one of the group."""
    groups = known.select("place", key=name).drop_nulls().unique().sort("key", "place")
    first = groups.select(pl.col("place").first().over("key").alias("first"), "place")
    return list(first.filter(pl.col("first") != pl.col("place")).iter_rows())


def _name_clusters(known: pl.DataFrame, clusters: Clusters) -> pl.DataFrame:
    """Name each cluster by its smallest group, or as the earlier version named it."""
    roots = pl.Series("root", [clusters.find_root(place) for place in known["place"]], pl.Int64)
    smallest = pl.coalesce(pl.col("known_cluster").min().over("root"), pl.col("group").min().over("root"))
    return known.with_columns(roots).with_columns(cluster=pl.coalesce("known_cluster", smallest))


def _decide(named: pl.DataFrame, clusters: Clusters, test: float, seed: int) -> pl.DataFrame:
    """Decide the sides: those that are known, and those of new clusters by the keyed hash of their names."""
    roots = named["root"].unique().sort()
    schema = {"root": pl.Int64, "bits": pl.Int64}
    bits = pl.DataFrame({"root": roots, "bits": [clusters.sides[root] for root in roots]}, schema=schema)
    crossing = _describe_crossings(named, clusters)
    rows = named.join(bits, on="root", how="left", maintain_order="left").join(
        crossing, on="place", how="left", maintain_order="left"
    )
    drawn = _draw_sides(rows["cluster"], test, seed)
    by_cluster = (
        pl.when(pl.col("bits") == SIDES[Split.TRAIN])
        .then(pl.lit(str(Split.TRAIN)))
        .when(pl.col("bits") == SIDES[Split.TEST])
        .then(pl.lit(str(Split.TEST)))
        .otherwise(drawn)
    )
    leaves = pl.col("is_left_out") & ((pl.col("bits") & SIDES[Split.TEST]) > 0)
    why = (
        pl.when(pl.col("is_old"))
        .then(None)
        .when(leaves)
        .then(pl.lit("its source is left out of the split, and its cluster is in the test split"))
        .when(pl.col("bits") == BOTH)
        .then(pl.lit("its cluster is in both splits of the earlier version"))
        .otherwise("crosses")
    )
    side = pl.when(pl.col("is_old")).then("known_side").otherwise(by_cluster)
    rows = rows.with_columns(crosses=why)
    return rows.with_columns(split=pl.when(pl.col("crosses").is_null()).then(side))


def _describe_crossings(named: pl.DataFrame, clusters: Clusters) -> pl.DataFrame:
    """Describe the templates that would join two sides: place and text."""
    first = dict(named.group_by("place").agg(pl.col("problem_id").min()).iter_rows())
    names = {bit: side for side, bit in SIDES.items()}

    def name_side(place: int) -> str:
        return names.get(clusters.sides[clusters.find_root(place)], "other")

    texts = [
        f"a variation of {first[other]}, which is in the {name_side(other)} split, and of problems in the"
        f" {name_side(place)} split"
        for place, other in clusters.crossing.items()
    ]
    places = pl.Series("place", list(clusters.crossing), dtype=named.schema["place"])
    return pl.DataFrame([places, pl.Series("crosses", texts, dtype=pl.String)])


def _decide_by_row(named: pl.DataFrame, test: float, seed: int) -> pl.DataFrame:
    """Decide the sides problem by problem, whatever their clusters."""
    held = pl.when(pl.col("is_old") | pl.col("is_left_out")).then("known_side")
    drawn = _draw_sides(named["problem_id"], test, seed)
    return named.with_columns(split=pl.coalesce(held, drawn), crosses=pl.lit(None, pl.String))


def _draw_sides(keys: pl.Series, test: float, seed: int) -> pl.Series:
    """Draw a side for each key by its keyed hash."""
    least = test * RANKS
    distinct = keys.unique()
    sides = [str(Split.TEST if rank(f"split:{seed}", key) < least else Split.TRAIN) for key in distinct]
    table = pl.DataFrame({"key": distinct, "side": pl.Series(sides, dtype=pl.String)})
    return pl.DataFrame({"key": keys}).join(table, on="key", how="left", maintain_order="left")["side"]
