"""The views over a version: what each holds, and how it is made of the version's tables.

DuckDB opens no file at all. The tables are pyarrow datasets whose pages are verified, and no row is read, and nothing
is sorted, before a query asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from ....schemas.example import Example
from ....schemas.frames import get_schema
from ....schemas.manifest import FunnelRow
from ....schemas.problem import NearDuplicate, Overlap, Problem
from ....schemas.sample import Sample
from ...parquet import open_dataset
from ...store import Version, build_funnel_table
from ...store.reading import read_evidence
from ...store.tables import EVIDENCE, FILES, MIXED, list_files


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A view over a version."""

    holds: str
    """What its rows are, for a person."""
    record: type
    """The record whose fields are its columns, for their descriptions."""
    files: tuple[str, ...] = ()
    """The kinds of Parquet file that it reads; empty where its rows are in memory."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The descriptions of columns that the record lacks."""


VIEWS: Mapping[str, View] = {
    "problems": View(holds="The problems of all sources, dropped ones too.", record=Problem, files=("problems",)),
    "samples": View(
        holds="Every answer of the teachers, dropped ones too: text, verdict, steps, path, reason.",
        record=Sample,
        files=("samples",),
    ),
    "examples": View(
        holds="The formatted rows of both splits, dropped ones too.", record=Example, files=("examples", "mixture")
    ),
    "training": View(
        holds="The examples that are trained on, and no others, in the order of the stages and of an export.",
        record=Example,
        files=("examples", "mixture"),
        columns={"position": "Its place in training, from 1: stage by stage, within a stage as exports write it."},
    ),
    "funnel": View(holds="What each stage took in, kept and dropped, and why.", record=FunnelRow),
    "evaluation_overlaps": View(
        holds="Texts that overlap an evaluation question: those dropped for it, and the nearest that stayed.",
        record=Overlap,
    ),
    "near_duplicates": View(
        holds="Questions and rationales that are nearly those of another problem.", record=NearDuplicate
    ),
    "disputed_golds": View(
        holds="Problems of which most samples give the same answer, and it is not the gold answer.",
        record=Problem,
        files=("problems", "samples"),
        columns={
            "gold": "The gold answer.",
            "agreed_answer": "The other answer that most samples give.",
            "agreeing": "Samples without a hint that give it.",
            "correct": "Samples without a hint that give the gold answer.",
            "judged": "Samples without a hint whose answer was held against the gold answer.",
        },
    ),
}
"""The views of each version, by name."""

MAIN = "main"
"""The schema of the version that is queried; further versions have schemas of their own."""

_BUCKET = "bucket"
"""The column with the number of a row's file."""

_DISPUTED = """
WITH said AS (
    SELECT problem_id, trim(lower(predicted), ' .$*') AS answer, verdict, count(*) AS samples
    FROM {schema}.samples
    WHERE verdict IN ('correct', 'wrong') AND hint = 'none'
    GROUP BY ALL
), counted AS (
    SELECT problem_id, sum(samples)::BIGINT AS judged, (coalesce(sum(samples) FILTER (verdict = 'correct'), 0))::BIGINT
        AS correct
    FROM said
    GROUP BY ALL
), agreed AS (
    SELECT problem_id, arg_max(answer, (samples, answer)) AS agreed_answer, max(samples) AS agreeing
    FROM said
    WHERE verdict = 'wrong'
    GROUP BY ALL
)
SELECT problem_id, source, origin, question, problems.answer AS gold, agreed_answer, agreeing, correct, judged
FROM agreed JOIN counted USING (problem_id) JOIN {schema}.problems AS problems USING (problem_id)
WHERE agreeing >= 3 AND 2 * agreeing > judged
ORDER BY agreeing / judged DESC, agreeing DESC, problem_id
"""
"""Problems of which more than half of the samples without a hint, and at least three, give the same wrong answer."""

_TRAINING = """
SELECT position, examples.* FROM {schema}.training_order JOIN {schema}.examples USING (example_id) ORDER BY position
"""


