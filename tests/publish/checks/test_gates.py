"""Gates before the Hub: a checkpoint is named in a way that means the same elsewhere, or the version stays here."""

import pytest

from cotloom.builder.publish.checks.gates import PublishCheck, run_gates
from cotloom.builder.store import Version
from tests.teacher.tiny import make_checkpoint


@pytest.fixture
def sampled(tmp_path, monkeypatch, write_recipe, build_recipe):
    """Build a version with a checkpoint whose folder the recipe names in some way."""
    folder = make_checkpoint(tmp_path / "runs" / "student")
    monkeypatch.chdir(tmp_path)

    def built(model: str) -> Version:
        teacher = {"backend": "transformers", "model": model, "sampling": {"max_tokens": 4}, "paths": {"round": 1}}
        sources = [{"name": "made", "kind": "arithmetic", "problems": 2}]
        path = write_recipe(tmp_path, teacher=teacher, sources=sources)
        return build_recipe(path, tmp_path / "store").version

    return folder, built


def failed(version: Version) -> list[PublishCheck]:
    return [check for check in run_gates(version) if not check.passed]


def test_an_absolute_folder_of_a_checkpoint_is_refused_with_the_key_and_the_way_out(sampled):
    folder, built = sampled

    told = {check.message: check for check in failed(built(str(folder)))}

    (message,) = (message for message in told if "recipe.teacher.model" in message)
    assert message.startswith("paths: manifest.json: recipe.teacher.model is a path of one machine; give the folder")
    assert "relative to where the command runs, or a name on the Hub" in message
    assert told[message].check == "audit"
    assert "build it again under another version" in told[message].hint


@pytest.mark.parametrize("model", ["runs/student", "./runs/student"])
def test_a_relative_folder_of_a_checkpoint_stays_as_it_was_written_and_passes(sampled, model):
    _, built = sampled

    version = built(model)

    assert version.manifest.recipe["teacher"]["model"] == model
    assert version.manifest.teachers == ("student",)
    assert failed(version) == []
