"""The circle: a version makes a student, and the student is the teacher of the next version."""

import json

import polars as pl
import pytest
import torch

from cotloom.builder.store import Version, find_version

FIRST = {
    "name": "first",
    "version": "1.0.0",
    "sources": [{"name": "arithmetic", "kind": "arithmetic", "level": "small", "problems": 16}],
    "split": {"test": 0.2},
    "teacher": {"backend": "simulated", "methods": 1, "wording": "plain", "paths": {"round": 3}},
    "select": {"keep": 1},
}
"""A few short problems, with one way of solving and of wording."""

STUDENT = {
    "name": "by-heart",
    "model": {"kind": "tiny", "width": 48, "layers": 2, "heads": 4, "base": None},
    "stages": [{"name": "train", "steps": 100, "learning_rate": 0.008, "batch_size": 16}],
    "seeds": 1,
    "evaluation": {"problems": 4, "max_tokens": 48},
}
"""It learns the problems by heart: some of what it says is then right."""


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The folder of the store, the recipes and the students; one thread, since several wait for one another."""
    folder, threads = tmp_path_factory.mktemp("circle"), torch.get_num_threads()
    for name, content in {"first": FIRST, "student": STUDENT}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    torch.set_num_threads(1)
    yield folder
    torch.set_num_threads(threads)


@pytest.fixture
def circle(turned, run, monkeypatch) -> tuple[Version, Version]:
    """The first version, and the one that its student answered."""
    monkeypatch.setattr(
        "cotloom.builder.student.experiment.plan.CURVE_SHARES", ()
    )  # no students of parts: they are not asked for here
    store, student = turned / "store", turned / "student"
    if not student.exists():
        one = ("--store", store, "--workers", 1)
        taught = ("--student", turned / "student.json")
        asked = ("sources.more.problems=16", "sources.more.name=arithmetic", "split.test=0.2", "teacher.paths.max=8")
        for words in (
            ("build", turned / "first.json", *one),
            ("validate", "first", *taught, "--save", student, *one),
            ("build", "self_training", *_set(f"teacher.model={student}", *asked), *one),
            ("validate", "self-training", *taught, *_set("stages.train.steps=5"), "--save", turned / "next", *one),
        ):
            done = run(*words)
            assert done.code == 0, done.err
    return find_version(store, "first"), find_version(store, "self-training")


def _set(*changes):
    return [word for change in changes for word in ("--set", change)]


@pytest.mark.slow
def test_what_the_student_gets_right_is_kept_and_the_rest_says_why_not(circle):
    samples = circle[1].read_table("samples")
    kept = samples.filter(fate="kept")
    assert kept.height > 0
    assert set(kept["verdict"]) == {"correct"}
    assert samples.filter(fate="dropped")["reason"].null_count() == 0
    assert samples.filter(verdict="wrong").height > 0  # it is no better than it is
    assert set(samples["round"]) >= {0, 1}


@pytest.mark.slow
def test_every_sample_of_the_student_is_in_the_funnel(circle):
    version = circle[1]
    rows = [row for row in version.manifest.funnel if row.unit == "sample"]
    stages = {row.stage: row for row in rows}
    assert stages["teacher"].rows_in == version.read_table("samples").height
    for row in stages.values():
        assert row.kept == row.rows_in - sum(other.dropped for other in rows if other.stage == row.stage)
    assert stages["select"].kept == version.read_table("samples").filter(fate="kept").height


@pytest.mark.slow
def test_the_next_version_names_the_student_as_its_teacher_and_what_the_student_was_made_of(circle, turned):
    first, second = circle
    assert second.manifest.teachers == ("student",)
    origin = json.loads((turned / "student" / "cotloom.json").read_text())
    assert (origin["version"], origin["content_digest"]) == (first.ref, first.manifest.content_digest)


@pytest.mark.slow
def test_simulated_text_says_so_two_versions_on(circle, turned):
    second = circle[1]
    assert second.manifest.simulated
    assert second.read_table("samples")["simulated"].all()
    assert second.read_table("examples").filter(pl.col("sample_id").is_not_null())["simulated"].all()
    assert json.loads((turned / "next" / "cotloom.json").read_text())["simulated"] is True
    assert "simulated]" in (turned / "next" / "README.md").read_text()
