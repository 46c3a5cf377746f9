"""A query reads the tables of its version and nothing else, and writes nothing, by whatever statement."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cotloom.builder.errors import InputError
from cotloom.builder.inspect import query, write_database
from cotloom.builder.inspect.sql import connect, read_head, run_query
from cotloom.builder.parquet import open_dataset, write_parquet
from cotloom.builder.store import Version

WRITING = """
COPY samples TO 'OUT/x.csv'
COPY samples TO 'OUT/x.json' (FORMAT json)
COPY samples TO 'OUT/x.parquet' (FORMAT parquet)
COPY samples TO 'OWN/samples.parquet' (FORMAT parquet, USE_TMP_FILE false)
COPY samples TO 'OWN/samples.parquet' (FORMAT parquet, USE_TMP_FILE true)
COPY samples TO 'OWN/samples.parquet' (FORMAT parquet, OVERWRITE_OR_IGNORE)
COPY samples TO 'OUT/parts' (FORMAT parquet, PARTITION_BY (fate))
COPY samples TO 'OUT/parts' (FORMAT parquet, PER_THREAD_OUTPUT)
COPY (SELECT 1) TO '/dev/stdout'
COPY (PIVOT samples ON fate USING count(*)) TO 'OUT/x.csv'
COPY FROM DATABASE memory TO other
COPY problems FROM 'OWN/problems.parquet'
EXPLAIN ANALYZE COPY samples TO 'OUT/x.csv'
EXPLAIN COPY samples TO 'OUT/x.csv'
/* a note */ EXPLAIN ANALYZE COPY samples TO 'OUT/x.csv'
EXPORT DATABASE 'OUT/db'
EXPORT DATABASE 'OUT/db' (FORMAT parquet)
IMPORT DATABASE 'OUT'
ATTACH 'OUT/x.duckdb' AS other
ATTACH 'OUT/x.sqlite' AS other (TYPE sqlite)
ATTACH ':memory:' AS other
ATTACH IF NOT EXISTS 'OUT/x.duckdb'
DETACH memory
USE temp
CREATE TABLE t AS SELECT 1
CREATE TEMP TABLE t AS SELECT 1
CREATE OR REPLACE TEMP VIEW problems AS SELECT 1
CREATE OR REPLACE VIEW problems AS SELECT 1
CREATE VIEW v AS SELECT 1
CREATE SCHEMA s
CREATE SEQUENCE s
CREATE TYPE t AS ENUM ('a')
CREATE MACRO m() AS 1
CREATE FUNCTION m() AS TABLE SELECT 1
CREATE INDEX i ON problems (problem_id)
CREATE SECRET s (TYPE s3)
CREATE PERSISTENT SECRET s (TYPE s3)
CREATE TABLE t AS PIVOT samples ON fate USING count(*)
CREATE TEMP TABLE t AS PIVOT samples ON fate USING count(*)
EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1
DROP VIEW problems
DROP TABLE problems
DROP SECRET s
ALTER VIEW problems RENAME TO p
ALTER TABLE problems ADD COLUMN x INT
COMMENT ON VIEW problems IS 'x'
INSERT INTO problems SELECT * FROM problems
INSERT INTO funnel VALUES ('x', 'x', 1, 1, 1, 'x')
UPDATE funnel SET kept = 0
DELETE FROM funnel
DELETE FROM funnel RETURNING *
TRUNCATE funnel
MERGE INTO funnel USING problems ON true WHEN MATCHED THEN DELETE
WITH x AS (INSERT INTO funnel VALUES ('x', 'x', 1, 1, 1, 'x') RETURNING *) FROM x
INSTALL httpfs
INSTALL sqlite FROM community
FORCE INSTALL httpfs
UPDATE EXTENSIONS
LOAD httpfs
LOAD 'OUT/x.duckdb_extension'
SET enable_external_access = true
SET lock_configuration = false
SET temp_directory = 'OUT'
SET allowed_paths = ['OWN/samples.parquet']
SET GLOBAL memory_limit = '1KB'
SET VARIABLE x = 1
RESET enable_external_access
RESET ALL
PRAGMA enable_external_access = true
PRAGMA enable_profiling
PRAGMA profiling_output = 'OUT/profile.json'
PRAGMA enable_logging
PRAGMA database_list
PRAGMA temp_directory = 'OUT'
PRAGMA add_parquet_key('k', '0123456789112345')
PRAGMA import_database('OUT')
CALL enable_logging(storage = 'file', storage_path = 'OUT/log')
CALL force_checkpoint()
CHECKPOINT
FORCE CHECKPOINT
VACUUM
ANALYZE
BEGIN
BEGIN TRANSACTION
COMMIT
ROLLBACK
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
SELECT * FROM enable_logging(storage = 'file', storage_path = 'OUT/log')
SELECT * FROM enable_profiling()
SELECT * FROM force_checkpoint()
SELECT 1; COPY samples TO 'OUT/x.csv'
SELECT 1; SELECT 2
SELECT 1; SET enable_external_access = true; SELECT * FROM read_csv('OUT/secret.csv')
.shell touch OUT/x
.output OUT/x
""".strip().splitlines()
"""Statements that would write, to a file or to what the connection holds, or change a setting."""

READING = """
SELECT * FROM 'OUT/secret.csv'
SELECT * FROM 'OWN/samples.parquet'
SELECT * FROM "OUT/secret.csv"
FROM 'OUT/*.csv'
SELECT * FROM read_csv('OUT/secret.csv')
SELECT * FROM read_csv_auto('OUT/secret.csv')
SELECT * FROM sniff_csv('OUT/secret.csv')
SELECT * FROM read_text('OUT/secret.csv')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM read_blob('OWN/manifest.json')
SELECT * FROM read_json('OWN/build.json')
SELECT * FROM read_json_auto('OWN/build.json')
SELECT * FROM read_json_objects('OWN/build.json')
SELECT * FROM read_ndjson('OWN/build.json')
SELECT * FROM read_parquet('OWN/samples.parquet')
SELECT * FROM parquet_scan('OWN/samples.parquet')
SELECT * FROM parquet_metadata('OWN/samples.parquet')
SELECT * FROM parquet_schema('OWN/samples.parquet')
SELECT * FROM parquet_file_metadata('OWN/samples.parquet')
SELECT * FROM parquet_kv_metadata('OWN/samples.parquet')
SELECT * FROM parquet_bloom_probe('OWN/samples.parquet', 'fate', 'kept')
SELECT * FROM read_duckdb('OUT/x.duckdb')
SELECT * FROM glob('OUT/*')
SELECT * FROM glob('/*')
SELECT * FROM query_table('OUT/secret.csv')
SELECT * FROM query('SELECT * FROM read_text(''OUT/secret.csv'')')
SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')
SELECT * FROM 'http://127.0.0.1:9/x.csv'
SELECT * FROM 's3://bucket/x.parquet'
SELECT * FROM 'hf://datasets/a/b/x.parquet'
SELECT * FROM sqlite_scan('OUT/x.sqlite', 't')
SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 't')
SELECT getenv('HOME')
SELECT * FROM local_frame
SELECT * FROM global_frame
SELECT * FROM os
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM pandas_scan(1)
SELECT nothing FROM samples
SELEC 1
""".strip().splitlines()
"""Statements that would read something else than the version's tables."""

