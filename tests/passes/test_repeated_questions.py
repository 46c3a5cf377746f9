"""Questions that were merged, in a build: answers to the dropped wording, what is said, and what an audit finds."""

import polars as pl
import pytest

from cotloom.builder.audit import audit, run_checks
from cotloom.builder.inspect import explain
from cotloom.builder.store import read_version
from tests.forged import rewrite
from tests.passes.builds import answer, ask, run, write_recipe

PLAIN = [ask(number) for number in range(12)]
REPEATED = 3


def rewrite_question(question: str) -> str:
    return f"**{question.upper()}**"


def write(folder, gold=None, **keys):
    """Write a recipe whose second source asks a question of the first in another writing; both have answers."""
    question, right = PLAIN[REPEATED]
    again = (rewrite_question(question), gold or right)
    _, text, label = answer(REPEATED, wording=1)
    answers = [*(answer(number) for number in range(12)), (again[0], text, label), ("Who asked this?", "Me.", False)]
    return write_recipe(folder, {"a": PLAIN, "b": [again, ask(30)]}, [*answers, answer(30)], **keys)


@pytest.fixture
def version(tmp_path):
    return run(write(tmp_path / "r"), tmp_path / "store").version


def find_repeat(version) -> dict:
    (row,) = version.read_table("problems").filter(pl.col("reason") == "duplicate_problem").to_dicts()
    return row


def test_answers_to_the_dropped_wording_belong_to_the_problem_that_is_kept(version):
    repeat = find_repeat(version)

    samples = version.read_table("samples").filter(pl.col("problem_id") == repeat["duplicate_of"])
    assert sorted(samples["text"]) == sorted([answer(REPEATED)[1], answer(REPEATED, wording=1)[1]])
    assert [item.unmatched for item in version.manifest.inputs if item.name == "teacher.answers"] == [1]
    assert run_checks(version).findings == ()


def test_samples_of_a_version_follow_the_question_that_repeats_another_now(tmp_path):
    old = run(write(tmp_path / "old", version="1.0.0"), tmp_path / "store", 'sources.1.duplicates="exact"').version
    teacher = {"backend": "recorded", "answers": {"kind": "version", "version": "small@1.0.0", "take": "all"}}

    new = run(write(tmp_path / "new", version="2.0.0", teacher=teacher), tmp_path / "store").version

    assert old.manifest.repeated_questions == {}
    assert new.read_table("samples").height == old.read_table("samples").height == 14
    assert run_checks(new).findings == ()


def test_the_manifest_and_an_explanation_name_both_answers(tmp_path, capsys):
    version = run(write(tmp_path / "r", gold="99"), tmp_path / "store").version

    repeat = find_repeat(version)
    assert version.manifest.repeated_questions == {"normalized": 1, "other_answer": 1}
    assert "1 questions are asked again with another gold answer" in capsys.readouterr().err
    (told,) = explain(version, repeat["duplicate_of"])["duplicates"]
    assert (told["answer"], told["kept_answer"]) == ("99", "8")
    assert explain(version, repeat["problem_id"])["problem"]["duplicate_of"] == repeat["duplicate_of"]


def test_any_number_of_workers_and_buckets_finds_the_same(tmp_path, monkeypatch, version):
    monkeypatch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", 4)

    parted = run(write(tmp_path / "parted"), tmp_path / "other", workers=2).version

    assert parted.manifest.bucket_bits > 0
    for name, key in (("problems", ["problem_id", "origin"]), ("samples", ["sample_id"]), ("examples", ["example_id"])):
        assert parted.read_table(name).sort(key).equals(version.read_table(name).sort(key))
    repeat = find_repeat(parted)
    assert explain(parted, repeat["duplicate_of"])["duplicates"] == [repeat]
    assert run_checks(parted).findings == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda rows, repeat: rows.filter(pl.col("problem_id") != repeat["duplicate_of"]),
            "repeat one that is missing",
        ),
        (
            lambda rows, repeat: set_keeper(rows, repeat, repeat["problem_id"]),
            "repeat one that is missing, or a duplicate",
        ),
        (lambda rows, repeat: set_keeper(rows, repeat, None), "are dropped as duplicates and name no other"),
    ],
)
def test_an_audit_names_a_duplicate_whose_keeper_is_not_there(tmp_path, version, change, message):
    repeat = find_repeat(version)
    rewrite(version, tmp_path / "forged", problems=change(version.read_table("problems"), repeat))

    found = audit(read_version(tmp_path / "forged"), only="fates")

    assert any(message in finding.message for finding in found)


def set_keeper(rows, repeat, value):
    own = pl.col("problem_id") == repeat["problem_id"]
    return rows.with_columns(duplicate_of=pl.when(own).then(pl.lit(value, pl.String)).otherwise("duplicate_of"))