def create_views(duck: duckdb.DuckDBPyConnection, version: Version, schema: str = MAIN) -> None:
    """Create the views of a version in a schema.

    Raises:
        InputError: a table can't be opened.
    """
    if schema != MAIN:
        duck.execute(f"CREATE SCHEMA {schema}")
    duck.execute(f"USE {schema}")
    relations = _open_tables(duck, version)
    relations["training"] = _place_examples(relations["examples"], relations.pop("training_order"))
    for name, relation in relations.items():
        relation.create_view(name)
    duck.execute(f"CREATE VIEW disputed_golds AS {_DISPUTED.format(schema=schema)}")
    duck.execute(f"USE {MAIN}")


def create_tables(duck: duckdb.DuckDBPyConnection, version: Version) -> None:
    """Copy the tables of a version into a database; `training` stays a view, over the table `training_order`.

    Raises:
        InputError: a table can't be opened.
    """
    for name, relation in _open_tables(duck, version).items():
        relation.create(name)
    duck.execute(f"CREATE VIEW training AS {_TRAINING.format(schema=MAIN)}")
    duck.execute(f"CREATE VIEW disputed_golds AS {_DISPUTED.format(schema=MAIN)}")


def _open_tables(duck: duckdb.DuckDBPyConnection, version: Version) -> dict[str, duckdb.DuckDBPyRelation]:
    """Open the tables of a version; no row is read before a query asks for it."""
    bits = version.manifest.bucket_bits
    files = {name: [version.path / file for file in list_files(name, bits)] for name in FILES}
    opened = {
        name: duck.from_arrow(open_dataset(paths, numbered=_BUCKET if name == "mixture" else None))
        for name, paths in files.items()
    }
    return {
        "problems": opened["problems"],
        "samples": opened["samples"],
        "examples": _join_examples(opened["examples"], opened["mixture"]),
        "training_order": _order_training(opened["mixture"], _list_stages(version)),
        "funnel": duck.from_arrow(build_funnel_table(list(version.manifest.funnel)).to_arrow()),
        **{name: duck.from_arrow(read_evidence(version, name).to_arrow()) for name in EVIDENCE},
    }


def _join_examples(texts: duckdb.DuckDBPyRelation, mixture: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Join the texts of examples with what the mixture decides about them."""
    columns = [
        f"CASE WHEN mixed.text_id IS NULL THEN {_get_default(name)} ELSE mixed.{name} END AS {name}"
        if name in MIXED
        else f"texts.{name}"
        for name in get_schema(Example).names()
    ]
    joined = texts.set_alias("texts").join(mixture.set_alias("mixed"), "mixed.text_id = texts.example_id", how="left")
    return joined.project(", ".join(columns))


def _get_default(name: str) -> str:
    """The value of a column for examples that no mixture saw."""
    return {"mixture_stage": "NULL", "repeat": "0", "weight": "1.0"}.get(name, f"texts.{name}")


def _order_training(mixture: duckdb.DuckDBPyRelation, stages: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """Number the examples that a stage takes: the stages in the recipe's order, the rows of each as in their files."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in stages)
    by_stage = f"list_position([{listed}], mixture_stage) NULLS LAST, " if stages else ""
    taken = mixture.filter("fate = 'kept' AND mixture_stage IS NOT NULL")
    return taken.project(f"row_number() OVER (ORDER BY {by_stage}{_BUCKET}, example_id) AS position, example_id")


def _place_examples(examples: duckdb.DuckDBPyRelation, order: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    columns = ", ".join(f"rows.{name}" for name in get_schema(Example).names())
    joined = order.set_alias("placed").join(examples.set_alias("rows"), "placed.example_id = rows.example_id")
    return joined.project(f"placed.position AS position, {columns}").order("position")


def _list_stages(version: Version) -> list[str]:
    """List the stages of the mixture in the recipe's order; none where the recipe has no mixture."""
    stages = (version.manifest.recipe.get("mixture") or {}).get("stages") or ()
    return [str(stage.get("name")) for stage in stages]
