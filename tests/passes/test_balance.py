"""Limits of difficulty, caps and weights in whole builds: fates, funnel, explanations, workers, later versions."""

import json

import polars as pl
import pytest

from cotloom.builder.audit import audit, run_checks
from cotloom.builder.errors import InputError
from cotloom.builder.inspect import explain, query
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import read_version
from tests.forged import rewrite
from tests.passes.builds import answer, ask, run, write_recipe

PROBLEMS = [ask(number) for number in range(20)]
EASY, HARD = (0, 1, 2), (3, 4)
LIMITS = {"pass_rate": {"least": 0.2, "most": 0.9}}
TABLES = {"problems": ["problem_id", "origin"], "samples": ["sample_id"], "examples": ["example_id"]}


def list_answers():
    """Five answers to each problem: all right for the easy ones, none for the hard ones, three for the others."""
    for number in range(20):
        right = 5 if number in EASY else 0 if number in HARD else 3
        yield from (answer(number, wording, slip=0 if wording < right else 1) for wording in range(5))


def write(folder, **keys):
    return write_recipe(folder, {"a": PROBLEMS}, list(list_answers()), **{"split": {"test": 0.0}, **keys})


def find_reasons(version, numbers):
    names = [ask(number)[0] for number in numbers]
    return set(version.read_table("problems").filter(pl.col("question").is_in(names))["reason"])


def test_pass_rates_are_a_column_and_limits_drop_problems_with_their_samples(tmp_path):
    version = run(write(tmp_path / "r", select=LIMITS), tmp_path / "store").version

    rates = query(version, "SELECT DISTINCT pass_rate, reason FROM problems ORDER BY pass_rate").rows()
    assert rates == [(0.0, "too_hard"), (0.6, None), (1.0, "too_easy")]
    assert find_reasons(version, EASY) == {"too_easy"}
    assert find_reasons(version, HARD) == {"too_hard"}
    funnel = {(row.unit, row.stage, row.reason): row.dropped for row in version.manifest.funnel}
    assert funnel["problem", "select", "too_easy"] == 3
    assert funnel["problem", "select", "too_hard"] == 2
    assert funnel["sample", "select", "too_easy"] == version.read_table("samples").filter(reason="too_easy").height > 0
    assert version.manifest.counts["problems_kept"] == 15
    assert run_checks(version).findings == ()


def test_an_explanation_says_how_hard_a_problem_is_and_a_sample_has_its_question(tmp_path):
    version = run(write(tmp_path / "r", select=LIMITS), tmp_path / "store").version
    sample = version.read_table("samples").filter(reason="too_easy").sort("sample_id").row(0, named=True)

    told = explain(version, sample["problem_id"])["problem"]

    assert (told["fate"], told["reason"], told["pass_rate"]) == ("dropped", "too_easy", 1.0)
    assert told["detail"] == "5 of 5 unhinted answers are correct; select.pass_rate has most: 0.9"
    assert explain(version, sample["sample_id"])["problem"]["problem_id"] == sample["problem_id"]


def test_other_limits_judge_nothing_again_and_what_stays_is_the_same(tmp_path):
    plain = run(write(tmp_path / "r"), tmp_path / "store").version
    limited = run(write(tmp_path / "r", select=LIMITS, version="1.1.0"), tmp_path / "store").version

    kept = limited.read_table("problems").filter(fate="kept")["problem_id"]
    ours = pl.col("problem_id").is_in(kept.implode())
    for name, key in TABLES.items():
        rows = [version.read_table(name).filter(ours).sort(key) for version in (plain, limited)]
        if name != "examples":  # demonstrations come from the problems that are left
            assert rows[0].equals(rows[1])


