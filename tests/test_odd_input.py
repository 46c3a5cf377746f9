"""Files and keys of a user that no reader expects: each costs its own row, or ends in a sentence and exit code 2."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cotloom.builder.files import MAX_DEPTH, read_rows

GOOD = {"q": "What is 1 + 1?", "a": "2", "x": "so 2"}


def nest(depth: int, begin: str = "[", end: str = "]") -> str:
    return begin * depth + ("1" if begin != "[" else "") + end * depth


ODD = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "a number beyond every float": "1e400",
    "a float of 400 digits": "1" * 400 + ".5",
    "a number of 5000 digits": "9" * 5_000,
    "a number of 4000 digits": "9" * 4_000,
    "a deep list": nest(500),
    "a deeper list": nest(900),
    "a list without an end": nest(100_000),
    "a deep object": nest(500, '{"a":', "}"),
    "a deeper object": nest(5_000, '{"a":', "}"),
    "half of a surrogate pair": '"\\ud800"',
    "the same beside a long number": '["\\ud800", 123456789012345678901234567890]',
}


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
@pytest.mark.parametrize("field", ["q", "a", "x"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_value_in_a_file_costs_its_row_or_is_told_in_a_sentence(odd, field, suffix, tmp_path, run):
    text = json.dumps({**GOOD, field: "@"}).replace('"@"', odd)
    path = tmp_path / f"rows{suffix}"
    path.write_text(f"{text}\n{json.dumps(GOOD)}\n" if suffix == ".jsonl" else f"[{text},{json.dumps(GOOD)}]")
    check_commands(path, tmp_path, run)


def check_commands(path, folder, run) -> None:
    """Infer, plan and build from a file; nothing is a fault of ours."""
    assert run("init", folder / "inferred", "--from", path, "--force").code in {0, 2}
    fields = {"question": "q", "answer": "a", "metadata": ["x"]}
    source = {"name": "s", "kind": "file", "path": str(path), "fields": fields}
    completions = [{"column": "x", "teacher": "t", "labels": {"label": "a"}}]
    recorded = {"backend": "recorded", "answers": {"path": str(path), "problem": "q", "completions": completions}}
    for teacher in ({"backend": "simulated"}, recorded):
        recipe = {"name": "odd", "version": "dev", "sources": [source], "teacher": teacher}
        (folder / "recipe.yaml").write_text(json.dumps(recipe))
        ran = run(
            "build", folder / "recipe.yaml", "--store", folder / "store", "--workers", "1", "--allow-empty", "--json"
        )
        assert ran.code in {0, 2}, ran.err
        assert isinstance(ran.json, dict)


COLUMNS = {
    "NaN": pa.array([float("nan"), 1.0]),
    "infinity": pa.array([float("-inf"), 1.0]),
    "a decimal": pa.array([Decimal("1e30"), None], pa.decimal256(60, 0)),
    "a time beyond Python's": pa.array([2**50, 1], pa.timestamp("ms")),
    "a date beyond Python's": pa.array([2**30, 1], pa.int32()).cast(pa.date32()),
    "a duration beyond Python's": pa.array([2**50, 1], pa.duration("s")),
    "bytes": pa.array([b"\xff\x00", None]),
    "bytes that are called text": pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff\xfe", b"a"]).buffers()),
    "a map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("field", ["q", "a", "x"])
@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_an_odd_column_of_parquet_costs_its_rows_or_is_told_in_a_sentence(column, field, tmp_path, run):
    columns = {name: pa.array([text, f"{text} 3"]) for name, text in GOOD.items()}
    pq.write_table(pa.table({**columns, field: column}), tmp_path / "rows.parquet")

    check_commands(tmp_path / "rows.parquet", tmp_path, run)


def test_a_row_that_can_not_be_read_leaves_its_neighbours(tmp_path):
    pq.write_table(pa.table({"t": COLUMNS["a date beyond Python's"]}), tmp_path / "rows.parquet")

    bad, good = read_rows(tmp_path / "rows.parquet")

    assert (bad.values, good.fault) == (None, None)
    assert "unreadable" in bad.fault


@pytest.mark.parametrize(("depth", "is_read"), [(MAX_DEPTH - 2, True), (MAX_DEPTH + 1, False)])
def test_a_row_is_read_up_to_a_stated_depth(depth, is_read, tmp_path):
    (tmp_path / "rows.jsonl").write_text(f'{{"x": {nest(depth)}}}')

    (row,) = read_rows(tmp_path / "rows.jsonl")

    assert (row.values is not None) == is_read
    assert is_read or row.fault == f"nested more than {MAX_DEPTH} deep"


KEYS = ["seed", "name", "split.test", "sources.0.problems", "formats", "nothing", "teacher.sampling.temperature"]
VALUES = {
    "a number of 5000 digits": "9" * 5_000,
    "a hexadecimal number of 5000 digits": "0x" + "f" * 5_000,
    "an octal number of 5000 digits": "0o" + "7" * 5_000,
    "NaN": ".nan",
    "infinity": "-.inf",
    "a deep list": nest(100),
    "a deeper list": nest(100_000),
    "a deep object": nest(500, '{"a":', "}"),
    "aliases of aliases": "{a: &a [1,1,1,1,1,1,1,1,1,1], b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], "
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b], d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c], e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]}",
    "an alias inside of itself": "&a [*a]",
}


SLOW = "a deeper list"
"""Takes seconds to refuse, before anything looks at the key."""


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in VALUES for key in (KEYS[:1] if name == SLOW else KEYS)]
)
def test_an_odd_value_of_a_key_is_told_in_a_short_sentence(name, key, run, store):
    ran = run("plan", "quickstart", "--store", store, "--set", f"{key}={VALUES[name]}")

    assert ran.code == 2, ran.err
    assert len(ran.err) < 2_000


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_an_odd_value_in_a_file_of_keys_is_told_in_a_sentence(value, tmp_path, run, store, quickstart):
    (tmp_path / "r.yaml").write_text(f"name: x\nversion: 1.0.0\nseed: {value}\n")
    (tmp_path / "demos.yaml").write_text(f"demos: [{{question: q, rationale: r, answer: {value}}}]\n")
    prompt = {"template": "cot_few_shot", "demos": str(tmp_path / "demos.yaml"), "shots": 2}

    plan = run("plan", tmp_path / "r.yaml", "--store", store)
    demos = run("plan", "quickstart", "--store", store, "--set", f"teacher.prompt={json.dumps(prompt)}")
    student = run("validate", quickstart.path, "--student", tmp_path / "r.yaml")

    assert [ran.code for ran in (plan, demos, student)] == [2, 2, 2]
    assert all(len(ran.err) < 2_000 for ran in (plan, demos, student))