global_frame = pl.DataFrame({"secret": [1]})
"""A variable that no query may see."""


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "secret.csv").write_text("secret\ntreasure\n")
    return tmp_path


def record(*folders: Path) -> dict[Path, tuple[int, bytes | None]]:
    """Everything below some folders: modification times and bytes."""
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None) for path in paths}


@pytest.mark.parametrize("sql", [*WRITING, *READING])
def test_no_statement_writes_anywhere_or_reads_anything_else(sql, quickstart, place, monkeypatch):
    local_frame = pl.DataFrame({"secret": [1]})
    monkeypatch.chdir(place)
    store = quickstart.path.parents[2]
    before = record(store, place)

    with pytest.raises(InputError, match="the query failed") as caught:
        query(quickstart, sql.replace("OUT", str(place)).replace("OWN", str(quickstart.path)))

    assert record(store, place) == before
    assert "treasure" not in caught.value.message
    assert local_frame.height == 1


@pytest.mark.parametrize("sql", WRITING)
def test_a_session_holds_the_same_tables_after_whatever_was_tried(sql, quickstart, place):
    with connect(quickstart) as connection:
        with pytest.raises(InputError):
            run_query(connection, sql.replace("OUT", str(place)).replace("OWN", str(quickstart.path)))

        assert sorted(run_query(connection, "SHOW TABLES")["name"]) == [
            "disputed_golds",
            "evaluation_overlaps",
            "examples",
            "funnel",
            "near_duplicates",
            "problems",
            "samples",
            "training",
        ]
        assert run_query(connection, "FROM funnel").height == len(quickstart.manifest.funnel)
        assert run_query(connection, "SELECT count(*) AS n FROM problems")["n"].to_list() == [40]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM samples LIMIT 1",
        "TABLE samples",
        "WITH kept AS (FROM samples WHERE fate = 'kept') SELECT count(*) FROM kept",
        "DESCRIBE samples",
        "SUMMARIZE funnel",
        "SHOW TABLES",
        "SHOW samples",
        "EXPLAIN SELECT 1",
        "-- a note\nEXPLAIN ANALYZE FROM samples",
        "EXPLAIN (FORMAT json) FROM samples",
        "PIVOT samples ON fate USING count(*) GROUP BY problem_id",
        "FROM samples PIVOT (count(*) FOR fate IN ('kept', 'dropped'))",
        "UNPIVOT funnel ON kept, dropped",
        "VALUES (1)",
        "SELECT * FROM query_table('samples')",
        "SELECT * FROM query('FROM samples')",
        "SELECT * FROM duckdb_columns()",
        "(SELECT 1) UNION (SELECT 2);",
    ],
)
def test_every_kind_of_reading_query_runs(sql, quickstart):
    assert query(quickstart, sql).height > 0


