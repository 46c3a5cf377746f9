"""Looking into a version with several buckets: the same rows, wherever they lie."""

import re
from io import StringIO

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from rich.console import Console

from cotloom.builder.errors import InputError
from cotloom.builder.inspect import explain, query, write_database
from cotloom.builder.inspect.render import render_version
from cotloom.builder.store import Version
from cotloom.builder.store.tables import name_file
from tests.buckets import build_both
from tests.forged import rewrite

TABLES = ("problems", "samples", "examples")


@pytest.fixture(scope="module")
def both(tmp_path_factory, write_recipe, build_recipe) -> list[Version]:
    return build_both(tmp_path_factory.mktemp("both"), write_recipe, build_recipe)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_any_bucket_is_explained_as_from_one(table, both):
    one, several = both
    column = f"{table.removesuffix('s')}_id"
    for bucket in several.iterate_table(table, [column]):
        for row_id in bucket[column].head(2):
            assert explain(several, row_id) == explain(one, row_id)
            assert explain(several, row_id[:20]) == explain(one, row_id)


@pytest.mark.parametrize("start", ["p_", "s_", "e_", "p_zzzzz", "p_00000"])
def test_the_beginning_of_an_id_that_fits_none_or_several_is_told_alike(start, both):
    messages = []
    for version in both:
        with pytest.raises(InputError) as caught:
            explain(version, start)
        messages.append(caught.value.message)

    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM problems",
        "FROM samples",
        "FROM examples",
        "SELECT fate, mixture_stage, reason, count(*) AS n, sum(weight) AS w FROM examples GROUP BY ALL",
        "SELECT answer_type, count(*) AS n FROM examples JOIN problems USING (problem_id) GROUP BY ALL",
        "SHOW TABLES",
        "DESCRIBE examples",
    ],
)
def test_a_query_finds_the_same_rows(sql, both):
    one, several = (query(version, sql) for version in both)

    assert_frame_equal(several, one, check_row_order=False)


def test_nothing_but_the_views_is_shown(both):
    for version in both:
        assert sorted(query(version, "SHOW TABLES")["name"]) == [
            "disputed_golds",
            "evaluation_overlaps",
            "examples",
            "funnel",
            "near_duplicates",
            "problems",
            "samples",
            "training",
        ]
        assert sorted(query(version, "SELECT view_name AS v FROM duckdb_views() WHERE NOT internal")["v"]) == [
            "disputed_golds", "evaluation_overlaps", "examples", "funnel", "near_duplicates", "problems", "samples",
            "training",
        ]  # fmt: skip


def test_a_database_has_the_rows_of_all_buckets(both, tmp_path):
    several = both[1]

    write_database(several, tmp_path / "x.duckdb")

    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as duck:
        assert sorted(duck.sql("SHOW TABLES").pl()["name"]) == [
            "disputed_golds",
            "evaluation_overlaps",
            "examples",
            "funnel",
            "near_duplicates",
            "problems",
            "samples",
            "training",
            "training_order",
        ]
        for table in TABLES:
            assert_frame_equal(duck.sql(f"FROM {table}").pl(), several.read_table(table), check_row_order=False)


def test_a_damaged_bucket_is_named(both, tmp_path):
    version = rewrite(both[1], tmp_path / "copy")
    bits = version.manifest.bucket_bits
    path = version.path / name_file("mixture", (1 << bits) - 1, bits)
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])

    with pytest.raises(InputError, match=f"{path.name} differs from the manifest"):
        query(version, "FROM examples")
    with pytest.raises(InputError, match=f"{path.name} differs from the manifest"):
        write_database(version, tmp_path / "x.duckdb")
    assert query(version, "FROM samples").height == version.manifest.counts["samples"]
    assert not (tmp_path / "x.duckdb").exists()


def test_a_version_at_a_glance_shows_the_same_figures(both):
    heads = []
    for version in both:
        console = Console(file=StringIO(), width=200, highlight=False)
        console.print(render_version(version))
        text = console.file.getvalue()
        heads.append(re.split("Kept  s_|Dropped as", text[text.index("stage ") :]))
        assert len(heads[-1]) > 1
        assert re.search("cotloom explain tiny@1.0.0 [ps]_", text)

    assert heads[0][0] == heads[1][0]


def test_columns_alone_are_read_where_a_query_names_them(both):
    plan = query(both[1], "EXPLAIN SELECT reason, count(*) FROM examples GROUP BY ALL")
    text = " ".join(plan.select(pl.concat_str(pl.all().cast(pl.String))).to_series())

    assert "reason" in text
    assert "messages" not in text
