"""The views: what is trained on, in order; two versions in one query; damage is named."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.export import export
from cotloom.builder.inspect.sql import connect, query, run_query, write_database
from cotloom.builder.inspect.sql.describe import describe_columns, describe_views, read_catalog
from cotloom.builder.inspect.sql.views import VIEWS
from cotloom.builder.store import Version

STAGES = {
    "stages": [
        {"name": "wide", "take": {"made": "all"}},
        {"name": "afterwards", "take": {"made": "1/2"}},
    ]
}


@pytest.fixture(scope="module")
def staged(tmp_path_factory, write_recipe, build_recipe) -> Version:
    """A version with two stages, whose names do not sort in their order."""
    folder = tmp_path_factory.mktemp("staged")
    return build_recipe(write_recipe(folder, mixture=STAGES), folder / "store").version


def copy_version(version: Version, folder: Path) -> Version:
    folder.mkdir()
    for path in version.path.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return replace(version, path=folder)


def test_training_is_what_an_export_writes_in_its_order(staged, tmp_path):
    export(staged, "jsonl", tmp_path / "out")
    files = sorted((tmp_path / "out").glob("train*.jsonl"))
    exported = [json.loads(line)["example_id"] for path in files for line in path.read_text().splitlines()]

    training = query(staged, "FROM training")

    assert len(files) == 2
    assert training["example_id"].to_list() == exported
    assert training["position"].to_list() == list(range(1, len(exported) + 1))
    assert training["mixture_stage"].unique(maintain_order=True).to_list() == ["wide", "afterwards"]
    assert set(training["split"]) == {"train"}
    assert training.drop("position").columns == staged.read_table("examples").columns


def test_a_version_without_stages_is_trained_on_whole(quickstart):
    kept = query(quickstart, "SELECT example_id FROM examples WHERE fate = 'kept' AND split = 'train' ORDER BY ALL")

    assert query(quickstart, "SELECT example_id FROM training").equals(kept)


def test_a_database_has_the_same_training_rows(staged, tmp_path):
    write_database(staged, tmp_path / "x.duckdb")

    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as duck:
        assert duck.sql("FROM training").pl().equals(query(staged, "FROM training"))


def test_another_version_has_a_schema_of_its_own(quickstart, staged):
    with connect(quickstart, {"old": staged, "third": quickstart}) as connection:
        for name in VIEWS:
            assert run_query(connection, f"FROM old.{name}").equals(query(staged, f"FROM {name}"))
            assert run_query(connection, f"FROM {name}").equals(query(quickstart, f"FROM {name}"))
        both = run_query(connection, "SELECT count(*) FROM samples AS a JOIN third.samples AS b USING (sample_id)")
    assert both.item() == quickstart.manifest.counts["samples"]


def test_disputed_golds_of_another_version_are_its_own(quickstart, staged):
    with connect(quickstart, {"old": staged}) as connection:
        plan = run_query(connection, "EXPLAIN SELECT * FROM old.disputed_golds JOIN old.problems USING (problem_id)")
        found = run_query(
            connection, "SELECT problem_id FROM old.disputed_golds ANTI JOIN old.problems USING (problem_id)"
        )
    assert plan.height
    assert found.height == 0


@pytest.mark.parametrize("sql", [
    "ATTACH '{folder}/x.duckdb' AS third",
    "SET schema = 'old'",
    "USE old",
    "CREATE VIEW old.v AS SELECT 1",
    "DROP VIEW old.samples",
    "SELECT * FROM old.read_text('{folder}/secret')",
    "SELECT * FROM '{folder}/secret.csv'",
    "COPY old.samples TO '{folder}/y.csv'",
    "INSERT INTO old.funnel SELECT * FROM funnel",
])  # fmt: skip
def test_a_query_of_two_versions_reads_no_more_and_writes_nothing(sql, quickstart, staged, tmp_path):
    (tmp_path / "secret.csv").write_text("secret\ntreasure\n")
    with connect(quickstart, {"old": staged}) as connection:
        with pytest.raises(InputError, match="the query failed") as caught:
            run_query(connection, sql.format(folder=tmp_path))
        assert run_query(connection, "SELECT count(*) FROM old.samples").item() == staged.manifest.counts["samples"]
    assert "treasure" not in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("samples", "the name of a view"),
        ("Training", "the name of a view"),
        ("left", "a word of SQL"),
        ("SELECT", "a word of SQL"),
        ("main", "DuckDB's own"),
        ("temp", "DuckDB's own"),
        ("1", "no plain word"),
        ("a.b", "no plain word"),
        ("x; DROP VIEW samples", "no plain word"),
        ('x"', "no plain word"),
        ("é", "no plain word"),
    ],
)
def test_a_name_that_means_something_is_refused(name, why, quickstart):
    with pytest.raises(InputError, match=why), connect(quickstart, {name: quickstart}):
        pytest.fail("it was opened")


def test_two_versions_are_queried_from_the_command_line(run, quickstart, staged, tmp_path):
    words = ["sql", quickstart.path, "--with", f"old={staged.path}", "--with", f"Third={quickstart.path}", "--json"]
    ran = run(*words, "SELECT (SELECT count(*) FROM old.problems) AS o, (SELECT count(*) FROM third.problems) AS t")

    assert ran.json["rows"] == [{"o": 8, "t": 40}]
    for wrong, message in {
        "old": "no NAME=REF",
        "=x": "no NAME=REF",
        "old=nowhere/x": "nowhere",
        "left=" + str(staged.path): "a word of SQL",
    }.items():
        refused = run("sql", quickstart.path, "--with", wrong, "SELECT 1")
        assert (refused.code, message in refused.err) == (2, True)
    assert run(*words[:2], "--with", f"a={staged.path}", "--with", f"A={staged.path}", "SELECT 1").code == 2
    assert run(*words[:4], "--database", tmp_path / "x.duckdb").code == 2
    assert list(tmp_path.iterdir()) == []


# Damage (law 10)

DAMAGES = {
    "truncated": (lambda whole: whole[: len(whole) // 2], "differs from the manifest|samples.parquet"),
    "a changed byte": (lambda whole: whole[:500] + bytes([whole[500] ^ 4]) + whole[501:], "differs from the manifest"),
    "a changed footer": (lambda whole: whole[:-30] + bytes([whole[-30] ^ 4]) + whole[-29:], "samples.parquet"),
    "empty": (lambda _whole: b"", "samples.parquet"),
}


@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
@pytest.mark.parametrize("schema", ["", "old."])
def test_a_damaged_table_is_named_and_is_no_traceback(damage, schema, quickstart, tmp_path, run):
    damaged = copy_version(quickstart, tmp_path / "copy")
    path = damaged.path / "samples.parquet"
    change, message = DAMAGES.get(damage, (None, "samples.parquet is missing"))
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()
    main, other = (damaged, quickstart) if not schema else (quickstart, damaged)

    ran = run("sql", main.path, "--with", f"old={other.path}", f"SELECT text, steps FROM {schema}samples")  # noqa: S608

    assert ran.code == 2
    assert any(part in ran.err for part in message.split("|")), ran.err
    assert "Traceback" not in ran.err


def test_a_manifest_from_the_future_is_said(quickstart, tmp_path, run):
    future = copy_version(quickstart, tmp_path / "copy")
    manifest = json.loads((future.path / "manifest.json").read_text())
    (future.path / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 99, "later": {}}))

    for words in ([future.path], [quickstart.path, "--with", f"old={future.path}"]):
        ran = run("sql", *words, "SELECT 1")
        assert (ran.code, "Traceback" in ran.err, "manifest" in ran.err) == (2, False, True), ran.err


# Descriptions


def test_every_view_and_every_column_is_described(quickstart):
    with connect(quickstart, {"old": quickstart}) as connection:
        catalog = read_catalog(connection)

    assert [*catalog] == [*VIEWS, *(f"old.{name}" for name in VIEWS)]
    assert all(holds for _, holds in describe_views(catalog))
    columns = {name: describe_columns(catalog, name) for name in catalog}
    assert [(name, column) for name in catalog for column, _, text in columns[name] if not text] == []
    assert all(len(kind) <= 24 for name in catalog for _, kind, _ in columns[name])
    with pytest.raises(InputError, match="there is no view nothing"):
        describe_columns(catalog, "nothing")