@pytest.mark.parametrize("table", ["problems", "samples", "examples"])
def test_a_query_gives_the_rows_and_types_of_the_table(table, quickstart):
    found, stored = query(quickstart, f"FROM {table}"), quickstart.read_table(table)

    assert_frame_equal(found, stored, check_row_order=False)


def test_numbers_that_are_not_finite_lists_and_structs_come_out_as_they_are(tmp_path):
    frame = pl.DataFrame(
        {
            "f": [1.0, float("nan"), None, float("inf")],
            "l": [[1], [], None, [None]],
            "s": [{"a": ["x"]}, None, {"a": None}, {"a": []}],
        }
    )
    write_parquet(frame, tmp_path / "x.parquet")
    with duckdb.connect() as duck:
        duck.register("t", open_dataset([tmp_path / "x.parquet"]))
        assert_frame_equal(duck.sql("FROM t").pl(), frame)
        assert duck.sql("SELECT count(*) FROM t WHERE f > 5").fetchall() == [(2,)]
        assert duck.sql("SELECT count(*) FROM t WHERE f = 'nan'").fetchall() == [(1,)]


def test_a_damaged_table_is_named_by_the_query_that_reads_it_and_by_no_other(quickstart, tmp_path):
    version = Version(path=tmp_path / "copy", manifest=quickstart.manifest)
    version.path.mkdir()
    for path in quickstart.path.iterdir():
        if path.is_file():
            (version.path / path.name).write_bytes(path.read_bytes())
    whole = (version.path / "samples.parquet").read_bytes()
    (version.path / "samples.parquet").write_bytes(whole[:500] + bytes([whole[500] ^ 4]) + whole[501:])

    for sql in (
        "FROM samples",
        "SELECT Samples.* FROM problems JOIN Samples USING (problem_id)",
        "FROM query('FROM samp'||'les')",
    ):
        with pytest.raises(InputError, match=r"samples\.parquet differs from the manifest"):
            query(version, sql)
    with pytest.raises(InputError, match=r"samples\.parquet differs from the manifest"):
        write_database(version, tmp_path / "x.duckdb")
    assert query(version, "FROM problems").height == 40
    assert not (tmp_path / "x.duckdb").exists()


def test_a_query_that_needs_too_much_memory_is_an_error_and_writes_no_temporary_file(quickstart, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with connect(quickstart) as connection:
        settings = run_query(connection, "SELECT name, value FROM duckdb_settings()").rows()

    values = dict(settings)
    assert (values["enable_external_access"], values["lock_configuration"]) == ("false", "true")
    assert values["temp_directory"] == ""
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_a_query_and_the_connection_goes_on(quickstart):
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with connect(quickstart) as connection:
            for read in (run_query, lambda *words: read_head(*words, 5)):
                signal.setitimer(signal.ITIMER_REAL, 0.5)
                with pytest.raises(KeyboardInterrupt):
                    read(connection, "SELECT sum(a.i * b.i % 7) FROM range(30000000) a(i), range(300000) b(i)")
                assert run_query(connection, "SELECT count(*) FROM problems").item() == 40
    finally:
        signal.signal(signal.SIGALRM, before)


def test_problems_whose_samples_agree_against_the_gold_are_a_view(tmp_path, build_recipe):
    said = {"q1": [8, 8, 8, 7], "q2": [8, 8, 7, 7], "q3": [8, 8], "q4": [9, 8, 6, 5], "q5": [7, 7, 7, 8]}
    rows = [
        {
            "question": f"How many are 3 and 4, {name}?",
            "answer": "7",
            "texts": [f"The answer is {value}." for value in values],
        }
        for name, values in said.items()
    ]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    fields = {"question": "question", "answer": "answer"}
    answers = {"path": "rows.jsonl", "problem": "question", "completions": [{"column": "texts", "teacher": "t"}]}
    recipe = {
        "name": "golds",
        "version": "1.0.0",
        "sources": [{"name": "rows", "kind": "file", "path": "rows.jsonl", "fields": fields}],
        "teacher": {"backend": "recorded", "answers": answers},
        "split": {"test": 0.0},
    }
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    version = build_recipe(tmp_path / "recipe.yaml", tmp_path / "store").version

    found = query(version, "FROM disputed_golds")

    assert found.select("question", "gold", "agreed_answer", "agreeing", "correct", "judged").rows() == [
        ("How many are 3 and 4, q1?", "7", "8", 3, 1, 4)
    ]


def test_a_query_starts_without_pandas_and_pyarrow_finds_it_where_it_is_needed(tmp_path):
    write_parquet(pl.DataFrame({"a": [1, 2]}), tmp_path / "x.parquet")
    code = (
        "import sys\nfrom pathlib import Path\nfrom cotloom.builder.parquet import open_dataset\n"
        f"found = open_dataset([Path({str(tmp_path / 'x.parquet')!r})])\n"
        "print('pandas' in sys.modules)\nprint(list(found.head(2).to_pandas()['a']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["False", "[1, 2]"]