def test_any_number_of_workers_and_buckets_comes_to_the_same_rows(tmp_path, monkeypatch):
    keys = {"select": LIMITS, "cluster_cap": 2, "decontaminate": {"against": ["e"]}}

    def write_all(folder):
        path = write(folder, **keys)
        again = [(ask(7)[0].upper(), ask(7)[1]), ask(40)]
        lines = [json.dumps({"question": question, "answer": gold, "w": 2.5}) for question, gold in again]
        (folder / "b.jsonl").write_text("\n".join(lines) + "\n")
        (folder / "e.jsonl").write_text(json.dumps({"question": ask(9)[0], "answer": "14"}) + "\n")
        recipe = json.loads(path.read_text())
        fields = {"question": "question", "answer": "answer"}
        recipe["sources"] += [
            {"name": "b", "kind": "file", "path": "b.jsonl", "fields": {**fields, "weight": "w"}},
            {"name": "e", "kind": "file", "path": "e.jsonl", "fields": fields, "role": "evaluate"},
        ]
        recipe["mixture"] = {"stages": [{"name": "one", "take": {"a": "1/2", "b": "all"}}]}
        path.write_text(json.dumps(recipe))
        return path

    whole = run(write_all(tmp_path / "whole"), tmp_path / "store").version
    monkeypatch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", 32)
    parted = run(write_all(tmp_path / "parted"), tmp_path / "other", workers=2).version
    once = run(write_all(tmp_path / "once"), tmp_path / "third", workers=1).version

    assert once.manifest.content_digest == parted.manifest.content_digest
    assert parted.manifest.bucket_bits > 0
    for name, key in TABLES.items():
        assert parted.read_table(name).sort(key).equals(whole.read_table(name).sort(key)), name
    for name in ("evaluation_overlaps", "near_duplicates"):
        digests = {version.manifest.files[f"{name}.parquet"].digest for version in (parted, once)}
        assert len(digests) == 1
    reasons = set(whole.read_table("problems")["reason"])
    assert {"too_easy", "too_hard", "duplicate_problem", "evaluation_overlap"} <= reasons
    assert run_checks(parted).findings == ()


def test_a_problem_that_was_dropped_for_its_answers_keeps_its_side(tmp_path):
    keys = {"split": {"test": 0.5}}
    first = run(write(tmp_path / "r", select=LIMITS, **keys), tmp_path / "store").version
    moved = {"seed": 5, "parent": "1.0.0", "version": "1.1.0"}

    second = run(write(tmp_path / "r", **keys, **moved), tmp_path / "store").version

    sides = [
        dict(version.read_table("problems").select("problem_id", "split").iter_rows()) for version in (first, second)
    ]
    assert sides[0] == sides[1]


def test_a_pass_rate_that_no_sample_has_is_found(tmp_path):
    version = run(write(tmp_path / "r"), tmp_path / "store").version
    problems = version.read_table("problems").with_columns(pass_rate=pl.lit(0.5))
    rewrite(version, tmp_path / "forged", problems=problems)

    found = audit(read_version(tmp_path / "forged"), only="verdicts")

    assert ["have a pass rate that their samples do not have" in finding.message for finding in found] == [True]


def test_limits_that_leave_nothing_are_a_mistake(tmp_path):
    path = write(tmp_path / "r", select={"pass_rate": {"least": 0.9, "most": 0.1}})

    with pytest.raises(InputError, match=r"least is 0\.9, and most only 0\.1"):
        load_recipe(str(path))


@pytest.mark.parametrize("cell", [0, -1, "heavy", 1e9])
def test_a_weight_that_is_none_drops_its_row(tmp_path, cell):
    path = write(tmp_path / "r")
    rows = [
        {"question": question, "answer": gold, "w": cell if not n else None}
        for n, (question, gold) in enumerate(PROBLEMS)
    ]
    (tmp_path / "r" / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")

    problems = run(path, tmp_path / "store", 'sources.0.fields.weight="w"').version.read_table("problems")

    (dropped,) = problems.filter(reason="malformed").to_dicts()
    assert "is no number from 1e-06 to 1e+06" in dropped["detail"]
    assert set(problems["weight"]) == {1.0}
